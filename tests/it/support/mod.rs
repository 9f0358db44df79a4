//! What stories are told with.

mod chat;
mod db;
mod desk;

pub(crate) use chat::{Chat, Entry};
pub(crate) use db::Schema;
pub(crate) use desk::Desk;
