//! What holds of whatever form and whatever answers.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{Access, Compiled, Context, Form, rules::Rule, rules::Type};

/// The kinds of which random forms are made, with settings, and answers that may pass.
static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(kinds);

/// The settings of a field, and answers to it.
type Kind = (Value, Vec<Value>);

fn kinds() -> Vec<Kind> {
    let options = json!([{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}]);
    let tree = json!([{"value": "a", "label": "甲", "children": [{"value": "c", "label": "丙"}]},
        {"value": "b", "label": "乙"}]);
    let columns = json!([{"key": "n", "kind": "number", "label": "数"}, {"key": "t", "kind": "text", "label": "文"}]);
    let row = json!({"name": "灯", "quantity": 1.5, "price": 333});
    vec![
        (
            json!({"kind": "text", "default": "a"}),
            vec![json!("a"), json!(" b\u{0} "), json!("\u{0}")],
        ),
        (json!({"kind": "textarea"}), vec![json!("a\r\nb\r\r\n"), json!(" \u{FEFF} ")]),
        (json!({"kind": "number"}), vec![json!(0), json!(-1.5), json!(3.0), json!(1e14)]),
        (json!({"kind": "money"}), vec![json!(0), json!(99.0), json!(12345)]),
        (json!({"kind": "single_select", "options": options, "default": "b"}), vec![json!("a")]),
        (json!({"kind": "multi_select", "options": options}), vec![json!(["b", "a"]), json!([])]),
        (json!({"kind": "cascade", "tree": tree}), vec![json!(["a", "c"]), json!(["b"])]),
        (json!({"kind": "switch"}), vec![json!(true), json!(false)]),
        (json!({"kind": "rating"}), vec![json!(1), json!(5.0)]),
        (json!({"kind": "date"}), vec![json!("2026-11-22"), json!(" 2026-01-01")]),
        (json!({"kind": "datetime"}), vec![json!("2026-11-22T23:59:59.999+08:00")]),
        (json!({"kind": "date_range"}), vec![json!({"start": "2026-01-01", "end": "2026-01-02"})]),
        (json!({"kind": "phone"}), vec![json!("+86 138 0013 8000"), json!("020-1234567")]),
        (json!({"kind": "email"}), vec![json!("A@B.CN")]),
        (
            json!({"kind": "address"}),
            vec![json!({"region": [" 广东 "], "detail": "\u{0}"}), json!({"detail": "\u{0}"})],
        ),
        (
            json!({"kind": "location"}),
            vec![json!({"lat": 1.234_567_891_23, "lng": -0.0, "label": " a "})],
        ),
        (json!({"kind": "images"}), vec![json!(["1", "2"])]),
        (json!({"kind": "signature"}), vec![json!("1")]),
        (json!({"kind": "member"}), vec![json!(" LiSi ")]),
        (json!({"kind": "order"}), vec![json!("A-1 ")]),
        (json!({"kind": "items"}), vec![json!({"rows": [row, row]}), json!({"rows": []})]),
        (
            json!({"kind": "table", "columns": columns}),
            vec![json!([{"n": 1, "t": " x "}]), json!([{"t": "\u{0}"}])],
        ),
        (json!({"kind": "formula", "formula": {"*": [{"var": "f0"}, 1.5]}}), vec![json!(5)]),
        (json!({"kind": "serial_no"}), vec![json!("X")]),
        (json!({"kind": "description", "content": "x"}), vec![]),
        (json!({"kind": "section"}), vec![]),
    ]
}

const FIELDS: usize = 9;

/// A condition on one of the fields before the one where it stands, whatever its type is; which
/// one is said when the form is put together.
fn any_condition() -> impl Strategy<Value = Value> {
    let name = (0..FIELDS).prop_map(|nth| json!({"var": format!("before {nth}")}));
    prop_oneof![
        12 => name.clone().prop_map(|var| json!({"!=": [var, null]})),
        6 => name.clone().prop_map(|var| json!({"==": [var, null]})),
        1 => name.clone().prop_map(|var| json!({"==": [var, "a"]})),
        1 => name.clone().prop_map(|var| json!({"!!": [var]})),
        1 => name.prop_map(|var| json!({">": [{"/": [1, var]}, 0]})),
        1 => any::<bool>().prop_map(Value::from),
    ]
}

