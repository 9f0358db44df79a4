//! One of several options.

use serde_json::Value;

use super::{FieldKind, as_text};
use crate::{answer::Problem, template::Field};

pub(crate) struct SingleSelect;

impl FieldKind for SingleSelect {
    fn name(&self) -> &'static str {
        "single_select"
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Problem> {
        let text = as_text(field, value)?;
        if field.options.iter().any(|option| option.value == text) {
            return Ok(value.clone());
        }
        let options: Vec<_> = field.options.iter().map(|option| option.value.as_str()).collect();
        let detail = format!("{}须是其中之一：{}", field.label, options.join("、"));
        Err(Problem::new(&field.key, "not_an_option", detail))
    }

    fn in_words(&self, field: &Field, value: &Value) -> String {
        let text = value.as_str().unwrap_or_default();
        let option = field.options.iter().find(|option| option.value == text);
        option.map_or(text, |option| &option.label).to_owned()
    }
}
