//! What is known about one customer.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Ctx, CustomerId, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Contact, EndedBy, FollowRecord};
use crate::{Customer, CustomerKind, Follow, sql};

/// What a customer is, without who serves him.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
struct Profile {
    unionid: String,
    name: String,
    corp_name: String,
    avatar: String,
    kind: CustomerKind,
    phone: String,
}

/// What a member wrote about a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
struct Notes {
    remark: String,
    tags: Vec<String>,
    state: String,
}

/// Everything that was heard about a member and a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct FollowShadow {
    notes: Notes,
    notes_at: Timestamp,
    since: Timestamp,
    seen_at: Timestamp,
    gone_at: Timestamp,
    lost_at: Timestamp,
}

impl FollowShadow {
    fn learn(&mut self, record: &FollowRecord, stamp: Timestamp) {
        let FollowRecord { remark, tags, state, since, userid: _key } = record.clone();
        replace(&mut self.notes, &mut self.notes_at, Notes { remark, tags, state }, stamp);
        self.since = self.since.max(since);
        self.seen_at = self.seen_at.max(stamp);
    }

    fn is_there(&self, listed_at: Timestamp) -> bool {
        self.seen_at > Timestamp::default() && self.seen_at >= self.gone_at.max(listed_at)
    }

    /// WeCom still lists a customer who deleted the member, so only meeting again ends a loss.
    fn is_lost(&self) -> bool {
        self.lost_at > self.since
    }
}

/// Everything that was heard about a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CustomerShadow {
    profile: Profile,
    profile_at: Timestamp,
    follows: BTreeMap<String, FollowShadow>,
    listed_at: Timestamp,
}

impl CustomerShadow {
    /// What a fetch told.
    pub(super) fn learn(&mut self, contact: &Contact, stamp: Timestamp) {
        let Contact { unionid, name, corp_name, avatar, kind, phone, .. } = contact.clone();
        let profile = Profile { unionid, name, corp_name, avatar, kind, phone };
        replace(&mut self.profile, &mut self.profile_at, profile, stamp);
        for record in &contact.follows {
            self.follow(record, stamp);
        }
        self.list(stamp);
    }

    /// A member serves him.
    pub(super) fn follow(&mut self, record: &FollowRecord, stamp: Timestamp) {
        self.follows.entry(record.userid.to_lowercase()).or_default().learn(record, stamp);
    }

    /// A member serves him no more.
    pub(super) fn unfollow(&mut self, userid: &str, by: EndedBy, stamp: Timestamp) {
        let follow = self.follows.entry(userid.to_lowercase()).or_default();
        let at = match by {
            EndedBy::Member => &mut follow.gone_at,
            EndedBy::Customer => &mut follow.lost_at,
        };
        *at = stamp.max(*at);
    }

    /// Everybody who served him then has been told.
    pub(super) fn list(&mut self, stamp: Timestamp) {
        self.listed_at = self.listed_at.max(stamp);
    }

    /// When everybody was last told.
    pub(crate) fn listed_at(&self) -> Timestamp {
        self.listed_at
    }

    fn follows(&self) -> Vec<Follow> {
        let there = self.follows.iter().filter(|(_userid, one)| one.is_there(self.listed_at));
        let follow = |(userid, one): (&String, &FollowShadow)| Follow {
            userid: userid.clone(),
            remark: one.notes.remark.clone(),
            tags: one.notes.tags.clone(),
            state: one.notes.state.clone(),
            since: one.since,
            is_lost: one.is_lost(),
        };
        there.map(follow).collect()
    }
}

/// Takes a record over, unless the one that stands there is newer. Of two with one stamp the
/// greater stays: arbitrary, and the same in every order.
fn replace<T: Ord>(record: &mut T, at: &mut Timestamp, new: T, stamp: Timestamp) {
    if (stamp, &new) > (*at, &*record) {
        (*record, *at) = (new, stamp);
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CustomerRow {
    pub(crate) id: i64,
    pub(crate) external_userid: String,
    /// 0 while the row is not in the database.
    pub(crate) version: i64,
    pub(crate) updated_at: Timestamp,
    pub(crate) shadow: CustomerShadow,
}

impl CustomerRow {
    /// The customer.
    pub(crate) fn customer(&self) -> Customer {
        let profile = self.shadow.profile.clone();
        let follows = self.shadow.follows();
        Customer {
            id: CustomerId(self.id),
            external_userid: self.external_userid.clone(),
            unionid: profile.unionid,
            name: profile.name,
            corp_name: profile.corp_name,
            avatar: profile.avatar,
            kind: profile.kind,
            phone: profile.phone,
            is_lost: !self.shadow.follows.is_empty() && follows.iter().all(|one| one.is_lost),
            follows,
            updated_at: self.updated_at,
        }
    }
}

/// Changes a customer, and makes him when he is new. True when that made him a lost one.
pub(super) fn change(
    conn: &mut Conn,
    ctx: &Ctx,
    external_userid: &str,
    change: impl FnOnce(&mut CustomerShadow),
) -> Result<bool> {
    let before = sql::customer::by_external(conn, external_userid)?;
    let mut row = match before.clone() {
        Some(row) => row,
        None => unheard_of(conn, ctx, external_userid)?,
    };
    change(&mut row.shadow);
    if before.as_ref() == Some(&row) {
        return Ok(false);
    }
    let was = before.as_ref().map(CustomerRow::customer);
    if was.as_ref() != Some(&row.customer()) {
        row.updated_at = ctx.now;
    }
    let is = row.customer();
    let userids = |customer: &Customer| -> Vec<String> {
        customer.follows.iter().map(|follow| follow.userid.clone()).collect()
    };
    sql::customer::save(conn, &row)?;
    if was.as_ref().map(userids).unwrap_or_default() != userids(&is) {
        sql::customer::set_followers(conn, is.id, &userids(&is))?;
    }
    Ok(is.is_lost && was.is_some_and(|customer| !customer.is_lost))
}

/// A customer of whom the last sync did not hear either.
fn unheard_of(conn: &mut Conn, ctx: &Ctx, external_userid: &str) -> Result<CustomerRow> {
    let mut shadow = CustomerShadow::default();
    shadow.list(sql::sweep::last(conn)?);
    Ok(CustomerRow {
        id: ctx.id(),
        external_userid: external_userid.to_owned(),
        version: 0,
        updated_at: ctx.now,
        shadow,
    })
}
