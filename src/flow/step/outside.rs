//! What comes from outside the people at work: the customer, other tickets, machines, the clock.

use kernel::Timestamp;

use super::Move;
use crate::{
    definition::{ChildMode, Kind, Pace, Verb},
    event::{Effect, Notice, Refused, Trouble},
    plan::At,
    state::{Asked, SlotState, StepState, Timer, TimerKind},
};

impl Move<'_> {
    pub(super) fn suspend(&mut self, until: Option<Timestamp>) -> Result<(), Refused> {
        self.pause(|_timer| true);
        self.state.suspended_at = Some(self.now);
        if let Some(due_at) = until {
            let (kind, pace) = (TimerKind::Wake, Pace::Calendar);
            let timer = Timer { step: String::new(), round: 0, kind, due_at, pace, left: None };
            self.effects.push(Effect::SetTimer { timer: timer.clone() });
            self.state.timers.push(timer);
        }
        Ok(())
    }

    /// Asks the customer; the step's clock stands still until he answers.
    pub(super) fn ask(&mut self, step: &str, by: &str, fields: &[String]) -> Result<(), Refused> {
        let at = self.find(step)?;
        self.slot_of(at, by)?;
        if self.run(at).is_revising || !self.work(at)?.allows(Verb::AskCustomer) {
            return Err(Refused::WrongVerb);
        }
        if self.run(at).asked.is_some() {
            return Err(Refused::Same);
        }
        self.pause(|timer| timer.step == step);
        let id = self.tick();
        let (by, at_now, fields) = (by.to_owned(), self.now, fields.to_vec());
        let asked = Asked { id, by, at: at_now, fields: fields.clone() };
        self.run_mut(at).asked = Some(asked);
        self.effects.push(Effect::AskCustomer { step: step.to_owned(), ask: id, fields });
        Ok(())
    }

    pub(super) fn answered(&mut self, step: &str, ask: u64) -> Result<(), Refused> {
        let at = self.find(step)?;
        let run = self.run_mut(at);
        let asked = run.asked.take_if(|asked| asked.id == ask).ok_or(Refused::Stale)?;
        if self.state.suspended_at.is_none() {
            self.unpause();
        }
        let (step, round) = self.name(at);
        let what = Notice::Answered;
        self.effects.push(Effect::Notify { step, round, what, to: vec![asked.by] });
        Ok(())
    }

    pub(super) fn signal(&mut self, step: &str, name: &str) -> Result<(), Refused> {
        let at = self.find(step)?;
        match &self.plan.node(at).step.kind {
            _ if !self.run(at).is_active() => Err(Refused::Closed),
            Kind::Wait(wait) if wait.signal.as_deref() == Some(name) => {
                self.done(at);
                Ok(())
            }
            _ => Err(Refused::WrongVerb),
        }
    }

    pub(super) fn action_ended(
        &mut self,
        step: &str,
        round: u32,
        is_done: bool,
    ) -> Result<(), Refused> {
        let at = self.in_round(step, round)?;
        if !matches!(self.plan.node(at).step.kind, Kind::Action(_)) {
            return Err(Refused::WrongVerb);
        }
        if is_done {
            self.done(at);
        } else if self.run(at).state == StepState::Open {
            self.drop_timers(at);
            self.hold(at, Trouble::ActionFailed);
        }
        Ok(())
    }

    pub(super) fn child_ended(
        &mut self,
        step: &str,
        round: u32,
        child: usize,
        is_done: bool,
    ) -> Result<(), Refused> {
        let at = self.in_round(step, round)?;
        let Kind::Subtickets(children) = &self.plan.node(at).step.kind else {
            return Err(Refused::WrongVerb);
        };
        let state = self.run_mut(at).children.get_mut(child).ok_or(Refused::NoStep)?;
        if *state != SlotState::Open {
            return Err(Refused::Closed);
        }
        *state = if is_done { SlotState::Done } else { SlotState::Cancelled };
        let all = &self.run(at).children;
        let (is_over, has_done) = (!all.contains(&SlotState::Open), all.contains(&SlotState::Done));
        if has_done && (is_over || children.mode == ChildMode::Any) {
            self.done(at);
        } else if is_over {
            self.hold(at, Trouble::ChildrenFailed);
        }
        Ok(())
    }

    /// A step at work in this very round.
    fn in_round(&self, step: &str, round: u32) -> Result<At, Refused> {
        let at = self.find(step)?;
        let run = self.run(at);
        if !run.is_active() {
            Err(Refused::Closed)
        } else if run.round != round {
            Err(Refused::Stale)
        } else {
            Ok(at)
        }
    }
}
