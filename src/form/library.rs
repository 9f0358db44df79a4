//! The field library: fields that several forms share. A draft names an entry and may say some
//! things differently; when it is published it is written out in full, so that a ticket's form
//! never changes under it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    answer::Problem,
    publish,
    template::{Field, Form},
};

/// The member of a draft's field that names the entry.
const ENTRY: &str = "library";

/// The shared fields by the names of their entries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Library {
    entries: BTreeMap<String, Map<String, Value>>,
}

impl Library {
    /// The name and the field of every entry.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        self.entries.iter().map(|(name, entry)| (name.as_str(), entry))
    }

    /// Everything that is wrong with the library itself: each entry must be a field by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, entry) in &self.entries {
            let found = if entry.contains_key(ENTRY) {
                let detail = "字段库的字段不能再引用字段库，请写全";
                vec![Problem::new(ENTRY, "library_loop", detail)]
            } else {
                match read::<Field>(&Value::Object(entry.clone())) {
                    Ok(field) => publish::problems_of(&field),
                    Err(problem) => vec![problem],
                }
            };
            problems.extend(found.into_iter().map(|one| one.below(name)));
        }
        problems
    }

    /// A draft written out in full: where a field names an entry, it is that entry, except for what
    /// the draft says itself.
    ///
    /// # Errors
    /// An entry that is not there, or what makes the draft no form, with its path.
    pub fn expand(&self, draft: &Value) -> Result<Form, Vec<Problem>> {
        let mut full = draft.clone();
        let mut problems = Vec::new();
        let fields = full.get_mut("fields").and_then(Value::as_array_mut);
        for (at, field) in fields.into_iter().flatten().enumerate() {
            let Some(name) = field.get(ENTRY).and_then(Value::as_str) else { continue };
            match self.entries.get(name) {
                Some(entry) => {
                    let mut merged = entry.clone();
                    let own = field.as_object_mut().map(std::mem::take);
                    merged.extend(own.into_iter().flatten());
                    *field = Value::Object(merged);
                }
                None => {
                    let name = kernel::text::cut_chars(name, 40);
                    let detail = format!("字段库中没有 {name}，请换一个或把字段写全");
                    let path = format!("fields[{at}].{ENTRY}");
                    problems.push(Problem::new(path, "unknown_entry", detail));
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        read(&full).map_err(|problem| vec![problem])
    }
}

/// JSON as what it should be, or the problem with its path.
fn read<T: serde::de::DeserializeOwned>(json: &Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        let detail = format!("表单的格式不对：{}", error.inner());
        Problem::new(path, "malformed", detail)
    })
}
