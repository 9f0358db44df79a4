//! Order per key, timers, retries.

use std::sync::{
    Arc,
    atomic::{AtomicI32, Ordering},
};

use kernel::{Error, Kind, time};

use super::desk::{Desk, START};
use crate::{End, Handler, Put, Ran, State, Topic, drop_timer, get, put};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_once_and_says_how_it_ended() {
    for desk in Desk::all() {
        let Put::New(id) = desk.put("work", "a", None).await else { panic!("a first put is new") };
        let queue = desk.queue(vec![desk.noting("work")]);
        assert_eq!(queue.run_until_idle().await, Ran { over: 1, ..Ran::default() });
        assert_eq!(queue.run_until_idle().await, Ran::default());
        assert_eq!(desk.said(), ["a"]);
        let job = desk.db.read(move |conn| get(conn, id)).await.unwrap();
        assert_eq!((job.state, job.attempts, job.outcome.as_deref()), ("done", 1, Some("记下")));
        assert_eq!(job.finished_at, Some(START));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_one_key_run_in_the_order_of_their_putting_and_a_retry_holds_back_only_its_key() {
    for desk in Desk::all() {
        let (log, falls) = (desk.log.clone(), AtomicI32::new(2));
        let topic = Desk::tx("work", move |_conn, _ctx, job| {
            if job.body == "a1" && falls.fetch_sub(1, Ordering::SeqCst) > 0 {
                return Err(Error::new(Kind::Upstream, "test.down", "not now"));
            }
            log.lock().unwrap().push(job.body.clone());
            Ok(End::Done(String::new()))
        });
        for (body, key) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a"), ("b2", "b")] {
            desk.put("work", body, Some(key)).await;
        }
        let queue = desk.queue(vec![topic]);
        assert_eq!(queue.run_until_idle().await, Ran { over: 2, retried: 1, ..Ran::default() });
        assert_eq!(desk.said(), ["b1", "b2"]);
        desk.wait(2);
        assert_eq!(queue.run_until_idle().await, Ran { retried: 1, ..Ran::default() });
        desk.put("work", "a4", Some("a")).await;
        desk.wait(3);
        assert_eq!(queue.run_until_idle().await, Ran { over: 4, ..Ran::default() });
        assert_eq!(desk.said(), ["b1", "b2", "a1", "a2", "a3", "a4"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn later_keeps_the_order_and_is_no_try() {
    for desk in Desk::all() {
        let (log, waits) = (desk.log.clone(), AtomicI32::new(9));
        let topic = Desk::tx("work", move |_conn, ctx, job| {
            assert_eq!(job.attempts, 1, "putting off is not counted");
            if waits.fetch_sub(1, Ordering::SeqCst) > 0 {
                let at = ctx.now.plus(time::MINUTE);
                return Ok(End::Later { at, why: "等额度".into() });
            }
            log.lock().unwrap().push(job.body.clone());
            Ok(End::Done(String::new()))
        });
        desk.put("work", "1", Some("k")).await;
        desk.put("work", "2", Some("k")).await;
        let queue = desk.queue(vec![topic]);
        for _minute in 0..9 {
            assert_eq!(queue.run_until_idle().await, Ran { later: 1, ..Ran::default() });
            desk.wait(60);
        }
        assert_eq!(queue.run_until_idle().await, Ran { over: 2, ..Ran::default() });
        assert_eq!(desk.said(), ["1", "2"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_fires_when_due_and_holds_back_nothing_before_its_time() {
    for desk in Desk::all() {
        let queue = desk.queue(vec![desk.noting("work")]);
        desk.put_at("work", "in an hour", Some("k"), Some("t1"), time::HOUR).await;
        desk.put("work", "now", Some("k")).await;
        assert_eq!(queue.run_until_idle().await.over, 1);
        desk.wait(3599);
        assert_eq!(queue.run_until_idle().await.over, 0);
        desk.wait(1);
        desk.put("work", "after", Some("k")).await;
        assert_eq!(queue.run_until_idle().await.over, 2);
        assert_eq!(desk.said(), ["now", "in an hour", "after"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_timer_never_fires_and_its_key_is_free_again() {
    for desk in Desk::all() {
        let queue = desk.queue(vec![desk.noting("work")]);
        desk.put_at("work", "x", None, Some("t1"), time::HOUR).await;
        assert_eq!(desk.put_at("work", "y", None, Some("t1"), 0).await, Put::Repeat);
        assert!(desk.db.write(|conn| drop_timer(conn, "t1")).await.unwrap());
        assert!(!desk.db.write(|conn| drop_timer(conn, "t1")).await.unwrap());
        assert!(matches!(desk.put_at("work", "z", None, Some("t1"), 0).await, Put::New(_)));
        desk.wait(7200);
        queue.run_until_idle().await;
        assert_eq!(desk.said(), ["z"]);
        assert!(!desk.db.write(|conn| drop_timer(conn, "t1")).await.unwrap(), "it has ended");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_leaves_the_transaction_around_it_alive() {
    for desk in Desk::all() {
        desk.put_at("work", "first", None, Some("once"), 0).await;
        let ctx = desk.ctx();
        let both = desk.db.write(move |conn| {
            let new = |once_key| crate::New {
                topic: "work",
                body: "second".into(),
                order_key: None,
                once_key,
                due_at: ctx.now,
            };
            Ok((put(conn, &ctx, new(Some("once")))?, put(conn, &ctx, new(Some("other")))?))
        });
        let (repeat, new) = both.await.unwrap();
        assert_eq!(repeat, Put::Repeat);
        assert!(matches!(new, Put::New(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_job_is_buried_with_its_reason_and_its_key_goes_on() {
    for desk in Desk::all() {
        let log = desk.log.clone();
        let topic = Desk::tx("work", move |_conn, _ctx, job| match job.body.as_str() {
            "panics" => panic!("a handler's own mistake"),
            "refuses" => Err(Error::new(Kind::Invalid, "test.bad", "坏数据")),
            "down" => Err(Error::new(Kind::Upstream, "test.down", "not now")),
            fine => {
                log.lock().unwrap().push(fine.to_owned());
                Ok(End::Done(String::new()))
            }
        });
        let mut bad = Vec::new();
        for body in ["panics", "refuses", "down"] {
            let Put::New(id) = desk.put("work", body, Some(body)).await else { panic!("new") };
            bad.push(id);
            desk.put("work", &format!("after {body}"), Some(body)).await;
        }
        let queue = desk.queue(vec![topic]);
        let first = queue.run_until_idle().await;
        assert_eq!((first.failed, first.retried, first.over), (1, 2, 1), "{first:?}");
        for _try in 0..3 {
            desk.wait(10);
            queue.run_until_idle().await;
        }
        let mut said = desk.said();
        said.sort();
        assert_eq!(said, ["after down", "after panics", "after refuses"]);
        let expected =
            [(3, "a handler's own mistake"), (1, "test.bad: 坏数据"), (3, "test.down: not now")];
        for (id, (attempts, reason)) in bad.into_iter().zip(expected) {
            let job = desk.db.read(move |conn| get(conn, id)).await.unwrap();
            assert_eq!((job.state, job.attempts), (State::Failed.as_str(), attempts));
            assert!(job.outcome.as_deref().unwrap().contains(reason), "{job:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_outside_the_database_is_a_failed_try_too() {
    let desk = Desk::sqlite();
    let handler = Handler::Net(Arc::new(|_ctx, job: crate::Job| {
        Box::pin(async move {
            assert_eq!(job.body, "fine", "a handler's own mistake");
            (End::Done(String::new()), None)
        })
    }));
    desk.put("out", "bad", None).await;
    desk.put("out", "fine", None).await;
    let queue = desk.queue(vec![Topic { name: "out", tries: 1, at_once: 4, handler }]);
    assert_eq!(queue.run_until_idle().await, Ran { over: 1, failed: 1, ..Ran::default() });
}
