//! Many businesses in one conversation: which one a ticket is of, what its form asks, and every
//! step of its way done on cards.

use qidan::config::Group;
use serde_json::{Value, json};

use crate::support::{Desk, Entry};

/// A desk with these presets, and these groups.
pub(crate) async fn desk_with(presets: &[&str], groups: &[(&str, &[&str])]) -> Desk {
    let groups = groups.iter().map(|(key, members)| {
        let members = members.iter().map(|one| (*one).to_owned()).collect();
        ((*key).to_owned(), Group { name: (*key).to_owned(), members })
    });
    let groups: Vec<_> = groups.collect();
    let desk = Desk::with(|config| config.groups.extend(groups)).await;
    for key in presets {
        let told = desk.ask("POST", &format!("/api/v1/presets/{key}/import")).send().await;
        assert_eq!(told.status, 200, "{key}: {}", told.text());
    }
    desk
}

/// Presses the newest card of somebody that has this button.
async fn press(desk: &Desk, userid: &str, button: &str, key: &str) {
    let card = desk.chat(userid).await.with_button(button).clone();
    desk.presses(userid, &card, key).await;
    // Two presses of one second look alike.
    desk.advance(kernel::time::SECOND).await;
}

/// Chooses options of the newest question.
async fn choose(desk: &Desk, userid: &str, question: &str, options: &[&str]) {
    let card = desk.chat(userid).await.last_card().clone();
    let body = card.card().unwrap();
    assert!(card.title().contains(question), "{question}: {body}");
    let all = body["checkbox"]["option_list"].as_array().unwrap();
    let id = |text: &&str| {
        let found = all.iter().find(|one| one["text"] == *text);
        found.unwrap_or_else(|| panic!("{text}: {all:?}"))["id"].clone()
    };
    let ids: Vec<_> = options.iter().map(id).collect();
    let asked = body["checkbox"]["question_key"].as_str().unwrap();
    let key = body["submit_button"]["key"].as_str().unwrap();
    desk.press(userid, &card, key, json!({ asked: ids })).await;
    desk.settle().await;
    desk.advance(kernel::time::SECOND).await;
}

fn rows(card: &Entry) -> Vec<(String, String)> {
    let rows = card.card().unwrap()["horizontal_content_list"].as_array().cloned();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.unwrap_or_default().iter().map(|one| (text(one, "keyname"), text(one, "value"))).collect()
}

