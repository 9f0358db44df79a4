//! Publishing a form: what is refused, where, and the field library.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{brief, form};
use crate::{Compiled, FIELDS_MAX, Field, Form};

#[track_caller]
fn refused(fields: Value, expected: &[(&str, &str)]) {
    let problems = form(fields).problems();
    assert_eq!(brief(&problems), expected);
}

/// One more field beside a text, a number and a choice.
#[track_caller]
fn refused_beside(field: Value, expected: &[(&str, &str)]) {
    refused(
        json!([
            {"key": "name", "kind": "text", "label": "姓名"},
            {"key": "age", "kind": "number", "label": "年龄"},
            field,
        ]),
        expected,
    );
}

#[test]
fn the_built_in_template_reads_as_it_did() {
    let text = include_str!("../../../config/presets/general_request.json");
    let json: Value = serde_json::from_str(text).unwrap();
    let form: Form = serde_json::from_value(json["form"].clone()).unwrap();
    assert_eq!(form.problems(), []);
    let written = serde_json::to_value(&form).unwrap();
    assert_eq!(serde_json::from_value::<Form>(written.clone()).unwrap(), form);
    let first =
        json!({"key": "title", "kind": "text", "label": "标题", "required": true, "max": 100});
    assert_eq!(written["fields"][0], first);
}

#[test]
fn keys_are_plain_and_used_once() {
    refused_beside(
        json!({"key": "age", "kind": "text", "label": "年龄"}),
        &[("fields[2].key", "duplicate_key")],
    );
    for key in ["", "Age", "a-b", "1a", "年龄", "a.b"] {
        refused_beside(
            json!({"key": key, "kind": "text", "label": "x"}),
            &[("fields[2].key", "bad_key")],
        );
    }
    let step = json!({"key": "x", "kind": "text", "label": "x", "access": {"Step 1": "edit"}});
    refused_beside(step, &[("fields[2].access.Step 1", "bad_key")]);
}

#[test]
fn a_type_that_is_not_there_is_named() {
    let problems = form(json!([{"key": "a", "kind": "colour", "label": "颜色"}])).problems();
    assert_eq!(brief(&problems), [("fields[0].kind", "unknown_kind")]);
    assert!(problems[0].detail.contains("colour"));
}

#[test]
fn settings_that_a_type_does_not_read_are_refused() {
    let field = json!({"key": "x", "kind": "switch", "label": "x", "max": 5, "unit": "个",
        "owner": {"by": "group"}, "options": [{"value": "a", "label": "a"}]});
    let unused = ["max", "unit", "options", "owner"].map(|name| format!("fields[2].{name}"));
    let expected: Vec<_> = unused.iter().map(|path| (path.as_str(), "unused_setting")).collect();
    refused_beside(field, &expected);
    let computed = json!({"key": "x", "kind": "formula", "label": "x", "formula": 1, "required": true,
        "default": 5, "rules": {"require": true}});
    refused_beside(
        computed,
        &[
            ("fields[2].required", "unused_setting"),
            ("fields[2].default", "unused_setting"),
            ("fields[2].rules", "unused_setting"),
        ],
    );
    let section = json!({"key": "x", "kind": "section", "label": "", "required": true, "max": 5});
    refused_beside(
        section,
        &[("fields[2].max", "unused_setting"), ("fields[2].required", "unused_setting")],
    );
}

#[test]
fn options_have_values_of_their_own() {
    let field = |options: Value| json!({"key": "x", "kind": "single_select", "label": "x", "options": options});
    refused_beside(field(json!([])), &[("fields[2].options", "bad_option")]);
    let twice = json!([{"value": "a", "label": "甲"}, {"value": "a", "label": "乙"}, {"value": " ", "label": "丙"}]);
    refused_beside(
        field(twice),
        &[
            ("fields[2].options[1].value", "duplicate_option"),
            ("fields[2].options[2].value", "bad_option"),
        ],
    );
}

