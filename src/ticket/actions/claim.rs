//! 认领: a member takes the work.

use flow::{Event, Verb};
use form::Answers;
use kernel::Result;

use super::{Action, Case, Change};

pub(crate) struct Claim;

impl Action for Claim {
    fn name(&self) -> &'static str {
        "claim"
    }

    fn label(&self) -> &'static str {
        "认领"
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Claim)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::Claim).is_some()
    }

    fn apply(&self, case: &Case<'_>, _input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::Claim)?;
        Ok(Change { flow: Some(Event::Claim { step, by }), ..Change::default() })
    }
}
