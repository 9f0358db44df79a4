//! The SQL that saves and loads tickets. Nothing here decides anything.

pub(crate) mod alike;
pub(crate) mod presence;
pub(crate) mod recent;
pub(crate) mod refer;
pub(crate) mod todo;
mod turn;
pub(crate) mod uses;

use db::{Conn, OrDb as _, Unique, diesel, diesel::prelude::*, is_unique};
use flow::TimerKind;
use kernel::{Error, Kind, Result, TicketId, Timestamp};

use crate::{
    fact::{Event, Fact},
    schema::{
        ticket_counter as c, ticket_event as e, ticket_handler as h, ticket_task as k,
        ticket_ticket as t,
    },
    ticket::{Status, TaskState, Ticket},
};

pub(crate) use turn::{Turn, give, last_given, loads, take_turn, turn};

const EVENT_KEY: Unique =
    Unique { name: "PRIMARY", columns: "ticket_event.ticket_id, ticket_event.seq" };

#[derive(Insertable)]
#[diesel(table_name = h)]
struct HandlerRow {
    task_id: i64,
    userid: String,
    ticket_id: i64,
    state: &'static str,
}

/// The refusal that also hides what one may not see.
pub(crate) fn not_found(id: TicketId) -> Error {
    Error::new(Kind::NotFound, "ticket.not_found", format!("没有工单 {id}"))
}

fn changed() -> Error {
    // A clash, so that the whole transaction runs again on the newer state: only there can it be
    // told what the newer state means for the one who asks.
    Error::new(Kind::Busy, db::CLASH, "工单正在被别人更新，请稍后重试")
}

pub(crate) fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::bug("a ticket cannot be written").caused_by(error))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::bug("a stored ticket cannot be read").caused_by(error))
}

/// A ticket.
///
/// # Errors
/// `ticket.not_found`.
pub fn get(conn: &mut Conn, id: TicketId) -> Result<Ticket> {
    let snapshot = t::table.find(id.0).select(t::snapshot).first::<String>(conn);
    match snapshot.optional().or_db()? {
        Some(text) => from_json(&text),
        None => Err(not_found(id)),
    }
}

/// The version that a ticket has now: the number of its last event.
///
/// # Errors
/// `ticket.not_found`.
pub fn version_of(conn: &mut Conn, id: TicketId) -> Result<i64> {
    let found = t::table.find(id.0).select(t::version).first(conn).optional().or_db()?;
    found.ok_or_else(|| not_found(id))
}

/// A ticket by its number.
///
/// # Errors
/// The database's.
pub fn find_by_no(conn: &mut Conn, no: &str) -> Result<Option<Ticket>> {
    let snapshot = t::table.filter(t::no.eq(no)).select(t::snapshot).first::<String>(conn);
    snapshot.optional().or_db()?.map(|text| from_json(&text)).transpose()
}

/// The ids of the next tickets after this one, for checks that walk over all of them.
///
/// # Errors
/// The database's.
pub fn ids_after(conn: &mut Conn, id: TicketId, limit: i64) -> Result<Vec<TicketId>> {
    let ids = t::table.filter(t::id.gt(id.0)).order(t::id.asc()).limit(limit).select(t::id);
    Ok(ids.load::<i64>(conn).or_db()?.into_iter().map(TicketId).collect())
}

/// The next running tickets of a template, of whichever version, oldest first.
pub(crate) fn running_of(
    conn: &mut Conn,
    template: &str,
    after: TicketId,
    most: i64,
) -> Result<Vec<Ticket>> {
    let running = [Status::Open.word(), Status::Suspended.word()];
    let rows = t::table
        .filter(t::template_key.eq(template).and(t::status.eq_any(running)))
        .filter(t::id.gt(after.0))
        .order(t::id.asc())
        .limit(most)
        .select(t::snapshot)
        .load::<String>(conn)
        .or_db()?;
    rows.iter().map(|text| from_json(text)).collect()
}

/// The latest tickets of a template, newest first.
pub(crate) fn latest_of(conn: &mut Conn, template: &str, most: i64) -> Result<Vec<Ticket>> {
    let rows = t::table
        .filter(t::template_key.eq(template))
        .order(t::id.desc())
        .limit(most)
        .select(t::snapshot)
        .load::<String>(conn)
        .or_db()?;
    rows.iter().map(|text| from_json(text)).collect()
}

