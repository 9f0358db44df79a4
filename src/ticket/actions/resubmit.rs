//! 直送: done, and straight back to who returned it.

use flow::{Event, Verb};
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, note, noted};

pub(crate) struct Resubmit;

impl Action for Resubmit {
    fn name(&self) -> &'static str {
        "resubmit"
    }

    fn label(&self) -> &'static str {
        "直送"
    }

    fn input(&self) -> Form {
        note("说明", false)
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Resume)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::Resume).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::Resume)?;
        let flow = Some(Event::Resume { step, by });
        Ok(Change { facts: noted(input), flow })
    }
}
