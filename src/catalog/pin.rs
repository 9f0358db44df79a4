//! The templates that a member keeps at the top.

use db::Conn;
use kernel::{Ctx, Error, Result};

use crate::{Catalog, sql::pin as sql};

/// The most templates that one member keeps at the top.
const MOST: usize = 50;

/// Keeps a template at the top; a second time changes nothing.
///
/// # Errors
/// `template.not_found`; `field_invalid` when there are too many; the database's.
pub fn put(conn: &mut Conn, ctx: &Ctx, catalog: &Catalog, userid: &str, key: &str) -> Result<()> {
    catalog.find_newest(conn, key)?;
    let pinned = list(conn, userid)?;
    if pinned.iter().any(|one| one == key) {
        return Ok(());
    }
    if pinned.len() >= MOST {
        let detail = format!("最多置顶 {MOST} 个模板，请先取消一些");
        return Err(Error::field("key", "too_many", detail));
    }
    sql::put(conn, userid, key, ctx.now)
}

/// Keeps it there no more; what was not there stays so.
///
/// # Errors
/// The database's.
pub fn drop(conn: &mut Conn, userid: &str, key: &str) -> Result<()> {
    sql::drop(conn, userid, key)
}

/// The templates that a member keeps at the top, those first that he put there last.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, userid: &str) -> Result<Vec<String>> {
    sql::list(conn, userid)
}
