//! 驳回: a handler does not agree, and says why.

use flow::{Event, Verb};
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, note, noted};

pub(crate) struct Reject;

impl Action for Reject {
    fn name(&self) -> &'static str {
        "reject"
    }

    fn label(&self) -> &'static str {
        "驳回"
    }

    fn input(&self) -> Form {
        note("原因", true)
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Reject)
    }

    fn is_danger(&self) -> bool {
        true
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::Reject).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::Reject)?;
        let flow = Some(Event::Reject { step, by });
        Ok(Change { facts: noted(input), flow })
    }
}