fn any_field() -> impl Strategy<Value = Value> {
    let rule = || proptest::option::weighted(0.3, any_condition());
    let access = prop::sample::select(vec!["hidden", "read", "edit"]);
    let access = proptest::option::weighted(0.2, access);
    let kind = prop::sample::select(KINDS.as_slice());
    (kind, any::<bool>(), rule(), rule(), rule(), access).prop_map(
        |((mut field, answers), required, show, require, when, access)| {
            let map = field.as_object_mut().unwrap();
            let kind = map["kind"].as_str().unwrap().to_owned();
            let is_input =
                !matches!(kind.as_str(), "formula" | "serial_no" | "description" | "section");
            let mut rules = Map::new();
            rules.extend(show.map(|rule| ("show".to_owned(), rule)));
            if is_input {
                map.insert("required".to_owned(), json!(required && kind.len() % 2 == 0));
                rules.extend(require.map(|rule| ("require".to_owned(), rule)));
                let is_plain = !matches!(
                    kind.as_str(),
                    "address" | "location" | "items" | "table" | "date_range"
                );
                let to = answers.first().filter(|_answer| is_plain && required);
                rules
                    .extend(when.map(|when| ("set".to_owned(), json!([{"when": when, "to": to}]))));
            }
            map.insert("label".to_owned(), json!("字段"));
            map.insert("rules".to_owned(), rules.into());
            map.extend(access.map(|access| ("access".to_owned(), json!({"work": access}))));
            field
        },
    )
}

