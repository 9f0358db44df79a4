//! The mirror of WeCom's address book. Each change comes with the stamp of when it was so: the
//! time of an event ([`event_stamp`]), or of the moment before a fetch began. Every field keeps
//! the stamp of its last change, so that the same changes in any order, once or twice, end in the
//! same members: a late event harms nothing, and a sync and the events during it can be mixed.

mod department;
mod member;
mod sheet;

use db::Conn;
use kernel::{Ctx, Result, Timestamp, time};

pub(crate) use department::DepartmentRow;
pub(crate) use member::MemberRow;

use self::sheet::Sheet;
use crate::{MemberStatus, sql};

/// How many rows one call of [`sweep`] settles: a transaction that holds up nobody.
pub const SWEEP_MAX: usize = 500;

/// What a change says about a member; what is `None` stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberPatch {
    /// The userid, spelt as WeCom spells it.
    pub userid: String,
    /// 姓名.
    pub name: Option<String>,
    /// Departments.
    pub departments: Option<Vec<i64>>,
    /// Those of them that he leads.
    pub is_leader_in: Option<Vec<i64>>,
    /// 主部门.
    pub main_department: Option<i64>,
    /// 直属上级, by userid.
    pub leaders: Option<Vec<String>>,
    /// 职务.
    pub position: Option<String>,
    /// The picture's URL.
    pub avatar: Option<String>,
    /// 手机.
    pub mobile: Option<String>,
    /// Whether he can work.
    pub status: Option<MemberStatus>,
    /// Whether he is in the app's visible range; a new member is, until we hear otherwise.
    pub visible: Option<bool>,
}

impl MemberPatch {
    /// A patch that says only that this member is there.
    pub fn new(userid: &str) -> Self {
        Self { userid: userid.to_owned(), ..Self::default() }
    }
}

/// What a change says about a department; what is `None` stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DepartmentPatch {
    /// WeCom's id.
    pub id: i64,
    /// 名称.
    pub name: Option<String>,
    /// The department above; 0 at the top.
    pub parent: Option<i64>,
    /// Its place among its sisters: the greater comes first.
    pub order: Option<i64>,
    /// 部门负责人, by userid.
    pub leaders: Option<Vec<String>>,
}

/// Everything that the app could see, fetched in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The moment before the fetch began.
    pub stamp: Timestamp,
    /// All departments.
    pub departments: Vec<DepartmentPatch>,
    /// All members.
    pub members: Vec<MemberPatch>,
}

/// What a sweep found to be gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Userids of members who left.
    pub left: Vec<String>,
    /// Departments that were dissolved.
    pub removed: Vec<i64>,
    /// Whether everything was looked at; if not, sweep again.
    pub is_whole: bool,
}

/// The stamp of an event. WeCom's `CreateTime` has whole seconds, and several events about one
/// member fall into one (`create_user`, `update_user`), so the arrival orders those.
pub fn event_stamp(created: Timestamp, arrived: Timestamp) -> Timestamp {
    let second = Timestamp::from_seconds(created.seconds());
    arrived.clamp(second, second.plus(time::SECOND - 1))
}

/// A member is there, and this is known about him.
///
/// # Errors
/// `db.clash` when somebody changed him meanwhile: the transaction is to be run again.
pub fn upsert_member(
    conn: &mut Conn,
    ctx: &Ctx,
    patch: &MemberPatch,
    stamp: Timestamp,
) -> Result<()> {
    upsert_members(conn, ctx, std::slice::from_ref(patch), stamp)
}

/// Many members are there: a page of a sync. A few hundred at once keep the transaction short.
///
/// # Errors
/// As [`upsert_member`].
pub fn upsert_members(
    conn: &mut Conn,
    ctx: &Ctx,
    patches: &[MemberPatch],
    stamp: Timestamp,
) -> Result<()> {
    let mut sheet = Sheet::load(conn, patches.iter().map(|patch| patch.userid.as_str()))?;
    for patch in patches {
        sheet.upsert(conn, ctx, patch, stamp)?;
    }
    sheet.save(conn, ctx).map(|_left| ())
}

/// A member cannot see the app any more (`unsubscribe`). It says nothing about whether he is there:
/// WeCom sends it right after `delete_user`, too.
///
/// # Errors
/// As [`upsert_member`].
pub fn hide_member(conn: &mut Conn, ctx: &Ctx, userid: &str, stamp: Timestamp) -> Result<()> {
    let mut sheet = Sheet::load(conn, [userid])?;
    sheet.hide(conn, ctx, userid, stamp)?;
    sheet.save(conn, ctx).map(|_left| ())
}

