//! Who hears of what, in which words, over which channel. Reads ticket events and writes messages
//! and jobs, in the transaction of the job that told it; the network is only touched by
//! [`Courier`], outside of any transaction. A card lives: when its task changes, every copy that
//! was sent is changed in place, so that no stale button can act.

mod answer;
mod budget;
mod click;
pub mod customer;
mod deliver;
mod digest;
mod face;
pub mod figures;
mod links;
mod message;
mod outbox;
mod plan;
mod question;
mod render;
mod schema;
mod sql;

use db::Conn;
use kernel::{Result, Timestamp};
use ticket::Setup;

pub use answer::{
    Question, answered, ask, choose_template, choose_ticket, my_tasks, my_tickets, new_ticket,
    reply,
};
pub use budget::Limits;
pub use click::{Clicked, Press, find_pressed, refresh};
pub use deliver::Courier;
pub use links::{Link, Links};
pub use message::{Kind as MessageKind, Message, State as MessageState};
pub use outbox::{TOPIC_SEND, TOPIC_UPDATE};
pub use plan::on_event;
pub use sql::{find_message, messages_of_ticket};

/// Forgets used-up time: budgets of windows that have passed, codes that nobody used.
///
/// # Errors
/// The database's.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    Ok(budget::purge(conn, now)? + sql::purge_codes(conn, now)?)
}

/// What every message is made with.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The name of the app that speaks.
    pub app: String,
    /// Its agent id.
    pub agent_id: i64,
    /// What people call the service; the first line of every card.
    pub name: String,
    /// Makes progress links.
    pub links: Links,
    /// What tickets need.
    pub setup: Setup,
    /// How much may be sent.
    pub limits: Limits,
}

#[cfg(test)]
mod tests;
