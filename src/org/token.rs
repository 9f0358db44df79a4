//! API tokens: 256 random bits that are shown once; we keep their SHA-256 only.

use std::{collections::BTreeSet, fmt, str::FromStr};

use db::Conn;
use kernel::{Actor, Ctx, Entropy, Error, Kind, Result, Timestamp, TokenId, text, time};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::sql;

/// What every token begins with, so that secret scanners and people know it.
const PREFIX: &str = "qd_";
/// Characters of a token's name.
const NAME_MAX: usize = 64;

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Scope {
    /// Everything.
    Admin,
    /// See tickets and tasks.
    TicketsRead,
    /// Create and change tickets.
    TicketsWrite,
    /// Change and publish templates.
    TemplatesWrite,
    /// See members, departments and who is away.
    MembersRead,
    /// Say what members do, where they are and when they are away.
    MembersWrite,
    /// See customers and their groups.
    CustomersRead,
    /// Say what belongs to customers: opportunities, orders, devices, where a group belongs.
    CustomersWrite,
    /// See inbox, outbox and tokens.
    OpsRead,
    /// Replay, retry, sync, make and revoke tokens.
    OpsWrite,
}

impl Scope {
    /// Every scope, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Admin,
        Self::TicketsRead,
        Self::TicketsWrite,
        Self::TemplatesWrite,
        Self::MembersRead,
        Self::MembersWrite,
        Self::CustomersRead,
        Self::CustomersWrite,
        Self::OpsRead,
        Self::OpsWrite,
    ];

    /// The word in commands, JSON and the database. Never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::TicketsRead => "tickets:read",
            Self::TicketsWrite => "tickets:write",
            Self::TemplatesWrite => "templates:write",
            Self::MembersRead => "members:read",
            Self::MembersWrite => "members:write",
            Self::CustomersRead => "customers:read",
            Self::CustomersWrite => "customers:write",
            Self::OpsRead => "ops:read",
            Self::OpsWrite => "ops:write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join("、");
            Error::field("scope", "unknown", format!("没有权限范围 {text}，可选：{known}"))
        })
    }
}

impl TryFrom<String> for Scope {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Scope> for &'static str {
    fn from(scope: Scope) -> Self {
        scope.as_str()
    }
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// What its maker called it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// Who made it.
    pub created_by: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it may be used for this.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|one| *one == Scope::Admin || *one == scope)
    }
}

/// Makes a token. The text is shown once and cannot be had again.
///
/// # Errors
/// `field_invalid` for a name that is empty or too long, and for no scope.
pub fn create_token(
    conn: &mut Conn,
    ctx: &Ctx,
    entropy: &Entropy,
    name: &str,
    scopes: &[Scope],
) -> Result<(TokenId, String)> {
    let name = text::clean(name);
    if name.is_empty() || name.chars().count() > NAME_MAX {
        return Err(Error::field("name", "length", format!("名称须有 1 到 {NAME_MAX} 个字")));
    }
    if scopes.is_empty() {
        return Err(Error::field("scope", "required", "请至少给出一个权限范围"));
    }
    let mut scopes = scopes.to_vec();
    scopes.sort_unstable();
    scopes.dedup();
    let plain = format!("{PREFIX}{}", entropy.hex::<32>()?);
    let token = Token {
        id: TokenId::next(&ctx.ids, ctx.now),
        name,
        scopes,
        created_by: ctx.actor.clone(),
        created_at: ctx.now,
        last_used_at: None,
        revoked_at: None,
    };
    sql::token::insert(conn, &token, &digest(&plain))?;
    Ok((token.id, plain))
}

/// The token with this text, unless it was revoked before `now`.
pub fn find_token(conn: &mut Conn, plain: &str, now: Timestamp) -> Result<Option<Token>> {
    if !plain.starts_with(PREFIX) {
        return Ok(None);
    }
    let token = sql::token::by_digest(conn, &digest(plain))?;
    Ok(token.filter(|token| token.revoked_at.is_none_or(|at| now < at)))
}

/// Notes that a token was used; at most one write a minute.
pub fn touch_token(conn: &mut Conn, id: TokenId, now: Timestamp) -> Result<()> {
    sql::token::touch(conn, id, now, now.plus(-time::MINUTE))
}

/// Revokes a token at once. Revoking it again changes nothing.
///
/// # Errors
/// `token.not_found`.
pub fn revoke_token(conn: &mut Conn, ctx: &Ctx, id: TokenId) -> Result<()> {
    if sql::token::revoke(conn, id, ctx.now)? || sql::token::exists(conn, id)? {
        return Ok(());
    }
    Err(Error::new(Kind::NotFound, "token.not_found", "没有这个令牌"))
}

/// Those of these tokens that were not revoked: for what goes on longer than a request.
///
/// # Errors
/// The database's.
pub fn tokens_alive(conn: &mut Conn, ids: &[i64]) -> Result<BTreeSet<i64>> {
    sql::token::alive(conn, ids)
}

/// All tokens, the newest first, revoked ones too.
pub fn list_tokens(conn: &mut Conn) -> Result<Vec<Token>> {
    sql::token::all(conn)
}

fn digest(plain: &str) -> String {
    text::hex(&Sha256::digest(plain.as_bytes()))
}
