//! 调整优先级: how urgent it is was misjudged; its deadlines move with it.

use flow::Event;
use form::{Answers, Choice, Field, Form};
use kernel::{Error, Kind, Result};

use super::{Action, Case, Change, answer, noted};
use crate::{fact::Fact, policy, ticket::Priority};

pub(crate) struct Prioritise;

const PRIORITIES: [(&str, Priority); 4] = [
    ("low", Priority::Low),
    ("normal", Priority::Normal),
    ("high", Priority::High),
    ("critical", Priority::Critical),
];

impl Action for Prioritise {
    fn name(&self) -> &'static str {
        "prioritise"
    }

    fn label(&self) -> &'static str {
        "调整优先级"
    }

    fn input(&self) -> Form {
        let choice = |(value, priority): &(&str, Priority)| Choice {
            value: (*value).to_owned(),
            label: priority.label().into(),
        };
        let to = Field {
            options: PRIORITIES.iter().map(choice).collect(),
            ..Field::new("to", "single_select", "优先级", true)
        };
        Form { fields: vec![to, Field::new("note", "textarea", "原因", false)] }
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        !case.ticket.is_ended() && policy::is_handler(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let wanted = answer(input, "to").unwrap_or_default();
        let found = PRIORITIES.iter().find(|(value, _priority)| *value == wanted);
        let Some(&(_value, priority)) = found else {
            return Err(Error::field("to", "not_an_option", "没有这个优先级"));
        };
        let from = case.ticket.priority;
        if from == priority {
            let detail = format!("优先级已经是{}", from.label());
            return Err(Error::new(Kind::Conflict, "ticket.same_priority", detail));
        }
        let mut facts = vec![Fact::Prioritised { priority }];
        facts.extend(noted(input));
        Ok(Change { facts, flow: Some(Event::Reranked { from: from.flow_rank() }) })
    }
}
