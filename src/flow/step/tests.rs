use proptest::prelude::*;

use super::*;
use crate::definition::{Assign, Step};

fn flow(keys: &[&str]) -> Flow {
    let step = |key: &&str| Step {
        key: (*key).into(),
        name: (*key).into(),
        public_name: None,
        assign: Assign::Group { key: "all".into() },
    };
    Flow { steps: keys.iter().map(step).collect() }
}

fn facts(keys: &[&str], people: &[&str]) -> Facts {
    let people: Vec<String> = people.iter().map(|one| (*one).into()).collect();
    Facts { candidates: keys.iter().map(|key| ((*key).into(), people.clone())).collect() }
}

fn claim(step: &str, by: &str) -> Event {
    Event::Claim { step: step.into(), by: by.into() }
}

fn complete(step: &str, by: &str) -> Event {
    Event::Complete { step: step.into(), by: by.into() }
}

#[test]
fn one_claims_and_the_other_is_told_who() {
    let (flow, facts) = (flow(&["a"]), facts(&["a"], &["li", "wang"]));
    let (state, _) = start(&flow, &facts);
    let (state, effects) = step(&flow, &state, &claim("a", "li"), &facts).unwrap();
    assert_eq!(effects, [Effect::Own { step: "a".into(), round: 1, by: "li".into() }]);
    assert_eq!(
        step(&flow, &state, &claim("a", "wang"), &facts),
        Err(Refused::Taken { by: "li".into() })
    );
    assert_eq!(
        step(&flow, &state, &complete("a", "zhao"), &facts),
        Err(Refused::Taken { by: "li".into() })
    );
    let (state, effects) = step(&flow, &state, &complete("a", "li"), &facts).unwrap();
    assert!(state.is_ended);
    assert_eq!(effects.last(), Some(&Effect::Finish));
}

#[test]
fn a_stranger_is_refused() {
    let (flow, facts) = (flow(&["a"]), facts(&["a"], &["li"]));
    let (state, _) = start(&flow, &facts);
    assert_eq!(step(&flow, &state, &claim("a", "zhao"), &facts), Err(Refused::NotHandler));
}

#[test]
fn a_step_without_people_is_held_and_a_transfer_frees_it() {
    let flow = flow(&["a"]);
    let (state, effects) = start(&flow, &Facts::default());
    assert!(effects.contains(&Effect::Alarm { step: "a".into() }));
    assert_eq!(state.steps[0].state, StepState::Held);
    let to = Event::Transfer { step: "a".into(), by: None, to: "li".into() };
    let (state, _) = step(&flow, &state, &to, &Facts::default()).unwrap();
    assert_eq!(
        (state.steps[0].state, state.steps[0].owner.as_deref()),
        (StepState::Open, Some("li"))
    );
}

#[test]
fn reopening_makes_a_new_round_of_the_last_step() {
    let (flow, facts) = (flow(&["a", "b"]), facts(&["a", "b"], &["li"]));
    let (state, _) = start(&flow, &facts);
    let (state, _) = step(&flow, &state, &complete("a", "li"), &facts).unwrap();
    let (state, _) = step(&flow, &state, &complete("b", "li"), &facts).unwrap();
    assert_eq!(step(&flow, &state, &complete("b", "li"), &facts), Err(Refused::WrongPhase));
    let (state, _) = step(&flow, &state, &Event::Reopen, &facts).unwrap();
    assert_eq!((state.steps[1].round, state.steps[1].state), (2, StepState::Open));
    assert_eq!((state.steps[0].round, state.steps[0].state), (1, StepState::Done));
}

fn any_event() -> impl Strategy<Value = Event> {
    let step = prop::sample::select(vec!["a", "b", "c", "x"]);
    let who = prop::sample::select(vec!["li", "wang", "zhao"]);
    (0..6u8, step, who.clone(), who).prop_map(|(what, step, by, to)| match what {
        0 => claim(step, by),
        1 | 2 => complete(step, by),
        3 => Event::Transfer { step: step.into(), by: Some(by.into()), to: to.into() },
        4 => Event::End,
        _ => Event::Reopen,
    })
}

proptest! {
    /// A ticket that has not ended always has work that somebody holds, or an alarm; every task
    /// that is opened is closed once; rounds only grow.
    #[test]
    fn no_sequence_of_events_traps_a_ticket(
        events in prop::collection::vec(any_event(), 0..40),
        people in prop::sample::subsequence(vec!["li", "wang"], 0..=2),
    ) {
        let keys = ["a", "b", "c"];
        let (flow, facts) = (flow(&keys), facts(&keys, &people));
        let (mut state, first) = start(&flow, &facts);
        let mut open = Vec::new();
        let mut follow = |effects: Vec<Effect>| {
            for effect in effects {
                match effect {
                    Effect::Assign { step, round, to } if !to.is_empty() => {
                        assert!(!open.contains(&(step.clone(), round)));
                        open.push((step, round));
                    }
                    Effect::Close { step, round, .. } => open.retain(|one| *one != (step.clone(), round)),
                    _ => {}
                }
            }
            open.clone()
        };
        follow(first);
        for event in events {
            let before = state.clone();
            let Ok((after, effects)) = step(&flow, &state, &event, &facts) else { continue };
            let open = follow(effects);
            state = after;
            for (old, new) in before.steps.iter().zip(&state.steps) {
                prop_assert!(new.round >= old.round);
            }
            let working: Vec<_> = state.steps.iter().filter(|run| run.state == StepState::Open).collect();
            let held = state.steps.iter().any(|run| run.state == StepState::Held);
            prop_assert_eq!(working.len(), open.len());
            prop_assert!(state.is_ended != (!working.is_empty() || held));
            prop_assert!(working.iter().all(|run| !run.handlers.is_empty()));
        }
    }
}
