//! The field types: one file a type or family, one line here; everything else reads the list.

mod address;
mod cascade;
mod cell;
mod choice;
mod contact;
mod date;
mod description;
mod file;
mod formula;
mod location;
mod money;
mod number;
mod priced;
mod reference;
mod serial_no;
mod setting;
mod switch;
mod table;
mod text;

#[cfg(test)]
mod tests;

use std::{cmp::Ordering, collections::HashMap, sync::LazyLock};

use serde_json::{Map, Value};

pub use cell::Cell;
pub use reference::{Reference, Referred};
pub use serial_no::serial_number;
pub use setting::Setting;

use crate::{
    answer::Problem,
    rules::{Datum, Trap, Type},
    template::Field,
    words::Reader,
};

/// Where the answer of a type comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Somebody fills it in.
    Input,
    /// It is computed from the other answers, whatever is filled in.
    Computed,
    /// The caller issues it once, at creation.
    Issued,
    /// Nothing is asked.
    Nothing,
}

impl Source {
    /// The source's name in golden files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Computed => "computed",
            Self::Issued => "issued",
            Self::Nothing => "nothing",
        }
    }
}

/// A field type: how an answer is checked, stored, read out, compared and exported.
pub trait FieldKind: Sync {
    /// The type's name in templates.
    fn name(&self) -> &'static str;

    /// What people call the type.
    fn label(&self) -> &'static str;

    /// Where its answers come from.
    fn source(&self) -> Source {
        Source::Input
    }

    /// Which settings of a field it reads, besides those that every field has.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    /// What a rule sees of an answer.
    fn rule_type(&self) -> Type;

    /// The only values that an answer can have, if it is a choice.
    fn values<'f>(&self, _field: &'f Field) -> Option<Vec<&'f str>> {
        None
    }

    /// The parts of an answer that a rule can name, such as `lat` of `place.lat`.
    fn parts(&self, _field: &Field) -> Vec<(String, Type)> {
        Vec::new()
    }

    /// A part of a stored answer: its member of that name, or its `count`.
    ///
    /// # Errors
    /// The answer was not stored by this type.
    fn part<'v>(&self, value: &'v Value, part: &str, ty: Type) -> Result<Datum<'v>, Trap> {
        match value {
            Value::Array(rows) if part == "count" => Ok(Datum::count(rows.len())),
            value => Datum::read(ty, value.get(part)),
        }
    }

    /// How many digits after the point its numbers keep.
    fn scale(&self, _field: &Field) -> u32 {
        0
    }

    /// What is wrong with the settings of a field, with paths such as `options[2].value`.
    fn problems(&self, _field: &Field) -> Vec<Problem> {
        Vec::new()
    }

    /// Whether something is no answer.
    fn is_empty(&self, value: &Value) -> bool {
        is_empty(value)
    }

    /// The answer as it is stored. What is stored is left as it is.
    ///
    /// # Errors
    /// What is wrong with it, and the mend.
    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>>;

    /// The answer when none is given; where the type has one, it is stored already.
    fn default(&self, field: &Field) -> Option<Value> {
        let default = field.default.as_ref().filter(|value| !self.is_empty(value))?;
        self.normalise(field, default).ok().filter(|value| !self.is_empty(value))
    }

    /// An answer as somebody writes it in a conversation, as [`FieldKind::normalise`] takes it: what
    /// cannot be read is left to that to refuse. Nothing, where a text cannot be an answer.
    fn read(&self, _field: &Field, text: &str, _reader: &Reader) -> Option<Value> {
        match self.rule_type() {
            Type::Text | Type::Date => Some(text.into()),
            Type::Number => {
                Some(text.parse::<serde_json::Number>().map_or_else(|_not| text.into(), Into::into))
            }
            Type::Bool => Some(match text {
                "是" | "对" | "有" | "yes" => true.into(),
                "否" | "不" | "无" | "没有" | "no" => false.into(),
                other => other.into(),
            }),
            _ => None,
        }
    }

    /// The stored answer in words.
    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String;

    /// The stored answer in words, for cards, timelines and exports in China.
    fn in_words(&self, field: &Field, value: &Value) -> String {
        self.words(field, value, &Reader::default())
    }

    /// In which order two stored answers stand in a list.
    fn compare(&self, field: &Field, left: &Value, right: &Value) -> Ordering {
        let ty = self.rule_type();
        match (Datum::read(ty, Some(left)), Datum::read(ty, Some(right))) {
            (Ok(Datum::Number(left)), Ok(Datum::Number(right))) => left.cmp(&right),
            (Ok(Datum::Bool(left)), Ok(Datum::Bool(right))) => left.cmp(&right),
            (Ok(Datum::Text(left)), Ok(Datum::Text(right))) => left.cmp(right),
            _ => self.in_words(field, left).cmp(&self.in_words(field, right)),
        }
    }

    /// The stored answer as a cell of an export.
    fn cell(&self, field: &Field, value: &Value, reader: &Reader) -> Cell {
        Cell::Text(self.words(field, value, reader))
    }

    /// What a stored answer refers to, which the caller must find.
    fn refers(&self, _field: &Field, _value: &Value, _found: &mut Vec<Reference>) {}
}

