//! How much time is left for what is at work: measured in the time that the step counts, shown in
//! the time of clocks.

use catalog::Published;
use flow::{Limit, Pace, TimerKind, calendar::WorkTime};
use kernel::{Ctx, Micros, Timestamp, time};
use serde::Serialize;

use crate::{
    act::Setup,
    row::is_paused,
    ticket::{Status, Task, Ticket},
};

/// A deadline is near when no more than this share of its time is left, in thousandths.
const SOON: Micros = 200;

/// How a ticket stands to its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SlaState {
    /// There is time.
    Ok,
    /// There is little.
    Soon,
    /// It has passed.
    Overdue,
    /// The clock stands still.
    Paused,
    /// Nothing at work has a deadline.
    None,
}

/// How much time is left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sla {
    /// How it stands.
    pub state: SlaState,
    /// When the first open task is to be done, or was to be.
    pub due_at: Option<Timestamp>,
    /// Seconds from now until then, negative when it has passed; of a paused one what will be left
    /// when the clock goes on.
    pub left_seconds: Option<i64>,
    /// What share of the step's time is left, from 0 to 1.
    pub share_left: Option<f64>,
    /// Why the clock stands still.
    pub paused_reason: Option<&'static str>,
}

/// How much time is left for what is at work.
pub(super) fn sla(ctx: &Ctx, setup: &Setup, ticket: &Ticket, template: &Published) -> Sla {
    let paused_reason = match ticket.status {
        Status::Suspended => Some("工单已挂起"),
        _ if is_paused(ticket) => Some("等待客户补充资料"),
        _ => None,
    };
    let none = Sla {
        state: SlaState::None,
        due_at: None,
        left_seconds: None,
        share_left: None,
        paused_reason,
    };
    let limit_of = |step: &str| template.flow.step(step)?.work()?.limit.as_ref();
    let first = ticket.open_tasks().filter_map(|task| Some((task.due_at?, task)));
    if let Some((due_at, task)) = first.min_by_key(|(due_at, _task)| *due_at) {
        let parts = setup.catalog.parts();
        let named = template.calendar.as_ref().and_then(|key| parts.calendars.get(key));
        let work_time = named.map_or(&*setup.work_time, |(_calendar, work_time)| work_time);
        let share = limit_of(&task.step)
            .map(|limit| share(ticket, limit, left(ctx.now, limit.pace, due_at, work_time)));
        let state = match share {
            _ if due_at <= ctx.now => SlaState::Overdue,
            Some(..=SOON) => SlaState::Soon,
            _ => SlaState::Ok,
        };
        let left_seconds = Some(due_at.since(ctx.now) / time::SECOND);
        let due_at = Some(due_at);
        return Sla { state, due_at, left_seconds, share_left: share.map(fraction), ..none };
    }
    let is_at_work = |step: &str| ticket.open_tasks().any(|task: &Task| task.step == step);
    let timers = ticket.flow.timers.iter();
    let paused = timers.filter(|one| one.kind == TimerKind::Deadline && is_at_work(&one.step));
    let Some((left, timer)) =
        paused.filter_map(|timer| Some((timer.left?, timer))).min_by_key(|(left, _timer)| *left)
    else {
        let state = if paused_reason.is_some() { SlaState::Paused } else { SlaState::None };
        return Sla { state, ..none };
    };
    Sla {
        state: SlaState::Paused,
        left_seconds: Some(left / time::SECOND),
        share_left: limit_of(&timer.step).map(|limit| fraction(share(ticket, limit, left))),
        ..none
    }
}

/// How much of the time that counts is left until then.
fn left(now: Timestamp, pace: Pace, due_at: Timestamp, work_time: &WorkTime) -> Micros {
    match pace {
        _ if due_at <= now => 0,
        Pace::Calendar => due_at.since(now),
        Pace::Working => work_time.working_between(now, due_at),
    }
}

/// What is left of a limit, in thousandths of it.
fn share(ticket: &Ticket, limit: &Limit, left: Micros) -> Micros {
    let total = Micros::from(limit.minutes_of(ticket.priority.flow_rank())) * time::MINUTE;
    (left.saturating_mul(1000) / total.max(1)).clamp(0, 1000)
}

fn fraction(thousandths: Micros) -> f64 {
    f64::from(i32::try_from(thousandths).unwrap_or_default()) / 1000.0
}
