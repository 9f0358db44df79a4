//! The server on a free port over a database of its own, spoken to by HTTP. Every JSON answer of the
//! API is held against the OpenAPI document.

mod callback;
mod desk;
mod documents;
mod guards;
mod hostile;
mod operators;
mod pages;
mod schema;
mod shells;
mod tickets;
mod uploads;
