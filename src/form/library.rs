//! The field library: fields that several forms share. A form names an entry and may say some
//! things differently; when it is published it is written out in full, so that a ticket's form
//! never changes under it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    answer::Problem,
    publish,
    template::{Field, Form},
};

impl Field {
    /// Everything that forbids its being an entry of the library: it must be a field by itself.
    pub fn problems(&self) -> Vec<Problem> {
        if self.library.is_some() {
            let detail = "字段库的字段不能再引用字段库，请写全";
            return vec![Problem::new("library", "library_loop", detail)];
        }
        publish::problems_of(self)
    }

    /// This field written out in full: what it says itself, and of the rest what the entry says.
    /// A setting at its default says nothing, so a form can make an optional entry required, and
    /// not the other way round.
    fn over(&self, entry: &Self) -> Option<Self> {
        let mut full = said(entry)?;
        full.extend(said(self)?);
        serde_json::from_value(Value::Object(full)).ok()
    }
}

/// The settings of a field that are not at their default.
fn said(field: &Field) -> Option<Map<String, Value>> {
    let mut all = match serde_json::to_value(field) {
        Ok(Value::Object(all)) => all,
        _ => return None,
    };
    all.retain(|_name, value| *value != Value::Bool(false));
    Some(all)
}

impl Form {
    /// The form written out in full: where a field names an entry of the library, it is that entry,
    /// except for what the field says itself. One whose entry is not there stays as it is.
    #[must_use]
    pub fn expand(&self, library: &BTreeMap<String, Field>) -> Self {
        let full = |field: &Field| {
            let entry = field.library.as_ref().and_then(|name| library.get(name));
            entry.and_then(|entry| field.over(entry)).unwrap_or_else(|| field.clone())
        };
        Self { fields: self.fields.iter().map(full).collect() }
    }
}
