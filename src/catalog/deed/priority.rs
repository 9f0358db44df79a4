//! 调整优先级: the ticket becomes more or less urgent.

use form::Problem;
use serde::Deserialize;

/// How urgent it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priority {
    /// One of [`LEVELS`].
    pub to: String,
}

/// How urgent a ticket can be.
pub const LEVELS: [&str; 4] = ["low", "normal", "high", "critical"];

impl Priority {
    pub(super) fn problems(&self) -> Vec<Problem> {
        let detail = format!("优先级须是其中之一：{}", LEVELS.join("、"));
        let is_one = LEVELS.contains(&self.to.as_str());
        (!is_one).then(|| Problem::new("to", "not_an_option", detail)).into_iter().collect()
    }
}
