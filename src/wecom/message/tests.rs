use serde_json::{Value, json};

use super::*;

fn problems(json: Value) -> Vec<(String, i64)> {
    let message: AppMessage = serde_json::from_value(json).unwrap();
    let problems = message.check().err().unwrap_or_default();
    problems.into_iter().map(|problem| (problem.field, problem.errcode)).collect()
}

/// The platform's sample of every kind of message.
fn samples() -> Vec<Value> {
    vec![
        json!({"touser":"zhangsan|lisi","toparty":"1|2","totag":"3","agentid":1_000_002,"msgtype":"text","text":{"content":"工单 42 已受理\n<a href=\"https://example.com/t/42\">查看</a>"},"enable_duplicate_check":1,"duplicate_check_interval":600}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"image","image":{"media_id":"MEDIA_ID"}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"voice","voice":{"media_id":"MEDIA_ID"}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"video","video":{"media_id":"MEDIA_ID","title":"Title","description":"Description"}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"file","file":{"media_id":"MEDIA_ID"},"safe":1}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"textcard","textcard":{"title":"工单 42","description":"<div class=\"gray\">2026年1月1日</div>","url":"https://example.com/t/42","btntxt":"更多"}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"news","news":{"articles":[{"title":"公告","description":"说明","url":"https://example.com","picurl":"https://example.com/p.png"}]}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"mpnews","mpnews":{"articles":[{"title":"Title","thumb_media_id":"MEDIA_ID","author":"Author","content_source_url":"https://example.com","content":"<p>Content</p>","digest":"Digest"}]}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"markdown","markdown":{"content":"**工单 42**"}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"miniprogram_notice","miniprogram_notice":{"appid":"wx123123123123123","page":"pages/index?id=1","title":"工单已受理","description":"4月27日 16:16","emphasis_first_item":true,"content_item":[{"key":"编号","value":"42"}]}}),
        json!({"touser":"zhangsan","agentid":1_000_002,"msgtype":"template_card","template_card":{"card_type":"text_notice","main_title":{"title":"工单 42"},"card_action":{"type":1,"url":"https://example.com/t/42"}}}),
    ]
}

#[test]
fn every_kind_of_message_passes_and_comes_back_as_it_was() {
    for json in samples() {
        let message: AppMessage = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(message.check(), Ok(()), "{json}");
        assert_eq!(serde_json::from_str::<Value>(&message.render().unwrap()).unwrap(), json);
    }
}

#[test]
fn a_rendered_message_is_the_same_bytes_and_not_delivered_twice() {
    let message = AppMessage::to_users(&["li", "wang"], 1_000_002, Body::text("空调坏了"));
    expect_test::expect![[r#"{"touser":"li|wang","agentid":1000002,"msgtype":"text","text":{"content":"空调坏了"},"enable_duplicate_check":1,"duplicate_check_interval":14400}"#]]
    .assert_eq(&message.render().unwrap());
    assert_eq!(message.render().unwrap(), message.clone().render().unwrap());
}

#[test]
fn long_words_are_cut_on_a_character() {
    let Body::Text { text } = Body::text(&"工".repeat(1000)) else { panic!() };
    assert!(text.content.len() <= TEXT_MAX && text.content.ends_with("工…"));
    let message = AppMessage::to_users(&["li"], 1, Body::Text { text });
    assert_eq!(message.check(), Ok(()));
}

#[test]
fn what_the_platform_would_refuse_is_named_with_its_number() {
    for (sample, pointer, value, field, errcode) in [
        (1, "/touser", json!(""), "touser", 82001),
        (1, "/touser", json!(vec!["u"; 1001].join("|")), "touser", 40032),
        (0, "/toparty", json!(vec!["1"; 101].join("|")), "toparty", 82002),
        (0, "/totag", json!(vec!["1"; 101].join("|")), "totag", 82003),
        (0, "/duplicate_check_interval", json!(14_401), "duplicate_check_interval", 40058),
        (0, "/text/content", json!(" "), "text.content", 44004),
        (0, "/text/content", json!("x".repeat(2049)), "text.content", 45002),
        (8, "/markdown/content", json!("x".repeat(2049)), "markdown.content", 45002),
        (1, "/image/media_id", json!(""), "image.media_id", 40007),
        (3, "/video/title", json!("x".repeat(129)), "video.title", 45002),
        (5, "/textcard/url", json!("example.com"), "textcard.url", 40058),
        (5, "/textcard/title", json!(""), "textcard.title", 41016),
        (5, "/textcard/description", json!("工".repeat(171)), "textcard.description", 45002),
        (5, "/textcard/btntxt", json!("查看详情吧"), "textcard.btntxt", 40058),
        (6, "/news/articles", json!([]), "news.articles", 45008),
        (6, "/news/articles/0/title", json!(""), "news.articles[0].title", 41016),
        (6, "/news/articles/0/url", json!(""), "news.articles[0].url", 40058),
        (7, "/mpnews/articles/0/author", json!("x".repeat(65)), "mpnews.articles[0].author", 45032),
        (9, "/miniprogram_notice/title", json!("工单"), "miniprogram_notice.title", 40058),
        (
            9,
            "/miniprogram_notice/content_item/0/key",
            json!("x".repeat(11)),
            "miniprogram_notice.content_item[0].key",
            90202,
        ),
        (10, "/template_card/card_action/url", json!(""), "card_action.url", 42028),
    ] {
        let mut json = samples()[sample].clone();
        *json.pointer_mut(pointer).unwrap() = value;
        assert_eq!(problems(json), [(field.to_owned(), errcode)], "{pointer}");
    }
}

#[test]
fn an_update_changes_a_card_or_its_buttons_but_not_both() {
    let grey = CardUpdate::grey(vec!["li".into()], 7, "RC", "已受理");
    assert_eq!(
        grey.render().unwrap(),
        r#"{"userids":["li"],"agentid":7,"response_code":"RC","button":{"replace_name":"已受理"}}"#
    );
    assert_eq!(grey.check(), Ok(()));
    let card: Card = serde_json::from_value(samples()[10]["template_card"].clone()).unwrap();
    let replace = CardUpdate::replace(vec!["li".into()], 7, "RC", card);
    assert_eq!(replace.check(), Ok(()));
    let both = CardUpdate { button: grey.button.clone(), ..replace };
    assert_eq!(both.check().unwrap_err()[0].field, "template_card");
    let empty = CardUpdate::grey(vec![], 7, "", "");
    let numbers: Vec<i64> = empty.check().unwrap_err().iter().map(|p| p.errcode).collect();
    assert_eq!(numbers, [60140, 82001, 40058]);
}
