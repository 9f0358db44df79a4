use serde_json::json;

use super::*;

fn read(value: Value) -> Result<Flow, String> {
    serde_json::from_value(value).map_err(|error: serde_json::Error| error.to_string())
}

#[test]
fn a_step_without_a_type_is_a_task() {
    let flow = read(json!({ "steps": [{
        "key": "handle", "name": "处理", "public_name": "处理中",
        "assign": { "by": "group", "key": "handlers" },
    }] }))
    .unwrap();
    let work = flow.step("handle").unwrap().work().unwrap();
    assert_eq!(work, &Work::of(Assign::Group { key: "handlers".into() }));
    assert_eq!(flow.steps[0].public_name.as_deref(), Some("处理中"));
}

#[test]
fn every_kind_is_written_as_it_is_read() {
    let people = json!({ "by": "people", "userids": ["li"] });
    let step = |key: &str, rest: Value| {
        let mut step = json!({ "key": key, "name": key });
        step.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        step
    };
    let written = json!({ "steps": [
        step("a", json!({ "type": "task", "assign": people, "sign": { "mode": "in_order" },
            "if_nobody": { "do": "assign", "to": { "by": "starter_lead" } },
            "fields": { "amount": "read" }, "exit": { "!": [false] }, "verbs": ["complete"],
            "limit": { "minutes": 120, "pace": "working", "remind": [30],
                "repeat": { "minutes": 60, "most": 3 }, "overdue": { "do": "pass" },
                "escalate": [{ "minutes": 10, "to": { "by": "supervisor" }, "take_over": true }] } })),
        step("b", json!({ "type": "approval", "sign": { "mode": "vote", "share": 60 },
            "on_reject": { "do": "to_step", "key": "a" }, "when": { "var": "x" },
            "assign": { "by": "table", "rows": [{ "when": true, "assign": { "by": "starter" } }],
                "otherwise": { "by": "department_lead", "level": 1 } } })),
        step("c", json!({ "type": "cc", "to": { "by": "customer_owner" } })),
        step("d", json!({ "type": "notify", "to": { "by": "role", "key": "boss" }, "text": "好了" })),
        step("e", json!({ "type": "wait", "minutes": 5, "signal": "paid" })),
        step("f", json!({ "type": "action", "action": "coupon", "input": { "n": 1 }, "wait_minutes": 9 })),
        step("g", json!({ "type": "branch", "cases": [{ "when": true, "name": "大额", "steps": [
            step("h", json!({ "type": "task", "assign": { "by": "chosen" } }))] }], "default": [] })),
        step("i", json!({ "type": "parallel", "mode": "any", "lanes": [{ "steps": [] }, { "steps": [
            step("j", json!({ "type": "subtickets", "mode": "any",
                "tickets": [{ "template": "t", "title": "料" }] }))] }] })),
    ] });
    let flow = read(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&flow).unwrap(), written);
    let keys: Vec<_> = flow.all().into_iter().map(|step| step.key.as_str()).collect();
    assert_eq!(keys, ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]);
    assert_eq!(flow.step("j").map(|step| step.lanes().count()), Some(0));
}

#[test]
fn what_is_wrong_names_the_step() {
    let cases = [
        (json!({ "key": "a", "name": "A", "type": "task" }), "节点 a", "assign"),
        (json!({ "key": "a", "name": "A", "type": "dance" }), "节点 a", "dance"),
        (json!({ "key": "a", "assign": { "by": "starter" } }), "节点 a", "name"),
        (json!({ "key": 7, "name": "A", "assign": { "by": "starter" } }), "节点 ?", "string"),
        (
            json!({ "key": "a", "name": "A", "assign": { "by": "starter" }, "colour": 1 }),
            "a",
            "colour",
        ),
        (json!({ "key": "a", "name": "A", "assign": { "by": "oracle" } }), "a", "oracle"),
        (json!({ "key": "a", "name": "A", "type": "wait", "minutes": -1 }), "a", "-1"),
        (
            json!({ "key": "p", "name": "P", "type": "parallel", "lanes": [{ "steps": [
                { "key": "b", "name": "B", "type": "cc" }] }] }),
            "节点 p：节点 b",
            "to",
        ),
    ];
    for (step, place, word) in cases {
        let error = read(json!({ "steps": [step] })).unwrap_err();
        assert!(error.contains(place) && error.contains(word), "{error}");
    }
    assert!(read(json!({ "steps": [], "more": 1 })).unwrap_err().contains("more"));
}

#[test]
fn what_stands_in_the_ways_of_a_block_can_be_changed() {
    let way = |key: &str| json!({ "name": key, "when": true, "steps": [{ "key": key, "name": key, "type": "cc", "to": { "by": "starter" } }] });
    let inside =
        json!([{ "key": "other", "name": "other", "type": "cc", "to": { "by": "starter" } }]);
    for (kind, ways) in [("branch", "cases"), ("parallel", "lanes")] {
        let mut block = json!({ "key": "split", "name": "split", "type": kind,
            ways: [way("one"), way("two")], "default": inside });
        if kind == "parallel" {
            block["mode"] = json!("inclusive");
        }
        let mut flow = read(json!({ "steps": [block] })).unwrap();
        let seen: Vec<_> =
            flow.steps[0].lanes_mut().map(|steps| steps.pop().unwrap().key).collect();
        assert_eq!(seen, ["one", "two", "other"], "{kind}");
        assert_eq!(flow.all().len(), 1, "{kind}");
    }
}
