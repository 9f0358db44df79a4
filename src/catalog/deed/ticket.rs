//! 发起关联工单: another ticket that this one does not wait for.

use form::{Compiled, Problem};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Which ticket.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// Its template's key.
    pub template: String,
    /// What it is about: a text with fields of this ticket in it.
    pub title: String,
    /// What is filled in for it, taken from this ticket's form.
    #[serde(default)]
    pub form: Map<String, Value>,
}

impl Raise {
    pub(super) fn problems(&self, form: &Compiled) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(super::key_problem("template", &self.template));
        problems.extend(super::text_problem("title", &self.title, form));
        problems.extend(form.derive_problems("form", &self.form));
        problems
    }
}
