//! Customers (客户) and their chat groups (客户群), mirrored from WeCom, and what other systems tell
//! of them: opportunities, orders, devices, and where a group belongs.
//!
//! Nobody is ever deleted: a customer whom nobody serves any more is lost, a group is dismissed,
//! and tickets still refer to both. Nothing here talks to WeCom; the root hands in what it heard,
//! with the stamp of when it was so.

pub mod mirror;

mod belonging;
mod customer;
mod group;
mod import;
mod place;
mod schema;
mod sql;

pub use belonging::{
    Asset, Belonging, BelongingFilter, KEY_MAX, Kept, Opportunity, Order, OrderLine, Put, What,
    Wrong, delete_belonging, find_belonging, has_belonging, is_register_kept, list_belongings,
    put_belonging,
};
pub use customer::{
    Customer, CustomerFilter, CustomerKind, Follow, find_by_external, find_by_id, find_by_unionid,
    list, names_of,
};
pub use group::{ChatGroup, GroupFilter, find_group, list_groups};
pub use import::{Cells, Column, Imported, ROWS_MAX, Reading, import};
pub use place::{Place, delete_place, find_place, places, put_place};

#[cfg(test)]
#[path = "../org/test_db.rs"]
mod test_db;
#[cfg(test)]
mod tests;
