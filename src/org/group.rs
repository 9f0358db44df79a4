//! Handling groups (处理组): who may be given a kind of work. Those of the configuration are made what
//! it says at every start; others are changed as people like.

use db::Conn;
use kernel::{Ctx, Error, FieldError, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Member, MemberStatus, audit, check_members, members_by_ids, sql};

/// The longest key, in bytes, and the longest name, in characters.
const KEY_MAX: usize = 64;
const NAME_CHARS_MAX: usize = 100;
/// The most members of one group.
const MEMBERS_MAX: usize = 1000;

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

impl Group {
    /// Everything that is wrong with it by itself.
    pub fn problems(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        let mut add = |path: &str, code, detail: String| {
            wrong.push(FieldError { path: path.to_owned(), code, detail });
        };
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if self.key.is_empty() || self.key.len() > KEY_MAX || !self.key.chars().all(fits) {
            let detail = format!("须为 1 到 {KEY_MAX} 个小写字母、数字、下划线或连字符");
            add("key", "malformed", detail);
        }
        let name = self.name.trim().chars().count();
        if name == 0 || name > NAME_CHARS_MAX {
            add("name", "length", format!("须为 1 到 {NAME_CHARS_MAX} 个字"));
        }
        if self.members.len() > MEMBERS_MAX {
            add("members", "too_many", format!("最多 {MEMBERS_MAX} 位成员，请拆成几个组"));
        }
        wrong
    }

    /// Whom it names, each with its place.
    pub fn people(&self) -> Vec<(String, String)> {
        let members = self.members.iter().enumerate();
        members.map(|(at, userid)| (format!("members[{at}]"), userid.clone())).collect()
    }
}

/// Keeps a group as somebody wants it, and notes that he did.
///
/// # Errors
/// `field_invalid` with everything that is wrong with it, unknown members too; the database's.
pub fn save_group(conn: &mut Conn, ctx: &Ctx, group: &Group) -> Result<()> {
    let wrong = group.problems();
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    check_members(conn, &group.people())?;
    set_group(conn, ctx, group)?;
    let subject = format!("group:{}", group.key);
    audit(conn, ctx, "group.saved", &subject, &json!({ "members": group.members }))
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
