//! The field types: one file a type, one line here; everything else reads the list.

mod choice;
mod images;
mod location;
mod member;
mod text;

use serde_json::Value;

use crate::{answer::Problem, template::Field};

/// A field type: how an answer is checked, stored and read out.
pub trait FieldKind: Sync {
    /// The type's name in templates.
    fn name(&self) -> &'static str;

    /// The answer as it is stored.
    ///
    /// # Errors
    /// What is wrong with it, and the mend.
    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Problem>;

    /// The stored answer in words, for cards, timelines and exports.
    fn in_words(&self, field: &Field, value: &Value) -> String;
}

/// Every field type.
pub const FIELDS: &[&dyn FieldKind] = &[
    &text::Text,
    &text::TextArea,
    &choice::SingleSelect,
    &images::Images,
    &location::Location,
    &member::Member,
];

/// The type of that name.
pub(crate) fn find(name: &str) -> Option<&'static dyn FieldKind> {
    FIELDS.iter().copied().find(|kind| kind.name() == name)
}

/// The answer's text, or the problem that it is none.
fn as_text<'v>(field: &Field, value: &'v Value) -> Result<&'v str, Problem> {
    value
        .as_str()
        .ok_or_else(|| Problem::new(&field.key, "wrong_type", format!("{}须是文字", field.label)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_name_of_its_own() {
        let mut names: Vec<_> = FIELDS.iter().map(|kind| kind.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FIELDS.len());
        assert!(find("location").is_some() && find("colour").is_none());
    }
}
