//! The way of a ticket as data: an ordered list of steps.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Who gets the work of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Assign {
    /// A group, as a claim pool: whoever claims first. A group that was not set up means every
    /// member the app can see.
    Group {
        /// The group's key.
        key: String,
    },
}

/// One step: a piece of work for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name in data; never changes once published.
    pub key: String,
    /// What staff read.
    pub name: String,
    /// What the customer reads; hidden from him when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_name: Option<String>,
    /// Who gets it.
    pub assign: Assign,
}

/// The steps, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// Why a flow cannot be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has no step.
    Empty,
    /// Two steps have this key.
    Twice(String),
}

impl Flow {
    /// The step of that key.
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// The step after that one.
    pub fn after(&self, key: &str) -> Option<&Step> {
        let at = self.steps.iter().position(|step| step.key == key)?;
        self.steps.get(at + 1)
    }

    /// Everything that forbids publishing it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut seen = BTreeSet::new();
        let mut problems: Vec<_> = self
            .steps
            .iter()
            .filter(|step| !seen.insert(&step.key))
            .map(|step| Problem::Twice(step.key.clone()))
            .collect();
        if self.steps.is_empty() {
            problems.push(Problem::Empty);
        }
        problems
    }
}
