//! What people do: every event finds its way here, and every refusal has its reason here.

use super::Move;
use crate::{
    definition::{Verb, Work},
    event::{Closed, Effect, Event, Place, Refused},
    plan::At,
    state::{Slot, SlotState},
};

/// The most signers that a step can wait for at once.
pub(crate) const SIGNERS_MAX: usize = 100;

impl<'a> Move<'a> {
    pub(super) fn take(&mut self, event: &Event) -> Result<(), Refused> {
        match event {
            Event::Claim { step, by } => self.claim(step, by),
            Event::Complete { step, by, choose } => self.yes(step, by, choose, Verb::Complete),
            Event::Approve { step, by, choose } => self.yes(step, by, choose, Verb::Approve),
            Event::Reject { step, by } => {
                let (at, _work) = self.at_work(step, Verb::Reject)?;
                self.decide(at, by, false)
            }
            Event::Return { step, by, to } => self.give_back(step, by, to),
            Event::Resume { step, by } => self.resume(step, by),
            Event::Transfer { step, by, to } => self.transfer(step, by.as_deref(), to),
            Event::Delegate { step, by, to } => {
                let (at, _work) = self.at_work(step, Verb::Delegate)?;
                self.insert_before(at, by, to, true)
            }
            Event::AddSigner { step, by, who, place } => self.add_signer(step, by, who, *place),
            Event::RemoveSigner { step, by, who } => self.remove_signer(step, by.as_deref(), who),
            Event::TakeBack { step, by } => self.take_back(step, by),
            Event::Suspend { until } => self.suspend(*until),
            Event::Continue => {
                self.go_on();
                Ok(())
            }
            Event::End { how } => {
                self.end(*how);
                Ok(())
            }
            Event::Reopen => self.reopen(),
            Event::Jump { to, reason } => self.jump(to, reason),
            Event::AskCustomer { step, by, fields } => self.ask(step, by, fields),
            Event::Answered { step, ask } => self.answered(step, *ask),
            Event::Signal { step, name } => self.signal(step, name),
            Event::Fire { step, round, kind } => self.fire(step, *round, *kind),
            Event::ActionEnded { step, round, is_done } => {
                self.action_ended(step, *round, *is_done)
            }
            Event::ChildEnded { step, round, child, is_done } => {
                self.child_ended(step, *round, *child, *is_done)
            }
            Event::Reranked { from } => {
                self.rerank(*from);
                Ok(())
            }
            Event::HandOver { who, to } => self.hand_over(who, to.as_deref()),
        }
    }

    /// An open step whose work can be treated like that.
    pub(super) fn at_work(&self, key: &str, verb: Verb) -> Result<(At, &'a Work), Refused> {
        let at = self.find(key)?;
        if !self.run(at).is_active() {
            return Err(Refused::Closed);
        }
        let work = self.work(at)?;
        let suits = if self.run(at).is_revising {
            matches!(verb, Verb::Claim | Verb::Complete | Verb::Transfer)
        } else {
            let no = if self.plan.node(at).step.is_approval() {
                matches!(verb, Verb::Complete)
            } else {
                matches!(verb, Verb::Approve | Verb::Reject)
            };
            !no && work.allows(verb)
        };
        if suits { Ok((at, work)) } else { Err(Refused::WrongVerb) }
    }

    fn claim(&mut self, step: &str, by: &str) -> Result<(), Refused> {
        let (at, _work) = self.at_work(step, Verb::Claim)?;
        let n = self.slot_of(at, by)?;
        let slot = self.slot_mut(at, n)?;
        if slot.owner.is_some() {
            return Err(Refused::Same);
        }
        slot.owner = Some(by.to_owned());
        let (step, round) = self.name(at);
        self.effects.push(Effect::OwnTask { step, round, slot: n, by: by.to_owned() });
        Ok(())
    }

    fn yes(&mut self, step: &str, by: &str, choose: &[String], verb: Verb) -> Result<(), Refused> {
        let (at, work) = self.at_work(step, verb)?;
        self.slot_of(at, by)?;
        self.check_exit(at, work)?;
        if let Some(_stranger) = choose.iter().find(|one| !self.facts.can_work(one)) {
            return Err(Refused::CannotWork);
        }
        if !choose.is_empty() {
            self.state.chosen = choose.to_vec();
        }
        self.decide(at, by, true)
    }

    fn check_exit(&self, at: At, work: &Work) -> Result<(), Refused> {
        let must_hold = work.exit.as_ref().filter(|_rule| !self.run(at).is_revising);
        match must_hold {
            Some(rule) if !self.facts.holds(rule) => Err(Refused::ExitUnmet),
            _ => Ok(()),
        }
    }

    fn give_back(&mut self, step: &str, by: &str, to: &str) -> Result<(), Refused> {
        let (at, _work) = self.at_work(step, Verb::Return)?;
        self.slot_of(at, by)?;
        let to = self.find(to)?;
        self.check_way(to, at)?;
        self.go_back(to, at, Some(by));
        Ok(())
    }

    fn resume(&mut self, step: &str, by: &str) -> Result<(), Refused> {
        let (at, work) = self.at_work(step, Verb::Resume)?;
        self.slot_of(at, by)?;
        self.check_exit(at, work)?;
        let returned = self.run(at).returned.as_ref().ok_or(Refused::NotReturned)?;
        let from = self.find(&returned.from)?;
        self.check_straight(at, from)?;
        if let Some(returned) = &mut self.run_mut(at).returned {
            returned.is_straight = true;
        }
        self.decide(at, by, true)
    }

