use serde_json::{Value, json};

use super::Bench;

const HEYAN: &str = "wmQFAAAA0001heyan";
const TANGBO: &str = "woQFAAAA0004tangbo";
const GROUP: &str = "wrQFAAAA0001jincheng";

impl Bench {
    async fn talk(&self, viewer: &str, peer: &str) -> Vec<Value> {
        let answer = self.get(&format!("/_sim/talks/{viewer}/{peer}")).await;
        answer["items"].as_array().unwrap().clone()
    }

    async fn say(&self, speaker: &str, peer: &str, body: Value) -> (u16, Value) {
        self.try_post(&format!("/_sim/talks/{speaker}/{peer}/messages"), &body).await
    }

    async fn status(&self, path: &str) -> u16 {
        self.client.get(self.url(path)).send().await.unwrap().status().as_u16()
    }
}

fn words(text: &str) -> Value {
    json!({ "msgtype": "text", "content": text })
}

fn row<'a>(rows: &'a Value, id: &str) -> &'a Value {
    rows["items"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap()
}

#[tokio::test]
async fn a_member_and_a_customer_read_the_same_conversation_from_their_own_side() {
    let bench = Bench::new().await;
    let (status, _) = bench.say(HEYAN, "ZhangSan", words("什么时候到？")).await;
    assert_eq!(status, 200);
    let rows = bench.get("/_sim/talks/zhangsan").await;
    let heyan = row(&rows, HEYAN);
    assert_eq!(rows["items"][0]["id"], HEYAN, "who spoke last comes first");
    assert_eq!(heyan["remark"], "望江苑 3-1201 何女士");
    assert_eq!(heyan["last"]["content"]["content"], "什么时候到？");
    // What the company began with was read long ago.
    assert_eq!(heyan["unread"], 1);
    assert_eq!(bench.get("/_sim/state").await["unread_outside"]["zhangsan"], 1);

    assert_eq!(bench.talk("zhangsan", HEYAN).await.len(), 3);
    assert_eq!(row(&bench.get("/_sim/talks/zhangsan").await, HEYAN)["unread"], 0);
    bench.say("zhangsan", HEYAN, words("下午两点")).await;
    let seen = bench.talk(HEYAN, "zhangsan").await;
    let last = seen.last().unwrap();
    assert_eq!(
        (&last["from"], &last["content"]["content"]),
        (&json!("zhangsan"), &json!("下午两点"))
    );
    let mine = bench.get(&format!("/_sim/talks/{HEYAN}")).await;
    assert_eq!(
        (&row(&mine, "zhangsan")["name"], &row(&mine, "zhangsan")["kind"]),
        (&json!("张三"), &json!("member"))
    );
    // Nobody else's conversation: no app hears of it.
    assert!(bench.chat("zhangsan").await.is_empty());
    assert_eq!(bench.get("/_sim/callbacks").await["items"], json!([]));
}

#[tokio::test]
async fn a_group_is_heard_by_those_in_it_only() {
    let bench = Bench::new().await;
    bench.say("liuyang", GROUP, words("我十分钟后到")).await;
    let heard = bench.talk(TANGBO, GROUP).await;
    assert_eq!(heard.last().unwrap()["from"], "liuyang");
    assert_eq!(bench.status(&format!("/_sim/talks/sunhao/{GROUP}")).await, 404);
    let (status, answer) = bench.say("sunhao", GROUP, words("我不在群里")).await;
    assert_eq!(status, 404, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("锦程物业 · 空调维保群"), "{answer}");
}

#[tokio::test]
async fn nothing_goes_to_somebody_who_is_no_contact_any_more() {
    let bench = Bench::new().await;
    let url = bench.url(&format!("/_sim/customers/{HEYAN}?userid=zhangsan"));
    assert_eq!(bench.client.delete(url).send().await.unwrap().status(), 200);
    assert_eq!(bench.talk("zhangsan", HEYAN).await.len(), 2, "what was said stays");
    let (status, answer) = bench.say("zhangsan", HEYAN, words("在吗")).await;
    assert_eq!(status, 409, "{answer}");
    assert_eq!(bench.status(&format!("/_sim/talks/wuting/{HEYAN}")).await, 404);
    assert_eq!(bench.status("/_sim/talks/wmNobody").await, 404);
}

#[tokio::test]
async fn what_cannot_be_said_is_refused_with_its_field() {
    let bench = Bench::new().await;
    let link = |url: &str| json!({ "msgtype": "link", "title": "进度", "url": url });
    for (body, status, field) in [
        (json!({ "msgtype": "poem" }), 400, "msgtype"),
        (words("  "), 400, "content"),
        (link("javascript:alert(1)"), 400, "url"),
        (json!({ "msgtype": "image", "media_id": "nothing" }), 404, "media_id"),
    ] {
        let (got, answer) = bench.say("zhangsan", HEYAN, body.clone()).await;
        assert_eq!(got, status, "{body}: {answer}");
        assert!(answer["detail"].as_str().unwrap().contains(field), "{answer}");
    }
    assert_eq!(bench.say("zhangsan", HEYAN, link("https://e.com/t/1")).await.0, 200);
    let last = bench.talk(HEYAN, "zhangsan").await.pop().unwrap();
    assert_eq!(
        (&last["msgtype"], &last["content"]["url"]),
        (&json!("link"), &json!("https://e.com/t/1"))
    );
}

