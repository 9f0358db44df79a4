//! Several replicas, lost leases, waking, stopping.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use db::{OrDb as _, sum_big};
use diesel::{
    ExpressionMethods as _, QueryDsl as _, QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _, sql_query, sql_types::Text,
};
use futures_util::future::join_all;
use kernel::{JobId, time};
use tokio::sync::Notify;

use super::desk::{Desk, task};
use crate::{
    End, Handler, Put, Ran, Record, State, Topic, get,
    schema::queue_job as t,
    sql::{self, Lease, Room},
    stop,
};

#[derive(QueryableByName)]
struct Mark {
    #[diesel(sql_type = Text)]
    body: String,
}

/// A topic whose effect is a row: what the database says was done.
async fn marking(desk: &Desk) -> Topic {
    let table = "CREATE TABLE IF NOT EXISTS t_mark (n BIGINT NOT NULL, body VARCHAR(99) NOT NULL)";
    desk.db.write(move |conn| conn.batch_execute(table).or_db()).await.unwrap();
    let clock = Arc::new(AtomicI64::new(0));
    Desk::tx("work", move |conn, _ctx, job| {
        let n = clock.fetch_add(1, Ordering::SeqCst);
        let body = &job.body;
        conn.batch_execute(&format!("INSERT INTO t_mark VALUES ({n}, '{body}')")).or_db()?;
        Ok(End::Done(String::new()))
    })
}

