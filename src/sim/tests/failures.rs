use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::{Value, json};

use super::{Bench, Receiver, code, refused, text};

async fn plan(bench: &Bench, effect: Value) {
    let fault = json!({ "path": "/cgi-bin/message/send", "times": 1, "effect": effect });
    bench.post("/_sim/faults", &fault).await;
}

async fn raw(bench: &Bench, body: &Value) -> Result<(u16, String), reqwest::Error> {
    let token = bench.token_of(1_000_002).await;
    let url = bench.url(&format!("/cgi-bin/message/send?access_token={token}"));
    let response = bench.client.post(url).json(body).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

#[tokio::test]
async fn a_planned_failure_happens_once_and_is_gone() {
    let bench = Bench::new().await;
    let body = text("zhangsan", "a");
    plan(&bench, json!({ "errcode": 45009 })).await;
    refused(&bench.api("message/send", &body).await, 45009);
    assert_eq!(bench.get("/_sim/faults").await["items"], json!([]));
    assert_eq!(code(&bench.api("message/send", &body).await), 0);

    plan(&bench, json!({ "http": 502 })).await;
    assert_eq!(raw(&bench, &body).await.unwrap().0, 502);
    plan(&bench, json!({ "html": true })).await;
    let (status, page) = raw(&bench, &body).await.unwrap();
    assert!(status == 200 && page.starts_with("<html>"));
    plan(&bench, json!({ "empty": true })).await;
    assert_eq!(raw(&bench, &body).await.unwrap(), (200, String::new()));
    plan(&bench, json!({ "big_mb": 3 })).await;
    assert_eq!(raw(&bench, &body).await.unwrap().1.len(), 3 << 20);
    assert_eq!(bench.chat("zhangsan").await.len(), 1, "none of them sent anything");
    plan(&bench, json!({ "warning": true })).await;
    assert!(raw(&bench, &body).await.unwrap().1.contains("Warning: wrong json format"));
    assert_eq!(bench.chat("zhangsan").await.len(), 2);
}

#[tokio::test]
async fn a_cut_connection_leaves_the_message_sent_or_unsent() {
    let bench = Bench::new().await;
    let body = text("zhangsan", "a");
    plan(&bench, json!({ "reset_before": true })).await;
    assert!(raw(&bench, &body).await.is_err());
    assert_eq!(bench.chat("zhangsan").await.len(), 0);
    plan(&bench, json!({ "reset_after_apply": true })).await;
    assert!(raw(&bench, &body).await.is_err());
    assert_eq!(bench.chat("zhangsan").await.len(), 1);
}

#[tokio::test]
async fn a_slow_answer_is_slow_and_a_dripping_one_comes_whole() {
    let bench = Bench::new().await;
    let body = text("zhangsan", "a");
    for effect in [json!({ "slow_ms": 150 }), json!({ "drip_ms": 300 })] {
        plan(&bench, effect).await;
        let began = Instant::now();
        let (_, answer) = raw(&bench, &body).await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(150));
        assert_eq!(code(&serde_json::from_str(&answer).unwrap()), 0);
    }
    plan(&bench, json!({ "hang_s": 1 })).await;
    assert!(raw(&bench, &body).await.is_err());
}

#[tokio::test]
async fn faults_can_be_listed_and_removed_and_hit_every_path_with_a_star() {
    let bench = Bench::new().await;
    let star = json!({ "path": "*", "effect": { "errcode": -1 } });
    let id = bench.post("/_sim/faults", &star).await["id"].as_u64().unwrap();
    for _ in 0..3 {
        refused(&bench.get("/cgi-bin/gettoken").await, -1);
    }
    let gone = bench.client.delete(bench.url(&format!("/_sim/faults/{id}"))).send().await.unwrap();
    assert_eq!(gone.status(), 200);
    refused(&bench.get("/cgi-bin/gettoken").await, 41002);
    let bad = json!({ "path": "*", "effect": { "smoke": 1 } });
    assert_eq!(
        bench.client.post(bench.url("/_sim/faults")).json(&bad).send().await.unwrap().status(),
        400
    );
}

#[tokio::test]
async fn calls_are_written_down_without_secrets() {
    let bench = Bench::new().await;
    let token = bench.token_of(1_000_002).await;
    bench.text("zhangsan", "a").await;
    let log = bench.get("/_sim/calls?after=0").await;
    let text = log.to_string();
    assert!(!text.contains(&token) && !text.contains(&bench.corp.apps[0].secret));
    let send = log["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(send["path"], "/cgi-bin/message/send");
    assert_eq!((&send["status"], &send["errcode"]), (&json!(200), &json!(0)));
    assert_eq!(send["request"]["text"]["content"], "a");
    let after = bench.get(&format!("/_sim/calls?after={}", send["seq"])).await;
    assert_eq!(after["items"], json!([]));
}

#[tokio::test]
async fn the_clock_can_be_wrong_and_everything_can_begin_again() {
    let bench = Bench::new().await;
    let receiver = Receiver::new();
    bench.sim.set_callback("desk", &receiver.url());
    bench.post("/_sim/clock/skew", &json!({ "seconds": -7200 })).await;
    let send = json!({ "app": "desk", "msgtype": "text", "content": "a" });
    bench.post("/_sim/chats/zhangsan/messages?wait=1", &send).await;
    assert_eq!(receiver.requests()[0].query("timestamp"), "1799992800");
    bench.client.delete(bench.url("/_sim/members/sunhao?silent=1")).send().await.unwrap();
    bench.post("/_sim/reset", &json!({})).await;
    let state = bench.get("/_sim/state").await;
    assert_eq!((&state["now"], &state["skew"]), (&json!(1_800_000_000), &json!(0)));
    assert_eq!(state["members"].as_array().unwrap().len(), 12);
    assert_eq!(state["apps"][0]["callback_url"], receiver.url());
    assert!(bench.chat("zhangsan").await.is_empty());
}

#[tokio::test]
async fn a_page_hears_of_a_new_message_and_of_the_end() {
    let bench = Bench::new().await;
    let response = bench.client.get(bench.url("/_sim/stream")).send().await.unwrap();
    let mut stream = response.bytes_stream();
    assert_eq!(stream.next().await.unwrap().unwrap(), ": hello\n\n");
    bench.text("ZhangSan", "a").await;
    let mut heard = String::new();
    while !heard.contains("\"chat\"") {
        heard.push_str(str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
    }
    assert!(heard.contains("\"userid\":\"zhangsan\""));
    assert_eq!(bench.get("/_sim/state").await["unread"], json!({ "zhangsan": 1 }));
    bench.chat("zhangsan").await;
    assert_eq!(bench.get("/_sim/state").await["unread"], json!({}));
    let (addr, stopping) = (bench.sim.addr(), bench.sim.stop());
    tokio::time::timeout(Duration::from_secs(5), stopping).await.unwrap();
    assert!(std::net::TcpStream::connect(addr).is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_page_is_served_or_says_how_to_build_it() {
    let bench = Bench::new().await;
    let page = bench.client.get(bench.url("/")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let is_built = page.headers()["content-type"].to_str().unwrap().starts_with("text/html");
    assert_eq!(is_built, page.headers().contains_key("content-security-policy"));
    let text = page.text().await.unwrap();
    assert!(is_built || text.contains("npm run build"));
    assert_eq!(bench.client.get(bench.url("/none.js")).send().await.unwrap().status(), 404);
}
