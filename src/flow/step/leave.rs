//! The work of those who leave.

use super::Move;
use crate::{
    event::{Refused, Trouble},
    plan::At,
    state::{Slot, SlotState, StepState},
};

impl Move<'_> {
    /// Somebody who left works no more; his work is another's, or a visible alarm.
    pub(super) fn hand_over(&mut self, who: &str, to: Option<&str>) -> Result<(), Refused> {
        if to.is_some_and(|to| to == who) {
            return Err(Refused::Same);
        }
        if to.is_some_and(|to| !self.facts.can_work(to)) {
            return Err(Refused::CannotWork);
        }
        for at in 0..self.plan.len() {
            let has = |slot: &Slot| {
                matches!(slot.state, SlotState::Open | SlotState::Waiting)
                    && slot.handlers.iter().chain(&slot.owner).any(|one| one == who)
            };
            let slots = self.run(at).slots.iter().filter(|slot| has(slot));
            let mine: Vec<_> = slots.map(|slot| slot.n).collect();
            for n in mine {
                // What was done for the slot before may have closed the step.
                if self.run(at).state == StepState::Open {
                    self.hand_over_slot(at, n, who, to)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn hand_over_slot(
        &mut self,
        at: At,
        n: u32,
        who: &str,
        to: Option<&str>,
    ) -> Result<(), Refused> {
        let slot = self.slot_mut(at, n)?.clone();
        if !matches!(slot.state, SlotState::Open | SlotState::Waiting) {
            return Ok(());
        }
        if slot.owner.as_deref().is_some_and(|owner| owner != who) {
            // Another took it: the one who left only stood in the pool.
            self.slot_mut(at, n)?.handlers = stand_in(&slot.handlers, who, to);
            return Ok(());
        }
        let mut rest = match (to, &slot.owner) {
            (Some(to), Some(_who)) => vec![to.to_owned()],
            _ => stand_in(&slot.handlers, who, to),
        };
        if rest.is_empty() {
            let step = self.plan.node(at).step;
            rest = step.work().map(|work| self.people(step, &work.assign)).unwrap_or_default();
        }
        let others: Vec<_> = self.run(at).slots.iter().filter(|slot| slot.n != n).collect();
        // Nobody gives his word twice.
        let has_it = |one: &String| {
            others.iter().any(|slot| {
                let is_said = matches!(slot.state, SlotState::Done | SlotState::Rejected);
                slot.waits_for(one) || is_said && slot.owner.as_ref() == Some(one)
            })
        };
        rest.retain(|one| one != who && (slot.handlers.contains(one) || !has_it(one)));
        match rest.as_slice() {
            [] => self.drop_or_hold(at, n),
            [one] => self.replace(at, n, Slot::of(0, one)),
            _pool => self.replace(at, n, Slot::new(0, rest)),
        }
    }

    /// A slot that nobody can take: the others do without it, or the step is held.
    fn drop_or_hold(&mut self, at: At, n: u32) -> Result<(), Refused> {
        let counts = |slot: &Slot| {
            slot.n != n
                && !slot.is_advice
                && matches!(slot.state, SlotState::Open | SlotState::Waiting)
        };
        let has_others = self.run(at).slots.iter().any(counts);
        self.cancel_slot(at, n)?;
        if has_others {
            self.judge(at);
        } else {
            self.close_slots(at);
            self.hold(at, Trouble::Nobody);
        }
        Ok(())
    }
}

/// A pool without one of its people, or with another in his place.
fn stand_in(pool: &[String], who: &str, to: Option<&str>) -> Vec<String> {
    let to = to.filter(|to| !pool.iter().any(|one| one == to));
    let places = pool.iter().filter_map(|one| if one == who { to } else { Some(one.as_str()) });
    places.map(str::to_owned).collect()
}