#[test]
fn a_cascade_has_no_loop_and_no_value_twice() {
    let field = |tree: Value| json!({"key": "x", "kind": "cascade", "label": "x", "tree": tree});
    let looped = json!([{"value": "a", "label": "甲", "children": [
        {"value": "b", "label": "乙", "children": [{"value": "a", "label": "甲"}]}]}]);
    refused_beside(field(looped), &[("fields[2].tree[0].children[0].children[0]", "cascade_loop")]);
    let twice = json!([{"value": "a", "label": "甲"}, {"value": "a", "label": "乙"}]);
    refused_beside(field(twice), &[("fields[2].tree[1].value", "duplicate_option")]);
    let same_below_others = json!([
        {"value": "a", "label": "甲", "children": [{"value": "other", "label": "其他"}]},
        {"value": "b", "label": "乙", "children": [{"value": "other", "label": "其他"}]}]);
    refused_beside(field(same_below_others), &[]);
    refused_beside(field(json!([])), &[("fields[2].tree", "bad_option")]);
    let mut deep = json!([]);
    for level in 0..9 {
        deep = json!([{"value": format!("v{level}"), "label": "级", "children": deep}]);
    }
    let path = format!("fields[2].tree[0]{}.children", ".children[0]".repeat(7));
    refused_beside(field(deep), &[(&path, "too_deep")]);
    let wide: Vec<_> =
        (0..5_001).map(|nth| json!({"value": nth.to_string(), "label": "x"})).collect();
    refused_beside(field(wide.into()), &[("fields[2].tree", "too_many")]);
}

#[test]
fn a_rule_on_an_unknown_field_is_refused_where_it_stands() {
    let rules = json!({
        "show": {"and": [true, {"==": [{"var": "colour"}, 1]}]},
        "require": {"==": [{"var": "age"}, "18"]},
        "set": [{"when": {"var": "age"}, "to": 5}, {"when": {"xor": [1]}, "to": "x"}],
    });
    refused_beside(
        json!({"key": "x", "kind": "text", "label": "x", "rules": rules}),
        &[
            ("fields[2].rules.set[0].when", "type_clash"),
            ("fields[2].rules.set[0].to", "wrong_type"),
            ("fields[2].rules.set[1].when.xor", "unknown_operator"),
            ("fields[2].rules.show.and[1].==[0].var", "unknown_field"),
            ("fields[2].rules.require.==[1]", "type_clash"),
        ],
    );
    let itself = json!({"key": "x", "kind": "section", "label": "x", "rules": {"show": {"!!": {"var": "x"}}}});
    refused_beside(itself, &[("fields[2].rules.show.!![0].var", "unknown_field")]);
}

#[test]
fn what_a_rule_sets_must_be_an_answer() {
    let field = |to: Value| {
        json!({"key": "x", "kind": "single_select", "label": "x",
        "options": [{"value": "a", "label": "甲"}],
        "rules": {"set": [{"to": to}], "filter": [{"when": true, "options": ["b"]}]}})
    };
    refused_beside(
        field(json!("c")),
        &[
            ("fields[2].rules.filter[0].options", "not_an_option"),
            ("fields[2].rules.set[0].to", "not_an_option"),
        ],
    );
    let place = json!({"key": "x", "kind": "location", "label": "x", "rules": {"set": [{"to": {"var": "name"}}]}});
    refused_beside(place, &[("fields[2].rules.set[0].to", "type_clash")]);
}

