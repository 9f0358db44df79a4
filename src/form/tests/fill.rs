//! Filling a form in: rules, formulas, sections, permissions, steps.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{answers, brief, compiled, refuses, stores};
use crate::{Access, Compiled, Context, Missing, Referred, rules::Rule, rules::Type};

/// A garage: an accident brings out the insurance part.
fn garage() -> Compiled {
    compiled(json!([
        {"key": "type", "kind": "single_select", "label": "类型", "required": true, "options": [
            {"value": "accident", "label": "事故维修"}, {"value": "service", "label": "常规保养"}]},
        {"key": "plate", "kind": "text", "label": "车牌", "required": true},
        {"key": "insurance", "kind": "section", "label": "保险对接", "rules": {
            "show": {"==": [{"var": "type"}, "accident"]}}},
        {"key": "insurer", "kind": "text", "label": "保险公司", "required": true},
        {"key": "report_no", "kind": "text", "label": "报案号",
            "rules": {"require": {"==": [{"var": "insurer"}, "人保"]}}},
        {"key": "extra", "kind": "section", "label": "其他"},
        {"key": "points", "kind": "switch", "label": "积分核销", "rules": {
            "show": {"==": [{"var": "type"}, "service"]}}},
    ]))
}

#[test]
fn an_option_brings_out_a_section() {
    let form = garage();
    refuses(&form, json!({"type": "accident", "plate": "粤A"}), &[("insurer", "required")]);
    let stored = json!({"type": "accident", "plate": "粤A", "insurer": "平安"});
    stores(&form, stored.clone(), stored);
}

#[test]
fn what_no_rule_shows_is_neither_required_nor_stored() {
    let given = json!({"type": "service", "plate": "粤A", "insurer": "平安", "report_no": 5});
    stores(&garage(), given, json!({"type": "service", "plate": "粤A"}));
}

#[test]
fn unselecting_removes_what_the_option_brought_out() {
    let form_at = compiled(json!([
        {"key": "type", "kind": "text", "label": "类型", "access": {"*": "edit"}},
        {"key": "more", "kind": "text", "label": "更多",
            "rules": {"show": {"==": [{"var": "type"}, "a"]}}},
    ]));
    let context = Context { step: Some("handle"), ..Context::default() };
    let stored = answers(json!({"type": "a", "more": "x"}));
    let context = Context { before: Some(&stored), ..context };
    let clean = form_at.check(&answers(json!({"type": "b"})), &context).unwrap();
    assert_eq!(Value::Object(clean), json!({"type": "b"}));
}

#[test]
fn a_rule_makes_an_answer_required() {
    let given = json!({"type": "accident", "plate": "粤A", "insurer": "人保"});
    refuses(&garage(), given, &[("report_no", "required")]);
}

#[test]
fn a_rule_sets_an_answer_whatever_is_filled_in() {
    let form = compiled(json!([
        {"key": "vip", "kind": "switch", "label": "贵宾"},
        {"key": "age", "kind": "number", "label": "账龄"},
        {"key": "priority", "kind": "single_select", "label": "优先级", "default": "normal",
            "options": [{"value": "normal", "label": "普通"}, {"value": "high", "label": "高"},
                {"value": "top", "label": "最高"}],
            "rules": {"set": [
                {"when": {"and": [{"var": "vip"}, {">": [{"var": "age"}, 30]}]}, "to": "top"},
                {"when": {"var": "vip"}, "to": "high"}]}},
        {"key": "deposit", "kind": "money", "label": "押金",
            "rules": {"set": [{"to": {"*": [{"var": "age"}, 33.35]}}]}},
        {"key": "note", "kind": "text", "label": "备注",
            "rules": {"set": [{"when": {"!": {"var": "vip"}}, "to": null}]}},
    ]));
    let given = json!({"vip": true, "age": 31, "priority": "normal", "note": "好"});
    let top = json!({"vip": true, "age": 31, "priority": "top", "deposit": 1034, "note": "好"});
    stores(&form, given, top);
    stores(
        &form,
        json!({"vip": true, "priority": "normal"}),
        json!({"vip": true, "priority": "high"}),
    );
    stores(&form, json!({"priority": "top", "note": "好"}), json!({"priority": "top"}));
    stores(&form, json!({}), json!({"priority": "normal"}));
}

