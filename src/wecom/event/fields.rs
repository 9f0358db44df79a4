//! Reads typed fields out of an element. Absent, empty and unreadable are all "not there".

use crate::xml::Element;

/// An element's children, read by name.
#[derive(Clone, Copy)]
pub(super) struct Fields<'t>(Option<&'t Element<'t>>);

impl<'t> Fields<'t> {
    pub(super) fn new(element: &'t Element<'t>) -> Self {
        Self(Some(element))
    }

    /// The text under this name, empty when there is none.
    pub(super) fn text(self, name: &str) -> String {
        self.str(name).to_owned()
    }

    /// The text under this name, borrowed.
    pub(super) fn str(self, name: &str) -> &'t str {
        self.0.and_then(|element| element.child(name)).map(Element::text).unwrap_or_default()
    }

    /// The text under the first of these spellings that has one.
    pub(super) fn any(self, names: [&str; 2]) -> String {
        let found = names.into_iter().map(|name| self.str(name)).find(|text| !text.is_empty());
        found.unwrap_or_default().to_owned()
    }

    /// The text, when it is there and not empty.
    pub(super) fn some(self, name: &str) -> Option<String> {
        Some(self.str(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A whole number, when it is one and fits.
    pub(super) fn number(self, name: &str) -> Option<i64> {
        self.str(name).trim().parse().ok()
    }

    /// A finite decimal number.
    pub(super) fn decimal(self, name: &str) -> Option<f64> {
        self.str(name).trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A list in one text, separated by commas, when the element is there.
    pub(super) fn list(self, name: &str) -> Option<Vec<String>> {
        let text = self.0?.child(name)?.text();
        Some(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(Into::into)
                .collect(),
        )
    }

    /// The numbers of a comma-separated list; what is no number is left out.
    pub(super) fn numbers(self, name: &str) -> Option<Vec<i64>> {
        Some(self.list(name)?.iter().filter_map(|item| item.parse().ok()).collect())
    }

    /// The element under this name; its fields are all absent when there is none.
    pub(super) fn inside(self, name: &str) -> Self {
        Self(self.0.and_then(|element| element.child(name)))
    }

    /// Every element under this name.
    pub(super) fn each(self, name: &'t str) -> impl Iterator<Item = Fields<'t>> {
        self.0.into_iter().flat_map(move |element| element.all(name)).map(Fields::new)
    }

    /// The texts of every element under this name.
    pub(super) fn texts(self, name: &'t str) -> Vec<String> {
        let elements = self.0.into_iter().flat_map(|element| element.all(name));
        elements.map(|element| element.text().to_owned()).collect()
    }

    /// Whether there is such an element.
    pub(super) fn has(self, name: &str) -> bool {
        self.0.is_some_and(|element| element.child(name).is_some())
    }
}
