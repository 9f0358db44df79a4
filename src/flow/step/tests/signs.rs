//! Who signs together with whom: modes, added and removed signers, delegates, those who leave.

use super::*;
use crate::event::{Outcome, Place};

fn signed(sign: Value, who: &[&str]) -> Value {
    json!([
        a("a", "approval", json!({ "assign": people(who), "sign": sign })),
        task("end", &["boss"]),
    ])
}

fn mode(mode: &str) -> Value {
    json!({ "mode": mode })
}

fn add(who: &str, by: &str, place: Place) -> Event {
    Event::AddSigner { step: "a".into(), by: by.into(), who: who.into(), place }
}

fn remove(who: &str, by: &str) -> Event {
    Event::RemoveSigner { step: "a".into(), by: Some(by.into()), who: who.into() }
}

#[test]
fn whoever_is_first_decides_for_all() {
    let mut desk = Desk::open(signed(mode("any"), &["li", "wang"]));
    desk.approves("wang", "a");
    assert_eq!(desk.work(), "end: boss");
    // Two approvers at the same instant: the second is told that it is over.
    assert_eq!(desk.tries(approve("a", "li")), Err(Refused::Closed));
}

#[test]
fn everybody_must_agree_and_one_no_is_enough() {
    let mut desk = Desk::open(signed(mode("all"), &["li", "wang", "zhao"]));
    desk.approves("wang", "a").approves("li", "a");
    assert_eq!(desk.work(), "a: zhao");
    assert_eq!(desk.tries(approve("a", "li")), Err(Refused::Taken { by: "zhao".into() }));
    desk.approves("zhao", "a");
    assert_eq!(desk.work(), "end: boss");
    let mut desk = Desk::open(signed(mode("all"), &["li", "wang", "zhao"]));
    desk.approves("wang", "a").does(reject("a", "li"));
    assert_eq!(desk.last.last(), Some(&Effect::End { how: Outcome::Rejected }));
    assert!(closed(&desk.last).contains(&("a".to_owned(), Closed::Rejected)));
}

#[test]
fn one_after_the_other_is_asked() {
    let mut desk = Desk::open(signed(mode("in_order"), &["li", "wang"]));
    assert_eq!((desk.work().as_str(), desk.run("a").owner()), ("a: li", Some("li")));
    assert_eq!(desk.tries(approve("a", "wang")), Err(Refused::Taken { by: "li".into() }));
    desk.approves("li", "a");
    assert_eq!(desk.work(), "a: wang");
    desk.approves("wang", "a");
    assert_eq!(desk.work(), "end: boss");
}

#[test]
fn a_vote_is_decided_as_soon_as_it_can_be() {
    let vote =
        |share: u8| signed(json!({ "mode": "vote", "share": share }), &["li", "wang", "zhao"]);
    // 60 of 100 of three are two.
    let mut desk = Desk::open(vote(60));
    desk.approves("li", "a").does(reject("a", "wang"));
    assert_eq!(desk.work(), "a: zhao");
    desk.approves("zhao", "a");
    assert_eq!(desk.work(), "end: boss");
    let mut desk = Desk::open(vote(60));
    desk.approves("li", "a").approves("zhao", "a");
    assert_eq!(desk.work(), "end: boss");
    let mut desk = Desk::open(vote(60));
    desk.does(reject("a", "li")).does(reject("a", "zhao"));
    assert!(desk.state.is_ended);
    let mut desk = Desk::open(vote(100));
    desk.does(reject("a", "li"));
    assert!(desk.state.is_ended);
}

#[test]
fn a_no_does_what_the_step_says() {
    let steps = |policy: Value| {
        json!([
            task("ask", &["li", "zhao"]),
            task("price", &["wang"]),
            a("a", "approval", json!({ "assign": people(&["boss"]), "on_reject": policy })),
        ])
    };
    let mut work = Vec::new();
    for policy in [
        json!({ "do": "end" }),
        json!({ "do": "to_starter" }),
        json!({ "do": "to_previous" }),
        json!({ "do": "to_step", "key": "ask" }),
        // What is no earlier step falls back to the starter; the linter refuses it.
        json!({ "do": "to_step", "key": "a" }),
    ] {
        let mut desk = Desk::open(steps(policy));
        desk.completes("zhao", "ask").completes("wang", "price").does(reject("a", "boss"));
        work.push(desk.work());
    }
    assert_eq!(work, ["", "a: starter", "price: wang", "ask: zhao", "a: starter"]);
}

