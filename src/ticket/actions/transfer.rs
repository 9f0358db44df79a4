//! 转办: the work goes to another member.

use flow::{Event, Verb};
use form::{Answers, Field, Form};
use kernel::{Actor, Result};

use super::{Action, Case, Change, answer, noted};
use crate::ticket::Status;

pub(crate) struct Transfer;

impl Action for Transfer {
    fn name(&self) -> &'static str {
        "transfer"
    }

    fn label(&self) -> &'static str {
        "转办"
    }

    fn input(&self) -> Form {
        let to = Field::new("to", "member", "转给", true);
        Form { fields: vec![to, Field::new("note", "textarea", "说明", false)] }
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Transfer)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        match &case.ctx.actor {
            Actor::Member { .. } => case.task(Verb::Transfer).is_some(),
            Actor::Customer { .. } => false,
            Actor::Token { .. } | Actor::System => case.ticket.status == Status::Open,
        }
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let held = case.ticket.flow.steps.iter().find(|run| run.state == flow::StepState::Held);
        let step = match (case.task(Verb::Transfer), held) {
            (Some(task), _) => task.step.clone(),
            (None, Some(held)) => held.key.clone(),
            (None, None) => case.any_task()?.step.clone(),
        };
        let by = case.ctx.actor.userid().map(str::to_owned);
        let to = answer(input, "to").unwrap_or_default().to_owned();
        Ok(Change { facts: noted(input), flow: Some(Event::Transfer { step, by, to }) })
    }
}
