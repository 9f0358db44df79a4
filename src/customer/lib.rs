//! Customers (客户) and their chat groups (客户群), mirrored from WeCom.
//!
//! Nobody is ever deleted: a customer whom nobody serves any more is lost, a group is dismissed,
//! and tickets still refer to both. Nothing here talks to WeCom; the root hands in what it heard,
//! with the stamp of when it was so.

pub mod mirror;

mod customer;
mod group;
mod schema;
mod sql;

pub use customer::{
    Customer, CustomerFilter, CustomerKind, Follow, find_by_external, find_by_id, find_by_unionid,
    list, names_of,
};
pub use group::{ChatGroup, GroupFilter, find_group, list_groups};

#[cfg(test)]
#[path = "../org/test_db.rs"]
mod test_db;
#[cfg(test)]
mod tests;
