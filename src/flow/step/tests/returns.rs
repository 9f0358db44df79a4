//! Against the stream: return and straight back, take back, jump, end, reopen.

use super::*;
use crate::event::Outcome;

/// a, then store and shelf beside money, then b.
fn split() -> Value {
    json!([
        task("a", &["li", "wang"]),
        a(
            "p",
            "parallel",
            json!({ "lanes": [
            { "steps": [task("store", &["zhao"]), task("shelf", &["li"])] },
            { "steps": [task("money", &["wang"])] }] })
        ),
        task("b", &["boss"]),
    ])
}

/// a, then perhaps c, then b.
fn branch() -> Value {
    json!([
        task("a", &["li"]),
        a(
            "w",
            "branch",
            json!({ "default": [task("d", &["zhao"])], "cases": [
            { "when": { "var": "x" }, "steps": [task("c", &["wang"])] }] })
        ),
        task("b", &["boss"]),
    ])
}

fn straight(step: &str, by: &str) -> Event {
    Event::Resume { step: step.into(), by: by.into() }
}

fn take_back(step: &str, by: &str) -> Event {
    Event::TakeBack { step: step.into(), by: by.into() }
}

fn jump(to: &str) -> Event {
    Event::Jump { to: to.into(), reason: "客户改了主意".into() }
}

#[test]
fn it_goes_back_to_whoever_did_the_step_and_straight_back_again() {
    let steps =
        json!([task("a", &["li", "wang"]), task("b", &["zhao"]), task("c", &["boss", "sun"])]);
    let mut desk = Desk::open(steps);
    desk.completes("wang", "a").completes("zhao", "b").does(back("c", "sun", "a"));
    assert_eq!((desk.work().as_str(), desk.state_of("a").1), ("a: wang", 2));
    assert_eq!(desk.state_of("b"), (StepState::Waiting, 1));
    assert_eq!(desk.tries(complete("c", "sun")), Err(Refused::Closed));
    let mut other = Desk::open(json!([task("a", &["li"])]));
    assert_eq!(other.tries(straight("a", "li")), Err(Refused::NotReturned));
    desk.does(straight("a", "wang"));
    assert_eq!((desk.work().as_str(), desk.state_of("c").1), ("c: sun", 2));
    assert_eq!(desk.state_of("b"), (StepState::Done, 1));
    // Or the whole way anew.
    desk.does(back("c", "sun", "a")).completes("wang", "a");
    assert_eq!((desk.work().as_str(), desk.state_of("b").1), ("b: zhao", 2));
}

#[test]
fn it_goes_back_only_to_a_step_that_was_done_on_the_way() {
    let mut desk = Desk::open(branch());
    desk.completes("li", "a").completes("zhao", "d");
    for (to, why) in [
        ("b", Refused::NotOnTheWay),
        ("c", Refused::NotOnTheWay),
        ("w", Refused::NotOnTheWay),
        ("x", Refused::NoStep),
    ] {
        assert_eq!(desk.tries(back("b", "boss", to)), Err(why), "{to}");
    }
    assert_eq!(desk.tries(back("b", "li", "a")), Err(Refused::NotHandler));
    // A branch that was gone to its end is on the way.
    desk.does(back("b", "boss", "d"));
    assert_eq!((desk.work().as_str(), desk.state_of("d").1), ("d: zhao", 2));
    desk.completes("zhao", "d");
    assert_eq!(desk.work(), "b: boss");
}

#[test]
fn a_return_inside_a_lane_stays_inside_it() {
    let mut desk = Desk::open(split());
    desk.completes("li", "a").completes("zhao", "store").does(back("shelf", "li", "store"));
    assert_eq!(desk.work(), "store: zhao money: wang");
    assert_eq!(desk.state_of("money").1, 1);
    assert_eq!(desk.tries(back("store", "zhao", "money")), Err(Refused::NotOnTheWay));
    desk.does(straight("store", "zhao"));
    assert_eq!(desk.work(), "shelf: li money: wang");
}

#[test]
fn a_return_to_before_the_split_closes_all_lanes_first() {
    let mut desk = Desk::open(split());
    desk.completes("li", "a").completes("zhao", "store").does(back("money", "wang", "a"));
    assert_eq!(desk.work(), "a: li");
    let cancelled: Vec<_> = closed(&desk.last).into_iter().map(|(step, _how)| step).collect();
    assert_eq!(cancelled, ["shelf", "money"]);
    assert_eq!(desk.tries(straight("a", "li")), Err(Refused::BranchClosed));
    desk.completes("li", "a");
    assert_eq!((desk.work().as_str(), desk.state_of("p").1), ("store: zhao money: wang", 2));
}

