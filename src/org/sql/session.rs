//! Sessions.

use std::collections::BTreeSet;

use db::{Conn, OrDb as _};
use diesel::prelude::*;
use kernel::{Result, Timestamp};

use super::{CHUNK, rows};
use crate::{schema::org_session as s, session::Session};

type Stored = (i64, String, String, String, i64, i64, i64);

pub(crate) fn insert(conn: &mut Conn, session: &Session, secret_sha256: &str) -> Result<()> {
    let row = (
        s::id.eq(session.id),
        s::secret_sha256.eq(secret_sha256),
        s::userid.eq(&session.userid),
        s::csrf.eq(&session.csrf),
        s::client.eq(&session.client),
        s::created_at.eq(session.created_at.0),
        s::seen_at.eq(session.seen_at.0),
        s::expires_at.eq(session.expires_at.0),
    );
    diesel::insert_into(s::table).values(row).execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn by_digest(conn: &mut Conn, secret_sha256: &str) -> Result<Option<Session>> {
    let columns = (s::id, s::userid, s::csrf, s::client, s::created_at, s::seen_at, s::expires_at);
    let query = s::table.filter(s::secret_sha256.eq(secret_sha256)).select(columns);
    let found = query.first::<Stored>(conn).optional().or_db()?;
    Ok(found.map(|(id, userid, csrf, client, created_at, seen_at, expires_at)| Session {
        id,
        userid,
        csrf,
        client,
        created_at: Timestamp(created_at),
        seen_at: Timestamp(seen_at),
        expires_at: Timestamp(expires_at),
    }))
}

/// Those of these sessions that have not ended.
pub(crate) fn alive(
    conn: &mut Conn,
    ids: &[i64],
    now: Timestamp,
    unseen_since: Timestamp,
) -> Result<BTreeSet<i64>> {
    let mut alive = BTreeSet::new();
    for chunk in ids.chunks(CHUNK) {
        let lives = s::expires_at.gt(now.0).and(s::seen_at.gt(unseen_since.0));
        let found = s::table.filter(s::id.eq_any(chunk).and(lives)).select(s::id);
        alive.extend(found.load::<i64>(conn).or_db()?);
    }
    Ok(alive)
}

/// Moves the last use forward, never back.
pub(crate) fn touch(conn: &mut Conn, id: i64, now: Timestamp) -> Result<()> {
    diesel::update(s::table.filter(s::id.eq(id).and(s::seen_at.lt(now.0))))
        .set(s::seen_at.eq(now.0))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

pub(crate) fn delete(conn: &mut Conn, secret_sha256: &str) -> Result<()> {
    let row = s::table.filter(s::secret_sha256.eq(secret_sha256));
    diesel::delete(row).execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn delete_of(conn: &mut Conn, userid: &str) -> Result<usize> {
    diesel::delete(s::table.filter(s::userid.eq(userid))).execute(conn).or_db()
}

pub(crate) fn purge(
    conn: &mut Conn,
    now: Timestamp,
    unseen_since: Timestamp,
    max: usize,
) -> Result<usize> {
    let ended = s::expires_at.le(now.0).or(s::seen_at.le(unseen_since.0));
    let ids = s::table.filter(ended).limit(rows(max)).select(s::id).load::<i64>(conn).or_db()?;
    diesel::delete(s::table.filter(s::id.eq_any(ids))).execute(conn).or_db()
}
