//! 终止: a handler or an administrator ends the ticket, and says why.

use flow::Event;
use form::{Answers, Form};
use kernel::Result;

use super::{Action, Case, Change, note, noted};
use crate::{fact::Fact, policy, ticket::Status};

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

    fn allows(&self, case: &Case<'_>) -> bool {
        !case.ticket.is_ended() && policy::is_handler(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        let after = vec![Fact::Ended { status: Status::Cancelled }];
        Ok(Change { facts: noted(input), flow: Some(Event::End), after })
    }
}
