//! One of several options, and several of them.

use std::{cmp::Ordering, collections::BTreeSet};

use serde_json::Value;

use super::{FieldKind, Setting, as_rows, as_text, each_row, refuse, texts};
use crate::{answer::Problem, rules::Type, template::Field, words::Reader};

/// The most options of a choice.
const OPTIONS_MAX: usize = 500;
/// The longest value of an option, in characters.
pub(super) const VALUE_MAX: usize = 100;
/// The longest list of options that a refusal repeats.
const REPEATED_MAX: usize = 20;

pub(crate) struct SingleSelect;
pub(crate) struct MultiSelect;

/// What is wrong with the name of an option.
pub(super) fn value_problem(value: &str, path: String) -> Option<Problem> {
    let is_wrong = kernel::text::clean(value) != value
        || value.is_empty()
        || value.chars().count() > VALUE_MAX;
    let detail = format!("选项的值不能为空，首尾不能有空格，最多 {VALUE_MAX} 个字");
    is_wrong.then(|| Problem::new(path, "bad_option", detail))
}

fn option_problems(field: &Field) -> Vec<Problem> {
    if field.options.is_empty() {
        return vec![Problem::new("options", "bad_option", "请至少写一个选项")];
    }
    if field.options.len() > OPTIONS_MAX {
        let detail = format!("选项最多 {OPTIONS_MAX} 个，更多请用级联");
        return vec![Problem::new("options", "too_many", detail)];
    }
    let mut seen = BTreeSet::new();
    let mut problems = Vec::new();
    for (at, option) in field.options.iter().enumerate() {
        problems.extend(value_problem(&option.value, format!("options[{at}].value")));
        if !seen.insert(&option.value) {
            let detail = format!("选项 {} 重复，请改成不同的值", option.value);
            problems.push(Problem::new(format!("options[{at}].value"), "duplicate_option", detail));
        }
    }
    problems
}

fn values(field: &Field) -> Option<Vec<&str>> {
    Some(field.options.iter().map(|option| option.value.as_str()).collect())
}

fn is_option(field: &Field, text: &str) -> bool {
    field.options.iter().any(|option| option.value == text)
}

fn not_an_option<T>(field: &Field, path: String) -> Result<T, Vec<Problem>> {
    let values = field.options.iter().map(|option| option.value.as_str());
    let values: Vec<_> = values.take(REPEATED_MAX).collect();
    let more = if field.options.len() > REPEATED_MAX { "……" } else { "" };
    let detail = format!("{}须是其中之一：{}{more}", field.label, values.join("、"));
    refuse(path, "not_an_option", detail)
}

fn label<'f>(field: &'f Field, value: &'f str, reader: &Reader) -> &'f str {
    let option = field.options.iter().find(|option| option.value == value);
    option.map_or(value, |option| option.label.to(reader.locale))
}

/// The value of the option that is called so; the text itself when there is none.
fn named<'f>(field: &'f Field, text: &'f str) -> &'f str {
    let option = field.options.iter().find(|option| &*option.label == text);
    option.map_or(text, |option| option.value.as_str())
}

fn place(field: &Field, value: &str) -> Option<usize> {
    field.options.iter().position(|option| option.value == value)
}

impl FieldKind for SingleSelect {
    fn name(&self) -> &'static str {
        "single_select"
    }

    fn label(&self) -> &'static str {
        "单选"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Options, Setting::Filter]
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn values<'f>(&self, field: &'f Field) -> Option<Vec<&'f str>> {
        values(field)
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        option_problems(field)
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        match as_text(field, value)? {
            text if is_option(field, text) => Ok(value.clone()),
            _ => not_an_option(field, field.key.clone()),
        }
    }

    fn read(&self, field: &Field, text: &str, _reader: &Reader) -> Option<Value> {
        Some(named(field, text).into())
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        label(field, value.as_str().unwrap_or_default(), reader).to_owned()
    }

    /// In the order of the options: urgent stands where the designer put it.
    fn compare(&self, field: &Field, left: &Value, right: &Value) -> Ordering {
        let place = |value: &Value| value.as_str().and_then(|text| place(field, text));
        place(left).cmp(&place(right))
    }
}

impl FieldKind for MultiSelect {
    fn name(&self) -> &'static str {
        "multi_select"
    }

    fn label(&self) -> &'static str {
        "多选"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Options, Setting::Filter, Setting::Min, Setting::Max]
    }

    fn rule_type(&self) -> Type {
        Type::Texts
    }

    fn values<'f>(&self, field: &'f Field) -> Option<Vec<&'f str>> {
        values(field)
    }

    fn parts(&self, _field: &Field) -> Vec<(String, Type)> {
        vec![("count".to_owned(), Type::Number)]
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        option_problems(field)
    }

    /// Stored in the order of the options, each once.
    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let rows = as_rows(field, value, OPTIONS_MAX, "项")?;
        each_row(
            rows,
            || field.key.clone(),
            |row| match row.as_str() {
                Some(text) if is_option(field, text) => Ok(Value::Null),
                _ => not_an_option(field, String::new()),
            },
        )?;
        let given: BTreeSet<_> = texts(value).collect();
        if given.len() < rows.len() {
            return refuse(&field.key, "duplicate", format!("{}中有重复的选项", field.label));
        }
        let values = field.options.iter().map(|option| option.value.as_str());
        Ok(values.filter(|value| given.contains(value)).collect())
    }

    /// `冷饮、热饮`
    fn read(&self, field: &Field, text: &str, _reader: &Reader) -> Option<Value> {
        let parts = text.split(['、', ',', '，', ' ']).filter(|part| !part.is_empty());
        Some(parts.map(|part| named(field, part)).collect())
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        let labels: Vec<_> = texts(value).map(|value| label(field, value, reader)).collect();
        labels.join("、")
    }
}
