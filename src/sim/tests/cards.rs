use kernel::time::HOUR;
use serde_json::{Value, json};

use super::{Bench, OTHER, Receiver, code, receiver::Step, refused};

fn button_card(task_id: &str) -> Value {
    json!({
        "card_type": "button_interaction",
        "source": { "desc": "工单", "desc_color": 1 },
        "main_title": { "title": "新工单", "desc": "等待受理" },
        "horizontal_content_list": [{ "keyname": "报修人", "value": "王五" }],
        "task_id": task_id,
        "action_menu": { "desc": "更多", "action_list": [{ "text": "静音", "key": "mute" }] },
        "button_selection": {
            "question_key": "priority",
            "title": "优先级",
            "option_list": [{ "id": "p1", "text": "高" }, { "id": "p2", "text": "中" }],
            "selected_id": "p2",
        },
        "button_list": [
            { "text": "受理", "style": 1, "key": "accept" },
            { "type": 1, "text": "详情", "url": "https://example.com/t/42" },
        ],
    })
}

fn vote_card(task_id: &str) -> Value {
    json!({
        "card_type": "vote_interaction",
        "main_title": { "title": "服务评价" },
        "task_id": task_id,
        "checkbox": {
            "question_key": "rating",
            "mode": 0,
            "option_list": [
                { "id": "5", "text": "满意", "is_checked": true },
                { "id": "1", "text": "不满意", "is_checked": false },
            ],
        },
        "submit_button": { "text": "提交", "key": "rate" },
    })
}

fn notice() -> Value {
    json!({
        "card_type": "text_notice",
        "main_title": { "title": "已受理" },
        "card_action": { "type": 1, "url": "https://example.com" },
    })
}

fn message(to: &str, card: &Value) -> Value {
    json!({
        "touser": to, "msgtype": "template_card", "agentid": 1_000_002, "template_card": card,
    })
}

async fn send(bench: &Bench, to: &str, card: &Value) -> Value {
    bench.api("message/send", &message(to, card)).await
}

/// The newest card of a person.
async fn card_of(bench: &Bench, userid: &str) -> Value {
    let chat = bench.chat(userid).await;
    chat.into_iter().rfind(|entry| entry["msgtype"] == "template_card").unwrap()["content"].clone()
}

async fn click(bench: &Bench, userid: &str, body: Value) -> (u16, Value) {
    let card = card_of(bench, userid).await;
    let path = format!("/_sim/cards/{}/click?wait=1", card["card_id"].as_str().unwrap());
    let mut body = body;
    body["userid"] = json!(userid);
    bench.try_post(&path, &body).await
}

fn field(plain: &str, name: &str) -> String {
    let tree = wecom::xml::Element::parse_xml(plain).unwrap();
    tree.child(name).map(|it| it.text().to_owned()).unwrap_or_default()
}

fn last(receiver: &Receiver) -> String {
    receiver.plains().pop().unwrap()
}

async fn update(bench: &Bench, body: Value) -> Value {
    let mut body = body;
    body["agentid"] = json!(1_000_002);
    bench.api("message/update_template_card", &body).await
}

