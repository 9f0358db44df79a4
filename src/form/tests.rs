mod fill;
mod publish;
mod whatever;

use serde_json::{Value, json};

use crate::{Answers, Compiled, Context, Form, Problem};

/// A form as somebody writes it, by its list of fields.
#[track_caller]
fn form(fields: Value) -> Form {
    serde_json::from_value(json!({"fields": fields})).unwrap()
}

#[track_caller]
fn compiled(fields: Value) -> Compiled {
    let form = form(fields);
    assert_eq!(form.problems(), []);
    Compiled::new(&form).unwrap()
}

fn answers(json: Value) -> Answers {
    serde_json::from_value(json).unwrap()
}

fn brief(problems: &[Problem]) -> Vec<(&str, &str)> {
    assert!(problems.iter().all(|one| !one.detail.is_empty()));
    problems.iter().map(|one| (one.path.as_str(), one.code)).collect()
}

/// What a creation with these answers stores.
#[track_caller]
fn stores(form: &Compiled, given: Value, stored: Value) {
    let clean = form.check(&answers(given.clone()), &Context::default());
    assert_eq!(clean.map(Value::Object), Ok(stored), "{given}");
}

/// How a creation with these answers is refused.
#[track_caller]
fn refuses(form: &Compiled, given: Value, expected: &[(&str, &str)]) {
    let problems = form.check(&answers(given.clone()), &Context::default()).expect_err("refused");
    assert_eq!(brief(&problems), expected, "{given}");
}
