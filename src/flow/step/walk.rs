//! How steps open, end, and lead to what comes next.

use std::ops::Range;

use super::{Entry, Move};
use crate::{
    definition::{Action, Assign, Branch, Kind, Mode, Pace, Parallel, Step, Subtickets},
    event::{Closed, Effect, Found, Logged, Notice, Outcome, Trouble},
    plan::At,
    state::{LaneState, SlotState, StepState, TimerKind},
};

/// How long the end of an action is waited for when its step does not say: what the machine does
/// must never keep a ticket waiting unseen.
const ACTION_MINUTES: u32 = 60;

impl<'a> Move<'a> {
    /// Opens what is to be opened, and what follows from that. Ends, because a step is pushed at
    /// most once for one event: the tree has no circle.
    pub(super) fn drain(&mut self) {
        while let Some(entry) = self.todo.pop() {
            if self.is_reachable(entry.at) {
                self.open(entry);
            }
        }
    }

    /// Whether the lane that a step is in is still being gone.
    fn is_reachable(&self, at: At) -> bool {
        match self.plan.node(at).parent {
            None => !self.state.is_ended,
            Some((block, lane)) => {
                let block = self.run(block);
                block.state == StepState::Open && block.lanes.get(lane) == Some(&LaneState::Open)
            }
        }
    }

    fn open(&mut self, entry: Entry) {
        let at = entry.at;
        let step = self.plan.node(at).step;
        self.begin(at);
        if !entry.is_forced && step.when.as_ref().is_some_and(|rule| !self.facts.holds(rule)) {
            return self.skip(at, Logged::NotNeeded);
        }
        match &step.kind {
            Kind::Task(work) | Kind::Approval(work) => self.open_work(entry, work),
            Kind::Cc(cc) => self.tell(at, &cc.to, Notice::Cc),
            Kind::Notify(message) => {
                self.tell(at, &message.to, Notice::Message { text: message.text.clone() });
            }
            Kind::Wait(wait) => self.set_timer(at, TimerKind::Wait, wait.pace, wait.minutes),
            Kind::Action(action) => self.open_action(at, action),
            Kind::Branch(branch) => self.open_branch(at, branch),
            Kind::Parallel(parallel) => self.open_parallel(at, parallel),
            Kind::Subtickets(children) => self.open_children(at, children),
        }
    }

    /// A new round of a step.
    pub(super) fn begin(&mut self, at: At) {
        let move_no = self.tick();
        let lanes = self.plan.node(at).lanes.len();
        let run = self.run_mut(at);
        run.round += 1;
        run.state = StepState::Open;
        run.slots.clear();
        run.lanes = vec![LaneState::Untaken; lanes];
        run.children.clear();
        (run.is_revising, run.asked, run.returned, run.was) = (false, None, None, None);
        run.opened = move_no;
    }

    /// Ends a step's round: its tasks, its timers, its children.
    pub(super) fn shut(&mut self, at: At, into: StepState) {
        self.close_slots(at);
        self.drop_timers(at);
        let (step, round) = self.name(at);
        let move_no = self.tick();
        let run = self.run_mut(at);
        let mut stopped = Vec::new();
        for (child, state) in run.children.iter_mut().enumerate() {
            if *state == SlotState::Open {
                *state = SlotState::Cancelled;
                stopped.push(Effect::StopSubticket { step: step.clone(), round, child });
            }
        }
        (run.asked, run.state, run.closed) = (None, into, move_no);
        self.effects.extend(stopped);
    }

    /// Cancels everything at work in a range; blocks among it lose their ways.
    pub(super) fn shut_all(&mut self, range: Range<At>, keeps: impl Fn(At) -> bool) {
        for at in range {
            if self.run(at).is_active() && !keeps(at) {
                self.shut(at, StepState::Cancelled);
                for lane in &mut self.run_mut(at).lanes {
                    if *lane == LaneState::Open {
                        *lane = LaneState::Untaken;
                    }
                }
            }
        }
    }

    pub(super) fn done(&mut self, at: At) {
        self.shut(at, StepState::Done);
        self.leave(at);
    }

    pub(super) fn skip(&mut self, at: At, why: Logged) {
        self.log(at, why);
        self.shut(at, StepState::Skipped);
        self.leave(at);
    }

    pub(super) fn hold(&mut self, at: At, why: Trouble) {
        self.run_mut(at).state = StepState::Held;
        let (step, round) = self.name(at);
        self.effects.push(Effect::Alarm { step, round, why });
    }

    /// What comes after a step that is over: the next one, or the end of its lane and perhaps of
    /// its block, and so on outwards.
    fn leave(&mut self, mut at: At) {
        loop {
            let (next, parent) = (self.plan.node(at).next, self.plan.node(at).parent);
            if let Some(next) = next {
                return self.todo.push(Entry::at(next));
            }
            let Some((block, lane)) = parent else { return self.end(Outcome::Finished) };
            if let Some(lane) = self.run_mut(block).lanes.get_mut(lane) {
                *lane = LaneState::Done;
            }
            if !self.is_joined(block) {
                return;
            }
            self.join(block);
            at = block;
        }
    }

    fn is_joined(&self, block: At) -> bool {
        let lanes = &self.run(block).lanes;
        let is_any =
            matches!(&self.plan.node(block).step.kind, Kind::Parallel(p) if p.mode == Mode::Any);
        is_any && lanes.contains(&LaneState::Done) || !lanes.contains(&LaneState::Open)
    }