#[tokio::test]
async fn a_card_is_sent_pressed_and_changed_by_codes_that_work_once() {
    let (bench, receiver) = Bench::listening().await;
    let sent = send(&bench, "zhangsan|lijing", &button_card("t@1")).await;
    assert_eq!(code(&sent), 0);
    let at_sending = sent["response_code"].as_str().unwrap();

    let (status, answer) = click(&bench, "zhangsan", json!({ "key": "accept" })).await;
    assert_eq!((status, answer["deliveries"][0]["status"].as_i64()), (200, Some(200)));
    let plain = last(&receiver);
    for (name, value) in [
        ("Event", "template_card_event"),
        ("EventKey", "accept"),
        ("TaskId", "t@1"),
        ("CardType", "button_interaction"),
        ("FromUserName", "zhangsan"),
        ("AgentID", "1000002"),
    ] {
        assert_eq!(field(&plain, name), value);
    }
    assert!(plain.contains(
        "<SelectedItem><QuestionKey><![CDATA[priority]]></QuestionKey><OptionIds>\
         <OptionId><![CDATA[p2]]></OptionId></OptionIds></SelectedItem>"
    ));
    let at_click = field(&plain, "ResponseCode");
    assert_ne!(at_click, at_sending);

    let disable = json!({
        "userids": ["ZhangSan", "SunHao"], "response_code": at_click, "button": { "replace_name": "已受理" },
    });
    let answer = update(&bench, disable.clone()).await;
    assert_eq!((code(&answer), &answer["invaliduser"]), (0, &json!(["sunhao"])));
    refused(&update(&bench, disable).await, 42022);
    let state = card_of(&bench, "zhangsan").await["state"].clone();
    assert_eq!((&state["disabled"], &state["replace_text"]), (&json!(true), &json!("已受理")));
    assert_eq!(state["chosen"]["priority"], json!(["p2"]));
    assert_eq!(card_of(&bench, "lijing").await["state"]["disabled"], false);
    assert_eq!(click(&bench, "zhangsan", json!({ "key": "accept" })).await.0, 409);

    let replace = json!({ "atall": 1, "response_code": at_sending, "template_card": notice() });
    assert_eq!(code(&update(&bench, replace).await), 0);
    for userid in ["zhangsan", "lijing"] {
        assert_eq!(card_of(&bench, userid).await["card"]["card_type"], "text_notice");
    }
}

#[tokio::test]
async fn an_update_is_refused_for_its_code_its_app_its_form_or_its_receivers() {
    let (bench, _receiver) = Bench::listening().await;
    let sent = send(&bench, "zhangsan", &button_card("t@1")).await;
    let rc = sent["response_code"].clone();
    let button = json!({ "replace_name": "好" });
    let to = json!(["zhangsan"]);
    let cases = [
        (json!({ "userids": to, "button": button }), 40063),
        (json!({ "userids": to, "response_code": "none", "button": button }), 60140),
        (json!({ "userids": to, "response_code": rc }), 40058),
        (json!({ "userids": to, "response_code": rc, "button": {} }), 42020),
        (
            json!({ "userids": to, "response_code": rc, "button": button, "template_card": notice() }),
            40058,
        ),
        (
            json!({ "userids": to, "response_code": rc, "template_card": { "card_type": "x" } }),
            42031,
        ),
        (json!({ "response_code": rc, "button": button }), 82101),
        (json!({ "userids": ["sunhao"], "response_code": rc, "button": button }), 82102),
        (json!({ "userids": "zhangsan", "response_code": rc, "button": button }), 40058),
    ];
    for (body, errcode) in cases {
        refused(&update(&bench, body).await, errcode);
    }
    let other = bench.token_of(OTHER).await;
    let path = format!("/cgi-bin/message/update_template_card?access_token={other}");
    let body = json!({ "userids": to, "agentid": OTHER, "response_code": rc, "button": button });
    refused(&bench.post(&path, &body).await, 42015);
    // A refusal does not use the code up; 72 hours do.
    bench.clock.advance(72 * HOUR + 1);
    let body = json!({ "userids": to, "response_code": rc, "button": button });
    refused(&update(&bench, body).await, 60140);

    let mut with_menu = notice();
    with_menu["task_id"] = json!("t@2");
    with_menu["action_menu"] =
        json!({ "desc": "更多", "action_list": [{ "text": "a", "key": "a" }] });
    let rc = send(&bench, "zhangsan", &with_menu).await["response_code"].clone();
    assert!(rc.is_string(), "a notice with a menu can be updated");
    let body = json!({ "userids": to, "response_code": rc, "button": button });
    refused(&update(&bench, body).await, 42031);
}

#[tokio::test]
async fn only_cards_that_can_change_get_a_code_and_need_a_callback_address() {
    let bench = Bench::new().await;
    refused(&send(&bench, "zhangsan", &button_card("t@1")).await, 43012);
    let answer = send(&bench, "zhangsan", &notice()).await;
    assert_eq!(code(&answer), 0);
    assert!(answer.get("response_code").is_none());
}

