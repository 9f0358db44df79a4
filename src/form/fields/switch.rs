//! Yes or no. A given no is an answer.

use serde_json::Value;

use super::{FieldKind, refuse};
use crate::{
    answer::Problem,
    rules::Type,
    template::Field,
    words::{Locale, Reader},
};

pub(crate) struct Switch;

impl FieldKind for Switch {
    fn name(&self) -> &'static str {
        "switch"
    }

    fn label(&self) -> &'static str {
        "开关"
    }

    fn rule_type(&self) -> Type {
        Type::Bool
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        match value.as_bool() {
            Some(_) => Ok(value.clone()),
            None => refuse(&field.key, "wrong_type", format!("{}须是 true 或 false", field.label)),
        }
    }

    fn words(&self, _field: &Field, value: &Value, reader: &Reader) -> String {
        let is_on = value.as_bool().unwrap_or_default();
        match (is_on, reader.locale) {
            (true, Locale::En) => "Yes",
            (false, Locale::En) => "No",
            (true, _) => "是",
            (false, _) => "否",
        }
        .to_owned()
    }
}
