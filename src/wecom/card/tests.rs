use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The platform's five complete cards.
fn cards() -> Vec<Value> {
    let source = json!({"icon_url":"https://example.com/i.png","desc":"工单系统","desc_color":1});
    vec![
        json!({"card_type":"text_notice","source":source,"action_menu":{"desc":"更多操作","action_list":[{"text":"接收推送","key":"sub"},{"text":"不再推送","key":"unsub"}]},"task_id":"ticket-42@1","main_title":{"title":"工单 42 已受理","desc":"打印机故障"},"quote_area":{"type":1,"url":"https://example.com/t/42","title":"原始描述","quote_text":"三楼打印机卡纸"},"emphasis_content":{"title":"处理中","desc":"当前状态"},"sub_title_text":"预计今天 18:00 前完成","horizontal_content_list":[{"keyname":"处理人","value":"李四","type":3,"userid":"lisi"},{"keyname":"详情","value":"点击查看","type":1,"url":"https://example.com/t/42"},{"keyname":"附件","value":"照片.jpg","type":2,"media_id":"MEDIA_ID"}],"jump_list":[{"type":1,"title":"打开工单","url":"https://example.com/t/42"},{"type":2,"title":"小程序","appid":"wx123123123123123","pagepath":"/index.html"}],"card_action":{"type":1,"url":"https://example.com/t/42"}}),
        json!({"card_type":"news_notice","source":source,"task_id":"ticket-42@2","main_title":{"title":"现场照片","desc":"三楼"},"image_text_area":{"type":1,"url":"https://example.com/t/42","title":"左图右文","desc":"说明","image_url":"https://example.com/p.png"},"card_image":{"url":"https://example.com/p.png","aspect_ratio":1.6},"vertical_content_list":[{"title":"进展","desc":"已更换零件"}],"horizontal_content_list":[{"keyname":"处理人","value":"李四"}],"jump_list":[{"type":1,"title":"打开工单","url":"https://example.com/t/42"}],"card_action":{"type":1,"url":"https://example.com/t/42"}}),
        json!({"card_type":"button_interaction","source":source,"main_title":{"title":"新工单 42","desc":"等待受理"},"sub_title_text":"三楼打印机卡纸","horizontal_content_list":[{"keyname":"报修人","value":"王五"}],"task_id":"ticket-42@3","button_selection":{"question_key":"priority","title":"优先级","option_list":[{"id":"p1","text":"高"},{"id":"p2","text":"中"}],"selected_id":"p2"},"button_list":[{"text":"受理","style":1,"key":"ticket.accept"},{"text":"转派","style":2,"key":"ticket.forward"},{"type":1,"text":"详情","url":"https://example.com/t/42"}]}),
        json!({"card_type":"vote_interaction","source":source,"main_title":{"title":"服务评价","desc":"工单 42"},"task_id":"ticket-42@4","checkbox":{"question_key":"rating","option_list":[{"id":"5","text":"非常满意","is_checked":true},{"id":"1","text":"不满意"}],"mode":1},"submit_button":{"text":"提交","key":"ticket.rate"}}),
        json!({"card_type":"multiple_interaction","source":source,"main_title":{"title":"补充信息","desc":"工单 42"},"task_id":"ticket-42@5","select_list":[{"question_key":"floor","title":"楼层","selected_id":"f3","option_list":[{"id":"f3","text":"三楼"},{"id":"f4","text":"四楼"}]},{"question_key":"kind","title":"类型","selected_id":"hw","option_list":[{"id":"hw","text":"硬件"},{"id":"sw","text":"软件"}]}],"submit_button":{"text":"提交","key":"ticket.info"}}),
    ]
}

fn card(json: Value) -> Card {
    serde_json::from_value(json).unwrap()
}

/// A sample card with one thing changed, and what is then wrong with it.
fn wrong(sample: usize, change: impl FnOnce(&mut Value)) -> Vec<(String, i64)> {
    let mut json = cards()[sample].clone();
    change(&mut json);
    let problems = card(json).check().err().unwrap_or_default();
    problems.into_iter().map(|problem| (problem.field, problem.errcode)).collect()
}

