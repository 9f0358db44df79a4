//! 确认解决: the customer says that it is solved.

use form::{Answers, Form};
use kernel::{Actor, Error, Kind, Result};

use super::{Action, By, Case, Change, note, noted};
use crate::{fact::Fact, policy::Scope, survey};

pub(crate) struct Confirm;

impl Action for Confirm {
    fn name(&self) -> &'static str {
        "confirm"
    }

    fn label(&self) -> &'static str {
        "确认解决"
    }

    fn input(&self) -> Form {
        note("留言", false)
    }

    fn by(&self) -> By {
        By::Customer
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        survey::may_judge(case.ticket, case.ctx.now) && is_his(case)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        if case.ticket.verdict.is_some_and(|verdict| verdict.is_solved) {
            let detail = "已经确认过解决了，谢谢您";
            return Err(Error::new(Kind::Conflict, "ticket.judged_already", detail));
        }
        let mut facts = vec![Fact::Judged { is_solved: true }];
        facts.extend(noted(input));
        Ok(Change { facts, ..Change::default() })
    }
}

/// Whether a customer asks, and it is his ticket.
pub(super) fn is_his(case: &Case<'_>) -> bool {
    let is_customer = matches!(case.ctx.actor, Actor::Customer { .. });
    is_customer && Scope::of(&case.ctx.actor).covers(case.ticket)
}
