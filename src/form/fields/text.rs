//! One line of text, and several lines.

use serde_json::Value;

use super::{FieldKind, Setting, as_text, refuse};
use crate::{answer::Problem, rules::Type, template::Field, words::Reader};

/// The most characters of one line, unless the field says less.
const LINE_MAX: usize = 200;
/// The most characters of several lines, unless the field says less.
const AREA_MAX: usize = 5_000;

pub(crate) struct Text;
pub(crate) struct TextArea;

fn bounded(field: &Field, text: String, most: usize) -> Result<Value, Vec<Problem>> {
    let (least, most) = (field.min.unwrap_or(0), field.max.unwrap_or(most).min(most));
    let length = text.chars().count();
    if length > most {
        let detail = format!("{}最多 {most} 个字，现在是 {length} 个", field.label);
        return refuse(&field.key, "too_long", detail);
    }
    if length < least {
        let detail = format!("{}至少 {least} 个字，现在是 {length} 个", field.label);
        return refuse(&field.key, "too_short", detail);
    }
    Ok(Value::String(text))
}

impl FieldKind for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn label(&self) -> &'static str {
        "单行文字"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Min, Setting::Max]
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let line = kernel::text::clean(as_text(field, value)?).replace(['\n', '\t'], " ");
        bounded(field, line, LINE_MAX)
    }

    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}

impl FieldKind for TextArea {
    fn name(&self) -> &'static str {
        "textarea"
    }

    fn label(&self) -> &'static str {
        "多行文字"
    }

    fn settings(&self) -> &'static [Setting] {
        Text.settings()
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        bounded(field, kernel::text::clean(as_text(field, value)?), AREA_MAX)
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        Text.words(field, value, reader)
    }
}
