//! What is known about one customer group.

use db::Conn;
use kernel::{Ctx, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::GroupRecord;
use crate::{ChatGroup, sql};

/// What a group is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
struct Profile {
    name: String,
    owner: String,
    members: Vec<String>,
}

/// Everything that was heard about a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct GroupShadow {
    profile: Profile,
    seen_at: Timestamp,
    gone_at: Timestamp,
}

impl GroupShadow {
    /// What a fetch told.
    pub(super) fn learn(&mut self, record: &GroupRecord, stamp: Timestamp) {
        let mut members = record.members.clone();
        members.sort_unstable();
        members.dedup();
        let owner = record.owner.to_lowercase();
        let profile = Profile { name: record.name.clone(), owner, members };
        // The greater of two with one stamp: arbitrary, and the same in every order.
        if (stamp, &profile) > (self.seen_at, &self.profile) {
            (self.profile, self.seen_at) = (profile, stamp);
        }
    }

    /// It does not stand.
    pub(super) fn lose(&mut self, stamp: Timestamp) {
        self.gone_at = self.gone_at.max(stamp);
    }

    /// The last time when it was known whether it stands.
    pub(crate) fn settled_at(&self) -> Timestamp {
        self.seen_at.max(self.gone_at)
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupRow {
    pub(crate) id: i64,
    pub(crate) chat_id: String,
    /// 0 while the row is not in the database.
    pub(crate) version: i64,
    pub(crate) updated_at: Timestamp,
    pub(crate) shadow: GroupShadow,
}

impl GroupRow {
    /// The group.
    pub(crate) fn group(&self) -> ChatGroup {
        let profile = self.shadow.profile.clone();
        ChatGroup {
            chat_id: self.chat_id.clone(),
            name: profile.name,
            owner: profile.owner,
            members: profile.members,
            dismissed: self.shadow.seen_at < self.shadow.gone_at,
            updated_at: self.updated_at,
        }
    }
}

/// Changes a group, and makes it when it is new. True when that ended it.
pub(super) fn change(
    conn: &mut Conn,
    ctx: &Ctx,
    chat_id: &str,
    change: impl FnOnce(&mut GroupShadow),
) -> Result<bool> {
    let before = sql::group::by_chat(conn, chat_id)?;
    let mut row = match before.clone() {
        Some(row) => row,
        None => unheard_of(conn, ctx, chat_id)?,
    };
    change(&mut row.shadow);
    if before.as_ref() == Some(&row) {
        return Ok(false);
    }
    let was = before.as_ref().map(GroupRow::group);
    if was.as_ref() != Some(&row.group()) {
        row.updated_at = ctx.now;
    }
    sql::group::save(conn, &row)?;
    Ok(row.group().dismissed && was.is_some_and(|group| !group.dismissed))
}

/// A group of which the last sync did not hear either.
fn unheard_of(conn: &mut Conn, ctx: &Ctx, chat_id: &str) -> Result<GroupRow> {
    let mut shadow = GroupShadow::default();
    shadow.lose(sql::sweep::last(conn)?);
    Ok(GroupRow {
        id: ctx.id(),
        chat_id: chat_id.to_owned(),
        version: 0,
        updated_at: ctx.now,
        shadow,
    })
}
