//! What is kept about a ticket's customer: how often his links were revoked, what he wants to hear.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Result, TicketId, Timestamp};

use crate::schema::{notify_link as l, notify_preference as p};

/// How often the links of a ticket's customer were revoked.
pub(crate) fn generation(conn: &mut Conn, ticket: TicketId) -> Result<i64> {
    let found = l::table.find(ticket.0).select(l::generation).first(conn).optional().or_db()?;
    Ok(found.unwrap_or_default())
}

/// Counts a revocation.
pub(crate) fn revoke(conn: &mut Conn, ticket: TicketId, now: Timestamp) -> Result<()> {
    let row = l::table.find(ticket.0);
    let more = (l::generation.eq(l::generation + 1), l::revoked_at.eq(now.0));
    if diesel::update(row).set(more).execute(conn).or_db()? > 0 {
        return Ok(());
    }
    let first = (l::ticket_id.eq(ticket.0), l::generation.eq(1i64), l::revoked_at.eq(now.0));
    diesel::insert_into(l::table).values(first).execute(conn).map(|_rows| ()).or_db()
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
