//! What happens by itself: reminders, deadlines, ladders, waits.

use kernel::{Micros, Timestamp, time::MINUTE};

use super::Move;
use crate::{
    definition::{Kind, Limit, Overdue, Pace, Rank},
    event::{Effect, Logged, Notice, Outcome, Refused, Trouble},
    plan::At,
    state::{Slot, SlotState, Timer, TimerKind},
};

impl Move<'_> {
    pub(super) fn set_timer(&mut self, at: At, kind: TimerKind, pace: Pace, minutes: u32) {
        let (step, round) = self.name(at);
        let span = Micros::from(minutes) * MINUTE;
        let due_at = self.early(kind, self.facts.due(pace, self.now, span));
        let left = self.is_paused(at).then_some(span);
        self.keep_timer(Timer { step, round, kind, due_at, pace, left });
    }

    /// A reminder may come earlier than it was set, but not before now.
    fn early(&self, kind: TimerKind, due_at: Timestamp) -> Timestamp {
        match kind {
            TimerKind::Remind(_) => due_at.plus(-self.facts.earlier(due_at)).max(self.now),
            _ => due_at,
        }
    }

    fn keep_timer(&mut self, timer: Timer) {
        if timer.left.is_none() {
            self.effects.push(Effect::SetTimer { timer: timer.clone() });
        }
        self.state.timers.push(timer);
    }

    /// Whether time stands still for a step.
    fn is_paused(&self, at: At) -> bool {
        self.state.suspended_at.is_some() || self.run(at).asked.is_some()
    }

    pub(super) fn set_limit(&mut self, at: At, limit: &Limit) {
        let total = limit.minutes_of(self.facts.rank());
        for (n, before) in (0..).zip(&limit.remind) {
            if let Some(minutes) = total.checked_sub(*before) {
                self.set_timer(at, TimerKind::Remind(n), limit.pace, minutes);
            }
        }
        self.set_timer(at, TimerKind::Deadline, limit.pace, total);
    }

    /// The ticket is more or less urgent than it was: what is still to come of its deadlines moves
    /// by the difference, at the earliest to now.
    pub(super) fn rerank(&mut self, from: Rank) {
        let to = self.facts.rank();
        let mut timers = self.state.timers.clone();
        let mut told = Vec::new();
        for timer in &mut timers {
            if !matches!(timer.kind, TimerKind::Remind(_) | TimerKind::Deadline) {
                continue;
            }
            let step = self.plan.find(&timer.step).map(|at| self.plan.node(at).step);
            let Some(limit) = step.and_then(|step| step.work()?.limit.as_ref()) else { continue };
            let (was, is) = (limit.minutes_of(from), limit.minutes_of(to));
            let moved = (Micros::from(is) - Micros::from(was)) * MINUTE;
            if moved == 0 {
                continue;
            }
            if let Some(left) = &mut timer.left {
                *left += moved;
                continue;
            }
            told.push(cancel(timer));
            let left = self.facts.left(timer.pace, self.now, timer.due_at) + moved;
            timer.due_at = self.facts.due(timer.pace, self.now, left.max(0));
            told.push(Effect::SetTimer { timer: timer.clone() });
        }
        self.state.timers = timers;
        self.effects.extend(told);
    }

    pub(super) fn drop_timers(&mut self, at: At) {
        let key = &self.state.steps.get(at).map(|run| run.key.clone()).unwrap_or_default();
        self.drop_timers_where(|timer| timer.step == *key);
    }

    pub(super) fn drop_wake(&mut self) {
        self.drop_timers_where(|timer| timer.kind == TimerKind::Wake);
    }

    fn drop_timers_where(&mut self, is_it: impl Fn(&Timer) -> bool) {
        if !self.state.timers.iter().any(&is_it) {
            return;
        }
        for timer in std::mem::take(&mut self.state.timers) {
            if !is_it(&timer) {
                self.state.timers.push(timer);
            } else if timer.left.is_none() {
                self.effects.push(cancel(&timer));
            }
        }
    }

    /// Lets the timers of a step belong to its new round.
    pub(super) fn carry_timers(&mut self, at: At) {
        let (step, round) = self.name(at);
        let mut told = Vec::new();
        for timer in &mut self.state.timers {
            if timer.step == step && timer.round != round {
                if timer.left.is_none() {
                    told.push(cancel(timer));
                }
                timer.round = round;
                if timer.left.is_none() {
                    told.push(Effect::SetTimer { timer: timer.clone() });
                }
            }
        }
        self.effects.extend(told);
    }

    /// Lets time stand still for those timers.
    pub(super) fn pause(&mut self, is_it: impl Fn(&Timer) -> bool) {
        let mut told = Vec::new();
        for timer in &mut self.state.timers {
            if timer.left.is_none() && is_it(timer) {
                timer.left = Some(self.facts.left(timer.pace, self.now, timer.due_at).max(0));
                told.push(cancel(timer));
            }
        }
        self.effects.extend(told);
    }

    /// Lets time go on, where nothing else keeps it.
    pub(super) fn unpause(&mut self) {
        let is_asked = |timer: &Timer| {
            self.state.steps.iter().any(|run| run.key == timer.step && run.asked.is_some())
        };
        let mut timers = self.state.timers.clone();
        let mut told = Vec::new();
        for timer in &mut timers {
            let Some(left) = timer.left.filter(|_left| !is_asked(timer)) else { continue };
            timer.left = None;
            timer.due_at = self.facts.due(timer.pace, self.now, left.max(0));
            told.push(Effect::SetTimer { timer: timer.clone() });
        }
        self.state.timers = timers;
        self.effects.extend(told);
    }

    /// A timer's time has come.
    pub(super) fn fire(&mut self, step: &str, round: u32, kind: TimerKind) -> Result<(), Refused> {
        let is_it = |t: &Timer| t.step == step && t.round == round && t.kind == kind;
        let n = self.state.timers.iter().position(is_it).ok_or(Refused::Stale)?;
        if self.state.timers.get(n).is_none_or(|t| t.left.is_some() || t.due_at > self.now) {
            return Err(Refused::NotDue);
        }
        self.state.timers.remove(n);
        if kind == TimerKind::Wake {
            self.go_on();
            return Ok(());
        }
        let at = self.find(step)?;
        if let (TimerKind::Wait, Kind::Wait(_)) = (kind, &self.plan.node(at).step.kind) {
            self.done(at);
        } else if kind == TimerKind::Timeout {
            self.hold(at, Trouble::ActionFailed);
        } else if let Some(limit) = self.work(at)?.limit.as_ref() {
            self.fire_limit(at, limit, kind)?;
        }
        Ok(())
    }

    fn fire_limit(&mut self, at: At, limit: &Limit, kind: TimerKind) -> Result<(), Refused> {
        match kind {
            TimerKind::Remind(_) => self.tell_handlers(at, Notice::Reminder),
            TimerKind::Deadline => {
                self.log(at, Logged::Overdue);
                self.tell_handlers(at, Notice::Overdue);
                self.next_rung(at, limit, 0);
                self.next_repeat(at, limit, 1);
                return self.overdue(at, limit);
            }
            TimerKind::Repeat(n) => {
                self.tell_handlers(at, Notice::Overdue);
                self.next_repeat(at, limit, n.saturating_add(1));
            }
            TimerKind::Escalate(n) => return self.escalate(at, limit, n),
            TimerKind::Wait | TimerKind::Timeout | TimerKind::Wake => {}
        }
        Ok(())
    }

    fn next_rung(&mut self, at: At, limit: &Limit, n: u32) {
        if let Some(rung) = usize::try_from(n).ok().and_then(|n| limit.escalate.get(n)) {
            self.set_timer(at, TimerKind::Escalate(n), limit.pace, rung.minutes);
        }
    }

    fn next_repeat(&mut self, at: At, limit: &Limit, n: u32) {
        if let Some(repeat) = limit.repeat.filter(|repeat| n <= repeat.most) {
            self.set_timer(at, TimerKind::Repeat(n), limit.pace, repeat.minutes);
        }
    }

    fn tell_handlers(&mut self, at: At, what: Notice) {
        let mut to = Vec::new();
        for slot in self.run(at).open_slots() {
            let people = slot.owner.as_ref().map_or(slot.handlers.as_slice(), std::slice::from_ref);
            to.extend(people.iter().cloned());
        }
        if !to.is_empty() {
            let (step, round) = self.name(at);
            self.effects.push(Effect::Notify { step, round, what, to });
        }
    }

    fn escalate(&mut self, at: At, limit: &Limit, n: u32) -> Result<(), Refused> {
        self.next_rung(at, limit, n.saturating_add(1));
        let Some(rung) = usize::try_from(n).ok().and_then(|n| limit.escalate.get(n)) else {
            return Ok(());
        };
        let to = self.people(self.plan.node(at).step, &rung.to);
        let (step, round) = self.name(at);
        if to.is_empty() {
            self.effects.push(Effect::Alarm { step, round, why: Trouble::NobodyAbove });
            return Ok(());
        }
        let what = Notice::Escalation { rung: n };
        self.effects.push(Effect::Notify { step, round, what, to: to.clone() });
        if rung.take_over { self.renew(at, vec![Slot::new(0, to)]) } else { Ok(()) }
    }

    fn overdue(&mut self, at: At, limit: &Limit) -> Result<(), Refused> {
        match &limit.overdue {
            None => {}
            Some(Overdue::Pass) => self.pass(at),
            Some(Overdue::Reject) => {
                let work = self.work(at)?;
                self.reject(at, work);
            }
            Some(Overdue::End) => self.end(Outcome::Expired),
            Some(Overdue::Transfer { to }) => {
                let to = self.people(self.plan.node(at).step, to);
                if !to.is_empty() {
                    return self.renew(at, vec![Slot::new(0, to)]);
                }
                let (step, round) = self.name(at);
                self.effects.push(Effect::Alarm { step, round, why: Trouble::NobodyAbove });
            }
        }
        Ok(())
    }

    /// A suspended ticket goes on.
    pub(super) fn go_on(&mut self) {
        self.drop_wake();
        self.state.suspended_at = None;
        self.unpause();
    }

    /// Whether nobody has touched a step's work yet.
    pub(super) fn is_untouched(&self, at: At) -> bool {
        self.run(at).slots.iter().all(|slot| match slot.state {
            SlotState::Waiting => true,
            SlotState::Open => slot.owner.is_none() || slot.handlers.len() == 1,
            SlotState::Done | SlotState::Rejected | SlotState::Cancelled => false,
        })
    }
}

fn cancel(timer: &Timer) -> Effect {
    let (step, round) = (timer.step.clone(), timer.round);
    Effect::CancelTimer { step, round, kind: timer.kind, due_at: timer.due_at }
}
