//! Runs a draft on sample facts, without writing anything: which way it goes, who gets what, until
//! when, and who hears of it.

use kernel::Timestamp;
use serde::Serialize;

use crate::{
    definition::{Flow, Kind, Step},
    event::{Effect, Event, Facts, Logged, Notice, Outcome, Refused, Trouble},
    state::{SlotState, State, StepRun, StepState, TimerKind},
    step::{start, step},
};

/// The most events of a simulation: who always rejects would go on for ever.
pub const EVENTS_MAX: usize = 2_000;

/// What a simulated handler says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// Done, or agreed to.
    Yes,
    /// Rejected; what cannot be rejected is done.
    No,
}

/// One piece of a simulated way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// When.
    pub at: Timestamp,
    /// The step.
    pub step: String,
    /// Its round.
    pub round: u32,
    /// What happens there.
    pub what: Passed,
}

/// What happens at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "happens", rename_all = "snake_case")]
pub enum Passed {
    /// Somebody gets work.
    Work {
        /// Who.
        handlers: Vec<String>,
        /// Until when.
        due_at: Option<Timestamp>,
    },
    /// It is not needed.
    Skipped,
    /// Somebody hears of it.
    Told {
        /// Of what.
        what: Notice,
        /// Who.
        to: Vec<String>,
    },
    /// Which ways a block goes.
    Took {
        /// The lanes, by number; the default is the last.
        lanes: Vec<usize>,
    },
    /// Time passes.
    Waits {
        /// Until when.
        until: Timestamp,
    },
    /// The machine does something.
    Action {
        /// What.
        action: String,
    },
    /// A ticket is raised.
    Child {
        /// By which template.
        template: String,
    },
    /// It was rejected or returned, and goes back.
    Rejected,
    /// A person must look.
    Stuck {
        /// Why.
        why: Trouble,
    },
}

/// A simulated way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// What happens, in order.
    pub stops: Vec<Stop>,
    /// How it ends; it does not when absent.
    pub outcome: Option<Outcome>,
    /// Why nobody could do the step that the way ends at.
    pub refused: Option<(String, Refused)>,
    /// Where it stands at the end.
    pub state: State,
}

/// Runs a flow: every handler does at once what `says` tells for his step and round, children are
/// done, actions succeed, and where only time helps, it passes.
pub fn simulate(
    flow: &Flow,
    facts: &dyn Facts,
    now: Timestamp,
    says: &dyn Fn(&str, u32) -> Say,
) -> Walk {
    let (state, effects) = start(flow, facts, now);
    let mut walk = Walk { stops: Vec::new(), outcome: None, refused: None, state };
    walk.note(now, effects);
    let mut now = now;
    for _ in 0..EVENTS_MAX {
        if walk.state.is_ended {
            break;
        }
        let Some((at, event)) = next(flow, &walk.state, says) else { break };
        now = now.max(at);
        match step(flow, &walk.state, &event, facts, now) {
            Ok((state, effects)) => {
                walk.state = state;
                walk.note(now, effects);
            }
            Err(refused) => {
                walk.refused = Some((step_of(&event), refused));
                break;
            }
        }
    }
    walk
}

impl Walk {
    fn note(&mut self, at: Timestamp, effects: Vec<Effect>) {
        for effect in effects {
            let (step, round, what) = match effect {
                Effect::OpenTask { step, round, to, .. } => {
                    (step, round, Passed::Work { handlers: to, due_at: None })
                }
                Effect::SetTimer { timer } => {
                    self.note_timer(at, timer);
                    continue;
                }
                Effect::Notify { step, round, what, to } => {
                    (step, round, Passed::Told { what, to })
                }
                Effect::Alarm { step, round, why } => (step, round, Passed::Stuck { why }),
                Effect::RunAction { step, round, action, .. } => {
                    (step, round, Passed::Action { action })
                }
                Effect::StartSubticket { step, round, template, .. } => {
                    (step, round, Passed::Child { template })
                }
                Effect::Log { step, round, what } => match what {
                    Logged::NotNeeded | Logged::NobodyNeeded => (step, round, Passed::Skipped),
                    Logged::Took { lanes } => (step, round, Passed::Took { lanes }),
                    Logged::Rejected => (step, round, Passed::Rejected),
                    _ => continue,
                },
                Effect::End { how } => {
                    self.outcome = Some(how);
                    continue;
                }
                _ => continue,
            };
            self.stops.push(Stop { at, step, round, what });
        }
    }

    fn note_timer(&mut self, at: Timestamp, timer: crate::state::Timer) {
        if timer.kind == TimerKind::Wait {
            let what = Passed::Waits { until: timer.due_at };
            self.stops.push(Stop { at, step: timer.step, round: timer.round, what });
        } else if timer.kind == TimerKind::Deadline {
            for stop in &mut self.stops {
                if let Passed::Work { due_at, .. } = &mut stop.what
                    && stop.step == timer.step
                    && stop.round == timer.round
                {
                    *due_at = Some(timer.due_at);
                }
            }
        }
    }
}