#[test]
fn there_is_no_return_into_a_lane_that_is_closed() {
    let mut desk = Desk::open(split());
    desk.completes("li", "a").completes("zhao", "store").completes("li", "shelf");
    desk.completes("wang", "money");
    assert_eq!(desk.work(), "b: boss");
    assert_eq!(desk.tries(back("b", "boss", "store")), Err(Refused::BranchClosed));
    assert_eq!(desk.tries(take_back("money", "wang")), Err(Refused::BranchClosed));
    desk.does(back("b", "boss", "a"));
    assert_eq!(desk.work(), "a: li");
}

#[test]
fn straight_back_leads_out_of_a_branch_and_into_one() {
    let mut desk = Desk::open(branch());
    desk.completes("li", "a").completes("zhao", "d").does(back("b", "boss", "d"));
    desk.does(straight("d", "zhao"));
    assert_eq!((desk.work().as_str(), desk.state_of("w").0), ("b: boss", StepState::Done));
    let mut desk = Desk::open(branch());
    desk.completes("li", "a").does(back("d", "zhao", "a")).does(straight("a", "li"));
    assert_eq!((desk.work().as_str(), desk.state_of("w")), ("d: zhao", (StepState::Open, 2)));
}

#[test]
fn what_was_just_done_can_be_taken_back_until_somebody_touches_what_follows() {
    let steps =
        json!([task("a", &["li", "wang"]), task("b", &["zhao", "sun"]), task("c", &["boss"])]);
    let mut desk = Desk::open(steps);
    assert_eq!(desk.tries(take_back("a", "li")), Err(Refused::Closed));
    desk.completes("li", "a");
    assert_eq!(desk.tries(take_back("a", "wang")), Err(Refused::NotHandler));
    desk.does(take_back("a", "li"));
    assert_eq!((desk.work().as_str(), desk.state_of("b")), ("a: li", (StepState::Waiting, 1)));
    desk.completes("li", "a").does(claim("b", "sun"));
    assert_eq!(desk.tries(take_back("a", "li")), Err(Refused::TooLate));
    desk.completes("sun", "b");
    assert_eq!(desk.tries(take_back("a", "li")), Err(Refused::TooLate));
}

#[test]
fn what_a_machine_has_done_cannot_be_taken_back() {
    let mut desk = Desk::open(json!([
        task("a", &["li"]),
        a("x", "action", json!({ "action": "coupon" })),
        task("b", &["wang"]),
    ]));
    desk.completes("li", "a");
    assert_eq!(desk.tries(take_back("a", "li")), Err(Refused::TooLate));
}

#[test]
fn the_last_step_of_a_lane_can_be_taken_back_while_the_others_work() {
    let mut desk = Desk::open(split());
    desk.completes("li", "a").completes("wang", "money");
    assert_eq!(desk.work(), "store: zhao");
    desk.completes("zhao", "store").does(take_back("money", "wang"));
    assert_eq!(desk.work(), "shelf: li money: wang");
}

#[test]
fn a_jump_needs_a_reason_and_closes_what_was_open() {
    let mut desk = Desk::open(split());
    desk.completes("li", "a");
    let silent = Event::Jump { to: "b".into(), reason: "  ".into() };
    assert_eq!(desk.tries(silent), Err(Refused::ReasonMissing));
    assert_eq!(desk.tries(jump("x")), Err(Refused::NoStep));
    desk.does(jump("b"));
    assert_eq!(desk.work(), "b: boss");
    let said = Logged::Jumped { reason: "客户改了主意".into() };
    assert!(desk.last.iter().any(|e| matches!(e, Effect::Log { what, .. } if *what == said)));
    // Into a split: only this lane is gone then.
    desk.does(jump("shelf"));
    assert_eq!(desk.work(), "shelf: li");
    desk.completes("li", "shelf");
    assert_eq!(desk.work(), "b: boss");
}

#[test]
fn a_jump_within_a_lane_leaves_the_others_alone() {
    let mut desk = Desk::open(split());
    desk.completes("li", "a").does(jump("shelf"));
    assert_eq!((desk.work().as_str(), desk.state_of("money").1), ("shelf: li money: wang", 1));
}

#[test]
fn a_jump_opens_a_step_whose_condition_does_not_hold() {
    let mut b = task("b", &["wang"]);
    b["when"] = json!(false);
    let mut desk = Desk::open(json!([task("a", &["li"]), b]));
    desk.does(jump("b"));
    assert_eq!(desk.work(), "b: wang");
}

