use serde_json::json;

use super::*;
use crate::step::tests::{a, flow, people};

/// A task that nothing is wrong with, but for what is given.
fn fine(key: &str, rest: Value) -> Value {
    let mut step =
        a(key, "task", json!({ "assign": people(&["li"]), "if_nobody": { "do": "hold" } }));
    step.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    step
}

fn approval(key: &str, rest: Value) -> Value {
    let mut step = fine(key, rest);
    step["type"] = json!("approval");
    step
}

/// `code@step` of every problem.
fn codes(steps: Value) -> Vec<String> {
    let one = |problem: Problem| {
        assert!(!problem.detail.is_empty());
        let step = problem.step.unwrap_or_default();
        assert!(problem.detail.contains(&step), "{} names its step", problem.detail);
        format!("{}@{step}", problem.code)
    };
    flow(steps).problems().into_iter().map(one).collect()
}

#[test]
fn a_flow_with_everything_in_order_has_no_problem() {
    let limit = json!({ "minutes": 120, "remind": [30], "repeat": { "minutes": 60, "most": 3 },
        "escalate": [{ "minutes": 0, "to": { "by": "supervisor" } }] });
    let none: [&str; 0] = [];
    let steps = json!([
        fine("register", json!({ "limit": limit })),
        a(
            "amount",
            "branch",
            json!({ "default": [], "cases": [{ "when": { "var": "x" }, "steps": [
            approval("boss", json!({ "on_reject": { "do": "to_step", "key": "register" } }))] }] })
        ),
        a(
            "both",
            "parallel",
            json!({ "lanes": [
            { "steps": [fine("store", json!({}))] },
            { "steps": [fine("money", json!({ "assign": { "by": "chosen" } }))] }] })
        ),
        // A branch that was gone to its end is on the way; the lane of a split is not.
        approval("check", json!({ "on_reject": { "do": "to_step", "key": "boss" } })),
        a(
            "some",
            "parallel",
            json!({ "mode": "inclusive", "lanes": [
            { "steps": [fine("always", json!({}))] },
            { "when": { "var": "x" }, "steps": [fine("perhaps", json!({}))] }] })
        ),
        a("rest", "wait", json!({ "minutes": 60 })),
    ]);
    assert_eq!(codes(steps), none);
}

#[track_caller]
fn refuses(cases: Vec<(Value, &str)>) {
    for (steps, code) in cases {
        assert_eq!(codes(steps.clone()), [code], "{steps}");
    }
}

#[test]
fn every_problem_of_a_step_names_it() {
    let lanes = |lanes: Value| a("p", "parallel", json!({ "lanes": lanes }));
    let one = |key: &str| json!({ "steps": [fine(key, json!({}))] });
    refuses(vec![
        (json!([]), "empty@"),
        (json!([fine("Ä", json!({}))]), "key_malformed@Ä"),
        (json!([fine("aÄ", json!({}))]), "key_malformed@aÄ"),
        (json!([fine("", json!({ "name": "A" }))]), "key_malformed@"),
        (json!([fine("a", json!({})), fine("a", json!({}))]), "key_twice@a"),
        (json!([fine("a", json!({ "name": " " }))]), "name_missing@a"),
        (json!([fine("a", json!({ "when": false }))]), "unreachable@a"),
        (json!([a("a", "task", json!({ "assign": people(&["li"]) }))]), "no_fallback@a"),
        (json!([fine("a", json!({ "assign": people(&[]) }))]), "nobody_named@a"),
        (json!([fine("a", json!({ "assign": { "by": "group", "key": " " } }))]), "nobody_named@a"),
        (json!([fine("a", json!({ "assign": { "by": "chosen" } }))]), "nobody_chooses@a"),
        (
            json!([fine(
                "a",
                json!({ "assign": { "by": "table", "rows": [],
                "otherwise": people(&["li"]) } })
            )]),
            "nobody_named@a",
        ),
        (
            json!([fine("a", json!({ "sign": { "mode": "vote", "share": 0 } }))]),
            "share_out_of_range@a",
        ),
        (
            json!([fine("a", json!({ "sign": { "mode": "vote", "share": 101 } }))]),
            "share_out_of_range@a",
        ),
        (json!([fine("a", json!({ "verbs": ["claim"] }))]), "verb_missing@a"),
        (json!([approval("a", json!({ "verbs": ["reject", "complete"] }))]), "verb_missing@a"),
        (
            json!([approval("a", json!({ "on_reject": { "do": "to_step", "key": "a" } }))]),
            "return_target@a",
        ),
        (
            json!([approval("a", json!({ "on_reject": { "do": "to_step", "key": "x" } }))]),
            "return_target@a",
        ),
        (
            json!([
                lanes(json!([one("b"), one("c")])),
                approval("a", json!({ "on_reject": { "do": "to_step", "key": "b" } }))
            ]),
            "return_target@a",
        ),
        (
            json!([a(
                "w",
                "branch",
                json!({ "default": [
                approval("a", json!({ "on_reject": { "do": "to_step", "key": "b" } }))],
                "cases": [{ "when": { "var": "x" }, "steps": [fine("b", json!({}))] }] })
            )]),
            "return_target@a",
        ),
    ]);
}

