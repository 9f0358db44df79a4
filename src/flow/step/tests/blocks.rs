//! Order, branches, parallel ways, waits, actions, children.

use super::*;
use crate::event::{Notice, Outcome, Trouble};

fn lanes(mode: &str) -> Value {
    json!([
        a(
            "p",
            "parallel",
            json!({ "mode": mode, "lanes": [
            { "steps": [task("store", &["li"]), task("shelf", &["li"])] },
            { "steps": [task("money", &["wang"])], "when": { "var": "x" } },
            { "steps": [task("call", &["zhao"])], "when": { "var": "y" } } ] })
        ),
        task("end", &["boss"]),
    ])
}

fn joins(desk: &Desk) -> usize {
    desk.all.iter().filter(|e| matches!(e, Effect::Log { what: Logged::Joined, .. })).count()
}

#[test]
fn one_step_follows_the_other_and_the_last_ends_the_ticket() {
    let mut desk = Desk::open(json!([task("a", &["li", "wang"]), task("b", &["zhao"])]));
    assert_eq!(desk.work(), "a: li/wang");
    desk.does(claim("a", "wang"));
    assert_eq!(desk.work(), "a: wang");
    assert_eq!(desk.tries(claim("a", "li")), Err(Refused::Taken { by: "wang".into() }));
    assert_eq!(desk.tries(claim("a", "wang")), Err(Refused::Same));
    assert_eq!(desk.tries(complete("b", "zhao")), Err(Refused::Closed));
    desk.completes("wang", "a").completes("zhao", "b");
    assert_eq!(desk.last.last(), Some(&Effect::End { how: Outcome::Finished }));
    assert_eq!(desk.run("a").owner(), Some("wang"));
    assert_eq!(desk.tries(complete("b", "zhao")), Err(Refused::WrongPhase));
}

#[test]
fn an_empty_flow_is_over_at_once() {
    assert!(Desk::open(json!([])).state.is_ended);
}

#[test]
fn all_lanes_must_be_done_before_it_goes_on() {
    let mut desk = Desk::open(lanes("all"));
    assert_eq!(desk.work(), "store: li money: wang call: zhao");
    desk.completes("wang", "money").completes("li", "store").completes("zhao", "call");
    assert_eq!((desk.work().as_str(), joins(&desk)), ("shelf: li", 0));
    desk.completes("li", "shelf");
    assert_eq!((desk.work().as_str(), joins(&desk)), ("end: boss", 1));
}

#[test]
fn the_first_lane_that_is_done_closes_the_others() {
    let mut desk = Desk::open(lanes("any"));
    desk.completes("li", "store").completes("wang", "money");
    assert_eq!((desk.work().as_str(), joins(&desk)), ("end: boss", 1));
    assert_eq!(
        closed(&desk.last),
        [
            ("money".to_owned(), Closed::Done),
            ("shelf".to_owned(), Closed::Cancelled),
            ("call".to_owned(), Closed::Cancelled)
        ]
    );
    assert_eq!(desk.tries(complete("call", "zhao")), Err(Refused::Closed));
}

#[test]
fn only_the_lanes_whose_condition_holds_are_gone_and_waited_for() {
    let mut world = World::default();
    world.truths.insert("y".to_owned());
    let mut desk = Desk::open_in(world, flow(lanes("inclusive")));
    assert_eq!(desk.work(), "store: li call: zhao");
    desk.completes("zhao", "call").completes("li", "store").completes("li", "shelf");
    assert_eq!(desk.work(), "end: boss");
    assert_eq!(desk.state_of("money"), (StepState::Waiting, 0));
}

#[test]
fn an_inclusive_split_without_a_match_goes_the_default_way() {
    let split = |default: Value| {
        let lane = |key| json!({ "when": { "var": "x" }, "steps": [task(key, &["li"])] });
        json!([
            a(
                "p",
                "parallel",
                json!({ "mode": "inclusive", "default": default,
            "lanes": [lane("a"), lane("b")] })
            ),
            task("end", &["boss"])
        ])
    };
    assert_eq!(Desk::open(split(json!([task("c", &["wang"])]))).work(), "c: wang");
    assert_eq!(Desk::open(split(json!([]))).work(), "end: boss");
    let mut world = World::default();
    world.truths.insert("x".to_owned());
    let desk = Desk::open_in(world, flow(split(json!([task("c", &["wang"])]))));
    assert_eq!(desk.work(), "a: li b: li");
}

#[test]
fn the_first_case_that_holds_wins_and_the_miss_path_is_explicit() {
    let steps = json!([
        a(
            "b",
            "branch",
            json!({ "default": [task("c", &["zhao"])], "cases": [
        { "when": { "var": "x" }, "steps": [task("a", &["li"])] },
        { "when": { "var": "y" }, "steps": [] }] })
        ),
        task("end", &["boss"])
    ]);
    for (truths, work) in [(vec!["x", "y"], "a: li"), (vec!["y"], "end: boss"), (vec![], "c: zhao")]
    {
        let mut world = World::default();
        world.truths.extend(truths.into_iter().map(str::to_owned));
        assert_eq!(Desk::open_in(world, flow(steps.clone())).work(), work);
    }
}

