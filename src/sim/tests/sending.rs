use kernel::time::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};

use super::{Bench, OTHER, code, refused, text};

#[tokio::test]
async fn a_text_arrives_and_names_those_whom_it_does_not_reach() {
    let bench = Bench::new().await;
    let answer = bench.text("ZhangSan|Nobody|xulei|LIJING", "你好").await;
    assert_eq!(code(&answer), 0);
    // xulei has not been activated.
    assert_eq!(answer["invaliduser"], "nobody|xulei");
    assert!(!answer["msgid"].as_str().unwrap().is_empty());
    assert!(answer.get("response_code").is_none());
    for userid in ["zhangsan", "lijing"] {
        let chat = bench.chat(userid).await;
        assert_eq!(chat.len(), 1);
        assert_eq!(chat[0]["direction"], "in");
        assert_eq!(chat[0]["content"]["content"], "你好");
        assert_eq!(chat[0]["msgid"], answer["msgid"]);
    }
}

#[tokio::test]
async fn receivers_can_be_departments_tags_and_everybody() {
    let bench = Bench::new().await;
    let send = |to: Value| {
        let mut body = text("", "大家好");
        body.as_object_mut().unwrap().extend(to.as_object().unwrap().clone());
        let bench = &bench;
        async move { bench.api("message/send", &body).await }
    };
    let answer = send(json!({ "toparty": "2|99", "totag": "1|8" })).await;
    assert_eq!(code(&answer), 0);
    assert_eq!(
        (answer["invalidparty"].as_str(), answer["invalidtag"].as_str()),
        (Some("99"), Some("8"))
    );
    for userid in ["wangfang", "zhangsan", "lijing", "liuyang", "zhaomin"] {
        assert_eq!(bench.chat(userid).await.len(), 1, "{userid}");
    }
    assert!(bench.chat("sunhao").await.is_empty());
    assert_eq!(code(&send(json!({ "touser": "@all" })).await), 0);
    assert_eq!(bench.chat("sunhao").await.len(), 1);
    assert_eq!(bench.chat("zhangsan").await.len(), 2);

    refused(&send(json!({ "touser": "" })).await, 82001);
    refused(&send(json!({ "touser": "nobody", "toparty": "99" })).await, 81013);
    refused(&send(json!({ "toparty": "2|".repeat(101) })).await, 82002);
    refused(&send(json!({ "totag": "1|".repeat(101) })).await, 82003);
    refused(&send(json!({ "touser": "a|".repeat(1001) })).await, 40032);
    refused(&send(json!({ "touser": ["zhangsan"] })).await, 40058);
}

#[tokio::test]
async fn the_agent_must_be_a_number_and_ones_own() {
    let bench = Bench::new().await;
    let mut body = text("zhangsan", "a");
    for (agent, errcode) in [
        (json!("1000002"), 40056),
        (json!(9), 40056),
        (json!(OTHER), 301_002),
        (json!(null), 40056),
    ] {
        body["agentid"] = agent;
        refused(&bench.api("message/send", &body).await, errcode);
    }
    assert!(bench.chat("zhangsan").await.is_empty());
}

#[tokio::test]
async fn every_field_of_a_message_has_its_rule() {
    let bench = Bench::new().await;
    let long = "长".repeat(700);
    let cases = [
        (json!({ "msgtype": "smoke" }), 40008),
        (json!({ "text": { "content": "" } }), 44004),
        (json!({ "safe": 3 }), 40058),
        (json!({ "msgtype": "markdown", "markdown": { "content": long } }), 45002),
        (json!({ "msgtype": "markdown", "safe": 1, "markdown": { "content": "a" } }), 40074),
        (json!({ "msgtype": "image", "image": { "media_id": "none" } }), 40007),
        (json!({ "msgtype": "image" }), 40063),
        (json!({ "msgtype": "news", "news": { "articles": [] } }), 45008),
        (json!({ "msgtype": "news", "news": { "articles": [{ "url": "https://a" }] } }), 41016),
        (json!({ "msgtype": "textcard", "textcard": { "title": "", "description": "d" } }), 41016),
        (
            json!({ "msgtype": "textcard", "textcard": { "title": "t", "description": "d", "url": "a" } }),
            40094,
        ),
        (json!({ "msgtype": "miniprogram_notice", "miniprogram_notice": {} }), 48002),
        (json!({ "enable_duplicate_check": true }), 40058),
        (json!({ "enable_duplicate_check": 1, "duplicate_check_interval": 14401 }), 40058),
    ];
    for (change, errcode) in cases {
        let mut body = text("zhangsan", "a");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        refused(&bench.api("message/send", &body).await, errcode);
    }
    assert!(bench.chat("zhangsan").await.is_empty());
}

