//! One connection over two databases: MySQL (with MariaDB, Group Replication, Galera) and SQLite.
//! Transactions with whole retries, lanes that bound what a slow database can hold up, the few
//! dialect words, and the migrations. The only room that asks which database it is.

mod conn;
mod dialect;
mod error;
mod lane;
mod migrate;
mod settings;

pub use conn::Conn;
pub use dialect::{contains_pattern, sum_big};
pub use error::{AWAY, CLASH, OrDb, Unique, is_away, is_unique};
pub use lane::Db;
pub use migrate::{Migration, Report, known, migrate, pending};
pub use settings::{Engine, Settings};

#[doc(hidden)]
pub use diesel;

#[cfg(test)]
mod tests;