#[test]
fn the_starter_amends_and_the_step_is_asked_anew() {
    let mut desk = Desk::open(json!([a(
        "a",
        "approval",
        json!({ "assign": people(&["li"]),
        "exit": { "var": "x" }, "on_reject": { "do": "to_starter" } })
    )]));
    desk.does(reject("a", "li"));
    assert_eq!((desk.state_of("a"), desk.run("a").is_revising), ((StepState::Open, 2), true));
    assert_eq!(desk.tries(approve("a", "starter")), Err(Refused::WrongVerb));
    desk.completes("starter", "a");
    assert_eq!((desk.work().as_str(), desk.state_of("a").1), ("a: li", 3));
    assert_eq!(desk.tries(approve("a", "li")), Err(Refused::ExitUnmet));
    desk.world.truths.insert("x".to_owned());
    desk.approves("li", "a");
    assert!(desk.state.is_ended);
}

#[test]
fn a_task_is_completed_and_an_approval_is_approved() {
    let mut desk = Desk::open(json!([
        task("a", &["li"]),
        a(
            "b",
            "approval",
            json!({
        "assign": people(&["li"]), "verbs": ["approve"] })
        ),
        a("w", "wait", json!({ "minutes": 1 }))
    ]));
    assert_eq!(desk.tries(approve("a", "li")), Err(Refused::WrongVerb));
    assert_eq!(desk.tries(reject("a", "li")), Err(Refused::WrongVerb));
    assert_eq!(desk.tries(complete("a", "stranger")), Err(Refused::NotHandler));
    assert_eq!(desk.tries(complete("x", "li")), Err(Refused::NoStep));
    desk.completes("li", "a");
    assert_eq!(desk.tries(complete("b", "li")), Err(Refused::WrongVerb));
    assert_eq!(desk.tries(reject("b", "li")), Err(Refused::WrongVerb));
    desk.approves("li", "b");
    assert_eq!(desk.tries(complete("w", "li")), Err(Refused::WrongVerb));
}

#[test]
fn a_transfer_of_all_the_work_is_a_new_round_and_of_a_part_is_not() {
    let mut desk = Desk::open(json!([task("a", &["li", "wang"])]));
    desk.does(transfer("a", "li", "zhao"));
    assert_eq!((desk.work().as_str(), desk.state_of("a").1), ("a: zhao", 2));
    assert_eq!(desk.tries(transfer("a", "li", "wang")), Err(Refused::Taken { by: "zhao".into() }));
    assert_eq!(desk.tries(transfer("a", "zhao", "zhao")), Err(Refused::Same));
    desk.world.gone.insert("gone".to_owned());
    assert_eq!(desk.tries(transfer("a", "zhao", "gone")), Err(Refused::CannotWork));
    let mut desk = Desk::open(signed(mode("all"), &["li", "wang"]));
    assert_eq!(desk.tries(transfer("a", "li", "wang")), Err(Refused::Same));
    desk.approves("wang", "a").does(transfer("a", "li", "zhao"));
    assert_eq!((desk.work().as_str(), desk.state_of("a").1), ("a: zhao", 1));
    desk.approves("zhao", "a");
    assert_eq!(desk.work(), "end: boss");
}

#[test]
fn a_delegate_prepares_and_the_work_comes_back() {
    let mut desk = Desk::open(signed(mode("any"), &["li", "wang"]));
    let to =
        |by: &str, to: &str| Event::Delegate { step: "a".into(), by: by.into(), to: to.into() };
    assert_eq!(desk.tries(to("li", "li")), Err(Refused::Same));
    desk.does(to("li", "zhao"));
    assert_eq!(desk.work(), "a: zhao");
    // His no is advice: the one who asked him decides.
    desk.does(reject("a", "zhao"));
    assert_eq!(desk.work(), "a: li");
    desk.approves("li", "a");
    assert_eq!(desk.work(), "end: boss");
}