#[tokio::test]
async fn a_task_id_is_used_once_per_app() {
    let (bench, _receiver) = Bench::listening().await;
    assert_eq!(code(&send(&bench, "zhangsan", &vote_card("t@1")).await), 0);
    refused(&send(&bench, "lijing", &vote_card("t@1")).await, 42014);
    // An exact repeat under the duplicate check is answered before the task id is looked at.
    let mut body = message("zhangsan", &vote_card("t@2"));
    body["enable_duplicate_check"] = json!(1);
    assert_eq!(code(&bench.api("message/send", &body).await), 0);
    assert_eq!(code(&bench.api("message/send", &body).await), 0);
    assert_eq!(bench.chat("zhangsan").await.len(), 2);
}

#[tokio::test]
async fn the_hard_rules_of_cards_have_the_platforms_numbers() {
    let (bench, _receiver) = Bench::listening().await;
    let set = |pointer: &str, value: Value| {
        let mut card = button_card("t@9");
        *card.pointer_mut(pointer).unwrap() = value;
        card
    };
    let vote = |pointer: &str, value: Value| {
        let mut card = vote_card("t@9");
        *card.pointer_mut(pointer).unwrap() = value;
        card
    };
    let row = |row: Value| set("/horizontal_content_list", json!([row]));
    let option = |id: &str, text: &str| json!({ "id": id, "text": text });
    let mut bad_news = notice();
    bad_news["card_type"] = json!("news_notice");
    let mut no_action = notice();
    no_action.as_object_mut().unwrap().remove("card_action");
    let mut jumps = notice();
    jumps["jump_list"] = json!(vec![json!({ "title": "a" }); 4]);
    let mut jump = notice();
    jump["jump_list"] = json!([{ "type": 1 }]);
    let multiple = json!({
        "card_type": "multiple_interaction", "main_title": { "title": "t" }, "task_id": "t@9",
        "select_list": [], "submit_button": { "text": "a", "key": "k" },
    });
    let cases = [
        (json!({ "card_type": "smoke" }), 42031),
        (json!({ "template_card": notice() }), 41016),
        (set("/main_title/title", json!("")), 41016),
        (set("/task_id", json!("")), 42014),
        (set("/task_id", json!("a b")), 42014),
        (set("/task_id", json!("a".repeat(129))), 42014),
        (row(json!({ "value": "v" })), 42027),
        (row(json!({ "keyname": "k", "type": 1 })), 42028),
        (row(json!({ "keyname": "k", "type": 2, "value": "a.png" })), 42029),
        (row(json!({ "keyname": "k", "type": 2, "value": "a.png", "media_id": "none" })), 40007),
        (row(json!({ "keyname": "k", "type": 3 })), 42050),
        (row(json!({ "keyname": "k", "type": 3, "userid": "nobody" })), 42050),
        (set("/horizontal_content_list", json!(vec![json!({ "keyname": "k" }); 7])), 42035),
        (set("/button_list/0/text", json!("")), 42038),
        (set("/button_list/0/key", json!("")), 42039),
        (set("/button_list/0/key", json!("k".repeat(1025))), 42039),
        (set("/button_list/1/url", json!("")), 42028),
        (set("/button_selection/question_key", json!("")), 42043),
        (set("/button_selection/option_list", json!([])), 42037),
        (set("/button_selection/option_list", json!([option("", "a")])), 42040),
        (set("/button_selection/option_list", json!([option("a", "")])), 42041),
        (set("/action_menu/action_list", json!([option("", "a"), option("", "b")])), 40058),
        (
            set(
                "/action_menu/action_list",
                json!([{ "text": "a", "key": "k" }, { "text": "b", "key": "k" }]),
            ),
            42051,
        ),
        (vote("/submit_button/key", json!("")), 42046),
        (vote("/checkbox/option_list", json!(vec![option("a", "b"); 21])), 42037),
        (multiple, 42047),
        (bad_news, 42044),
        (no_action, 42045),
        (jumps, 42042),
        (jump, 42033),
        (json!([1]), 42031),
        (set("/button_list", json!("text")), 40058),
    ];
    for (card, errcode) in cases {
        let answer = send(&bench, "zhangsan", &card).await;
        assert_eq!(code(&answer), errcode, "{card}: {answer}");
    }
    assert!(bench.chat("zhangsan").await.is_empty());
}

