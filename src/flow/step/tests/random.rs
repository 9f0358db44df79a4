//! Any tree, under any hands, at any hour.

use proptest::prelude::*;

use super::*;
use crate::event::{Outcome, Place};

const CROWD: [&str; 5] = ["li", "wang", "zhao", "boss", "starter"];

fn any_assign() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        people(&["li"]),
        people(&["li", "wang"]),
        people(&["li", "wang", "zhao"]),
        json!({ "by": "group", "key": "nobody" }),
        json!({ "by": "starter" }),
        json!({ "by": "chosen" }),
        json!({ "by": "table", "rows": [{ "when": { "var": "x" }, "assign": people(&["zhao"]) }],
            "otherwise": people(&["wang"]) }),
    ])
}

fn any_limit() -> impl Strategy<Value = Value> {
    let boss = json!({ "by": "supervisor" });
    let nobody = json!({ "by": "group", "key": "nobody" });
    prop::sample::select(vec![
        Value::Null,
        Value::Null,
        json!({ "minutes": 60, "remind": [30, 10], "repeat": { "minutes": 30, "most": 2 },
            "escalate": [{ "minutes": 5, "to": boss }, { "minutes": 9, "to": boss, "take_over": true }] }),
        json!({ "minutes": 10, "overdue": { "do": "pass" } }),
        json!({ "minutes": 10, "overdue": { "do": "reject" } }),
        json!({ "minutes": 10, "overdue": { "do": "end" } }),
        json!({ "minutes": 10, "overdue": { "do": "transfer", "to": boss } }),
        json!({ "minutes": 10, "overdue": { "do": "transfer", "to": nobody },
            "escalate": [{ "minutes": 0, "to": nobody }] }),
    ])
}

fn any_work() -> impl Strategy<Value = Value> {
    let sign = prop::sample::select(vec![
        json!({ "mode": "any" }),
        json!({ "mode": "all" }),
        json!({ "mode": "in_order" }),
        json!({ "mode": "vote", "share": 50 }),
        json!({ "mode": "vote", "share": 100 }),
    ]);
    let nobody = prop::sample::select(vec![
        Value::Null,
        json!({ "do": "hold" }),
        json!({ "do": "skip" }),
        json!({ "do": "assign", "to": { "by": "supervisor" } }),
    ]);
    let reject = prop::sample::select(vec![
        json!({ "do": "end" }),
        json!({ "do": "to_starter" }),
        json!({ "do": "to_previous" }),
        json!({ "do": "to_step", "key": "s1" }),
    ]);
    (any::<bool>(), any_assign(), sign, nobody, reject, any_limit()).prop_map(
        |(is_task, assign, sign, nobody, reject, limit)| {
            let kind = if is_task { "task" } else { "approval" };
            let mut step =
                a("?", kind, json!({ "assign": assign, "sign": sign, "on_reject": reject }));
            for (key, value) in [("if_nobody", nobody), ("limit", limit)] {
                if !value.is_null() {
                    step[key] = value;
                }
            }
            step
        },
    )
}

fn any_step() -> impl Strategy<Value = Value> {
    let child = json!({ "template": "t", "title": "子" });
    let other = prop::sample::select(vec![
        a("?", "cc", json!({ "to": people(&["li"]) })),
        a("?", "cc", json!({ "to": { "by": "group", "key": "nobody" } })),
        a("?", "notify", json!({ "to": people(&["li"]), "text": "好" })),
        a("?", "wait", json!({ "minutes": 30, "signal": "go" })),
        a("?", "action", json!({ "action": "coupon" })),
        a("?", "action", json!({ "action": "coupon", "wait_minutes": 20 })),
        a("?", "subtickets", json!({ "tickets": [child, child] })),
        a("?", "subtickets", json!({ "mode": "any", "tickets": [child, child, child] })),
    ]);
    let leaf = prop_oneof![4 => any_work(), 1 => other];
    let leaf = (leaf, any_when()).prop_map(|(mut step, when)| {
        if !when.is_null() {
            step["when"] = when;
        }
        step
    });
    leaf.prop_recursive(3, 24, 4, |inner| {
        let steps = prop::collection::vec(inner, 0..4);
        let lane = (any_when(), steps.clone()).prop_map(|(when, steps)| {
            let mut lane = json!({ "steps": steps });
            if !when.is_null() {
                lane["when"] = when;
            }
            lane
        });
        let lanes = prop::collection::vec(lane, 1..4);
        let default = prop::option::of(steps);
        let mode = prop::sample::select(vec!["all", "any", "inclusive"]);
        (any::<bool>(), lanes, default, mode).prop_map(|(is_branch, lanes, default, mode)| {
            let mut step = if is_branch {
                a("?", "branch", json!({ "cases": lanes }))
            } else {
                a("?", "parallel", json!({ "mode": mode, "lanes": lanes }))
            };
            if let Some(default) = default {
                step["default"] = json!(default);
            }
            step
        })
    })
}

fn any_when() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        Value::Null,
        json!({ "var": "x" }),
        json!({ "var": "y" }),
    ])
}

/// Numbers the steps in reading order: `s0`, `s1`, …
fn number(steps: &mut [Step], next: &mut usize) {
    use crate::definition::Kind;
    for step in steps {
        step.key = format!("s{next}");
        *next += 1;
        let (lanes, default) = match &mut step.kind {
            Kind::Branch(block) => (&mut block.cases, &mut block.default),
            Kind::Parallel(block) => (&mut block.lanes, &mut block.default),
            _ => continue,
        };
        for lane in lanes {
            number(&mut lane.steps, next);
        }
        if let Some(default) = default {
            number(default, next);
        }
    }
}

/// One deed as raw numbers; what they mean depends on where the ticket is.
type Deed = (u8, u16, u8, u8, u16);

