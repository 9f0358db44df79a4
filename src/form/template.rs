//! The form as it is stored: an ordered list of fields.

use serde::{Deserialize, Serialize};

/// One option of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What is shown.
    pub label: String,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in answers; never changes once published.
    pub key: String,
    /// Its type: a name of [`crate::FIELDS`].
    pub kind: String,
    /// What the user reads.
    pub label: String,
    /// A line of help under it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// Whether it must be answered.
    #[serde(default)]
    pub required: bool,
    /// The most characters, rows or files; the type's own limit when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
    /// The options of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// The answer when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
}

impl Field {
    /// A field without options, help or default.
    pub fn new(key: &str, kind: &str, label: &str, required: bool) -> Self {
        Self {
            key: key.to_owned(),
            kind: kind.to_owned(),
            label: label.to_owned(),
            help: String::new(),
            required,
            max: None,
            options: Vec::new(),
            default: None,
        }
    }
}

/// An ordered list of fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// The fields, in the order in which they are asked.
    pub fields: Vec<Field>,
}

impl Form {
    /// The field of that name.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }
}
