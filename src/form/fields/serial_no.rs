//! A serial number of a template's own: the caller counts and issues it, nobody fills it in.

use serde_json::Value;

use super::{FieldKind, Setting, Source, as_text, refuse};
use crate::{answer::Problem, rules::Type, template::Field, words::Reader};

/// The longest beginning, in characters.
const PREFIX_MAX: usize = 20;
/// The longest number, in characters.
const NUMBER_MAX: usize = 64;

pub(crate) struct SerialNo;

/// The serial number that a field shows for the `count`th of that day: `BX-20261122-0007`.
pub fn serial_number(field: &Field, day: &str, count: u64) -> String {
    format!("{}{}-{count:04}", field.prefix, day.replace('-', ""))
}

impl FieldKind for SerialNo {
    fn name(&self) -> &'static str {
        "serial_no"
    }

    fn label(&self) -> &'static str {
        "流水号"
    }

    fn source(&self) -> Source {
        Source::Issued
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Prefix]
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        let is_wrong = kernel::text::clean(&field.prefix) != field.prefix
            || field.prefix.chars().count() > PREFIX_MAX;
        let detail = format!("前缀最多 {PREFIX_MAX} 个字，首尾不能有空格");
        is_wrong.then(|| Problem::new("prefix", "malformed", detail)).into_iter().collect()
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let text = as_text(field, value)?;
        if text.chars().count() > NUMBER_MAX || kernel::text::clean(text) != text {
            return refuse(&field.key, "malformed", format!("{}不是流水号", field.label));
        }
        Ok(value.clone())
    }

    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}