#[tokio::test]
async fn a_picture_that_a_page_uploads_can_be_sent_and_read_by_the_app() {
    let bench = Bench::new().await;
    let part = reqwest::multipart::Part::bytes(vec![0x89, b'P', b'N', b'G']).file_name("a.png");
    let form = reqwest::multipart::Form::new().part("media", part.mime_str("image/png").unwrap());
    let sent = bench.client.post(bench.url("/_sim/media")).multipart(form).send().await.unwrap();
    let media_id = sent.json::<Value>().await.unwrap()["media_id"].as_str().unwrap().to_owned();
    let body = json!({ "msgtype": "image", "media_id": media_id });
    assert_eq!(bench.say("zhangsan", HEYAN, body).await.0, 200);
    let token = bench.token_of(1_000_002).await;
    let path = format!("/cgi-bin/media/get?access_token={token}&media_id={media_id}");
    let file = bench.client.get(bench.url(&path)).send().await.unwrap();
    assert_eq!(file.bytes().await.unwrap().as_ref(), [0x89, b'P', b'N', b'G']);
}

#[tokio::test]
async fn an_apps_pages_are_set_whole_and_outlive_a_reset() {
    let bench = Bench::new().await;
    let pages = json!({ "pages": { "sidebar": "http://127.0.0.1:1/h5/sidebar" } });
    let url = bench.url("/_sim/apps/desk");
    let answer = bench.client.patch(&url).json(&pages).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let wrong = json!({ "pages": { "side": "x" } });
    assert_eq!(bench.client.patch(&url).json(&wrong).send().await.unwrap().status(), 400);
    bench.post("/_sim/reset", &json!({})).await;
    let state = bench.get("/_sim/state").await;
    let desk = state["apps"].as_array().unwrap().iter().find(|app| app["name"] == "desk").unwrap();
    assert_eq!(
        desk["pages"],
        json!({ "home": "", "sidebar": "http://127.0.0.1:1/h5/sidebar", "profile": "", "group": "" }),
    );
}

#[tokio::test]
async fn a_call_of_the_js_sdk_is_noted_and_a_planned_failure_is_used_up() {
    let bench = Bench::new().await;
    let line = json!({ "call": "getLocation", "params": { "type": "gcj02" },
        "result": { "errMsg": "getLocation:ok" }, "entry": "normal", "user": "zhangsan",
        "page": "http://e.com/", "took_ms": 12 });
    bench.post("/_sim/jssdk/calls", &line).await;
    let big = json!({ "call": "getLocalImgData",
        "result": { "errMsg": "getLocalImgData:ok", "localData": "x".repeat(20_000) } });
    bench.post("/_sim/jssdk/calls", &big).await;
    let noted = bench.get("/_sim/jssdk/calls?after=0").await;
    assert_eq!(noted["items"][0]["params"]["type"], "gcj02");
    assert_eq!(noted["items"][0]["at"], 1_800_000_000_000_i64);
    assert_eq!(
        noted["items"][1]["result"],
        json!({ "errMsg": "getLocalImgData:ok", "localData": "20000 字节" })
    );

    let take = async |call: &str| {
        let suffers =
            if call == "config" { json!(["slow_ms"]) } else { json!(["slow_ms", "denied"]) };
        let body = json!({ "call": call, "suffers": suffers });
        bench.post("/_sim/jssdk/take", &body).await["effect"].clone()
    };
    assert_eq!(take("getLocation").await, Value::Null);
    let fault = json!({ "path": "jssdk/getLocation", "times": 1, "effect": { "denied": true } });
    bench.post("/_sim/faults", &fault).await;
    assert_eq!(take("scanQRCode").await, Value::Null);
    assert_eq!(take("getLocation").await, json!({ "denied": true }));
    assert_eq!(take("getLocation").await, Value::Null, "it was planned for one call");
    let all = json!({ "path": "jssdk/*", "times": 2, "effect": { "denied": true } });
    bench.post("/_sim/faults", &all).await;
    assert_eq!(
        take("config").await,
        Value::Null,
        "nobody is asked for a config, so none is denied"
    );
    assert_eq!(take("getContext").await, json!({ "denied": true }));
    assert_eq!(take("getContext").await, json!({ "denied": true }));
    let all = json!({ "path": "jssdk/*", "effect": { "slow_ms": 5, "cancel": true } });
    bench.post("/_sim/faults", &all).await;
    assert_eq!(take("scanQRCode").await, json!({ "slow_ms": 5, "cancel": true }));
    // Calls of the server's API do not meet the failures of pages.
    assert_eq!(bench.text("zhangsan", "在").await["errcode"], 0);

    for (path, effect) in [("jssdk/*", json!({ "http": 503 })), ("*", json!({ "denied": true }))] {
        let fault = json!({ "path": path, "effect": effect });
        let (status, answer) = bench.try_post("/_sim/faults", &fault).await;
        assert_eq!(status, 400, "{answer}");
    }
}
