//! What the customers of a template's tickets see and are asked, beside what every customer sees.

use flow::Flow;
use kernel::FieldError;
use serde::{Deserialize, Serialize};

/// The most reasons, and the characters of one.
const REASONS_MAX: usize = 10;
const REASON_CHARS_MAX: usize = 12;

/// What customers see and are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerPage {
    /// Whether they may call who works for them: they see his number, but for its middle.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub phone: bool,
    /// Whether they are asked what they thought of it once it is done.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub survey: bool,
    /// The reasons that they can choose with their stars; the usual ones when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The step at which they are asked whether it is solved; saying no takes the ticket back to
    /// the step before. Once it is closed they are always asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solved_at: Option<String>,
    /// Whether who looks after them gets words to pass on at every stage that they know of.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tell: bool,
}

fn yes() -> bool {
    true
}

fn is_yes(yes: &bool) -> bool {
    *yes
}

impl Default for CustomerPage {
    fn default() -> Self {
        Self { phone: false, survey: true, reasons: Vec::new(), solved_at: None, tell: false }
    }
}

impl CustomerPage {
    /// Whether it says nothing of its own.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Everything that forbids publishing it.
    pub(crate) fn problems(&self, flow: &Flow) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let mut add = |path: &str, code, detail: String| {
            problems.push(FieldError { path: format!("customer.{path}"), code, detail });
        };
        let is_long = |one: &String| {
            let chars = one.trim().chars().count();
            chars == 0 || chars > REASON_CHARS_MAX || one.contains([',', '，'])
        };
        if self.reasons.len() > REASONS_MAX || self.reasons.iter().any(is_long) {
            let detail =
                format!("最多 {REASONS_MAX} 个原因，每个 1 到 {REASON_CHARS_MAX} 个字，不含逗号");
            add("reasons", "too_long", detail);
        }
        if let Some(step) = &self.solved_at {
            let found = flow.step(step);
            if found.is_none_or(|step| step.work().is_none()) {
                let detail = format!("{step} 不是流程中由人处理的节点，请改正或删除");
                add("solved_at", "unknown_step", detail);
            }
        }
        problems
    }
}
