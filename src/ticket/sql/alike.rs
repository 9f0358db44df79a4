//! The SQL about tickets that are alike.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Error, Kind, Result, TicketId, Timestamp};

use crate::{schema::ticket_alike as a, ticket::Ticket};

/// A ticket among those that are alike.
pub(crate) struct Alike {
    pub(crate) ticket: TicketId,
    /// The ticket that they raised.
    pub(crate) raised: Option<TicketId>,
}

/// Notes a ticket, once.
pub(crate) fn note(conn: &mut Conn, key: &str, ticket: &Ticket) -> Result<()> {
    let row =
        (a::alike_key.eq(key), a::ticket_id.eq(ticket.id.0), a::created_at.eq(ticket.created_at.0));
    db::insert_ignore!(conn, a::table, row)?;
    Ok(())
}

/// Those of this time, which begins after its first instant, the oldest first.
pub(crate) fn after(conn: &mut Conn, key: &str, after: Timestamp) -> Result<Vec<Alike>> {
    let rows = a::table.filter(a::alike_key.eq(key).and(a::created_at.gt(after.0)));
    let rows = rows.order((a::created_at.asc(), a::ticket_id.asc()));
    let rows = rows.select((a::ticket_id, a::raised)).load::<(i64, Option<i64>)>(conn).or_db()?;
    let alike = |(ticket, raised): (i64, Option<i64>)| Alike {
        ticket: TicketId(ticket),
        raised: raised.map(TicketId),
    };
    Ok(rows.into_iter().map(alike).collect())
}

/// Says what these raised; a clash when somebody else said so meanwhile.
pub(crate) fn mark(
    conn: &mut Conn,
    key: &str,
    tickets: &[TicketId],
    raised: TicketId,
) -> Result<()> {
    let ids = tickets.iter().map(|id| id.0);
    let rows = a::table.filter(a::alike_key.eq(key).and(a::ticket_id.eq_any(ids)));
    let marked = diesel::update(rows.filter(a::raised.is_null())).set(a::raised.eq(raised.0));
    if marked.execute(conn).or_db()? == tickets.len() {
        return Ok(());
    }
    Err(Error::new(Kind::Busy, db::CLASH, "这些工单正在被归并，请稍后重试"))
}

/// Forgets tickets that no trigger looks back to any more.
pub(crate) fn purge(conn: &mut Conn, before: Timestamp) -> Result<usize> {
    let old = a::table.filter(a::created_at.lt(before.0));
    diesel::delete(old).execute(conn).or_db()
}
