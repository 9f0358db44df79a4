//! What stories are told with.

mod ask;
mod browser;
mod chat;
mod db;
mod desk;
mod outlet;
mod process;

pub(crate) use ask::{Second, Told, step_state};
pub(crate) use browser::{Browser, DESKTOP, WECOM};
pub(crate) use chat::{Chat, Entry};
pub(crate) use db::{Schema, mysql};
pub(crate) use desk::Desk;
pub(crate) use outlet::Outlet;
pub(crate) use process::{Place, Server, Site, qidan};
