//! Who works here: members and departments mirrored from WeCom, handling groups, what each
//! member does and when he is away, API tokens, sessions of browsers and the logins that lead to
//! them, the shared store of WeCom's access tokens, idempotency keys and the audit log.
//!
//! Nobody is ever deleted, for tickets refer to him: who leaves is kept as [`MemberStatus::Left`].
//! Nothing here talks to WeCom; the root hands in what it heard, with the stamp of when it was so.

pub mod idempotency;
pub mod login;
pub mod mirror;
pub mod session;
pub mod wecom_token;

mod audit;
mod department;
mod group;
mod leave;
mod list;
mod member;
mod position;
mod profile;
mod register;
mod schema;
mod sql;
mod token;

pub use audit::{AuditEntry, AuditFilter, audit, list_audit};
pub use department::{Department, find_department, list_departments};
pub use group::{
    Group, delete_group, find_group, group_members, list_groups, save_group, set_group,
};
pub use leave::{Leave, NewLeave, away, end_leave, list_leaves, put_leave};
pub use member::{
    Member, MemberFilter, MemberStatus, check_members, find_member, list_members, members_by_ids,
    visible_members,
};
pub use position::{MapSystem, Seen, positions, put_position};
pub use profile::{Profile, profile, profiles, put_profile, with_role};
pub use token::{
    Scope, Token, create_token, find_token, list_tokens, revoke_token, tokens_alive, touch_token,
};

#[cfg(test)]
mod test_db;
#[cfg(test)]
mod tests;
