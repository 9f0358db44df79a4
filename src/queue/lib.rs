//! Inbox, outbox and timers: one durable table of jobs. Hides leases, retries, order and the spool.
//! A job is put in its cause's own transaction, runs at least once, in order per key, and its
//! effects on the database are committed together with its end. Nothing here knows what a job means.

pub mod intake;
mod job;
pub mod replica;
mod run;
mod schema;
mod shift;
pub mod spool;
mod sql;
mod stop;
mod view;
mod work;

pub use job::{
    End, Handler, Job, KEY_CHARS_MAX, NetHandler, New, Put, Record, State, Topic, TxHandler,
};
pub use run::{Queue, Ran};
pub use sql::{drop_timer, put};
pub use stop::{Bell, Stop, Stopper, stop};
pub use view::{Filter, JobView, Side, Stat, again, get, list, purge, stats};

#[cfg(test)]
mod tests;
