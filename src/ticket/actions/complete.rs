//! 完成: the work of a step is done.

use flow::{Event, Verb};
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, Fills, answer, note_and_next, noted};

pub(crate) struct Complete;

impl Action for Complete {
    fn name(&self) -> &'static str {
        "complete"
    }

    fn label(&self) -> &'static str {
        "完成"
    }

    fn input(&self) -> Form {
        note_and_next("处理结果")
    }

    fn fills(&self) -> Option<Fills> {
        Some(Fills::Step(Verb::Complete))
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Complete)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::Complete).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::Complete)?;
        let choose = answer(input, "next").map(str::to_owned).into_iter().collect();
        let flow = Some(Event::Complete { step, by, choose });
        Ok(Change { facts: noted(input), flow })
    }
}
