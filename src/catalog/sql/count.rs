//! How often entry codes were used.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Result, Timestamp};

use crate::schema::catalog_count as n;

/// The counts of a code: openings, tickets, and when it was last used.
pub(crate) fn of(conn: &mut Conn, code: &str) -> Result<Option<(i64, i64, i64)>> {
    n::table.find(code).select((n::scans, n::submits, n::last_at)).first(conn).optional().or_db()
}

/// Counts openings and tickets.
pub(crate) fn add(
    conn: &mut Conn,
    code: &str,
    (scans, submits): (i64, i64),
    now: Timestamp,
) -> Result<()> {
    // The row is locked by its change from the first, and inserted only when it is not there: an `insert ignore` before
    // it would take a shared lock, and two visits that both held one would wait for each other on MySQL.
    let more =
        (n::scans.eq(n::scans + scans), n::submits.eq(n::submits + submits), n::last_at.eq(now.0));
    let change = |conn: &mut Conn| -> Result<usize> {
        diesel::update(n::table.find(code)).set(more).execute(conn).or_db()
    };
    if change(conn)? == 0 {
        let none = (n::code.eq(code), n::scans.eq(0i64), n::submits.eq(0i64), n::last_at.eq(now.0));
        db::insert_ignore!(conn, n::table, none)?;
        change(conn)?;
    }
    Ok(())
}
