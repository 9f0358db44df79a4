//! 没有解决: the customer says that it is not solved. What has ended goes on; what is being checked
//! goes back to the step before.

use flow::{Event, Verb};
use form::{Answers, Form};
use kernel::{Error, Kind, Result};

use super::{Action, By, Case, Change, confirm::is_his, note, noted};
use crate::{fact::Fact, survey, ticket::Status};

pub(crate) struct Deny;

impl Action for Deny {
    fn name(&self) -> &'static str {
        "deny"
    }

    fn label(&self) -> &'static str {
        "没有解决"
    }

    fn input(&self) -> Form {
        note("哪里没有解决", false)
    }

    fn by(&self) -> By {
        By::Customer
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        survey::may_judge(case.ticket, case.ctx.now) && is_his(case)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let mut facts = vec![Fact::Judged { is_solved: false }];
        let flow = if case.ticket.status == Status::Closed {
            facts.push(Fact::Reopened);
            Event::Reopen
        } else {
            back(case).ok_or_else(|| {
                let detail = "现在还不能退回，请直接留言，处理人员会看到";
                Error::new(Kind::Conflict, "ticket.nothing_to_deny", detail)
            })?
        };
        facts.extend(noted(input));
        Ok(Change { facts, flow: Some(flow) })
    }
}

/// The way back from the step at work, which its handler could take.
fn back(case: &Case<'_>) -> Option<Event> {
    let can =
        |by: &str, step: &str| flow::may(case.flow, &case.ticket.flow, step, by, Verb::Return);
    case.ticket.open_tasks().find_map(|task| {
        let by = task.owner.iter().chain(&task.handlers).find(|by| can(by, &task.step))?;
        let to = flow::earlier(case.flow, &case.ticket.flow, &task.step).first()?.key.clone();
        Some(Event::Return { step: task.step.clone(), by: by.clone(), to })
    })
}