#[test]
fn a_finished_ticket_goes_on_at_the_step_that_was_done_last() {
    let mut desk = Desk::open(json!([task("a", &["li"]), task("b", &["wang", "zhao"])]));
    assert_eq!(desk.tries(Event::Reopen), Err(Refused::WrongPhase));
    desk.completes("li", "a").completes("zhao", "b").does(Event::Reopen);
    assert_eq!((desk.work().as_str(), desk.state_of("b").1), ("b: wang/zhao", 2));
    assert_eq!(desk.state_of("a"), (StepState::Done, 1));
}

#[test]
fn a_ticket_that_was_cut_off_goes_on_in_all_its_lanes() {
    let mut desk = Desk::open(split());
    desk.completes("li", "a").completes("zhao", "store");
    desk.does(Event::End { how: Outcome::Withdrawn });
    assert_eq!(desk.work(), "");
    desk.does(Event::Reopen);
    assert_eq!(desk.work(), "shelf: li money: wang");
    desk.completes("wang", "money").completes("li", "shelf").completes("boss", "b");
    desk.does(Event::Reopen);
    assert_eq!((desk.work().as_str(), desk.state_of("b").1), ("b: boss", 2));
}

#[test]
fn a_lane_that_was_last_is_reopened_alone() {
    let mut desk = Desk::open(json!([a(
        "p",
        "parallel",
        json!({ "lanes": [
        { "steps": [task("a", &["li"])] }, { "steps": [task("b", &["wang"])] }] })
    )]));
    desk.completes("wang", "b").completes("li", "a").does(Event::Reopen);
    assert_eq!((desk.work().as_str(), desk.state_of("p")), ("a: li", (StepState::Open, 2)));
    desk.completes("li", "a");
    assert!(desk.state.is_ended);
}

#[test]
fn a_flow_in_which_nothing_was_ever_done_cannot_be_reopened() {
    let mut desk = Desk::open(json!([]));
    assert_eq!(desk.tries(Event::Reopen), Err(Refused::NoStep));
}

#[test]
fn a_wait_can_be_taken_back_until_it_is_over() {
    let steps =
        json!([task("a", &["li"]), a("w", "wait", json!({ "minutes": 5 })), task("b", &["wang"])]);
    let mut desk = Desk::open(steps);
    desk.completes("li", "a").does(take_back("a", "li"));
    assert_eq!((desk.work().as_str(), desk.state.timers.len()), ("a: li", 0));
    desk.completes("li", "a").wait(5).rings();
    assert_eq!(desk.tries(take_back("a", "li")), Err(Refused::TooLate));
}

#[test]
fn the_last_step_of_a_branch_can_be_taken_back() {
    let mut desk = Desk::open(branch());
    desk.completes("li", "a").completes("zhao", "d").does(take_back("d", "zhao"));
    assert_eq!((desk.work().as_str(), desk.state_of("w")), ("d: zhao", (StepState::Open, 2)));
    desk.completes("zhao", "d");
    assert_eq!(desk.work(), "b: boss");
}

#[test]
fn a_claim_goes_back_to_all_who_could_and_what_was_handed_on_comes_back() {
    let mut desk = Desk::open(json!([task("a", &["li", "wang"]), task("b", &["zhao"])]));
    desk.does(claim("a", "li"));
    assert_eq!(desk.tries(take_back("a", "wang")), Err(Refused::Closed));
    desk.does(take_back("a", "li"));
    assert_eq!((desk.work().as_str(), desk.state_of("a").1), ("a: li/wang", 2));
    assert_eq!(desk.tries(take_back("a", "li")), Err(Refused::Closed));
    desk.does(claim("a", "wang")).does(transfer("a", "wang", "sun"));
    assert_eq!(desk.tries(take_back("a", "li")), Err(Refused::Closed));
    desk.does(take_back("a", "wang"));
    assert_eq!(desk.work(), "a: wang");
    // Who has it handed on once more is the one who can take it back.
    desk.does(transfer("a", "wang", "sun")).does(transfer("a", "sun", "boss"));
    assert_eq!(desk.tries(take_back("a", "wang")), Err(Refused::Closed));
    desk.does(take_back("a", "sun"));
    assert_eq!(desk.work(), "a: sun");
    desk.completes("sun", "a");
    assert_eq!(desk.tries(take_back("b", "sun")), Err(Refused::Closed));
}
