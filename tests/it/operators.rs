//! The commands of operators, as they are typed: what they print, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Schema, Site, qidan};

const SPACING: Duration = Duration::from_millis(200);

fn json(text: &str) -> Value {
    serde_json::from_str(text.trim()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_says_what_is_pending_and_what_it_did() {
    let schema = Schema::fresh();
    let env = [("QIDAN__DATABASE__URL", schema.url.clone())];
    let known = db::known().unwrap().len();
    let status = qidan(&["migrate", "--status"], &env).await;
    assert_eq!(status.code, 0, "{}", status.err);
    assert!(status.out.starts_with(&format!("{known} known, {known} pending")), "{}", status.out);
    let done = qidan(&["migrate"], &env).await;
    assert_eq!((done.code, done.out.matches("applied 20").count()), (0, known), "{}", done.err);
    let again = qidan(&["migrate"], &env).await;
    assert_eq!(again.out.trim(), format!("0 applied, {known} before"));
    let status = qidan(&["migrate", "--status"], &env).await;
    assert_eq!(status.out.trim(), format!("{known} known, 0 pending"));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_is_content_with_a_good_house_and_names_the_mend_of_a_bad_one() {
    let site = Site::open(SPACING).await;
    let url = ("QIDAN__SERVER__PUBLIC_URL", "https://desk.example.com");
    assert!(site.sim.set_trusted_domains("desk", vec!["desk.example.com".to_owned()]));
    let well = qidan(&["doctor"], &site.env(&[url])).await;
    assert_eq!(well.code, 0, "{}{}", well.out, well.err);
    for words in [
        "应用 desk 的回调密钥",
        "没有失败或积压的任务",
        "可用",
        "可信域名 desk.example.com",
        "两种票据可取",
    ] {
        assert!(well.out.contains(words), "{words}: {}", well.out);
    }
    assert!(!well.out.contains('坏'), "{}", well.out);

    let other = ("QIDAN__SERVER__PUBLIC_URL", "https://desk.example.com:8443");
    let elsewhere = qidan(&["doctor"], &site.env(&[other])).await;
    assert_eq!(elsewhere.code, 1, "{}", elsewhere.out);
    assert!(elsewhere.out.contains("成员无法登录"), "{}", elsewhere.out);
    assert!(elsewhere.out.contains("设为 desk.example.com:8443"), "{}", elsewhere.out);
    let app = "desk";
    site.sim_post("/_sim/tokens/rotate", json!({ "app": app, "secret": "another" })).await;
    let ill = qidan(&["doctor"], &site.env(&[url])).await;
    assert_eq!(ill.code, 1, "{}", ill.out);
    assert!(ill.out.contains("40001") && ill.out.contains("secret"), "{}", ill.out);

    let bad =
        qidan(&["doctor"], &site.env(&[("QIDAN__WECOM__APPS__DESK__SECRET", "s3cr3t-s3cr3t")]))
            .await;
    assert_eq!(bad.code, 1, "{}", bad.out);
    assert!(bad.out.contains("https://"), "{}", bad.out);
    assert!(!bad.out.contains("s3cr3t-s3cr3t") && !bad.err.contains("s3cr3t-s3cr3t"));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_messages_are_found_listed_and_sent_again() {
    let site = Site::open(SPACING).await;
    let service = site.starts(&[]).await;
    // Nobody told us that he left.
    let gone = format!("{}/_sim/members/zhaomin?silent=1", site.sim.base_url());
    assert!(site.http.delete(gone).send().await.unwrap().status().is_success());
    site.says("wangfang", "空调坏了").await;
    site.until("a message failed", async |site| {
        site.jobs().await.keys().any(|(_topic, state)| *state == "failed")
    })
    .await;
    let listed = site.commands(&["inbox", "list"]).await;
    assert!(listed.contains("inbox.wecom") && listed.contains("新建 GD-"), "{listed}");
    let failed = site.commands(&["outbox", "list", "--state", "failed"]).await;
    assert!(failed.contains("outbox.send"), "{failed}");
    let failed = json(&site.commands(&["outbox", "list", "--state", "failed", "--json"]).await);
    let id = failed["id"].as_str().unwrap();
    let doctor = qidan(&["doctor"], &site.env(&[])).await;
    assert_eq!(doctor.code, 1);
    assert!(doctor.out.contains("1 个 outbox.send 任务失败"), "{}", doctor.out);
    assert!(doctor.out.contains("outbox list --state failed"), "{}", doctor.out);
    let back = json!({ "userid": "zhaomin", "name": "赵敏", "department": [3], "status": 1 });
    site.sim_post("/_sim/members", back).await;
    assert_eq!(site.commands(&["outbox", "retry", id]).await.trim(), "queued");
    site.until("he has his card", async |site| !site.chat("zhaomin").await.cards().is_empty())
        .await;
    let none = site.commands(&["outbox", "list", "--state", "failed"]).await;
    assert_eq!(none.trim(), "");
    drop(service);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_made_at_the_terminal_opens_the_api_until_it_is_revoked() {
    let site = Site::open(SPACING).await;
    let args = ["token", "create", "--name", "报表", "--scope", "tickets:read", "--json"];
    let made = json(&site.commands(&args).await);
    let token = made["token"].as_str().unwrap().to_owned();
    let list = site.commands(&["token", "list"]).await;
    assert!(list.contains("tickets:read  报表") && !list.contains(&token), "{list}");
    let _service = site.starts(&[]).await;
    let ask = async |path: &str| {
        let url = format!("{}/api/v1{path}", site.url);
        site.http.get(url).bearer_auth(&token).send().await.unwrap().status().as_u16()
    };
    assert_eq!((ask("/tickets").await, ask("/inbox").await), (200, 403));
    let line = list.lines().find(|line| line.contains("报表")).unwrap();
    let id = line.split_whitespace().next().unwrap();
    assert_eq!(site.commands(&["token", "revoke", id]).await.trim(), "revoked");
    let odd = qidan(&["token", "create", "--name", "x", "--scope", "all"], &site.env(&[])).await;
    assert_eq!(odd.code, 2, "{}", odd.err);
    assert!(odd.err.contains("tickets:read"), "it names the scopes that exist: {}", odd.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_prints_the_reviewed_document() {
    let said = qidan(&["openapi"], &[]).await;
    assert_eq!(said.code, 0, "{}", said.err);
    let reviewed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/openapi.json");
    let reviewed = std::fs::read_to_string(reviewed).unwrap();
    assert!(json(&said.out) == json(&reviewed), "run `make golden` and review the difference");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_work_says_why_and_ends_with_the_right_code() {
    let schema = Schema::fresh();
    let env = [("QIDAN__DATABASE__URL", schema.url.clone())];
    let key = ("QIDAN__SERVER__COLOUR", "red".to_owned());
    for (args, env, code, words) in [
        (vec!["dance"], env.to_vec(), 2, "dance"),
        (vec!["serve", "--config", "/nowhere/q.toml"], env.to_vec(), 2, "/nowhere/q.toml"),
        (vec!["migrate", "--status"], vec![key], 2, "colour"),
        (vec!["inbox", "list", "--state", "odd"], env.to_vec(), 2, "pending"),
        (vec!["inbox", "replay", "x"], env.to_vec(), 2, "x"),
        (vec!["outbox", "retry", "123"], env.to_vec(), 1, "没有这个任务"),
        (vec!["token", "revoke", "123"], env.to_vec(), 1, "令牌"),
    ] {
        let said = qidan(&args, &env).await;
        assert_eq!(said.code, code, "{args:?}: {}{}", said.out, said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
        assert!(!said.err.contains("panicked"), "{args:?}: {}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_comes_up_by_itself_answers_and_ends_when_asked() {
    let site = Site::open(SPACING).await;
    let folder = Schema::fresh();
    let env = [
        ("QIDAN__SERVER__BIND", "127.0.0.1:0".to_owned()),
        ("QIDAN__SIMULATOR__BIND", "127.0.0.1:0".to_owned()),
        ("QIDAN__DEMO__DIR", folder.folder.join("demo").display().to_string()),
    ];
    let mut demo = site.starts_demo(&env).await;
    let log = demo.log();
    let line = log.lines().find(|line| line.starts_with('{') && line.contains("simulator"));
    let urls = json(line.unwrap());
    let text = |key: &str| urls[key].as_str().unwrap().to_owned();
    let (service, simulator) = (text("service"), text("simulator"));
    let message = json!({ "app": "desk", "msgtype": "text", "content": "空调坏了" });
    let sent = format!("{simulator}/_sim/chats/wangfang/messages?wait=1");
    assert!(site.http.post(sent).json(&message).send().await.unwrap().status().is_success());
    let ask = async |what: &str| {
        let url = format!("{service}/api/v1/{what}");
        let told = site.http.get(url).bearer_auth(text("token")).send().await.unwrap();
        told.json::<Value>().await.unwrap()["items"].as_array().cloned().unwrap_or_default()
    };
    let is_new = |one: &Value| one["title"] == "空调坏了";
    let made =
        async |_site: &Site| ask("tickets").await.iter().filter(|one| is_new(one)).count() == 1;
    site.until("a ticket was made", made).await;
    // It brings businesses of several trades, and tickets of each that has some on their way.
    assert!(ask("templates").await.len() > 6, "{:?}", ask("templates").await);
    let of: std::collections::BTreeSet<_> =
        ask("tickets").await.iter().map(|one| one["template"]["key"].to_string()).collect();
    assert!(of.len() >= 6, "{of:?}");
    let page = site.http.get(format!("{simulator}/")).send().await.unwrap();
    assert!(page.status().is_success());
    demo.asks_to_end();
    assert_eq!(demo.ends().await.code(), Some(0), "{}", demo.log());
}
