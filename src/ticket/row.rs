//! A ticket as a line of a list: what it is, where it is, whose it is and until when.

use catalog::Published;
use kernel::{Ctx, TicketId, Timestamp};
use serde::Serialize;

use crate::{
    names::Names,
    ticket::{Priority, Status, Task, Ticket},
};

/// The handlers that a line names: of a large claim pool the first.
pub(crate) const HANDLERS_MAX: usize = 20;

/// A ticket as a line of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its id.
    pub id: TicketId,
    /// Its number.
    pub no: String,
    /// What it is about.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// By which entry it came.
    pub source: String,
    /// Its template.
    pub template: TemplateName,
    /// Its customer.
    pub customer: Option<CustomerName>,
    /// The step that it is at: the reader's own, when there are several.
    pub step: Option<StepName>,
    /// Who works on it, or could take it; the first of many.
    pub handlers: Vec<Person>,
    /// When the first of its open tasks is to be done, or was to be.
    pub due_at: Option<Timestamp>,
    /// Whether that has passed.
    pub is_overdue: bool,
    /// Whether the clock stands still: suspended, or everybody waits for the customer.
    pub is_paused: bool,
    /// Whether the reader has work in it now.
    pub is_mine: bool,
    /// When it was raised.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// How often it changed; send it as `If-Match`.
    pub version: i64,
}

/// A template by name.
#[derive(Clone, Debug, Serialize)]
pub struct TemplateName {
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: u32,
    /// What people read.
    pub name: String,
}

/// A customer by name.
#[derive(Clone, Debug, Serialize)]
pub struct CustomerName {
    /// His external_userid.
    pub external_userid: String,
    /// What people call him.
    pub name: String,
}

/// A step by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepName {
    /// Its key.
    pub key: String,
    /// What people read.
    pub name: String,
}

/// A member by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// His userid.
    pub userid: String,
    /// His name.
    pub name: String,
}

/// Who works on a ticket now, or could take it; each once.
pub(crate) fn at_work(ticket: &Ticket) -> impl Iterator<Item = &str> {
    let mut seen = std::collections::BTreeSet::new();
    let people = ticket.open_tasks().flat_map(|task| workers(task).iter().map(String::as_str));
    people.filter(move |userid| seen.insert(*userid))
}

/// Who has a task, or could take it.
pub(crate) fn workers(task: &Task) -> &[String] {
    task.owner.as_ref().map_or(task.handlers.as_slice(), std::slice::from_ref)
}

/// Whether nobody else could do it: somebody took it, or it was for one from the start.
pub(crate) fn is_alone(task: &Task) -> bool {
    workers(task).len() == 1
}

/// When the first of a ticket's open tasks is to be done, or was to be.
pub(crate) fn due_at(ticket: &Ticket) -> Option<Timestamp> {
    ticket.open_tasks().filter_map(|task| task.due_at).min()
}

/// Whether the clock stands still for everything that is at work.
pub(crate) fn is_paused(ticket: &Ticket) -> bool {
    let mut open = ticket.open_tasks().peekable();
    let waits = |task: &Task| ticket.flow.run(&task.step).is_some_and(|run| run.asked.is_some());
    ticket.status == Status::Suspended || open.peek().is_some() && open.all(waits)
}

/// A ticket as a line of a list, for whoever reads it.
pub fn row(ctx: &Ctx, ticket: &Ticket, template: &Published, names: &Names) -> Row {
    let own = ctx.actor.userid().and_then(|userid| ticket.task_for(userid));
    let is_mine = own.is_some_and(is_alone);
    let due_at = due_at(ticket);
    let handlers = at_work(ticket)
        .take(HANDLERS_MAX)
        .map(|userid| Person { userid: userid.to_owned(), name: names.member(userid) });
    let customer = ticket.customer.as_ref().map(|external_userid| CustomerName {
        external_userid: external_userid.clone(),
        name: names.customer(external_userid),
    });
    Row {
        id: ticket.id,
        no: ticket.no.clone(),
        title: ticket.title.clone(),
        status: ticket.status,
        priority: ticket.priority,
        source: ticket.source.clone(),
        template: TemplateName {
            key: ticket.template.key.clone(),
            version: ticket.template.version,
            name: template.name.clone(),
        },
        customer,
        step: current(ticket, template, own),
        handlers: handlers.collect(),
        due_at,
        is_overdue: due_at.is_some_and(|due_at| due_at <= ctx.now),
        is_paused: is_paused(ticket),
        is_mine,
        created_at: ticket.created_at,
        updated_at: ticket.updated_at,
        closed_at: ticket.closed_at,
        version: ticket.version,
    }
}

/// The step of the reader's own task, or of the first one at work, or the first that is not over.
fn current(ticket: &Ticket, template: &Published, own: Option<&Task>) -> Option<StepName> {
    if ticket.is_ended() {
        return None;
    }
    let task = own.or_else(|| ticket.open_tasks().next()).map(|task| task.step.as_str());
    // A block is open while the steps inside it are.
    let innermost = || {
        let mut open = ticket.flow.steps.iter().rev().filter(|run| run.is_active());
        open.next().map(|run| run.key.as_str())
    };
    task.or_else(innermost).map(|key| step_name(template, key))
}

/// A step of a template by name.
pub(crate) fn step_name(template: &Published, key: &str) -> StepName {
    let name = template.flow.step(key).map(|step| step.name.clone());
    StepName { key: key.to_owned(), name: name.unwrap_or_else(|| key.to_owned()) }
}
