//! Input that is wrong, and what it is told.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use super::desk::{Desk, Plan};

#[actix_web::test]
async fn a_query_that_is_not_known_is_refused_by_name() {
    let desk = Desk::open();
    let token = desk.admin().await;
    for (query, path, code) in [
        ("colour=red", "colour", "unknown_field"),
        ("limit=0", "limit", "out_of_range"),
        ("limit=201", "limit", "out_of_range"),
        ("limit=many", "limit", "wrong_type"),
        ("limit=1&limit=2", "limit", "duplicate"),
        ("cursor=%E5%8D%95", "cursor", "malformed"),
        ("status=asleep", "status", "not_an_option"),
        (&format!("q={}", "x".repeat(101)), "q", "too_long"),
    ] {
        let told = desk.get(&format!("/api/v1/tickets?{query}")).token(&token).send().await;
        assert_eq!(told.field(), (400, path.to_owned(), code.to_owned()), "{query}");
    }
    let outbox = desk.get("/api/v1/outbox?state=gone").token(&token).send().await;
    assert_eq!(outbox.field(), (400, "state".into(), "not_an_option".into()));
    desk.close().await;
}

#[actix_web::test]
async fn a_body_that_is_wrong_is_refused_with_the_path_of_what_is_wrong() {
    let desk = Desk::open();
    let token = desk.admin().await;
    let create = |body: &str| {
        desk.post("/api/v1/tickets")
            .token(&token)
            .header("content-type", "application/json; charset=utf-8")
            .body(body.to_owned())
    };
    for (body, status, path, code) in [
        (r#"{"form":{"title":"a"},"corp_id":"x"}"#, 400, "corp_id", "unknown_field"),
        (r#"{"form":[]}"#, 400, "form", "wrong_type"),
        (r#"{"tags":["a",1]}"#, 400, "tags[1]", "wrong_type"),
        (r#"{"form":{}}"#, 422, "form.title", "required"),
        (r#"{"form":{"title":"a","x":1}}"#, 422, "form.x", "unknown_field"),
        (r#"{"form":{"title":"a"},"source":"moon"}"#, 422, "source", "not_an_option"),
        (
            &format!(r#"{{"form":{{"title":"a"}},"customer":"{}"}}"#, "w".repeat(65)),
            422,
            "customer",
            "too_long",
        ),
    ] {
        let told = create(body).send().await;
        assert_eq!(told.field(), (status, path.to_owned(), code.to_owned()), "{body}");
    }
    for body in ["", "{", "nonsense", "[]]", "{\"form\":\"\u{0}\"}", "\"\\ud800\""] {
        assert_eq!(create(body).send().await.problem().0, 400, "{body}");
    }
    let unknown = create(r#"{"template":"x","form":{}}"#).send().await;
    assert_eq!(unknown.problem(), (404, "template.not_found".into()));
    let large = create(&format!("{{\"tags\":[\"{}\"]}}", "x".repeat(300 << 10))).send().await;
    assert_eq!(large.problem(), (413, "http.too_large".into()));
    let form = desk.post("/api/v1/tickets").token(&token).header("content-type", "text/plain");
    assert_eq!(form.body("title=a").send().await.problem(), (415, "http.not_json".into()));
    let deep = format!("{{\"form\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(create(&deep).send().await.problem().0, 400, "depth is bounded");
    desk.close().await;
}

#[actix_web::test]
async fn addresses_and_methods_that_do_not_exist_are_problems_too() {
    let desk = Desk::open();
    let token = desk.admin().await;
    for path in ["/", "/api/v1/", "/api/v2/tickets", "/nothing", "/api/v1/tickets/1/2/3", "/t"] {
        assert_eq!(desk.get(path).send().await.problem(), (404, "http.not_found".into()), "{path}");
    }
    let put = desk.ask(Method::PUT, "/api/v1/tickets").token(&token).send().await;
    assert_eq!((put.problem().0, put.header("allow")), (405, "GET, POST"));
    for method in [Method::TRACE, Method::DELETE] {
        let told = desk.ask(method, "/healthz").send().await;
        assert_eq!(told.problem(), (405, "http.method_not_allowed".into()));
    }
    for id in ["1", "0", "-1", "GD-1", "99999999999999999999", "%00", "..%2f..", "é"] {
        let told = desk.get(&format!("/api/v1/tickets/{id}")).token(&token).send().await;
        assert_eq!(told.problem().0, 404, "{id}");
        let told = desk.get(&format!("/api/v1/files/{id}")).token(&token).send().await;
        assert_eq!(told.problem().0, 404, "{id}");
    }
    let id = desk.ticket(&token, "甲").await["id"].as_str().unwrap().to_owned();
    let act = desk.post(&format!("/api/v1/tickets/{id}/actions/explode")).token(&token);
    assert_eq!(act.send().await.problem(), (404, "ticket.unknown_action".into()));
    let comment = desk.post(&format!("/api/v1/tickets/{id}/actions/comment")).token(&token);
    let odd = comment.json(&json!({ "text": "a", "by": "boss" })).send().await;
    assert_eq!(odd.field(), (422, "by".into(), "unknown_field".into()));
    desk.close().await;
}

#[actix_web::test]
async fn a_request_id_is_taken_over_when_it_is_sane() {
    let desk = Desk::open();
    let id = |given: &str| desk.get("/healthz").header("x-request-id", given).send();
    assert_eq!(id("abc-1.2_X").await.header("x-request-id"), "abc-1.2_X");
    for odd in ["", "a b", "a\"b", &"x".repeat(65)] {
        let made = id(odd).await.header("x-request-id").to_owned();
        assert!(made != odd && made.len() >= 8, "{odd}: {made}");
    }
    desk.close().await;
}

#[actix_web::test]
async fn without_a_database_the_api_says_so_and_hangs_nobody() {
    let desk = Desk::open_as(&Plan { has_database: false, ..Plan::default() });
    // It waits as long as the database's settings say, a few seconds; the limit is for a hang, not a measure.
    let asked = desk.get("/api/v1/tickets").token("qd_1").send();
    let told = tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap();
    assert_eq!(told.problem().0, 503);
    assert_eq!(told.header("retry-after"), "2");
    let ready = desk.get("/readyz").send().await;
    assert_eq!(ready.status.as_u16(), 503);
    assert_ne!(ready.json()["database"], "ok");
    assert!(desk.get("/healthz").send().await.status.is_success(), "alive all the same");
    desk.close().await;
}
