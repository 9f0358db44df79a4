//! The members that one change touches: loaded at once, changed in memory, saved by version.

use std::collections::{BTreeMap, btree_map::Entry};

use db::Conn;
use kernel::{Ctx, Result, Timestamp};
use serde_json::json;

use super::{
    MemberPatch,
    member::{MemberRow, MemberShadow},
};
use crate::{Member, MemberStatus, audit, profile, session::may_sign_in, sql};

/// Rows by userid. Saved in the order of the userids, so that two sheets never wait for each
/// other crosswise.
pub(super) struct Sheet {
    before: BTreeMap<String, MemberRow>,
    rows: BTreeMap<String, MemberRow>,
}

impl Sheet {
    /// The rows of these userids, as far as there are any.
    pub(super) fn load<'a>(
        conn: &mut Conn,
        userids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self> {
        let userids: Vec<_> = userids.into_iter().map(str::to_lowercase).collect();
        let before = sql::member::by_userids(conn, &userids)?;
        Ok(Self { rows: before.clone(), before })
    }

    /// What is known about a member.
    pub(super) fn upsert(
        &mut self,
        conn: &mut Conn,
        ctx: &Ctx,
        patch: &MemberPatch,
        stamp: Timestamp,
    ) -> Result<()> {
        let named = patch.userid.to_lowercase();
        let owner = self.owner(conn, ctx, &named, stamp)?;
        let shadow = self.shadow(conn, ctx, &owner)?;
        if owner == named {
            shadow.spell(&patch.userid, stamp);
        }
        shadow.learn(patch, stamp);
        Ok(())
    }

    /// A member cannot see the app.
    pub(super) fn hide(
        &mut self,
        conn: &mut Conn,
        ctx: &Ctx,
        userid: &str,
        stamp: Timestamp,
    ) -> Result<()> {
        let owner = self.owner(conn, ctx, &userid.to_lowercase(), stamp)?;
        self.shadow(conn, ctx, &owner)?.hide(stamp);
        Ok(())
    }

    /// A member left.
    pub(super) fn remove(
        &mut self,
        conn: &mut Conn,
        ctx: &Ctx,
        userid: &str,
        stamp: Timestamp,
    ) -> Result<()> {
        let owner = self.owner(conn, ctx, &userid.to_lowercase(), stamp)?;
        self.shadow(conn, ctx, &owner)?.lose(stamp);
        Ok(())
    }

    /// A userid became another one.
    pub(super) fn rename(
        &mut self,
        conn: &mut Conn,
        ctx: &Ctx,
        (from, to): (&str, &str),
        stamp: Timestamp,
    ) -> Result<()> {
        let (old, new) = (from.to_lowercase(), to.to_lowercase());
        if old == new {
            return self.upsert(conn, ctx, &MemberPatch::new(to), stamp);
        }
        let owner = self.owner(conn, ctx, &new, stamp)?;
        if owner != old {
            let mut left = std::mem::take(self.shadow(conn, ctx, &old)?);
            left.rename(self.shadow(conn, ctx, &owner)?, &new, stamp);
            *self.shadow(conn, ctx, &old)? = left;
        }
        self.upsert(conn, ctx, &MemberPatch::new(to), stamp)
    }

    /// Nobody on the sheet was seen by the sync that began at `seen_since`.
    pub(super) fn settle(&mut self, seen_since: Timestamp) {
        for row in self.rows.values_mut() {
            row.shadow.lose(seen_since);
        }
    }

    /// Saves what changed, and ends the sessions of those who may not sign in any more. Gives the
    /// userids of those who were there and are no more; what they might do here went with them.
    pub(super) fn save(self, conn: &mut Conn, ctx: &Ctx) -> Result<Vec<String>> {
        let mut left = Vec::new();
        for (userid, mut row) in self.rows {
            let before = self.before.get(&userid);
            if before == Some(&row) {
                continue;
            }
            let (was, is) = (before.and_then(MemberRow::member), row.member());
            if was != is || before.is_none() {
                row.updated_at = ctx.now;
            }
            sql::member::save(conn, &row)?;
            let may = |member: Option<&Member>| member.is_some_and(may_sign_in);
            if may(was.as_ref()) && !may(is.as_ref()) {
                sql::session::delete_of(conn, &userid)?;
            }
            if is_here(was.as_ref()) && is.is_some() && !is_here(is.as_ref()) {
                // Whoever is given this userid next begins with nothing.
                clear_roles(conn, ctx, &userid)?;
                left.push(userid);
            }
        }
        Ok(left)
    }

    /// Under which userid a change that was so at `stamp` belongs now.
    fn owner(
        &mut self,
        conn: &mut Conn,
        ctx: &Ctx,
        userid: &str,
        stamp: Timestamp,
    ) -> Result<String> {
        let mut userid = userid.to_owned();
        for _ in 0..MemberRow::RENAMINGS_MAX {
            match self.shadow(conn, ctx, &userid)?.successor(stamp) {
                Some(next) => userid = next.to_owned(),
                None => break,
            }
        }
        Ok(userid)
    }

    /// The shadow of a userid, loaded or made when it is not on the sheet yet.
    fn shadow(&mut self, conn: &mut Conn, ctx: &Ctx, userid: &str) -> Result<&mut MemberShadow> {
        let row = match self.rows.entry(userid.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let stored = sql::member::by_userids(conn, &[userid.to_owned()])?.remove(userid);
                if let Some(row) = &stored {
                    self.before.insert(userid.to_owned(), row.clone());
                }
                entry.insert(match stored {
                    Some(row) => row,
                    None => MemberRow {
                        id: ctx.id(),
                        userid: userid.to_owned(),
                        version: 0,
                        updated_at: ctx.now,
                        shadow: MemberShadow::unseen(sql::sweep::last(conn)?),
                    },
                })
            }
        };
        Ok(&mut row.shadow)
    }
}

/// Takes the roles of a member who left, and writes down which they were.
fn clear_roles(conn: &mut Conn, ctx: &Ctx, userid: &str) -> Result<()> {
    let mut profile = profile(conn, userid)?;
    if profile.roles.is_empty() {
        return Ok(());
    }
    let roles = std::mem::take(&mut profile.roles);
    sql::profile::put(conn, userid, &profile, ctx.now)?;
    let subject = format!("member:{userid}");
    audit(conn, ctx, "profile.roles_cleared", &subject, &json!({ "roles": roles }))
}

fn is_here(member: Option<&Member>) -> bool {
    member.is_some_and(|member| member.status != MemberStatus::Left)
}
