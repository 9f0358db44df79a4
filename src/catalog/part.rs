//! What templates share: business calendars, duty rosters, surge modes, fields and conditions.
//! Each is a piece of data with a key, kept by itself and named by the templates that use it.

use std::{collections::BTreeMap, sync::Arc};

use flow::{
    assign::{Roster, Surge},
    calendar::{Calendar, WorkTime},
};
use form::Field;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A condition that templates name instead of writing it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Its name in data.
    pub key: String,
    /// What people read.
    pub name: String,
    /// The rule.
    pub rule: Value,
}

/// Everything that is shared, as it is now.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Business calendars, with what answers their questions.
    pub calendars: BTreeMap<String, (Calendar, Arc<WorkTime>)>,
    /// Duty rosters.
    pub rosters: BTreeMap<String, Roster>,
    /// Surge modes, by key: the first that is on counts.
    pub surges: BTreeMap<String, Surge>,
    /// The field library.
    pub fields: BTreeMap<String, Field>,
    /// Named conditions.
    pub conditions: BTreeMap<String, Condition>,
}
