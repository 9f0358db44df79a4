//! Handling groups.

use db::{Conn, OrDb as _, upsert};
use diesel::prelude::*;
use kernel::{Result, Timestamp};

use crate::{Group, list, schema::org_handling_group as g};

type Stored = (String, String, String);

fn read((key, name, members): Stored) -> Group {
    Group { key, name, members: list::split(&members) }
}

pub(crate) fn find(conn: &mut Conn, key: &str) -> Result<Option<Group>> {
    let stored = g::table.find(key).select((g::slug, g::name, g::members));
    Ok(stored.first::<Stored>(conn).optional().or_db()?.map(read))
}

pub(crate) fn all(conn: &mut Conn) -> Result<Vec<Group>> {
    let stored = g::table.order(g::slug).select((g::slug, g::name, g::members));
    Ok(stored.load::<Stored>(conn).or_db()?.into_iter().map(read).collect())
}

pub(crate) fn put(conn: &mut Conn, group: &Group, now: Timestamp) -> Result<()> {
    let members = list::join(&group.members);
    let changes = (g::name.eq(&group.name), g::members.eq(&members), g::updated_at.eq(now.0));
    upsert!(conn, g::table, g::slug, (g::slug.eq(&group.key), changes), changes)
}

pub(crate) fn delete(conn: &mut Conn, key: &str) -> Result<bool> {
    Ok(diesel::delete(g::table.find(key)).execute(conn).or_db()? > 0)
}
