//! API tokens.

use std::collections::BTreeSet;

use db::{Conn, OrDb as _};
use diesel::prelude::*;
use kernel::{Result, Timestamp, TokenId};

use super::{CHUNK, from_json, to_json};
use crate::{Scope, Token, list, schema::org_token as t};

#[derive(Queryable, Insertable)]
#[diesel(table_name = t)]
struct Stored {
    id: i64,
    name: String,
    secret_sha256: String,
    scopes: String,
    created_by: String,
    created_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl Stored {
    fn read(self) -> Result<Token> {
        Ok(Token {
            id: TokenId(self.id),
            name: self.name,
            // A scope that this build does not know yet (or no more) allows nothing.
            scopes: list::split(&self.scopes)
                .iter()
                .filter_map(|scope| scope.parse::<Scope>().ok())
                .collect(),
            created_by: from_json(&self.created_by, "org_token.created_by")?,
            created_at: Timestamp(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp),
            revoked_at: self.revoked_at.map(Timestamp),
        })
    }
}

pub(crate) fn insert(conn: &mut Conn, token: &Token, secret_sha256: &str) -> Result<()> {
    let stored = Stored {
        id: token.id.0,
        name: token.name.clone(),
        secret_sha256: secret_sha256.to_owned(),
        scopes: list::join(&token.scopes),
        created_by: to_json(&token.created_by)?,
        created_at: token.created_at.0,
        last_used_at: None,
        revoked_at: None,
    };
    diesel::insert_into(t::table).values(&stored).execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn by_digest(conn: &mut Conn, secret_sha256: &str) -> Result<Option<Token>> {
    let query = t::table.filter(t::secret_sha256.eq(secret_sha256));
    query.first::<Stored>(conn).optional().or_db()?.map(Stored::read).transpose()
}

pub(crate) fn touch(
    conn: &mut Conn,
    id: TokenId,
    now: Timestamp,
    unless_since: Timestamp,
) -> Result<()> {
    let stale = t::last_used_at.is_null().or(t::last_used_at.le(unless_since.0));
    diesel::update(t::table.filter(t::id.eq(id.0)).filter(stale))
        .set(t::last_used_at.eq(now.0))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

/// Those of these tokens that were not revoked.
pub(crate) fn alive(conn: &mut Conn, ids: &[i64]) -> Result<BTreeSet<i64>> {
    let mut alive = BTreeSet::new();
    for chunk in ids.chunks(CHUNK) {
        let found = t::table.filter(t::id.eq_any(chunk).and(t::revoked_at.is_null()));
        alive.extend(found.select(t::id).load::<i64>(conn).or_db()?);
    }
    Ok(alive)
}

/// True when it had not been revoked before.
pub(crate) fn revoke(conn: &mut Conn, id: TokenId, now: Timestamp) -> Result<bool> {
    diesel::update(t::table.filter(t::id.eq(id.0).and(t::revoked_at.is_null())))
        .set(t::revoked_at.eq(now.0))
        .execute(conn)
        .map(|rows| rows == 1)
        .or_db()
}

pub(crate) fn exists(conn: &mut Conn, id: TokenId) -> Result<bool> {
    t::table.find(id.0).count().get_result::<i64>(conn).map(|rows| rows > 0).or_db()
}

pub(crate) fn all(conn: &mut Conn) -> Result<Vec<Token>> {
    let stored = t::table.order(t::id.desc()).load::<Stored>(conn).or_db()?;
    stored.into_iter().map(Stored::read).collect()
}
