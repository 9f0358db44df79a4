//! The numbers of running processes.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use kernel::time;

use super::desk::{Desk, task};
use crate::replica::{list, take};

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_get_different_numbers() {
    for desk in Desk::all() {
        let starting = (0..16).map(|n| {
            let desk = if n % 4 == 0 { desk.replica(n) } else { desk.clone() };
            task(async move {
                // Containers of one image are called alike and have alike process ids.
                let random = [u8::try_from(n).unwrap(); 8];
                take(&desk.db, &desk.clock, "host", random).await.unwrap().no().get()
            })
        });
        let numbers: BTreeSet<_> =
            join_all(starting).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(numbers, (0..16).collect());
        let now = desk.clock.now();
        assert_eq!(desk.db.read(move |conn| list(conn, now)).await.unwrap().len(), 16);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_given_back_is_taken_first_and_a_silent_one_last() {
    for desk in Desk::all() {
        let [a, b] = [0, 1].map(|n| format!("host-{n}"));
        let a = take(&desk.db, &desk.clock, &a, [1; 8]).await.unwrap();
        let b = take(&desk.db, &desk.clock, &b, [2; 8]).await.unwrap();
        assert_eq!((a.no().get(), b.no().get()), (0, 1));
        b.release().await.unwrap();
        desk.wait(3600);
        let c = take(&desk.db, &desk.clock, "c", [3; 8]).await.unwrap();
        assert_eq!(c.no().get(), 1, "given back");
        let d = take(&desk.db, &desk.clock, "d", [4; 8]).await.unwrap();
        assert_eq!(d.no().get(), 2, "never used, while 0 is only silent");
        assert_eq!(b.beat().await.unwrap_err().code(), "replica.lost");
        a.beat().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beating_replica_stays_alive_and_a_silent_one_does_not() {
    let desk = Desk::sqlite();
    let a = take(&desk.db, &desk.clock, "a", [1; 8]).await.unwrap();
    let _b = take(&desk.db, &desk.clock, "b", [2; 8]).await.unwrap();
    for _ in 0..10 {
        desk.clock.advance(10 * time::SECOND);
        a.beat().await.unwrap();
    }
    let now = desk.clock.now();
    let alive = desk.db.read(move |conn| list(conn, now)).await.unwrap();
    let numbers: Vec<_> = alive.iter().map(|holder| holder.no).collect();
    assert_eq!(numbers, [0]);
    assert!(alive[0].holder.starts_with("a:"));
}
