//! Forms: what is asked, as data. Answers go in; clean answers or problems with the path of each
//! field come out. Pure; one registry entry a field type, read by validation, texts and lists.

mod answer;
mod fields;
mod template;

pub use answer::{Answers, Problem, check};
pub use fields::{FIELDS, FieldKind};
pub use template::{Choice, Field, Form};
