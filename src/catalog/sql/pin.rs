//! Which templates a member keeps at the top.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Result, Timestamp};

use crate::schema::catalog_pin as p;

pub(crate) fn put(conn: &mut Conn, userid: &str, key: &str, now: Timestamp) -> Result<()> {
    let row = (p::userid.eq(userid), p::template_key.eq(key), p::created_at.eq(now.0));
    db::insert_ignore!(conn, p::table, row).map(|_new| ())
}

pub(crate) fn drop(conn: &mut Conn, userid: &str, key: &str) -> Result<()> {
    let row = p::table.find((userid, key));
    diesel::delete(row).execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn list(conn: &mut Conn, userid: &str) -> Result<Vec<String>> {
    let rows = p::table.filter(p::userid.eq(userid));
    let rows = rows.order((p::created_at.desc(), p::template_key.asc()));
    rows.select(p::template_key).load(conn).or_db()
}
