//! Who may see a customer, and who a group: asked before anything of theirs is shown, and before a
//! member raises a ticket in their name.

use std::collections::{BTreeMap, BTreeSet};

use customer::{ChatGroup, Customer};
use db::Conn;
use kernel::{Actor, Error, Kind, Result};
use org::Member;

use crate::sql;

/// The role whose members see every customer.
const ADMIN: &str = "admin";
/// The most departments above one another.
const LEVELS_MAX: usize = 50;

/// How close somebody is to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closeness {
    /// A stranger.
    None,
    /// He may see him.
    Related,
    /// He serves him.
    Follower,
}

/// How close an actor is to a customer. A member is, when he serves him, leads one who does, has a
/// part in a ticket of his, or is an administrator.
///
/// # Errors
/// The database's.
pub fn closeness(conn: &mut Conn, actor: &Actor, customer: &Customer) -> Result<Closeness> {
    let userid = match actor {
        Actor::Member { userid } => userid,
        Actor::Customer { external_userid } if *external_userid == customer.external_userid => {
            return Ok(Closeness::Related);
        }
        Actor::Customer { .. } => return Ok(Closeness::None),
        Actor::Token { .. } | Actor::System => return Ok(Closeness::Follower),
    };
    if customer.follows.iter().any(|follow| follow.userid == *userid) {
        return Ok(Closeness::Follower);
    }
    let is_related = sql::refer::is_in_ticket_of(conn, &customer.external_userid, userid)?
        || is_admin(conn, userid)?
        || leads(conn, userid, customer.follows.iter().map(|one| one.userid.clone()))?;
    Ok(if is_related { Closeness::Related } else { Closeness::None })
}

/// Whether an actor may see a group: who is in it, leads its owner or is an administrator.
///
/// # Errors
/// The database's.
pub fn may_see_group(conn: &mut Conn, actor: &Actor, group: &ChatGroup) -> Result<bool> {
    let userid = match actor {
        Actor::Member { userid } => userid,
        Actor::Customer { .. } => return Ok(false),
        Actor::Token { .. } | Actor::System => return Ok(true),
    };
    Ok(is_in(group, userid)
        || is_admin(conn, userid)?
        || leads(conn, userid, std::iter::once(group.owner.clone()))?)
}

/// The customer of a ticket that is to be raised, when there is one and the actor may.
///
/// # Errors
/// `customer.not_yours`, `chat.not_yours`.
pub(crate) fn check(
    conn: &mut Conn,
    actor: &Actor,
    customer: Option<&str>,
    chat_id: Option<&str>,
) -> Result<()> {
    let Actor::Member { .. } = actor else { return Ok(()) };
    let group = chat_id.map(|id| customer::find_group(conn, id)).transpose()?.flatten();
    if let Some(group) = &group
        && !may_see_group(conn, actor, group)?
    {
        return Err(not_your_group());
    }
    let Some(external_userid) = customer else { return Ok(()) };
    // Who talks in a group with a customer may raise a ticket there for him.
    let together = |group: &ChatGroup| {
        actor.userid().is_some_and(|userid| is_in(group, userid)) && is_in(group, external_userid)
    };
    if group.as_ref().is_some_and(together) {
        return Ok(());
    }
    let found = customer::find_by_external(conn, external_userid)?;
    let closeness = found.map_or(Ok(Closeness::None), |one| closeness(conn, actor, &one))?;
    if closeness == Closeness::None { Err(not_yours()) } else { Ok(()) }
}

/// Whether somebody is in a group that still stands.
pub fn is_in(group: &ChatGroup, id: &str) -> bool {
    !group.dismissed && (group.owner == id || group.members.iter().any(|one| one == id))
}

/// That a customer is not the actor's to see; also when there is none such.
pub fn not_yours() -> Error {
    let detail = "这位客户不是您跟进的，您也没有他的工单；请让跟进人把工单转给您，\
                  刚添加的客户请稍后再试";
    Error::new(Kind::Forbidden, "customer.not_yours", detail)
}

/// That a group is not the actor's to see; also when there is none such.
pub fn not_your_group() -> Error {
    let detail = "您不在这个客户群里；刚进群的请稍后再试";
    Error::new(Kind::Forbidden, "chat.not_yours", detail)
}

fn is_admin(conn: &mut Conn, userid: &str) -> Result<bool> {
    Ok(org::profile(conn, userid)?.roles.iter().any(|role| role == ADMIN))
}

/// Whether a member is above one of these: his superior, or the head of his department or of one
/// above it.
fn leads(conn: &mut Conn, userid: &str, of: impl Iterator<Item = String>) -> Result<bool> {
    let userids: Vec<_> = of.filter(|one| !one.is_empty()).collect();
    if userids.is_empty() {
        return Ok(false);
    }
    let members: Vec<Member> = org::members_by_ids(conn, &userids)?.into_values().collect();
    if members.iter().any(|one| one.leaders.iter().any(|leader| leader == userid)) {
        return Ok(true);
    }
    let all = org::list_departments(conn)?;
    let all: BTreeMap<i64, _> = all.into_iter().map(|one| (one.id, one)).collect();
    let mut ids: BTreeSet<i64> =
        members.iter().flat_map(|one| one.departments.iter().copied()).collect();
    for _ in 0..LEVELS_MAX {
        let here: Vec<_> = ids.iter().filter_map(|id| all.get(id)).collect();
        if here.iter().any(|one| one.leaders.iter().any(|leader| leader == userid)) {
            return Ok(true);
        }
        let above: BTreeSet<_> = here.iter().filter_map(|one| one.parent).collect();
        if above.is_empty() {
            break;
        }
        ids = above;
    }
    Ok(false)
}
