//! `step()`: one event, one answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::definition::Flow;

/// What a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not reached.
    Waiting,
    /// Somebody's work.
    Open,
    /// Done in this round.
    Done,
    /// Nobody can do it: a visible alarm, and work again as soon as somebody is named.
    Held,
    /// Ended without being done.
    Cancelled,
}

/// One step of a running ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRun {
    /// The step's key.
    pub key: String,
    /// What it is doing.
    pub state: StepState,
    /// How often it was opened: an older round's cards and links act no more.
    pub round: u32,
    /// Who may do it.
    pub handlers: Vec<String>,
    /// Who took it.
    pub owner: Option<String>,
}

/// Where a ticket is in its flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Every step of the flow, in order.
    pub steps: Vec<StepRun>,
    /// Whether the last step is done or the ticket was ended.
    pub is_ended: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// `by` takes the work of a step.
    Claim {
        /// The step.
        step: String,
        /// Who.
        by: String,
    },
    /// `by` has done the work of a step.
    Complete {
        /// The step.
        step: String,
        /// Who.
        by: String,
    },
    /// The work of a step goes to somebody else.
    Transfer {
        /// The step.
        step: String,
        /// Who gives it away; nobody when an administrator does.
        by: Option<String>,
        /// Who gets it.
        to: String,
    },
    /// The ticket ends before its flow does.
    End,
    /// An ended ticket goes on at its last step, in a new round.
    Reopen,
}

/// What the caller looked up: who can do each step that may open now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Step key to the userids of its candidates.
    pub candidates: BTreeMap<String, Vec<String>>,
}

/// What must be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A task for these people.
    Assign {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// Who may do it.
        to: Vec<String>,
    },
    /// The task of this step has an owner now.
    Own {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// Who.
        by: String,
    },
    /// The task of this step is over.
    Close {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// Whether it was done, or cancelled.
        is_done: bool,
    },
    /// Nobody can do this step.
    Alarm {
        /// The step.
        step: String,
    },
    /// The last step is done.
    Finish,
}

/// Why nothing happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such step.
    NoStep,
    /// The step is not open.
    Closed,
    /// Somebody else took it.
    Taken {
        /// Who.
        by: String,
    },
    /// `by` is none of its handlers.
    NotHandler,
    /// It already goes to that person.
    Same,
    /// The ticket has ended, or has not, where the opposite is needed.
    WrongPhase,
}

/// A new ticket: its first step opens.
pub fn start(flow: &Flow, facts: &Facts) -> (State, Vec<Effect>) {
    let steps = flow.steps.iter().map(|step| StepRun {
        key: step.key.clone(),
        state: StepState::Waiting,
        round: 0,
        handlers: Vec::new(),
        owner: None,
    });
    let mut state = State { steps: steps.collect(), is_ended: false };
    let mut effects = Vec::new();
    match flow.steps.first() {
        Some(first) => open(&mut state, &first.key, facts, &mut effects),
        None => finish(&mut state, &mut effects),
    }
    (state, effects)
}

/// What follows from an event.
///
/// # Errors
/// Why it cannot be; nothing has changed then.
pub fn step(
    flow: &Flow,
    state: &State,
    event: &Event,
    facts: &Facts,
) -> Result<(State, Vec<Effect>), Refused> {
    let mut next = state.clone();
    let mut effects = Vec::new();
    if state.is_ended != matches!(event, Event::Reopen) {
        return Err(Refused::WrongPhase);
    }
    match event {
        Event::Claim { step, by } => {
            let run = open_run(&mut next, step)?;
            may_take(run, by)?;
            run.owner = Some(by.clone());
            effects.push(Effect::Own { step: step.clone(), round: run.round, by: by.clone() });
        }
        Event::Complete { step, by } => {
            let run = open_run(&mut next, step)?;
            may_take(run, by)?;
            run.owner = Some(by.clone());
            run.state = StepState::Done;
            effects.push(Effect::Close { step: step.clone(), round: run.round, is_done: true });
            match flow.after(step) {
                Some(after) => open(&mut next, &after.key, facts, &mut effects),
                None => finish(&mut next, &mut effects),
            }
        }
        Event::Transfer { step, by, to } => {
            transfer(&mut next, step, by.as_deref(), to, &mut effects)?;
        }
        Event::End => end(&mut next, &mut effects),
        Event::Reopen => {
            next.is_ended = false;
            let last = next.steps.iter().rev().find(|run| run.round > 0).map(|run| run.key.clone());
            let last = last.ok_or(Refused::NoStep)?;
            open(&mut next, &last, facts, &mut effects);
        }
    }
    Ok((next, effects))
}

fn open_run<'s>(state: &'s mut State, key: &str) -> Result<&'s mut StepRun, Refused> {
    let run = state.steps.iter_mut().find(|run| run.key == key).ok_or(Refused::NoStep)?;
    if matches!(run.state, StepState::Open | StepState::Held) {
        Ok(run)
    } else {
        Err(Refused::Closed)
    }
}

fn may_take(run: &StepRun, by: &str) -> Result<(), Refused> {
    match &run.owner {
        Some(owner) if owner == by => Ok(()),
        Some(owner) => Err(Refused::Taken { by: owner.clone() }),
        None if run.handlers.iter().any(|handler| handler == by) => Ok(()),
        None => Err(Refused::NotHandler),
    }
}

fn open(state: &mut State, key: &str, facts: &Facts, effects: &mut Vec<Effect>) {
    let candidates = facts.candidates.get(key).cloned().unwrap_or_default();
    let Some(run) = state.steps.iter_mut().find(|run| run.key == key) else { return };
    run.round += 1;
    run.owner = None;
    run.handlers = candidates;
    if run.handlers.is_empty() {
        run.state = StepState::Held;
        effects.push(Effect::Alarm { step: key.to_owned() });
    } else {
        run.state = StepState::Open;
    }
    let to = run.handlers.clone();
    effects.push(Effect::Assign { step: key.to_owned(), round: run.round, to });
}

fn transfer(
    state: &mut State,
    key: &str,
    by: Option<&str>,
    to: &str,
    effects: &mut Vec<Effect>,
) -> Result<(), Refused> {
    let run = open_run(state, key)?;
    if let Some(by) = by {
        may_take(run, by)?;
    }
    if run.owner.as_deref() == Some(to) {
        return Err(Refused::Same);
    }
    if run.state == StepState::Open {
        effects.push(Effect::Close { step: key.to_owned(), round: run.round, is_done: false });
    }
    run.round += 1;
    run.state = StepState::Open;
    run.handlers = vec![to.to_owned()];
    run.owner = Some(to.to_owned());
    effects.push(Effect::Assign {
        step: key.to_owned(),
        round: run.round,
        to: run.handlers.clone(),
    });
    effects.push(Effect::Own { step: key.to_owned(), round: run.round, by: to.to_owned() });
    Ok(())
}

fn end(state: &mut State, effects: &mut Vec<Effect>) {
    for run in &mut state.steps {
        if matches!(run.state, StepState::Open | StepState::Held) {
            run.state = StepState::Cancelled;
            effects.push(Effect::Close { step: run.key.clone(), round: run.round, is_done: false });
        }
    }
    state.is_ended = true;
}

fn finish(state: &mut State, effects: &mut Vec<Effect>) {
    state.is_ended = true;
    effects.push(Effect::Finish);
}

#[cfg(test)]
mod tests;
