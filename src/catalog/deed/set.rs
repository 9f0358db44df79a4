//! 填写字段: fields of the form take constants, other answers, or what rules make of them.

use form::{Compiled, Field, FieldKind, Problem, Source, kind_of, rules::Rule};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Which fields take what; null clears one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// By field.
    pub form: Map<String, Value>,
}

impl Set {
    pub(super) fn problems(&self, form: &Compiled) -> Vec<Problem> {
        if self.form.is_empty() {
            return vec![Problem::new("form", "required", "没有要填写的字段，请至少写一个")];
        }
        let told = self.form.iter().filter_map(|(key, value)| {
            let one = problem(form, key, value)?;
            let path = if one.path.is_empty() { String::new() } else { format!(".{}", one.path) };
            Some(Problem { path: format!("form.{key}{path}"), ..one })
        });
        told.collect()
    }
}

fn problem(form: &Compiled, key: &str, value: &Value) -> Option<Problem> {
    let field = form.form().field(key);
    let kind = field.and_then(|field| kind_of(&field.kind));
    let (Some(field), Some(kind)) = (field, kind.filter(|kind| kind.source() == Source::Input))
    else {
        let detail = format!("表单中没有可以填写的字段 {key}，请改正");
        return Some(Problem::new("", "unknown_field", detail));
    };
    form.derive_problem(value).or_else(|| clash(form, (field, kind), value))
}

/// Whether what is taken can be an answer to the field.
fn clash(
    form: &Compiled,
    (field, kind): (&Field, &dyn FieldKind),
    value: &Value,
) -> Option<Problem> {
    let taken = value.get("var").and_then(Value::as_str).and_then(|key| form.form().field(key));
    match value {
        Value::Null => None,
        // A text with fields in it is known only when it is filled in.
        Value::String(text) if text.contains("{{") => None,
        Value::Object(_) if taken.is_some_and(|taken| taken.kind == field.kind) => None,
        Value::Object(_) => {
            let fault = Rule::parse_as(value, form.scope(), kind.rule_type()).err()?;
            Some(Problem::new(fault.at, fault.code, fault.detail))
        }
        constant => {
            let mut problem = kind.normalise(field, constant).err()?.into_iter().next()?;
            problem.path.clear();
            Some(problem)
        }
    }
}
