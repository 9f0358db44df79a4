//! Who may do what.

use kernel::time;
use org::{MemberStatus, Scope};
use reqwest::Method;
use serde_json::{Value, json};

use super::desk::{Desk, column};

/// Every operation of the document, with ids that nothing has, and the scope that it names.
fn operations() -> Vec<(Method, String, String)> {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parts = path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            // What must be asked with a question.
            let query = match path.rsplit('/').next() {
                Some("tasks") => "?view=mine&member=a",
                Some("jssdk") => "?url=http://127.0.0.1/h5/workbench",
                Some("prefill") => "?template=general_request",
                Some("due") => "?from=2026-11-23T01:00:00Z&minutes=60",
                _ => "",
            };
            let path = path + query;
            // What is for everybody says so, and stands in a place of its own.
            if operation["security"] == json!([]) {
                assert!(path.starts_with("/api/v1/public/"), "{path}");
                continue;
            }
            let scope = operation["security"][0]["token"][0].as_str().unwrap().to_owned();
            all.push((method.to_uppercase().parse().unwrap(), path, scope));
        }
    }
    all
}

#[actix_web::test]
async fn no_operation_can_be_had_without_a_token_or_with_one_for_something_else() {
    let desk = Desk::open();
    assert!(operations().len() > 25, "the walk must see the whole API");
    for (method, path, scope) in operations() {
        let bare = desk.ask(method.clone(), &path).send().await;
        // What only pages ask without saying so: who they are, and the pictures in them.
        let is_pages =
            method == Method::GET && ["/api/v1/me", "/api/v1/files/1"].contains(&path.as_str());
        let (code, challenge) = match is_pages {
            true => ("auth.no_session", ""),
            false => ("auth.missing", "Bearer realm=\"qidan\""),
        };
        assert_eq!(bare.problem(), (401, code.into()), "{method} {path}");
        assert_eq!(bare.header("www-authenticate"), challenge, "{method} {path}");
        let wrong = desk.ask(method.clone(), &path).token("qd_0000").send().await;
        assert_eq!(wrong.problem(), (401, "auth.invalid_token".into()), "{method} {path}");
        let others = [
            Scope::TicketsRead,
            Scope::TicketsWrite,
            Scope::MembersRead,
            Scope::CustomersRead,
            Scope::OpsRead,
            Scope::OpsWrite,
        ];
        let others: Vec<_> = others.into_iter().filter(|other| other.as_str() != scope).collect();
        let token = desk.token(&others).await;
        let other = desk.ask(method.clone(), &path).token(&token).send().await;
        assert_eq!(other.problem(), (403, "auth.scope".into()), "{method} {path}");
        // A stream's right answer has no end; stories of their own tell of it.
        if path == "/api/v1/live" {
            continue;
        }
        let right = desk.token(&[scope.parse().unwrap()]).await;
        let right = desk.ask(method.clone(), &path).token(&right).send().await;
        // A program is nobody in particular, and what is a member's own has nothing for it.
        let is_refused = right.status.is_client_error();
        let is_members = is_refused
            && match right.problem().1.as_str() {
                "auth.no_session" => path == "/api/v1/me",
                "ticket.needs_member" => true,
                _ => false,
            };
        assert!(
            is_members || !matches!(right.status.as_u16(), 401 | 403 | 500..),
            "{method} {path}: {}",
            right.text
        );
    }
    desk.close().await;
}

#[actix_web::test]
async fn a_program_acts_for_active_members_and_nobody_else() {
    let desk = Desk::open();
    desk.member("LiSi", "李四", MemberStatus::Active).await;
    desk.member("gone", "走了", MemberStatus::Left).await;
    desk.member("new", "新人", MemberStatus::Inactive).await;
    let token = desk.token(&[Scope::TicketsWrite, Scope::TicketsRead]).await;
    let form = json!({ "form": { "title": "空调坏了" } });
    let create = || desk.post("/api/v1/tickets").token(&token).json(&form);
    let made = create().acting_as("LISI").send().await.json();
    assert_eq!(made["creator"], json!({ "kind": "member", "userid": "lisi" }));
    assert_eq!(create().send().await.json()["creator"], json!({ "kind": "token", "name": "erp" }));
    for nobody in ["gone", "new", "unknown", ""] {
        let refused = create().acting_as(nobody).send().await;
        assert_eq!(refused.problem(), (403, "auth.act_as_unknown".into()), "{nobody}");
    }
    let reader = desk.token(&[Scope::TicketsRead]).await;
    let refused = desk.get("/api/v1/tickets").token(&reader).acting_as("lisi").send().await;
    assert_eq!(refused.problem(), (403, "auth.scope".into()));
    let admin = desk.admin().await;
    let refused = desk.get("/api/v1/audit").token(&admin).acting_as("lisi").send().await;
    assert_eq!(refused.problem(), (403, "auth.act_as_not_here".into()));
    desk.close().await;
}

