//! 认领: a member takes the work.

use flow::Event;
use form::Answers;
use kernel::Result;

use super::{Action, Case, Change};
use crate::ticket::TaskState;

pub(crate) struct Claim;

impl Action for Claim {
    fn name(&self) -> &'static str {
        "claim"
    }

    fn label(&self) -> &'static str {
        "认领"
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task().is_some_and(|task| task.owner.is_none())
    }

    fn apply(&self, case: &Case<'_>, _input: &Answers) -> Result<Change> {
        let by = case.member()?.to_owned();
        // Not `case.task()`: somebody who came too late must hear from the flow who was faster.
        let handles = |task: &&crate::Task| task.handlers.contains(&by);
        let open = case.ticket.open_tasks().find(handles);
        let last = || case.ticket.tasks.iter().rev().find(|task| task.state != TaskState::Open);
        let step = open.or_else(last).map(|task| task.step.clone()).unwrap_or_default();
        Ok(Change { flow: Some(Event::Claim { step, by }), ..Change::default() })
    }
}
