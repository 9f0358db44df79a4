//! What operators see and do.

use kernel::{Ctx, Cursor, Error, JobId, Kind, Limit, time};

use super::desk::Desk;
use crate::{End, Filter, Put, Ran, Side, Stat, State, again, get, list, purge, stats};

fn filter(side: Side) -> Filter {
    Filter { side, state: None, topic: None, cursor: None, limit: Limit::default() }
}

async fn bodies(desk: &Desk, filter: Filter) -> Vec<String> {
    let page = desk.db.read(move |conn| {
        let page = list(conn, &filter)?;
        page.items.iter().map(|job| Ok(get(conn, job.id)?.body.unwrap())).collect()
    });
    page.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_side_lists_its_own_newest_first_in_pages() {
    for desk in Desk::all() {
        for topic in ["inbox.message", "outbox.card", "work", "inbox", "ticket.event", "zz"] {
            desk.put(topic, topic, None).await;
        }
        assert_eq!(bodies(&desk, filter(Side::Inbox)).await, ["inbox", "inbox.message"]);
        assert_eq!(bodies(&desk, filter(Side::Outbox)).await, ["outbox.card"]);
        assert_eq!(bodies(&desk, filter(Side::Work)).await, ["zz", "ticket.event", "work"]);
        let topic = Some("work".to_owned());
        assert_eq!(bodies(&desk, Filter { topic, ..filter(Side::Work) }).await, ["work"]);
        let first = Filter { limit: Limit::new(Some(2)).unwrap(), ..filter(Side::Work) };
        let page = desk.db.read({
            let first = first.clone();
            move |conn| list(conn, &first)
        });
        let page = page.await.unwrap();
        assert_eq!(page.items.len(), 2);
        let cursor = Some(Cursor::parse(&page.next.unwrap()).unwrap());
        assert_eq!(bodies(&desk, Filter { cursor, ..first }).await, ["work"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buried_job_is_found_and_runs_again_with_fresh_tries() {
    for desk in Desk::all() {
        let refuse = |_conn: &mut db::Conn, _ctx: &Ctx, _job: &crate::Job| {
            Err::<End, _>(Error::new(Kind::Invalid, "test.bad", "坏数据"))
        };
        let Put::New(id) = desk.put("outbox", "x", None).await else { panic!("new") };
        let Put::New(fine) = desk.put("outbox.fine", "y", None).await else { panic!("new") };
        let bad = desk.queue(vec![Desk::tx("outbox", refuse), desk.noting("outbox.fine")]);
        bad.run_until_idle().await;
        let failed = Filter { state: Some(State::Failed), ..filter(Side::Outbox) };
        assert_eq!(bodies(&desk, failed).await, ["x"]);
        let done = Filter { state: Some(State::Done), ..filter(Side::Outbox) };
        assert_eq!(bodies(&desk, done).await, ["y"]);

        let ctx = desk.ctx();
        desk.db.write(move |conn| again(conn, &ctx, id)).await.unwrap();
        let good = desk.queue(vec![desk.noting("outbox")]);
        assert_eq!(good.run_until_idle().await, Ran { over: 1, ..Ran::default() });
        let job = desk.db.read(move |conn| get(conn, id)).await.unwrap();
        assert_eq!((job.state, job.attempts), ("done", 1));

        for (id, code) in [(fine, "queue.not_ended"), (JobId(1), "queue.no_such_job")] {
            let ctx = desk.ctx();
            let refused = desk.db.write(move |conn| again(conn, &ctx, id)).await.unwrap_err();
            assert_eq!(refused.code(), code, "what went out must not go out twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_in_can_be_replayed_after_it_was_done() {
    let desk = Desk::sqlite();
    let Put::New(id) = desk.put("inbox", "x", None).await else { panic!("new") };
    let queue = desk.queue(vec![desk.noting("inbox")]);
    queue.run_until_idle().await;
    let ctx = desk.ctx();
    desk.db.write(move |conn| again(conn, &ctx, id)).await.unwrap();
    queue.run_until_idle().await;
    assert_eq!(desk.said(), ["x", "x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn purging_takes_old_ends_and_leaves_what_failed_or_waits() {
    for desk in Desk::all() {
        let topic = Desk::tx("work", |_conn, _ctx, job| match job.body.as_str() {
            "bad" => Err(Error::new(Kind::Invalid, "test.bad", "坏数据")),
            "merged" => Ok(End::Merged(String::new())),
            _ => Ok(End::Done(String::new())),
        });
        for body in ["old", "bad", "merged"] {
            desk.put("work", body, None).await;
        }
        desk.put_at("work", "timer", None, None, time::HOUR).await;
        let queue = desk.queue(vec![topic]);
        queue.run_until_idle().await;
        desk.wait(60);
        let before = desk.clock.now();
        desk.put("work", "young", None).await;
        queue.run_until_idle().await;
        assert_eq!(desk.db.write(move |conn| purge(conn, before)).await.unwrap(), 2);
        assert_eq!(desk.db.write(move |conn| purge(conn, before)).await.unwrap(), 0);
        assert_eq!(bodies(&desk, filter(Side::Work)).await, ["young", "timer", "bad"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_by_topic_and_state() {
    for desk in Desk::all() {
        let oldest_due = desk.clock.now();
        desk.put("b", "x", None).await;
        desk.wait(1);
        desk.put("b", "x", None).await;
        let stat = Stat { topic: "b".into(), state: "pending", count: 2, oldest_due };
        assert_eq!(desk.db.read(stats).await.unwrap(), [stat]);
    }
}
