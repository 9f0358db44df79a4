//! A small world to run flows in, and the books of whoever carries out the effects.

mod blocks;
mod random;
mod returns;
mod signs;
mod times;

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Timestamp, time::MINUTE};
use serde_json::{Value, json};

use super::*;
use crate::{
    definition::{Assign, Rank, Step},
    event::{Closed, Event, Found},
    state::{SlotState, StepState, TimerKind},
};

/// What is known in tests: the people of each group, who left, and what holds.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    pub(crate) gone: BTreeSet<String>,
    pub(crate) truths: BTreeSet<String>,
    pub(crate) rank: Rank,
}

impl World {
    fn plain<'r>(&self, rule: &'r Assign) -> &'r Assign {
        let Assign::Table { rows, otherwise } = rule else { return rule };
        let row = rows.iter().find(|row| self.holds(&row.when));
        self.plain(row.map_or(otherwise, |row| &row.assign))
    }
}

impl Facts for World {
    fn candidates(&self, _step: &Step, rule: &Assign, chosen: &[String]) -> Found {
        let one = |who: &str| Found { people: vec![who.to_owned()], is_given: true };
        match self.plain(rule) {
            Assign::People { userids } => Found::pool(userids.clone()),
            Assign::Starter => one("starter"),
            Assign::Supervisor => one("boss"),
            Assign::Chosen => Found::pool(chosen.to_vec()),
            Assign::Group { key } => Found::pool(self.groups.get(key).cloned().unwrap_or_default()),
            _ => Found::default(),
        }
    }

    fn holds(&self, rule: &Value) -> bool {
        match rule {
            Value::Bool(is_true) => *is_true,
            rule => rule["var"].as_str().is_some_and(|name| self.truths.contains(name)),
        }
    }

    fn rank(&self) -> Rank {
        self.rank
    }

    fn can_work(&self, userid: &str) -> bool {
        !self.gone.contains(userid)
    }
}

pub(crate) fn people(who: &[&str]) -> Value {
    json!({ "by": "people", "userids": who })
}

/// A step of some type: what every step has, and what is given.
pub(crate) fn a(key: &str, kind: &str, rest: Value) -> Value {
    let mut step = json!({ "key": key, "name": key, "type": kind });
    step.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    step
}

pub(crate) fn task(key: &str, who: &[&str]) -> Value {
    a(key, "task", json!({ "assign": people(who) }))
}

pub(crate) fn flow(steps: Value) -> Flow {
    serde_json::from_value(json!({ "steps": steps })).unwrap()
}

/// A ticket under way, with the books of whoever carries out its effects.
pub(crate) struct Desk {
    pub(crate) flow: Flow,
    pub(crate) world: World,
    first_world: World,
    pub(crate) now: Timestamp,
    pub(crate) state: State,
    pub(crate) last: Vec<Effect>,
    pub(crate) all: Vec<Effect>,
    tasks: BTreeMap<(String, u32, u32), Vec<String>>,
    timers: BTreeSet<(String, u32, TimerKind)>,
    children: BTreeSet<(String, u32, usize)>,
    joined: BTreeSet<(String, u32)>,
    log: Vec<(Timestamp, Event, World)>,
}

impl Desk {
    pub(crate) fn open(steps: Value) -> Self {
        Self::open_in(World::default(), flow(steps))
    }

    pub(crate) fn open_in(world: World, flow: Flow) -> Self {
        let now = Timestamp(1_800_000_000_000_000);
        let (state, effects) = start(&flow, &world, now);
        let mut desk = Self {
            flow,
            first_world: world.clone(),
            world,
            now,
            state,
            last: Vec::new(),
            all: Vec::new(),
            tasks: BTreeMap::new(),
            timers: BTreeSet::new(),
            children: BTreeSet::new(),
            joined: BTreeSet::new(),
            log: Vec::new(),
        };
        desk.carry_out(effects);
        desk.check();
        desk
    }