#[tokio::test]
async fn a_vote_carries_the_choice_and_a_menu_entry_none() {
    let (bench, receiver) = Bench::listening().await;
    send(&bench, "zhangsan", &vote_card("t@1")).await;
    let choice = |ids: Value| json!({ "key": "rate", "selected": { "rating": ids } });
    assert_eq!(click(&bench, "zhangsan", choice(json!(["9"]))).await.0, 400);
    assert_eq!(click(&bench, "zhangsan", choice(json!(["5", "1"]))).await.0, 400);
    assert_eq!(click(&bench, "zhangsan", json!({ "key": "none" })).await.0, 404);
    assert_eq!(click(&bench, "zhangsan", choice(json!(["1"]))).await.0, 200);
    assert!(last(&receiver).contains("<OptionId><![CDATA[1]]></OptionId>"));
    assert_eq!(card_of(&bench, "zhangsan").await["state"]["chosen"]["rating"], json!(["1"]));

    send(&bench, "lijing", &button_card("t@2")).await;
    let (status, _) = click(&bench, "lijing", json!({ "key": "mute", "menu": true })).await;
    assert_eq!(status, 200);
    let plain = last(&receiver);
    assert_eq!(field(&plain, "Event"), "template_card_menu_event");
    assert!(!plain.contains("SelectedItems"));
    assert_eq!(receiver.requests().len(), 2, "what was refused called nobody back");
}

#[tokio::test]
async fn two_presses_are_two_events_with_codes_of_their_own() {
    let (bench, receiver) = Bench::listening().await;
    send(&bench, "zhangsan", &button_card("t@1")).await;
    for _ in 0..2 {
        assert_eq!(click(&bench, "zhangsan", json!({ "key": "accept" })).await.0, 200);
    }
    let plains = receiver.plains();
    assert_eq!(field(&plains[0], "CreateTime"), field(&plains[1], "CreateTime"));
    assert_ne!(field(&plains[0], "ResponseCode"), field(&plains[1], "ResponseCode"));
}

/// A passive reply of the sample app.
fn reply(message: &str) -> Step {
    let corp_id = crate::CorpSeed::sample().corp_id;
    let plain = format!(
        "<xml><ToUserName><![CDATA[zhangsan]]></ToUserName><FromUserName><![CDATA[{corp_id}]]>\
         </FromUserName><CreateTime>1</CreateTime>{message}</xml>"
    );
    let sealed =
        super::receiver::crypt().seal(plain.as_bytes(), &corp_id, "1800000000", "9", [7; 16]);
    Step::Answer(200, sealed.to_xml())
}

#[tokio::test]
async fn a_passive_reply_changes_only_the_card_that_was_pressed() {
    let (bench, receiver) = Bench::listening().await;
    send(&bench, "zhangsan|lijing", &button_card("t@1")).await;
    receiver.then([reply(
        "<MsgType><![CDATA[update_button]]></MsgType><Button><ReplaceName><![CDATA[稍候]]>\
         </ReplaceName></Button>",
    )]);
    let (_, answer) = click(&bench, "zhangsan", json!({ "key": "accept" })).await;
    assert_eq!(answer["deliveries"][0]["error"], Value::Null, "{answer}");
    assert_eq!(card_of(&bench, "zhangsan").await["state"]["replace_text"], "稍候");
    assert_eq!(card_of(&bench, "lijing").await["state"]["replace_text"], Value::Null);

    receiver.then([reply(
        "<MsgType><![CDATA[update_template_card]]></MsgType><TemplateCard><CardType>\
         <![CDATA[text_notice]]></CardType><MainTitle><Title><![CDATA[好了]]></Title></MainTitle>\
         <HorizontalContentList><KeyName><![CDATA[k]]></KeyName><Value><![CDATA[v]]></Value>\
         </HorizontalContentList><CardAction><Type>1</Type><Url><![CDATA[https://a]]></Url>\
         </CardAction></TemplateCard>",
    )]);
    let (_, answer) = click(&bench, "zhangsan", json!({ "key": "mute", "menu": true })).await;
    assert_eq!(answer["deliveries"][0]["error"], Value::Null, "{answer}");
    let card = card_of(&bench, "zhangsan").await;
    assert_eq!(card["card"]["main_title"]["title"], "好了");
    assert_eq!(card["card"]["horizontal_content_list"], json!([{ "keyname": "k", "value": "v" }]));
    let seen = bench.get("/_sim/visible/zhangsan").await;
    let seen = seen["items"].as_array().unwrap().iter().find(|it| it["msgtype"] == "template_card");
    assert_eq!(seen.unwrap()["text"], "好了\nk：v");
}

