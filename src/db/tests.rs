//! The room against a real SQLite file, and against a real MySQL when QIDAN_TEST_MYSQL is set.

use std::sync::Arc;

use diesel::{QueryableByName, RunQueryDsl as _, connection::SimpleConnection as _, sql_query};
use kernel::{Clock, Error, Kind};

use crate::{Conn, Db, OrDb as _, Settings, Unique, is_unique, known, migrate};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

fn count(conn: &mut Conn, sql: &str) -> kernel::Result<i64> {
    Ok(sql_query(sql).get_result::<Number>(conn).or_db()?.n)
}

#[expect(clippy::disallowed_methods, reason = "a test ends before its tasks matter")]
fn db_task<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn(work)
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("qidan-db-{}-{name}", std::process::id()));
    let _ignored = std::fs::remove_dir_all(&folder);
    folder
}

fn sqlite(name: &str) -> Db {
    Db::new(Settings::parse(&format!("sqlite://{}/t.db", folder(name).display())).unwrap())
}

#[test]
fn a_bad_url_is_refused_by_name() {
    for (url, mark) in [
        ("postgres://x", "sqlite://"),
        ("mysql://host", "库名"),
        ("mysql://u:p@h/d?ssl_mode=required", "ssl_ca"),
        ("sqlite://", "文件路径"),
    ] {
        let error = Settings::parse(url).unwrap_err();
        assert_eq!(error.code(), "config.database_url");
        assert!(error.detail().contains(mark), "{url}: {error}");
    }
    let masked = Settings::parse("mysql://app:se:cr@et@db:3306/q").unwrap().masked();
    assert_eq!(masked, "mysql://app:***@db:3306/q");
}

#[test]
fn eight_replicas_migrate_together_and_each_migration_runs_once() {
    let db = sqlite("migrate");
    let all = known().unwrap().len();
    let reports: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=8)
            .map(|holder| {
                scope.spawn({
                    let db = db.clone();
                    move || migrate(&db, &Clock::System, holder)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert_eq!(reports.iter().map(|report| report.applied.len()).sum::<usize>(), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_commits_whole_or_not_at_all() {
    let db = sqlite("whole");
    db.write(|conn| conn.batch_execute("CREATE TABLE t (n BIGINT PRIMARY KEY NOT NULL)").or_db())
        .await
        .unwrap();
    let refused = db
        .write(|conn| {
            conn.batch_execute("INSERT INTO t VALUES (1)").or_db()?;
            Err::<(), _>(Error::new(Kind::Invalid, "test.refused", "no"))
        })
        .await;
    assert_eq!(refused.unwrap_err().code(), "test.refused");
    assert_eq!(db.read(|conn| count(conn, "SELECT COUNT(*) n FROM t")).await.unwrap(), 0);
    assert_eq!(
        db.read(|conn| conn.batch_execute("INSERT INTO t VALUES (1)").or_db())
            .await
            .unwrap_err()
            .kind(),
        Kind::Bug,
        "the readers' lane cannot write"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_writers_lose_no_increment() {
    let db = sqlite("writers");
    db.write(|conn| {
        conn.batch_execute("CREATE TABLE t (n BIGINT NOT NULL); INSERT INTO t VALUES (0)").or_db()
    })
    .await
    .unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let db = db.clone();
            db_task(async move {
                db.write(|conn| {
                    let n = count(conn, "SELECT n FROM t")?;
                    conn.batch_execute(&format!("UPDATE t SET n = {}", n + 1)).or_db()
                })
                .await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(db.read(|conn| count(conn, "SELECT n FROM t")).await.unwrap(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_job_is_reported_busy_in_time_and_does_not_free_its_turn() {
    let mut settings =
        Settings::parse(&format!("sqlite://{}/t.db", folder("slow").display())).unwrap();
    settings.deadline = 50_000;
    settings.wait = 50_000;
    let db = Db::new(settings);
    let gate = Arc::new(std::sync::Barrier::new(2));
    let inside = gate.clone();
    let slow = db
        .write(move |_conn| {
            inside.wait();
            Ok(())
        })
        .await;
    assert_eq!(slow.unwrap_err().kind(), Kind::Busy);
    let second = db.write(|_conn| Ok(())).await;
    assert_eq!(second.unwrap_err().kind(), Kind::Busy, "the one writer is still held");
    gate.wait();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_uniqueness_is_told_by_name() {
    let db = sqlite("unique");
    let twice = db
        .write(|conn| {
            conn.batch_execute(
                "CREATE TABLE t_row (k VARCHAR(9) NOT NULL, CONSTRAINT t_row_k UNIQUE (k))",
            )
            .or_db()?;
            conn.batch_execute("INSERT INTO t_row VALUES ('a')").or_db()?;
            conn.batch_execute("INSERT INTO t_row VALUES ('a')").or_db()
        })
        .await
        .unwrap_err();
    assert!(is_unique(&twice, Unique { name: "t_row_k", columns: "t_row.k" }), "{twice}");
    assert!(!is_unique(&twice, Unique { name: "t_row_x", columns: "t_row.x" }));
}
