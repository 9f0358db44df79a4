//! 撤销: the one who raised the ticket takes it back.

use flow::{Event, Outcome};
use form::{Answers, Form};
use kernel::Result;

use super::{Action, By, Case, Change, note, noted};
use crate::policy;

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

    fn is_danger(&self) -> bool {
        true
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        !case.ticket.is_ended() && policy::is_starter(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        let flow = Some(Event::End { how: Outcome::Withdrawn });
        Ok(Change { facts: noted(input), flow })
    }
}
