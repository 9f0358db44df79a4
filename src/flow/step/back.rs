//! Moves against the stream: return and back again, take back, jump, reopen.

use super::{Entry, Move};
use crate::{
    definition::{Kind, Sign},
    event::{Logged, Refused},
    plan::At,
    state::{LaneState, Returned, Slot, SlotState, StepState},
};

impl Move<'_> {
    /// Whether a step is an earlier one on the way to another: done, and in no lane that the
    /// other is not in, but for branches that were gone to their end.
    pub(super) fn check_way(&self, to: At, from: At) -> Result<(), Refused> {
        if to >= from || self.work(to).is_err() || self.run(to).state != StepState::Done {
            return Err(Refused::NotOnTheWay);
        }
        let around: Vec<_> = self.plan.around(from).collect();
        let is_closed = |&(block, lane): &(At, usize)| {
            let was_gone = !self.plan.is_parallel(block)
                && self.run(block).state == StepState::Done
                && self.run(block).lanes.get(lane) == Some(&LaneState::Done);
            !around.contains(&(block, lane)) && !was_gone
        };
        match self.plan.around(to).find(is_closed) {
            Some(_block) => Err(Refused::BranchClosed),
            None => Ok(()),
        }
    }

    /// The nearest step on the way to another.
    pub(super) fn before(&self, from: At) -> Option<At> {
        (0..from).rev().find(|&to| self.check_way(to, from).is_ok())
    }

    /// Back to a step on the way, to whoever did it.
    pub(super) fn go_back(&mut self, to: At, from: At, by: Option<&str>) {
        let (target, source) = (self.run(to), self.run(from));
        let is_pool = self.work(to).is_ok_and(|work| work.sign == Sign::Any);
        let done = target.slots.iter().rev();
        let mut done = done.filter(|slot| slot.state == SlotState::Done && !slot.is_advice);
        let doer = done.next().and_then(|slot| slot.owner.clone()).filter(|_doer| is_pool);
        let returned = by.map(|by| Returned {
            from: source.key.clone(),
            by: by.to_owned(),
            is_straight: false,
        });
        let from = source.key.clone();
        let entry = Entry { to: doer.map(|doer| vec![doer]), returned, ..Entry::forced(to) };
        self.move_to(entry);
        self.log(to, Logged::Returned { from });
    }

    /// Opens a step wherever it is; what was at work in the same lane is closed first.
    pub(super) fn move_to(&mut self, entry: Entry) {
        let at = entry.at;
        let scope = self.plan.scope(at, |block| self.run(block).is_active());
        let around: Vec<_> = self.plan.around(at).collect();
        self.shut_all(scope.clone(), |one| around.iter().any(|&(block, _lane)| block == one));
        for later in at + 1..scope.end {
            let run = self.run_mut(later);
            if run.state != StepState::Waiting {
                run.was = Some(run.state);
                run.state = StepState::Waiting;
            }
        }
        for &(block, lane) in around.iter().rev() {
            self.enter(block, lane);
        }
        self.todo.push(entry);
    }

    /// Sees to it that a block is open and that this lane of it is being gone.
    fn enter(&mut self, block: At, lane: usize) {
        if !self.run(block).is_active() {
            self.begin(block);
        }
        let is_parallel = self.plan.is_parallel(block);
        let run = self.run_mut(block);
        run.state = StepState::Open;
        for (n, state) in run.lanes.iter_mut().enumerate() {
            if n == lane {
                *state = LaneState::Open;
            } else if !is_parallel {
                *state = LaneState::Untaken;
            }
        }
    }

    /// Whether the way straight back to a step leads into no lane that was closed.
    pub(super) fn check_straight(&self, at: At, from: At) -> Result<(), Refused> {
        let around: Vec<_> = self.plan.around(at).collect();
        let is_closed =
            |place: &(At, usize)| self.plan.is_parallel(place.0) && !around.contains(place);
        match self.plan.around(from).find(is_closed) {
            Some(_block) => Err(Refused::BranchClosed),
            None => Ok(()),
        }
    }

    /// Done, and straight back to who returned it; what lies between stays as it was done.
    pub(super) fn go_straight(&mut self, at: At, returned: &Returned) {
        let Some(from) = self.plan.find(&returned.from) else { return self.done(at) };
        self.shut(at, StepState::Done);
        let around: Vec<_> = self.plan.around(from).collect();
        let left: Vec<_> = self.plan.around(at).filter(|place| !around.contains(place)).collect();
        for (block, lane) in left {
            if let Some(lane) = self.run_mut(block).lanes.get_mut(lane) {
                *lane = LaneState::Done;
            }
            self.join(block);
        }
        for between in at + 1..from {
            let run = self.run_mut(between);
            if let Some(was) = run.was.take() {
                run.state = was;
            }
        }
        for &(block, lane) in around.iter().rev() {
            self.enter(block, lane);
        }
        let to = Some(vec![returned.by.clone()]);
        self.todo.push(Entry { to, ..Entry::forced(from) });
    }

    /// 拿回: possible while nobody has touched what followed.
    pub(super) fn take_back(&mut self, step: &str, by: &str) -> Result<(), Refused> {
        let at = self.find(step)?;
        self.work(at)?;
        if self.run(at).state == StepState::Open {
            return self.take_back_open(at, by);
        }
        let run = self.run(at);
        if run.state != StepState::Done {
            return Err(Refused::Closed);
        }
        let is_his = |slot: &crate::state::Slot| {
            slot.state == SlotState::Done && slot.owner.as_deref() == Some(by)
        };
        if !run.slots.iter().any(is_his) {
            return Err(Refused::NotHandler);
        }
        for (block, lane) in self.plan.around(at) {
            let block_run = self.run(block);
            let was_gone = !self.plan.is_parallel(block)
                && block_run.state == StepState::Done
                && block_run.lanes.get(lane) == Some(&LaneState::Done);
            if block_run.state != StepState::Open && !was_gone {
                return Err(Refused::BranchClosed);
            }
        }
        let scope = self.plan.scope(at, |block| self.run(block).is_active());
        let closed = run.closed;
        let mut later = scope.filter(|&one| one != at && self.run(one).opened > closed);
        if later.any(|one| !self.can_be_undone(one)) {
            return Err(Refused::TooLate);
        }
        self.move_to(Entry { to: Some(vec![by.to_owned()]), ..Entry::forced(at) });
        Ok(())
    }

    /// At a step that is still at work: what he handed on comes back to him, what he claimed goes
    /// back to all who could.
    fn take_back_open(&mut self, at: At, by: &str) -> Result<(), Refused> {
        if self.run(at).asked.is_some() {
            return Err(Refused::TooLate);
        }
        let is_handed_on = |slot: &&Slot| slot.from.as_deref() == Some(by);
        let handed_on = self.run(at).open_slots().find(is_handed_on).map(|slot| slot.n);
        if let Some(n) = handed_on {
            if !self.facts.can_work(by) {
                return Err(Refused::CannotWork);
            }
            return self.replace(at, n, Slot::of(0, by));
        }
        let is_claimed =
            |slot: &&Slot| slot.owner.as_deref() == Some(by) && slot.handlers.len() > 1;
        let claimed = self.run(at).open_slots().find(is_claimed).cloned();
        let Slot { n, handlers, .. } = claimed.ok_or(Refused::Closed)?;
        self.replace(at, n, Slot::new(0, handlers))
    }

    /// Whether a step that opened later may be taken back: nobody worked, no machine ran.
    fn can_be_undone(&self, at: At) -> bool {
        let run = self.run(at);
        match self.plan.node(at).step.kind {
            Kind::Task(_) | Kind::Approval(_) => {
                run.state == StepState::Skipped || {
                    run.is_active() && !run.is_revising && self.is_untouched(at)
                }
            }
            Kind::Action(_) | Kind::Subtickets(_) => run.state == StepState::Skipped,
            Kind::Wait(_) => run.state != StepState::Done,
            Kind::Cc(_) | Kind::Notify(_) | Kind::Branch(_) | Kind::Parallel(_) => true,
        }
    }

    /// 人工介入
    pub(super) fn jump(&mut self, to: &str, reason: &str) -> Result<(), Refused> {
        let at = self.find(to)?;
        if reason.trim().is_empty() {
            return Err(Refused::ReasonMissing);
        }
        self.move_to(Entry::forced(at));
        self.log(at, Logged::Jumped { reason: reason.to_owned() });
        Ok(())
    }

    /// 重启: the steps that were cut off, or else the one that was done last.
    pub(super) fn reopen(&mut self) -> Result<(), Refused> {
        let cut = std::mem::take(&mut self.state.cut);
        let mut places: Vec<_> = cut.iter().filter_map(|key| self.plan.find(key)).collect();
        if places.is_empty() {
            let is_done = |at: &At| {
                self.plan.node(*at).lanes.is_empty() && self.run(*at).state == StepState::Done
            };
            let done: Vec<_> = (0..self.plan.len()).filter(is_done).collect();
            let worked = done.iter().copied().filter(|&at| self.work(at).is_ok());
            let last = worked.max_by_key(|&at| self.run(at).closed);
            let last = last.or_else(|| done.iter().copied().max_by_key(|&at| self.run(at).closed));
            // A state of before closings were counted: the last step that was ever opened.
            let opened = (0..self.plan.len()).rev().find(|&at| self.run(at).round > 0);
            places.push(last.or(opened).ok_or(Refused::NoStep)?);
        }
        self.state.is_ended = false;
        for &at in &places {
            let around: Vec<_> = self.plan.around(at).collect();
            for &(block, lane) in around.iter().rev() {
                self.reenter(block, lane);
            }
        }
        self.todo.extend(places.into_iter().rev().map(Entry::forced));
        Ok(())
    }

    /// Opens an ended block again as it was left.
    fn reenter(&mut self, block: At, lane: usize) {
        let lanes = self.run(block).lanes.clone();
        if !self.run(block).is_active() {
            self.begin(block);
            self.run_mut(block).lanes = lanes;
        }
        if let Some(state) = self.run_mut(block).lanes.get_mut(lane) {
            *state = LaneState::Open;
        }
    }
}
