//! 通知外部系统: a signed request to an endpoint of the configuration, so that templates hold
//! neither addresses nor secrets. Coupons, points and orders of other systems are done by this.

use form::{Compiled, Problem};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Which request.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The endpoint's name: `[actions.<name>]` of the configuration.
    pub endpoint: String,
    /// What it carries, taken from the ticket's form.
    #[serde(default)]
    pub data: Map<String, Value>,
}

impl Webhook {
    pub(super) fn problems(&self, form: &Compiled) -> Vec<Problem> {
        let mut problems: Vec<_> =
            super::key_problem("endpoint", &self.endpoint).into_iter().collect();
        problems.extend(form.derive_problems("data", &self.data));
        problems
    }
}
