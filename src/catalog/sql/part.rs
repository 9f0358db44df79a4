//! What templates share.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Ctx, Result};

use crate::schema::catalog_part as p;

/// A stored part.
#[derive(Queryable, Selectable)]
#[diesel(table_name = p)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) part_key: String,
    pub(crate) body: String,
    pub(crate) version: i64,
    pub(crate) updated_at: i64,
}

/// What tells whether anything was changed: every row by its id, which is never used again, and
/// its version, which only grows.
pub(crate) fn stamp(conn: &mut Conn) -> Result<Vec<(i64, i64)>> {
    p::table.order(p::id).select((p::id, p::version)).load(conn).or_db()
}

/// Every part of every kind.
pub(crate) fn all(conn: &mut Conn) -> Result<Vec<Row>> {
    p::table.order((p::kind, p::part_key)).select(Row::as_select()).load(conn).or_db()
}

/// One part.
pub(crate) fn find(conn: &mut Conn, kind: &str, key: &str) -> Result<Option<Row>> {
    let row = p::table.filter(p::kind.eq(kind).and(p::part_key.eq(key)));
    row.select(Row::as_select()).first(conn).optional().or_db()
}

/// Writes a part that was not there.
pub(crate) fn insert(
    conn: &mut Conn,
    ctx: &Ctx,
    kind: &str,
    (key, name): (&str, &str),
    body: &str,
) -> Result<()> {
    let row = (
        p::id.eq(ctx.id()),
        p::kind.eq(kind),
        p::part_key.eq(key),
        p::name.eq(name),
        p::body.eq(body),
        p::version.eq(1),
        p::created_at.eq(ctx.now.0),
        p::updated_at.eq(ctx.now.0),
    );
    diesel::insert_into(p::table).values(row).execute(conn).map(|_rows| ()).or_db()
}

/// Writes over the part that was seen; false when somebody was faster.
pub(crate) fn update(
    conn: &mut Conn,
    ctx: &Ctx,
    seen: &Row,
    name: &str,
    body: &str,
) -> Result<bool> {
    let row = p::table.filter(p::id.eq(seen.id).and(p::version.eq(seen.version)));
    let changes = (
        p::name.eq(name),
        p::body.eq(body),
        p::version.eq(seen.version + 1),
        p::updated_at.eq(ctx.now.0),
    );
    Ok(diesel::update(row).set(changes).execute(conn).or_db()? > 0)
}

/// Drops the part that was seen; false when somebody was faster.
pub(crate) fn delete(conn: &mut Conn, seen: &Row) -> Result<bool> {
    let row = p::table.filter(p::id.eq(seen.id).and(p::version.eq(seen.version)));
    Ok(diesel::delete(row).execute(conn).or_db()? > 0)
}
