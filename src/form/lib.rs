//! Forms: what is asked, as data. Answers go in; clean answers or problems with the path of each
//! field come out. Pure: no clock, no database; whether a member, an order or a file that an
//! answer names exists is the caller's to ask. One registry entry a field type ([`FIELDS`]), read
//! by validation, texts, lists, conditions and exports.
//!
//! A form is compiled once ([`Compiled`]); its rules ([`rules`]) are read and typed then.

mod answer;
mod calendar;
mod check;
mod compile;
mod derive;
mod fields;
mod library;
mod publish;
pub mod rules;
mod template;
mod view;
mod words;

#[cfg(test)]
mod tests;

pub use answer::{Answers, Problem, check};
pub use check::Context;
pub use compile::Compiled;
pub use fields::{
    Cell, FIELDS, FieldKind, Reference, Referred, Setting, Source, kind_of, serial_number,
};
pub use publish::{FIELDS_MAX, FORM_BYTES_MAX, KEY_MAX};
pub use template::{Access, Branch, Choice, Field, Filter, Form, Reads, Rules, SECTION, Set};
pub use view::{Missing, Seen};
pub use words::{Locale, Reader, Words};
