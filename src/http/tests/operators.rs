//! What operators look at.

use std::sync::atomic::Ordering;

use org::Scope;
use queue::New;
use serde_json::json;

use super::desk::{Desk, METRICS, Plan, column};
use crate::TOPIC_CALLBACK;

async fn put(desk: &Desk, topic: &'static str, body: &'static str) -> String {
    let put = desk.write(move |conn, ctx| {
        let (body, due_at) = (body.to_owned(), ctx.now);
        queue::put(conn, ctx, New { topic, body, order_key: None, once_key: None, due_at })
    });
    match put.await {
        queue::Put::New(id) => id.to_string(),
        queue::Put::Repeat => panic!("there is no once_key"),
    }
}

#[actix_web::test]
async fn inbox_and_outbox_are_two_lists_and_what_ended_can_be_done_again() {
    let desk = Desk::open();
    let token = desk.token(&[Scope::OpsRead, Scope::OpsWrite]).await;
    let came = put(&desk, TOPIC_CALLBACK, "<xml/>").await;
    let goes = put(&desk, notify::TOPIC_SEND, "{}").await;
    let get = |path: String| desk.get(&format!("/api/v1/{path}")).token(&token).send();
    assert_eq!(
        column(&get("inbox?state=pending".into()).await.json(), "id"),
        std::slice::from_ref(&came)
    );
    assert_eq!(column(&get("outbox".into()).await.json(), "id"), std::slice::from_ref(&goes));
    assert_eq!(get("inbox?state=failed".into()).await.json()["items"], json!([]));
    let one = get(format!("inbox/{came}")).await.json();
    assert_eq!((&one["body"], &one["state"]), (&json!("<xml/>"), &json!("pending")));
    assert_eq!(get(format!("inbox/{goes}")).await.problem().1, "queue.no_such_job");
    assert_eq!(get(format!("outbox/{came}")).await.problem().1, "queue.no_such_job");
    let post = |path: String| desk.post(&format!("/api/v1/{path}")).token(&token).send();
    let early = post(format!("inbox/{came}/replay")).await;
    assert_eq!(early.problem(), (409, "queue.not_ended".into()));
    assert_eq!(post(format!("outbox/{came}/retry")).await.problem().0, 404);
    let topic = queue::Topic {
        name: TOPIC_CALLBACK,
        tries: 1,
        at_once: 1,
        handler: queue::Handler::Tx(std::sync::Arc::new(|_conn, _ctx, _job| {
            Ok(queue::End::Ignored("nothing to do".into()))
        })),
    };
    let shared = &desk.shared;
    let (db, clock, ids) = (shared.db.clone(), shared.clock.clone(), shared.ids.clone());
    queue::Queue::new(db, clock, ids, vec![topic]).run_until_idle().await;
    assert_eq!(get(format!("inbox/{came}")).await.json()["state"], "ignored");
    let rung = desk.rung.load(Ordering::SeqCst);
    let again = post(format!("inbox/{came}/replay")).await.json();
    assert_eq!((&again["state"], &again["attempts"]), (&json!("pending"), &json!(0)));
    assert!(desk.rung.load(Ordering::SeqCst) > rung);
    let audit = get("audit?what=inbox.replayed".into()).await.json();
    assert_eq!(column(&audit, "subject"), [format!("job:{came}")]);
    desk.close().await;
}

#[actix_web::test]
async fn readiness_tells_what_is_missing() {
    let desk = Desk::open();
    let ready = desk.get("/readyz").send().await;
    assert_eq!(ready.status.as_u16(), 200, "{}", ready.text);
    let all = json!({
        "status": "ready", "database": "ok", "migrations": "ok", "draining": false,
        "callbacks": "storing",
    });
    assert_eq!(ready.json(), all);
    assert_eq!(desk.get("/readyz").send().await.json(), all, "the second look is a smaller one");
    desk.shared.is_draining.store(true, Ordering::SeqCst);
    let draining = desk.get("/readyz").send().await;
    assert_eq!((draining.status.as_u16(), &draining.json()["draining"]), (503, &json!(true)));
    let alive = desk.get("/healthz").send().await;
    assert_eq!(alive.json(), json!({ "status": "ok", "build": "test-1" }));
    desk.close().await;
    let fresh = Desk::open_as(&Plan { is_migrated: false, ..Plan::default() });
    let ready = fresh.get("/readyz").send().await;
    assert_eq!((ready.status.as_u16(), &ready.json()["migrations"]), (503, &json!("pending")));
    let db = fresh.shared.db.clone();
    db::migrate(&db, &fresh.shared.clock, 1).unwrap();
    assert_eq!(fresh.get("/readyz").send().await.status.as_u16(), 200);
    fresh.close().await;
}

#[actix_web::test]
async fn metrics_are_for_operators_unless_they_are_public() {
    let desk = Desk::open();
    assert_eq!(desk.get("/metrics").send().await.problem(), (401, "auth.missing".into()));
    let token = desk.token(&[Scope::TicketsRead]).await;
    assert_eq!(desk.get("/metrics").token(&token).send().await.problem().0, 403);
    let token = desk.token(&[Scope::OpsRead]).await;
    let told = desk.get("/metrics").token(&token).send().await;
    assert_eq!((told.status.as_u16(), told.text.as_str()), (200, METRICS));
    desk.close().await;
    let desk = Desk::open_as(&Plan { metrics_public: true, ..Plan::default() });
    assert_eq!(desk.get("/metrics").send().await.text, METRICS);
    desk.close().await;
}
