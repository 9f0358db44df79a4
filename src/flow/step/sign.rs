//! The slots of a step: who does its work together with whom, and when that is enough.

use super::{Entry, Move};
use crate::{
    definition::{IfNobody, OnReject, Sign, Work},
    event::{Closed, Effect, Found, Logged, Outcome, Refused, Trouble},
    plan::At,
    state::{Slot, SlotState, StepState},
};

impl Slot {
    pub(super) fn new(n: u32, handlers: Vec<String>) -> Self {
        let state = SlotState::Open;
        Self { n, state, handlers, owner: None, after: None, is_advice: false, from: None }
    }

    /// The slot of one person, which is his from the start.
    pub(super) fn of(n: u32, who: &str) -> Self {
        Self { owner: Some(who.to_owned()), ..Self::new(n, vec![who.to_owned()]) }
    }

    fn is_pending(&self) -> bool {
        matches!(self.state, SlotState::Open | SlotState::Waiting)
    }

    /// Whether this person's word is still waited for.
    pub(super) fn waits_for(&self, who: &str) -> bool {
        let is_his = match &self.owner {
            Some(owner) => owner == who,
            None => self.handlers.iter().any(|one| one == who),
        };
        is_his && self.is_pending()
    }
}

impl Move<'_> {
    /// Makes the work of a step for whoever its rule, or else its fallback, names.
    pub(super) fn open_work(&mut self, entry: Entry, work: &Work) {
        let Entry { at, to, returned, .. } = entry;
        self.run_mut(at).returned = returned;
        let named = to.unwrap_or_default();
        let named: Vec<_> = named.into_iter().filter(|one| self.facts.can_work(one)).collect();
        if let [who] = named.as_slice() {
            self.run_mut(at).slots.push(Slot::of(0, who));
        } else {
            let step = self.plan.node(at).step;
            let mut found = self.found(step, &work.assign);
            if found.people.is_empty() {
                match &work.if_nobody {
                    Some(IfNobody::Assign { to }) => found = self.found(step, to),
                    Some(IfNobody::Skip) => return self.skip(at, Logged::NobodyNeeded),
                    Some(IfNobody::Hold) | None => {}
                }
            }
            self.run_mut(at).slots = slots(work.sign, found);
        }
        if self.run(at).slots.is_empty() {
            self.hold(at, Trouble::Nobody);
        }
        self.show(at, 0);
        if let Some(limit) = &work.limit {
            self.set_limit(at, limit);
        }
    }

    /// Tells of the open tasks from the `from`-th slot on.
    fn show(&mut self, at: At, from: usize) {
        let (step, round) = self.name(at);
        let shown = self.run(at).slots.iter().skip(from).filter(|s| s.state == SlotState::Open);
        let shown: Vec<_> = shown
            .map(|slot| Effect::OpenTask {
                step: step.clone(),
                round,
                slot: slot.n,
                to: slot.handlers.clone(),
                owner: slot.owner.clone(),
            })
            .collect();
        self.effects.extend(shown);
    }

    /// The open slot that is this person's, or that he can take.
    pub(super) fn slot_of(&self, at: At, by: &str) -> Result<u32, Refused> {
        let run = self.run(at);
        if !run.is_active() {
            return Err(Refused::Closed);
        }
        let own = run.open_slots().find(|slot| slot.owner.as_deref() == Some(by));
        if let Some(slot) = own.or_else(|| run.open_slots().find(|slot| slot.waits_for(by))) {
            return Ok(slot.n);
        }
        let mut open = run.open_slots();
        match (open.next(), open.next()) {
            (Some(Slot { owner: Some(owner), .. }), None) => {
                Err(Refused::Taken { by: owner.clone() })
            }
            _ => Err(Refused::NotHandler),
        }
    }

    pub(super) fn slot_mut(&mut self, at: At, n: u32) -> Result<&mut Slot, Refused> {
        self.run_mut(at).slots.iter_mut().find(|slot| slot.n == n).ok_or(Refused::Closed)
    }

    /// One handler's word, and what follows from it.
    pub(super) fn decide(&mut self, at: At, by: &str, is_yes: bool) -> Result<(), Refused> {
        let n = self.slot_of(at, by)?;
        let (step, round) = self.name(at);
        let is_vote = self.work(at).is_ok_and(|work| matches!(work.sign, Sign::Vote { .. }));
        let slot = self.slot_mut(at, n)?;
        slot.owner = Some(by.to_owned());
        slot.state = if is_yes { SlotState::Done } else { SlotState::Rejected };
        // A no ends the round, unless it is one vote of many or only advice.
        let goes_on = is_yes || slot.is_advice || is_vote;
        let how = if is_yes { Closed::Done } else { Closed::Rejected };
        let by = Some(by.to_owned());
        self.effects.push(Effect::CloseTask { step, round, slot: n, how, by });
        if goes_on {
            self.open_after(at, n);
        }
        self.judge(at);
        Ok(())
    }

    /// Opens the slots whose turn comes after this one; whose owner left meanwhile, is another's.
    pub(super) fn open_after(&mut self, at: At, n: u32) {
        let is_next = |slot: &&Slot| slot.after == Some(n) && slot.state == SlotState::Waiting;
        while let Some(slot) = self.run(at).slots.iter().find(is_next).cloned() {
            let leaver = slot.owner.as_ref().filter(|owner| !self.facts.can_work(owner));
            if let Some(leaver) = leaver {
                // Every round frees or replaces one who left by one who did not.
                if self.hand_over_slot(at, slot.n, leaver, None).is_err() {
                    return;
                }
                continue;
            }
            if let Ok(slot) = self.slot_mut(at, slot.n) {
                slot.state = SlotState::Open;
            }
            let (step, round) = self.name(at);
            let Slot { n: slot, handlers: to, owner, .. } = slot;
            self.effects.push(Effect::OpenTask { step, round, slot, to, owner });
        }
    }

    /// Whether what was said so far is enough for a yes or a no.
    pub(super) fn judge(&mut self, at: At) {
        let Ok(work) = self.work(at) else { return };
        let run = self.run(at);
        if run.state != StepState::Open {
            return;
        }
        let counts = |slot: &&Slot| !slot.is_advice && slot.state != SlotState::Cancelled;
        let count = |state| run.slots.iter().filter(counts).filter(|s| s.state == state).count();
        let (yes, no) = (count(SlotState::Done), count(SlotState::Rejected));
        let all = run.slots.iter().filter(counts).count();
        let is_over = !run.slots.iter().any(Slot::is_pending);
        match work.sign {
            Sign::Vote { share } if !run.is_revising => {
                let enough = |votes: usize| votes * 100 >= all * usize::from(share);
                if enough(yes) && yes > 0 {
                    self.pass(at);
                } else if !enough(all - no) || is_over {
                    self.reject(at, work);
                }
            }
            _ if no > 0 => self.reject(at, work),
            _ if is_over => self.pass(at),
            _ => {}
        }
    }

    /// The step is done, or agreed to.
    pub(super) fn pass(&mut self, at: At) {
        if self.run(at).is_revising {
            return self.todo.push(Entry::forced(at));
        }
        match self.run(at).returned.clone() {
            Some(returned) if returned.is_straight => self.go_straight(at, &returned),
            _ => self.done(at),
        }
    }

    /// The step is rejected: what its policy says.
    pub(super) fn reject(&mut self, at: At, work: &Work) {
        self.log(at, Logged::Rejected);
        let back = match &work.on_reject {
            OnReject::End => return self.end(Outcome::Rejected),
            OnReject::ToStarter => None,
            OnReject::ToPrevious => self.before(at),
            OnReject::ToStep { key } => {
                self.plan.find(key).filter(|&to| self.check_way(to, at).is_ok())
            }
        };
        match back {
            Some(to) => self.go_back(to, at, None),
            None => self.revise(at),
        }
    }

    /// The starter amends the ticket, then the step is asked anew.
    fn revise(&mut self, at: At) {
        self.shut(at, StepState::Cancelled);
        self.begin(at);
        self.run_mut(at).is_revising = true;
        let step = self.plan.node(at).step;
        let mut people = self.people(step, &crate::definition::Assign::Starter);
        if let (true, Some(IfNobody::Assign { to })) =
            (people.is_empty(), step.work().and_then(|work| work.if_nobody.as_ref()))
        {
            people = self.people(step, to);
        }
        self.run_mut(at).slots = slots(Sign::Any, Found::pool(people));
        if self.run(at).slots.is_empty() {
            self.hold(at, Trouble::Nobody);
        }
        self.show(at, 0);
    }

    /// Gives a slot to others. The only slot of a step begins a new round of it.
    pub(super) fn replace(&mut self, at: At, n: u32, mut to: Slot) -> Result<(), Refused> {
        let (step, round) = self.name(at);
        let is_only = self.run(at).slots.len() == 1;
        to.n = if is_only { 0 } else { self.next_slot(at) };
        let old = self.slot_mut(at, n)?;
        let was_open = old.state == SlotState::Open;
        (to.state, to.after, to.is_advice) = (old.state, old.after, old.is_advice);
        old.state = SlotState::Cancelled;
        if was_open {
            let how = Closed::Cancelled;
            self.effects.push(Effect::CloseTask { step, round, slot: n, how, by: None });
        }
        if is_only {
            return self.renew(at, vec![to]);
        }
        self.relink(at, n, Some(to.n));
        self.run_mut(at).slots.push(to);
        let last = self.run(at).slots.len() - 1;
        self.show(at, last);
        Ok(())
    }

    /// A new round of work that goes on: other people, the same clock.
    pub(super) fn renew(&mut self, at: At, slots: Vec<Slot>) -> Result<(), Refused> {
        self.close_slots(at);
        let run = self.run_mut(at);
        run.round += 1;
        run.state = StepState::Open;
        run.slots = slots;
        self.carry_timers(at);
        self.show(at, 0);
        Ok(())
    }

    pub(super) fn next_slot(&self, at: At) -> u32 {
        self.run(at).slots.iter().map(|slot| slot.n + 1).max().unwrap_or_default()
    }

    /// Lets the slots that came after one come after another.
    pub(super) fn relink(&mut self, at: At, from: u32, to: Option<u32>) {
        for slot in &mut self.run_mut(at).slots {
            if slot.after == Some(from) && slot.state == SlotState::Waiting {
                slot.after = to;
            }
        }
    }
}

/// The slots of so many people who sign like that.
fn slots(sign: Sign, found: Found) -> Vec<Slot> {
    let people = found.people;
    match people.as_slice() {
        [] => return Vec::new(),
        [who] if found.is_given => return vec![Slot::of(0, who)],
        _ if sign == Sign::Any => return vec![Slot::new(0, people)],
        _ => {}
    }
    let mut all: Vec<Slot> = Vec::with_capacity(people.len());
    for (n, who) in (0..).zip(&people) {
        let mut slot = Slot::of(n, who);
        if let (Sign::InOrder, Some(before)) = (sign, all.last()) {
            (slot.after, slot.state) = (Some(before.n), SlotState::Waiting);
        }
        all.push(slot);
    }
    all
}