#[test]
fn fields_that_depend_on_themselves_are_refused() {
    let formula = |key: &str, of: &str| {
        json!({"key": key, "kind": "formula", "label": "x",
        "formula": {"+": [{"var": of}, 1]}})
    };
    let problems =
        form(json!([formula("a", "b"), formula("b", "c"), formula("c", "a")])).problems();
    assert_eq!(brief(&problems), [("fields[0]", "cycle")]);
    assert!(problems[0].detail.starts_with("a → b → c → a"), "{}", problems[0].detail);
    let show = |key: &str, of: &str| {
        json!({"key": key, "kind": "text", "label": "x",
        "rules": {"show": {"!!": {"var": of}}}})
    };
    refused(json!([show("a", "a")]), &[("fields[0]", "cycle")]);
    let set =
        json!({"key": "b", "kind": "text", "label": "x", "rules": {"set": [{"to": {"var": "a"}}]}});
    refused(json!([show("a", "b"), set]), &[("fields[0]", "cycle")]);
    let section = json!({"key": "s", "kind": "section", "label": "s", "rules": {"show": {"!!": {"var": "in"}}}});
    refused(
        json!([section, {"key": "in", "kind": "text", "label": "x"}]),
        &[("fields[0]", "cycle")],
    );
    let require = json!({"key": "a", "kind": "text", "label": "x", "rules": {"require": {"!": {"var": "b"}}}});
    let other = json!({"key": "b", "kind": "text", "label": "x", "rules": {"require": {"!": {"var": "a"}}}});
    refused(json!([require, other]), &[]);
}

#[test]
fn defaults_bounds_and_columns_are_checked() {
    refused_beside(
        json!({"key": "x", "kind": "money", "label": "x", "default": 1.5, "lowest": "a"}),
        &[("fields[2].default", "bad_default"), ("fields[2].lowest", "bad_bound")],
    );
    refused_beside(
        json!({"key": "x", "kind": "date", "label": "x", "lowest": "2026-02-02", "highest": "2026-02-01"}),
        &[("fields[2].lowest", "bad_bound")],
    );
    refused_beside(
        json!({"key": "x", "kind": "text", "label": "x", "min": 5, "max": 4}),
        &[("fields[2].min", "bad_bound")],
    );
    refused_beside(
        json!({"key": "x", "kind": "rating", "label": "x", "max": 11}),
        &[("fields[2].max", "bad_bound")],
    );
    refused_beside(
        json!({"key": "x", "kind": "number", "label": "x", "scale": 10}),
        &[("fields[2].scale", "bad_bound")],
    );
    refused_beside(
        json!({"key": "x", "kind": "description", "label": "x"}),
        &[("fields[2].content", "required")],
    );
    refused_beside(
        json!({"key": "x", "kind": "formula", "label": "x"}),
        &[("fields[2].formula", "required")],
    );
    refused_beside(
        json!({"key": "x", "kind": "text", "label": " "}),
        &[("fields[2].label", "bad_label")],
    );
    let columns = json!([
        {"key": "a", "kind": "table", "label": "a", "columns": []},
        {"key": "a", "kind": "text", "label": "a", "rules": {"require": true}},
        {"key": "b", "kind": "single_select", "label": "b"},
    ]);
    refused_beside(
        json!({"key": "x", "kind": "table", "label": "x", "columns": columns}),
        &[
            ("fields[2].columns[0].columns", "too_many"),
            ("fields[2].columns[0].kind", "unknown_kind"),
            ("fields[2].columns[1].rules", "unused_setting"),
            ("fields[2].columns[1].key", "duplicate_key"),
            ("fields[2].columns[2].options", "bad_option"),
        ],
    );
}

#[test]
fn a_form_has_its_limits() {
    refused(json!([]), &[("fields", "required")]);
    let field = |nth: usize| json!({"key": format!("f{nth}"), "kind": "text", "label": "x"});
    let many = |many: usize| (0..many).map(field).collect::<Value>();
    refused(many(FIELDS_MAX), &[]);
    refused(many(FIELDS_MAX + 1), &[("fields", "too_many")]);
    let too_many = Compiled::new(&form(many(FIELDS_MAX + 1))).map(drop).unwrap_err();
    assert_eq!(brief(&too_many), [("fields", "too_many")]);
    let huge =
        json!({"key": "x", "kind": "description", "label": "x", "content": "长".repeat(1_700_000)});
    refused_beside(huge, &[("fields", "too_big")]);
    let long =
        json!({"key": "x", "kind": "description", "label": "x", "content": "长".repeat(5_001)});
    refused_beside(long, &[("fields[2].content", "too_long")]);
    let bad = |nth: usize| json!({"key": format!("F{nth}"), "kind": "text", "label": "x"});
    let all_bad = form((0..FIELDS_MAX).map(bad).collect()).problems();
    assert_eq!(all_bad.len(), 100);
}