#[test]
fn every_problem_of_a_limit_names_its_step() {
    let limited = |limit: Value| fine("a", json!({ "limit": limit }));
    let end = json!({ "do": "end" });
    refuses(vec![
        (json!([limited(json!({ "minutes": 0, "overdue": end }))]), "minutes_out_of_range@a"),
        (
            json!([limited(json!({ "minutes": 9_999_999, "overdue": end }))]),
            "minutes_out_of_range@a",
        ),
        (
            json!([limited(json!({ "minutes": 9, "overdue": end, "remind": [9] }))]),
            "reminder_out_of_range@a",
        ),
        (
            json!([limited(
                json!({ "minutes": 9, "overdue": end, "repeat": { "minutes": 0, "most": 1 } })
            )]),
            "repeat_out_of_range@a",
        ),
        (json!([limited(json!({ "minutes": 9 }))]), "limit_without_owner@a"),
        (
            json!([limited(json!({ "minutes": 9, "escalate": [
                { "minutes": 9_999_999, "to": { "by": "supervisor" } }] }))]),
            "minutes_out_of_range@a",
        ),
        (
            json!([limited(
                json!({ "minutes": 9, "escalate": [{ "minutes": 1, "to": people(&[]) }] })
            )]),
            "nobody_named@a",
        ),
    ]);
}

#[test]
fn every_problem_of_a_block_names_its_step() {
    let lanes = |lanes: Value| a("p", "parallel", json!({ "lanes": lanes }));
    let one = |key: &str| json!({ "steps": [fine(key, json!({}))] });
    let ticket = json!({ "template": "t", "title": "x" });
    let children = vec![ticket; CHILDREN_MAX + 1];
    refuses(vec![
        (json!([a("b", "branch", json!({ "cases": [], "default": [] }))]), "too_few_lanes@b"),
        (
            json!([a(
                "b",
                "branch",
                json!({ "cases": [{ "when": { "var": "x" }, "steps": [] }] })
            )]),
            "missing_default@b",
        ),
        (
            json!([a("b", "branch", json!({ "cases": [{ "steps": [] }], "default": [] }))]),
            "condition_missing@b",
        ),
        (
            json!([a(
                "b",
                "branch",
                json!({ "default": [], "cases": [
                { "when": { "var": "x" }, "steps": [] }, { "when": { "var": "x" }, "steps": [] }] })
            )]),
            "unreachable@b",
        ),
        (
            json!([a(
                "b",
                "branch",
                json!({ "default": [], "cases": [
                { "when": true, "steps": [] }, { "when": { "var": "x" }, "steps": [] }] })
            )]),
            "unreachable@b",
        ),
        (json!([lanes(json!([one("a")]))]), "too_few_lanes@p"),
        (json!([lanes(json!([one("a"), { "steps": [] }]))]), "empty_lane@p"),
        (
            json!([lanes(
                json!([one("a"), { "when": { "var": "x" }, "steps": [fine("b", json!({}))] }])
            )]),
            "condition_unused@p",
        ),
        (
            json!([a(
                "p",
                "parallel",
                json!({ "mode": "inclusive", "lanes": [
                { "when": { "var": "x" }, "steps": [fine("a", json!({}))] },
                { "when": { "var": "y" }, "steps": [fine("b", json!({}))] }] })
            )]),
            "missing_default@p",
        ),
        (json!([a("w", "wait", json!({ "minutes": 0 }))]), "minutes_out_of_range@w"),
        (json!([a("x", "action", json!({ "action": "" }))]), "action_missing@x"),
        (json!([a("n", "notify", json!({ "to": people(&["li"]), "text": "" }))]), "text_missing@n"),
        (json!([a("s", "subtickets", json!({ "tickets": [] }))]), "children_missing@s"),
        (json!([a("s", "subtickets", json!({ "tickets": children }))]), "too_many_children@s"),
    ]);
}

#[test]
fn a_flow_that_is_too_long_or_too_deep_is_refused() {
    let many: Vec<_> = (0..=STEPS_MAX).map(|n| fine(&format!("s{n}"), json!({}))).collect();
    assert_eq!(codes(json!(many)), ["too_many_steps@"]);
    let mut deep = fine("leaf", json!({}));
    for n in 0..DEPTH_MAX {
        deep = a(
            &format!("b{n}"),
            "branch",
            json!({ "default": [], "cases": [
            { "when": { "var": "x" }, "steps": [deep] }] }),
        );
    }
    assert_eq!(codes(json!([deep])), ["too_deep@leaf"]);
}

#[test]
fn every_rule_and_field_is_mentioned_with_its_step() {
    let table = json!({ "by": "table", "rows": [{ "when": { "var": "r" },
        "assign": { "by": "field", "key": "who" } }], "otherwise": { "by": "starter" } });
    let flow = flow(json!([
        fine(
            "a",
            json!({ "assign": table, "when": { "var": "w" }, "exit": { "var": "e" },
            "fields": { "amount": "edit" } })
        ),
        a(
            "b",
            "branch",
            json!({ "default": [], "cases": [{ "when": { "var": "c" }, "steps": [] }] })
        ),
    ]));
    let said = flow.mentions();
    let rules: Vec<_> = said
        .rules
        .iter()
        .map(|(step, rule)| format!("{step} {}", rule["var"].as_str().unwrap()))
        .collect();
    assert_eq!(rules, ["a w", "a e", "a r", "b c"]);
    assert_eq!(said.fields, [("a", "amount"), ("a", "who")]);
}
