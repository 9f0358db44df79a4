//! Templates: form and flow of a business scene, by key and version. Stores what form and flow
//! define; a published version never changes. Holds the preset library of the industries.

pub mod deed;
mod draft;
mod part;
mod preset;
mod schema;
mod shelf;
mod sql;
mod template;
mod trigger;

pub use draft::{State, archive, draft, drop_draft, ensure, publish, save_draft, versions};
pub use part::{Condition, Parts};
pub use preset::{Preset, import, presets};
pub use shelf::{Catalog, GENERAL};
pub use sql::Summary;
pub use template::{BYTES_MAX, Template};
pub use trigger::Trigger;

#[cfg(test)]
mod tests;
