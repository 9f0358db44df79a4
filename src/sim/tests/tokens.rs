use kernel::time::{HOUR, MINUTE, SECOND};
use serde_json::json;

use super::{Bench, code, refused, text};

#[tokio::test]
async fn a_token_is_the_same_within_its_life_and_ends_with_it() {
    let bench = Bench::new().await;
    let path = format!(
        "/cgi-bin/gettoken?corpid={}&corpsecret={}",
        bench.corp.corp_id, bench.corp.apps[0].secret
    );
    let first = bench.get(&path).await;
    assert_eq!((code(&first), first["expires_in"].as_i64()), (0, Some(7200)));
    bench.clock.advance(HOUR);
    let second = bench.get(&path).await;
    assert_eq!(first["access_token"], second["access_token"]);
    assert_eq!(second["expires_in"], 3600);

    bench.clock.advance(HOUR - 4 * MINUTE);
    let third = bench.get(&path).await;
    assert_ne!(
        first["access_token"], third["access_token"],
        "one that is about to end is not given"
    );
    let old = format!(
        "/cgi-bin/agent/get?agentid=1000002&access_token={}",
        first["access_token"].as_str().unwrap()
    );
    assert_eq!(code(&bench.get(&old).await), 0);
    bench.clock.advance(4 * MINUTE);
    refused(&bench.get(&old).await, 42001);
}

#[tokio::test]
async fn gettoken_tells_what_is_wrong() {
    let bench = Bench::new().await;
    let corp = &bench.corp.corp_id;
    let get = |query: String| {
        let path = format!("/cgi-bin/gettoken?{query}");
        async { bench.get(&{ path }).await }
    };
    refused(&get("corpsecret=x".into()).await, 41002);
    refused(&get(format!("corpid={corp}")).await, 41004);
    refused(&get("corpid=ww0&corpsecret=x".into()).await, 40013);
    refused(&get(format!("corpid={corp}&corpsecret=x")).await, 40001);
}

#[tokio::test]
async fn an_address_with_too_many_wrong_secrets_is_banned_for_an_hour() {
    let bench = Bench::new().await;
    bench.post("/_sim/limits", &json!({ "wrong_secrets": 3 })).await;
    let wrong = format!("/cgi-bin/gettoken?corpid={}&corpsecret=x", bench.corp.corp_id);
    for _ in 0..3 {
        refused(&bench.get(&wrong).await, 40001);
    }
    let right = wrong.replace("=x", &format!("={}", bench.corp.apps[0].secret));
    refused(&bench.get(&right).await, 45009);
    bench.clock.advance(HOUR - SECOND);
    refused(&bench.get(&right).await, 45009);
    bench.clock.advance(SECOND);
    assert_eq!(code(&bench.get(&right).await), 0);
}

#[tokio::test]
async fn a_token_can_be_lost_and_a_secret_rotated() {
    let bench = Bench::new().await;
    let token = bench.token_of(1_000_002).await;
    let path = format!("/cgi-bin/message/send?access_token={token}");
    assert_eq!(bench.post("/_sim/tokens/expire", &json!({})).await["ended"], 1);
    refused(&bench.post(&path, &text("zhangsan", "a")).await, 42001);

    let token = bench.token_of(1_000_002).await;
    let path = format!("/cgi-bin/message/send?access_token={token}");
    assert_eq!(code(&bench.post(&path, &text("zhangsan", "a")).await), 0);
    bench.post("/_sim/tokens/rotate", &json!({ "app": "desk", "secret": "new" })).await;
    refused(&bench.post(&path, &text("zhangsan", "a")).await, 40014);
    let old = format!(
        "/cgi-bin/gettoken?corpid={}&corpsecret={}",
        bench.corp.corp_id, bench.corp.apps[0].secret
    );
    refused(&bench.get(&old).await, 40001);
}

#[tokio::test]
async fn a_call_needs_a_token_a_known_path_the_right_method_and_a_trusted_address() {
    let bench = Bench::new().await;
    refused(
        &bench.post("/cgi-bin/message/send", &json!({ "access_token": "in the body" })).await,
        41001,
    );
    refused(&bench.get("/cgi-bin/user/get?access_token=nonsense&userid=zhangsan").await, 40014);
    refused(&bench.read("message/send", "").await, 40058);
    let (status, _) = bench.try_post("/cgi-bin/no/such", &json!({})).await;
    assert_eq!(status, 404);

    let token = bench.token_of(1_000_002).await;
    let client = &bench.client;
    let patch = json!({ "trusted_ips": ["10.0.0.9"] });
    client.patch(bench.url("/_sim/apps/desk")).json(&patch).send().await.unwrap();
    let path = format!("/cgi-bin/user/get?userid=zhangsan&access_token={token}");
    refused(&bench.get(&path).await, 60020);
}

#[tokio::test]
async fn a_path_called_too_often_is_closed_until_the_window_ends() {
    let bench = Bench::new().await;
    bench.post("/_sim/limits", &json!({ "api_minute": 2 })).await;
    let token = bench.token_of(1_000_002).await;
    let path = format!("/cgi-bin/user/get?userid=zhangsan&access_token={token}");
    assert_eq!(code(&bench.get(&path).await), 0);
    assert_eq!(code(&bench.get(&path).await), 0);
    refused(&bench.get(&path).await, 45009);
    bench.clock.advance(MINUTE);
    assert_eq!(code(&bench.get(&path).await), 0);
}
