//! The way in: copies, a database that is away or hangs, what the spool gives back.

use std::{
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use db::{Db, OrDb as _, Settings};
use diesel::{
    ExpressionMethods as _, NullableExpressionMethods as _, QueryDsl as _, RunQueryDsl as _,
};
use futures_util::future::join_all;

use super::desk::{Desk, Mode, Proxy, folder, mysql_desk, task};
use crate::{
    Bell,
    intake::{self, Accepted, Incoming, Intake},
    schema::queue_job as t,
    spool::Spool,
};

pub(super) fn message(n: usize) -> Incoming {
    Incoming {
        topic: "inbox",
        once_key: format!("key-{n:05}"),
        order_key: Some(format!("user-{}", n % 7)),
        body: format!("<xml>第 {n} 条 \u{1F600}</xml>"),
    }
}

pub(super) fn start(desk: &Desk, spool: &Path) -> Intake {
    let settings = intake::Settings::new(Bell::default());
    let spool = Spool::open(spool, 1 << 26).unwrap();
    Intake::start(desk.db.clone(), desk.clock.clone(), desk.ids.clone(), spool, settings).unwrap()
}

async fn keys(desk: &Desk) -> Vec<String> {
    let keys = desk.db.read(|conn| {
        let rows = t::table.order(t::once_key.asc()).select(t::once_key.assume_not_null());
        rows.load(conn).or_db()
    });
    keys.await.unwrap()
}

fn keys_of(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|n| message(n).once_key).collect()
}