/// A member left the company. True when he was there before.
///
/// # Errors
/// As [`upsert_member`].
pub fn remove_member(conn: &mut Conn, ctx: &Ctx, userid: &str, stamp: Timestamp) -> Result<bool> {
    let mut sheet = Sheet::load(conn, [userid])?;
    sheet.remove(conn, ctx, userid, stamp)?;
    Ok(!sheet.save(conn, ctx)?.is_empty())
}

/// A member's userid changed. He is found by the old one as well from now on, and signs in anew.
///
/// # Errors
/// As [`upsert_member`].
pub fn rename_member(
    conn: &mut Conn,
    ctx: &Ctx,
    from: &str,
    to: &str,
    stamp: Timestamp,
) -> Result<()> {
    let mut sheet = Sheet::load(conn, [from, to])?;
    sheet.rename(conn, ctx, (from, to), stamp)?;
    sheet.save(conn, ctx)?;
    let (from, to) = (from.to_lowercase(), to.to_lowercase());
    if from != to {
        // The old userid may be given to somebody else, who must not be taken for him.
        sql::session::delete_of(conn, &from)?;
    }
    sql::profile::rename(conn, &from, &to)?;
    sql::position::rename(conn, &from, &to)?;
    sql::leave::rename(conn, &from, &to)
}

/// A department stands, and this is known about it.
///
/// # Errors
/// As [`upsert_member`].
pub fn upsert_department(
    conn: &mut Conn,
    ctx: &Ctx,
    patch: &DepartmentPatch,
    stamp: Timestamp,
) -> Result<()> {
    upsert_departments(conn, ctx, std::slice::from_ref(patch), stamp)
}

/// Many departments stand: a sync.
///
/// # Errors
/// As [`upsert_member`].
pub fn upsert_departments(
    conn: &mut Conn,
    ctx: &Ctx,
    patches: &[DepartmentPatch],
    stamp: Timestamp,
) -> Result<()> {
    let ids: Vec<_> = patches.iter().map(|patch| patch.id).collect();
    department::change(conn, ctx, &ids, |row| {
        for patch in patches.iter().filter(|patch| patch.id == row.id) {
            row.shadow.learn(patch, stamp);
        }
    })
    .map(|_removed| ())
}

/// A department was dissolved. True when it stood before.
///
/// # Errors
/// As [`upsert_member`].
pub fn remove_department(conn: &mut Conn, ctx: &Ctx, id: i64, stamp: Timestamp) -> Result<bool> {
    department::change(conn, ctx, &[id], |row| row.shadow.lose(stamp))
        .map(|removed| !removed.is_empty())
}

/// A whole sync in one transaction: for companies of some hundreds. Larger ones hand in their
/// pages ([`upsert_departments`], [`upsert_members`]) and then [`sweep`].
///
/// # Errors
/// As [`upsert_member`].
pub fn apply_snapshot(conn: &mut Conn, ctx: &Ctx, snapshot: &Snapshot) -> Result<Swept> {
    upsert_departments(conn, ctx, &snapshot.departments, snapshot.stamp)?;
    upsert_members(conn, ctx, &snapshot.members, snapshot.stamp)?;
    let mut all = Swept::default();
    while !all.is_whole {
        let some = sweep(conn, ctx, snapshot.stamp)?;
        all.left.extend(some.left);
        all.removed.extend(some.removed);
        all.is_whole = some.is_whole;
    }
    Ok(all)
}

/// After a full sync that began at `seen_since` and succeeded: who was not seen by it is gone.
///
/// # Errors
/// As [`upsert_member`].
pub fn sweep(conn: &mut Conn, ctx: &Ctx, seen_since: Timestamp) -> Result<Swept> {
    sql::sweep::raise(conn, seen_since)?;
    let userids = sql::member::unsettled(conn, seen_since, SWEEP_MAX)?;
    let mut sheet = Sheet::load(conn, userids.iter().map(String::as_str))?;
    sheet.settle(seen_since);
    let left = sheet.save(conn, ctx)?;
    let ids = sql::department::unsettled(conn, seen_since, SWEEP_MAX)?;
    let removed = department::change(conn, ctx, &ids, |row| row.shadow.lose(seen_since))?;
    let is_whole = userids.len() < SWEEP_MAX && ids.len() < SWEEP_MAX;
    Ok(Swept { left, removed, is_whole })
}
