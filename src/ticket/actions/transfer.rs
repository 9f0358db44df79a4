//! 转办: the work goes to another member.

use flow::Event;
use form::{Answers, Field, Form};
use kernel::{Error, Result};

use super::{Action, Case, Change, Needs, noted};
use crate::policy;

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

    fn needs(&self) -> Needs {
        Needs::Members
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        !case.ticket.is_ended() && policy::is_handler(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let to = input.get("to").and_then(serde_json::Value::as_str).unwrap_or_default();
        if !case
            .facts
            .candidates
            .get(crate::act::MEMBERS)
            .is_some_and(|all| all.iter().any(|one| one == to))
        {
            let detail = format!("成员 {to} 不存在或已离职，请换一位");
            return Err(Error::field("to", "unknown_member", detail));
        }
        let held = case.ticket.flow.steps.iter().find(|run| run.state == flow::StepState::Held);
        let step = match (case.task(), held) {
            (Some(task), _) => task.step.clone(),
            (None, Some(held)) => held.key.clone(),
            (None, None) => case.any_task()?.step.clone(),
        };
        let by = case.ctx.actor.userid().map(str::to_owned);
        let flow = Some(Event::Transfer { step, by, to: to.to_owned() });
        Ok(Change { facts: noted(input), flow, after: Vec::new() })
    }
}
