//! Stories: the house on a free port, the simulator on a free port, a clock that is moved by hand;
//! everything through the doors that people use. The whole binary runs on SQLite, and again on a
//! MySQL server whose address is in QIDAN_TEST_MYSQL.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a story that cannot go on has failed"
)]

mod actions;
mod api;
mod assignment;
mod belongings;
mod businesses;
mod callback;
mod cards;
mod codes;
mod context;
mod crash;
mod crowd;
mod deadlines;
mod delivery;
mod families;
mod flows;
mod house;
mod login;
mod mirror;
mod operators;
mod outage;
mod pages_live;
mod pages_tickets;
mod parts;
mod presets;
mod progress;
mod questions;
mod replicas;
mod scenarios;
mod sections;
mod support;
mod talk;
mod templates;
mod tickets;
mod trials;
mod workbench;
