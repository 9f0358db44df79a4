//! Which tickets name what belongs to customers, and what tickets know of customers.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Actor, Result, TicketId, Timestamp};

use super::to_json;
use crate::{
    schema::{ticket_event as e, ticket_handler as h, ticket_refer as r, ticket_ticket as t},
    ticket::Status,
};

/// Of how many of a customer's latest tickets the log is looked at for what he said.
const LATEST: i64 = 50;

#[derive(Insertable)]
#[diesel(table_name = r)]
struct ReferRow<'a> {
    what: &'a str,
    external_key: &'a str,
    ticket_id: i64,
}

/// Writes what a ticket names, in place of what it named.
pub(crate) fn keep(
    conn: &mut Conn,
    ticket: TicketId,
    named: &[(&str, &str)],
    is_new: bool,
) -> Result<()> {
    if !is_new {
        let old = r::table.filter(r::ticket_id.eq(ticket.0));
        diesel::delete(old).execute(conn).or_db()?;
    }
    let rows: Vec<_> = named
        .iter()
        .map(|(what, external_key)| ReferRow { what, external_key, ticket_id: ticket.0 })
        .collect();
    db::insert_all!(conn, r::table, rows)
}

/// How often something was served, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// How many tickets name it.
    pub tickets: usize,
    /// When the latest of them that was done had ended.
    pub last_at: Option<Timestamp>,
}

/// How often each of these was served.
pub(crate) fn served(
    conn: &mut Conn,
    what: &str,
    keys: &[String],
) -> Result<BTreeMap<String, Served>> {
    let rows = r::table
        .inner_join(t::table.on(t::id.eq(r::ticket_id)))
        .filter(r::what.eq(what).and(r::external_key.eq_any(keys)))
        .select((r::external_key, t::status, t::closed_at))
        .load::<(String, String, Option<i64>)>(conn)
        .or_db()?;
    let mut all: BTreeMap<String, Served> = BTreeMap::new();
    for (key, status, closed_at) in rows {
        let served = all.entry(key).or_default();
        served.tickets += 1;
        if status == Status::Closed.word() {
            served.last_at = served.last_at.max(closed_at.map(Timestamp));
        }
    }
    Ok(all)
}

/// Whether a member raised, does, did or could take a ticket of this customer.
pub(crate) fn is_in_ticket_of(conn: &mut Conn, customer: &str, userid: &str) -> Result<bool> {
    let his = t::table.filter(t::customer.eq(Some(customer)));
    // Whoever is in a group with a customer may raise tickets there for him: that makes nobody closer.
    let raised = his.filter(t::creator.eq(Some(userid)).and(t::chat_id.is_null()));
    let raised = raised.select(t::id).limit(1);
    if raised.first::<i64>(conn).optional().or_db()?.is_some() {
        return Ok(true);
    }
    let handled = h::table
        .inner_join(t::table.on(t::id.eq(h::ticket_id)))
        .filter(t::customer.eq(Some(customer)).and(h::userid.eq(userid)))
        .select(h::ticket_id)
        .limit(1);
    Ok(handled.first::<i64>(conn).optional().or_db()?.is_some())
}

/// When a customer last had to do with us, as tickets know: one was raised for him, or he said
/// something in one.
pub(crate) fn last_contact(conn: &mut Conn, customer: &str) -> Result<Option<Timestamp>> {
    let his = t::table.filter(t::customer.eq(Some(customer)));
    let latest = his
        .order((t::updated_at.desc(), t::id.desc()))
        .limit(LATEST)
        .select((t::id, t::created_at))
        .load::<(i64, i64)>(conn)
        .or_db()?;
    let raised = latest.iter().map(|(_id, at)| *at).max();
    let ids: Vec<_> = latest.iter().map(|(id, _at)| *id).collect();
    let himself = Actor::Customer { external_userid: customer.to_owned() };
    let said = e::table
        .filter(e::ticket_id.eq_any(ids).and(e::actor.eq(to_json(&himself)?)))
        .select(diesel::dsl::max(e::at))
        .first::<Option<i64>>(conn)
        .or_db()?;
    Ok(raised.max(said).map(Timestamp))
}

/// The newest ticket of a customer that is of one of these templates.
pub(crate) fn newest_of(
    conn: &mut Conn,
    customer: &str,
    templates: &[String],
) -> Result<Option<TicketId>> {
    let found = t::table
        .filter(t::customer.eq(Some(customer)).and(t::template_key.eq_any(templates)))
        .order(t::id.desc())
        .select(t::id)
        .first::<i64>(conn);
    Ok(found.optional().or_db()?.map(TicketId))
}
