//! 挂起: the clock of the ticket stands still, and nobody works on it.

use flow::Event;
use form::{Answers, Field, Form};
use kernel::{Error, Result, Timestamp};

use super::{Action, Case, Change, answer, note, noted};
use crate::{policy, ticket::Status};

pub(crate) struct Suspend;

/// The time of an answer, which must be to come.
fn later(text: &str, now: Timestamp) -> Result<Timestamp> {
    let read = serde_json::from_value::<Timestamp>(text.into()).ok();
    read.filter(|at| *at > now)
        .ok_or_else(|| Error::field("until", "too_early", "恢复时间须晚于现在，请重新选择"))
}

impl Action for Suspend {
    fn name(&self) -> &'static str {
        "suspend"
    }

    fn label(&self) -> &'static str {
        "挂起"
    }

    fn input(&self) -> Form {
        let until = Field::new("until", "datetime", "到何时自动恢复（可不填）", false);
        let mut form = note("原因", true);
        form.fields.push(until);
        form
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.ticket.status == Status::Open && policy::is_handler(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let until = match answer(input, "until") {
            None => None,
            Some(text) => Some(later(text, case.ctx.now)?),
        };
        Ok(Change { facts: noted(input), flow: Some(Event::Suspend { until }) })
    }
}
