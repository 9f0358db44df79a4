//! Killed at its worst moments, the service comes back and goes on: nothing is lost, and nobody
//! sees anything twice.

use std::time::Duration;

use futures_util::future::join_all;

use crate::support::Site;

/// Between two deliveries of the platform: enough for the service to come back.
const SPACING: Duration = Duration::from_secs(4);
/// Jobs of a dead process are taken over sooner than in production, or the suite would wait.
const SHORT_LEASE: (&str, &str) = ("QIDAN__WORKERS__LEASE_SECONDS", "2");

/// One message and everything that follows from it, once.
async fn expect_one_of_each(site: &Site, point: &str) {
    site.until("the message was acknowledged", async |site| {
        site.deliveries().await.iter().any(|line| line["status"] == 200)
    })
    .await;
    site.until("it is stored", async |site| site.stored().await > 0).await;
    site.settles().await;
    assert_eq!(site.stored().await, 1, "{point}");
    assert_eq!(site.titles().await, ["空调坏了"], "{point}");
    for userid in ["wangfang", "liuyang", "zhaomin"] {
        let chat = site.chat(userid).await;
        assert_eq!(chat.of_app().len(), 1, "{point}: {userid} sees {chat:#?}");
    }
    let failed = site.jobs().await.into_keys().find(|(_topic, state)| *state == "failed");
    assert_eq!(failed, None, "{point}");
}

async fn dies_at_work(point: &'static str) {
    let site = Site::open(SPACING).await;
    let mut service = site.starts(&[("QIDAN_CRASH_AT", point), SHORT_LEASE]).await;
    site.says("wangfang", "空调坏了").await;
    service.crashes().await;
    let _service = site.starts(&[SHORT_LEASE]).await;
    expect_one_of_each(&site, point).await;
}

async fn dies_at_the_spool(point: &'static str) {
    let site = Site::open(SPACING).await;
    let mut service = site.starts(&[("QIDAN_CRASH_AT", point), SHORT_LEASE]).await;
    let grip = site.grips();
    site.says("wangfang", "空调坏了").await;
    if point == "spool.drained" {
        site.until("it is in the spool", async |site| {
            site.deliveries().await.iter().any(|line| line["status"] == 200)
        })
        .await;
        grip.release();
        service.crashes().await;
    } else {
        service.crashes().await;
        grip.release();
    }
    let _service = site.starts(&[SHORT_LEASE]).await;
    expect_one_of_each(&site, point).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_commit_and_the_answer_the_redelivery_is_nothing_new() {
    dies_at_work("cb.committed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_around_the_spool_a_message_is_neither_lost_nor_doubled() {
    join_all(["spool.written", "spool.synced", "spool.drained"].map(dies_at_the_spool)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_work_on_a_message_it_becomes_one_ticket() {
    join_all(["inbox.claimed", "act.event"].map(dies_at_work)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_sending_everyone_sees_one_card() {
    join_all(["ob.claimed", "ob.sent", "ob.marked"].map(dies_at_work)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_under_load_nothing_is_lost_or_doubled() {
    let site = Site::open(SPACING).await;
    let mut service = site.starts(&[SHORT_LEASE]).await;
    let load = site.loads(0, 200, Duration::from_millis(25));
    site.says("wangfang", "空调坏了").await;
    for _death in 0..3 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        service.kill();
        service = site.starts(&[SHORT_LEASE]).await;
    }
    load.await.unwrap();
    site.until("all are acknowledged", async |site| site.acknowledged().await.len() == 200).await;
    site.settles().await;
    assert_eq!(site.stored().await, 201);
    assert_eq!(site.titles().await, ["空调坏了"]);
    for userid in ["wangfang", "liuyang", "zhaomin"] {
        let chat = site.chat(userid).await;
        assert_eq!(chat.of_app().len(), 1, "{userid} sees {chat:#?}");
    }
    service.kill();
    site.expect_whole();
}
