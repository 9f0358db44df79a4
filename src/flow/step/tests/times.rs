//! Deadlines, reminders, ladders, and time that stands still.

use super::*;
use crate::event::{Notice, Outcome, Trouble};

fn limited(limit: Value) -> Value {
    json!([
        a(
            "a",
            "approval",
            json!({ "assign": people(&["li", "wang"]), "limit": limit,
            "on_reject": { "do": "to_starter" } })
        ),
        task("end", &["sun"]),
    ])
}

/// `minute what to` of everything that was told and alarmed since the ticket began.
fn told(desk: &mut Desk, minutes: i64) -> Vec<String> {
    let mut lines = Vec::new();
    for minute in 1..=minutes {
        let before = desk.all.len();
        desk.wait(1).rings();
        for effect in desk.all.iter().skip(before) {
            match effect {
                Effect::Notify { what, to, .. } => {
                    let what = match what {
                        Notice::Reminder => "提醒".to_owned(),
                        Notice::Overdue => "超时".to_owned(),
                        Notice::Escalation { rung } => format!("升级{rung}"),
                        other => format!("{other:?}"),
                    };
                    lines.push(format!("{minute} {what} {}", to.join("/")));
                }
                Effect::Alarm { why, .. } => lines.push(format!("{minute} {why:?}")),
                _ => {}
            }
        }
    }
    lines
}

#[test]
fn it_reminds_then_calls_the_ladder_then_hands_over() {
    let mut desk = Desk::open(limited(json!({ "minutes": 120, "remind": [30, 10],
        "repeat": { "minutes": 50, "most": 2 },
        "escalate": [{ "minutes": 0, "to": { "by": "supervisor" } },
            { "minutes": 60, "to": people(&["director"]), "take_over": true }] })));
    desk.does(claim("a", "wang"));
    assert_eq!(
        told(&mut desk, 300),
        [
            "90 提醒 wang",
            "110 提醒 wang",
            "120 超时 wang",
            "120 升级0 boss",
            "170 超时 wang",
            "180 升级1 director",
            "220 超时 director"
        ]
    );
    assert_eq!((desk.work().as_str(), desk.state_of("a").1), ("a: director", 2));
    desk.approves("director", "a");
    assert_eq!(desk.state.timers, []);
}

#[test]
fn a_ladder_that_leads_to_nobody_is_an_alarm() {
    let nobody = json!({ "by": "role", "key": "none" });
    let mut desk = Desk::open(limited(json!({ "minutes": 5,
        "escalate": [{ "minutes": 1, "to": nobody }] })));
    assert_eq!(told(&mut desk, 10), ["5 超时 li/wang", "6 NobodyAbove"]);
    let mut desk = Desk::open(limited(json!({ "minutes": 5,
        "overdue": { "do": "transfer", "to": nobody } })));
    assert_eq!(told(&mut desk, 10), ["5 超时 li/wang", "5 NobodyAbove"]);
    assert_eq!(desk.work(), "a: li/wang");
    assert!(desk.all.iter().any(|e| matches!(e, Effect::Alarm { why: Trouble::NobodyAbove, .. })));
}

#[test]
fn a_deadline_does_what_the_step_says() {
    let mut after = Vec::new();
    for deed in [
        json!({ "do": "pass" }),
        json!({ "do": "reject" }),
        json!({ "do": "end" }),
        json!({ "do": "transfer", "to": people(&["director"]) }),
    ] {
        let mut desk = Desk::open(limited(json!({ "minutes": 5, "overdue": deed })));
        desk.wait(5).rings();
        after.push((desk.work(), desk.state.is_ended));
    }
    let work = |work: &str| (work.to_owned(), false);
    assert_eq!(
        after,
        [work("end: sun"), work("a: starter"), (String::new(), true), work("a: director")]
    );
}

#[test]
fn a_timer_fires_once_in_its_round_and_not_before_its_hour() {
    let mut desk = Desk::open(limited(json!({ "minutes": 5, "overdue": { "do": "pass" } })));
    let fire = |round| Event::Fire { step: "a".into(), round, kind: TimerKind::Deadline };
    assert_eq!(desk.tries(fire(1)), Err(Refused::NotDue));
    desk.wait(5);
    assert_eq!(desk.tries(fire(2)), Err(Refused::Stale));
    desk.does(fire(1));
    assert_eq!(desk.tries(fire(1)), Err(Refused::Stale));
    desk.completes("sun", "end");
    assert_eq!(desk.tries(fire(1)), Err(Refused::WrongPhase));
}

#[test]
fn a_transfer_keeps_the_deadline() {
    let mut desk = Desk::open(limited(json!({ "minutes": 60, "overdue": { "do": "end" } })));
    desk.wait(40).does(transfer("a", "li", "zhao")).wait(19).rings();
    assert_eq!(desk.work(), "a: zhao");
    desk.wait(1).rings();
    assert_eq!(desk.last.last(), Some(&Effect::End { how: Outcome::Expired }));
}

#[test]
fn suspended_time_does_not_count_and_nobody_works_meanwhile() {
    let mut desk = Desk::open(limited(json!({ "minutes": 60, "overdue": { "do": "end" } })));
    assert_eq!(desk.tries(Event::Continue), Err(Refused::Suspended));
    desk.wait(20).does(Event::Suspend { until: None }).wait(1_000).rings();
    assert_eq!(desk.tries(approve("a", "li")), Err(Refused::Suspended));
    assert_eq!(desk.tries(Event::Suspend { until: None }), Err(Refused::Suspended));
    desk.does(Event::Continue).wait(39).rings();
    assert_eq!(desk.work(), "a: li/wang");
    desk.wait(1).rings();
    assert!(desk.state.is_ended);
}

