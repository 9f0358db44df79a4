//! 完成: the work of a step is done.

use flow::Event;
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, Needs, note, noted};

pub(crate) struct Complete;

impl Action for Complete {
    fn name(&self) -> &'static str {
        "complete"
    }

    fn label(&self) -> &'static str {
        "完成"
    }

    fn input(&self) -> Form {
        note("处理结果", false)
    }

    fn needs(&self) -> Needs {
        Needs::NextSteps
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task().is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let by = case.member()?.to_owned();
        let step = match case.task() {
            Some(task) => task.step.clone(),
            None => case.any_task()?.step.clone(),
        };
        let flow = Some(Event::Complete { step, by });
        Ok(Change { facts: noted(input), flow, after: Vec::new() })
    }
}