    /// Nobody gets a second piece of the same work, or one that he cannot do.
    fn check_new(&self, at: At, who: &str) -> Result<(), Refused> {
        if self.run(at).slots.iter().any(|slot| slot.waits_for(who) && slot.owner.is_some()) {
            return Err(Refused::Same);
        }
        if self.facts.can_work(who) { Ok(()) } else { Err(Refused::CannotWork) }
    }

    fn transfer(&mut self, step: &str, by: Option<&str>, to: &str) -> Result<(), Refused> {
        let Some(by) = by else {
            let at = self.find(step)?;
            self.work(at)?;
            if !self.run(at).is_active() {
                return Err(Refused::Closed);
            }
            self.check_new(at, to)?;
            let first = self.run(at).open_slots().next().map(|slot| slot.n);
            return match first {
                Some(n) => self.replace(at, n, Slot::of(0, to)),
                None => self.renew(at, vec![Slot::of(0, to)]),
            };
        };
        let (at, _work) = self.at_work(step, Verb::Transfer)?;
        let n = self.slot_of(at, by)?;
        self.check_new(at, to)?;
        let from = Some(by.to_owned());
        self.replace(at, n, Slot { from, ..Slot::of(0, to) })
    }

    fn add_signer(&mut self, step: &str, by: &str, who: &str, place: Place) -> Result<(), Refused> {
        let (at, _work) = self.at_work(step, Verb::AddSigner)?;
        if place == Place::Before {
            return self.insert_before(at, by, who, false);
        }
        let n = self.slot_of(at, by)?;
        self.check_room(at, who)?;
        let mut slot = Slot::of(self.next_slot(at), who);
        if place == Place::After {
            self.relink(at, n, Some(slot.n));
            (slot.after, slot.state) = (Some(n), SlotState::Waiting);
            self.run_mut(at).slots.push(slot);
            return Ok(());
        }
        let (step, round) = self.name(at);
        let (slot_no, to) = (slot.n, slot.handlers.clone());
        self.run_mut(at).slots.push(slot);
        let owner = Some(who.to_owned());
        self.effects.push(Effect::OpenTask { step, round, slot: slot_no, to, owner });
        Ok(())
    }

    fn check_room(&self, at: At, who: &str) -> Result<(), Refused> {
        self.check_new(at, who)?;
        let pending = |slot: &&Slot| matches!(slot.state, SlotState::Open | SlotState::Waiting);
        if self.run(at).slots.iter().filter(pending).count() >= SIGNERS_MAX {
            return Err(Refused::TooManySigners);
        }
        Ok(())
    }

    /// Lets somebody work before this handler, whose turn comes again after him.
    fn insert_before(
        &mut self,
        at: At,
        by: &str,
        who: &str,
        is_advice: bool,
    ) -> Result<(), Refused> {
        let n = self.slot_of(at, by)?;
        if by == who {
            return Err(Refused::Same);
        }
        self.check_room(at, who)?;
        let (step, round) = self.name(at);
        let next = self.next_slot(at);
        let old = self.slot_mut(at, n)?;
        old.state = SlotState::Cancelled;
        let first = Slot { after: old.after, is_advice, ..Slot::of(next, who) };
        let then = Slot {
            after: Some(next),
            state: SlotState::Waiting,
            is_advice: old.is_advice,
            ..Slot::of(next + 1, by)
        };
        let how = Closed::Cancelled;
        let closed = Effect::CloseTask { step: step.clone(), round, slot: n, how, by: None };
        self.effects.push(closed);
        self.relink(at, n, Some(next + 1));
        self.run_mut(at).slots.extend([first, then]);
        self.effects.push(Effect::OpenTask {
            step,
            round,
            slot: next,
            to: vec![who.to_owned()],
            owner: Some(who.to_owned()),
        });
        Ok(())
    }

    fn remove_signer(&mut self, step: &str, by: Option<&str>, who: &str) -> Result<(), Refused> {
        let (at, _work) = self.at_work(step, Verb::RemoveSigner)?;
        let is_of = |slot: &Slot, who: &str| {
            slot.owner.as_deref() == Some(who) || slot.handlers.iter().any(|one| one == who)
        };
        let slots = &self.run(at).slots;
        if by.is_some_and(|by| !slots.iter().any(|slot| is_of(slot, by))) {
            return Err(Refused::NotHandler);
        }
        let slot = slots.iter().find(|slot| slot.waits_for(who)).ok_or(Refused::NotHandler)?;
        let n = slot.n;
        if slot.owner.is_none() && slot.handlers.len() > 1 {
            let mut rest = slot.handlers.clone();
            rest.retain(|one| one != who);
            return self.replace(at, n, Slot::new(0, rest));
        }
        if !slots.iter().any(|other| {
            let is_word = !matches!(other.state, SlotState::Cancelled | SlotState::Rejected);
            other.n != n && is_word && !other.is_advice
        }) {
            return Err(Refused::LastSigner);
        }
        self.cancel_slot(at, n)?;
        self.judge(at);
        Ok(())
    }

    /// Frees somebody; whose turn came after him comes now.
    pub(super) fn cancel_slot(&mut self, at: At, n: u32) -> Result<(), Refused> {
        let (step, round) = self.name(at);
        let slot = self.slot_mut(at, n)?;
        let (was_open, before) = (slot.state == SlotState::Open, slot.after);
        slot.state = SlotState::Cancelled;
        if was_open {
            let how = Closed::Cancelled;
            self.effects.push(Effect::CloseTask { step, round, slot: n, how, by: None });
            self.open_after(at, n);
        } else {
            self.relink(at, n, before);
        }
        Ok(())
    }
}
