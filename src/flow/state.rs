//! Where a ticket is in its flow. Everything that `step()` must remember is here and nowhere else.

use std::sync::Arc;

use kernel::{Micros, Timestamp};
use serde::{Deserialize, Serialize};

use crate::definition::{Pace, is_default};

/// Where a ticket is in its flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Every step of the flow, in reading order. Shared, so that a step of a long flow costs no
    /// more than one of a short flow: what an event does not touch is not copied.
    pub steps: Vec<Arc<StepRun>>,
    /// Whether the flow is over.
    pub is_ended: bool,
    /// Since when the clock stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended_at: Option<Timestamp>,
    /// What will happen by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<Timer>,
    /// Whom the last handler who could chose for what follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// The steps that were at work when the ticket was ended: reopening goes on there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// Counts openings and closings, so that earlier and later can be told.
    #[serde(default, skip_serializing_if = "is_default")]
    pub moves: u64,
}

/// What a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not reached.
    Waiting,
    /// At work.
    Open,
    /// Done in this round.
    Done,
    /// Cannot go on by itself: a visible alarm until a person decides.
    Held,
    /// Ended without being done.
    Cancelled,
    /// Not needed in this round.
    Skipped,
}

/// One step of a running ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredRun")]
pub struct StepRun {
    /// The step's key.
    pub key: String,
    /// What it is doing.
    pub state: StepState,
    /// How often it was opened: an older round's cards and links act no more.
    pub round: u32,
    /// Its pieces of work in this round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<Slot>,
    /// The ways inside it, in this round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lanes: Vec<LaneState>,
    /// The tickets it raised in this round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<SlotState>,
    /// Whether the starter amends the ticket before the step is asked anew.
    #[serde(skip_serializing_if = "is_default")]
    pub is_revising: bool,
    /// What the customer was asked, while he has not answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Who returned the ticket to here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// What it was before the ticket was returned to an earlier step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<StepState>,
    /// Which move opened it last.
    #[serde(skip_serializing_if = "is_default")]
    pub opened: u64,
    /// Which move closed it last.
    #[serde(skip_serializing_if = "is_default")]
    pub closed: u64,
}

/// One piece of work: a task of one handler, or of a pool from which one takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its number in the round; never used again in it.
    pub n: u32,
    /// What it is doing.
    pub state: SlotState,
    /// Who may do it.
    pub handlers: Vec<String>,
    /// Who took it, or did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The slot that comes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Whether it only advises: a delegate's work, which goes back to who delegated it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_advice: bool,
    /// Who handed it on, and can take it back while it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// What a slot, or a raised ticket, is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotState {
    /// Its turn comes later.
    Waiting,
    /// Somebody's work.
    Open,
    /// Done, or agreed to.
    Done,
    /// Rejected.
    Rejected,
    /// Ended without being done.
    Cancelled,
}

/// What one way of a block is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneState {
    /// Not gone.
    Untaken,
    /// Being gone.
    Open,
    /// Gone to its end.
    Done,
}

/// A question to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which question: an answer to an older one is none.
    pub id: u64,
    /// Who asked.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Which fields he may fill.
    pub fields: Vec<String>,
}

/// Who returned a ticket, and from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The step it came from.
    pub from: String,
    /// Who returned it.
    pub by: String,
    /// Whether it goes straight back there.
    pub is_straight: bool,
}

/// Something that will happen by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// The step; empty when it is the whole ticket's.
    pub step: String,
    /// Its round.
    pub round: u32,
    /// What will happen.
    pub kind: TimerKind,
    /// When; of a paused one, when it would have been.
    pub due_at: Timestamp,
    /// Which time counts.
    pub pace: Pace,
    /// How much time is left of a paused one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Micros>,
}

/// What a timer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "n", rename_all = "snake_case")]
pub enum TimerKind {
    /// The n-th reminder before the deadline.
    Remind(u32),
    /// The deadline.
    Deadline,
    /// The n-th reminder after it.
    Repeat(u32),
    /// The n-th rung of the ladder.
    Escalate(u32),
    /// A wait is over.
    Wait,
    /// An action has taken too long.
    Timeout,
    /// A suspended ticket goes on.
    Wake,
}

impl State {
    /// The run of a step.
    pub fn run(&self, key: &str) -> Option<&StepRun> {
        self.steps.iter().find(|run| run.key == key).map(Arc::as_ref)
    }

    /// Why this ticket will go on: what keeps it from being forgotten. None of an ended ticket,
    /// and of no other: that is what the engine promises.
    pub fn is_alive(&self) -> bool {
        let works = |run: &StepRun| {
            run.state == StepState::Held
                || run.is_active()
                    && (run.open_slots().next().is_some()
                        || run.asked.is_some()
                        || run.children.contains(&SlotState::Open))
        };
        !self.is_ended && (!self.timers.is_empty() || self.steps.iter().any(|run| works(run)))
    }
}

