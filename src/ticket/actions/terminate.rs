//! 终止: a handler or an administrator ends the ticket, and says why.

use flow::{Event, Outcome};
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, note, noted};
use crate::policy;

pub(crate) struct Terminate;

impl Action for Terminate {
    fn name(&self) -> &'static str {
        "terminate"
    }

    fn label(&self) -> &'static str {
        "终止"
    }

    fn input(&self) -> Form {
        note("原因", true)
    }

    fn is_danger(&self) -> bool {
        true
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        !case.ticket.is_ended() && policy::is_handler(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        let flow = Some(Event::End { how: Outcome::Terminated });
        Ok(Change { facts: noted(input), flow })
    }
}
