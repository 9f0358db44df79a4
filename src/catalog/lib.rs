//! Templates: form and flow of a business scene, by key and version. Stores what form and flow
//! define; a published version never changes.

mod catalog;

use flow::Flow;
use form::Form;
use serde::{Deserialize, Serialize};

pub use catalog::Catalog;

/// The template that every installation has.
pub const GENERAL: &str = "general_request";

/// A business scene: what is asked and how it goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name in data.
    pub key: String,
    /// Which of its published versions this is; running tickets keep theirs.
    pub version: u32,
    /// What people read.
    pub name: String,
    /// What is asked.
    pub form: Form,
    /// How it goes.
    pub flow: Flow,
}
