//! Templates: form and flow of a business scene, by key and version. Stores what form and flow
//! define; a published version never changes. Holds the preset library of the industries.

mod draft;
mod part;
mod preset;
mod published;
mod schema;
mod shelf;
mod sql;
mod template;

pub use draft::{State, archive, draft, drop_draft, ensure, publish, save_draft, versions};
pub use part::{Condition, Parts};
pub use preset::{Preset, import, presets};
pub use published::Published;
pub use shelf::{Catalog, GENERAL};
pub use sql::Summary;
pub use template::{BYTES_MAX, Template};

#[cfg(test)]
mod tests;
