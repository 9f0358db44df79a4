//! A fresh database for one test: an SQLite file, and a schema on the server that
//! QIDAN_TEST_MYSQL names, when it does.

use std::sync::atomic::{AtomicI64, Ordering};

use db::{Conn, Db, Settings, diesel::connection::SimpleConnection as _, migrate};
use kernel::{Actor, Clock, Ctx, Ids, ReplicaNo, Timestamp};

/// Runs a test once on each database. `name` must be unique in the room.
pub(crate) fn on_each_database(name: &str, test: impl Fn(&Db, &mut Conn)) {
    let name = format!("qidan_{}_{}_{name}", env!("CARGO_PKG_NAME"), std::process::id());
    let folder = std::env::temp_dir().join(&name);
    run(&format!("sqlite://{}/t.db", folder.display()), &test);
    std::fs::remove_dir_all(folder).unwrap();
    let Some(server) = mysql() else { return };
    let (host, query) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _database) = host.rsplit_once('/').unwrap();
    let mut admin = Conn::open(&Settings::parse(&server).unwrap()).unwrap();
    let fresh = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    admin.batch_execute(&fresh).unwrap();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    run(&format!("{host}/{name}{query}"), &test);
    admin.batch_execute(&format!("DROP DATABASE {name}")).unwrap();
}

/// What a request knows, at a time. Each is of another replica, so that no two make the same id.
pub(crate) fn ctx(now: i64) -> Ctx {
    static REPLICA: AtomicI64 = AtomicI64::new(0);
    let replica = REPLICA.fetch_add(1, Ordering::Relaxed) % ReplicaNo::COUNT;
    Ctx {
        now: Timestamp(now),
        actor: Actor::System,
        ids: Ids::new(ReplicaNo::new(replica).unwrap()),
        trace: "test".to_owned(),
    }
}

fn run(url: &str, test: &impl Fn(&Db, &mut Conn)) {
    let db = Db::new(Settings::parse(url).unwrap());
    migrate(&db, &Clock::System, 1).unwrap();
    let mut conn = Conn::open(db.settings()).unwrap();
    test(&db, &mut conn);
}

#[expect(clippy::disallowed_methods, reason = "where the test server is, is the caller's to say")]
fn mysql() -> Option<String> {
    std::env::var("QIDAN_TEST_MYSQL").ok()
}