#[actix_web::test]
async fn a_member_sees_his_own_tickets_only() {
    let desk = Desk::open();
    for (userid, name) in [("lisi", "李四"), ("wang", "王五"), ("zhao", "赵六")] {
        desk.member(userid, name, MemberStatus::Active).await;
    }
    desk.write(|conn, ctx| {
        let members = vec!["wang".to_owned()];
        let group = org::Group { key: "handlers".into(), name: "处理组".into(), members };
        org::set_group(conn, ctx, &group)
    })
    .await;
    let token = desk.admin().await;
    let form = json!({ "form": { "title": "空调坏了" } });
    let made = desk.post("/api/v1/tickets").token(&token).acting_as("lisi").json(&form);
    let made = made.send().await.json();
    let path = format!("/api/v1/tickets/{}", made["id"].as_str().unwrap());
    for (userid, sees) in [("lisi", true), ("wang", true), ("zhao", false)] {
        let list = desk.get("/api/v1/tickets").token(&token).acting_as(userid).send().await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), usize::from(sees), "{userid}");
        for path in [&path, &format!("{path}/timeline")] {
            let one = desk.get(path).token(&token).acting_as(userid).send().await;
            assert_eq!(one.status.is_success(), sees, "{userid} {path}");
            if !sees {
                assert_eq!(one.problem(), (404, "ticket.not_found".into()));
            }
        }
    }
    let mine = |view: &str, userid: &str| {
        desk.get(&format!("/api/v1/tasks?view={view}")).token(&token).acting_as(userid)
    };
    let claimable = mine("claimable", "wang").send().await.json();
    assert_eq!(claimable["items"][0]["ticket"]["id"], made["id"]);
    assert_eq!(mine("mine", "wang").send().await.json()["items"], json!([]));
    let claim = desk.post(&format!("{path}/actions/claim")).token(&token).acting_as("wang");
    assert!(claim.send().await.status.is_success());
    assert_eq!(mine("mine", "wang").send().await.json()["items"][0]["task"]["owner"], "wang");
    let others = desk.get("/api/v1/tasks?view=mine&member=lisi").token(&token).acting_as("wang");
    assert_eq!(others.send().await.field(), (400, "member".into(), "not_yours".into()));
    let nobodys = desk.get("/api/v1/tasks?view=mine").token(&token).send().await;
    assert_eq!(nobodys.field(), (400, "member".into(), "required".into()));
    desk.close().await;
}

#[actix_web::test]
async fn a_token_is_shown_once_grants_no_more_than_it_has_and_ends_at_once() {
    let desk = Desk::open();
    let ops = desk.token(&[Scope::OpsWrite, Scope::OpsRead]).await;
    let create = |body: &Value| desk.post("/api/v1/tokens").token(&ops).json(body);
    let greedy = create(&json!({ "name": "x", "scopes": ["admin"] })).send().await;
    assert_eq!(greedy.problem(), (403, "token.more_than_own".into()));
    let unknown = create(&json!({ "name": "x", "scopes": ["root"] })).send().await;
    assert_eq!(unknown.field().0, 400, "{}", unknown.text);
    let none = create(&json!({ "name": "x", "scopes": [] })).send().await;
    assert_eq!(none.field(), (422, "scope".into(), "required".into()));
    let body = json!({ "name": "看板", "scopes": ["ops:read"] });
    let made = create(&body).header("idempotency-key", "k1").send().await;
    assert_eq!(made.status.as_u16(), 201);
    let made = made.json();
    let plain = made["token"].as_str().unwrap().to_owned();
    let again = create(&body).header("idempotency-key", "k1").send().await.json();
    assert_eq!((&again["id"], &again["token"]), (&made["id"], &Value::Null));
    let list = |token: &str| desk.get("/api/v1/tokens").token(token);
    let listed = list(&plain).send().await;
    assert!(listed.status.is_success() && !listed.text.contains(&plain));
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    let revoked = desk.ask(Method::DELETE, &path).token(&ops).send().await;
    assert_eq!((revoked.status.as_u16(), revoked.text.as_str()), (204, ""));
    assert_eq!(list(&plain).send().await.problem(), (401, "auth.invalid_token".into()));
    let audit = desk.get("/api/v1/audit").token(&ops).send().await;
    assert_eq!(column(&audit.json(), "what"), ["token.revoked", "token.created"]);
    assert!(!audit.text.contains(&plain), "no secret in the log");
    desk.close().await;
}

#[actix_web::test]
async fn a_token_revoked_elsewhere_ends_within_half_a_minute() {
    let desk = Desk::open();
    let token = desk.admin().await;
    let list = || desk.get("/api/v1/tokens").token(&token).send();
    let id = list().await.json()["items"][0]["id"].as_str().unwrap().parse().unwrap();
    desk.write(move |conn, ctx| org::revoke_token(conn, ctx, id)).await;
    desk.shared.clock.advance(31 * time::SECOND);
    assert_eq!(list().await.problem(), (401, "auth.invalid_token".into()));
    desk.close().await;
}
