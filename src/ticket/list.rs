//! Lists of tickets, always through a [`Scope`].

use db::{Conn, OrDb as _, contains_pattern, diesel, diesel::prelude::*};
use kernel::{Cursor, Limit, Page, Result};

use crate::{
    policy::Scope,
    schema::{ticket_handler as h, ticket_refer as r, ticket_ticket as t},
    sql::from_json,
    ticket::{Status, Ticket},
};

/// Which tickets to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Where they stand.
    pub status: Option<Status>,
    /// By which entry they came.
    pub source: Option<String>,
    /// Which template.
    pub template: Option<String>,
    /// Whose, by external_userid.
    pub customer: Option<String>,
    /// Raised by this member.
    pub creator: Option<String>,
    /// Handled by this member, now or before.
    pub handler: Option<String>,
    /// From this group chat.
    pub chat_id: Option<String>,
    /// Those that have ended, or those that have not.
    pub is_ended: Option<bool>,
    /// Those that name this device.
    pub asset: Option<String>,
    /// Words in the title, or the number.
    pub q: Option<String>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
    /// How long it is.
    pub limit: Limit,
}

/// Tickets, newest change first.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, scope: &Scope, filter: &Filter) -> Result<Page<Ticket>> {
    let handled = |userid: &str| {
        let mine = h::table.filter(h::ticket_id.eq(t::id).and(h::userid.eq(userid.to_owned())));
        diesel::dsl::exists(mine.select(h::task_id))
    };
    let mut query = t::table.into_boxed();
    match scope {
        Scope::All => {}
        Scope::Member(userid) => {
            let own = t::creator.is_not_null().and(t::creator.assume_not_null().eq(userid));
            query = query.filter(own.or(handled(userid)));
        }
        Scope::Customer(id) => query = query.filter(t::customer.eq(Some(id))),
    }
    if let Some(status) = filter.status {
        query = query.filter(t::status.eq(status.word()));
    }
    if let Some(source) = &filter.source {
        query = query.filter(t::source.eq(source));
    }
    if let Some(template) = &filter.template {
        query = query.filter(t::template_key.eq(template));
    }
    if let Some(customer) = &filter.customer {
        query = query.filter(t::customer.eq(Some(customer)));
    }
    if let Some(chat_id) = &filter.chat_id {
        query = query.filter(t::chat_id.eq(Some(chat_id)));
    }
    if let Some(is_ended) = filter.is_ended {
        let running = [Status::Open.word(), Status::Suspended.word()];
        query = match is_ended {
            true => query.filter(t::status.ne_all(running)),
            false => query.filter(t::status.eq_any(running)),
        };
    }
    if let Some(serial_no) = &filter.asset {
        let its = r::ticket_id.eq(t::id).and(r::what.eq("asset"));
        let naming = r::table.filter(its.and(r::external_key.eq(serial_no.clone())));
        query = query.filter(diesel::dsl::exists(naming.select(r::ticket_id)));
    }
    if let Some(creator) = &filter.creator {
        query = query.filter(t::creator.eq(Some(creator)));
    }
    if let Some(userid) = &filter.handler {
        query = query.filter(handled(userid));
    }
    if let Some(q) = &filter.q {
        let title = t::title.like(contains_pattern(q)).escape('\\');
        query = query.filter(title.or(t::no.eq(q)));
    }
    if let Some(Cursor { key, id }) = filter.cursor {
        query = query.filter(t::updated_at.lt(key).or(t::updated_at.eq(key).and(t::id.lt(id))));
    }
    let rows = query
        .order((t::updated_at.desc(), t::id.desc()))
        .limit(filter.limit.probe())
        .select(t::snapshot)
        .load::<String>(conn)
        .or_db()?;
    let tickets = rows.iter().map(|text| from_json(text)).collect::<Result<Vec<Ticket>>>()?;
    Ok(Page::cut(tickets, filter.limit, |one| Cursor { key: one.updated_at.0, id: one.id.0 }))
}

/// The open tickets that a member raised, newest change first.
///
/// # Errors
/// The database's.
pub fn open_of(conn: &mut Conn, userid: &str, most: i64) -> Result<Vec<Ticket>> {
    let rows = t::table
        .filter(t::creator.eq(Some(userid)).and(t::status.eq(Status::Open.word())))
        .order((t::updated_at.desc(), t::id.desc()))
        .limit(most)
        .select(t::snapshot)
        .load::<String>(conn)
        .or_db()?;
    rows.iter().map(|text| from_json(text)).collect()
}
