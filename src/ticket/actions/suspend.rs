//! 挂起: the clock of the ticket stands still, and nobody works on it.

use flow::Event;
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, note, noted};
use crate::{policy, ticket::Status};

pub(crate) struct Suspend;

impl Action for Suspend {
    fn name(&self) -> &'static str {
        "suspend"
    }

    fn label(&self) -> &'static str {
        "挂起"
    }

    fn input(&self) -> Form {
        note("原因", true)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.ticket.status == Status::Open && policy::is_handler(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        Ok(Change { facts: noted(input), flow: Some(Event::Suspend { until: None }) })
    }
}
