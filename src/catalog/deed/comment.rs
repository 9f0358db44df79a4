//! 写一条沟通: words on the ticket, which its people hear.

use form::{Compiled, Problem};
use serde::Deserialize;

/// The words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// A text, with fields in it.
    pub text: String,
}

impl Comment {
    pub(super) fn problems(&self, form: &Compiled) -> Vec<Problem> {
        super::text_problem("text", &self.text, form).into_iter().collect()
    }
}
