//! The mirror of WeCom's customers and groups. What comes in has the stamp of when it was so: the
//! time of an event, or of the moment before a fetch began. The same changes in any order, once or
//! twice, end in the same customers: records are replaced by newer ones only, and whether somebody
//! serves a customer follows from the latest times at which he did and did not.

mod customer;
mod group;

use db::Conn;
use kernel::{Ctx, Result, Timestamp};

pub(crate) use customer::CustomerRow;
pub(crate) use group::GroupRow;

use crate::{CustomerKind, sql};

/// How many rows one call of [`sweep`] settles: a transaction that holds up nobody.
pub const SWEEP_MAX: usize = 500;

/// What WeCom knows about a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    /// The external_userid.
    pub external_userid: String,
    /// The unionid; empty when WeCom does not tell it.
    pub unionid: String,
    /// What he calls himself.
    pub name: String,
    /// His company, when he uses WeCom.
    pub corp_name: String,
    /// The picture's URL.
    pub avatar: String,
    /// From where he talks.
    pub kind: CustomerKind,
    /// A telephone number that a member noted.
    pub phone: String,
    /// Everybody who serves him.
    pub follows: Vec<FollowRecord>,
}

/// What WeCom knows about a member who serves a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FollowRecord {
    /// The member.
    pub userid: String,
    /// 备注.
    pub remark: String,
    /// The names of the tags.
    pub tags: Vec<String>,
    /// The mark of the channel.
    pub state: String,
    /// Since when: `createtime`, or the time of the event that says that they met. A later one
    /// than before ends a loss; 0 when unknown.
    pub since: Timestamp,
}

/// What WeCom knows about a customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRecord {
    /// WeCom's id.
    pub chat_id: String,
    /// Its name.
    pub name: String,
    /// The member who owns it.
    pub owner: String,
    /// Userids and external_userids of those in it.
    pub members: Vec<String>,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The member deleted the customer (`del_external_contact`).
    Member,
    /// The customer deleted the member (`del_follow_user`).
    Customer,
}

/// Everything that the app could see, fetched in one go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The moment before the fetch began.
    pub stamp: Timestamp,
    /// All customers.
    pub customers: Vec<Contact>,
    /// All groups.
    pub groups: Vec<GroupRecord>,
}

/// What a sweep found to be gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// External_userids of customers who are lost.
    pub lost: Vec<String>,
    /// Groups that were dissolved.
    pub dismissed: Vec<String>,
    /// Whether everything was looked at; if not, sweep again.
    pub is_whole: bool,
}

/// What a fetch told about a customer, with everybody who serves him: who is not among
/// `contact.follows` did not, at that time.
///
/// # Errors
/// `db.clash` when somebody changed him meanwhile: the transaction is to be run again.
pub fn upsert_contact(
    conn: &mut Conn,
    ctx: &Ctx,
    contact: &Contact,
    stamp: Timestamp,
) -> Result<()> {
    customer::change(conn, ctx, &contact.external_userid, |shadow| shadow.learn(contact, stamp))
        .map(|_is_lost| ())
}

/// A member serves a customer (`add_external_contact`, `add_half_external_contact`,
/// `edit_external_contact`), and this is known about it. Makes the customer when he is new. The
/// record replaces the one before: an event knows neither remark nor tags, so where those matter
/// fetch the customer and [`upsert_contact`].
///
/// # Errors
/// As [`upsert_contact`].
pub fn put_follow(
    conn: &mut Conn,
    ctx: &Ctx,
    external_userid: &str,
    record: &FollowRecord,
    stamp: Timestamp,
) -> Result<()> {
    customer::change(conn, ctx, external_userid, |shadow| shadow.follow(record, stamp))
        .map(|_is_lost| ())
}

/// A member serves a customer no more. True when that made the customer a lost one.
///
/// # Errors
/// As [`upsert_contact`].
pub fn remove_follow(
    conn: &mut Conn,
    ctx: &Ctx,
    (external_userid, userid): (&str, &str),
    by: EndedBy,
    stamp: Timestamp,
) -> Result<bool> {
    customer::change(conn, ctx, external_userid, |shadow| shadow.unfollow(userid, by, stamp))
}

/// A group stands, and this is known about it.
///
/// # Errors
/// As [`upsert_contact`].
pub fn upsert_group(
    conn: &mut Conn,
    ctx: &Ctx,
    record: &GroupRecord,
    stamp: Timestamp,
) -> Result<()> {
    group::change(conn, ctx, &record.chat_id, |shadow| shadow.learn(record, stamp))
        .map(|_is_dismissed| ())
}

/// A group was dissolved. True when it stood before.
///
/// # Errors
/// As [`upsert_contact`].
pub fn dismiss_group(conn: &mut Conn, ctx: &Ctx, chat_id: &str, stamp: Timestamp) -> Result<bool> {
    group::change(conn, ctx, chat_id, |shadow| shadow.lose(stamp))
}

/// A whole sync in one transaction: for some hundreds of customers. Larger ones hand in their
/// pages ([`upsert_contact`], [`upsert_group`]) and then [`sweep`].
///
/// # Errors
/// As [`upsert_contact`].
pub fn apply_snapshot(conn: &mut Conn, ctx: &Ctx, snapshot: &Snapshot) -> Result<Swept> {
    for contact in &snapshot.customers {
        upsert_contact(conn, ctx, contact, snapshot.stamp)?;
    }
    for record in &snapshot.groups {
        upsert_group(conn, ctx, record, snapshot.stamp)?;
    }
    let mut all = Swept::default();
    while !all.is_whole {
        let some = sweep(conn, ctx, snapshot.stamp)?;
        all.lost.extend(some.lost);
        all.dismissed.extend(some.dismissed);
        all.is_whole = some.is_whole;
    }
    Ok(all)
}

/// After a full sync that began at `seen_since` and succeeded: nobody serves the customers whom it
/// did not see, and the groups that it did not see stand no more.
///
/// # Errors
/// As [`upsert_contact`].
pub fn sweep(conn: &mut Conn, ctx: &Ctx, seen_since: Timestamp) -> Result<Swept> {
    sql::sweep::raise(conn, seen_since)?;
    let customers = sql::customer::unlisted(conn, seen_since, SWEEP_MAX)?;
    let groups = sql::group::unsettled(conn, seen_since, SWEEP_MAX)?;
    let is_whole = customers.len() < SWEEP_MAX && groups.len() < SWEEP_MAX;
    let mut swept = Swept { is_whole, ..Swept::default() };
    for external_userid in customers {
        if customer::change(conn, ctx, &external_userid, |shadow| shadow.list(seen_since))? {
            swept.lost.push(external_userid);
        }
    }
    for chat_id in groups {
        if group::change(conn, ctx, &chat_id, |shadow| shadow.lose(seen_since))? {
            swept.dismissed.push(chat_id);
        }
    }
    Ok(swept)
}
