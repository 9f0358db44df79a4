//! `step()`: one event, one answer.

mod back;
mod leave;
mod may;
mod outside;
mod sign;
mod time;
mod verbs;
mod walk;

use std::sync::Arc;

use kernel::Timestamp;

use crate::{
    definition::{Flow, Work},
    event::{Effect, Event, Facts, Logged, Outcome, Refused},
    plan::{At, Plan},
    state::{Returned, State, StepRun},
};

pub use may::{earlier, may};

/// A new ticket: its first step opens.
pub fn start(flow: &Flow, facts: &dyn Facts, now: Timestamp) -> (State, Vec<Effect>) {
    let plan = Plan::of(flow);
    let steps = plan.nodes().map(|node| Arc::new(StepRun::new(&node.step.key))).collect();
    let mut go = Move::new(plan, State { steps, ..State::default() }, facts, now);
    if go.plan.len() == 0 {
        go.end(Outcome::Finished);
    } else {
        go.todo.push(Entry::at(0));
        go.drain();
    }
    (go.state, go.effects)
}

/// What follows from an event.
///
/// # Errors
/// Why it cannot be; nothing has changed then.
pub fn step(
    flow: &Flow,
    state: &State,
    event: &Event,
    facts: &dyn Facts,
    now: Timestamp,
) -> Result<(State, Vec<Effect>), Refused> {
    if state.is_ended != matches!(event, Event::Reopen) {
        return Err(Refused::WrongPhase);
    }
    if state.suspended_at.is_some() != event.is_for_suspended(state) {
        return Err(Refused::Suspended);
    }
    let plan = Plan::of(flow);
    if !plan.fits(state) {
        return Err(Refused::NoStep);
    }
    let mut go = Move::new(plan, state.clone(), facts, now);
    go.take(event)?;
    go.drain();
    Ok((go.state, go.effects))
}

impl Event {
    /// Whether this can happen to a suspended ticket, if it is one: what people do waits, what
    /// comes from outside must not be lost.
    fn is_for_suspended(&self, state: &State) -> bool {
        use crate::state::TimerKind::Wake;
        match self {
            Self::Continue | Self::Fire { kind: Wake, .. } => true,
            Self::End { .. }
            | Self::Answered { .. }
            | Self::ActionEnded { .. }
            | Self::ChildEnded { .. }
            | Self::Reranked { .. }
            | Self::HandOver { .. } => state.suspended_at.is_some(),
            _ => false,
        }
    }
}

/// A step that is about to open.
struct Entry {
    at: At,
    /// Whether it opens even if its condition does not hold.
    is_forced: bool,
    /// Who gets it instead of whom its rule names.
    to: Option<Vec<String>>,
    /// Who returned the ticket to it.
    returned: Option<Returned>,
}

impl Entry {
    fn at(at: At) -> Self {
        Self { at, is_forced: false, to: None, returned: None }
    }

    fn forced(at: At) -> Self {
        Self { is_forced: true, ..Self::at(at) }
    }
}

/// One event on its way through a state.
struct Move<'a> {
    plan: Plan<'a>,
    facts: &'a dyn Facts,
    now: Timestamp,
    state: State,
    effects: Vec<Effect>,
    /// Steps to open, the last one first.
    todo: Vec<Entry>,
}

impl<'a> Move<'a> {
    fn new(plan: Plan<'a>, state: State, facts: &'a dyn Facts, now: Timestamp) -> Self {
        Self { plan, facts, now, state, effects: Vec::new(), todo: Vec::new() }
    }

    #[expect(clippy::indexing_slicing, reason = "the plan fits the state, which step() checks")]
    fn run(&self, at: At) -> &StepRun {
        &self.state.steps[at]
    }

    #[expect(clippy::indexing_slicing, reason = "the plan fits the state, which step() checks")]
    fn run_mut(&mut self, at: At) -> &mut StepRun {
        Arc::make_mut(&mut self.state.steps[at])
    }

    fn find(&self, key: &str) -> Result<At, Refused> {
        self.plan.find(key).ok_or(Refused::NoStep)
    }

    /// The work of a step, if it makes any.
    fn work(&self, at: At) -> Result<&'a Work, Refused> {
        self.plan.node(at).step.work().ok_or(Refused::WrongVerb)
    }

    /// A step's key and round, as every effect needs them.
    fn name(&self, at: At) -> (String, u32) {
        let run = self.run(at);
        (run.key.clone(), run.round)
    }

    fn log(&mut self, at: At, what: Logged) {
        let (step, round) = self.name(at);
        self.effects.push(Effect::Log { step, round, what });
    }

    /// The number of the next opening or closing.
    fn tick(&mut self) -> u64 {
        self.state.moves += 1;
        self.state.moves
    }
}

#[cfg(test)]
pub(crate) mod tests;