fn last_words(chat: &crate::support::Chat) -> String {
    (*chat.texts().last().unwrap()).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_form_asks_is_asked_in_the_conversation_and_every_step_is_done_on_cards() {
    let groups: [(&str, &[&str]); 3] = [
        ("service_desk", &["zhangsan", "lijing"]),
        ("dispatchers", &["wuting"]),
        ("engineers", &["zhaomin", "zhoujie"]),
    ];
    let desk = desk_with(&["repair"], &groups).await;
    desk.says("wangfang", "报修 空调不制冷").await;
    assert!(desk.tickets().await.is_empty(), "nothing is raised before the form is full");
    assert!(last_words(&desk.chat("wangfang").await).contains("请填写：联系电话"));
    desk.says("wangfang", "12").await;
    let words = last_words(&desk.chat("wangfang").await);
    assert!(words.contains("联系电话") && words.lines().count() > 2, "why, and again: {words}");
    desk.says("wangfang", "138 0000 0001").await;
    let ticket = desk.tickets().await[0].clone();
    let id = ticket["id"].as_str().unwrap();
    assert_eq!(ticket["template"]["key"], "repair");
    assert_eq!(
        (&ticket["form"]["title"], &ticket["form"]["phone"]),
        (&json!("空调不制冷"), &json!("13800000001"))
    );

    // The card says what it is about, which step it is, and until when.
    let card = desk.chat("zhangsan").await.with_button("认领").clone();
    assert_eq!(card.title(), "空调不制冷");
    let desc = card.card().unwrap()["main_title"]["desc"].as_str().unwrap();
    assert!(desc.starts_with("售后报修 · GD-"), "{desc}");
    let shown = rows(&card);
    assert_eq!(shown[0], ("环节".to_owned(), "客服受理".to_owned()));
    assert_eq!(shown[1], ("截止".to_owned(), "2026-11-23 10:00".to_owned()), "an hour's work");
    assert_eq!(shown[3], ("联系电话".to_owned(), "13800000001".to_owned()));

    for (userid, verb, words) in [
        ("zhangsan", "complete", "完成"),
        ("wuting", "complete", "完成"),
        ("zhaomin", "complete", "完成"),
    ] {
        press(&desk, userid, "认领", "claim").await;
        press(&desk, userid, words, verb).await;
    }
    // The third step must be told what was done: it is asked for, and not done before.
    assert_eq!(desk.ticket(id).await["steps"][2]["state"], "open");
    assert!(last_words(&desk.chat("zhaomin").await).contains("请填写：现场处理结果"));
    desk.says("zhaomin", "更换电容，试机正常").await;
    let ticket = desk.ticket(id).await;
    assert_eq!(ticket["steps"][2]["state"], "done");
    assert_eq!(ticket["form"]["visit_result"], "更换电容，试机正常");
    // Who comes next reads it on his card; who raised it, where it is.
    let card = desk.chat("lijing").await.with_button("认领").clone();
    assert!(
        rows(&card).contains(&(
            "现场处理结果".chars().take(4).chain(['…']).collect(),
            "更换电容，试机正常".to_owned()
        )),
        "{:?}",
        rows(&card)
    );
    let starter = desk.chat("wangfang").await.last_card().card().unwrap().clone();
    assert_eq!(starter["emphasis_content"]["desc"], "电话回访：等待认领");
    press(&desk, "lijing", "认领", "claim").await;
    press(&desk, "lijing", "完成", "complete").await;
    desk.says("lijing", "客户满意").await;
    assert_eq!(desk.ticket(id).await["status"], "closed");
    assert!(desk.problems().await.is_empty(), "{:?}", desk.problems().await);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_offers_the_businesses_and_questions_with_options_are_cards() {
    let desk = desk_with(&["store_complaint", "repair", "equipment_repair"], &[]).await;
    desk.opens_menu("wangfang", "new_ticket").await;
    let card = desk.chat("wangfang").await.last_card().clone();
    let offered = card.card().unwrap()["checkbox"]["option_list"].as_array().unwrap().clone();
    let offered: Vec<_> = offered.iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(offered[0], "通用工单");
    assert!(offered.contains(&"门店客诉") && offered.contains(&"售后报修"), "{offered:?}");
    choose(&desk, "wangfang", "办理什么业务", &["门店客诉"]).await;
    assert!(last_words(&desk.chat("wangfang").await).contains("请填写：投诉内容"));
    desk.says("wangfang", "牛奶过期\n生产日期是上个月").await;
    desk.says("wangfang", "人民路店").await;
    choose(&desk, "wangfang", "客诉类别", &["商品质量"]).await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 1, "{:#?}", desk.chat("wangfang").await);
    assert_eq!(tickets[0]["title"], "牛奶过期");
    assert_eq!(tickets[0]["form"]["kind"], "quality");

    // A word that names two businesses is asked back; the words after it are kept.
    desk.says("wangfang", "报修：沙发塌了").await;
    choose(&desk, "wangfang", "办理什么业务", &["售后报修"]).await;
    desk.says("wangfang", "13800000001").await;
    let tickets = desk.tickets().await;
    assert!(tickets.iter().any(|one| one["title"] == "沙发塌了"), "{tickets:?}");
    // An answered question shows its answer and is not answered again.
    let chat = desk.chat("wangfang").await;
    let asked = chat.about("请选择：客诉类别")[0];
    assert_eq!(asked.grey(), Some("已选择"));
    assert_eq!(asked.card().unwrap()["checkbox"]["option_list"][0]["text"], "商品质量");

    // Who thinks better of it says so; the next words are words again.
    desk.says("lijing", "客诉 找零错误").await;
    desk.says("lijing", "取消").await;
    assert!(desk.chat("lijing").await.was_told("已取消"));
    desk.says("lijing", "打印机卡纸").await;
    let tickets = desk.tickets().await;
    let newest = tickets.iter().find(|one| one["title"] == "打印机卡纸").unwrap();
    assert_eq!(newest["template"]["key"], "general_request");
    assert!(desk.problems().await.is_empty(), "{:?}", desk.problems().await);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_ticket_comes_back_to_its_starter_who_submits_it_again_on_a_card() {
    let groups: [(&str, &[&str]); 2] =
        [("sales_managers", &["wangfang"]), ("seal_keepers", &["lijing"])];
    let desk = desk_with(&["contract_approval"], &groups).await;
    desk.says("zhangsan", "合同审批 空调维保").await;
    desk.says("zhangsan", "锦程物业").await;
    choose(&desk, "zhangsan", "合同类型", &["框架协议"]).await;
    desk.says("zhangsan", "十万").await;
    assert!(last_words(&desk.chat("zhangsan").await).contains("单位元"));
    desk.says("zhangsan", "100,000.00").await;
    let id = desk.tickets().await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(desk.ticket(&id).await["form"]["amount"], 10_000_000);
    // What he alone decides he need not claim.
    press(&desk, "wangfang", "驳回", "reject").await;
    let mine = desk.chat("zhangsan").await.with_button("重新提交").clone();
    assert_eq!(mine.buttons(), ["重新提交"]);
    desk.presses("zhangsan", &mine, "complete").await;
    press(&desk, "wangfang", "同意", "approve").await;
    // Exactly a hundred thousand is the manager's to decide alone.
    let card = desk.chat("lijing").await.with_button("认领").clone();
    assert_eq!(rows(&card)[0].1, "用印归档");
    press(&desk, "lijing", "认领", "claim").await;
    // Back to who agreed, with the reason asked for; then on again.
    press(&desk, "lijing", "退回", "return").await;
    assert!(last_words(&desk.chat("lijing").await).contains("请填写：原因"));
    desk.says("lijing", "缺少附件").await;
    press(&desk, "wangfang", "同意", "approve").await;
    press(&desk, "lijing", "认领", "claim").await;
    press(&desk, "lijing", "完成", "complete").await;
    assert_eq!(desk.ticket(&id).await["status"], "closed", "{:?}", desk.history(&id).await);
    assert!(desk.problems().await.is_empty(), "{:?}", desk.problems().await);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_a_form_must_have_is_asked_for_and_sent_into_the_conversation() {
    let desk = desk_with(&["promotion_execute"], &[("store_managers", &["liuyang"])]).await;
    desk.says("zhangsan", "促销活动 双十二满减").await;
    desk.says("zhangsan", "人民路店").await;
    desk.says("zhangsan", "2026/12/12").await;
    choose(&desk, "zhangsan", "已完成", &["海报上墙", "价签更换"]).await;
    let words = last_words(&desk.chat("zhangsan").await);
    assert!(words.contains("请发送一张图片"), "{words}");
    desk.says("zhangsan", "没有").await;
    assert!(last_words(&desk.chat("zhangsan").await).contains("请发送一张图片"), "words are none");
    desk.sends("zhangsan", "image", "陈列.png", b"\x89PNG\r\n\x1a\n0123456789abcdef").await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 1, "{:#?}", desk.chat("zhangsan").await);
    assert_eq!(tickets[0]["form"]["images"].as_array().unwrap().len(), 1);
    assert_eq!(tickets[0]["form"]["start_on"], "2026-12-12");
    // Nothing waits any more: the next picture belongs to the ticket.
    desk.sends("zhangsan", "image", "门头.png", b"\x89PNG\r\n\x1a\n0123456789abcdee").await;
    let ticket = desk.ticket(tickets[0]["id"].as_str().unwrap()).await;
    assert_eq!(ticket["attachments"][0]["name"], "门头.png");
    assert!(desk.problems().await.is_empty(), "{:?}", desk.problems().await);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pictures_at_once_answer_the_question_that_was_open_and_not_the_next_one() {
    let desk = desk_with(&[], &[]).await;
    let picture = |key: &str, label: &str| json!({ "key": key, "kind": "images", "label": label, "required": true });
    let template = json!({ "key": "patrol", "name": "巡检上报",
        "form": { "fields": [picture("scene", "现场照片"), picture("seal", "封条照片")] },
        "flow": { "steps": [{ "key": "do", "name": "处理", "assign": { "by": "people", "userids": ["liuyang"] },
            "if_nobody": { "do": "hold" } }] } });
    desk.publishes(&template).await;
    desk.says("zhangsan", "巡检上报").await;
    for (name, last) in [("左.png", b'1'), ("右.png", b'2')] {
        let bytes = [b"\x89PNG\r\n\x1a\n012345678".as_slice(), &[last]].concat();
        desk.uploads("zhangsan", "image", name, &bytes).await;
    }
    desk.settle().await;
    assert!(last_words(&desk.chat("zhangsan").await).contains("封条照片"));
    desk.sends("zhangsan", "image", "封条.png", b"\x89PNG\r\n\x1a\n0123456783").await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 1, "{:#?}", desk.chat("zhangsan").await);
    let count = |key: &str| tickets[0]["form"][key].as_array().unwrap().len();
    assert_eq!((count("scene"), count("seal")), (2, 1));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_business_of_choices_only_is_done_without_typing_a_word() {
    let groups: [(&str, &[&str]); 2] =
        [("store_managers", &["liuyang"]), ("area_supervisors", &["sunhao"])];
    let desk = desk_with(&["store_patrol"], &groups).await;
    desk.opens_menu("zhangsan", "new_ticket").await;
    for (question, options) in [
        ("办理什么业务", &["巡店快报"][..]),
        ("时段", &["晚高峰"]),
        ("区域", &["货架陈列"]),
        ("发现的问题", &["缺货", "价签不符"]),
        ("已当场解决", &["否"]),
    ] {
        choose(&desk, "zhangsan", question, options).await;
    }
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 1, "{:#?}", desk.chat("zhangsan").await);
    let form = json!({ "shift": "evening", "area": "shelf", "solved": false,
        "problems": ["out_of_stock", "price_tag"], "urgency": "normal" });
    assert_eq!((&tickets[0]["title"], &tickets[0]["form"]), (&json!("巡店快报"), &form));
    press(&desk, "liuyang", "认领", "claim").await;
    press(&desk, "liuyang", "完成", "complete").await;
    choose(&desk, "liuyang", "整改结果", &["已补货或报修"]).await;
    press(&desk, "sunhao", "认领", "claim").await;
    press(&desk, "sunhao", "完成", "complete").await;
    assert_eq!(desk.ticket(tickets[0]["id"].as_str().unwrap()).await["status"], "closed");
    for userid in ["zhangsan", "liuyang", "sunhao"] {
        let said = desk.chat(userid).await;
        let typed = said.0.iter().filter(|one| !one.is_from_app() && !one.words().is_empty());
        assert_eq!(typed.count(), 0, "{userid}: {said:#?}");
    }
    desk.close().await;
}
