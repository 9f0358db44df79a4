//! Templates: form and flow of a business scene, by key and version. Stores what form and flow
//! define; a published version never changes. Holds what templates share, and the preset library
//! of the industries.

mod around;
mod code;
mod customer_page;
pub mod deed;
mod draft;
mod keep;
mod part;
pub mod pin;
mod preset;
mod published;
mod schema;
mod sections;
mod shelf;
mod sql;
mod template;
mod trigger;
mod visible;
mod weave;

pub use around::{About, FlowScope};
pub use code::{Code, Count, counts, scanned, submitted};
pub use customer_page::CustomerPage;
pub use draft::{
    State, archive, draft, drop_draft, ensure, problems, publish, renew, resolved, save_draft,
    source, versions, written,
};
pub use keep::{Kept, delete_part, find_part, list_parts, released_with, save_part, users};
pub use part::{Condition, Look, Part, PartKind, Parts, kept_parts};
pub use preset::{Preset, import, presets};
pub use published::Published;
pub use shelf::{Catalog, GENERAL};
pub use sql::Summary;
pub use template::{BYTES_MAX, Template};
pub use trigger::Trigger;
pub use visible::{ENTRIES, User, Visible};
pub use weave::Use;

#[cfg(test)]
mod tests;
