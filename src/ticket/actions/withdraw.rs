//! 撤销: the one who raised the ticket takes it back.

use flow::Event;
use form::{Answers, Form};
use kernel::Result;

use super::{Action, By, Case, Change, note, noted};
use crate::{fact::Fact, policy, ticket::Status};

pub(crate) struct Withdraw;

impl Action for Withdraw {
    fn name(&self) -> &'static str {
        "withdraw"
    }

    fn label(&self) -> &'static str {
        "撤销"
    }

    fn input(&self) -> Form {
        note("原因", false)
    }

    fn by(&self) -> By {
        By::Starter
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        !case.ticket.is_ended() && policy::is_starter(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        let after = vec![Fact::Ended { status: Status::Cancelled }];
        Ok(Change { facts: noted(input), flow: Some(Event::End), after })
    }
}
