//! What the flow's effects make true, and what is put into the queue for them.

use std::collections::BTreeMap;

use db::Conn;
use flow::{
    Closed, Effect, Event as FlowEvent, Flow, Outcome, Refused, State, Step, Timer, TimerKind,
};
use kernel::{Ctx, Error, Result, TaskId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    act::{self, Setup},
    fact::{Event, Fact},
    sql,
    ticket::{Status, Ticket},
};

/// The topic of the jobs by which a ticket's timers fire.
pub const TOPIC_TIMER: &str = "ticket.timer";

/// What the flow's effects make true; `way` is the flow, and where it is after them.
pub(crate) fn facts_of(
    ctx: &Ctx,
    ticket: Option<&Ticket>,
    way: (&Flow, &State),
    effects: Vec<Effect>,
) -> Vec<Fact> {
    let open = ticket.into_iter().flat_map(Ticket::open_tasks);
    let mut tasks: BTreeMap<(String, u32, u32), TaskId> =
        open.map(|task| ((task.step.clone(), task.round, task.slot), task.id)).collect();
    let mut facts = Vec::new();
    for effect in effects {
        match effect {
            Effect::OpenTask { step, round, slot, to, owner } => {
                let task = TaskId::next(&ctx.ids, ctx.now);
                tasks.insert((step.clone(), round, slot), task);
                let is_approval = is_approval(way, &step);
                let handlers = to;
                facts.push(Fact::TaskOpened { task, step, round, slot, handlers, is_approval });
                facts.extend(owner.map(|by| Fact::TaskOwned { task, by }));
            }
            Effect::OwnTask { step, round, slot, by } => {
                let task = tasks.get(&(step, round, slot));
                facts.extend(task.map(|&task| Fact::TaskOwned { task, by }));
            }
            Effect::CloseTask { step, round, slot, how, by } => {
                let is_done = how != Closed::Cancelled;
                let task = tasks.get(&(step, round, slot));
                facts.extend(task.map(|&task| Fact::TaskClosed { task, is_done, by }));
            }
            Effect::Alarm { step, why, .. } => facts.push(Fact::Alarmed { step, why }),
            Effect::End { how } => {
                let status =
                    if how == Outcome::Finished { Status::Closed } else { Status::Cancelled };
                facts.push(Fact::Ended { status });
            }
            Effect::SetTimer { timer } => facts.push(Fact::TimerSet { timer }),
            Effect::CancelTimer { step, round, kind, due_at } => {
                facts.push(Fact::TimerDropped { step, round, kind, due_at });
            }
            order => facts.push(Fact::Ordered { effect: Box::new(order) }),
        }
    }
    facts
}

/// Whether the work at a step is a yes or a no: not while its starter amends the ticket.
fn is_approval((flow, state): (&Flow, &State), step: &str) -> bool {
    let is_revising = state.run(step).is_some_and(|run| run.is_revising);
    flow.step(step).is_some_and(Step::is_approval) && !is_revising
}

/// Which timer of which ticket.
#[derive(Debug, Serialize, Deserialize)]
struct Ring {
    ticket_id: TicketId,
    step: String,
    round: u32,
    kind: TimerKind,
}

/// Keeps the queue's timers in step with what an event changed.
pub(crate) fn keep_timers(conn: &mut Conn, ctx: &Ctx, id: TicketId, event: &Event) -> Result<()> {
    for fact in &event.facts {
        match fact {
            Fact::TimerSet { timer } => put_timer(conn, ctx, id, timer)?,
            Fact::TimerDropped { step, round, kind, due_at } => {
                queue::drop_timer(conn, &once_key(id, step, (*round, *kind), *due_at))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn put_timer(conn: &mut Conn, ctx: &Ctx, id: TicketId, timer: &Timer) -> Result<()> {
    let Timer { step, round, kind, due_at, .. } = timer.clone();
    let once = once_key(id, &step, (round, kind), due_at);
    let ring = Ring { ticket_id: id, step, round, kind };
    let body = serde_json::to_string(&ring)
        .map_err(|error| Error::bug("a timer cannot be written").caused_by(error))?;
    let new =
        queue::New { topic: TOPIC_TIMER, body, order_key: None, once_key: Some(&once), due_at };
    queue::put(conn, ctx, new).map(|_put| ())
}

/// The due time is part of it: a ticket that is suspended and goes on sets its timers anew.
pub(crate) fn once_key(
    id: TicketId,
    step: &str,
    (round, kind): (u32, TimerKind),
    due: Timestamp,
) -> String {
    let kind = match kind {
        TimerKind::Remind(n) => format!("remind{n}"),
        TimerKind::Deadline => "deadline".to_owned(),
        TimerKind::Repeat(n) => format!("repeat{n}"),
        TimerKind::Escalate(n) => format!("escalate{n}"),
        TimerKind::Wait => "wait".to_owned(),
        TimerKind::Timeout => "timeout".to_owned(),
        TimerKind::Wake => "wake".to_owned(),
    };
    format!("timer:{id}:{step}:{round}:{kind}:{}", due.0)
}

/// Lets a timer fire whose job has come. A timer that is not the ticket's any more does nothing:
/// says why then, for operators.
///
/// # Errors
/// The job cannot be read; the database's.
pub fn ring(conn: &mut Conn, ctx: &Ctx, setup: &Setup, body: &str) -> Result<Option<Refused>> {
    let ring: Ring = serde_json::from_str(body)
        .map_err(|error| Error::bug("a timer's job cannot be read").caused_by(error))?;
    let Ring { ticket_id, step, round, kind } = ring;
    let ticket = sql::get(conn, ticket_id)?;
    let event = FlowEvent::Fire { step, round, kind };
    let moved = act::advance(conn, ctx, setup, &ticket, &event)?;
    match moved {
        Ok(facts) => {
            let verb = "timer";
            act::commit(conn, ctx, ticket_id, Some(ticket), verb, facts).map(|_after| None)
        }
        Err(refused) => Ok(Some(refused)),
    }
}