#[test]
fn names_and_explanations_are_as_long_as_may_be_and_no_longer() {
    let field = |label: usize, help: usize, key: usize| {
        json!({"key": "k".repeat(key), "kind": "text", "label": "名".repeat(label),
            "help": {"zh-CN": "", "en": "h".repeat(help)}})
    };
    refused_beside(field(100, 500, 40), &[]);
    refused_beside(
        field(101, 501, 41),
        &[
            ("fields[2].key", "bad_key"),
            ("fields[2].label", "bad_label"),
            ("fields[2].help", "too_long"),
        ],
    );
    let rules = |many: usize| {
        json!({"key": "x", "kind": "text", "label": "x",
        "rules": {"set": vec![json!({"to": "f"}); many]}})
    };
    refused_beside(rules(20), &[]);
    refused_beside(rules(21), &[("fields[2].rules.set", "too_many")]);
}

/// A library, by what its entries are called.
fn library() -> BTreeMap<String, Field> {
    serde_json::from_value(json!({
        "phone": {"key": "phone", "kind": "phone", "label": "电话", "help": "手机优先"},
        "urgency": {"key": "urgency", "kind": "single_select", "label": "紧急程度",
            "options": [{"value": "low", "label": "低"}]},
    }))
    .unwrap()
}

#[test]
fn two_forms_share_a_library_field_and_may_say_things_differently() {
    let written = form(json!([
        {"library": "phone"},
        {"library": "phone", "key": "second", "label": "备用电话", "required": true},
        {"library": "urgency", "key": "level", "default": "low"},
    ]));
    let full = written.expand(&library());
    assert_eq!(full.problems(), []);
    let shown: Vec<_> = full
        .fields
        .iter()
        .map(|one| (one.key.as_str(), one.kind.as_str(), &*one.label, one.required, &*one.help))
        .collect();
    assert_eq!(
        shown,
        [
            ("phone", "phone", "电话", false, "手机优先"),
            ("second", "phone", "备用电话", true, "手机优先"),
            ("level", "single_select", "紧急程度", false, ""),
        ]
    );
    assert_eq!(full.fields[2].default, Some(json!("low")));
    assert_eq!(full.fields[1].library.as_deref(), Some("phone"));
    assert_eq!(full.expand(&library()), full, "what is written out stays so");
}

#[test]
fn an_entry_that_is_not_there_leaves_a_field_without_a_type() {
    let full = form(json!([{"library": "fax"}])).expand(&library());
    assert!(brief(&full.problems()).contains(&("fields[0].kind", "unknown_kind")));
}

#[test]
fn an_entry_of_the_library_is_a_field_by_itself() {
    assert!(library().values().all(|entry| entry.problems().is_empty()));
    for (entry, place, code) in [
        (json!({"key": "a", "library": "b"}), "library", "library_loop"),
        (json!({"key": "b", "kind": "single_select", "label": "x"}), "options", "bad_option"),
        (json!({"kind": "text", "label": "x"}), "key", "bad_key"),
        (
            json!({"key": "c", "kind": "text", "label": "x", "rules": {"show": {"var": "d"}}}),
            "rules.show.var",
            "unknown_field",
        ),
    ] {
        let entry: Field = serde_json::from_value(entry).unwrap();
        assert_eq!(brief(&entry.problems()), [(place, code)], "{entry:?}");
    }
}
