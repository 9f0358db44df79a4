use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use wecom::{crypt::CryptError, xml::Element};

use super::{
    Bench, Receiver,
    receiver::{Request, Step, crypt},
};

fn hang() -> Step {
    Step::Hang(Duration::from_millis(400))
}

async fn say(bench: &Bench, options: Value) -> Vec<Value> {
    let body =
        json!({ "app": "desk", "msgtype": "text", "content": "空调坏了😀]]>", "options": options });
    let answer = bench.post("/_sim/chats/zhangsan/messages?wait=1", &body).await;
    answer["deliveries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_message_goes_out_encrypted_signed_and_whole() {
    let (bench, receiver) = Bench::listening().await;
    let deliveries = say(&bench, Value::Null).await;
    assert_eq!(deliveries.len(), 1);
    let request = receiver.requests().pop().unwrap();
    assert_eq!((request.method.as_str(), request.query("own")), ("POST", "1"));
    assert_eq!(request.query("timestamp"), "1800000000");
    let opened = request.open().unwrap();
    assert_eq!(opened.receiver, bench.corp.corp_id);
    let body = String::from_utf8(request.body).unwrap();
    assert!(body.contains("<AgentID><![CDATA[1000002]]></AgentID>"));
    let plain = String::from_utf8(opened.message).unwrap();
    let tree = Element::parse_xml(&plain).unwrap();
    let names: Vec<&str> = tree.children().iter().map(Element::name).collect();
    assert_eq!(
        names,
        ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId", "AgentID"]
    );
    assert_eq!(tree.child("Content").unwrap().text(), "空调坏了😀]]>");
    assert_eq!(tree.child("MsgId").unwrap().text().len(), 19);
    let line = bench.get("/_sim/callbacks?after=0").await["items"][0].clone();
    assert_eq!(
        (&line["kind"], &line["status"], &line["attempt"]),
        (&json!("text"), &json!(200), &json!(1))
    );
}

#[tokio::test]
async fn it_is_delivered_three_times_at_most_with_the_same_content() {
    let (bench, receiver) = Bench::listening().await;
    receiver.then([hang(), Step::Close, hang()]);
    let deliveries = say(&bench, Value::Null).await;
    assert_eq!(deliveries.len(), 3);
    assert!(deliveries.iter().all(|it| it["status"].is_null() && it["error"].is_string()));
    let plains = receiver.plains();
    assert!(plains.iter().all(|plain| *plain == plains[0]));
    let requests = receiver.requests();
    assert_ne!(requests[0].body, requests[1].body, "encrypted afresh");

    receiver.then([hang()]);
    assert_eq!(say(&bench, json!({ "same_nonce": true })).await.len(), 2);
    let requests = receiver.requests();
    assert_eq!(requests[3].body, requests[4].body);
    assert_eq!(requests[3].query, requests[4].query);

    receiver.then([hang()]);
    assert_eq!(say(&bench, json!({ "retry": false })).await.len(), 1);
}

#[tokio::test]
async fn an_answer_other_than_200_is_final_unless_the_older_rule_is_chosen() {
    let (bench, receiver) = Bench::listening().await;
    let bad = || Step::Answer(500, "down".into());
    receiver.then([bad()]);
    assert_eq!(say(&bench, Value::Null).await.len(), 1);
    receiver.then([bad(), bad()]);
    let deliveries = say(&bench, json!({ "retry_on_status": true })).await;
    let statuses: Vec<_> = deliveries.iter().map(|it| it["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [500, 500, 200]);
}

#[tokio::test]
async fn copies_are_the_same_message_and_a_late_one_is_overtaken() {
    let (bench, receiver) = Bench::listening().await;
    assert_eq!(say(&bench, json!({ "copies": 5 })).await.len(), 5);
    let plains = receiver.plains();
    assert!(plains.iter().all(|plain| *plain == plains[0]));

    let send = |content: &str, options: Value| json!({ "app": "desk", "msgtype": "text", "content": content, "options": options });
    let path = "/_sim/chats/zhangsan/messages";
    bench.post(path, &send("早", json!({ "delay_ms": 300 }))).await;
    bench.post(path, &send("晚", json!({ "wait": true }))).await;
    for _ in 0..40 {
        if receiver.requests().len() == 7 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let plains = receiver.plains();
    assert!(plains[5].contains("晚") && plains[6].contains("早"));
    assert!(say(&bench, json!({ "lose": true })).await.is_empty());
}

#[tokio::test]
async fn what_is_tampered_with_fails_where_it_should() {
    let (bench, receiver) = Bench::listening().await;
    let mut results = Vec::new();
    for tamper in ["signature", "ciphertext", "receiveid", "xml", "utf8"] {
        say(&bench, json!({ "tamper": tamper })).await;
        results.push(receiver.requests().pop().unwrap().open());
    }
    assert_eq!(results[0], Err(CryptError::Signature));
    // One damaged block spoils itself and a byte of the next: the length in front is nonsense.
    assert_ne!(results[1].as_ref().err(), Some(&CryptError::Signature));
    assert!(results[1].is_err());
    assert_eq!(results[2], Err(CryptError::Receiver("ww00000000000other".into())));
    let xml = String::from_utf8(results[3].clone().unwrap().message).unwrap();
    assert!(Element::parse_xml(&xml).is_err());
    assert!(String::from_utf8(results[4].clone().unwrap().message).is_err());
}

#[tokio::test]
async fn the_envelope_and_the_fields_come_in_every_way_seen() {
    let (bench, receiver) = Bench::listening().await;
    let last = |receiver: &Receiver| -> Request { receiver.requests().pop().unwrap() };
    say(&bench, json!({ "json": true })).await;
    let body: Value = serde_json::from_slice(&last(&receiver).body).unwrap();
    assert_eq!(body["agentid"], "1000002");
    let inside: Value = serde_json::from_str(&last(&receiver).plain()).unwrap();
    assert_eq!(inside["Content"], "空调坏了😀]]>");
    assert!(inside["MsgId"].is_i64());

    say(&bench, json!({ "no_agent": true })).await;
    assert!(!String::from_utf8(last(&receiver).body).unwrap().contains("AgentID"));
    say(&bench, json!({ "empty_agent": true })).await;
    assert!(String::from_utf8(last(&receiver).body).unwrap().contains("<AgentID><![CDATA[]]>"));
    say(&bench, json!({ "bom": true, "no_cdata": true })).await;
    let plain = last(&receiver).plain();
    assert!(plain.starts_with('\u{FEFF}') && plain.contains("]]&gt;</Content>"));
}

#[tokio::test]
async fn an_address_is_saved_only_when_it_answers_with_exactly_the_number() {
    let bench = Bench::new().await;
    let receiver = Receiver::new();
    let answer_with = Arc::new(Mutex::new(("", "")));
    let around = Arc::clone(&answer_with);
    receiver.script(move |request| {
        let signed = wecom::crypt::Signed {
            msg_signature: request.query("msg_signature"),
            timestamp: request.query("timestamp"),
            nonce: request.query("nonce"),
        };
        let opened = crypt().open(&signed, request.query("echostr")).unwrap();
        let (before, after) = *around.lock().unwrap();
        let number = String::from_utf8(opened.message).unwrap();
        Step::Answer(200, format!("{before}{number}{after}"))
    });
    let url = receiver.url();
    for wrong in [("\"", "\""), ("\u{FEFF}", ""), ("", "\n")] {
        *answer_with.lock().unwrap() = wrong;
        let answer = bench.post("/_sim/save_url", &json!({ "app": "desk", "url": url })).await;
        assert_eq!(answer["ok"], false, "{answer}");
    }
    *answer_with.lock().unwrap() = ("", "");
    receiver.then([hang(), Step::Answer(302, String::new()), Step::Answer(404, String::new())]);
    for _ in 0..3 {
        assert!(bench.sim.save_url("desk", &url).await.is_err());
    }
    assert_eq!(bench.get("/_sim/state").await["apps"][0]["callback_url"], Value::Null);
    bench.sim.save_url("desk", &url).await.unwrap();
    assert_eq!(bench.get("/_sim/state").await["apps"][0]["callback_url"], url);
    assert!(bench.sim.save_url("none", &url).await.is_err());
}

#[tokio::test]
async fn people_send_places_links_files_and_press_menus() {
    let (bench, receiver) = Bench::listening().await;
    let send = |body: Value| {
        let bench = &bench;
        async move { bench.post("/_sim/chats/zhangsan/messages?wait=1", &body).await }
    };
    send(json!({ "app": "desk", "msgtype": "location", "lat": 23.134, "lng": 113.358, "label": "位置" }))
        .await;
    send(json!({ "app": "desk", "msgtype": "link", "title": "t", "url": "https://a" })).await;
    send(json!({ "app": "desk", "msgtype": "text", "content": "a", "msgid": "CAIQg/PKxgYY2==" }))
        .await;
    let form = reqwest::multipart::Form::new().text("app", "desk").text("msgtype", "image").part(
        "media",
        reqwest::multipart::Part::bytes(&b"\x89PNG\r\n\x1a\n"[..]).file_name("a.png"),
    );
    let url = bench.url("/_sim/chats/zhangsan/messages?wait=1");
    assert_eq!(bench.client.post(url).multipart(form).send().await.unwrap().status(), 200);
    let menu = json!({ "app": "desk", "key": "my_tasks" });
    bench.post("/_sim/chats/zhangsan/menu?wait=1", &menu).await;
    bench.post("/_sim/chats/zhangsan/enter?wait=1", &json!({ "app": "desk" })).await;
    let plains = receiver.plains();
    let has = |at: usize, piece: &str| {
        assert!(plains[at].contains(piece), "{}", plains[at]);
    };
    has(0, "<Location_X>23.134</Location_X><Location_Y>113.358</Location_Y><Scale>15</Scale>");
    has(0, "<AppType><![CDATA[wxwork]]></AppType></xml>");
    has(1, "<Url><![CDATA[https://a]]></Url>");
    has(2, "<MsgId>CAIQg/PKxgYY2==</MsgId>");
    has(3, "<PicUrl><![CDATA[http://127.0.0.1:");
    has(4, "<Event><![CDATA[click]]></Event><EventKey><![CDATA[my_tasks]]></EventKey>");
    has(5, "<Event><![CDATA[enter_agent]]></Event><EventKey><![CDATA[]]></EventKey>");
    let media_id =
        Element::parse_xml(&plains[3]).unwrap().child("MediaId").unwrap().text().to_owned();
    let token = bench.token_of(1_000_002).await;
    let url = bench.url(&format!("/cgi-bin/media/get?access_token={token}&media_id={media_id}"));
    let bytes = bench.client.get(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(bytes, &b"\x89PNG\r\n\x1a\n"[..]);

    for (userid, status) in [("nobody", 404), ("xulei", 409)] {
        let path = format!("/_sim/chats/{userid}/messages");
        let body = json!({ "app": "desk", "msgtype": "text", "content": "a" });
        assert_eq!(bench.try_post(&path, &body).await.0, status);
    }
    let none = json!({ "app": "desk", "key": "none" });
    assert_eq!(bench.try_post("/_sim/chats/zhangsan/menu", &none).await.0, 404);
}

#[tokio::test]
async fn anything_at_all_can_be_delivered() {
    let (bench, receiver) = Bench::listening().await;
    let raw = json!({ "app": "desk", "plain": "<xml><Event>new</Event></xml>" });
    bench.post("/_sim/callback?wait=1", &raw).await;
    let event = json!({
        "app": "desk",
        "event": { "Event": "kf_msg_or_event", "Token": "T", "Big": 12, "List": { "Item": ["a", "b"] } },
    });
    bench.post("/_sim/callback?wait=1", &event).await;
    let plains = receiver.plains();
    assert_eq!(plains[0], "<xml><Event>new</Event></xml>");
    assert!(
        plains[1].contains("<Big>12</Big>") && plains[1].contains("<MsgType><![CDATA[event]]>")
    );
    assert!(
        plains[1].contains("<List><Item><![CDATA[a]]></Item><Item><![CDATA[b]]></Item></List>")
    );
    assert_eq!(bench.try_post("/_sim/callback", &json!({ "app": "desk" })).await.0, 400);
}

#[tokio::test]
async fn a_person_who_speaks_to_an_app_without_an_address_learns_why_nobody_answers() {
    let bench = Bench::new().await;
    let deliveries = say(&bench, Value::Null).await;
    assert_eq!((deliveries.len(), &deliveries[0]["attempt"]), (1, &json!(0)));
    assert!(deliveries[0]["error"].as_str().unwrap().contains("接收消息的地址"));
    assert_eq!(bench.chat("zhangsan").await.len(), 1, "what was said stays on the screen");
}

#[tokio::test]
async fn a_bot_hears_json_that_names_no_receiver() {
    let bench = Bench::with(|corp| corp.apps[1].json = true).await;
    let receiver = Receiver::new();
    bench.sim.set_callback("other", &receiver.url());
    let body = json!({ "app": "other", "msgtype": "text", "content": "你好" });
    bench.post("/_sim/chats/zhangsan/messages?wait=1", &body).await;
    let request = receiver.requests().pop().unwrap();
    let envelope: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(envelope.as_object().unwrap().len(), 1, "only the ciphertext");
    assert_eq!(request.open(), Err(CryptError::Receiver(String::new())), "made for nobody");
    let line = bench.get("/_sim/callbacks?after=0").await["items"][0].clone();
    let plain: Value = serde_json::from_str(line["plain"].as_str().unwrap()).unwrap();
    assert_eq!(plain["from"]["userid"], "zhangsan");
    assert_eq!(plain["text"]["content"], "你好");
}