impl StepRun {
    pub(crate) fn new(key: &str) -> Self {
        Self::from(StoredRun { key: key.to_owned(), ..StoredRun::default() })
    }

    /// Whether it is at work, or held.
    pub fn is_active(&self) -> bool {
        matches!(self.state, StepState::Open | StepState::Held)
    }

    /// The pieces of work that somebody may do now.
    pub fn open_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| slot.state == SlotState::Open)
    }

    /// Who may do it now, or who did it.
    pub fn handlers(&self) -> Vec<String> {
        let is_shown = |slot: &&Slot| match self.state {
            StepState::Open => slot.state == SlotState::Open,
            _ => matches!(slot.state, SlotState::Done | SlotState::Rejected),
        };
        let mut all: Vec<String> = Vec::new();
        for slot in self.slots.iter().filter(is_shown) {
            let people = slot.owner.as_ref().map_or(slot.handlers.as_slice(), std::slice::from_ref);
            for one in people {
                if !all.contains(one) {
                    all.push(one.clone());
                }
            }
        }
        all
    }

    /// Who took it, or did it, if that is one person.
    pub fn owner(&self) -> Option<&str> {
        let has_owner = |slot: &&Slot| match self.state {
            StepState::Open => slot.state == SlotState::Open,
            _ => slot.state == SlotState::Done,
        };
        let mut slots = self.slots.iter().filter(has_owner);
        match (slots.next(), slots.next()) {
            (Some(slot), None) => slot.owner.as_deref(),
            _ => None,
        }
    }

    /// How many of the tickets it raised have ended, of how many.
    pub fn progress(&self) -> (usize, usize) {
        let ended = self.children.iter().filter(|child| **child != SlotState::Open).count();
        (ended, self.children.len())
    }
}

/// A run as it is stored; before there were slots, handlers and owner stood in the run itself.
#[derive(Deserialize)]
#[serde(default)]
struct StoredRun {
    key: String,
    state: StepState,
    round: u32,
    slots: Vec<Slot>,
    lanes: Vec<LaneState>,
    children: Vec<SlotState>,
    is_revising: bool,
    asked: Option<Asked>,
    returned: Option<Returned>,
    was: Option<StepState>,
    opened: u64,
    closed: u64,
    handlers: Vec<String>,
    owner: Option<String>,
}

impl Default for StoredRun {
    fn default() -> Self {
        Self {
            key: String::new(),
            state: StepState::Waiting,
            round: 0,
            slots: Vec::new(),
            lanes: Vec::new(),
            children: Vec::new(),
            is_revising: false,
            asked: None,
            returned: None,
            was: None,
            opened: 0,
            closed: 0,
            handlers: Vec::new(),
            owner: None,
        }
    }
}

impl From<StoredRun> for StepRun {
    fn from(stored: StoredRun) -> Self {
        let mut slots = stored.slots;
        if slots.is_empty() && !stored.handlers.is_empty() {
            let state = match stored.state {
                StepState::Open => SlotState::Open,
                StepState::Done => SlotState::Done,
                _ => SlotState::Cancelled,
            };
            slots.push(Slot {
                n: 0,
                state,
                handlers: stored.handlers,
                owner: stored.owner,
                after: None,
                is_advice: false,
                from: None,
            });
        }
        Self {
            key: stored.key,
            state: stored.state,
            round: stored.round,
            slots,
            lanes: stored.lanes,
            children: stored.children,
            is_revising: stored.is_revising,
            asked: stored.asked,
            returned: stored.returned,
            was: stored.was,
            opened: stored.opened,
            closed: stored.closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_that_nothing_will_move_is_not_alive() {
        let mut run = StepRun::new("a");
        run.state = StepState::Open;
        let mut state = State { steps: vec![Arc::new(run.clone())], ..State::default() };
        assert!(!state.is_alive());
        run.state = StepState::Held;
        state.steps = vec![Arc::new(run)];
        assert!(state.is_alive());
        state.is_ended = true;
        assert!(!state.is_alive());
    }

    #[test]
    fn a_state_of_before_there_were_slots_can_still_be_read() {
        let old = r#"{"steps":[
            {"key":"a","state":"done","round":2,"handlers":["li","wang"],"owner":"wang"},
            {"key":"b","state":"open","round":1,"handlers":["li","wang"],"owner":null},
            {"key":"c","state":"waiting","round":0,"handlers":[],"owner":null}],"is_ended":false}"#;
        let state: State = serde_json::from_str(old).unwrap();
        let [a, b, c] = state.steps.as_slice() else { panic!("three steps") };
        assert_eq!((a.owner(), a.handlers()), (Some("wang"), vec!["wang".to_owned()]));
        assert_eq!((b.owner(), b.handlers()), (None, vec!["li".to_owned(), "wang".to_owned()]));
        assert_eq!((c.owner(), c.handlers(), c.slots.len()), (None, vec![], 0));
        assert!(state.is_alive());
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
    }
}