#[test]
fn what_is_not_needed_is_skipped_and_logged() {
    let mut first = task("a", &["li"]);
    first["when"] = json!({ "var": "x" });
    let second = a(
        "b",
        "task",
        json!({ "assign": { "by": "group", "key": "none" },
        "if_nobody": { "do": "skip" } }),
    );
    let desk = Desk::open(json!([first, second, task("c", &["wang"])]));
    assert_eq!(desk.work(), "c: wang");
    assert_eq!(desk.state_of("a"), (StepState::Skipped, 1));
    let logged: Vec<_> = desk
        .last
        .iter()
        .filter_map(|e| match e {
            Effect::Log { step, what, .. } => Some((step.as_str(), what.clone())),
            _ => None,
        })
        .collect();
    assert_eq!(logged, [("a", Logged::NotNeeded), ("b", Logged::NobodyNeeded)]);
}

#[test]
fn nobody_means_the_fallback_or_an_alarm_that_a_person_ends() {
    let step = |to: Value| {
        json!([a(
            "a",
            "task",
            json!({ "assign": { "by": "group", "key": "none" },
            "if_nobody": { "do": "assign", "to": to } })
        )])
    };
    assert_eq!(Desk::open(step(json!({ "by": "supervisor" }))).work(), "a: boss");
    let mut desk = Desk::open(step(json!({ "by": "role", "key": "none" })));
    let alarm = Effect::Alarm { step: "a".into(), round: 1, why: Trouble::Nobody };
    assert_eq!(desk.last, [alarm]);
    assert_eq!(desk.tries(complete("a", "li")), Err(Refused::NotHandler));
    desk.does(Event::Transfer { step: "a".into(), by: None, to: "li".into() });
    assert_eq!(desk.state_of("a"), (StepState::Open, 2));
    desk.completes("li", "a");
    assert!(desk.state.is_ended);
}

#[test]
fn who_was_chosen_gets_the_next_step() {
    let mut desk = Desk::open(json!([
        task("a", &["li"]),
        a("b", "approval", json!({ "assign": { "by": "chosen" }, "sign": { "mode": "all" } })),
    ]));
    desk.world.gone.insert("gone".to_owned());
    let choose = |who: &[&str]| Event::Complete {
        step: "a".into(),
        by: "li".into(),
        choose: who.iter().map(|one| (*one).to_owned()).collect(),
    };
    assert_eq!(desk.tries(choose(&["gone"])), Err(Refused::CannotWork));
    desk.does(choose(&["wang", "zhao", "wang"]));
    assert_eq!(desk.work(), "b: wang/zhao");
}

#[test]
fn the_first_row_that_holds_says_who() {
    let table = json!({ "by": "table", "otherwise": people(&["zhao"]), "rows": [
        { "when": { "var": "x" }, "assign": people(&["li"]) },
        { "when": true, "assign": people(&["wang"]) }] });
    let steps = json!([a("a", "task", json!({ "assign": table }))]);
    assert_eq!(Desk::open(steps).work(), "a: wang");
}

#[test]
fn a_copy_and_a_message_do_not_stop_the_ticket() {
    let desk = Desk::open(json!([
        a("cc", "cc", json!({ "to": people(&["li"]) })),
        a("n", "notify", json!({ "to": people(&["wang"]), "text": "到货了" })),
        a("none", "cc", json!({ "to": people(&[]) })),
        task("a", &["zhao"]),
    ]));
    let told: Vec<_> = desk
        .last
        .iter()
        .filter_map(|e| match e {
            Effect::Notify { what, to, .. } => Some((what.clone(), to.join("/"))),
            _ => None,
        })
        .collect();
    let text = Notice::Message { text: "到货了".into() };
    assert_eq!(told, [(Notice::Cc, "li".to_owned()), (text, "wang".to_owned())]);
    assert_eq!(desk.work(), "a: zhao");
}

#[test]
fn a_wait_ends_by_its_hour_or_by_its_signal() {
    let steps =
        json!([a("w", "wait", json!({ "minutes": 30, "signal": "paid" })), task("a", &["li"])]);
    let mut desk = Desk::open(steps.clone());
    let signal = |name: &str| Event::Signal { step: "w".into(), name: name.into() };
    desk.wait(29).rings();
    assert_eq!(desk.work(), "");
    desk.wait(1).rings();
    assert_eq!(desk.work(), "a: li");
    assert_eq!(desk.tries(signal("paid")), Err(Refused::Closed));
    let mut desk = Desk::open(steps);
    assert_eq!(desk.tries(signal("other")), Err(Refused::WrongVerb));
    desk.does(signal("paid"));
    assert_eq!((desk.work().as_str(), desk.state.timers.len()), ("a: li", 0));
}

