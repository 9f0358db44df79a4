//! Lists of tickets and to-do lists, always through a [`Scope`].

use db::{Conn, OrDb as _, contains_pattern, diesel, diesel::prelude::*};
use kernel::{Cursor, Limit, Page, Result, TaskId};

use crate::{
    policy::Scope,
    schema::{ticket_handler as h, ticket_task as k, ticket_ticket as t},
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

/// Which of a member's to-do lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToDo {
    /// What he took.
    Mine,
    /// What he could take.
    Claimable,
}

/// One row of a to-do list.
#[derive(Clone, Debug)]
pub struct TodoRow {
    /// The task.
    pub task: TaskId,
    /// Its ticket.
    pub ticket: Ticket,
}

/// A member's to-do list: most urgent first, then oldest first.
///
/// # Errors
/// The database's.
pub fn to_do(
    conn: &mut Conn,
    userid: &str,
    which: ToDo,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<TodoRow>> {
    let state = match which {
        ToDo::Mine => "owned",
        ToDo::Claimable => "claimable",
    };
    let mut query = h::table
        .inner_join(t::table.on(t::id.eq(h::ticket_id)))
        .filter(h::userid.eq(userid).and(h::state.eq(state)))
        .select((h::task_id, t::priority, t::snapshot))
        .into_boxed();
    if let Some(Cursor { key, id }) = cursor {
        let rank = i32::try_from(key).unwrap_or_default();
        let after = t::priority.lt(rank).or(t::priority.eq(rank).and(h::task_id.gt(id)));
        query = query.filter(after);
    }
    let rows = query
        .order((t::priority.desc(), h::task_id.asc()))
        .limit(limit.probe())
        .load::<(i64, i32, String)>(conn)
        .or_db()?;
    let rows = rows.into_iter().map(|(task, rank, text)| {
        Ok((rank, TodoRow { task: TaskId(task), ticket: from_json(&text)? }))
    });
    let rows = rows.collect::<Result<Vec<_>>>()?;
    let page =
        Page::cut(rows, limit, |(rank, row)| Cursor { key: i64::from(*rank), id: row.task.0 });
    Ok(page.map(|(_rank, row)| row))
}

/// A piece of work that waits for a member.
pub(crate) struct Waiting {
    /// Its step's key.
    pub(crate) step: String,
    /// Its ticket.
    pub(crate) ticket: Ticket,
}

/// Everything that a member took and has not done.
pub(crate) fn owned_of(conn: &mut Conn, userid: &str) -> Result<Vec<Waiting>> {
    let rows = h::table
        .inner_join(k::table.on(k::id.eq(h::task_id)))
        .inner_join(t::table.on(t::id.eq(h::ticket_id)))
        .filter(h::userid.eq(userid).and(h::state.eq("owned")))
        .select((k::step, t::snapshot))
        .load::<(String, String)>(conn)
        .or_db()?;
    waiting(rows)
}

/// How much a member could take, by template and step.
pub(crate) fn claimable_by_step(
    conn: &mut Conn,
    userid: &str,
) -> Result<Vec<(String, String, i64)>> {
    h::table
        .inner_join(k::table.on(k::id.eq(h::task_id)))
        .inner_join(t::table.on(t::id.eq(h::ticket_id)))
        .filter(h::userid.eq(userid).and(h::state.eq("claimable")))
        .group_by((t::template_key, k::step))
        .select((t::template_key, k::step, diesel::dsl::count_star()))
        .load(conn)
        .or_db()
}

/// What a member could take at one step of a template.
pub(crate) fn claimable_of(
    conn: &mut Conn,
    userid: &str,
    template: &str,
    step: &str,
) -> Result<Vec<Waiting>> {
    let rows = h::table
        .inner_join(k::table.on(k::id.eq(h::task_id)))
        .inner_join(t::table.on(t::id.eq(h::ticket_id)))
        .filter(h::userid.eq(userid).and(h::state.eq("claimable")))
        .filter(t::template_key.eq(template).and(k::step.eq(step)))
        .select((k::step, t::snapshot))
        .load::<(String, String)>(conn)
        .or_db()?;
    waiting(rows)
}

fn waiting(rows: Vec<(String, String)>) -> Result<Vec<Waiting>> {
    let one = |(step, text): (String, String)| Ok(Waiting { step, ticket: from_json(&text)? });
    rows.into_iter().map(one).collect()
}