async fn drained(intake: &Intake) {
    let began = Instant::now();
    while intake.is_away() || intake.spooled() > 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "the spool was not drained");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_copies_at_once_are_one_row_and_a_thousand_messages_a_thousand() {
    for desk in Desk::all() {
        let intake = start(&desk, &folder("copies"));
        let copies = join_all((0..1000).map(|_| intake.accept(message(1)))).await;
        assert!(copies.into_iter().all(|done| done.unwrap() == Accepted::Stored));
        assert_eq!(keys(&desk).await, keys_of(1..2));
        let all = join_all((0..1000).map(|n| intake.accept(message(n)))).await;
        assert!(all.into_iter().all(|done| done.unwrap() == Accepted::Stored));
        assert_eq!(keys(&desk).await, keys_of(0..1000));
        intake.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_runs_in_the_order_of_its_acceptance() {
    let desk = Desk::sqlite();
    let intake = start(&desk, &folder("order"));
    for n in (0..20).rev() {
        let one = Incoming { order_key: Some("k".into()), ..message(n) };
        intake.accept(one).await.unwrap();
    }
    desk.queue(vec![desk.noting("inbox")]).run_until_idle().await;
    let expected: Vec<_> = (0..20).rev().map(|n| message(n).body).collect();
    assert_eq!(desk.said(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_messages_are_spooled_in_time_and_drained_once() {
    let desk = Desk::sqlite();
    let away = desk.moved_away();
    let intake = start(&away, &folder("away"));
    let began = Instant::now();
    let first = join_all((0..50).map(|n| intake.accept(message(n)))).await;
    assert!(first.into_iter().all(|done| done.unwrap() == Accepted::Spooled));
    assert!(began.elapsed() < Duration::from_millis(4500), "{:?}", began.elapsed());
    let began = Instant::now();
    let second = join_all((40..80).map(|n| intake.accept(message(n)))).await;
    assert!(second.into_iter().all(|done| done.unwrap() == Accepted::Spooled));
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "known to be away: {:?}",
        began.elapsed()
    );
    assert!(intake.is_away());
    away.bring_back(&desk);
    drained(&intake).await;
    assert_eq!(intake.accept(message(80)).await.unwrap(), Accepted::Stored);
    assert_eq!(keys(&away).await, keys_of(0..81));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_accepts_and_never_answers_costs_no_message() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://u:p@127.0.0.1:{}/x", listener.local_addr().unwrap().port());
    let desk = Desk::sqlite();
    let silent = Desk { db: Db::new(Settings::parse(&url).unwrap()), ..desk.clone() };
    let spool = folder("silent");
    let intake = start(&silent, &spool);
    let began = Instant::now();
    let all = join_all((0..20).map(|n| intake.accept(message(n)))).await;
    assert!(all.into_iter().all(|done| done.unwrap() == Accepted::Spooled));
    assert!(began.elapsed() < Duration::from_millis(4500), "{:?}", began.elapsed());
    assert_eq!(intake.spooled(), 20);
    intake.stop().await;
    drop(intake);
    // The next start finds them.
    let intake = start_when_free(&desk, &spool).await;
    drained(&intake).await;
    assert_eq!(keys(&desk).await, keys_of(0..20));
}

/// A writer that the dead server holds keeps the old spool open until it gives up.
async fn start_when_free(desk: &Desk, spool: &Path) -> Intake {
    let began = Instant::now();
    loop {
        match Spool::open(spool, 1 << 26) {
            Ok(free) => {
                drop(free);
                return start(desk, spool);
            }
            Err(error) => assert!(began.elapsed() < Duration::from_secs(20), "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_under_load_gets_every_message_once_when_it_goes_on() {
    let Some(desk) = mysql_desk() else { return };
    let proxy = Proxy::before(&desk.db);
    let through = Desk { db: proxy.db.clone(), ..desk.clone() };
    let intake = start(&through, &folder("hangs"));
    assert_eq!(intake.accept(message(0)).await.unwrap(), Accepted::Stored);
    proxy.set(Mode::Stall);
    for wave in 0..3 {
        let began = Instant::now();
        let range = 1 + wave * 100..101 + wave * 100;
        let all = join_all(range.map(|n| intake.accept(message(n)))).await;
        assert!(all.into_iter().all(|done| done.unwrap() == Accepted::Spooled));
        assert!(began.elapsed() < Duration::from_millis(4500), "{:?}", began.elapsed());
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    proxy.set(Mode::Pass);
    drained(&intake).await;
    assert_eq!(keys(&desk).await, keys_of(0..301));
    assert_eq!(intake.accept(message(301)).await.unwrap(), Accepted::Stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_cut_off_under_load_gets_every_message_once_when_it_is_back() {
    let Some(desk) = mysql_desk() else { return };
    let proxy = Proxy::before(&desk.db);
    let through = Desk { db: proxy.db.clone(), ..desk.clone() };
    let intake = std::sync::Arc::new(start(&through, &folder("cut")));
    let load: Vec<_> = (0..40)
        .map(|lane| {
            let intake = intake.clone();
            task(async move {
                let mut spooled = 0;
                for n in 0..50 {
                    let done = intake.accept(message(lane * 50 + n)).await.unwrap();
                    spooled += usize::from(done == Accepted::Spooled);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                spooled
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    proxy.set(Mode::Cut);
    tokio::time::sleep(Duration::from_secs(5)).await;
    proxy.set(Mode::Pass);
    let spooled: usize = join_all(load).await.into_iter().map(Result::unwrap).sum();
    assert!(spooled > 0);
    drained(&intake).await;
    assert_eq!(keys(&desk).await, keys_of(0..2000));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nothing_can_keep_a_message_nobody_is_told_that_it_is_safe() {
    let away = Desk::sqlite().moved_away();
    let spool = Spool::open(&folder("nothing"), 10).unwrap();
    let settings = intake::Settings::new(Bell::default());
    let (clock, ids) = (away.clock.clone(), away.ids.clone());
    let intake = Intake::start(away.db.clone(), clock, ids, spool, settings).unwrap();
    let began = Instant::now();
    assert_eq!(intake.accept(message(1)).await.unwrap_err().code(), "spool.full");
    assert!(began.elapsed() < Duration::from_millis(4500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_the_table_would_cut_is_refused_before_it_is_stored() {
    let desk = Desk::sqlite();
    let intake = start(&desk, &folder("keys"));
    let longest = Incoming { once_key: "长".repeat(191), ..message(1) };
    assert_eq!(intake.accept(longest).await.unwrap(), Accepted::Stored);
    let longer = Incoming { once_key: "长".repeat(192), ..message(1) };
    assert_eq!(intake.accept(longer).await.unwrap_err().code(), "queue.key_too_long");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_answers_everyone_first_and_nobody_after() {
    let desk = Desk::sqlite();
    let intake = std::sync::Arc::new(start(&desk, &folder("stop")));
    let waiting: Vec<_> = (0..200)
        .map(|n| {
            let intake = intake.clone();
            task(async move { intake.accept(message(n)).await.is_ok() })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    intake.stop().await;
    let safe = join_all(waiting).await.into_iter().filter(|done| *done.as_ref().unwrap()).count();
    assert_eq!(keys(&desk).await.len(), safe);
    assert_eq!(intake.accept(message(999)).await.unwrap_err().code(), "intake.stopped");
}
