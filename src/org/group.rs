//! Handling groups (处理组): who may be given a kind of work. Those of the configuration are made what
//! it says at every start; others are changed as people like.

use db::Conn;
use kernel::{Ctx, Result};
use serde::{Deserialize, Serialize};

use crate::{Member, MemberStatus, members_by_ids, sql};

/// A handling group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What flows call it.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// Its members' userids, in order.
    pub members: Vec<String>,
}

/// Makes a group what it is to be. Doing it again changes nothing.
pub fn set_group(conn: &mut Conn, ctx: &Ctx, group: &Group) -> Result<()> {
    let mut members: Vec<String> = Vec::new();
    for userid in group.members.iter().map(|userid| userid.trim().to_lowercase()) {
        if !userid.is_empty() && !members.contains(&userid) {
            members.push(userid);
        }
    }
    let group = Group { members, ..group.clone() };
    match sql::group::find(conn, &group.key)? {
        Some(same) if same == group => Ok(()),
        _ => sql::group::put(conn, &group, ctx.now),
    }
}

/// Drops a group; false when there is none.
pub fn delete_group(conn: &mut Conn, key: &str) -> Result<bool> {
    sql::group::delete(conn, key)
}

/// The group with this key.
pub fn find_group(conn: &mut Conn, key: &str) -> Result<Option<Group>> {
    sql::group::find(conn, key)
}

/// All groups, by key.
pub fn list_groups(conn: &mut Conn) -> Result<Vec<Group>> {
    sql::group::all(conn)
}

/// The members of a group who can be given work: active and visible, in the group's order. Nobody
/// when there is no such group.
pub fn group_members(conn: &mut Conn, key: &str) -> Result<Vec<Member>> {
    let Some(group) = sql::group::find(conn, key)? else { return Ok(Vec::new()) };
    let mut known = members_by_ids(conn, &group.members)?;
    let mut able: Vec<Member> = Vec::new();
    for member in group.members.iter().filter_map(|userid| known.remove(userid)) {
        let is_able = member.status == MemberStatus::Active && member.visible;
        // Somebody may stand in the list by his old userid and by his new one.
        if is_able && able.iter().all(|one| one.userid != member.userid) {
            able.push(member);
        }
    }
    Ok(able)
}
