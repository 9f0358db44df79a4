//! A text between the fields: nothing is asked.

use serde_json::Value;

use super::{FieldKind, Setting, Source, refuse};
use crate::{answer::Problem, rules::Type, template::Field, words::Reader};

/// The longest text, in characters.
const CONTENT_MAX: usize = 5_000;

pub(crate) struct Description;

impl FieldKind for Description {
    fn name(&self) -> &'static str {
        "description"
    }

    fn label(&self) -> &'static str {
        "说明文字"
    }

    fn source(&self) -> Source {
        Source::Nothing
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Content]
    }

    fn rule_type(&self) -> Type {
        Type::Null
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        if field.content.is_empty() {
            return vec![Problem::new("content", "required", "请写说明的内容")];
        }
        let is_long = field.content.all().any(|text| text.chars().count() > CONTENT_MAX);
        let detail = format!("说明最多 {CONTENT_MAX} 个字");
        is_long.then(|| Problem::new("content", "too_long", detail)).into_iter().collect()
    }

    fn normalise(&self, field: &Field, _value: &Value) -> Result<Value, Vec<Problem>> {
        refuse(&field.key, "wrong_type", format!("{}只是说明，不用填写", field.label))
    }

    fn words(&self, _field: &Field, _value: &Value, _reader: &Reader) -> String {
        String::new()
    }
}
