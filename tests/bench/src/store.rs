//! The databases of a run: each way of storing has one of its own, so that all grow alike; and the
//! bare inserts that the intake is compared with.

use std::path::Path;

use anyhow::{Context as _, Result};
use db::{Conn, OrDb as _, Settings};
use diesel::{
    ExpressionMethods as _, Insertable, QueryDsl as _, Queryable, RunQueryDsl as _, Selectable,
    SelectableHelper as _, connection::SimpleConnection as _,
};

use queue_job as t;

/// Rows in one bare insert.
pub(crate) const BARE_ROWS: usize = 128;

diesel::table! {
    queue_job (id) {
        id -> BigInt,
        topic -> Text,
        once_key -> Nullable<Text>,
        order_key -> Nullable<Text>,
        turn -> BigInt,
        due_at -> BigInt,
        body -> Text,
        created_at -> BigInt,
    }
}

/// What the intake writes of a job.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = queue_job, treat_none_as_default_value = false)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) topic: String,
    pub(crate) once_key: Option<String>,
    pub(crate) order_key: Option<String>,
    pub(crate) turn: i64,
    pub(crate) due_at: i64,
    pub(crate) body: String,
    pub(crate) created_at: i64,
}

/// Inserts one row, unless its once_key is there.
pub(crate) fn insert(conn: &mut Conn, row: &Row) -> kernel::Result<usize> {
    db::insert_ignore!(conn, t::table, row)
}

/// A database, gone with this value.
pub(crate) struct Base {
    url: String,
    server: Option<(String, String)>,
}

impl Base {
    /// A fresh one on a MySQL server, or a file in the folder.
    pub(crate) fn fresh(server: Option<&str>, folder: &Path, name: &str) -> Result<Self> {
        let Some(server) = server else {
            let url = format!("sqlite://{}", folder.join(name).with_extension("db").display());
            return Ok(Self { url, server: None });
        };
        let schema = format!("qidan_bench_{}_{name}", std::process::id());
        let (base, _schema) =
            server.rsplit_once('/').context("QIDAN_TEST_MYSQL names no schema")?;
        let sql = format!("DROP DATABASE IF EXISTS {schema}; CREATE DATABASE {schema}");
        execute(server, &sql)?;
        Ok(Self { url: format!("{base}/{schema}"), server: Some((server.to_owned(), schema)) })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn open(&self) -> Result<Conn> {
        Ok(Conn::open(&Settings::parse(&self.url)?)?)
    }

    /// How many callbacks are stored.
    pub(crate) fn count(&self) -> Result<usize> {
        let ours = t::table.filter(t::topic.eq(http::TOPIC_CALLBACK));
        let rows: i64 = ours.count().get_result(&mut self.open()?).or_db()?;
        Ok(usize::try_from(rows)?)
    }

    /// The callbacks that were stored after a job.
    pub(crate) fn rows_after(&self, id: i64) -> Result<Vec<Row>> {
        let ours = t::table.filter(t::topic.eq(http::TOPIC_CALLBACK)).filter(t::id.gt(id));
        let rows = ours.order(t::id.asc()).select(Row::as_select());
        Ok(rows.load(&mut self.open()?).or_db()?)
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        if let Some((server, schema)) = &self.server {
            let _gone = execute(server, &format!("DROP DATABASE IF EXISTS {schema}"));
        }
    }
}

fn execute(server: &str, sql: &str) -> Result<()> {
    let mut conn = Conn::open(&Settings::parse(server)?)?;
    for statement in sql.split("; ") {
        conn.batch_execute(statement).or_db()?;
    }
    Ok(())
}

/// The name and version of a MySQL server.
pub(crate) fn version(server: &str) -> Result<String> {
    #[derive(diesel::QueryableByName)]
    struct Version {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let mut conn = Conn::open(&Settings::parse(server)?)?;
    let found: Version =
        diesel::sql_query("SELECT VERSION() AS version").get_result(&mut conn).or_db()?;
    let number = found.version.split('-').next().unwrap_or_default();
    let name = if found.version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    Ok(format!("{name} {number}"))
}

/// Writes rows as fast as the database takes them: one connection, 128 rows a statement, prepared
/// once, one commit a statement. What is over after the last 128 is left out; gives how many went.
pub(crate) fn insert_bare(conn: &mut Conn, rows: &[Row]) -> Result<usize> {
    let (blocks, _rest) = rows.as_chunks::<BARE_ROWS>();
    for block in blocks {
        db::insert_ignore!(conn, t::table, block)?;
    }
    Ok(blocks.len() * BARE_ROWS)
}
