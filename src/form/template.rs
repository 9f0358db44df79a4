//! The form as it is stored: an ordered list of sections and fields. A field of the kind
//! [`SECTION`] opens a section, to which everything up to the next one belongs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::words::Words;

/// The kind of an entry that opens a section. No field type: nothing is asked.
pub const SECTION: &str = "section";

fn is_false(flag: &bool) -> bool {
    !flag
}

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: Words,
}

/// One option of a cascade, and what can be chosen below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: Words,
    /// The options of the next level.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Branch>,
}

/// What somebody may do with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// It is not there for him.
    Hidden,
    /// He sees it.
    Read,
    /// He fills it in.
    Edit,
}

/// Sets a field: as long as a condition holds, its answer is the result of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The condition; always, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Value>,
    /// The rule whose result it takes: a constant, another field, a sum. `null` clears the field.
    pub to: Value,
}

/// Leaves only some options of a choice, as long as a condition holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The condition.
    pub when: Value,
    /// The values that can be chosen then; of a cascade, those of its first level.
    pub options: Vec<String>,
}

/// How other answers bear on a field or section. Each rule stands at what it changes, so what
/// happens to a field is read in one place and no two rules can disagree about it: of several
/// `set` or `filter` the first whose condition holds decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// It is there only while this holds. What is not there is neither required nor stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Value>,
    /// It must be answered while this holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Value>,
    /// Its answer, made by rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<Set>,
    /// Its options, fewer by rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<Filter>,
}

impl Rules {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a computed number is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reads {
    /// As a number.
    #[default]
    Number,
    /// As money: it is an amount of fen.
    Money,
}

impl Reads {
    fn is_number(&self) -> bool {
        *self == Self::Number
    }
}

/// One question, or the head of a section. Which of the settings a type reads is told by
/// [`crate::FieldKind::settings`]; any other is refused when the form is published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in answers; never changes once published. That of the library's entry, when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Its type: a name of [`crate::FIELDS`], or [`SECTION`]. The entry's, when absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What the user reads. The entry's, when absent.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub label: Words,
    /// A line of help under it.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub help: Words,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// The fewest characters, rows, choices or files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<usize>,
    /// The most characters, rows, choices, files or stars; the type's own limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
    /// The least number, or the first date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<Value>,
    /// The greatest number, or the last date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest: Option<Value>,
    /// How many digits a number has after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<u32>,
    /// The unit that is read after a number: `小时`.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub unit: Words,
    /// The options of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// The options of a cascade; the regions of an address.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tree: Vec<Branch>,
    /// Whether a cascade may stop above its last level.
    #[serde(default, skip_serializing_if = "is_false")]
    pub any_level: bool,
    /// The columns of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<Field>,
    /// The text of a description.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub content: Words,
    /// The rule by which a formula is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<Value>,
    /// How the number of a formula is read.
    #[serde(default, skip_serializing_if = "Reads::is_number")]
    pub reads: Reads,
    /// With what a serial number begins: `BX-`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// The answer when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// How other answers bear on it.
    #[serde(default, skip_serializing_if = "Rules::is_empty")]
    pub rules: Rules,
    /// Who may do what with it: by the key of a step, `create` for the creation, `*` for every
    /// other. Where neither it nor its section says anything, what is asked at creation is filled
    /// in there and read later.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub access: BTreeMap<String, Access>,
    /// Who owns a section: an assignment rule, which this room keeps and does not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Value>,
    /// The entry of the field library that it takes from what it does not say itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<String>,
}

fn is_empty(words: &Words) -> bool {
    *words == Words::default()
}

impl Field {
    /// A field without any setting.
    pub fn new(key: &str, kind: &str, label: &str, required: bool) -> Self {
        Self {
            key: key.to_owned(),
            kind: kind.to_owned(),
            label: label.into(),
            required,
            ..Self::default()
        }
    }

    /// Whether it opens a section.
    pub fn is_section(&self) -> bool {
        self.kind == SECTION
    }
}

/// An ordered list of sections and fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// The sections and fields, in the order in which they are asked.
    pub fields: Vec<Field>,
}

impl Form {
    /// The field or section of that name.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}