async fn marks(desk: &Desk) -> Vec<String> {
    let marks = desk
        .db
        .read(|conn| sql_query("SELECT body FROM t_mark ORDER BY n").load::<Mark>(conn).or_db());
    marks.await.unwrap().into_iter().map(|mark| mark.body).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_replicas_that_put_one_key_at_once_make_one_row() {
    for desk in Desk::all() {
        let puts = (0..100).map(|n| {
            let desk = if n % 25 == 0 { desk.replica(n) } else { desk.clone() };
            task(async move { desk.put_at("work", "x", None, Some("one"), 0).await })
        });
        let puts = join_all(puts).await;
        let new = puts.iter().filter(|put| matches!(put, Ok(Put::New(_)))).count();
        assert_eq!(new, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_share_the_work_in_order_and_double_nothing() {
    for desk in Desk::all() {
        let topic = marking(&desk).await;
        for n in 0..240 {
            let key = format!("k{}", n % 12);
            desk.put("work", &format!("{key}-{n:03}"), Some(&key)).await;
        }
        let queues = [1, 2, 3].map(|no| desk.replica(no).queue(vec![topic.clone()]));
        // One that is idle for a moment leaves; the others go on.
        while join_all(queues.iter().map(crate::Queue::run_until_idle)).await != [Ran::default(); 3]
        {
        }
        let marks = marks(&desk).await;
        assert_eq!(marks.len(), 240);
        let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for mark in marks {
            by_key.entry(mark.split_once('-').unwrap().0.to_owned()).or_default().push(mark);
        }
        for (key, bodies) in by_key {
            assert_eq!(bodies.len(), 20);
            assert!(bodies.is_sorted(), "{key}: {bodies:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_lost_its_lease_records_nothing() {
    for desk in Desk::all() {
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (begun.clone(), go_on.clone());
        let slow = Handler::Net(Arc::new(move |_ctx, _job| {
            let (tell, wait) = (tell.clone(), wait.clone());
            Box::pin(async move {
                tell.notify_one();
                wait.notified().await;
                let record: Record = Box::new(|_conn, _ctx| panic!("the lease was lost"));
                (End::Done("too late".into()), Some(record))
            })
        }));
        let Put::New(id) = desk.put("out", "x", None).await else { panic!("new") };
        let first = desk.queue(vec![Topic { name: "out", tries: 3, at_once: 4, handler: slow }]);
        let first = task(async move { first.run_until_idle().await });
        begun.notified().await;
        let second = desk.replica(2);
        let second = second.queue(vec![second.net("out", 0)]);
        desk.wait(61);
        assert_eq!(second.run_until_idle().await, Ran::default(), "the margin is left alone");
        desk.wait(5);
        assert_eq!(second.run_until_idle().await, Ran { over: 1, ..Ran::default() });
        go_on.notify_one();
        assert_eq!(first.await.unwrap(), Ran { lost: 1, ..Ran::default() });
        let job = desk.db.read(move |conn| get(conn, id)).await.unwrap();
        assert_eq!((job.state, job.attempts), (State::Done.as_str(), 2));
        assert_eq!(job.outcome.as_deref(), Some("sent"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn effects_of_a_database_job_without_its_lease_are_rolled_back() {
    for desk in Desk::all() {
        marking(&desk).await;
        let topic = Desk::tx("work", |conn, _ctx, job| {
            conn.batch_execute("INSERT INTO t_mark VALUES (1, 'x')").or_db()?;
            let stolen = diesel::update(t::table.find(job.id.0)).set(t::lease_token.eq(-1));
            stolen.execute(conn).or_db()?;
            Ok(End::Done(String::new()))
        });
        desk.put("work", "x", None).await;
        let ran = desk.queue(vec![topic]).run_until_idle().await;
        assert_eq!(ran, Ran { lost: 1, ..Ran::default() });
        assert_eq!(marks(&desk).await, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_kills_its_process_three_times_is_buried_and_its_key_goes_on() {
    for desk in Desk::all() {
        let Put::New(id) = desk.put("work", "killer", Some("k")).await else { panic!("new") };
        desk.put("work", "after", Some("k")).await;
        let queue = desk.queue(vec![desk.noting("work")]);
        for death in 1..=3 {
            let now = desk.clock.now();
            let lease = Lease { token: death, now, until: now.plus(time::MINUTE) };
            let rooms = [Room { topic: "work", jobs: 8 }];
            let taken = desk.db.write(move |conn| sql::claim(conn, &rooms, 8, lease));
            let taken = taken.await.unwrap();
            assert_eq!(taken.len(), 1);
            assert_eq!((taken[0].job.id, i64::from(taken[0].job.attempts)), (id, death));
            desk.wait(66);
            desk.db
                .write(move |conn| sql::rescue(conn, now.plus(66 * time::SECOND)))
                .await
                .unwrap();
        }
        assert_eq!(queue.run_until_idle().await, Ran { over: 1, ..Ran::default() });
        assert_eq!(desk.said(), ["after"]);
        let job = desk.db.read(move |conn| get(conn, id)).await.unwrap();
        assert_eq!(job.state, State::Failed.as_str());
        assert!(job.outcome.unwrap().contains("进程中断"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_claim_of_unknown_outcome_took_is_given_back_by_the_next() {
    let desk = Desk::sqlite();
    desk.put("work", "x", None).await;
    let now = desk.clock.now();
    let lease = Lease { token: 77, now, until: now.plus(time::MINUTE) };
    let rooms = [Room { topic: "work", jobs: 8 }];
    let again = desk.db.write(move |conn| {
        assert_eq!(sql::claim(conn, &rooms, 8, lease)?.len(), 1);
        assert_eq!(sql::claim(conn, &rooms, 8, Lease { token: 78, ..lease })?.len(), 0);
        sql::forget(conn, now, &[77])?;
        sql::claim(conn, &rooms, 8, Lease { token: 78, ..lease })
    });
    assert_eq!(again.await.unwrap()[0].job.attempts, 1, "what never ran is no try");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_wakes_the_workers_long_before_the_poll_and_jobs_lead_to_jobs() {
    for desk in Desk::all() {
        let first = Desk::tx("first", |conn, ctx, job| {
            let (due_at, order_key) = (ctx.now, job.order_key.as_deref());
            let next = crate::New {
                topic: "out",
                body: job.body.clone(),
                order_key,
                once_key: None,
                due_at,
            };
            crate::put(conn, ctx, next)?;
            Ok(End::Done(String::new()))
        });
        let queue = desk.queue(vec![first, desk.net("out", 0)]);
        let (stopper, stop) = stop();
        let running = queue.clone();
        let running = task(async move { running.run(stop).await });
        let mut waits = Vec::new();
        for n in 0..20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let began = Instant::now();
            desk.put("first", "x", Some("k")).await;
            queue.ring();
            while desk.said().len() <= n {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            waits.push(began.elapsed());
        }
        waits.sort();
        assert!(waits[10] < Duration::from_millis(150), "two hops took {:?}", waits[10]);
        println!("two hops: median {:?}, slowest {:?}", waits[10], waits[19]);
        stopper.stop();
        running.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_finishes_what_runs_and_gives_back_the_rest_untried() {
    let desk = Desk::sqlite();
    let begun = Arc::new(Notify::new());
    let tell = begun.clone();
    let topic = Desk::tx("work", move |_conn, _ctx, _job| {
        tell.notify_one();
        std::thread::sleep(Duration::from_millis(200));
        Ok(End::Done(String::new()))
    });
    for _ in 0..12 {
        desk.put("work", "x", None).await;
    }
    let (stopper, stop) = stop();
    let queue = desk.queue(vec![topic]);
    let running = task(async move { queue.run(stop).await });
    begun.notified().await;
    stopper.stop();
    running.await.unwrap();
    let rows: Vec<(String, i32)> = desk
        .db
        .read(|conn| t::table.select((t::state, t::attempts)).load(conn).or_db())
        .await
        .unwrap();
    let done = rows.iter().filter(|row| **row == ("done".to_owned(), 1)).count();
    let untried = rows.iter().filter(|row| **row == ("pending".to_owned(), 0)).count();
    assert!(done >= 1, "{rows:?}");
    assert_eq!(done + untried, 12, "{rows:?}");
    assert!(untried >= 8, "{rows:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_goes_on_by_itself_when_the_database_is_back() {
    let desk = Desk::sqlite();
    desk.put("work", "x", None).await;
    let away = desk.moved_away();
    let queue = away.queue(vec![away.noting("work")]);
    let (stopper, stop) = stop();
    let running = task(async move { queue.run(stop).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(away.said(), [""; 0]);
    away.bring_back(&desk);
    let began = Instant::now();
    while away.said().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "it never went on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stopper.stop();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_never_has_more_jobs_in_hand_than_it_allows() {
    let desk = Desk::sqlite();
    let (now, most) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let (count, top) = (now.clone(), most.clone());
    let handler = Handler::Net(Arc::new(move |_ctx, _job| {
        let (count, top) = (count.clone(), top.clone());
        Box::pin(async move {
            let here = count.fetch_add(1, Ordering::SeqCst) + 1;
            top.fetch_max(here, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            count.fetch_sub(1, Ordering::SeqCst);
            (End::Done(String::new()), None)
        })
    }));
    for _ in 0..30 {
        desk.put("out", "x", None).await;
    }
    let queue = desk.queue(vec![Topic { name: "out", tries: 1, at_once: 3, handler }]);
    assert_eq!(queue.run_until_idle().await.over, 30);
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_committed_with_the_end_of_its_job() {
    for desk in Desk::all() {
        marking(&desk).await;
        let handler = Handler::Net(Arc::new(|_ctx, _job| {
            let record: Record = Box::new(|conn, ctx| {
                let trace = &ctx.trace;
                let sql = format!("INSERT INTO t_mark VALUES (1, '{trace}')");
                conn.batch_execute(&sql).or_db()
            });
            Box::pin(async { (End::Done("sent".into()), Some(record)) })
        }));
        let Put::New(JobId(id)) = desk.put("out", "x", None).await else { panic!("new") };
        let queue = desk.queue(vec![Topic { name: "out", tries: 1, at_once: 3, handler }]);
        assert_eq!(queue.run_until_idle().await.over, 1);
        assert_eq!(marks(&desk).await, [format!("job-{id}")]);
    }
}

#[derive(QueryableByName)]
struct Plan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn claiming_walks_the_index_of_due_times_and_sorts_nothing() {
    let desk = Desk::sqlite();
    let sql = sql::candidates_sql(&[Room { topic: "work", jobs: 8 }], desk.clock.now());
    let explained = format!("EXPLAIN QUERY PLAN {sql}");
    let plan = desk.db.read(move |conn| sql_query(&explained).load::<Plan>(conn).or_db());
    let plan: Vec<_> = plan.await.unwrap().into_iter().map(|row| row.detail).collect();
    let plan = plan.join("\n");
    assert!(plan.contains("queue_job_by_due (state=? AND topic=? AND due_at<?)"), "{plan}");
    assert!(plan.contains("queue_job_by_order (order_key=? AND state=? AND turn<?)"), "{plan}");
    assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN queue_job"), "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_head_takes_its_followers_out_of_sight() {
    for desk in Desk::all() {
        let topic = Desk::tx("work", |_conn, ctx, _job| {
            Ok(End::Later { at: ctx.now.plus(time::HOUR), why: String::new() })
        });
        for _ in 0..5 {
            desk.put("work", "x", Some("k")).await;
        }
        desk.queue(vec![topic]).run_until_idle().await;
        let due = desk
            .db
            .read(|conn| t::table.select(sum_big(t::due_at)).first::<Option<i64>>(conn).or_db());
        let hour = desk.clock.now().plus(time::HOUR).0;
        assert_eq!(due.await.unwrap(), Some(5 * hour));
    }
}
