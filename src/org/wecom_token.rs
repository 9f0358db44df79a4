//! The store of WeCom's access tokens that all replicas share. One of them fetches the next token
//! (a lease taken by compare-and-set), the others use it. A wrong secret bans fetching for a while:
//! the platform locks out who keeps asking. A token is never logged.

use std::fmt;

use db::Conn;
use kernel::{Result, Timestamp};

use crate::sql;

/// An access token and when it ends.
#[derive(Clone, PartialEq, Eq)]
pub struct WecomToken {
    /// The token: a secret.
    pub secret_token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl fmt::Debug for WecomToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "WecomToken(*** until {})", self.expires_at)
    }
}

/// Until when, and why, no token may be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// When fetching may be tried again.
    pub until: Timestamp,
    /// What the platform said.
    pub reason: String,
}

/// The stored token of an app, which may have ended.
pub fn load(conn: &mut Conn, key: &str) -> Result<Option<WecomToken>> {
    sql::wecom_token::load(conn, key)
}

/// Whether `holder` may fetch the next token until `until`: nobody else's lease runs.
pub fn lease(
    conn: &mut Conn,
    key: &str,
    holder: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    sql::wecom_token::lease(conn, key, holder, until, now)
}

/// Stores a fetched token and ends the lease and any ban. A token that ends before the stored one
/// does not replace it: it was fetched by a holder who had been too slow.
pub fn save(conn: &mut Conn, key: &str, token: &WecomToken) -> Result<()> {
    sql::wecom_token::save(conn, key, token)
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
