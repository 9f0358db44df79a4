//! The one door: every change of a ticket passes here, in one transaction.

use std::{collections::BTreeMap, sync::Arc};

use catalog::{Catalog, Published};
use customer::Customer;
use db::Conn;
use flow::{Event as FlowEvent, calendar::WorkTime};
use form::Answers;
use kernel::{Ctx, Error, FieldError, Kind, Result, TaskId, TicketId};
use serde_json::{Map, Value, json};

use crate::{
    actions::{self, Case, Fills},
    answers, deed,
    effect::{facts_of, keep_timers},
    explain,
    fact::{Event, Fact, fill, follow, replay},
    family,
    known::{About, Decided, Known},
    policy::{self, Scope},
    question, refer, sql,
    ticket::Ticket,
};

/// The topic of the job that each event leaves: `{"ticket_id", "seq"}`, in order per ticket.
pub const TOPIC_EVENT: &str = "ticket.event";

/// What the house knows and tickets need.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The templates.
    pub catalog: Catalog,
    /// The organisation's zone, in minutes east of UTC.
    pub zone_minutes: i64,
    /// When it works: the time that counts where a flow counts working time.
    pub work_time: Arc<WorkTime>,
    /// The tags of important customers.
    pub vip_tags: Arc<[String]>,
}

impl Setup {
    /// Whether a customer is important: one who serves him gave him such a tag.
    pub(crate) fn is_vip(&self, customer: &Customer) -> bool {
        let mut tags = customer.follows.iter().flat_map(|follow| &follow.tags);
        tags.any(|tag| self.vip_tags.contains(tag))
    }
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
    let (form, flow) = (template.compiled(), &template.flow);
    let case = Case { ctx, ticket: &ticket, form, flow, on: command.on };
    if !action.allows(&case) {
        return Err(explain::refusal(conn, setup, ctx, &ticket, (action, command.on))?);
    }
    let mut asked = command.input.clone();
    let given = action.fills().and_then(|_part| asked.remove("form"));
    let input = form::check(&action.dialog(&case), &asked).map_err(refused_fields)?;
    policy::check_files(conn, &ctx.actor, &action.files(&input))?;
    let change = action.apply(&case, &input)?;
    let changed = filled(conn, &template, &case, (action.fills(), change.flow.as_ref(), given))?;
    let mut seen = ticket.clone();
    let mut all = Vec::new();
    let is_filled = !changed.is_empty();
    if is_filled {
        all.push(Fact::Filled { changed });
    }
    all.extend(change.facts);
    fill(&mut seen, &all);
    if let Some(event) = change.flow {
        match advance(conn, ctx, setup, &seen, &event)? {
            Ok(facts) => all.extend(facts),
            Err(refused) => {
                let asked = (action, command.on);
                return Err(explain::refused(conn, setup, ctx, &ticket, asked, (&event, refused))?);
            }
        }
    }
    let after = commit(conn, ctx, id, Some(ticket), action.name(), all)?;
    if is_filled {
        refer::keep(conn, &after, form, false)?;
    }
    Ok(after)
}

fn is_open(ticket: &Ticket, task: TaskId) -> bool {
    ticket.open_tasks().any(|open| open.id == task)
}

/// The answers that change with this action.
fn filled(
    conn: &mut Conn,
    template: &Published,
    case: &Case<'_>,
    (part, event, given): (Option<Fills>, Option<&FlowEvent>, Option<Value>),
) -> Result<Answers> {
    let given = match given {
        None => Map::new(),
        Some(Value::Object(given)) => given,
        Some(_other) => {
            return Err(Error::field("form", "wrong_type", "form 须是字段到内容的对象"));
        }
    };
    match (part, event) {
        (Some(Fills::Step(verb)), _) => match case.task(verb) {
            Some(task) => {
                answers::fill(conn, case.ctx, template, (case.ticket, &task.step), &given)
            }
            None => Ok(Answers::new()),
        },
        (Some(Fills::Asked), Some(FlowEvent::Answered { ask, .. })) => {
            match question::asked(case.ticket, *ask) {
                Some((_step, asked)) => {
                    let part = (case.ticket, asked.fields.as_slice());
                    answers::fill_only(conn, case.ctx, template, part, &given)
                }
                None => Ok(Answers::new()),
            }
        }
        _ => Ok(Answers::new()),
    }
}

/// A form's problems as the house's error.
pub(crate) fn refused_fields(problems: Vec<form::Problem>) -> Error {
    let field =
        |one: form::Problem| FieldError { path: one.path, code: one.code, detail: one.detail };
    Error::invalid(problems.into_iter().map(field).collect())
}

/// What an event does to a ticket's flow, as facts, or why nothing happens.
///
/// # Errors
/// Something that the flow asked could not be looked up.
pub(crate) fn advance(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    ticket: &Ticket,
    event: &FlowEvent,
) -> Result<std::result::Result<Vec<Fact>, flow::Refused>> {
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    let known = Known::new(conn, ctx.now, setup, About::from(ticket), &template);
    let moved = flow::step(&template.flow, &ticket.flow, event, &known, ctx.now);
    let decided = known.decided()?;
    let (state, effects) = match moved {
        Ok(moved) => moved,
        Err(refused) => return Ok(Err(refused)),
    };
    let was_suspended = ticket.flow.suspended_at.is_some();
    let is_suspended = state.suspended_at.is_some();
    let opened = facts_of(ctx, Some(ticket), (&template.flow, &state), effects);
    let mut facts = vec![Fact::Stepped { state }];
    facts.extend(opened);
    match (was_suspended, is_suspended) {
        (false, true) => facts.push(Fact::Suspended),
        (true, false) if !facts.iter().any(|f| matches!(f, Fact::Ended { .. })) => {
            facts.push(Fact::Continued);
        }
        _ => {}
    }
    facts.extend(settle(conn, ctx, decided, &facts)?);
    Ok(Ok(facts))
}

/// Writes down the decisions that led to something: the record as a fact, and whose turn it is.
pub(crate) fn settle(
    conn: &mut Conn,
    ctx: &Ctx,
    decided: BTreeMap<String, Decided>,
    facts: &[Fact],
) -> Result<Vec<Fact>> {
    let mut records = Vec::new();
    for (_step, Decided { step, lines, turn, given }) in decided {
        let leads_to_it = |fact: &Fact| match fact {
            Fact::TaskOpened { step: of, .. } | Fact::Alarmed { step: of, .. } => *of == step,
            _ => false,
        };
        if !facts.iter().any(leads_to_it) {
            continue;
        }
        if let Some(turn) = &turn {
            sql::take_turn(conn, turn, ctx.now)?;
        }
        if let Some(userid) = &given {
            sql::give(conn, userid, ctx.now)?;
        }
        records.push(Fact::Decided { step: Some(step), lines });
    }
    Ok(records)
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
    keep_timers(conn, ctx, id, &event)?;
    family::tell(conn, ctx, &after, &event)?;
    deed::order(conn, ctx, id, &event)?;
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
    let mut replayed = replay(id, &sql::events(conn, id)?)?;
    // A snapshot of before tasks knew their deadlines learns of the next one.
    for (task, kept) in replayed.tasks.iter_mut().zip(&snapshot.tasks) {
        task.due_at = task.due_at.filter(|_due_at| kept.due_at.is_some());
    }
    if snapshot == replayed {
        return Ok(());
    }
    let detail = format!("工单 {} 的快照与事件日志不一致", snapshot.no);
    Err(Error::new(Kind::Bug, "ticket.replay_differs", detail))
}