    /// Tries an event; the books are checked after it, and a refusal has changed nothing.
    pub(crate) fn tries(&mut self, event: Event) -> Result<(), Refused> {
        let before = self.state.clone();
        let (state, effects) = step(&self.flow, &self.state, &event, &self.world, self.now)?;
        match &event {
            Event::Fire { step, round, kind } => {
                assert!(self.timers.remove(&(step.clone(), *round, *kind)), "a timer fires once");
            }
            Event::ChildEnded { step, round, child, .. } => {
                assert!(self.children.remove(&(step.clone(), *round, *child)));
            }
            _ => {}
        }
        self.state = state;
        self.log.push((self.now, event, self.world.clone()));
        self.carry_out(effects);
        for (old, new) in before.steps.iter().zip(&self.state.steps) {
            assert!(new.round >= old.round, "rounds never fall");
            let opened = new.is_active() && !old.is_active();
            assert!(!opened || new.round > old.round, "{} opens in a new round", new.key);
        }
        self.check();
        Ok(())
    }

    #[track_caller]
    pub(crate) fn does(&mut self, event: Event) -> &mut Self {
        let refused = self.tries(event.clone()).err();
        assert_eq!(refused, None, "{event:?}");
        self
    }

    #[track_caller]
    pub(crate) fn completes(&mut self, by: &str, step: &str) -> &mut Self {
        self.does(complete(step, by))
    }

    #[track_caller]
    pub(crate) fn approves(&mut self, by: &str, step: &str) -> &mut Self {
        self.does(approve(step, by))
    }

    pub(crate) fn wait(&mut self, minutes: i64) -> &mut Self {
        self.now = self.now.plus(minutes * MINUTE);
        self
    }

    /// Fires everything that is due, the earliest first.
    pub(crate) fn rings(&mut self) -> &mut Self {
        for _ in 0..1_000 {
            let due = self.state.timers.iter().filter(|t| t.left.is_none() && t.due_at <= self.now);
            let Some(timer) = due.min_by_key(|timer| timer.due_at).cloned() else { return self };
            self.does(Event::Fire { step: timer.step, round: timer.round, kind: timer.kind });
        }
        panic!("timers without end");
    }

    pub(crate) fn run(&self, key: &str) -> &StepRun {
        self.state.run(key).unwrap()
    }

    pub(crate) fn state_of(&self, key: &str) -> (StepState, u32) {
        (self.run(key).state, self.run(key).round)
    }