fn one(field: &str, errcode: i64) -> Vec<(String, i64)> {
    vec![(field.to_owned(), errcode)]
}

#[test]
fn the_five_samples_pass_and_come_back_as_they_were() {
    for json in cards() {
        let card = card(json.clone());
        assert_eq!(card.check(), Ok(()), "{json}");
        assert_eq!(serde_json::to_value(&card).unwrap(), json);
        assert_eq!(json["card_type"], card.card_type());
        assert_eq!(json["task_id"], card.task_id());
    }
}

#[test]
fn equal_cards_are_the_same_bytes_with_raw_letters_and_nothing_empty() {
    let card = Card::ButtonInteraction(ButtonInteraction {
        main_title: Some(MainTitle::new("空调坏了😀", "")),
        horizontal_content_list: vec![HorizontalContent::text("单号", "GD-1")],
        card_action: Some(CardAction::url("https://example.com/t/1")),
        task_id: "t-1@1".to_owned(),
        button_list: vec![Button::press("认领", 1, "claim"), Button::url("详情", 2, "https://e")],
        ..ButtonInteraction::default()
    });
    let text = serde_json::to_string(&card).unwrap();
    expect_test::expect![[r#"{"card_type":"button_interaction","main_title":{"title":"空调坏了😀"},"horizontal_content_list":[{"keyname":"单号","value":"GD-1"}],"card_action":{"type":1,"url":"https://example.com/t/1"},"task_id":"t-1@1","button_list":[{"text":"认领","style":1,"key":"claim"},{"type":1,"text":"详情","style":2,"url":"https://e"}]}"#]].assert_eq(&text);
    assert_eq!(serde_json::to_string(&card.clone()).unwrap(), text);
    assert_eq!(serde_json::from_str::<Card>(&text).unwrap(), card);
}

#[test]
fn missing_parts_are_named_with_the_platforms_number() {
    for (sample, part, want) in [
        (0, "card_action", one("card_action", 42045)),
        (0, "task_id", one("task_id", 42014)),
        (1, "main_title", one("main_title.title", 41016)),
        (1, "card_action", one("card_action", 42045)),
        (2, "task_id", one("task_id", 42014)),
        (2, "button_list", one("button_list", 40058)),
        (3, "checkbox", one("checkbox", 42037)),
        (3, "submit_button", one("submit_button.key", 42046)),
        (4, "select_list", one("select_list", 42047)),
        (4, "submit_button", one("submit_button.key", 42046)),
    ] {
        let got = wrong(sample, |card| drop(card.as_object_mut().unwrap().remove(part)));
        assert_eq!(got, want, "{part}");
    }
    // A notice without a menu needs no task; one without a title needs a text.
    assert_eq!(wrong(1, |card| drop(card.as_object_mut().unwrap().remove("task_id"))), []);
    assert_eq!(wrong(0, |card| drop(card.as_object_mut().unwrap().remove("main_title"))), []);
    let bare = Card::TextNotice(TextNotice::default()).check().unwrap_err();
    let bare: Vec<i64> = bare.iter().map(|problem| problem.errcode).collect();
    assert_eq!(bare, [41016, 42045]);
    let picture = wrong(1, |card| {
        card.as_object_mut().unwrap().remove("card_image");
        card.as_object_mut().unwrap().remove("image_text_area");
    });
    assert_eq!(picture, one("card_image", 42044));
}

/// Sample, where it is changed, to what (`<129>`: so many letters), and what is then wrong.
const WRONG: &str = r#"[0, "/task_id", "工单", "task_id", 42014]
[0, "/task_id", "<129>", "task_id", 42014]
[0, "/task_id", "a b", "task_id", 42014]
[0, "/card_action/type", 0, "card_action.type", 42045]
[0, "/card_action/url", "", "card_action.url", 42028]
[0, "/card_action/type", 2, "card_action.appid", 42030]
[0, "/quote_area/url", "", "quote_area.url", 42028]
[0, "/action_menu/action_list/1/key", "sub", "action_menu.action_list[1].key", 42051]
[0, "/action_menu/action_list/0/text", "", "action_menu.action_list[0].text", 40058]
[0, "/action_menu/action_list/0/key", "<1025>", "action_menu.action_list[0].key", 40058]
[0, "/action_menu/action_list", [], "action_menu.action_list", 40058]
[0, "/horizontal_content_list/0/keyname", "", "horizontal_content_list[0].keyname", 42027]
[0, "/horizontal_content_list/0/userid", "", "horizontal_content_list[0].userid", 42050]
[0, "/horizontal_content_list/1/url", "", "horizontal_content_list[1].url", 42028]
[0, "/horizontal_content_list/2/media_id", "", "horizontal_content_list[2].media_id", 42029]
[0, "/horizontal_content_list/2/type", 9, "horizontal_content_list[2].type", 40058]
[0, "/jump_list/0/title", "", "jump_list[0].title", 42033]
[0, "/jump_list/0/url", "", "jump_list[0].url", 42028]
[0, "/jump_list/1/appid", "", "jump_list[1].appid", 42030]
[1, "/main_title/title", " ", "main_title.title", 41016]
[1, "/image_text_area/image_url", "", "image_text_area.image_url", 42044]
[1, "/card_image/url", "", "card_image.url", 42044]
[1, "/card_image/aspect_ratio", 2.25, "card_image.aspect_ratio", 40058]
[1, "/card_image/aspect_ratio", 1.2, "card_image.aspect_ratio", 40058]
[1, "/vertical_content_list/0/title", "", "vertical_content_list[0].title", 42033]
[2, "/button_list/1/key", "ticket.accept", "button_list[1].key", 42039]
[2, "/button_list/0/key", "", "button_list[0].key", 42039]
[2, "/button_list/0/key", "<1025>", "button_list[0].key", 42039]
[2, "/button_list/0/text", "", "button_list[0].text", 42038]
[2, "/button_list/2/url", "", "button_list[2].url", 42028]
[2, "/button_selection/question_key", "", "button_selection.question_key", 42043]
[2, "/button_selection/option_list", [], "button_selection.option_list", 42037]
[2, "/button_selection/option_list/1/id", "p1", "button_selection.option_list[1].id", 42040]
[2, "/button_selection/option_list/1/text", "", "button_selection.option_list[1].text", 42041]
[3, "/checkbox/mode", 2, "checkbox.mode", 40058]
[3, "/checkbox/question_key", "<1025>", "checkbox.question_key", 42043]
[3, "/checkbox/option_list/0/id", "<129>", "checkbox.option_list[0].id", 42040]
[3, "/submit_button/key", "<1025>", "submit_button.key", 42046]
[4, "/select_list/1/question_key", "floor", "select_list[1].question_key", 42043]
[4, "/select_list/0/option_list/0/text", "", "select_list[0].option_list[0].text", 42041]"#;

#[test]
fn wrong_parts_are_named_with_the_platforms_number() {
    for row in WRONG.lines() {
        let (sample, pointer, mut value, field, errcode): (usize, String, Value, String, i64) =
            serde_json::from_str(row).unwrap();
        for letters in [129, 1025] {
            if value == format!("<{letters}>") {
                value = json!("x".repeat(letters));
            }
        }
        let got = wrong(sample, |card| *card.pointer_mut(&pointer).unwrap() = value);
        assert_eq!(got, one(&field, errcode), "{row}");
    }
}

#[test]
fn lists_have_a_greatest_length() {
    let rows = |count: usize, row: Value| Value::Array(vec![row; count]);
    let row = json!({"keyname":"k","value":"v"});
    let jump = json!({"title":"t"});
    let paragraph = json!({"title":"t"});
    let buttons = |count| (0..count).map(|at| json!({"text":"t","key":at.to_string()})).collect();
    let options = |count| (0..count).map(|at| json!({"id":at.to_string(),"text":"t"})).collect();
    let lists = |count| {
        let list =
            |at: i64| json!({"question_key":at.to_string(),"option_list":[{"id":"a","text":"t"}]});
        (0..count).map(list).collect()
    };
    for (sample, pointer, fits, too_many, errcode) in [
        (0, "/horizontal_content_list", rows(6, row.clone()), rows(7, row), 42035),
        (0, "/jump_list", rows(3, jump.clone()), rows(4, jump), 42042),
        (1, "/vertical_content_list", rows(4, paragraph.clone()), rows(5, paragraph), 42036),
        (2, "/button_list", buttons(6), buttons(7), 40058),
        (2, "/button_selection/option_list", options(10), options(11), 42037),
        (3, "/checkbox/option_list", options(20), options(21), 42037),
        (4, "/select_list", lists(3), lists(4), 42047),
        (4, "/select_list/0/option_list", options(10), options(11), 42037),
    ] {
        assert_eq!(wrong(sample, |card| *card.pointer_mut(pointer).unwrap() = fits), []);
        let got = wrong(sample, |card| *card.pointer_mut(pointer).unwrap() = too_many);
        assert_eq!(got.iter().map(|problem| problem.1).collect::<Vec<_>>(), [errcode], "{pointer}");
    }
}

#[test]
fn an_update_needs_neither_task_nor_question() {
    let card = card(
        json!({"card_type":"vote_interaction","main_title":{"title":"已评价"},"replace_text":"已提交"}),
    );
    assert_eq!(card.check_for(Purpose::Update), Ok(()));
    assert_eq!(card.check().unwrap_err().len(), 3);
}

#[test]
fn a_problem_reads_well() {
    let problem =
        &card(json!({"card_type":"button_interaction","main_title":{"title":"t"},"task_id":"1"}))
            .check()
            .unwrap_err()[0];
    assert_eq!(problem.to_string(), "button_list：数量须在 1 到 6 之间（errcode 40058）");
}

#[test]
fn display_texts_are_cut_and_keys_are_not() {
    let long = "长".repeat(50);
    let key = "k".repeat(50);
    let Card::ButtonInteraction(got) = card(json!({"card_type":"button_interaction","source":{"desc":long},"main_title":{"title":long,"desc":long},"task_id":key,"horizontal_content_list":[{"keyname":long,"value":long},{"type":2,"keyname":"附件","value":format!("{long}.jpg"),"media_id":"m"}],"button_list":[{"text":long,"key":key}]})).elided() else {
        panic!()
    };
    let chars = |text: &str| text.chars().count();
    let title = got.main_title.unwrap();
    assert_eq!((chars(&title.title), chars(&title.desc)), (36, 44));
    assert!(title.title.ends_with("长…"));
    assert_eq!(chars(&got.source.unwrap().desc), 20);
    let row = &got.horizontal_content_list[0];
    assert_eq!((chars(&row.keyname), chars(&row.value)), (5, 30));
    assert!(got.horizontal_content_list[1].value.ends_with(".jpg"));
    assert_eq!((chars(&got.button_list[0].text), &got.button_list[0].key), (10, &key));
    assert_eq!(got.task_id, key);
}

proptest! {
    #[test]
    fn a_task_id_is_what_the_platform_says(id in "[0-9A-Za-z_@-]{1,128}", bad in "\\PC{0,140}") {
        prop_assert!(is_task_id(&id));
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-@".contains(c);
        let fits = !bad.is_empty() && bad.len() <= 128 && bad.chars().all(plain);
        prop_assert_eq!(is_task_id(&bad), fits);
    }

    #[test]
    fn eliding_twice_is_eliding_once(title in "\\PC{0,200}", option in "\\PC{0,40}") {
        let card = card(json!({"card_type":"vote_interaction","main_title":{"title":title,"desc":title},"checkbox":{"question_key":"q","option_list":[{"id":"1","text":option}]}}));
        let once = card.elided();
        prop_assert_eq!(once.clone().elided(), once);
    }
}
