//! What somebody may do, asked without doing it.

use kernel::Timestamp;
use serde_json::Value;

use super::Move;
use crate::{
    definition::{Assign, Flow, Step, Verb},
    event::{Facts, Found, Refused},
    plan::Plan,
    state::State,
};

/// Whether this person may do that with a step now: what his buttons are.
pub fn may(flow: &Flow, state: &State, step: &str, by: &str, verb: Verb) -> bool {
    let go = Move::new(Plan::of(flow), state.clone(), &Unasked, Timestamp(0));
    let is_at_rest = state.is_ended || state.suspended_at.is_some();
    !is_at_rest && go.plan.fits(state) && go.may(step, by, verb).is_ok()
}

/// The earlier steps to which an open step can be returned, the nearest first.
pub fn earlier<'f>(flow: &'f Flow, state: &State, step: &str) -> Vec<&'f Step> {
    let go = Move::new(Plan::of(flow), state.clone(), &Unasked, Timestamp(0));
    let (true, Some(from)) = (go.plan.fits(state), go.plan.find(step)) else { return Vec::new() };
    let way = (0..from).rev().filter(|&to| go.check_way(to, from).is_ok());
    way.map(|to| go.plan.node(to).step).collect()
}

/// The facts of one who only wants to know whether it is his turn.
struct Unasked;

impl Facts for Unasked {
    fn candidates(&self, _step: &Step, _rule: &Assign, _chosen: &[String]) -> Found {
        Found::default()
    }

    fn holds(&self, _rule: &Value) -> bool {
        true
    }
}

impl Move<'_> {
    fn may(mut self, step: &str, by: &str, verb: Verb) -> Result<(), Refused> {
        if verb == Verb::TakeBack {
            return self.take_back(step, by);
        }
        let (at, _work) = self.at_work(step, verb)?;
        let n = self.slot_of(at, by)?;
        match verb {
            Verb::Claim if self.slot_mut(at, n)?.owner.is_some() => Err(Refused::Same),
            Verb::Return => self.before(at).map(|_to| ()).ok_or(Refused::NotOnTheWay),
            Verb::Resume => {
                let returned = self.run(at).returned.as_ref().ok_or(Refused::NotReturned)?;
                self.check_straight(at, self.find(&returned.from)?)
            }
            Verb::RemoveSigner if self.run(at).slots.len() < 2 => Err(Refused::LastSigner),
            Verb::AskCustomer if self.run(at).asked.is_some() => Err(Refused::Same),
            _ => Ok(()),
        }
    }
}