/// The tickets in whose to-do lists somebody stands, oldest first.
pub(crate) fn with_open_work_of(conn: &mut Conn, userid: &str, most: i64) -> Result<Vec<TicketId>> {
    let open = h::state.eq("owned").or(h::state.eq("claimable"));
    let ids = h::table.filter(h::userid.eq(userid).and(open)).select(h::ticket_id).distinct();
    let ids = ids.order(h::ticket_id.asc()).limit(most).load::<i64>(conn).or_db()?;
    Ok(ids.into_iter().map(TicketId).collect())
}

/// A ticket's log, oldest first.
///
/// # Errors
/// The database's.
pub fn events(conn: &mut Conn, id: TicketId) -> Result<Vec<Event>> {
    log_of(conn, id, None)
}

/// The newest entries of a ticket's log behind a place in it, oldest first: a page that shows some
/// lines need not load the years before them.
///
/// # Errors
/// The database's.
pub fn events_latest(conn: &mut Conn, id: TicketId, after: i64, most: i64) -> Result<Vec<Event>> {
    let columns = (e::seq, e::verb, e::actor, e::at, e::trace, e::facts);
    let rows = e::table.filter(e::ticket_id.eq(id.0).and(e::seq.gt(after)));
    let rows = rows.order(e::seq.desc()).limit(most).select(columns);
    let rows = rows.load::<EventRow>(conn).or_db()?;
    rows.into_iter().rev().map(event_of).collect()
}

/// One entry of a ticket's log.
///
/// # Errors
/// The database's.
pub fn event(conn: &mut Conn, id: TicketId, seq: i64) -> Result<Option<Event>> {
    Ok(log_of(conn, id, Some(seq))?.pop())
}

fn log_of(conn: &mut Conn, id: TicketId, only: Option<i64>) -> Result<Vec<Event>> {
    let mut rows = e::table.filter(e::ticket_id.eq(id.0)).into_boxed();
    if let Some(seq) = only {
        rows = rows.filter(e::seq.eq(seq));
    }
    let columns = (e::seq, e::verb, e::actor, e::at, e::trace, e::facts);
    let rows = rows.order(e::seq.asc()).select(columns);
    let rows = rows.load::<EventRow>(conn).or_db()?;
    rows.into_iter().map(event_of).collect()
}

/// An event as it is stored: seq, verb, actor, time, trace, facts.
pub(crate) type EventRow = (i64, String, String, i64, String, String);

pub(crate) fn event_of((seq, verb, actor, at, trace, facts): EventRow) -> Result<Event> {
    let (actor, facts) = (from_json(&actor)?, from_json(&facts)?);
    Ok(Event { seq, verb, actor, at: Timestamp(at), trace, facts })
}

/// These tickets, as many as there are.
pub(crate) fn get_all(conn: &mut Conn, ids: &[TicketId]) -> Result<Vec<Ticket>> {
    let mut all = Vec::new();
    for some in ids.chunks(500) {
        let rows = t::table.filter(t::id.eq_any(some.iter().map(|id| id.0)));
        let rows = rows.order(t::id.asc()).select(t::snapshot).load::<String>(conn).or_db()?;
        all.extend(rows.iter().map(|text| from_json(text)).collect::<Result<Vec<Ticket>>>()?);
    }
    Ok(all)
}

/// The next number of a day.
pub(crate) fn count_up(conn: &mut Conn, counter: &str) -> Result<i64> {
    for _ in 0..2 {
        let row = c::table.filter(c::counter.eq(counter));
        let up = diesel::update(row).set(c::last_no.eq(c::last_no + 1)).execute(conn).or_db()?;
        if up == 1 {
            return c::table.find(counter).select(c::last_no).first(conn).or_db();
        }
        db::insert_ignore!(conn, c::table, (c::counter.eq(counter), c::last_no.eq(0i64)))?;
    }
    Err(Error::bug("a counter cannot be made"))
}

pub(crate) fn save(conn: &mut Conn, ticket: &Ticket, is_new: bool) -> Result<()> {
    let columns = (
        t::title.eq(&ticket.title),
        t::status.eq(ticket.status.word()),
        t::priority.eq(ticket.priority.rank()),
        t::snapshot.eq(to_json(ticket)?),
        t::updated_at.eq(ticket.updated_at.0),
        t::closed_at.eq(ticket.closed_at.map(|at| at.0)),
        t::version.eq(ticket.version),
    );
    if is_new {
        let born = (
            t::id.eq(ticket.id.0),
            t::no.eq(&ticket.no),
            t::source.eq(&ticket.source),
            t::template_key.eq(&ticket.template.key),
            t::customer.eq(&ticket.customer),
            t::chat_id.eq(&ticket.chat_id),
            t::creator.eq(ticket.creator.userid()),
            t::created_at.eq(ticket.created_at.0),
        );
        diesel::insert_into(t::table).values((born, columns)).execute(conn).or_db()?;
        return Ok(());
    }
    let before = ticket.version - 1;
    let row = t::table.filter(t::id.eq(ticket.id.0).and(t::version.eq(before)));
    match diesel::update(row).set(columns).execute(conn).or_db()? {
        1 => Ok(()),
        _ => Err(changed()),
    }
}