/// Mostly something that somebody at work can do, sometimes anything at all.
fn meant(desk: &Desk, (what, pick, who, other, wild): Deed) -> Event {
    let state = &desk.state;
    let open: Vec<_> =
        state.steps.iter().flat_map(|run| run.open_slots().map(move |slot| (run, slot))).collect();
    let crowd = |n: u8| CROWD[usize::from(n) % CROWD.len()].to_owned();
    let any_step = format!("s{}", usize::from(wild) % (state.steps.len() + 1));
    let (step, by) = match open.get(usize::from(pick) % open.len().max(1)) {
        Some((run, slot)) if who < 200 => {
            let handler = &slot.handlers[usize::from(who) % slot.handlers.len()];
            (run.key.clone(), slot.owner.as_ref().unwrap_or(handler).clone())
        }
        _ => (any_step.clone(), crowd(who)),
    };
    let to = crowd(other);
    let run = state.run(&step);
    let round = run.map_or(0, |run| run.round);
    let place = [Place::Before, Place::After, Place::Parallel][usize::from(wild) % 3];
    let kid = usize::from(wild) % 3;
    let kids: Vec<_> = state.steps.iter().filter(|run| !run.children.is_empty()).collect();
    match what % 30 {
        0..=4 => complete(&step, &by),
        5..=9 => approve(&step, &by),
        10 => Event::Complete { step, by, choose: vec![to] },
        11 => claim(&step, &by),
        12 | 13 => reject(&step, &by),
        14 | 15 => back(&step, &by, &any_step),
        16 => Event::Resume { step, by },
        17 => transfer(&step, &by, &to),
        18 => Event::Transfer { step: any_step, by: None, to },
        19 => Event::Delegate { step, by, to },
        20 => Event::AddSigner { step, by, who: to, place },
        21 => Event::RemoveSigner { step, by: Some(by), who: to },
        22 => Event::TakeBack { step: any_step, by },
        23 if other < 40 => {
            Event::Suspend { until: (wild % 2 == 0).then_some(desk.now.plus(MINUTE)) }
        }
        23 | 24 => Event::Continue,
        25 if other < 30 => Event::End { how: Outcome::Terminated },
        25 => Event::Jump { to: any_step, reason: if other > 250 { "" } else { "改" }.to_owned() },
        26 => Event::Reopen,
        27 if other % 2 == 0 => Event::AskCustomer { step, by, fields: Vec::new() },
        27 => {
            let asked = state.steps.iter().find_map(|run| Some((run, run.asked.as_ref()?.id)));
            let (step, ask) = asked.map_or((step, 1), |(run, id)| (run.key.clone(), id));
            Event::Answered { step, ask }
        }
        28 if other % 3 == 0 => Event::Signal { step: any_step, name: "go".to_owned() },
        28 if other % 3 == 1 => {
            let round = state.run(&any_step).map_or(0, |run| run.round);
            Event::ActionEnded { step: any_step, round, is_done: wild % 5 > 0 }
        }
        28 => Event::HandOver { who: by, to: (other % 2 == 0).then_some(to) },
        _ => match kids.get(usize::from(pick) % kids.len().max(1)) {
            Some(run) => Event::ChildEnded {
                step: run.key.clone(),
                round: run.round,
                child: kid,
                is_done: other % 4 > 0,
            },
            None => Event::ChildEnded { step, round, child: kid, is_done: true },
        },
    }
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(1_000)))]

    /// The invariants are those that `Desk` checks after every event: a ticket that has not ended
    /// has an open task, a timer, a wait or an alarm; joins fire once; nothing reopens without a
    /// new round; every task has a handler and is closed once; every timer is set, cancelled and
    /// fired once; exactly one step works in every lane that is being gone.
    #[test]
    fn no_tree_and_no_sequence_of_deeds_breaks_a_promise(
        steps in prop::collection::vec(any_step(), 1..6),
        deeds in prop::collection::vec(any::<Deed>(), 0..60),
        truths in prop::sample::subsequence(vec!["x", "y"], 0..=2),
        gone in prop::sample::subsequence(vec!["zhao", "boss"], 0..=2),
    ) {
        let mut flow = flow(json!(steps));
        number(&mut flow.steps, &mut 0);
        let mut world = World::default();
        world.truths.extend(truths.into_iter().map(str::to_owned));
        world.gone.extend(gone.into_iter().map(str::to_owned));
        let mut desk = Desk::open_in(world, flow);
        for deed in deeds {
            desk.now = desk.now.plus(MINUTE);
            // Now and then somebody leaves, or comes back, and what is true changes.
            if deed.0 > 245 {
                let who = CROWD[usize::from(deed.3) % CROWD.len()].to_owned();
                if !desk.world.gone.remove(&who) {
                    desk.world.gone.insert(who);
                }
            } else if deed.0 > 240 && !desk.world.truths.remove("x") {
                desk.world.truths.insert("x".to_owned());
            }
            let running: Vec<_> = desk.state.timers.iter().filter(|t| t.left.is_none()).cloned().collect();
            let timer = running.get(usize::from(deed.1) % running.len().max(1));
            let event = match timer {
                Some(timer) if deed.4 % 5 == 0 => {
                    desk.now = desk.now.max(timer.due_at);
                    Event::Fire { step: timer.step.clone(), round: timer.round, kind: timer.kind }
                }
                _ => meant(&desk, deed),
            };
            let _refusals_are_fine = desk.tries(event);
        }
        prop_assert_eq!(desk.replay(), desk.state.clone());
        let text = serde_json::to_string(&desk.state).unwrap();
        prop_assert_eq!(serde_json::from_str::<State>(&text).unwrap(), desk.state);
    }
}