    /// The one end of a block's round.
    pub(super) fn join(&mut self, block: At) {
        let inside = block + 1..self.plan.node(block).end;
        self.shut_all(inside, |_at| false);
        for lane in &mut self.run_mut(block).lanes {
            if *lane == LaneState::Open {
                *lane = LaneState::Untaken;
            }
        }
        self.shut(block, StepState::Done);
        self.log(block, Logged::Joined);
    }

    /// Ends the flow, and remembers where it was.
    pub(super) fn end(&mut self, how: Outcome) {
        self.todo.clear();
        self.state.cut.clear();
        for at in 0..self.plan.len() {
            if self.run(at).is_active() {
                if self.plan.node(at).lanes.is_empty() {
                    let key = self.run(at).key.clone();
                    self.state.cut.push(key);
                }
                self.shut(at, StepState::Cancelled);
            }
        }
        self.drop_wake();
        self.state.suspended_at = None;
        self.state.is_ended = true;
        self.effects.push(Effect::End { how });
    }

    fn tell(&mut self, at: At, rule: &Assign, what: Notice) {
        let to = self.people(self.plan.node(at).step, rule);
        if to.is_empty() {
            return self.skip(at, Logged::NobodyNeeded);
        }
        let (step, round) = self.name(at);
        self.effects.push(Effect::Notify { step, round, what, to });
        self.done(at);
    }

    fn open_action(&mut self, at: At, action: &Action) {
        let (step, round) = self.name(at);
        let (name, input) = (action.action.clone(), action.input.clone());
        self.effects.push(Effect::RunAction { step, round, action: name, input });
        let minutes = action.wait_minutes.unwrap_or(ACTION_MINUTES);
        self.set_timer(at, TimerKind::Timeout, Pace::Calendar, minutes);
    }

    fn open_branch(&mut self, at: At, branch: &Branch) {
        let holds = |when: &Option<_>| when.as_ref().is_none_or(|rule| self.facts.holds(rule));
        let case = branch.cases.iter().position(|case| holds(&case.when));
        let default = branch.default.as_ref().map(|_steps| branch.cases.len());
        self.go(at, case.or(default).into_iter().collect());
    }

    fn open_parallel(&mut self, at: At, parallel: &Parallel) {
        let goes = |when: &Option<_>| {
            parallel.mode != Mode::Inclusive
                || when.as_ref().is_none_or(|rule| self.facts.holds(rule))
        };
        let lanes = parallel.lanes.iter().enumerate();
        let mut taken: Vec<_> =
            lanes.filter(|(_n, lane)| goes(&lane.when)).map(|(n, _lane)| n).collect();
        if taken.is_empty() && parallel.default.is_some() {
            taken.push(parallel.lanes.len());
        }
        self.go(at, taken);
    }

    /// Goes these ways of a block, all of them marked before the first is entered.
    fn go(&mut self, block: At, taken: Vec<usize>) {
        let begins = self.plan.node(block).lanes.clone();
        let begin = |lane: usize| begins.get(lane).copied().flatten();
        let states = &mut self.run_mut(block).lanes;
        for &lane in &taken {
            if let Some(state) = states.get_mut(lane) {
                let is_empty = begin(lane).is_none();
                *state = if is_empty { LaneState::Done } else { LaneState::Open };
            }
        }
        self.todo.extend(taken.iter().rev().filter_map(|&lane| begin(lane)).map(Entry::at));
        self.log(block, Logged::Took { lanes: taken });
        if self.is_joined(block) {
            self.join(block);
            self.leave(block);
        }
    }

    fn open_children(&mut self, at: At, children: &Subtickets) {
        let (step, round) = self.name(at);
        for (child, ticket) in children.tickets.iter().enumerate() {
            self.run_mut(at).children.push(SlotState::Open);
            self.effects.push(Effect::StartSubticket {
                step: step.clone(),
                round,
                child,
                template: ticket.template.clone(),
                title: ticket.title.clone(),
                form: ticket.form.clone(),
            });
        }
        if children.tickets.is_empty() {
            self.done(at);
        }
    }

    /// Who a rule means, each once.
    pub(super) fn found(&self, step: &Step, rule: &Assign) -> Found {
        let mut found = self.facts.candidates(step, rule, &self.state.chosen);
        let mut seen = std::collections::BTreeSet::new();
        found.people.retain(|one| self.facts.can_work(one) && seen.insert(one.clone()));
        found
    }

    /// Those people.
    pub(super) fn people(&self, step: &Step, rule: &Assign) -> Vec<String> {
        self.found(step, rule).people
    }

    /// Closes what is open of a step's work.
    pub(super) fn close_slots(&mut self, at: At) {
        let (step, round) = self.name(at);
        let mut closed = Vec::new();
        for slot in &mut self.run_mut(at).slots {
            if slot.state == SlotState::Open {
                let (step, slot) = (step.clone(), slot.n);
                let how = Closed::Cancelled;
                closed.push(Effect::CloseTask { step, round, slot, how, by: None });
            }
            if matches!(slot.state, SlotState::Open | SlotState::Waiting) {
                slot.state = SlotState::Cancelled;
            }
        }
        self.effects.extend(closed);
    }
}