/// Every field type, in the order in which a designer offers them.
pub const FIELDS: &[&dyn FieldKind] = &[
    &text::Text,
    &text::TextArea,
    &number::Number,
    &money::Money,
    &choice::SingleSelect,
    &choice::MultiSelect,
    &cascade::Cascade,
    &switch::Switch,
    &number::Rating,
    &date::Date,
    &date::DateTime,
    &date::DateRange,
    &contact::Phone,
    &contact::Email,
    &address::Address,
    &location::Location,
    &file::IMAGES,
    &file::ATTACHMENTS,
    &file::Signature,
    &reference::MEMBER,
    &reference::DEPARTMENT,
    &reference::CUSTOMER,
    &reference::ASSET,
    &reference::OPPORTUNITY,
    &reference::ORDER,
    &priced::ITEMS,
    &priced::PARTS,
    &table::Table,
    &formula::Formula,
    &description::Description,
    &serial_no::SerialNo,
];

/// The type of that name.
pub fn kind_of(name: &str) -> Option<&'static dyn FieldKind> {
    static BY_NAME: LazyLock<HashMap<&'static str, &'static dyn FieldKind>> =
        LazyLock::new(|| FIELDS.iter().map(|kind| (kind.name(), *kind)).collect());
    BY_NAME.get(name).copied()
}

/// Whether something is no answer to anything.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(rows) => rows.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A refusal for one reason.
fn refuse<T>(
    path: impl Into<String>,
    code: &'static str,
    detail: impl Into<String>,
) -> Result<T, Vec<Problem>> {
    Err(vec![Problem::new(path, code, detail)])
}

/// The answer's text, or the problem that it is none.
fn as_text<'v>(field: &Field, value: &'v Value) -> Result<&'v str, Vec<Problem>> {
    match value.as_str() {
        Some(text) => Ok(text),
        None => refuse(&field.key, "wrong_type", format!("{}须是文字", field.label)),
    }
}

/// The answer's rows, or the problem that there are too few, too many or none.
fn as_rows<'v>(
    field: &Field,
    value: &'v Value,
    most: usize,
    what: &str,
) -> Result<&'v [Value], Vec<Problem>> {
    let Some(rows) = value.as_array() else {
        return refuse(&field.key, "wrong_type", format!("{}须是列表", field.label));
    };
    let (least, most) = (field.min.unwrap_or(0), field.max.unwrap_or(most).min(most));
    if rows.len() > most {
        return refuse(&field.key, "too_many", format!("{}最多 {most} {what}", field.label));
    }
    if rows.len() < least {
        return refuse(&field.key, "too_few", format!("{}至少 {least} {what}", field.label));
    }
    Ok(rows)
}

/// An object of an answer has these members and no other.
fn only(field: &Field, map: &Map<String, Value>, members: &[&str]) -> Result<(), Vec<Problem>> {
    match map.keys().find(|key| !members.contains(&key.as_str())) {
        Some(other) => Err(vec![unknown(other).below(&field.key)]),
        None => Ok(()),
    }
}

/// An object of an answer. Unlike `json!` it moves its members in and copies none.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A member that an object of an answer does not have.
fn unknown(member: &str) -> Problem {
    let member = kernel::text::cut_chars(member, 40);
    let detail = format!("没有 {member} 这一项，请删除它");
    Problem::new(member, "unknown_field", detail)
}

/// Every row normalised, or every problem of every row. Their paths are put together only when
/// there are any: `normalise` tells them from the row.
fn each_row(
    rows: &[Value],
    path: impl Fn() -> String,
    normalise: impl Fn(&Value) -> Result<Value, Vec<Problem>>,
) -> Result<Vec<Value>, Vec<Problem>> {
    let mut clean = Vec::with_capacity(rows.len());
    let mut problems = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        match normalise(row) {
            Ok(row) => clean.push(row),
            Err(more) => {
                let path = format!("{}[{at}]", path());
                problems.extend(more.into_iter().map(|one| one.below(&path)));
            }
        }
    }
    if problems.is_empty() { Ok(clean) } else { Err(problems) }
}

/// The strings of a stored list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}