    /// `step: who/who step: who` of the open tasks, the owners or the pools.
    pub(crate) fn work(&self) -> String {
        let open = self.state.steps.iter().filter(|run| run.is_active() && !run.slots.is_empty());
        let one = |run: &Arc<StepRun>| format!("{}: {}", run.key, run.handlers().join("/"));
        open.map(one).collect::<Vec<_>>().join(" ")
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            match effect.clone() {
                Effect::OpenTask { step, round, slot, to, owner } => {
                    assert!(!to.is_empty(), "every task has a handler");
                    assert!(owner.is_none_or(|owner| to.contains(&owner)));
                    let old = self.tasks.insert((step, round, slot), to);
                    assert_eq!(old, None, "a task opens once");
                }
                Effect::OwnTask { step, round, slot, by } => {
                    assert!(self.tasks[&(step, round, slot)].contains(&by));
                }
                Effect::CloseTask { step, round, slot, .. } => {
                    assert!(self.tasks.remove(&(step, round, slot)).is_some(), "closes once");
                }
                Effect::SetTimer { timer } => {
                    let is_new = self.timers.insert((timer.step, timer.round, timer.kind));
                    assert!(is_new, "a timer is set once");
                }
                Effect::CancelTimer { step, round, kind, .. } => {
                    assert!(self.timers.remove(&(step, round, kind)), "it was set");
                }
                Effect::StartSubticket { step, round, child, .. } => {
                    assert!(self.children.insert((step, round, child)));
                }
                Effect::StopSubticket { step, round, child } => {
                    assert!(self.children.remove(&(step, round, child)));
                }
                Effect::Log { step, round, what: Logged::Joined } => {
                    assert!(self.joined.insert((step, round)), "a join fires once");
                }
                Effect::Notify { to, .. } => assert!(!to.is_empty()),
                _ => {}
            }
        }
        self.all.extend(effects.iter().cloned());
        self.last = effects;
    }

    /// What holds at all times.
    fn check(&self) {
        let state = &self.state;
        assert_eq!(state.is_ended, !state.is_alive(), "nobody is trapped: {state:#?}");
        let slots = state.steps.iter().flat_map(|run| {
            run.open_slots().map(|slot| ((run.key.clone(), run.round, slot.n), &slot.handlers))
        });
        let slots: BTreeMap<_, _> = slots.collect();
        assert_eq!(slots.keys().collect::<Vec<_>>(), self.tasks.keys().collect::<Vec<_>>());
        let timers = state.timers.iter().filter(|timer| timer.left.is_none());
        let timers = timers.map(|timer| (timer.step.clone(), timer.round, timer.kind));
        assert_eq!(timers.collect::<BTreeSet<_>>(), self.timers);
        for timer in &state.timers {
            let run = state.run(&timer.step);
            assert!(
                timer.kind == TimerKind::Wake
                    || run.is_some_and(|run| run.is_active() && run.round == timer.round),
                "{timer:?}"
            );
        }
        let children = state.steps.iter().flat_map(|run| {
            let open = run.children.iter().enumerate().filter(|(_, c)| **c == SlotState::Open);
            open.map(|(child, _state)| (run.key.clone(), run.round, child))
        });
        assert_eq!(children.collect::<BTreeSet<_>>(), self.children);
        self.check_tree();
    }

    /// Exactly one step is at work in every lane that is being gone, and none elsewhere.
    fn check_tree(&self) {
        let plan = Plan::of(&self.flow);
        let mut per_lane: BTreeMap<Option<(At, usize)>, usize> = BTreeMap::new();
        for (at, node) in plan.nodes().enumerate() {
            let run = &self.state.steps[at];
            assert!(
                run.state != StepState::Open || node.step.lanes().next().is_none() || {
                    run.lanes.contains(&crate::state::LaneState::Open)
                }
            );
            if run.is_active() {
                *per_lane.entry(node.parent).or_default() += 1;
            } else {
                assert_eq!(run.open_slots().count(), 0);
            }
        }
        let mut open = Vec::new();
        if !self.state.is_ended {
            open.push(None);
        }
        for (at, _node) in plan.nodes().enumerate() {
            let run = &self.state.steps[at];
            for (lane, state) in run.lanes.iter().enumerate() {
                if run.is_active() && *state == crate::state::LaneState::Open {
                    open.push(Some((at, lane)));
                }
            }
        }
        let open: BTreeMap<_, _> = open.into_iter().map(|lane| (lane, 1)).collect();
        assert_eq!(per_lane, open, "{:#?}", self.state);
    }

    /// The same events at the same times give the same state.
    pub(crate) fn replay(&self) -> State {
        let began = Timestamp(1_800_000_000_000_000);
        let (mut state, _effects) = start(&self.flow, &self.first_world, began);
        for (now, event, world) in &self.log {
            state = step(&self.flow, &state, event, world, *now).unwrap().0;
        }
        state
    }
}

pub(crate) fn claim(step: &str, by: &str) -> Event {
    Event::Claim { step: step.into(), by: by.into() }
}

pub(crate) fn complete(step: &str, by: &str) -> Event {
    Event::Complete { step: step.into(), by: by.into(), choose: Vec::new() }
}

pub(crate) fn approve(step: &str, by: &str) -> Event {
    Event::Approve { step: step.into(), by: by.into(), choose: Vec::new() }
}

pub(crate) fn reject(step: &str, by: &str) -> Event {
    Event::Reject { step: step.into(), by: by.into() }
}

pub(crate) fn back(step: &str, by: &str, to: &str) -> Event {
    Event::Return { step: step.into(), by: by.into(), to: to.into() }
}

pub(crate) fn transfer(step: &str, by: &str, to: &str) -> Event {
    Event::Transfer { step: step.into(), by: Some(by.into()), to: to.into() }
}

pub(crate) fn closed(effects: &[Effect]) -> Vec<(String, Closed)> {
    let one = |effect: &Effect| match effect {
        Effect::CloseTask { step, how, .. } => Some((step.clone(), *how)),
        _ => None,
    };
    effects.iter().filter_map(one).collect()
}