#[test]
fn a_rule_leaves_some_options_only() {
    let form = compiled(json!([
        {"key": "city", "kind": "text", "label": "城市"},
        {"key": "slot", "kind": "multi_select", "label": "时段",
            "options": [{"value": "am", "label": "上午"}, {"value": "pm", "label": "下午"}],
            "rules": {"filter": [{"when": {"==": [{"var": "city"}, "拉萨"]}, "options": ["pm"]}]}},
        {"key": "topic", "kind": "cascade", "label": "主题", "any_level": true, "tree": [
            {"value": "a", "label": "甲", "children": [{"value": "c", "label": "丙"}]},
            {"value": "b", "label": "乙"}],
            "rules": {"filter": [{"when": {"==": [{"var": "city"}, "拉萨"]}, "options": ["a"]}]}},
    ]));
    stores(&form, json!({"slot": ["am"]}), json!({"slot": ["am"]}));
    let far = json!({"city": "拉萨", "slot": ["am", "pm"], "topic": ["b"]});
    refuses(&form, far, &[("slot", "not_an_option"), ("topic", "not_an_option")]);
    let far = json!({"city": "拉萨", "slot": ["pm"], "topic": ["a", "c"]});
    stores(&form, far.clone(), far.clone());
    let seen = answers(far);
    let seen = form.view(&seen, &Context::default());
    assert_eq!(seen[1].options, Some(&["pm".to_owned()][..]));
}

#[test]
fn a_formula_is_computed_whatever_is_filled_in() {
    let form = compiled(json!([
        {"key": "parts", "kind": "parts", "label": "备件"},
        {"key": "hours", "kind": "number", "label": "工时"},
        {"key": "total", "kind": "formula", "label": "合计", "reads": "money",
            "formula": {"+": [{"var": "with_tax"}, {"*": [{"var": ["hours", 0]}, 12000]}]}},
        {"key": "with_tax", "kind": "formula", "label": "含税", "reads": "money",
            "formula": {"*": [{"var": ["parts.total", 0]}, 1.13]}},
        {"key": "mean", "kind": "formula", "label": "每小时", "scale": 1,
            "formula": {"/": [{"var": "total"}, {"var": "hours"}]}},
    ]));
    let rows = json!({"rows": [{"name": "灯", "quantity": 3, "price": 999}]});
    let given = json!({"parts": rows, "hours": 1.5, "total": 1, "mean": "x"});
    let clean = form.check(&answers(given), &Context::default()).unwrap();
    assert_eq!([&clean["with_tax"], &clean["total"]], [&json!(3387), &json!(21387)]);
    assert_eq!(clean["mean"], json!(14258));
    stores(&form, json!({}), json!({"total": 0, "with_tax": 0}));
    refuses(&form, json!({"hours": 0}), &[("mean", "divide_by_zero")]);
}

/// Seven paper forms in one: the decorator and the driver each see their part.
fn cake() -> Compiled {
    compiled(json!([
        {"key": "customer", "kind": "text", "label": "客户", "required": true},
        {"key": "serial", "kind": "serial_no", "label": "流水号", "prefix": "DG-"},
        {"key": "decor", "kind": "section", "label": "裱花", "owner": {"by": "group", "key": "decor"},
            "access": {"create": "hidden", "*": "edit"}},
        {"key": "size", "kind": "text", "label": "蛋糕尺寸", "required": true},
        {"key": "photo", "kind": "images", "label": "成品", "access": {"confirm": "read"}},
        {"key": "delivery", "kind": "section", "label": "配送",
            "owner": {"by": "group", "key": "drivers"}, "access": {"create": "hidden", "*": "edit"}},
        {"key": "slot", "kind": "text", "label": "时段", "required": true},
        {"key": "driver", "kind": "member", "label": "司机"},
    ]))
}

