//! Migrations: one folder of plain DDL that both databases read, applied statement by statement.
//! A table lease lets replicas start together; a statement that MySQL had already done before a
//! crash is passed over, so that stopping half-way harms nothing.

use std::{collections::BTreeSet, time::Duration};

use diesel::{
    QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Text},
};
use kernel::{Clock, Error, Kind, Micros, Result, time};
use rust_embed::Embed;

use crate::{Db, conn::Conn, error::OrDb as _};

#[derive(Embed)]
#[folder = "../../migrations"]
struct Folder;

/// How long a migrating replica may be silent before another one takes over.
const LEASE: Micros = 60 * time::SECOND;
/// How often a waiting replica looks again, and how many times.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: u32 = 1800;

/// Words that one of the databases would not read, or would read differently.
const FORBIDDEN: [&str; 12] = [
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    " ENUM",
    "DATETIME",
    "TIMESTAMP",
    "DECIMAL",
    " JSON",
    "RETURNING",
    "NOW()",
    "REFERENCES",
    "UNSIGNED",
    "ON UPDATE",
];

/// What MySQL says to a statement that had been done before: table, index, column exist already.
const DONE_BEFORE: [&str; 4] =
    ["already exists", "Duplicate key name", "Duplicate column name", "duplicate column name"];

/// One migration of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// `2026-11-22-000001`, without dashes: what Diesel's own tools record.
    pub version: String,
    /// The folder's name.
    pub name: String,
    statements: Vec<String>,
}

/// What a run of the migrations did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Names of the migrations that this run applied.
    pub applied: Vec<String>,
    /// How many the database knew before.
    pub before: usize,
}

/// All migrations of this build, in order.
///
/// # Errors
/// `internal` when a migration uses a word outside the common DDL.
pub fn known() -> Result<Vec<Migration>> {
    let mut all = Vec::new();
    let mut paths: Vec<_> = Folder::iter().filter(|path| path.ends_with("/up.sql")).collect();
    paths.sort();
    for path in paths {
        let file = Folder::get(&path).ok_or_else(|| Error::bug(format!("{path} is not there")))?;
        let text = String::from_utf8_lossy(&file.data).into_owned();
        let name = path.trim_end_matches("/up.sql").to_owned();
        if let Some(word) = FORBIDDEN.iter().find(|word| text.to_uppercase().contains(*word)) {
            return Err(Error::bug(format!(
                "migration {name} uses{word}, which is not common DDL"
            )));
        }
        let version: String = name.chars().filter(char::is_ascii_digit).take(14).collect();
        all.push(Migration { version, name, statements: statements(&text) });
    }
    Ok(all)
}

fn statements(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("--"));
    let text = lines.collect::<Vec<_>>().join("\n");
    text.split(';').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

#[derive(QueryableByName)]
struct Lease {
    #[diesel(sql_type = BigInt)]
    holder: i64,
    #[diesel(sql_type = BigInt)]
    until_at: i64,
}

