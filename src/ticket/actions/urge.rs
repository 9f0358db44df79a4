//! 催办: the one who waits asks for haste.

use form::Answers;
use kernel::{Error, Kind, Result, time};

use super::{Action, By, Case, Change};
use crate::{fact::Fact, policy};

/// How long a ticket must rest after it was urged: nobody is helped by a handler whose phone never
/// stops.
const REST: kernel::Micros = time::MINUTE;

pub(crate) struct Urge;

impl Action for Urge {
    fn name(&self) -> &'static str {
        "urge"
    }

    fn label(&self) -> &'static str {
        "催办"
    }

    fn by(&self) -> By {
        By::Starter
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        !case.ticket.is_ended() && policy::is_starter(&case.ctx.actor, case.ticket)
    }

    fn apply(&self, case: &Case<'_>, _input: &Answers) -> Result<Change> {
        let now = case.ctx.now;
        if case.ticket.urged_at.is_some_and(|last| now.since(last) < REST) {
            let detail = "刚刚催办过，请一分钟后再试";
            return Err(Error::new(Kind::Conflict, "ticket.urged_just_now", detail));
        }
        Ok(Change { facts: vec![Fact::Urged], ..Change::default() })
    }
}
