//! 重启: an ended ticket goes on.

use flow::Event;
use form::{Answers, Form};
use kernel::Result;

use super::{Action, By, Case, Change, note, noted};
use crate::{fact::Fact, policy::Scope};

pub(crate) struct Reopen;

impl Action for Reopen {
    fn name(&self) -> &'static str {
        "reopen"
    }

    fn label(&self) -> &'static str {
        "重启"
    }

    fn input(&self) -> Form {
        note("原因", false)
    }

    fn by(&self) -> By {
        By::Anybody
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.ticket.is_ended() && Scope::of(&case.ctx.actor).covers(case.ticket)
    }

    fn apply(&self, _case: &Case<'_>, input: &Answers) -> Result<Change> {
        let mut facts = vec![Fact::Reopened];
        facts.extend(noted(input));
        Ok(Change { facts, flow: Some(Event::Reopen) })
    }
}
