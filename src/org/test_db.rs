//! A fresh database for one test: an SQLite file, and a schema on the server that
//! QIDAN_TEST_MYSQL names, when it does.

use std::sync::atomic::{AtomicI64, Ordering};

use db::{Conn, Db, Settings, diesel::connection::SimpleConnection as _, migrate};
use kernel::{Actor, Clock, Ctx, Ids, ReplicaNo, Timestamp};

/// Runs a test once on each database. `name` must be unique in the room.
pub(crate) fn on_each_database(name: &str, test: impl Fn(&Db, &mut Conn)) {
    on_sqlite(name, &test);
    let Some(server) = mysql() else { return };
    let (host, query) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _database) = host.rsplit_once('/').unwrap();
    let fresh = database(name);
    let mut admin = Conn::open(&Settings::parse(&server).unwrap()).unwrap();
    let create = format!("CREATE DATABASE {fresh} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
    admin.batch_execute(&create).unwrap();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    run(&format!("{host}/{fresh}{query}"), &test);
    admin.batch_execute(&format!("DROP DATABASE {fresh}")).unwrap();
}

/// Runs a test on SQLite only: many runs about what no database decides.
pub(crate) fn on_sqlite(name: &str, test: impl Fn(&Db, &mut Conn)) {
    let folder = std::env::temp_dir().join(database(name));
    run(&format!("sqlite://{}/t.db", folder.display()), &test);
    std::fs::remove_dir_all(folder).unwrap();
}

fn database(name: &str) -> String {
    format!("qidan_{}_{}_{name}", env!("CARGO_PKG_NAME"), std::process::id())
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

fn run(url: &str, test: impl Fn(&Db, &mut Conn)) {
    let db = Db::new(Settings::parse(url).unwrap());
    migrate(&db, &Clock::System, 1).unwrap();
    let mut conn = Conn::open(db.settings()).unwrap();
    test(&db, &mut conn);
}

#[expect(clippy::disallowed_methods, reason = "where the test server is, is the caller's to say")]
fn mysql() -> Option<String> {
    std::env::var("QIDAN_TEST_MYSQL").ok()
}
