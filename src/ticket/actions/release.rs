//! 减签: a member need not agree any more.

use flow::{Event, Verb};
use form::{Answers, Field, Form};
use kernel::Result;

use super::{Action, Case, Change, answer, noted};

pub(crate) struct Release;

impl Action for Release {
    fn name(&self) -> &'static str {
        "release"
    }

    fn label(&self) -> &'static str {
        "减签"
    }

    fn input(&self) -> Form {
        let to = Field::new("to", "member", "减去谁", true);
        Form { fields: vec![to, Field::new("note", "textarea", "说明", false)] }
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::RemoveSigner)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::RemoveSigner).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::RemoveSigner)?;
        let who = answer(input, "to").unwrap_or_default().to_owned();
        let flow = Some(Event::RemoveSigner { step, by: Some(by), who });
        Ok(Change { facts: noted(input), flow })
    }
}