fn execute(conn: &mut Conn, statement: &str) -> Result<()> {
    let text = match conn {
        // Byte-wise keys, so that `=` means the same on both databases.
        Conn::Mysql(_) if statement.to_uppercase().starts_with("CREATE TABLE") => {
            format!("{statement} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        }
        Conn::Mysql(_) | Conn::Sqlite(_) => statement.to_owned(),
    };
    conn.batch_execute(&text).or_db()
}

fn applied(conn: &mut Conn) -> Result<BTreeSet<String>> {
    execute(
        conn,
        "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
            version VARCHAR(50) PRIMARY KEY NOT NULL,
            run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    )?;
    let rows = sql_query("SELECT version FROM __diesel_schema_migrations").load::<Version>(conn);
    Ok(rows.or_db()?.into_iter().map(|row| row.version).collect())
}

/// The migrations that this database has not seen. Creates nothing but the list of the seen ones.
///
/// # Errors
/// `db.away`; `db.newer` when the database was migrated by a newer build.
pub fn pending(db: &Db) -> Result<Vec<Migration>> {
    let mut conn = Conn::open(db.settings())?;
    let seen = applied(&mut conn)?;
    let known = known()?;
    let ours: BTreeSet<_> = known.iter().map(|one| one.version.clone()).collect();
    if let Some(newer) = seen.difference(&ours).next() {
        return Err(Error::new(
            Kind::Invalid,
            "db.newer",
            format!("数据库结构比本程序新（{newer}）：请升级 qidan，或换用匹配的数据库"),
        ));
    }
    Ok(known.into_iter().filter(|one| !seen.contains(&one.version)).collect())
}

/// Applies what is pending. Safe to start from several replicas at once.
///
/// # Errors
/// `db.away`; `db.migration_locked` when another replica migrates for more than three minutes;
/// the failed statement's own error.
pub fn migrate(db: &Db, clock: &Clock, holder: i64) -> Result<Report> {
    let todo = pending(db)?;
    let before = known()?.len() - todo.len();
    if todo.is_empty() {
        return Ok(Report { applied: Vec::new(), before });
    }
    let mut conn = Conn::open(db.settings())?;
    lock(&mut conn, clock, holder)?;
    let done = apply(db, &mut conn, clock, holder);
    execute(
        &mut conn,
        &format!("UPDATE db_lease SET holder = 0 WHERE id = 1 AND holder = {holder}"),
    )?;
    done.map(|applied| Report { applied, before })
}

fn apply(db: &Db, conn: &mut Conn, clock: &Clock, holder: i64) -> Result<Vec<String>> {
    let mut done = Vec::new();
    let mut renewed = clock.now();
    for migration in pending(db)? {
        for statement in &migration.statements {
            match execute(conn, statement) {
                Err(error) if DONE_BEFORE.iter().any(|mark| error.to_string().contains(mark)) => {}
                other => other?,
            }
        }
        let version = &migration.version;
        execute(
            conn,
            &format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"),
        )?;
        // Seldom: each renewal is a commit, and a fresh database takes all of them in a second.
        if clock.now().0 > renewed.0 + LEASE / 4 {
            renewed = clock.now();
            let until = renewed.plus(LEASE).0;
            execute(
                conn,
                &format!(
                    "UPDATE db_lease SET until_at = {until} WHERE id = 1 AND holder = {holder}"
                ),
            )?;
        }
        tracing::info!(migration = migration.name, "migration applied");
        done.push(migration.name);
    }
    Ok(done)
}

fn lock(conn: &mut Conn, clock: &Clock, holder: i64) -> Result<()> {
    execute(
        conn,
        "CREATE TABLE IF NOT EXISTS db_lease (
            id BIGINT PRIMARY KEY NOT NULL, holder BIGINT NOT NULL, until_at BIGINT NOT NULL)",
    )?;
    // Not by `execute`: MySQL does not say there that it is a repeat.
    let first = sql_query("INSERT INTO db_lease (id, holder, until_at) VALUES (1, 0, 0)");
    match first.execute(conn).or_db() {
        Err(error) if error.kind() != Kind::Conflict => return Err(error),
        _ => {}
    }
    for _ in 0..LOOKS {
        let now = clock.now();
        let until = now.plus(LEASE).0;
        let took = format!(
            "UPDATE db_lease SET holder = {holder}, until_at = {until} \
             WHERE id = 1 AND (holder = 0 OR holder = {holder} OR until_at < {})",
            now.0
        );
        execute(conn, &took)?;
        let lease = sql_query("SELECT holder, until_at FROM db_lease WHERE id = 1");
        let lease = lease.load::<Lease>(conn).or_db()?;
        if lease.first().is_some_and(|row| row.holder == holder && row.until_at == until) {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
    Err(Error::new(Kind::Busy, "db.migration_locked", "另一个实例正在迁移数据库，请稍后再试"))
}
