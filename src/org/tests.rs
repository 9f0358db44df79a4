//! The room against real databases.

mod access;
mod mirror;
mod sessions;
mod working;