#[test]
fn signers_are_added_before_after_and_beside() {
    let open = || Desk::open(signed(mode("any"), &["li"]));
    let mut desk = open();
    desk.does(add("wang", "li", Place::Before));
    assert_eq!(desk.work(), "a: wang");
    desk.approves("wang", "a");
    assert_eq!(desk.work(), "a: li");
    let mut desk = open();
    desk.does(add("wang", "li", Place::After)).approves("li", "a");
    assert_eq!(desk.work(), "a: wang");
    desk.approves("wang", "a");
    assert_eq!(desk.work(), "end: boss");
    let mut desk = open();
    desk.does(add("wang", "li", Place::Parallel));
    assert_eq!(desk.work(), "a: li/wang");
    assert_eq!(desk.tries(add("wang", "li", Place::After)), Err(Refused::Same));
    desk.approves("wang", "a").approves("li", "a");
    assert_eq!(desk.work(), "end: boss");
    let mut desk = open();
    desk.does(add("wang", "li", Place::Before)).does(reject("a", "wang"));
    assert!(desk.state.is_ended, "an added signer's no counts");
}

#[test]
fn an_added_signer_takes_his_place_in_the_order() {
    let mut desk = Desk::open(signed(mode("in_order"), &["li", "wang"]));
    desk.does(add("zhao", "li", Place::After)).approves("li", "a");
    assert_eq!(desk.work(), "a: zhao");
    desk.approves("zhao", "a");
    assert_eq!(desk.work(), "a: wang");
}

