//! Photos, recordings, documents: the bytes lie in a [`FileStore`] under their SHA-256, once,
//! whoever sent them; a [`File`] is one sending of them, with the name it had.
//!
//! Neither a name nor a type that a sender claims is ever believed: names are cleaned, types are
//! read off the bytes, and only plain pictures are shown inside of a page.

mod file;
mod kind;
mod name;
mod schema;
mod sql;
mod store;

pub use file::{
    File, NewFile, count_of, disposition, find, find_all, find_by_media_id, forget, hand_on, put,
};
pub use kind::mime_of;
pub use name::{NAME_MAX, clean_name};
pub use store::{FileStore, Stored};

#[cfg(test)]
#[path = "../org/test_db.rs"]
mod test_db;
#[cfg(test)]
mod tests;
