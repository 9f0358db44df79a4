//! Which templates somebody may make tickets from, those first that he is likely to want.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use catalog::{Published, User, Visible};
use db::Conn;
use kernel::{Actor, Ctx, Error, Kind, Micros, Result, Timestamp, time};
use serde::Serialize;

use crate::{
    act::Setup,
    sql::uses::{self as sql, Used},
};

/// What everybody used counts so long: what was the fashion once is none.
const LATELY: Micros = 90 * time::DAY;

/// A template that somebody may use.
#[derive(Clone, Debug, Serialize)]
pub struct Offered {
    /// Its key.
    pub key: String,
    /// Its newest version.
    pub version: u32,
    /// What people read.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The heading that it is listed under.
    pub category: String,
    /// How often he used it.
    pub uses: i64,
    /// When he last did.
    pub last_used_at: Option<Timestamp>,
    /// Whether he keeps it at the top.
    pub is_pinned: bool,
}

/// The templates that a member may use by an entry, by any when none is named. First those that he
/// uses most for this customer, then those that he uses most, then those that everybody does.
///
/// # Errors
/// The database's.
pub fn offered(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    userid: &str,
    (entry, customer): (Option<&str>, Option<&str>),
) -> Result<Vec<Offered>> {
    let mut all = setup.catalog.list();
    keep_visible(conn, userid, entry, &mut all)?;
    let own = sql::by(conn, userid, None)?;
    let for_him = match customer {
        None => BTreeMap::new(),
        Some(customer) => sql::by(conn, userid, Some(customer))?,
    };
    let lately = sql::by_all(conn, ctx.now.plus(-LATELY))?;
    let pinned = catalog::pin::list(conn, userid)?;
    let many = |uses: &BTreeMap<String, Used>, key: &str| uses.get(key).map_or(0, |one| one.many);
    all.sort_by_cached_key(|one| {
        let key = one.key.as_str();
        let common = lately.get(key).copied().unwrap_or_default();
        Reverse((many(&for_him, key), many(&own, key), common))
    });
    let offer = |one: &Arc<Published>| Offered {
        key: one.key.clone(),
        version: one.version,
        name: one.name.clone(),
        description: one.description.clone(),
        category: one.category.clone(),
        uses: many(&own, &one.key),
        last_used_at: own.get(&one.key).map(|used| used.last_at),
        is_pinned: pinned.contains(&one.key),
    };
    Ok(all.iter().map(offer).collect())
}

/// Leaves of these templates those that a member may use by an entry.
///
/// # Errors
/// The database's.
pub fn keep_visible(
    conn: &mut Conn,
    userid: &str,
    entry: Option<&str>,
    all: &mut Vec<Arc<Published>>,
) -> Result<()> {
    if all.iter().all(|one| one.visible.is_none()) {
        return Ok(());
    }
    let user = user(conn, userid)?;
    let may = |one: &Visible| one.is_for(&user) && entry.is_none_or(|entry| one.is_at(entry));
    all.retain(|one| one.visible.as_ref().is_none_or(may));
    Ok(())
}

/// Whether somebody may make a ticket from a template by an entry. Programs, customers and the
/// service itself are not asked who they are, but by which entry.
///
/// # Errors
/// `template.not_yours`; the database's.
pub(crate) fn check(
    conn: &mut Conn,
    actor: &Actor,
    template: &Published,
    entry: &str,
) -> Result<()> {
    let Some(visible) = &template.visible else { return Ok(()) };
    let is_his = match actor {
        Actor::Member { userid } => visible.is_for(&user(conn, userid)?),
        Actor::Token { .. } | Actor::System | Actor::Customer { .. } => true,
    };
    if is_his && visible.is_at(entry) {
        return Ok(());
    }
    let why = if is_his { "不能从这个入口使用" } else { "没有对您开放" };
    let detail = format!("模板「{}」{why}，请换一个模板，或联系管理员", template.name);
    Err(Error::new(Kind::Forbidden, "template.not_yours", detail))
}

/// A member as visibility asks for him.
fn user(conn: &mut Conn, userid: &str) -> Result<User> {
    let Some(member) = org::find_member(conn, userid)? else {
        return Ok(User { userid: userid.to_owned(), ..User::default() });
    };
    let parents: BTreeMap<_, _> =
        org::list_departments(conn)?.into_iter().map(|one| (one.id, one.parent)).collect();
    let mut departments = member.departments.clone();
    let mut at = 0;
    while let Some(id) = departments.get(at).copied() {
        let above = parents.get(&id).copied().flatten();
        departments.extend(above.filter(|above| !departments.contains(above)));
        at += 1;
    }
    let roles = org::profile(conn, &member.userid)?.roles;
    Ok(User { userid: member.userid, roles, departments })
}
