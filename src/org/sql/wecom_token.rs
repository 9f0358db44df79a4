//! WeCom's access tokens.

use db::{Conn, OrDb as _, insert_ignore};
use diesel::prelude::*;
use kernel::{Result, Timestamp, text};
use wecom::{Ban, StoredToken};

use crate::schema::org_wecom_token as w;

/// Characters of a ban's reason.
const REASON_MAX: usize = 500;
/// The holder of no lease; holders are ids, which are greater.
const NOBODY: i64 = 0;

/// Makes sure that there is a row to change.
fn make(conn: &mut Conn, key: &str) -> Result<()> {
    let row = (
        w::slug.eq(key),
        w::secret_token.eq(""),
        w::expires_at.eq(0),
        w::lease_holder.eq(NOBODY),
        w::lease_until.eq(0),
        w::banned_until.eq(0),
        w::ban_reason.eq(""),
    );
    insert_ignore!(conn, w::table, row).map(|_rows| ())
}

pub(crate) fn load(conn: &mut Conn, key: &str) -> Result<Option<StoredToken>> {
    let query = w::table.filter(w::slug.eq(key).and(w::secret_token.ne("")));
    let found = query.select((w::secret_token, w::expires_at)).first::<(String, i64)>(conn);
    Ok(found
        .optional()
        .or_db()?
        .map(|(token, expires_at)| StoredToken { token, expires_at: Timestamp(expires_at) }))
}

pub(crate) fn try_lease(
    conn: &mut Conn,
    key: &str,
    holder: i64,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    make(conn, key)?;
    let free = w::lease_until.le(now.0).or(w::lease_holder.eq(holder));
    diesel::update(w::table.filter(w::slug.eq(key)).filter(free))
        .set((w::lease_holder.eq(holder), w::lease_until.eq(until.0)))
        .execute(conn)
        .map(|rows| rows == 1)
        .or_db()
}

pub(crate) fn save(conn: &mut Conn, key: &str, token: &StoredToken, holder: i64) -> Result<()> {
    diesel::update(w::table.filter(w::slug.eq(key).and(w::lease_holder.eq(holder))))
        .set((
            w::secret_token.eq(&token.token),
            w::expires_at.eq(token.expires_at.0),
            w::lease_holder.eq(NOBODY),
            w::lease_until.eq(0),
            w::banned_until.eq(0),
            w::ban_reason.eq(""),
        ))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

pub(crate) fn forget(conn: &mut Conn, key: &str, failed: &str) -> Result<()> {
    diesel::update(w::table.filter(w::slug.eq(key).and(w::secret_token.eq(failed))))
        .set((w::secret_token.eq(""), w::expires_at.eq(0)))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

pub(crate) fn ban(conn: &mut Conn, key: &str, until: Timestamp, reason: &str) -> Result<()> {
    make(conn, key)?;
    let reason = text::cut_chars(&text::clean(reason), REASON_MAX);
    diesel::update(w::table.find(key))
        .set((
            w::banned_until.eq(until.0),
            w::ban_reason.eq(reason),
            w::lease_holder.eq(NOBODY),
            w::lease_until.eq(0),
        ))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

pub(crate) fn banned(conn: &mut Conn, key: &str) -> Result<Option<Ban>> {
    let query = w::table.find(key).select((w::banned_until, w::ban_reason));
    let found = query.first::<(i64, String)>(conn).optional().or_db()?;
    Ok(found.map(|(until, reason)| Ban { until: Timestamp(until), reason }))
}