#[tokio::test]
async fn a_passive_text_is_shown_and_a_wrong_one_dropped() {
    let (bench, receiver) = Bench::listening().await;
    let text = "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[已收到]]></Content>";
    receiver.then([
        reply(text),
        Step::Answer(200, "success".into()),
        Step::Answer(200, "<xml>garbage".into()),
        reply("<MsgType><![CDATA[smoke]]></MsgType>"),
    ]);
    let send = json!({ "app": "desk", "msgtype": "text", "content": "坏了" });
    for is_fine in [true, true, false, false] {
        let answer = bench.post("/_sim/chats/zhangsan/messages?wait=1", &send).await;
        assert_eq!(answer["deliveries"][0]["error"].is_null(), is_fine, "{answer}");
    }
    let chat = bench.chat("zhangsan").await;
    let from_app: Vec<_> = chat.iter().filter(|entry| entry["direction"] == "in").collect();
    assert_eq!(from_app.len(), 1);
    assert_eq!(from_app[0]["content"]["content"], "已收到");
    assert_eq!(bench.problems().await.len(), 2);
    // To another member's userid it is dropped too.
    receiver.then([reply(text)]);
    let answer = bench.post("/_sim/chats/lijing/messages?wait=1", &send).await;
    assert!(answer["deliveries"][0]["error"].as_str().unwrap().contains("ToUserName"));
}

#[tokio::test]
async fn a_card_that_was_taken_back_cannot_be_pressed() {
    let (bench, receiver) = Bench::listening().await;
    let sent = send(&bench, "zhangsan", &vote_card("t@1")).await;
    bench.api("message/recall", &json!({ "msgid": sent["msgid"] })).await;
    assert_eq!(click(&bench, "zhangsan", json!({ "key": "rate" })).await.0, 409);
    assert!(receiver.requests().is_empty());
}

#[tokio::test]
async fn a_replaced_card_may_be_of_another_type_and_pressed_again() {
    let (bench, receiver) = Bench::listening().await;
    let sent = send(&bench, "zhangsan", &vote_card("t@1")).await;
    let card = json!({
        "card_type": "button_interaction",
        "main_title": { "title": "再确认" },
        "button_list": [{ "text": "完成", "style": 1, "key": "done" }],
    });
    let rc = sent["response_code"].clone();
    let body = json!({ "userids": ["zhangsan"], "response_code": rc, "template_card": card });
    assert_eq!(code(&update(&bench, body).await), 0);
    assert_eq!(click(&bench, "zhangsan", json!({ "key": "rate" })).await.0, 404);
    assert_eq!(click(&bench, "zhangsan", json!({ "key": "done" })).await.0, 200);
    assert_eq!(field(&last(&receiver), "TaskId"), "t@1", "an update does not repeat it");

    let rc = field(&last(&receiver), "ResponseCode");
    let mut dead = card;
    dead["replace_text"] = json!("已完成");
    let body = json!({ "userids": ["zhangsan"], "response_code": rc, "template_card": dead });
    assert_eq!(code(&update(&bench, body).await), 0);
    assert_eq!(click(&bench, "zhangsan", json!({ "key": "done" })).await.0, 409);
}
