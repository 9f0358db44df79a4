//! Who is away, from when until when, and who stands in for him.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Ctx, Cursor, Error, Kind, Limit, Page, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{find_member, sql};

/// Characters of a reason.
const REASON_MAX: usize = 100;

/// A leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leave {
    /// Our row. Text in JSON, as every id.
    #[serde(serialize_with = "as_text")]
    pub id: i64,
    /// Who is away.
    pub userid: String,
    /// From when.
    pub from_at: Timestamp,
    /// Until when; that moment he is back. Until somebody says so, when absent.
    pub until_at: Option<Timestamp>,
    /// Who stands in for him; whom his profile names, when absent.
    pub backup: Option<String>,
    /// Why.
    pub reason: String,
}

fn as_text<S: serde::Serializer>(id: &i64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(id)
}

/// A leave to write down.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLeave {
    /// Who is away.
    pub userid: String,
    /// From when.
    pub from_at: Timestamp,
    /// Until when; until somebody says so, when absent.
    #[serde(default)]
    pub until_at: Option<Timestamp>,
    /// Who stands in for him; whom his profile names, when absent.
    #[serde(default)]
    pub backup: Option<String>,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// The userid that a member has now.
pub(crate) fn known(conn: &mut Conn, userid: &str) -> Result<String> {
    let found = find_member(conn, userid)?;
    let none = || Error::new(Kind::NotFound, "member.not_found", "没有这个成员");
    found.map(|member| member.userid).ok_or_else(none)
}

/// The userid of who is to stand in for a member.
pub(crate) fn backup(conn: &mut Conn, of: &str, userid: &str) -> Result<String> {
    let Some(member) = find_member(conn, userid)? else {
        return Err(Error::field("backup", "unknown_member", "没有这个成员，请重新选择"));
    };
    if member.userid == of {
        return Err(Error::field("backup", "same", "不能由本人接替，请选择别人"));
    }
    Ok(member.userid)
}

/// Writes a leave down.
///
/// # Errors
/// `field_invalid`, also when it overlaps another leave of the same member; `member.not_found`.
pub fn put_leave(conn: &mut Conn, ctx: &Ctx, new: &NewLeave) -> Result<Leave> {
    if new.until_at.is_some_and(|until| until <= new.from_at) {
        return Err(Error::field("until_at", "too_early", "结束时间须晚于开始时间"));
    }
    if new.reason.chars().count() > REASON_MAX {
        return Err(Error::field("reason", "too_long", format!("最多 {REASON_MAX} 个字")));
    }
    let userid = known(conn, &new.userid)?;
    let stand_in = match &new.backup {
        Some(one) => Some(backup(conn, &userid, one)?),
        None => None,
    };
    let leave = Leave {
        id: ctx.id(),
        userid,
        from_at: new.from_at,
        until_at: new.until_at,
        backup: stand_in,
        reason: new.reason.trim().to_owned(),
    };
    let others = sql::leave::of(conn, &leave.userid, leave.from_at)?;
    let overlaps = |other: &&Leave| leave.until_at.is_none_or(|until| other.from_at < until);
    if let Some(other) = others.iter().find(overlaps) {
        let detail = format!("与已有的请假（编号 {}）重叠，请先结束它或修改时间", other.id);
        return Err(Error::field("from_at", "overlap", detail));
    }
    sql::leave::insert(conn, &leave, ctx.now)?;
    Ok(leave)
}

/// A member is back now, or will not be away at all.
///
/// # Errors
/// `leave.not_found`.
pub fn end_leave(conn: &mut Conn, ctx: &Ctx, id: i64) -> Result<()> {
    match sql::leave::end(conn, id, ctx.now)? {
        true => Ok(()),
        false => Err(Error::new(Kind::NotFound, "leave.not_found", "没有这条请假")),
    }
}

/// A page of the leaves that are not over yet, by their beginning; of one member, or of all.
///
/// # Errors
/// `member.not_found`.
pub fn list_leaves(
    conn: &mut Conn,
    of: Option<&str>,
    at: Timestamp,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Leave>> {
    let userid = of.map(|userid| known(conn, userid)).transpose()?;
    let leaves = sql::leave::list(conn, userid.as_deref(), at, cursor, limit)?;
    Ok(Page::cut(leaves, limit, |leave| Cursor { key: leave.from_at.0, id: leave.id }))
}

/// Which of these members are away at a time.
///
/// # Errors
/// The database's.
pub fn away(conn: &mut Conn, userids: &[String], at: Timestamp) -> Result<BTreeMap<String, Leave>> {
    sql::leave::at(conn, userids, at)
}