/// What happens next, and when.
fn next(flow: &Flow, state: &State, says: &dyn Fn(&str, u32) -> Say) -> Option<(Timestamp, Event)> {
    let at_once = Timestamp(i64::MIN);
    let active = || state.steps.iter().filter(|run| run.is_active());
    if let Some(event) = active().find_map(|run| work(flow, run, says)) {
        return Some((at_once, event));
    }
    for run in active() {
        let (step, round) = (run.key.clone(), run.round);
        if let Some(child) = run.children.iter().position(|child| *child == SlotState::Open) {
            return Some((at_once, Event::ChildEnded { step, round, child, is_done: true }));
        }
        let is_action = matches!(flow.step(&step).map(|one| &one.kind), Some(Kind::Action(_)));
        if is_action && run.state == StepState::Open {
            return Some((at_once, Event::ActionEnded { step, round, is_done: true }));
        }
    }
    let timer = state.timers.iter().filter(|timer| timer.left.is_none());
    let timer = timer.min_by_key(|timer| timer.due_at)?.clone();
    let event = Event::Fire { step: timer.step, round: timer.round, kind: timer.kind };
    Some((timer.due_at, event))
}

fn work(flow: &Flow, run: &StepRun, says: &dyn Fn(&str, u32) -> Say) -> Option<Event> {
    let slot = run.open_slots().next()?;
    let by = slot.owner.clone().or_else(|| slot.handlers.first().cloned())?;
    let step = run.key.clone();
    let is_approval = flow.step(&step).is_some_and(Step::is_approval) && !run.is_revising;
    Some(match (is_approval, says(&step, run.round)) {
        (true, Say::No) => Event::Reject { step, by },
        (true, Say::Yes) => Event::Approve { step, by, choose: Vec::new() },
        (false, _) => Event::Complete { step, by, choose: Vec::new() },
    })
}

fn step_of(event: &Event) -> String {
    match event {
        Event::Complete { step, .. }
        | Event::Approve { step, .. }
        | Event::Reject { step, .. }
        | Event::Fire { step, .. }
        | Event::ActionEnded { step, .. }
        | Event::ChildEnded { step, .. } => step.clone(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::step::tests::{World, a, flow, people, task};

    fn stops(walk: &Walk) -> Vec<String> {
        let words = |what: &Passed| match what {
            Passed::Work { handlers, due_at } => {
                let due = due_at.map(|at| at.since(Timestamp(0)) / kernel::time::MINUTE);
                format!(
                    "{}{}",
                    handlers.join("/"),
                    due.map(|m| format!("≤{m}")).unwrap_or_default()
                )
            }
            Passed::Told { to, .. } => format!("告知{}", to.join("/")),
            other => format!("{other:?}"),
        };
        let minute = |stop: &Stop| stop.at.since(Timestamp(0)) / kernel::time::MINUTE;
        walk.stops
            .iter()
            .map(|stop| format!("{}@{} {}", stop.step, minute(stop), words(&stop.what)))
            .collect()
    }

    fn contract() -> Value {
        json!([
            a(
                "ask",
                "task",
                json!({ "assign": people(&["li"]),
                "limit": { "minutes": 60, "overdue": { "do": "end" } } })
            ),
            a(
                "amount",
                "branch",
                json!({ "default": [], "cases": [
                { "when": { "var": "big" }, "steps": [
                    a("boss", "approval", json!({ "assign": people(&["boss"]),
                        "on_reject": { "do": "to_step", "key": "ask" } }))] }] })
            ),
            a("rest", "wait", json!({ "minutes": 30 })),
            a("tell", "cc", json!({ "to": people(&["wang"]) })),
        ])
    }

    #[test]
    fn it_shows_the_way_the_handlers_and_the_hours() {
        let walk = simulate(&flow(contract()), &World::default(), Timestamp(0), &|_, _| Say::Yes);
        assert_eq!(
            stops(&walk),
            [
                "ask@0 li≤60",
                "amount@0 Took { lanes: [1] }",
                "rest@0 Waits { until: Timestamp(1800000000) }",
                "tell@30 告知wang"
            ]
        );
        assert_eq!(walk.outcome, Some(Outcome::Finished));
        let mut world = World::default();
        world.truths.insert("big".to_owned());
        let no_once = |_: &str, round| if round == 1 { Say::No } else { Say::Yes };
        let walk = simulate(&flow(contract()), &world, Timestamp(0), &no_once);
        let way: Vec<_> = walk.stops.iter().map(|stop| stop.step.as_str()).collect();
        assert_eq!(way, ["ask", "amount", "boss", "boss", "ask", "amount", "boss", "rest", "tell"]);
    }

    #[test]
    fn who_always_rejects_does_not_make_it_run_for_ever() {
        let mut world = World::default();
        world.truths.insert("big".to_owned());
        let walk = simulate(&flow(contract()), &world, Timestamp(0), &|_, _| Say::No);
        assert_eq!(walk.outcome, None);
    }

    #[test]
    fn what_is_stuck_says_where_and_why() {
        let held = json!([a("a", "task", json!({ "assign": { "by": "group", "key": "none" } }))]);
        let walk = simulate(&flow(held), &World::default(), Timestamp(0), &|_, _| Say::Yes);
        assert_eq!(stops(&walk), ["a@0 Stuck { why: Nobody }"]);
        let mut unmet = task("a", &["li"]);
        unmet["exit"] = json!(false);
        let walk =
            simulate(&flow(json!([unmet])), &World::default(), Timestamp(0), &|_, _| Say::Yes);
        assert_eq!(walk.refused, Some(("a".to_owned(), Refused::ExitUnmet)));
    }
}