#[test]
fn a_step_does_not_wait_for_more_than_a_hundred() {
    let many: Vec<String> = (0..100).map(|n| format!("u{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut desk = Desk::open(signed(mode("all"), &many));
    assert_eq!(desk.tries(add("one_more", "u0", Place::Parallel)), Err(Refused::TooManySigners));
}

#[test]
fn a_signer_is_removed_but_never_the_last_one() {
    let mut desk = Desk::open(signed(mode("all"), &["li", "wang", "zhao"]));
    assert_eq!(desk.tries(remove("wang", "stranger")), Err(Refused::NotHandler));
    desk.does(remove("wang", "li"));
    assert_eq!(desk.work(), "a: li/zhao");
    assert_eq!(desk.tries(remove("wang", "li")), Err(Refused::NotHandler));
    desk.does(remove("li", "zhao"));
    assert_eq!(desk.tries(remove("zhao", "zhao")), Err(Refused::LastSigner));
    let mut desk = Desk::open(signed(mode("in_order"), &["li", "wang", "zhao"]));
    desk.does(remove("wang", "li")).approves("li", "a");
    assert_eq!(desk.work(), "a: zhao");
    let mut desk = Desk::open(signed(mode("any"), &["li", "wang"]));
    desk.does(remove("wang", "li"));
    assert_eq!(desk.work(), "a: li");
    let mut desk = Desk::open(signed(mode("all"), &["li", "wang"]));
    desk.approves("li", "a").does(remove("wang", "li"));
    assert_eq!(desk.work(), "end: boss", "those who are left have agreed");
}

#[test]
fn the_work_of_one_who_leaves_goes_on() {
    let leave = |who: &str, to: Option<&str>| Event::HandOver {
        who: who.into(),
        to: to.map(str::to_owned),
    };
    let mut desk = Desk::open(json!([task("a", &["li", "wang"])]));
    desk.world.gone.insert("li".to_owned());
    assert_eq!(desk.tries(leave("wang", Some("li"))), Err(Refused::CannotWork));
    desk.does(leave("li", None));
    assert_eq!(desk.work(), "a: wang");
    desk.world.gone.insert("wang".to_owned());
    desk.does(leave("wang", Some("zhao")));
    assert_eq!(desk.work(), "a: zhao");

    // Who follows him has what was his, taken or not.
    let mut desk = Desk::open(json!([task("a", &["li", "wang"])]));
    desk.does(leave("li", Some("zhao")));
    assert_eq!(desk.work(), "a: zhao/wang");
    desk.does(Event::Claim { step: "a".into(), by: "wang".into() });
    desk.does(leave("wang", Some("sun")));
    assert_eq!(desk.work(), "a: sun");
}

#[test]
fn one_of_several_signers_who_leaves_is_not_waited_for() {
    let mut desk = Desk::open(signed(mode("all"), &["li", "wang"]));
    desk.world.gone.insert("li".to_owned());
    desk.does(Event::HandOver { who: "li".into(), to: None });
    assert_eq!(desk.work(), "a: wang");
    desk.world.gone.insert("wang".to_owned());
    desk.does(Event::HandOver { who: "wang".into(), to: None });
    assert_eq!(desk.state_of("a").0, StepState::Held);
    desk.does(Event::Transfer { step: "a".into(), by: None, to: "sun".into() })
        .approves("sun", "a");
    assert_eq!(desk.work(), "end: boss");
}

/// The verbs that somebody has buttons for.
fn buttons(desk: &Desk, step: &str, by: &str) -> Vec<crate::definition::Verb> {
    use crate::definition::Verb::*;
    let all = [
        Claim,
        Complete,
        Approve,
        Reject,
        Return,
        Resume,
        Transfer,
        Delegate,
        AddSigner,
        RemoveSigner,
        TakeBack,
        AskCustomer,
    ];
    all.into_iter().filter(|verb| may(&desk.flow, &desk.state, step, by, *verb)).collect()
}

#[test]
fn buttons_are_what_can_be_done_now() {
    use crate::definition::Verb::*;
    let mut desk = Desk::open(json!([
        task("a", &["li", "wang"]),
        a("b", "approval", json!({ "assign": people(&["boss"]), "verbs": ["approve", "return"] })),
    ]));
    let usual = [Claim, Complete, Transfer, Delegate, AddSigner, AskCustomer];
    assert_eq!(buttons(&desk, "a", "li"), usual);
    desk.does(claim("a", "wang"));
    assert_eq!(buttons(&desk, "a", "li"), []);
    let his = [Complete, Transfer, Delegate, AddSigner, TakeBack, AskCustomer];
    assert_eq!(buttons(&desk, "a", "wang"), his, "what he claimed can go back to all");
    desk.completes("wang", "a");
    assert_eq!(buttons(&desk, "a", "wang"), [TakeBack]);
    assert_eq!(buttons(&desk, "b", "boss"), [Approve, Return]);
    assert_eq!(buttons(&desk, "x", "boss"), []);
    let keys: Vec<_> =
        earlier(&desk.flow, &desk.state, "b").iter().map(|step| step.key.as_str()).collect();
    assert_eq!(keys, ["a"]);
    desk.does(back("b", "boss", "a"));
    assert!(buttons(&desk, "a", "wang").contains(&Resume));
    desk.does(Event::Suspend { until: None });
    assert_eq!(buttons(&desk, "a", "wang"), []);
}

#[test]
fn who_left_before_his_turn_is_not_asked() {
    let mut desk = Desk::open(signed(mode("in_order"), &["li", "wang", "zhao"]));
    desk.world.gone.insert("wang".to_owned());
    desk.approves("li", "a");
    assert_eq!(desk.work(), "a: zhao");
    let mut desk = Desk::open(signed(mode("in_order"), &["li", "wang"]));
    desk.world.gone.insert("wang".to_owned());
    desk.approves("li", "a");
    assert_eq!(desk.state_of("a").0, StepState::Held);
}

#[test]
fn who_is_asked_before_somebody_does_not_jump_the_order() {
    let mut desk = Desk::open(signed(mode("in_order"), &["li", "wang"]));
    desk.does(add("zhao", "li", Place::Before)).approves("zhao", "a");
    assert_eq!(desk.work(), "a: li");
    desk.approves("li", "a");
    assert_eq!(desk.work(), "a: wang");
}