pub(crate) fn log(conn: &mut Conn, id: TicketId, event: &Event) -> Result<()> {
    let row = (
        e::ticket_id.eq(id.0),
        e::seq.eq(event.seq),
        e::verb.eq(&event.verb),
        e::actor.eq(to_json(&event.actor)?),
        e::at.eq(event.at.0),
        e::trace.eq(&event.trace),
        e::facts.eq(to_json(&event.facts)?),
    );
    match diesel::insert_into(e::table).values(row).execute(conn).or_db() {
        Err(error) if is_unique(&error, EVENT_KEY) => Err(changed()),
        other => other.map(|_rows| ()),
    }
}

/// How many tickets of these templates a customer has had.
pub(crate) fn count_of(conn: &mut Conn, customer: &str, templates: &[String]) -> Result<i64> {
    let his =
        t::table.filter(t::customer.eq(Some(customer)).and(t::template_key.eq_any(templates)));
    his.count().get_result(conn).or_db()
}

/// Keeps tasks and to-do lists in step with what an event changed.
pub(crate) fn project(conn: &mut Conn, ticket: &Ticket, event: &Event) -> Result<()> {
    for fact in &event.facts {
        match fact {
            Fact::TaskOpened { task, step, round, handlers, is_approval, .. } => {
                let row = (
                    k::id.eq(task.0),
                    k::ticket_id.eq(ticket.id.0),
                    k::step.eq(step),
                    k::round.eq(i32::try_from(*round).unwrap_or(i32::MAX)),
                    k::state.eq(TaskState::Open.word()),
                    k::opened_at.eq(event.at.0),
                    k::due_at.eq(ticket.task(*task).and_then(|task| task.due_at).map(|at| at.0)),
                    k::is_approval.eq(i32::from(*is_approval)),
                );
                diesel::insert_into(k::table).values(row).execute(conn).or_db()?;
                let rows: Vec<_> = handlers
                    .iter()
                    .map(|userid| HandlerRow {
                        task_id: task.0,
                        userid: userid.clone(),
                        ticket_id: ticket.id.0,
                        state: "claimable",
                    })
                    .collect();
                db::insert_all!(conn, h::table, rows)?;
            }
            Fact::TaskOwned { task, by } => {
                let row = k::table.find(task.0);
                diesel::update(row).set(k::owner.eq(by)).execute(conn).or_db()?;
                handlers(conn, task.0, "taken")?;
                let own = h::table.find((task.0, by.as_str()));
                diesel::update(own).set(h::state.eq("owned")).execute(conn).or_db()?;
            }
            Fact::TaskClosed { task, is_done, by } => {
                let state = if *is_done { TaskState::Done } else { TaskState::Cancelled };
                let row = diesel::update(k::table.find(task.0));
                row.set((k::state.eq(state.word()), k::closed_at.eq(event.at.0)))
                    .execute(conn)
                    .or_db()?;
                if let Some(by) = by {
                    let row = diesel::update(k::table.find(task.0));
                    row.set(k::owner.eq(by)).execute(conn).or_db()?;
                }
                handlers(conn, task.0, "closed")?;
            }
            Fact::TimerSet { timer } if timer.kind == TimerKind::Deadline => {
                put_due(conn, ticket, &timer.step)?;
            }
            Fact::TimerDropped { step, kind: TimerKind::Deadline, .. } => {
                put_due(conn, ticket, step)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Writes down when the open tasks of a step are to be done.
fn put_due(conn: &mut Conn, ticket: &Ticket, step: &str) -> Result<()> {
    for task in ticket.open_tasks().filter(|task| task.step == step) {
        let row = k::table.find(task.id.0);
        let due_at = k::due_at.eq(task.due_at.map(|at| at.0));
        diesel::update(row).set(due_at).execute(conn).or_db()?;
    }
    Ok(())
}

fn handlers(conn: &mut Conn, task: i64, state: &str) -> Result<()> {
    let rows = h::table.filter(h::task_id.eq(task));
    diesel::update(rows).set(h::state.eq(state)).execute(conn).map(|_rows| ()).or_db()
}
