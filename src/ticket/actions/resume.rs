//! 恢复: a suspended ticket goes on.

use flow::Event;
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, note, noted};
use crate::{policy, ticket::Status};

pub(crate) struct Resume;

impl Action for Resume {
    fn name(&self) -> &'static str {
        "resume"
    }

    fn label(&self) -> &'static str {
        "恢复"
    }

    fn input(&self) -> Form {
        note("说明", false)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        let (actor, ticket) = (&case.ctx.actor, case.ticket);
        ticket.status == Status::Suspended
            && (policy::is_handler(actor, ticket) || policy::is_starter(actor, ticket))
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        Ok(Change { facts: noted(input), flow: Some(Event::Continue) })
    }
}
