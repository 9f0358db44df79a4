//! The one door: every change of a ticket passes here, in one transaction.

use std::collections::BTreeMap;

use catalog::{Catalog, Template};
use db::Conn;
use flow::{Effect, Event as FlowEvent, Facts};
use form::Answers;
use kernel::{Ctx, Error, FieldError, Kind, Result, TaskId, TicketId};
use serde_json::{Map, Value, json};

use crate::{
    actions::{self, Action, Case, Needs},
    explain,
    fact::{Event, Fact, follow, replay},
    policy::{self, Scope},
    sql,
    ticket::{Status, Ticket},
};

/// The topic of the job that each event leaves: `{"ticket_id", "seq"}`, in order per ticket.
pub const TOPIC_EVENT: &str = "ticket.event";

/// The key under which [`Facts`] hold everybody who can be given work.
pub(crate) const MEMBERS: &str = "*";

/// What the house knows and tickets need.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The templates.
    pub catalog: Catalog,
    /// The organisation's zone, in minutes east of UTC.
    pub zone_minutes: i64,
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// The action's name.
    pub verb: &'a str,
    /// What its dialog was answered.
    pub input: &'a Map<String, Value>,
    /// The version that was seen, if a newer one must not be overwritten.
    pub expects: Option<i64>,
    /// The task that the button belongs to: an older round's button acts no more.
    pub on: Option<TaskId>,
}

impl<'a> Command<'a> {
    /// A command without conditions.
    pub fn new(verb: &'a str, input: &'a Map<String, Value>) -> Self {
        Self { verb, input, expects: None, on: None }
    }
}

/// Changes a ticket.
///
/// # Errors
/// `ticket.not_found` also when the actor may not see it; `ticket.changed` when `expects` is not
/// its version; `field_invalid` for the input; otherwise why it cannot be, in words for the asker.
pub fn act(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    id: TicketId,
    command: &Command<'_>,
) -> Result<Ticket> {
    let ticket = sql::get(conn, id)?;
    if !Scope::of(&ctx.actor).covers(&ticket) {
        return Err(sql::not_found(id));
    }
    if command.expects.is_some_and(|version| version != ticket.version) {
        let detail = format!("工单已更新到第 {} 版，请刷新后再操作", ticket.version);
        return Err(Error::new(Kind::Conflict, "ticket.changed", detail));
    }
    let action = actions::find(command.verb)?;
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    if command.on.is_some_and(|task| !is_open(&ticket, task)) {
        return Err(explain::refusal(conn, setup, ctx, &ticket, (action, command.on))?);
    }
    let facts = look_up(conn, &template, action.needs(), &ticket)?;
    let case = Case { ctx, ticket: &ticket, flow: &template.flow, facts: &facts };
    if !action.allows(&case) {
        return Err(explain::refusal(conn, setup, ctx, &ticket, (action, command.on))?);
    }
    let input = checked(action, command.input)?;
    policy::check_files(conn, &ctx.actor, &action.files(&input))?;
    let change = action.apply(&case, &input)?;
    let mut all = change.facts;
    if let Some(event) = change.flow {
        match flow::step(&template.flow, &ticket.flow, &event, &facts) {
            Ok((state, effects)) => {
                all.push(Fact::Stepped { state });
                all.extend(facts_of(ctx, Some(&ticket), &event, effects));
            }
            Err(flow::Refused::Same) => {
                let to = receiver(&event);
                return Err(explain::same_handler(conn, &ticket, to)?);
            }
            Err(_refused) => {
                return Err(explain::refusal(conn, setup, ctx, &ticket, (action, command.on))?);
            }
        }
    }
    all.extend(change.after);
    commit(conn, ctx, id, Some(ticket), action.name(), all)
}

/// To whom the work was to go.
fn receiver(event: &FlowEvent) -> &str {
    match event {
        FlowEvent::Transfer { to, .. } => to,
        _ => "",
    }
}

fn is_open(ticket: &Ticket, task: TaskId) -> bool {
    ticket.open_tasks().any(|open| open.id == task)
}

fn checked(action: &dyn Action, input: &Map<String, Value>) -> Result<Answers> {
    form::check(&action.input(), input).map_err(refused_fields)
}

/// A form's problems as the house's error.
pub(crate) fn refused_fields(problems: Vec<form::Problem>) -> Error {
    let field =
        |one: form::Problem| FieldError { path: one.path, code: one.code, detail: one.detail };
    Error::invalid(problems.into_iter().map(field).collect())
}

