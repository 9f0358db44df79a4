//! The API as programs meet it: lists, refusals, permissions, files, the page behind a link.

use std::collections::BTreeSet;

use kernel::time;
use serde_json::{Value, json};

use crate::support::Desk;

async fn token(desk: &Desk, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": scopes.join(" "), "scopes": scopes });
    let told = desk.ask("POST", "/api/v1/tokens").json(&body).send().await;
    assert_eq!(told.status, 201, "{}", told.text());
    let text = |key: &str| told.json()[key].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

#[tokio::test(flavor = "multi_thread")]
async fn four_hundred_tickets_are_paged_without_gap_or_repeat_while_more_come() {
    let desk = Desk::open().await;
    let raise = async |number: usize| {
        let body = json!({ "template": "general_request", "source": "api",
            "form": { "title": format!("第 {number} 张") } });
        let told =
            desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&body).send().await;
        assert_eq!(told.status, 201, "{}", told.text());
        desk.clock.advance(time::MILLI);
    };
    for number in 0..400 {
        raise(number).await;
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/tickets?limit=150".to_owned();
    loop {
        let page = desk.ask("GET", &path).send().await.json();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|one| one["title"].as_str().unwrap().to_owned()));
        raise(1_000 + seen.len()).await;
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/tickets?limit=150&cursor={next}");
    }
    let expected: Vec<_> = (0..400).rev().map(|number| format!("第 {number} 张")).collect();
    assert_eq!(seen, expected, "newest first, each once, and none of those that came later");
    let told = desk.ask("GET", "/api/v1/tickets?limit=201").send().await;
    assert_eq!((told.status, told.json()["errors"][0]["path"].as_str()), (400, Some("limit")));
    let told = desk.ask("GET", "/api/v1/tickets?cursor=nonsense").send().await;
    assert_eq!(told.status, 400, "{}", told.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_request_is_said_by_name() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let act = format!("/api/v1/tickets/{id}/actions/comment");
    let new = |form: Value| json!({ "template": "general_request", "source": "api", "form": form });
    let cases = [
        ("GET", "/api/v1/tickets?colour=red", None, 400, "colour"),
        ("GET", "/api/v1/tickets?status=gone", None, 400, "status"),
        ("GET", "/api/v1/tasks", None, 400, "view"),
        ("GET", "/api/v1/tasks?view=mine", None, 400, "member"),
        ("POST", "/api/v1/tickets", Some("{\"template\":"), 400, ""),
        ("POST", "/api/v1/tickets", Some("{\"template\":1}"), 400, "template"),
        ("POST", "/api/v1/tickets", Some("{\"corp_id\":\"x\"}"), 400, "corp_id"),
        ("POST", &act, Some("[]"), 400, ""),
        ("POST", &act, Some("{\"text\":1}"), 422, "text"),
        ("POST", &act, Some("{\"text\":\"x\",\"role\":\"admin\"}"), 422, "role"),
    ];
    for (method, path, body, status, field) in cases {
        let ask = desk.ask(method, path);
        let ask = match body {
            Some(body) => ask.body("application/json", body),
            None => ask,
        };
        let told = ask.send().await;
        let (was, _code, words) = told.refusal();
        assert_eq!(was, status, "{method} {path} {body:?}: {words}");
        let named = told.json()["errors"][0]["path"].as_str().unwrap_or_default().to_owned();
        assert_eq!(named, field, "{method} {path} {body:?}: {words}");
    }
    for (form, field) in [
        (json!({}), "form.title"),
        (json!({ "title": "x".repeat(101) }), "form.title"),
        (json!({ "title": "x", "urgency": "now" }), "form.urgency"),
        (json!({ "title": "x", "images": "1" }), "form.images"),
        (json!({ "title": "x", "colour": "red" }), "form.colour"),
    ] {
        let told = desk.ask("POST", "/api/v1/tickets").json(&new(form)).send().await;
        assert_eq!(told.refusal().0, 422, "{}", told.text());
        assert_eq!(told.json()["errors"][0]["path"], field, "{}", told.text());
    }
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/tickets/123", 404),
        ("GET", "/api/v1/tickets/GD-20000101-0001", 404),
        ("GET", "/api/v1/members/nobody", 404),
        ("DELETE", "/api/v1/tickets", 405),
        ("GET", act.as_str(), 405),
    ] {
        let told = desk.ask(method, path).header("x-request-id", "mine-1").send().await;
        assert_eq!(told.refusal().0, status, "{method} {path}");
        assert_eq!(told.header("x-request-id"), "mine-1");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_scopes_and_for_nothing_else_until_it_is_revoked() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let reads = [
        ("/api/v1/tickets", "tickets:read"),
        ("/api/v1/tasks?view=mine&member=liuyang", "tickets:read"),
        ("/api/v1/members", "members:read"),
        ("/api/v1/departments", "members:read"),
        ("/api/v1/customers", "customers:read"),
        ("/api/v1/inbox", "ops:read"),
        ("/api/v1/outbox", "ops:read"),
        ("/api/v1/tokens", "ops:read"),
        ("/api/v1/audit", "ops:read"),
    ];
    let mut made = Vec::new();
    for scope in ["tickets:read", "members:read", "customers:read", "ops:read"] {
        let (token_id, plain) = token(&desk, &[scope]).await;
        for (path, needs) in reads {
            let told = desk.ask_with(&plain, "GET", path).send().await;
            let expected = if needs == scope { 200 } else { 403 };
            assert_eq!(told.status, expected, "{scope} {path}: {}", told.text());
            if expected == 403 {
                let (_status, code, words) = told.refusal();
                assert!(code == "auth.scope" && words.contains(needs), "{words}");
            }
        }
        let write = format!("/api/v1/tickets/{id}/actions/comment");
        let told = desk.ask_with(&plain, "POST", &write).json(&json!({ "text": "x" })).send().await;
        assert_eq!(told.refusal().1, "auth.scope");
        let told = desk.ask_with(&plain, "POST", "/api/v1/tokens");
        let told = told.json(&json!({ "name": "x", "scopes": ["admin"] })).send().await;
        assert_eq!(told.refusal().0, 403);
        made.push((token_id, plain));
    }
    let listed = desk.ask("GET", "/api/v1/tokens").send().await;
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 5);
    for (token_id, plain) in &made {
        assert!(!listed.text().contains(plain.as_str()), "a token's text is shown once");
        let told = desk.ask("DELETE", &format!("/api/v1/tokens/{token_id}")).send().await;
        assert_eq!(told.status, 204, "{}", told.text());
        let told = desk.ask_with(plain, "GET", "/api/v1/tickets").send().await;
        assert_eq!(told.refusal().1, "auth.invalid_token");
    }
    let audit = desk.ask("GET", "/api/v1/audit").send().await.text();
    assert!(audit.contains("token.created") && audit.contains("token.revoked"), "{audit}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_only_tickets_of_his_own_whatever_he_asks_for() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let no = desk.ticket(&id).await["no"].as_str().unwrap().to_owned();
    desk.ask("POST", &format!("/api/v1/tickets/{id}/attachments"))
        .file("a.txt", b"one".to_vec())
        .send()
        .await;
    let file = desk.ticket(&id).await["attachments"][0]["file"].as_str().unwrap().to_owned();
    for path in [
        format!("/api/v1/tickets/{id}"),
        format!("/api/v1/tickets/{no}"),
        format!("/api/v1/tickets/{id}/timeline"),
        format!("/api/v1/files/{file}?ticket={id}"),
    ] {
        let told = desk.ask("GET", &path).acting_as("sunhao").send().await;
        assert_eq!(told.status, 404, "{path}: {}", told.text());
        let told = desk.ask("GET", &path).acting_as("wangfang").send().await;
        assert_eq!(told.status, 200, "{path}: {}", told.text());
    }
    for query in ["", "?creator=wangfang", "?handler=liuyang", "?q=空调", &format!("?q={no}")] {
        let path = format!("/api/v1/tickets{query}");
        let of = async |userid: &str| {
            let page = desk.ask("GET", &path).acting_as(userid).send().await.json();
            page["items"].as_array().unwrap().len()
        };
        assert_eq!((of("sunhao").await, of("liuyang").await), (0, 1), "{path}");
    }
    let told = desk.ask("GET", "/api/v1/tasks?view=mine&member=liuyang").acting_as("sunhao");
    assert_eq!(told.send().await.refusal().0, 400);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reads_a_file_of_somebody_else_by_naming_its_number() {
    let desk = Desk::open().await;
    let theirs = desk.raise("wangfang", "空调坏了").await;
    let path = format!("/api/v1/tickets/{theirs}/attachments");
    let told = desk.ask("POST", &path).acting_as("wangfang").file("a.txt", b"secret".to_vec());
    let file = told.send().await.json()["attachments"][0]["file"].clone();
    let mine = desk.raise("sunhao", "灯不亮").await;
    for file in [file.clone(), json!("123")] {
        let input = json!({ "kind": "file", "name": "x", "file": file });
        let told = desk.act(&mine, "attach", &input).acting_as("sunhao").send().await;
        assert_eq!(
            (told.refusal().0, told.json()["errors"][0]["code"].as_str()),
            (422, Some("unknown_file"))
        );
        let new = json!({ "template": "general_request", "source": "api",
            "form": { "title": "x", "images": [file] } });
        let told = desk.ask("POST", "/api/v1/tickets").acting_as("sunhao").json(&new).send().await;
        assert_eq!(
            (told.refusal().0, told.json()["errors"][0]["path"].as_str()),
            (422, Some("form.images[0]"))
        );
    }
    // Whoever sent it may show it elsewhere, too, and so may a program that sees everything.
    let other = desk.raise("wangfang", "还有一处").await;
    let input = json!({ "kind": "file", "name": "x", "file": file });
    let told = desk.act(&other, "attach", &input).acting_as("wangfang").send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(desk.act(&mine, "attach", &input).send().await.status, 200);
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_uploaded_first_and_then_named_in_the_form() {
    let desk = Desk::open().await;
    let png = [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 16]].concat();
    let upload = async |userid: &str, key: &str| {
        let told =
            desk.ask("POST", "/api/v1/files").acting_as(userid).header("Idempotency-Key", key);
        told.file("../现场.png", png.clone()).send().await
    };
    let told = upload("wangfang", "one").await;
    assert_eq!(told.status, 201, "{}", told.text());
    let file = told.json();
    assert_eq!(
        (&file["name"], &file["mime"], &file["size"]),
        (&json!("现场.png"), &json!("image/png"), &json!(24))
    );
    assert_eq!(upload("wangfang", "one").await.json()["id"], file["id"], "a repeat is no new file");
    let new = json!({ "form": { "title": "空调坏了", "images": [file["id"]] } });
    let create = async |userid: &str| {
        desk.ask("POST", "/api/v1/tickets").acting_as(userid).json(&new).send().await
    };
    assert_eq!(create("sunhao").await.refusal().0, 422, "it is not his");
    let ticket = create("wangfang").await.json();
    assert_eq!(ticket["form"]["images"][0], file["id"]);
    let id = ticket["id"].as_str().unwrap();
    let path = format!("/api/v1/files/{}?ticket={id}", file["id"].as_str().unwrap());
    let shown = desk.ask("GET", &path).acting_as("wangfang").send().await;
    assert_eq!((shown.status, shown.header("content-type")), (200, "image/png"));
    let told = desk.ask("POST", "/api/v1/files").acting_as("wangfang").body("text/plain", "x");
    assert_eq!(told.send().await.refusal().1, "http.not_multipart");
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_twenty_megabytes_is_kept_and_a_larger_one_refused() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let path = format!("/api/v1/tickets/{id}/attachments");
    let most = 20 << 20;
    let told = desk.ask("POST", &path).file("报告.bin", vec![7; most]).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(told.json()["attachments"][0]["name"], "报告.bin");
    let told = desk.ask("POST", &path).file("x.bin", vec![7; most + 1]).send().await;
    assert_eq!(told.refusal().1, "files.too_large");
    let told = desk.ask("POST", &path).file("x.bin", Vec::new()).send().await;
    assert_eq!(told.refusal().1, "files.empty");
    let told = desk.ask("POST", &path).body("text/plain", "x").send().await;
    assert_eq!(told.refusal().0, 400);
    assert_eq!(desk.ticket(&id).await["attachments"].as_array().unwrap().len(), 1);
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_and_went_out_is_listed_and_can_be_done_again() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    let came = desk.jobs("inbox", "").await;
    assert_eq!(came.len(), 1);
    assert_eq!((&came[0]["state"], &came[0]["topic"]), (&json!("done"), &json!("inbox.wecom")));
    let id = came[0]["id"].as_str().unwrap();
    let one = desk.ask("GET", &format!("/api/v1/inbox/{id}")).send().await.json();
    assert!(one["body"].as_str().unwrap().contains("空调坏了"));
    assert_eq!(desk.ask("GET", &format!("/api/v1/outbox/{id}")).send().await.status, 404);
    let topics: BTreeSet<_> =
        desk.jobs("outbox", "").await.iter().map(|job| job["topic"].to_string()).collect();
    assert_eq!(topics, BTreeSet::from(["\"outbox.send\"".to_owned()]));
    // WeCom sent something that nobody could read: it waits for whoever mends it.
    let broken = json!({ "app": "desk", "plain": "<xml><MsgType>text</xml>" });
    desk.sim_post("/_sim/callback?wait=1", broken).await;
    desk.settle().await;
    let failed = desk.jobs("inbox", "state=failed").await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0]["outcome"].as_str().unwrap().contains("无法解析"), "{failed:?}");
    let id = failed[0]["id"].as_str().unwrap();
    let told = desk.ask("POST", &format!("/api/v1/inbox/{id}/replay")).send().await;
    assert_eq!((told.status, &told.json()["state"]), (200, &json!("pending")), "{}", told.text());
    desk.settle().await;
    assert_eq!(desk.jobs("inbox", "state=failed").await.len(), 1);
    // A message that was worked on is read anew: its sender has a ticket now, and is asked.
    let id = came[0]["id"].as_str().unwrap();
    let told = desk.ask("POST", &format!("/api/v1/inbox/{id}/replay")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.settle().await;
    assert_eq!(desk.tickets().await.len(), 1);
    let told = desk.ask("GET", "/api/v1/inbox?state=odd").send().await;
    assert_eq!((told.refusal().0, told.json()["errors"][0]["path"].as_str()), (400, Some("state")));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_is_served_as_it_was_reviewed_and_figures_are_for_operators() {
    let desk = Desk::open().await;
    let served = desk.http.get(format!("{}/api/openapi.json", desk.url)).send().await.unwrap();
    let served: Value = served.json().await.unwrap();
    let reviewed = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/openapi.json");
    let reviewed: Value = serde_json::from_slice(&std::fs::read(reviewed).unwrap()).unwrap();
    assert!(served == reviewed, "run `make golden` and review the difference");
    let docs = desk.http.get(format!("{}/api/docs", desk.url)).send().await.unwrap();
    assert_eq!(docs.status(), 200);
    for (path, status) in [("/healthz", 200), ("/readyz", 200), ("/metrics", 401)] {
        let told = desk.http.get(format!("{}{path}", desk.url)).send().await.unwrap();
        assert_eq!(told.status(), status, "{path}");
    }
    assert_eq!(desk.ask("GET", "/metrics").send().await.status, 200);
    let (_id, plain) = token(&desk, &["tickets:read"]).await;
    assert_eq!(desk.ask_with(&plain, "GET", "/metrics").send().await.status, 403);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_behind_a_card_shows_the_way_and_lets_nothing_run() {
    let desk = Desk::open().await;
    let title = "<img src=x onerror=alert(1)>\"'&";
    desk.says("wangfang", title).await;
    let id = desk.tickets().await[0]["id"].as_str().unwrap().to_owned();
    desk.does("liuyang", "claim", &id, json!({})).await;
    let words = json!({ "text": "</li><script>alert(2)</script>" });
    desk.does("liuyang", "comment", &id, words).await;
    let page = desk.page_of("wangfang").await;
    let told = desk.http.get(format!("{}{page}", desk.url)).send().await.unwrap();
    assert_eq!(told.status(), 200);
    let policy = told.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let html = told.text().await.unwrap();
    assert!(html.contains("刘洋 正在处理") && html.contains("&lt;img src=x"), "{html}");
    assert!(!html.contains("<img src=x") && !html.contains("<script"), "{html}");
    // A letter changed, another ticket's file, a link too old, a member who left.
    let forged = page.replacen("/t/", "/t/A", 1);
    let other = desk.raise("lijing", "灯不亮").await;
    desk.ask("POST", &format!("/api/v1/tickets/{other}/attachments"))
        .file("a.txt", b"secret".to_vec())
        .send()
        .await;
    let file = desk.ticket(&other).await["attachments"][0]["file"].as_str().unwrap().to_owned();
    for path in [forged, format!("{page}/files/{file}"), "/t/x".to_owned()] {
        let told = desk.http.get(format!("{}{path}", desk.url)).send().await.unwrap();
        assert_eq!(told.status(), 404, "{path}");
        assert!(told.text().await.unwrap().contains("无效或已过期"));
    }
    desk.settle().await;
    desk.clock.advance(31 * time::DAY);
    let told = desk.http.get(format!("{}{page}", desk.url)).send().await.unwrap();
    assert_eq!(told.status(), 404);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_ends_with_the_member_whom_it_was_made_for() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    let page = desk.page_of("wangfang").await;
    let look = async || desk.http.get(format!("{}{page}", desk.url)).send().await.unwrap().status();
    assert_eq!(look().await, 200);
    desk.clock.advance(time::SECOND);
    desk.company("DELETE", "/members/wangfang", json!({})).await;
    assert_eq!(look().await, 404);
    desk.close().await;
}
