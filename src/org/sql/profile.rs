//! What members do here.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _, contains_pattern, upsert};
use diesel::prelude::*;
use kernel::{Result, Timestamp};

use super::{CHUNK, from_json, to_json};
use crate::{Profile, list, schema::org_profile as p};

pub(crate) fn by_userids(conn: &mut Conn, userids: &[String]) -> Result<BTreeMap<String, Profile>> {
    let mut found = BTreeMap::new();
    for chunk in userids.chunks(CHUNK) {
        let rows = p::table.filter(p::userid.eq_any(chunk)).select((p::userid, p::body));
        for (userid, body) in rows.load::<(String, String)>(conn).or_db()? {
            found.insert(userid, from_json(&body, "org_profile.body")?);
        }
    }
    Ok(found)
}

pub(crate) fn with_role(conn: &mut Conn, key: &str) -> Result<Vec<String>> {
    let has = p::roles.like(contains_pattern(&list::entry(key))).escape('\\');
    p::table.filter(has).order(p::userid).select(p::userid).load(conn).or_db()
}

pub(crate) fn put(conn: &mut Conn, userid: &str, profile: &Profile, now: Timestamp) -> Result<()> {
    let (roles, body) = (list::join(&profile.roles), to_json(profile)?);
    let changes = (p::roles.eq(&roles), p::body.eq(&body), p::updated_at.eq(now.0));
    upsert!(conn, p::table, p::userid, (p::userid.eq(userid), changes), changes)
}

/// A member's userid changed: what was said of him holds for the new one, unless something was
/// said of that already. The old one stands for nobody.
pub(crate) fn rename(conn: &mut Conn, from: &str, to: &str) -> Result<()> {
    if from == to {
        return Ok(());
    }
    if p::table.find(to).count().get_result::<i64>(conn).or_db()? > 0 {
        return diesel::delete(p::table.find(from)).execute(conn).map(|_rows| ()).or_db();
    }
    let row = diesel::update(p::table.find(from)).set(p::userid.eq(to));
    row.execute(conn).map(|_rows| ()).or_db()
}
