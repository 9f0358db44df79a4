//! A process that ends as hard as `kill -9` at each crash point, and what the next one finds.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use db::{Db, OrDb as _, Settings};
use diesel::{QueryDsl as _, RunQueryDsl as _};
use kernel::{Ids, ReplicaNo};

use super::{
    desk::{Desk, folder},
    intake::{message, start},
};
use crate::{End, Handler, Record, Topic, schema::queue_job as t};

const FOLDER: &str = "QIDAN_QUEUE_TEST_FOLDER";

fn desk_in(folder: &Path, replica: i64) -> Desk {
    let url = format!("sqlite://{}", folder.join("t.db").display());
    let desk = Desk::on(Db::new(Settings::parse(&url).unwrap()));
    Desk { ids: Ids::new(ReplicaNo::new(replica).unwrap()), ..desk }
}

/// Runs one of the `child_…` tests below in a process of its own, which must die at the point.
async fn dies_at(point: &str, child: &str, folder: &Path) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .args(["--exact", &format!("tests::crash::{child}"), "--nocapture"])
        .env("QIDAN_CRASH_AT", point)
        .env(FOLDER, folder)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..600 {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(!status.success(), "{point} was not reached");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().unwrap();
    panic!("{point}: the process did not end");
}

#[expect(clippy::disallowed_methods, reason = "how a test speaks to its child process")]
fn my_folder() -> Option<std::path::PathBuf> {
    std::env::var(FOLDER).ok().map(Into::into)
}

#[tokio::test(flavor = "multi_thread")]
async fn child_that_stores() {
    let Some(folder) = my_folder() else { return };
    let intake = start(&desk_in(&folder, 1), &folder.join("spool"));
    intake.accept(message(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn child_that_spools() {
    let Some(folder) = my_folder() else { return };
    let away = Desk::away_at(&folder.join("nothing"));
    let intake = start(&away, &folder.join("spool"));
    intake.accept(message(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn child_that_drains() {
    let Some(folder) = my_folder() else { return };
    let intake = start(&desk_in(&folder, 2), &folder.join("spool"));
    while intake.is_away() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn topics(desk: &Desk) -> Vec<Topic> {
    let log = desk.log.clone();
    let sender = Handler::Net(Arc::new(move |_ctx, job| {
        let log = log.clone();
        Box::pin(async move {
            log.lock().unwrap().push(job.body);
            let record: Record = Box::new(|_conn, _ctx| Ok(()));
            (End::Done("sent".into()), Some(record))
        })
    }));
    let sender = Topic { name: "outbox", tries: 5, at_once: 4, handler: sender };
    vec![desk.noting("inbox"), sender]
}

#[tokio::test(flavor = "multi_thread")]
async fn child_that_works() {
    let Some(folder) = my_folder() else { return };
    let desk = desk_in(&folder, 1);
    desk.queue(topics(&desk)).run_until_idle().await;
}

async fn rows(desk: &Desk) -> Vec<(String, i32)> {
    let rows = desk.db.read(|conn| t::table.select((t::state, t::attempts)).load(conn).or_db());
    rows.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_commit_a_redelivery_is_the_same_row() {
    let folder = folder("cb");
    dies_at("cb.committed", "child_that_stores", &folder).await;
    let desk = desk_in(&folder, 2);
    assert_eq!(rows(&desk).await.len(), 1);
    start(&desk, &folder.join("spool")).accept(message(1)).await.unwrap();
    assert_eq!(rows(&desk).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_around_the_spool_nothing_is_lost_or_doubled() {
    for point in ["spool.written", "spool.synced"] {
        let folder = folder("spooling");
        dies_at(point, "child_that_spools", &folder).await;
        dies_at("spool.drained", "child_that_drains", &folder).await;
        let desk = desk_in(&folder, 3);
        assert_eq!(rows(&desk).await.len(), 1, "{point}: drained before the death");
        let intake = start(&desk, &folder.join("spool"));
        while intake.is_away() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(intake.spooled(), 0);
        assert_eq!(rows(&desk).await.len(), 1, "{point}: and only once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_work_a_job_is_taken_over_after_its_lease() {
    let cases = [
        ("inbox", "inbox.claimed", 1),
        ("outbox", "ob.claimed", 1),
        ("outbox", "ob.sent", 1),
        ("outbox", "ob.marked", 0),
    ];
    for (topic, point, again) in cases {
        let folder = folder("work");
        let desk = desk_in(&folder, 2);
        desk.put(topic, "x", None).await;
        dies_at(point, "child_that_works", &folder).await;
        desk.wait(64);
        let queue = desk.queue(topics(&desk));
        assert_eq!(queue.run_until_idle().await.over, 0, "{point}: the lease holds");
        desk.wait(2);
        assert_eq!(queue.run_until_idle().await.over, again, "{point}");
        assert_eq!(rows(&desk).await, [("done".to_owned(), 1 + i32::try_from(again).unwrap())]);
    }
}
