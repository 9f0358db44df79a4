//! Logins that have begun.

use db::{Conn, OrDb as _};
use diesel::prelude::*;
use kernel::{Result, Timestamp};

use super::rows;
use crate::{login::Login, schema::org_login as l};

type Stored = (String, String, String, i32, i64, Option<i64>);

pub(crate) fn insert(conn: &mut Conn, state_sha256: &str, login: &Login) -> Result<()> {
    let row = (
        l::state_sha256.eq(state_sha256),
        l::browser_sha256.eq(&login.browser_sha256),
        l::next_path.eq(&login.next),
        l::client.eq(&login.client),
        l::attempt.eq(login.attempt),
        l::created_at.eq(login.created_at.0),
    );
    diesel::insert_into(l::table).values(row).execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn find(conn: &mut Conn, state_sha256: &str) -> Result<Option<Login>> {
    let columns =
        (l::browser_sha256, l::next_path, l::client, l::attempt, l::created_at, l::used_at);
    let found = l::table.find(state_sha256).select(columns).first::<Stored>(conn);
    let found = found.optional().or_db()?;
    Ok(found.map(|(browser_sha256, next, client, attempt, created_at, used_at)| Login {
        browser_sha256,
        next,
        client,
        attempt,
        created_at: Timestamp(created_at),
        used_at: used_at.map(Timestamp),
    }))
}

/// True when it had not been used before.
pub(crate) fn use_up(conn: &mut Conn, state_sha256: &str, now: Timestamp) -> Result<bool> {
    diesel::update(l::table.filter(l::state_sha256.eq(state_sha256).and(l::used_at.is_null())))
        .set(l::used_at.eq(now.0))
        .execute(conn)
        .map(|rows| rows == 1)
        .or_db()
}

pub(crate) fn purge(conn: &mut Conn, before: Timestamp, max: usize) -> Result<usize> {
    let old = l::table.filter(l::created_at.le(before.0)).limit(rows(max));
    let keys = old.select(l::state_sha256).load::<String>(conn).or_db()?;
    diesel::delete(l::table.filter(l::state_sha256.eq_any(keys))).execute(conn).or_db()
}
