//! 同意: a handler agrees.

use flow::{Event, Verb};
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, Fills, answer, note_and_next, noted};

pub(crate) struct Approve;

impl Action for Approve {
    fn name(&self) -> &'static str {
        "approve"
    }

    fn label(&self) -> &'static str {
        "同意"
    }

    fn input(&self) -> Form {
        note_and_next("意见")
    }

    fn fills(&self) -> Option<Fills> {
        Some(Fills::Step(Verb::Approve))
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Approve)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::Approve).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::Approve)?;
        let choose = answer(input, "next").map(str::to_owned).into_iter().collect();
        let flow = Some(Event::Approve { step, by, choose });
        Ok(Change { facts: noted(input), flow })
    }
}
