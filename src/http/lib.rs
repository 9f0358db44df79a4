//! What the world reaches by HTTP: WeCom's callbacks, the API with its documentation, the pages
//! inside WeCom and the login that leads to them, the customer's progress page, and health. Handlers
//! translate and decide nothing: what changes is changed by the rooms below, in one transaction. No
//! secret, token or query string is ever logged here.

mod api;
mod assets;
mod brake;
mod callback;
mod guard;
mod health;
mod live;
mod login;
mod openapi;
mod page;
mod read;
mod reply;
mod server;
mod session;
mod shared;
mod shell;
mod upload;
mod watch;

pub use api::{VISIT, host_of};
pub use callback::{Raw, TOPIC_CALLBACK};
pub use openapi::openapi;
pub use server::{Settings, bind};
pub use shared::Shared;
pub use shell::Pages;

#[cfg(test)]
mod tests;