/// Who can do what may open next.
pub(crate) fn look_up(
    conn: &mut Conn,
    template: &Template,
    needs: Needs,
    ticket: &Ticket,
) -> Result<Facts> {
    let mut candidates = BTreeMap::new();
    match needs {
        Needs::Nothing => {}
        Needs::Members => {
            candidates.insert(MEMBERS.to_owned(), everybody(conn)?);
        }
        Needs::NextSteps => {
            for run in &ticket.flow.steps {
                if let Some(next) = template.flow.after(&run.key) {
                    candidates.insert(next.key.clone(), who_does(conn, next)?);
                }
            }
        }
        Needs::EveryStep => {
            for step in &template.flow.steps {
                candidates.insert(step.key.clone(), who_does(conn, step)?);
            }
        }
    }
    Ok(Facts { candidates })
}

pub(crate) fn who_does(conn: &mut Conn, step: &flow::Step) -> Result<Vec<String>> {
    let flow::Assign::Group { key } = &step.assign;
    match org::find_group(conn, key)? {
        Some(_group) => {
            Ok(org::group_members(conn, key)?.into_iter().map(|member| member.userid).collect())
        }
        None => everybody(conn),
    }
}

fn everybody(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(org::visible_members(conn)?.into_iter().map(|member| member.userid).collect())
}

/// What the flow's effects make true.
pub(crate) fn facts_of(
    ctx: &Ctx,
    ticket: Option<&Ticket>,
    event: &FlowEvent,
    effects: Vec<Effect>,
) -> Vec<Fact> {
    let open = ticket.into_iter().flat_map(Ticket::open_tasks);
    let mut tasks: BTreeMap<(String, u32), TaskId> =
        open.map(|task| ((task.step.clone(), task.round), task.id)).collect();
    let doer = match event {
        FlowEvent::Complete { by, .. } => Some(by.clone()),
        _ => None,
    };
    let mut facts = Vec::new();
    for effect in effects {
        match effect {
            Effect::Assign { to, .. } if to.is_empty() => {}
            Effect::Assign { step, round, to } => {
                let task = TaskId::next(&ctx.ids, ctx.now);
                tasks.insert((step.clone(), round), task);
                facts.push(Fact::TaskOpened { task, step, round, handlers: to });
            }
            Effect::Own { step, round, by } => {
                if let Some(&task) = tasks.get(&(step, round)) {
                    facts.push(Fact::TaskOwned { task, by });
                }
            }
            Effect::Close { step, round, is_done } => {
                if let Some(&task) = tasks.get(&(step, round)) {
                    let by = doer.clone().filter(|_by| is_done);
                    facts.push(Fact::TaskClosed { task, is_done, by });
                }
            }
            Effect::Alarm { step } => facts.push(Fact::Alarmed { step }),
            Effect::Finish => facts.push(Fact::Ended { status: Status::Closed }),
        }
    }
    facts
}

/// Saves event, snapshot, tasks and the job that tells the others.
pub(crate) fn commit(
    conn: &mut Conn,
    ctx: &Ctx,
    id: TicketId,
    before: Option<Ticket>,
    verb: &str,
    facts: Vec<Fact>,
) -> Result<Ticket> {
    let seq = before.as_ref().map_or(0, |ticket| ticket.version) + 1;
    let event = Event {
        seq,
        verb: verb.to_owned(),
        actor: ctx.actor.clone(),
        at: ctx.now,
        trace: ctx.trace.clone(),
        facts,
    };
    let is_new = before.is_none();
    let after = follow(before, id, &event)?;
    sql::save(conn, &after, is_new)?;
    sql::log(conn, id, &event)?;
    sql::project(conn, &after, &event)?;
    kernel::crash_point("act.event");
    let body = json!({ "ticket_id": id, "seq": seq }).to_string();
    let (order, once) = (format!("ticket:{id}"), format!("ticket:{id}:{seq}"));
    let told = queue::New {
        topic: TOPIC_EVENT,
        body,
        order_key: Some(&order),
        once_key: Some(&once),
        due_at: ctx.now,
    };
    queue::put(conn, ctx, told)?;
    tracing::info!(ticket = %id, seq, verb, trace = ctx.trace, "ticket changed");
    Ok(after)
}

/// Whether a ticket's log gives its snapshot.
///
/// # Errors
/// `ticket.replay_differs` when it does not; `ticket.not_found`.
pub fn check_replay(conn: &mut Conn, id: TicketId) -> Result<()> {
    let snapshot = sql::get(conn, id)?;
    let replayed = replay(id, &sql::events(conn, id)?)?;
    if snapshot == replayed {
        return Ok(());
    }
    let detail = format!("工单 {} 的快照与事件日志不一致", snapshot.no);
    Err(Error::new(Kind::Bug, "ticket.replay_differs", detail))
}
