//! Answers kept by idempotency key.

use db::{Conn, OrDb as _, Unique, is_unique};
use diesel::prelude::*;
use kernel::{Ctx, Error, Result, Timestamp};

use super::{clash, rows};
use crate::schema::org_idempotency as i;

const KEY: Unique = Unique {
    name: "org_idempotency_key",
    columns: "org_idempotency.scope, org_idempotency.request_key",
};

/// What stands under a key.
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) request_hash: String,
    pub(crate) answer: Option<(i32, String)>,
    pub(crate) created_at: Timestamp,
}

pub(crate) fn find(conn: &mut Conn, scope: &str, key: &str) -> Result<Option<Found>> {
    type Stored = (i64, String, Option<i32>, Option<String>, i64);
    let found = i::table
        .filter(i::scope.eq(scope).and(i::request_key.eq(key)))
        .select((i::id, i::request_hash, i::status, i::body, i::created_at))
        .first::<Stored>(conn)
        .optional()
        .or_db()?;
    Ok(found.map(|(id, request_hash, status, body, created_at)| Found {
        id,
        request_hash,
        answer: status.zip(body),
        created_at: Timestamp(created_at),
    }))
}

pub(crate) fn insert(
    conn: &mut Conn,
    ctx: &Ctx,
    scope: &str,
    key: &str,
    request_hash: &str,
) -> Result<()> {
    let row = (
        i::id.eq(ctx.id()),
        i::scope.eq(scope),
        i::request_key.eq(key),
        i::request_hash.eq(request_hash),
        i::created_at.eq(ctx.now.0),
    );
    match diesel::insert_into(i::table).values(row).execute(conn).or_db() {
        Err(error) if is_unique(&error, KEY) => Err(clash()),
        other => other.map(|_rows| ()),
    }
}

pub(crate) fn finish(
    conn: &mut Conn,
    scope: &str,
    key: &str,
    status: i32,
    body: &str,
) -> Result<()> {
    let row = i::table.filter(i::scope.eq(scope).and(i::request_key.eq(key)));
    match diesel::update(row).set((i::status.eq(status), i::body.eq(body))).execute(conn).or_db()? {
        1 => Ok(()),
        _ => Err(Error::bug("an idempotency key was finished that had not been begun")),
    }
}

pub(crate) fn older_than(conn: &mut Conn, at: Timestamp, max: usize) -> Result<Vec<i64>> {
    let query = i::table.filter(i::created_at.le(at.0)).order(i::created_at);
    query.limit(rows(max)).select(i::id).load(conn).or_db()
}

pub(crate) fn delete(conn: &mut Conn, ids: &[i64]) -> Result<usize> {
    diesel::delete(i::table.filter(i::id.eq_any(ids))).execute(conn).or_db()
}
