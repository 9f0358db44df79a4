//! Who looks at which ticket.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*, upsert};
use kernel::{Result, TicketId, Timestamp};

use crate::schema::ticket_presence as p;

/// Rows that one purge drops, and people that are told of at once.
const MOST: i64 = 5_000;

/// A member is at a ticket.
pub(crate) fn put(
    conn: &mut Conn,
    ticket: TicketId,
    (userid, is_editing): (&str, bool),
    now: Timestamp,
) -> Result<()> {
    let row = (
        p::ticket_id.eq(ticket.0),
        p::userid.eq(userid),
        p::is_editing.eq(i32::from(is_editing)),
        p::seen_at.eq(now.0),
    );
    let changes = (p::is_editing.eq(i32::from(is_editing)), p::seen_at.eq(now.0));
    upsert!(conn, p::table, (p::ticket_id, p::userid), row, changes)
}

/// Drops those of a ticket who were seen before.
pub(crate) fn drop_before(conn: &mut Conn, ticket: TicketId, at: Timestamp) -> Result<()> {
    let rows = p::table.filter(p::ticket_id.eq(ticket.0).and(p::seen_at.lt(at.0)));
    diesel::delete(rows).execute(conn).map(|_rows| ()).or_db()
}

/// Drops those of any ticket who were seen before, as many as one transaction should.
pub(crate) fn purge(conn: &mut Conn, at: Timestamp) -> Result<usize> {
    let old = p::table.filter(p::seen_at.lt(at.0)).limit(MOST).select(p::ticket_id);
    let mut ids = old.load::<i64>(conn).or_db()?;
    ids.dedup();
    let rows = p::table.filter(p::ticket_id.eq_any(ids).and(p::seen_at.lt(at.0)));
    diesel::delete(rows).execute(conn).or_db()
}

/// Who was seen at a ticket since, and whether he changes it, by userid.
pub(crate) fn of(conn: &mut Conn, ticket: TicketId, at: Timestamp) -> Result<Vec<(String, bool)>> {
    let rows = p::table
        .filter(p::ticket_id.eq(ticket.0).and(p::seen_at.ge(at.0)))
        .order(p::userid.asc())
        .select((p::userid, p::is_editing))
        .load::<(String, i32)>(conn)
        .or_db()?;
    Ok(rows.into_iter().map(|(userid, is_editing)| (userid, is_editing != 0)).collect())
}

/// Who was seen anywhere since.
pub(crate) fn since(conn: &mut Conn, at: Timestamp) -> Result<Vec<(TicketId, String, bool)>> {
    let rows = p::table
        .filter(p::seen_at.ge(at.0))
        .order((p::ticket_id.asc(), p::userid.asc()))
        .limit(MOST)
        .select((p::ticket_id, p::userid, p::is_editing))
        .load::<(i64, String, i32)>(conn)
        .or_db()?;
    let read = |(ticket, userid, is_editing)| (TicketId(ticket), userid, is_editing != 0);
    Ok(rows.into_iter().map(read).collect())
}