#[tokio::test]
async fn a_body_must_be_json_in_raw_utf8() {
    let bench = Bench::new().await;
    let token = bench.token_of(1_000_002).await;
    let url = bench.url(&format!("/cgi-bin/message/send?access_token={token}"));
    for (body, errcode) in [
        (
            r#"{"touser":"zhangsan","msgtype":"text","agentid":1000002,"text":{"content":"\u4f60"}}"#,
            40033,
        ),
        (r#"{"touser":"#, 40058),
        (r#""text""#, 40058),
    ] {
        let answer = bench.client.post(&url).body(body).send().await.unwrap().json().await.unwrap();
        refused(&answer, errcode);
    }
    // A control character cannot be written otherwise, and a written backslash is no escape.
    assert_eq!(code(&bench.text("zhangsan", "a\u{1}b\\u4f60").await), 0);
    assert_eq!(bench.chat("zhangsan").await[0]["content"]["content"], "a\u{1}b\\u4f60");
}

#[tokio::test]
async fn a_long_text_is_cut_between_characters_and_reported() {
    let bench = Bench::new().await;
    assert_eq!(code(&bench.text("zhangsan", &"长".repeat(700)).await), 0);
    let shown = bench.chat("zhangsan").await[0]["content"]["content"].as_str().unwrap().to_owned();
    assert!(shown.len() <= 2048 && shown.chars().all(|c| "长…".contains(c)), "{}", shown.len());
    assert_eq!(bench.problems().await.len(), 1);
}

#[tokio::test]
async fn a_repeated_request_is_delivered_once_within_the_interval() {
    let bench = Bench::new().await;
    let mut body = text("zhangsan", "一次");
    body["enable_duplicate_check"] = json!(1);
    body["duplicate_check_interval"] = json!(60);
    let first = bench.api("message/send", &body).await;
    let second = bench.api("message/send", &body).await;
    assert_eq!((code(&second), &second["msgid"]), (0, &first["msgid"]));
    assert_eq!(bench.chat("zhangsan").await.len(), 1);
    bench.clock.advance(61 * SECOND);
    assert_eq!(code(&bench.api("message/send", &body).await), 0);
    assert_eq!(bench.chat("zhangsan").await.len(), 2);
    body["text"]["content"] = json!("另一次");
    assert_eq!(code(&bench.api("message/send", &body).await), 0);
    assert_eq!(bench.chat("zhangsan").await.len(), 3);
}

#[tokio::test]
async fn a_member_gets_thirty_a_minute_and_the_rest_vanishes_in_silence() {
    let bench = Bench::new().await;
    for number in 0..33 {
        assert_eq!(code(&bench.text("zhangsan", &number.to_string()).await), 0);
    }
    assert_eq!(bench.chat("zhangsan").await.len(), 30);
    let problems = bench.problems().await;
    assert_eq!(problems.len(), 3);
    assert_eq!(problems[0]["errcode"], 0);
    assert_eq!(code(&bench.text("lijing", "别人").await), 0);
    assert_eq!(bench.chat("lijing").await.len(), 1);
    bench.clock.advance(MINUTE);
    bench.text("zhangsan", "又一分钟").await;
    assert_eq!(bench.chat("zhangsan").await.len(), 31);
}

#[tokio::test]
async fn an_hour_and_an_apps_day_have_their_limits_too() {
    let bench = Bench::new().await;
    bench.post("/_sim/limits", &json!({ "member_hour": 2, "app_day": 5 })).await;
    for _ in 0..3 {
        bench.clock.advance(MINUTE);
        assert_eq!(code(&bench.text("zhangsan", "a").await), 0);
    }
    assert_eq!(bench.chat("zhangsan").await.len(), 2);
    refused(&bench.text("lijing|liuyang|sunhao", "b").await, 45009);
    assert_eq!(code(&bench.text("lijing|liuyang", "b").await), 0);
    refused(&bench.text("lijing", "b").await, 45009);
    bench.clock.advance(DAY);
    assert_eq!(code(&bench.text("lijing", "b").await), 0);
}

#[tokio::test]
async fn a_message_can_be_taken_back_for_a_day_by_its_own_app() {
    let bench = Bench::new().await;
    let msgid = bench.text("zhangsan|lijing", "错了").await["msgid"].clone();
    refused(&bench.api("message/recall", &json!({ "msgid": "none" })).await, 40058);
    let other = bench.token_of(OTHER).await;
    let path = format!("/cgi-bin/message/recall?access_token={other}");
    refused(&bench.post(&path, &json!({ "msgid": msgid })).await, 40058);
    assert_eq!(code(&bench.api("message/recall", &json!({ "msgid": msgid })).await), 0);
    assert_eq!(bench.chat("lijing").await[0]["recalled"], true);
    let seen = bench.get("/_sim/visible/lijing").await;
    assert_eq!(seen["items"].as_array().unwrap().len(), 0);

    let msgid = bench.text("zhangsan", "太晚").await["msgid"].clone();
    bench.clock.advance(24 * HOUR + SECOND);
    refused(&bench.api("message/recall", &json!({ "msgid": msgid })).await, 42052);
}

/// A PNG's first bytes, and something.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";

async fn upload(bench: &Bench, call: &str, field: &str, name: Option<&str>, bytes: &[u8]) -> Value {
    let token = bench.token_of(1_000_002).await;
    let (path, query) = call.split_once('?').unwrap_or((call, ""));
    let part = reqwest::multipart::Part::bytes(bytes.to_vec());
    let part = match name {
        Some(name) => part.file_name(name.to_owned()),
        None => part,
    };
    let form = reqwest::multipart::Form::new().part(field.to_owned(), part);
    let url = bench.url(&format!("/cgi-bin/{path}?access_token={token}&{query}"));
    bench.client.post(url).multipart(form).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_file_is_kept_for_three_days_and_read_whole_or_in_parts() {
    let bench = Bench::new().await;
    let answer = upload(&bench, "media/upload?type=image", "media", Some("现场 1.png"), PNG).await;
    assert_eq!((code(&answer), answer["type"].as_str()), (0, Some("image")));
    assert_eq!(answer["created_at"], "1800000000", "a text, not a number");
    let id = answer["media_id"].as_str().unwrap();
    let image = json!({
        "touser": "zhangsan", "msgtype": "image", "agentid": 1_000_002, "image": { "media_id": id },
    });
    assert_eq!(code(&bench.api("message/send", &image).await), 0);
    let page = bench.chat("zhangsan").await[0]["content"]["url"].as_str().unwrap().to_owned();
    let shown = bench.client.get(bench.url(&page)).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(shown, PNG);
    let as_file = json!({
        "touser": "zhangsan", "msgtype": "file", "agentid": 1_000_002, "file": { "media_id": id },
    });
    refused(&bench.api("message/send", &as_file).await, 40004);

    bench.clock.advance(3 * DAY - SECOND);
    let token = bench.token_of(1_000_002).await;
    let url = bench.url(&format!("/cgi-bin/media/get?access_token={token}&media_id={id}"));
    let whole = bench.client.get(&url).send().await.unwrap();
    let name = whole.headers()["content-disposition"].as_bytes();
    assert!(String::from_utf8_lossy(name).contains("现场 1.png"));
    assert_eq!(whole.headers()["content-type"], "image/png");
    assert_eq!(whole.bytes().await.unwrap(), PNG);
    let part = bench.client.get(&url).header("range", "bytes=1-3").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 1-3/{}", PNG.len()));
    assert_eq!(part.bytes().await.unwrap(), "PNG");

    bench.clock.advance(SECOND);
    refused(&bench.read("media/get", &format!("media_id={id}")).await, 40007);
}

/// Call, field, file name, bytes, error.
type Refusal<'a> = (&'a str, &'a str, Option<&'a str>, &'a [u8], i64);

#[tokio::test]
async fn files_that_the_platform_would_not_take_are_refused() {
    let bench = Bench::new().await;
    let big = vec![0; (2 << 20) + 1];
    let cases: [Refusal<'_>; 8] = [
        ("media/upload?type=picture", "media", Some("a"), PNG, 40004),
        ("media/upload?type=image", "file", Some("a"), PNG, 41005),
        ("media/upload?type=image", "media", None, PNG, 44001),
        ("media/upload?type=file", "media", Some("a"), b"12345", 44001),
        ("media/upload?type=image", "media", Some("a"), b"no picture", 40123),
        ("media/upload?type=voice", "media", Some("a.amr"), b"#!MP3 no", 40005),
        ("media/upload?type=voice", "media", Some("a.amr"), &big, 45001),
        ("media/uploadimg", "media", Some("a"), b"no picture", 40123),
    ];
    for (call, field, name, bytes, errcode) in cases {
        refused(&upload(&bench, call, field, name, bytes).await, errcode);
    }
    let kept = upload(&bench, "media/uploadimg", "any", Some("a.png"), PNG).await;
    let url = kept["url"].as_str().unwrap();
    assert_eq!(bench.client.get(url).send().await.unwrap().bytes().await.unwrap(), PNG);
    bench.post("/_sim/limits", &json!({ "uploadimg_day": 1 })).await;
    assert_eq!(code(&upload(&bench, "media/uploadimg", "any", Some("a.png"), PNG).await), 0);
    refused(&upload(&bench, "media/uploadimg", "any", Some("a.png"), PNG).await, 45009);
}