#[test]
fn each_team_sees_and_fills_in_its_part_only() {
    let form = cake();
    let before = answers(json!({"customer": "李", "slot": "10:00"}));
    let mine = BTreeSet::from(["decor".to_owned()]);
    let context = Context { step: Some("work"), owned: Some(&mine), before: Some(&before) };
    let seen: Vec<_> = form.view(&before, &context);
    let seen: Vec<_> =
        seen.iter().map(|one| (one.field.key.as_str(), one.section, one.access)).collect();
    let (read, edit, decor) = (Access::Read, Access::Edit, Some("decor"));
    assert_eq!(
        seen,
        [
            ("customer", None, read),
            ("serial", None, read),
            ("decor", None, edit),
            ("size", decor, edit),
            ("photo", decor, edit)
        ]
    );
    assert_eq!(Value::Object(form.readable(&before, &context)), json!({"customer": "李"}));

    let refused = form.check(&answers(json!({"size": "8", "driver": "li"})), &context).unwrap_err();
    assert_eq!(brief(&refused), [("driver", "unknown_field")]);
    let refused = form.check(&answers(json!({"customer": "王"})), &context).unwrap_err();
    assert_eq!(brief(&refused), [("customer", "read_only"), ("size", "required")]);
    let clean = form.check(&answers(json!({"customer": "李", "size": "8"})), &context).unwrap();
    assert_eq!(Value::Object(clean), json!({"customer": "李", "slot": "10:00", "size": "8"}));
}

#[test]
fn a_ticket_goes_on_when_no_section_misses_an_answer() {
    let form = cake();
    let missing = |json: Value| {
        let answers = answers(json);
        let missing = form.missing(&answers).into_iter();
        missing
            .map(|Missing { section, key }| (section.map(str::to_owned), key.to_owned()))
            .collect::<Vec<_>>()
    };
    let part = |section: &str, key: &str| (Some(section.to_owned()), key.to_owned());
    assert_eq!(
        missing(json!({"customer": "李"})),
        [part("decor", "size"), part("delivery", "slot")]
    );
    assert_eq!(missing(json!({"customer": "李", "size": "8"})), [part("delivery", "slot")]);
    assert_eq!(missing(json!({"customer": "李", "size": "8", "slot": "x"})), []);
}

#[test]
fn what_is_hidden_at_the_creation_is_not_asked_there() {
    let form = cake();
    stores(&form, json!({"customer": "李"}), json!({"customer": "李"}));
    refuses(&form, json!({"customer": "李", "size": "8"}), &[("size", "unknown_field")]);
    refuses(&form, json!({"customer": "李", "decor": 1}), &[("decor", "unknown_field")]);
}

#[test]
fn a_step_reads_unless_it_is_said_to_edit() {
    let form = cake();
    let before = answers(json!({"customer": "李", "size": "8", "photo": ["7"], "slot": "x"}));
    let context = Context { step: Some("confirm"), before: Some(&before), ..Context::default() };
    let refused = form.check(&answers(json!({"photo": [], "customer": null})), &context);
    let refused = refused.unwrap_err();
    assert_eq!(brief(&refused), [("customer", "read_only"), ("photo", "read_only")]);
    let same = answers(json!({"photo": ["7"], "customer": " 李 ", "slot": null}));
    let refused = form.check(&same, &context).unwrap_err();
    assert_eq!(brief(&refused), [("slot", "required")]);
    let clean = form.check(&answers(json!({"driver": "Li", "slot": "y"})), &context).unwrap();
    let expected =
        json!({"customer": "李", "size": "8", "photo": ["7"], "slot": "y", "driver": "li"});
    assert_eq!(Value::Object(clean), expected);
}

#[test]
fn an_issued_number_is_kept_and_never_taken() {
    let form = cake();
    stores(&form, json!({"customer": "李", "serial": "X-1"}), json!({"customer": "李"}));
    let issued: Vec<_> =
        form.to_issue(&answers(json!({}))).iter().map(|one| one.key.as_str()).collect();
    assert_eq!(issued, ["serial"]);
    let before = answers(json!({"customer": "李", "serial": "DG-1", "size": "1", "slot": "x"}));
    assert_eq!(form.to_issue(&before).len(), 0);
    let context = Context { step: Some("work"), before: Some(&before), ..Context::default() };
    let clean = form.check(&answers(json!({"serial": "X-1"})), &context).unwrap();
    assert_eq!(clean, before);
}

