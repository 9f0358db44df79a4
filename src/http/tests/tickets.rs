//! Tickets over HTTP.

use std::sync::atomic::Ordering;

use org::{MemberStatus, Scope};
use serde_json::{Value, json};

use super::desk::{Desk, column};

#[actix_web::test]
async fn a_ticket_lives_from_creation_to_completion() {
    let desk = Desk::open();
    desk.member("wang", "王五", MemberStatus::Active).await;
    let token = desk.token(&[Scope::TicketsWrite, Scope::TicketsRead]).await;
    let made = desk
        .post("/api/v1/tickets")
        .token(&token)
        .json(&json!({
            "form": { "title": "空调坏了", "description": "三楼 <b>", "urgency": "high" },
            "customer": "wmAAA",
            "tags": ["空调"],
        }))
        .send()
        .await;
    assert_eq!((made.status.as_u16(), made.header("etag")), (201, "\"1\""));
    let ticket = made.json();
    let id = ticket["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), format!("/api/v1/tickets/{id}"));
    assert_eq!((&ticket["status"], &ticket["priority"]), (&json!("open"), &json!("high")));
    assert_eq!(ticket["customer"], json!({ "external_userid": "wmAAA", "name": "客户" }));
    assert!(desk.rung.load(Ordering::SeqCst) > 0, "the workers are told of what was committed");
    let path = format!("/api/v1/tickets/{id}");
    let by_no = format!("/api/v1/tickets/{}", ticket["no"].as_str().unwrap());
    assert_eq!(desk.get(&by_no).token(&token).send().await.json(), ticket);
    let act = |verb: &str| desk.post(&format!("{path}/actions/{verb}")).token(&token);
    let claimed = act("claim").acting_as("wang").send().await;
    assert_eq!(claimed.header("etag"), "\"2\"");
    let done = act("complete").acting_as("wang").json(&json!({ "note": "换了电容" })).send().await;
    assert_eq!((&done.json()["status"], &done.json()["version"]), (&json!("closed"), &json!(3)));
    let again = act("complete").acting_as("wang").send().await;
    assert_eq!(again.problem(), (409, "ticket.ended".into()));
    assert_eq!(again.json()["current"]["version"], 3, "a conflict tells the present state");
    let told = desk.get(&format!("{path}/timeline?limit=2")).token(&token).send().await.json();
    assert_eq!(column(&told, "verb"), ["create", "claim"]);
    let next = told["next"].as_str().unwrap();
    let rest = format!("{path}/timeline?limit=2&cursor={next}");
    let rest = desk.get(&rest).token(&token).send().await.json();
    assert_eq!(column(&rest, "text"), ["王五 完成了处理：换了电容"]);
    assert_eq!(rest["next"], Value::Null);
    desk.close().await;
}

#[actix_web::test]
async fn a_stale_version_changes_nothing_and_is_shown_the_newer_one() {
    let desk = Desk::open();
    let token = desk.admin().await;
    let id = desk.ticket(&token, "甲").await["id"].as_str().unwrap().to_owned();
    let comment = |version: &str| {
        let path = format!("/api/v1/tickets/{id}/actions/comment");
        desk.post(&path).token(&token).header("if-match", version).json(&json!({ "text": "好" }))
    };
    for (version, expected) in [("\"1\"", 2), ("2", 3), ("W/\"3\"", 4), ("*", 5)] {
        assert_eq!(comment(version).send().await.json()["version"], expected, "{version}");
    }
    let stale = comment("\"1\"").send().await;
    assert_eq!(stale.problem(), (409, "ticket.changed".into()));
    assert_eq!(stale.json()["current"]["version"], 5);
    let odd = comment("\"one\"").send().await;
    assert_eq!(odd.field(), (400, "If-Match".into(), "malformed".into()));
    desk.close().await;
}

#[actix_web::test]
async fn the_same_key_does_the_same_thing_once() {
    let desk = Desk::open();
    let token = desk.admin().await;
    let create = |key: &str, title: &str| {
        let form = json!({ "form": { "title": title } });
        desk.post("/api/v1/tickets").token(&token).header("idempotency-key", key).json(&form)
    };
    let (first, second) = (create("k", "甲").send().await, create("k", "甲").send().await);
    assert_eq!((first.status, &first.text), (second.status, &second.text));
    assert_eq!(first.header("etag"), second.header("etag"));
    assert_eq!(first.header("location"), second.header("location"));
    let other = create("k", "乙").send().await;
    assert_eq!(other.problem(), (422, "idempotency.mismatch".into()));
    let elsewhere = desk.admin().await;
    let form = json!({ "form": { "title": "甲" } });
    let theirs = desk.post("/api/v1/tickets").token(&elsewhere).header("idempotency-key", "k");
    let theirs = theirs.json(&form).send().await.json();
    assert_ne!(theirs["id"], first.json()["id"], "another token's key is another key");
    let bad = create("空", "甲").send().await;
    assert_eq!(bad.field(), (422, "Idempotency-Key".into(), "malformed".into()));
    // What was refused may be tried again under its key.
    assert_eq!(create("r", "").send().await.problem().0, 422);
    let many = futures_util::future::join_all((0..16).map(|_| create("race", "丙").send())).await;
    let ids: std::collections::BTreeSet<_> =
        many.iter().map(|one| one.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1, "sixteen at once make one ticket");
    let all = desk.get("/api/v1/tickets?limit=200").token(&token).send().await.json();
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    desk.close().await;
}

#[actix_web::test]
async fn two_who_claim_at_once_are_one_owner_and_one_who_is_told_who() {
    let desk = Desk::open();
    desk.member("wang", "王五", MemberStatus::Active).await;
    desk.member("zhao", "赵六", MemberStatus::Active).await;
    let token = desk.admin().await;
    for round in 0..8 {
        let ticket = desk.ticket(&token, &format!("第 {round} 单")).await;
        let path = format!("/api/v1/tickets/{}/actions/claim", ticket["id"].as_str().unwrap());
        let claim = |userid: &str| desk.post(&path).token(&token).acting_as(userid).send();
        let (one, two) = futures_util::future::join(claim("wang"), claim("zhao")).await;
        let (winner, loser) = if one.status.is_success() { (one, two) } else { (two, one) };
        assert!(winner.status.is_success());
        assert_eq!(loser.problem(), (409, "ticket.taken".into()));
        let owner = winner.json()["steps"][0]["owner"].as_str().unwrap().to_owned();
        let name = if owner == "wang" { "王五" } else { "赵六" };
        assert!(loser.json()["detail"].as_str().unwrap().contains(name), "{}", loser.text);
        assert_eq!(loser.json()["current"]["steps"][0]["owner"], owner);
    }
    desk.close().await;
}

#[actix_web::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let desk = Desk::open();
    let token = desk.admin().await;
    let mut made = Vec::new();
    for n in 0..7 {
        desk.shared.clock.advance(i64::from(n % 3 == 0));
        made.push(desk.ticket(&token, &format!("第 {n} 单 100%_")).await["id"].clone());
    }
    made.reverse();
    let (mut seen, mut next) = (Vec::new(), String::new());
    for _ in 0..10 {
        let path = format!("/api/v1/tickets?limit=2&status=open&cursor={next}");
        let page = desk.get(&path).token(&token).send().await.json();
        seen.extend(column(&page, "id"));
        match page["next"].as_str() {
            Some(cursor) => next = cursor.to_owned(),
            None => break,
        }
    }
    assert_eq!(json!(seen), json!(made));
    let found = |query: &str| desk.get(&format!("/api/v1/tickets?{query}")).token(&token).send();
    assert_eq!(column(&found("q=%E7%AC%AC+3").await.json(), "id").len(), 1);
    assert_eq!(column(&found("q=100%25_").await.json(), "id").len(), 7);
    assert_eq!(column(&found("q=1%25_0").await.json(), "id").len(), 0, "no wildcard from outside");
    assert_eq!(column(&found("status=closed").await.json(), "id").len(), 0);
    desk.close().await;
}

