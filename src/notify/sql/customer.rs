//! What is kept about a ticket's customer: how often his links were revoked, what he wants to hear.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Result, TicketId, Timestamp};

use crate::schema::{notify_link as l, notify_preference as p};

/// How often the links of a ticket's customer were revoked.
pub(crate) fn generation(conn: &mut Conn, ticket: TicketId) -> Result<i64> {
    let found = l::table.find(ticket.0).select(l::generation).first(conn).optional().or_db()?;
    Ok(found.unwrap_or_default())
}

/// The same of several tickets; those whose links were never revoked are not in it.
pub(crate) fn generations(conn: &mut Conn, tickets: &[TicketId]) -> Result<Vec<(i64, i64)>> {
    if tickets.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.0).collect();
    let found = l::table.filter(l::ticket_id.eq_any(ids)).select((l::ticket_id, l::generation));
    found.load(conn).or_db()
}

/// Counts a revocation.
pub(crate) fn revoke(conn: &mut Conn, ticket: TicketId, now: Timestamp) -> Result<()> {
    let more = (l::generation.eq(l::generation + 1), l::revoked_at.eq(now.0));
    let change = |conn: &mut Conn| -> Result<usize> {
        diesel::update(l::table.find(ticket.0)).set(more).execute(conn).or_db()
    };
    // The first of two at once makes the row, and both count.
    if change(conn)? == 0 {
        let none = (l::ticket_id.eq(ticket.0), l::generation.eq(0i64), l::revoked_at.eq(now.0));
        db::insert_ignore!(conn, l::table, none)?;
        change(conn)?;
    }
    Ok(())
}

/// What the customer of a ticket wants to hear, as it was written.
pub(crate) fn preference(conn: &mut Conn, ticket: TicketId) -> Result<Option<String>> {
    p::table.find(ticket.0).select(p::body).first(conn).optional().or_db()
}

/// Writes what the customer of a ticket wants to hear.
pub(crate) fn prefer(conn: &mut Conn, ticket: TicketId, body: &str, now: Timestamp) -> Result<()> {
    let row = (p::ticket_id.eq(ticket.0), p::body.eq(body), p::updated_at.eq(now.0));
    let changes = (p::body.eq(body), p::updated_at.eq(now.0));
    db::upsert!(conn, p::table, p::ticket_id, row, changes)
}
