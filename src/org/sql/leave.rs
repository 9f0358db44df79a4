//! Leaves.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _};
use diesel::prelude::*;
use kernel::{Cursor, Limit, Result, Timestamp};

use super::CHUNK;
use crate::{Leave, schema::org_leave as l};

/// The end of a leave whose end nobody knows: an index needs a value.
const OPEN: i64 = i64::MAX;

type Stored = (i64, String, i64, i64, Option<String>, String);

fn read((id, userid, from_at, until_at, backup, reason): Stored) -> Leave {
    let until_at = Some(until_at).filter(|at| *at != OPEN).map(Timestamp);
    Leave { id, userid, from_at: Timestamp(from_at), until_at, backup, reason }
}

macro_rules! columns {
    () => {
        (l::id, l::userid, l::from_at, l::until_at, l::backup, l::reason)
    };
}

/// The leaves of a member that end after a time.
pub(crate) fn of(conn: &mut Conn, userid: &str, after: Timestamp) -> Result<Vec<Leave>> {
    let rows = l::table.filter(l::userid.eq(userid).and(l::until_at.gt(after.0)));
    let rows = rows.order((l::from_at, l::id)).select(columns!());
    Ok(rows.load::<Stored>(conn).or_db()?.into_iter().map(read).collect())
}

/// A page of the leaves that end after a time, of one member or of all, by their beginning.
pub(crate) fn list(
    conn: &mut Conn,
    userid: Option<&str>,
    after: Timestamp,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Leave>> {
    let mut query = l::table.filter(l::until_at.gt(after.0)).into_boxed();
    if let Some(userid) = userid {
        query = query.filter(l::userid.eq(userid.to_owned()));
    }
    if let Some(Cursor { key, id }) = cursor {
        query = query.filter(l::from_at.gt(key).or(l::from_at.eq(key).and(l::id.gt(id))));
    }
    let rows = query.order((l::from_at, l::id)).limit(limit.probe()).select(columns!());
    Ok(rows.load::<Stored>(conn).or_db()?.into_iter().map(read).collect())
}

/// The leaves of these members that go on at a time.
pub(crate) fn at(
    conn: &mut Conn,
    userids: &[String],
    at: Timestamp,
) -> Result<BTreeMap<String, Leave>> {
    let mut found = BTreeMap::new();
    for chunk in userids.chunks(CHUNK) {
        let on = l::from_at.le(at.0).and(l::until_at.gt(at.0));
        let rows = l::table.filter(l::userid.eq_any(chunk).and(on)).select(columns!());
        let rows = rows.order((l::from_at, l::id)).load::<Stored>(conn).or_db()?;
        found.extend(rows.into_iter().map(read).map(|leave| (leave.userid.clone(), leave)));
    }
    Ok(found)
}

pub(crate) fn insert(conn: &mut Conn, leave: &Leave, now: Timestamp) -> Result<()> {
    let row = (
        l::id.eq(leave.id),
        l::userid.eq(&leave.userid),
        l::from_at.eq(leave.from_at.0),
        l::until_at.eq(leave.until_at.map_or(OPEN, |at| at.0)),
        l::backup.eq(&leave.backup),
        l::reason.eq(&leave.reason),
        l::created_at.eq(now.0),
    );
    diesel::insert_into(l::table).values(row).execute(conn).map(|_rows| ()).or_db()
}

/// Ends a leave that is not over; false when there is none.
pub(crate) fn end(conn: &mut Conn, id: i64, now: Timestamp) -> Result<bool> {
    let row = l::table.filter(l::id.eq(id).and(l::until_at.gt(now.0)));
    Ok(diesel::update(row).set(l::until_at.eq(now.0)).execute(conn).or_db()? > 0)
}

/// A member's userid changed.
pub(crate) fn rename(conn: &mut Conn, from: &str, to: &str) -> Result<()> {
    let rows = diesel::update(l::table.filter(l::userid.eq(from))).set(l::userid.eq(to));
    rows.execute(conn).or_db()?;
    let rows = diesel::update(l::table.filter(l::backup.eq(from))).set(l::backup.eq(to));
    rows.execute(conn).map(|_rows| ()).or_db()
}