#[actix_web::test]
async fn templates_customers_and_people_can_be_read() {
    let desk = Desk::open();
    desk.member("LiSi", "李四", MemberStatus::Active).await;
    desk.write(|conn, ctx| {
        let department = org::mirror::DepartmentPatch {
            id: 7,
            name: Some("工程部".into()),
            ..org::mirror::DepartmentPatch::default()
        };
        org::mirror::upsert_department(conn, ctx, &department, ctx.now)?;
        let group = org::Group {
            key: "handlers".into(),
            name: "处理组".into(),
            members: vec!["lisi".into()],
        };
        org::set_group(conn, ctx, &group)
    })
    .await;
    let token = desk.admin().await;
    let get = |path: &str| desk.get(&format!("/api/v1/{path}")).token(&token).send();
    let templates = get("templates").await.json();
    assert_eq!(column(&templates, "key"), ["general_request"]);
    assert_eq!(get("templates/general_request").await.json(), templates["items"][0]);
    let version = get("templates/general_request?version=99").await;
    assert_eq!(version.problem(), (404, "template.not_found".into()));
    assert_eq!(column(&get("members?q=%E6%9D%8E&status=active").await.json(), "name"), ["李四"]);
    assert_eq!(get("members/LISI").await.json()["display_userid"], "LiSi");
    assert_eq!(get("members/x").await.problem(), (404, "member.not_found".into()));
    let odd = get("members?status=asleep").await;
    assert_eq!(odd.field(), (400, "status".into(), "not_an_option".into()));
    assert_eq!(column(&get("departments").await.json(), "name"), ["工程部"]);
    assert_eq!(column(&get("groups").await.json(), "key"), ["handlers"]);
    assert_eq!(get("customers").await.json(), json!({ "items": [], "next": null }));
    assert_eq!(get("customers/wmX").await.problem(), (404, "customer.not_found".into()));
    desk.close().await;
}
