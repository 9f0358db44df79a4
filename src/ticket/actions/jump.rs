//! 人工介入: an administrator moves the ticket to any step, and says why.

use flow::Event;
use form::{Answers, Field, Form};
use kernel::{Actor, Result};

use super::{Action, Case, Change, answer, noted};
use crate::ticket::Status;

pub(crate) struct Jump;

impl Action for Jump {
    fn name(&self) -> &'static str {
        "jump"
    }

    fn label(&self) -> &'static str {
        "人工介入"
    }

    fn input(&self) -> Form {
        let to = Field::new("to", "text", "跳到的节点", true);
        Form { fields: vec![to, Field::new("note", "textarea", "原因", true)] }
    }

    /// Programs with the right to write act for administrators; members have no such right yet.
    fn allows(&self, case: &Case<'_>) -> bool {
        case.ticket.status == Status::Open
            && matches!(case.ctx.actor, Actor::Token { .. } | Actor::System)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        let to = answer(input, "to").unwrap_or_default().to_owned();
        let reason = answer(input, "note").unwrap_or_default().to_owned();
        Ok(Change { facts: noted(input), flow: Some(Event::Jump { to, reason }) })
    }
}
