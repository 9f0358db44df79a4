//! Sessions: which member a browser is signed in as. The browser holds 256 random bits, we keep
//! their SHA-256 only. A session ends when it is not used for a week, after a month in any case,
//! when its member signs out, and as soon as he may not work here any more.

use std::collections::BTreeSet;

use db::Conn;
use kernel::{Ctx, Entropy, Micros, Result, Timestamp, text, time};
use sha2::{Digest as _, Sha256};

use crate::{Member, MemberStatus, Profile, Scope, find_member, profile, sql};

/// How long a session lives that nobody uses.
pub const IDLE: Micros = 7 * time::DAY;
/// How long a session lives at most.
pub const LIFE: Micros = 30 * time::DAY;
/// How old the note of a session's last use may grow.
pub const SEEN_STEP: Micros = 10 * time::MINUTE;
/// How many ended sessions one call of [`purge`] drops.
pub const PURGE_MAX: usize = 500;
/// Characters of what a browser holds.
const SECRET_LEN: usize = 64;
/// The role whose members may do everything.
const ADMIN: &str = "admin";
/// What every signed-in member may do through his browser.
const SCOPES: [Scope; 3] = [Scope::TicketsRead, Scope::TicketsWrite, Scope::MembersRead];

/// A session, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: i64,
    /// Whose it is.
    pub userid: String,
    /// What each request of it shows besides the cookie, so that no other site can make one.
    pub csrf: String,
    /// What it was opened with: `wecom`, `wechat`, `browser`.
    pub client: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, to ten minutes.
    pub seen_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
}

impl Session {
    /// Whether it still holds at `now`.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at && now.since(self.seen_at) < IDLE
    }
}

/// Who is signed in, as he is at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The member.
    pub member: Member,
    /// What he does here.
    pub profile: Profile,
}

impl SignedIn {
    /// Whether he may do this through his browser.
    pub fn allows(&self, scope: Scope) -> bool {
        SCOPES.contains(&scope) || self.profile.roles.iter().any(|role| role == ADMIN)
    }
}

/// What a browser's cookie stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or a session that has ended.
    Nobody,
    /// A session of a member who may not work here any more: end it.
    Shut {
        /// Whose it was.
        userid: String,
    },
    /// A session.
    SignedIn(Box<SignedIn>),
}

/// Whether a member may sign in: he is active, and the app may see him.
pub fn may_sign_in(member: &Member) -> bool {
    member.status == MemberStatus::Active && member.visible
}

/// Opens a session of a member; `before` is what the browser held until now, and ends. Gives the
/// session and the secret, which cannot be had again.
///
/// # Errors
/// The database's.
pub fn open(
    conn: &mut Conn,
    ctx: &Ctx,
    entropy: &Entropy,
    (userid, client): (&str, &str),
    before: Option<&str>,
) -> Result<(Session, String)> {
    if let Some(before) = before {
        sql::session::delete(conn, &digest(before))?;
    }
    let secret = entropy.hex::<32>()?;
    let session = Session {
        id: ctx.id(),
        userid: userid.to_lowercase(),
        csrf: entropy.hex::<16>()?,
        client: client.to_owned(),
        created_at: ctx.now,
        seen_at: ctx.now,
        expires_at: ctx.now.plus(LIFE),
    };
    sql::session::insert(conn, &session, &digest(&secret))?;
    Ok((session, secret))
}

/// What a browser's cookie stands for at `now`. Asked for each request, so that who is disabled is
/// out at once.
///
/// # Errors
/// The database's.
pub fn find(conn: &mut Conn, secret: &str, now: Timestamp) -> Result<Found> {
    if !is_secret(secret) {
        return Ok(Found::Nobody);
    }
    let session = sql::session::by_digest(conn, &digest(secret))?;
    let Some(session) = session.filter(|session| session.is_alive(now)) else {
        return Ok(Found::Nobody);
    };
    let member = find_member(conn, &session.userid)?;
    let Some(member) = member.filter(may_sign_in) else {
        return Ok(Found::Shut { userid: session.userid });
    };
    let profile = profile(conn, &member.userid)?;
    Ok(Found::SignedIn(Box::new(SignedIn { session, member, profile })))
}

/// Those of these sessions that have not ended: for what goes on longer than a request.
///
/// # Errors
/// The database's.
pub fn alive(conn: &mut Conn, ids: &[i64], now: Timestamp) -> Result<BTreeSet<i64>> {
    sql::session::alive(conn, ids, now, now.plus(-IDLE))
}

/// Notes that a session was used.
///
/// # Errors
/// The database's.
pub fn touch(conn: &mut Conn, id: i64, now: Timestamp) -> Result<()> {
    sql::session::touch(conn, id, now)
}

/// Signs a browser out. Gives whose session it was; none when there was none.
///
/// # Errors
/// The database's.
pub fn end(conn: &mut Conn, secret: &str) -> Result<Option<String>> {
    if !is_secret(secret) {
        return Ok(None);
    }
    let digest = digest(secret);
    let session = sql::session::by_digest(conn, &digest)?;
    sql::session::delete(conn, &digest)?;
    Ok(session.map(|session| session.userid))
}

/// Ends every session of a member. Gives how many there were.
///
/// # Errors
/// The database's.
pub fn end_all(conn: &mut Conn, userid: &str) -> Result<usize> {
    sql::session::delete_of(conn, userid)
}

/// Drops sessions that have ended by themselves. Gives how many; call again until it
/// is none.
///
/// # Errors
/// The database's.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    sql::session::purge(conn, now, now.plus(-IDLE), PURGE_MAX)
}

fn is_secret(text: &str) -> bool {
    text.len() == SECRET_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(crate) fn digest(plain: &str) -> String {
    text::hex(&Sha256::digest(plain.as_bytes()))
}