#[test]
fn a_field_added_later_leaves_old_tickets_valid() {
    let with_more = compiled(json!([
        {"key": "title", "kind": "text", "label": "标题", "required": true},
        {"key": "budget", "kind": "money", "label": "预算", "required": true, "default": 100},
    ]));
    let old = answers(json!({"title": "旧单"}));
    let context = Context { step: Some("handle"), before: Some(&old), ..Context::default() };
    assert_eq!(with_more.check(&answers(json!({})), &context).unwrap(), old);
    stores(&with_more, json!({"title": "新单"}), json!({"title": "新单", "budget": 100}));
}

#[test]
fn what_answers_refer_to_is_told_with_its_path() {
    let form = cake();
    let found = form.references(&answers(json!({"photo": ["7", "8"], "driver": "li"})));
    let found: Vec<_> =
        found.iter().map(|one| (one.path.as_str(), one.what, one.id.as_str())).collect();
    let (file, member) = (Referred::File, Referred::Member);
    assert_eq!(found, [("photo[0]", file, "7"), ("photo[1]", file, "8"), ("driver", member, "li")]);
}

#[test]
fn a_condition_from_elsewhere_reads_the_answers() {
    let form = garage();
    let json = json!({"and": [{"==": [{"var": "type"}, "accident"]}, {"!!": {"var": "insurer"}}]});
    let rule = Rule::parse_as(&json, form.scope(), Type::Bool).unwrap();
    let holds = |json: Value| rule.holds(&form.facts(&answers(json))).unwrap();
    assert!(holds(json!({"type": "accident", "insurer": "平安"})));
    assert!(!holds(json!({"type": "service", "insurer": "平安"})));
    let json = json!({"==": [{"var": "type"}, "acident"]});
    assert_eq!(Rule::parse(&json, form.scope()).unwrap_err().code, "not_an_option");
}

/// What depends on a share of nothing.
fn shares() -> Compiled {
    let share = json!({">": [{"/": [1, {"var": "many"}]}, 0]});
    compiled(json!([
        {"key": "many", "kind": "number", "label": "份数"},
        {"key": "shown", "kind": "number", "label": "每份", "rules": {"show": share}},
        {"key": "asked", "kind": "text", "label": "备注",
            "rules": {"require": share}},
    ]))
}

#[test]
fn what_cannot_be_worked_out_is_refused_once_where_it_stands() {
    let form = shares();
    stores(
        &form,
        json!({"many": 2, "shown": 1, "asked": "x"}),
        json!({"many": 2, "shown": 1, "asked": "x"}),
    );
    let trap = "divide_by_zero";
    refuses(&form, json!({"many": 0, "shown": "x"}), &[("shown", trap), ("asked", trap)]);
}

#[test]
fn what_cannot_be_decided_about_stored_answers_is_shown_and_asked() {
    let form = shares();
    let stored = answers(json!({"many": 0, "shown": 1}));
    assert_eq!(form.readable(&stored, &Context::default()), stored);
    let seen = form.view(&stored, &Context::default());
    assert_eq!(seen.iter().map(|one| one.is_required).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(form.missing(&stored), [Missing { section: None, key: "asked" }]);
}

#[test]
fn no_more_problems_are_told_than_one_can_read() {
    let many: serde_json::Map<String, Value> =
        (0..1_000).map(|nth| (format!("x{nth}"), Value::Null)).collect();
    assert_eq!(garage().check(&many, &Context::default()).unwrap_err().len(), 100);
    let long = json!({"type": "service", "plate": "x", "键".repeat(10_000): 1});
    let problems = garage().check(&answers(long), &Context::default()).unwrap_err();
    assert!(problems[0].path.len() < 200 && problems[0].detail.len() < 300);
}