/// A form whose fields are `f0`, `f1` and so on; not every one can be published.
fn any_form() -> impl Strategy<Value = Form> {
    prop::collection::vec(any_field(), 1..=FIELDS).prop_map(|mut fields| {
        for (nth, field) in fields.iter_mut().enumerate() {
            field["key"] = json!(format!("f{nth}"));
            let rules = (0..FIELDS).fold(field["rules"].to_string(), |rules, one| {
                let name = format!("f{}", one % nth.max(1));
                rules.replace(&format!("\"before {one}\""), &format!("\"{name}\""))
            });
            field["rules"] = serde_json::from_str(&rules).unwrap();
        }
        serde_json::from_value(json!({"fields": fields})).unwrap()
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::collection::vec(any::<char>(), 0..12)
            .prop_map(|text| text.into_iter().collect::<String>().into()),
        prop::sample::select(
            KINDS.iter().flat_map(|(_field, answers)| answers.clone()).collect::<Vec<_>>()
        ),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let keys = prop::sample::select(vec!["rows", "name", "lat", "start", "region", "n", "x"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(keys.prop_map(str::to_owned), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Answers to a form: mostly such as may pass, sometimes anything.
fn answers_to(form: &Form) -> impl Strategy<Value = Map<String, Value>> + use<> {
    let each: Vec<_> = form
        .fields
        .iter()
        .map(|field| {
            let mut good =
                KINDS.iter().find(|(one, _answers)| one["kind"] == field.kind).unwrap().1.clone();
            good.push(Value::Null);
            let key = field.key.clone();
            let answer = prop_oneof![20 => prop::sample::select(good), 1 => any_json()];
            proptest::option::weighted(0.8, answer)
                .prop_map(move |answer| answer.map(|answer| (key.clone(), answer)))
        })
        .collect();
    each.prop_map(|entries| entries.into_iter().flatten().collect())
}

fn form_and_answers() -> impl Strategy<Value = (Form, Map<String, Value>, Map<String, Value>)> {
    any_form().prop_flat_map(|form| {
        let (first, second) = (answers_to(&form), answers_to(&form));
        (Just(form), first, second)
    })
}

fn without_sections(form: &Form, mut given: Map<String, Value>) -> Map<String, Value> {
    given.retain(|key, _value| form.field(key).is_some_and(|field| !field.is_section()));
    given
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// What is stored can be given again and is stored the same; all of it is shown, and nothing
    /// that must be there is missing.
    #[test]
    fn clean_answers_are_clean_and_nothing_hidden_is_stored((form, given, _more) in form_and_answers()) {
        let Ok(form) = Compiled::new(&form) else { return Ok(()) };
        let creation = Context::default();
        let given = without_sections(form.form(), given);
        let Ok(clean) = form.check(&given, &creation) else { return Ok(()) };
        prop_assert_eq!(form.check(&clean, &creation), Ok(clean.clone()));

        let seen = form.view(&clean, &creation);
        for key in clean.keys() {
            prop_assert!(seen.iter().any(|one| one.field.key == *key), "{key} is stored and not shown");
        }
        let facts = form.facts(&clean);
        for (nth, field) in form.form().fields.iter().enumerate() {
            let Some(show) = &field.rules.show else { continue };
            let rule = Rule::parse_as(show, form.scope(), Type::Bool).unwrap();
            let until = form.form().fields.iter().enumerate().skip(nth + 1).find(|(_at, one)| one.is_section());
            let until = if field.is_section() { until.map_or(form.form().fields.len(), |(at, _one)| at) } else { nth + 1 };
            if !rule.holds(&facts).unwrap() {
                for hidden in form.form().fields.iter().take(until).skip(nth) {
                    prop_assert!(!clean.contains_key(&hidden.key), "{} is hidden and stored", hidden.key);
                }
            }
        }
        prop_assert_eq!(form.missing(&clean), vec![]);
    }

    /// At a step nothing changes that may not be edited, unless a rule changes it; and what comes
    /// out stays as it is when nothing more is filled in.
    #[test]
    fn a_step_changes_what_it_may_only((form, given, more) in form_and_answers()) {
        let Ok(form) = Compiled::new(&form) else { return Ok(()) };
        let given = without_sections(form.form(), given);
        let Ok(before) = form.check(&given, &Context::default()) else { return Ok(()) };
        let step = Context { step: Some("work"), before: Some(&before), owned: None };
        let more = without_sections(form.form(), more);
        let Ok(after) = form.check(&more, &step) else { return Ok(()) };
        for field in &form.form().fields {
            let (old, new) = (before.get(&field.key), after.get(&field.key));
            let may_edit = field.access.get("work") == Some(&Access::Edit);
            let in_section = form.form().fields.iter().any(crate::Field::is_section);
            if !may_edit && !in_section && field.kind != "formula" && new.is_some() {
                prop_assert_eq!(old, new);
            }
        }
        let again = Context { before: Some(&after), ..step };
        prop_assert_eq!(form.check(&Map::new(), &again), Ok(after.clone()));
    }

    /// Whatever is sent to whatever form, there is a verdict.
    #[test]
    fn any_json_has_a_verdict(form in any_form(), json in any_json(), name in "f[0-9]|.{0,5}") {
        let _problems = form.problems();
        let Ok(form) = Compiled::new(&form) else { return Ok(()) };
        let mut given = json.as_object().cloned().unwrap_or_default();
        given.insert(name, json);
        if let Err(problems) = form.check(&given, &Context::default()) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|one| !one.code.is_empty() && !one.detail.is_empty()));
        }
        let _seen = form.view(&given, &Context::default());
        let _missing = form.missing(&given);
        let _references = form.references(&given);
    }
}

#[test]
fn random_forms_and_answers_are_good_often_enough_to_prove_something() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut compiled, mut checked) = (0, 0);
    for _nth in 0..500 {
        let tree = form_and_answers().new_tree(&mut runner).unwrap();
        let (form, given, _more) = proptest::strategy::ValueTree::current(&tree);
        if let Ok(form) = Compiled::new(&form) {
            compiled += 1;
            let given = without_sections(form.form(), given);
            checked += u32::from(form.check(&given, &Context::default()).is_ok());
        }
    }
    assert!(compiled > 120 && checked > 50, "{compiled} compiled, {checked} checked");
}
