//! 补充资料: what the customer was asked for comes back, and the step goes on.

use flow::Event;
use form::{Answers, Field, Form};
use kernel::{Actor, Error, Kind, Result};

use super::{Action, By, Case, Change, Fills, answer, noted};
use crate::{policy, question::asked};

pub(crate) struct Answer;

impl Action for Answer {
    fn name(&self) -> &'static str {
        "answer"
    }

    fn label(&self) -> &'static str {
        "补充资料"
    }

    fn input(&self) -> Form {
        let ask = Field::new("ask", "text", "回答哪一次请求", true);
        Form { fields: vec![ask, Field::new("note", "textarea", "留言", false)] }
    }

    fn fills(&self) -> Option<Fills> {
        Some(Fills::Asked)
    }

    fn by(&self) -> By {
        By::Customer
    }

    /// Who was told by telephone may write it down for the customer.
    fn allows(&self, case: &Case<'_>) -> bool {
        let is_asked = case.ticket.flow.steps.iter().any(|run| run.asked.is_some());
        let may = match &case.ctx.actor {
            Actor::Customer { .. } => true,
            other => policy::is_handler(other, case.ticket),
        };
        is_asked && may && !case.ticket.is_ended()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let ask = answer(input, "ask").and_then(|ask| ask.parse().ok());
        let Some((step, asked)) = ask.and_then(|ask| asked(case.ticket, ask)) else {
            let detail = "这次补充请求已经回答过，或已不再需要";
            return Err(Error::new(Kind::Conflict, "ticket.not_asked", detail));
        };
        let flow = Some(Event::Answered { step: step.to_owned(), ask: asked.id });
        Ok(Change { facts: noted(input), flow })
    }
}
