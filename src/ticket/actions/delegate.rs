//! 委派: another member prepares the work, then it comes back.

use flow::{Event, Verb};
use form::{Answers, Field, Form};
use kernel::Result;

use super::{Action, Case, Change, answer, noted};

pub(crate) struct Delegate;

impl Action for Delegate {
    fn name(&self) -> &'static str {
        "delegate"
    }

    fn label(&self) -> &'static str {
        "委派"
    }

    fn input(&self) -> Form {
        let to = Field::new("to", "member", "委派给", true);
        Form { fields: vec![to, Field::new("note", "textarea", "说明", false)] }
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Delegate)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::Delegate).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::Delegate)?;
        let to = answer(input, "to").unwrap_or_default().to_owned();
        Ok(Change { facts: noted(input), flow: Some(Event::Delegate { step, by, to }) })
    }
}
