//! Lists kept in one text column as `,a,b,`, so that one entry can be searched for.

use std::fmt::Display;

/// The entries as text.
pub(crate) fn join<T: Display>(entries: &[T]) -> String {
    entries.iter().fold(String::from(","), |text, entry| format!("{text}{entry},"))
}

/// The entries of a text.
pub(crate) fn split(text: &str) -> Vec<String> {
    text.split(',').filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

/// How one entry looks inside of the text.
pub(crate) fn entry<T: Display>(entry: T) -> String {
    format!(",{entry},")
}