#[test]
fn an_action_that_fails_or_stays_away_calls_a_person() {
    let steps = json!([
        a("x", "action", json!({ "action": "coupon", "input": { "n": 1 } })),
        a("y", "action", json!({ "action": "order", "wait_minutes": 10 })),
        task("a", &["li"]),
    ]);
    let ended = |round, is_done| Event::ActionEnded { step: "y".into(), round, is_done };
    let runs =
        |desk: &Desk| desk.all.iter().filter(|e| matches!(e, Effect::RunAction { .. })).count();
    let opened = || {
        let mut desk = Desk::open(steps.clone());
        desk.does(Event::ActionEnded { step: "x".into(), round: 1, is_done: true });
        desk
    };
    let mut desk = Desk::open(steps.clone());
    assert_eq!(desk.tries(ended(1, true)), Err(Refused::Closed), "what follows waits for it");
    desk.wait(60).rings();
    assert_eq!(desk.state_of("x"), (StepState::Held, 1), "an hour, when nothing is said");
    let mut desk = opened();
    assert_eq!(desk.tries(ended(2, true)), Err(Refused::Stale));
    desk.does(ended(1, true));
    assert_eq!((desk.work().as_str(), runs(&desk)), ("a: li", 2));
    let mut desk = opened();
    desk.does(ended(1, false));
    assert_eq!(desk.state_of("y"), (StepState::Held, 1));
    desk.does(Event::Jump { to: "y".into(), reason: "再试".into() }).does(ended(2, true));
    assert_eq!((desk.work().as_str(), runs(&desk)), ("a: li", 3));
    let mut desk = opened();
    desk.wait(10).rings();
    assert_eq!(desk.state_of("y"), (StepState::Held, 1));
    // It was only late.
    desk.does(ended(1, true));
    assert_eq!(desk.work(), "a: li");
}

#[test]
fn a_parent_waits_for_its_twelve_children_and_shows_how_far_they_are() {
    let ticket = json!({ "template": "part", "title": "料" });
    let twelve: Vec<_> = (0..12).map(|_| ticket.clone()).collect();
    let steps = |mode: &str| {
        json!([
            a("s", "subtickets", json!({ "mode": mode, "tickets": twelve })),
            task("a", &["li"])
        ])
    };
    let ended = |child, is_done| Event::ChildEnded { step: "s".into(), round: 1, child, is_done };
    let mut desk = Desk::open(steps("all"));
    for child in 0..11 {
        desk.does(ended(child, child != 5));
    }
    assert_eq!((desk.run("s").progress(), desk.work().as_str()), ((11, 12), ""));
    assert_eq!(desk.tries(ended(5, true)), Err(Refused::Closed));
    assert_eq!(desk.tries(ended(12, true)), Err(Refused::NoStep));
    desk.does(ended(11, true));
    assert_eq!(desk.work(), "a: li");
    let mut desk = Desk::open(steps("any"));
    desk.does(ended(7, false)).does(ended(3, true));
    let stopped = desk.last.iter().filter(|e| matches!(e, Effect::StopSubticket { .. })).count();
    assert_eq!((desk.work().as_str(), stopped), ("a: li", 10));
}

#[test]
fn children_that_all_fail_call_a_person() {
    let ticket = json!({ "template": "part", "title": "料" });
    let mut desk =
        Desk::open(json!([a("s", "subtickets", json!({ "tickets": [ticket, ticket] }))]));
    for child in 0..2 {
        desk.does(Event::ChildEnded { step: "s".into(), round: 1, child, is_done: false });
    }
    let alarm = Effect::Alarm { step: "s".into(), round: 1, why: Trouble::ChildrenFailed };
    assert_eq!(desk.last, [alarm]);
    desk.does(Event::End { how: Outcome::Terminated });
}

#[test]
fn a_state_of_another_flow_is_refused() {
    let desk = Desk::open(json!([task("a", &["li"])]));
    let other = flow(json!([task("b", &["li"])]));
    let refused = step(&other, &desk.state, &complete("b", "li"), &desk.world, desk.now);
    assert_eq!(refused, Err(Refused::NoStep));
}

#[test]
fn levels_of_approval_are_exact_at_their_boundary() {
    let level = |key: &str, who: &str| a(key, "approval", json!({ "assign": people(&[who]) }));
    let steps = json!([
        level("manager", "li"),
        a(
            "big",
            "branch",
            json!({ "default": [], "cases": [{ "when": { "var": "big" },
            "steps": [level("finance", "wang"), level("director", "boss")] }] })
        ),
    ]);
    let mut small = Desk::open(steps.clone());
    small.approves("li", "manager");
    assert!(small.state.is_ended);
    let mut big = Desk::open(steps);
    big.world.truths.insert("big".to_owned());
    big.approves("li", "manager").approves("wang", "finance").approves("boss", "director");
    assert!(big.state.is_ended);
}
