//! The store of WeCom's access tokens that all replicas share. One of them fetches the next token
//! (a lease taken by compare-and-set), the others use it. A wrong secret bans fetching for a while:
//! the platform locks out who keeps asking. A token is never logged.

use db::Conn;
use kernel::{Result, Timestamp};
use wecom::{Ban, StoredToken};

use crate::sql;

/// The stored token of this key, however old.
pub fn load(conn: &mut Conn, key: &str) -> Result<Option<StoredToken>> {
    sql::wecom_token::load(conn, key)
}

/// Whether `holder` may fetch the token until `until`: nobody else's lease runs at `now`.
pub fn try_lease(
    conn: &mut Conn,
    key: &str,
    holder: i64,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    sql::wecom_token::try_lease(conn, key, holder, until, now)
}

/// Stores a fetched token and ends the lease and any ban. Without effect when the lease has passed
/// to another holder, so that a slow one cannot overwrite a newer token.
pub fn save(conn: &mut Conn, key: &str, token: &StoredToken, holder: i64) -> Result<()> {
    sql::wecom_token::save(conn, key, token, holder)
}

/// Forgets a token that WeCom refused, unless another replica has replaced it already.
pub fn forget(conn: &mut Conn, key: &str, failed: &str) -> Result<()> {
    sql::wecom_token::forget(conn, key, failed)
}

/// Lets nobody fetch a token until `until`.
pub fn ban(conn: &mut Conn, key: &str, until: Timestamp, reason: &str) -> Result<()> {
    sql::wecom_token::ban(conn, key, until, reason)
}

/// The ban that holds at `now`.
pub fn banned(conn: &mut Conn, key: &str, now: Timestamp) -> Result<Option<Ban>> {
    Ok(sql::wecom_token::banned(conn, key)?.filter(|ban| now < ban.until))
}