#[test]
fn a_suspended_ticket_wakes_at_its_hour() {
    let mut desk = Desk::open(limited(json!({ "minutes": 60, "overdue": { "do": "end" } })));
    let until = Some(desk.now.plus(100 * MINUTE));
    desk.does(Event::Suspend { until }).wait(100).rings();
    assert_eq!(desk.state.suspended_at, None);
    desk.wait(59).rings().approves("li", "a");
    // Whoever ends a suspended ticket ends its waking, too.
    desk.does(Event::Suspend { until: Some(desk.now.plus(MINUTE)) });
    desk.does(Event::End { how: Outcome::Terminated });
    assert_eq!(desk.state.timers, []);
}

#[test]
fn what_comes_from_outside_is_not_lost_while_a_ticket_is_suspended() {
    let mut desk = Desk::open(json!([
        a("x", "action", json!({ "action": "pay", "wait_minutes": 30 })),
        a(
            "a",
            "task",
            json!({ "assign": people(&["li"]),
            "limit": { "minutes": 10, "overdue": { "do": "end" } } })
        ),
    ]));
    desk.does(Event::Suspend { until: None });
    desk.does(Event::ActionEnded { step: "x".into(), round: 1, is_done: true });
    desk.wait(1_000).rings();
    assert_eq!(desk.work(), "a: li");
    desk.does(Event::Continue).wait(10).rings();
    assert!(desk.state.is_ended);
}

#[test]
fn while_the_customer_is_asked_the_clock_of_the_step_stands_still() {
    let ask =
        Event::AskCustomer { step: "a".into(), by: "li".into(), fields: vec!["photo".into()] };
    let answer = |ask| Event::Answered { step: "a".into(), ask };
    let mut desk = Desk::open(limited(json!({ "minutes": 60, "overdue": { "do": "end" } })));
    assert_eq!(desk.tries(answer(1)), Err(Refused::Stale));
    desk.wait(30).does(ask.clone());
    let Some(Effect::AskCustomer { ask: id, .. }) = desk.last.last().cloned() else {
        panic!("{:?}", desk.last)
    };
    assert_eq!(desk.tries(ask.clone()), Err(Refused::Same));
    desk.wait(500).rings();
    assert_eq!(desk.tries(answer(id + 1)), Err(Refused::Stale));
    desk.does(answer(id));
    assert!(
        matches!(&desk.last[..], [.., Effect::Notify { what: Notice::Answered, to, .. }] if to == &["li"])
    );
    assert_eq!(desk.tries(answer(id)), Err(Refused::Stale));
    assert!(desk.state.timers.iter().all(|timer| timer.left.is_none()));
    desk.wait(29).rings();
    assert_eq!(desk.work(), "a: li/wang");
    // Nobody must wait for the answer: the work can be done without it.
    desk.does(ask).approves("li", "a");
    assert_eq!(desk.work(), "end: sun");
}

#[test]
fn three_weeks_pass_in_no_time() {
    let day = 24 * 60;
    let mut desk = Desk::open(json!([
        a("w", "wait", json!({ "minutes": 7 * day })),
        a(
            "a",
            "task",
            json!({ "assign": people(&["li"]), "limit": { "minutes": 7 * day,
            "repeat": { "minutes": day, "most": 7 },
            "escalate": [{ "minutes": day, "to": { "by": "supervisor" } }] } })
        ),
    ]));
    for _ in 0..21 {
        desk.wait(day).rings();
    }
    let notices = desk.all.iter().filter(|e| matches!(e, Effect::Notify { .. })).count();
    assert_eq!((desk.work().as_str(), notices), ("a: li", 1 + 7 + 1));
}

#[test]
fn a_more_urgent_ticket_has_less_time_and_a_change_moves_what_is_still_to_come() {
    use crate::definition::Rank;
    let mut hurried = task("a", &["li"]);
    hurried["limit"] = json!({ "minutes": 120, "remind": [20], "overdue": { "do": "end" },
        "by_priority": { "high": 60, "critical": 15 } });
    let begin = Desk::open_in(World::default(), flow(json!([hurried]))).now;
    let due = |desk: &Desk| {
        let mut all: Vec<_> = desk.state.timers.iter().map(|one| (one.kind, one.due_at)).collect();
        all.sort();
        all.into_iter()
            .map(|(_kind, at)| at.since(begin) / kernel::time::MINUTE)
            .collect::<Vec<_>>()
    };
    let open = |rank| Desk::open_in(World { rank, ..World::default() }, flow(json!([hurried])));
    assert_eq!(due(&open(Rank::Low)), [100, 120]);
    assert_eq!(due(&open(Rank::High)), [40, 60]);
    assert_eq!(due(&open(Rank::Critical)), [15], "no time for a reminder");

    // Half an hour gone, then urgent: an hour less for both, and back again.
    let mut desk = open(Rank::Normal);
    desk.wait(30);
    desk.world.rank = Rank::High;
    desk.does(Event::Reranked { from: Rank::Normal });
    assert_eq!(due(&desk), [40, 60]);
    // More urgent than there is time left: now.
    desk.world.rank = Rank::Critical;
    desk.does(Event::Reranked { from: Rank::High });
    assert_eq!(due(&desk), [30, 30]);
    // A clock that stands still moves what is left.
    let mut desk = open(Rank::High);
    desk.wait(10);
    desk.does(Event::Suspend { until: None });
    desk.world.rank = Rank::Low;
    desk.does(Event::Reranked { from: Rank::High });
    desk.wait(600);
    desk.does(Event::Continue);
    assert_eq!(due(&desk), [700, 720]);
}
