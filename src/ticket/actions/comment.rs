//! 沟通: somebody says something.

use form::{Answers, Field, Form};
use kernel::Result;

use super::{Action, By, Case, Change};
use crate::{fact::Fact, policy::Scope};

pub(crate) struct Comment;

impl Action for Comment {
    fn name(&self) -> &'static str {
        "comment"
    }

    fn label(&self) -> &'static str {
        "沟通"
    }

    fn input(&self) -> Form {
        Form { fields: vec![Field::new("text", "textarea", "内容", true)] }
    }

    fn by(&self) -> By {
        By::Anybody
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        Scope::of(&case.ctx.actor).covers(case.ticket)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        let text = input.get("text").and_then(serde_json::Value::as_str).unwrap_or_default();
        let facts = vec![Fact::Commented { text: text.to_owned() }];
        Ok(Change { facts, ..Change::default() })
    }
}
