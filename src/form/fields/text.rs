//! One line of text, and several lines.

use serde_json::Value;

use super::{FieldKind, as_text};
use crate::{answer::Problem, template::Field};

/// The most characters of one line, unless the field says less.
const LINE_MAX: usize = 200;
/// The most characters of several lines, unless the field says less.
const AREA_MAX: usize = 5_000;

pub(crate) struct Text;
pub(crate) struct TextArea;

fn bounded(field: &Field, text: String, most: usize) -> Result<Value, Problem> {
    let most = field.max.unwrap_or(most).min(most);
    let length = text.chars().count();
    if length > most {
        let detail = format!("{}最多 {most} 个字，现在是 {length} 个", field.label);
        return Err(Problem::new(&field.key, "too_long", detail));
    }
    Ok(Value::String(text))
}

impl FieldKind for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Problem> {
        let line = kernel::text::clean(as_text(field, value)?).replace(['\n', '\t'], " ");
        bounded(field, line, LINE_MAX)
    }

    fn in_words(&self, _field: &Field, value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}

impl FieldKind for TextArea {
    fn name(&self) -> &'static str {
        "textarea"
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Problem> {
        bounded(field, kernel::text::clean(as_text(field, value)?), AREA_MAX)
    }

    fn in_words(&self, field: &Field, value: &Value) -> String {
        Text.in_words(field, value)
    }
}
