//! Logins that have begun and not ended: what WeCom brings back as `state`. A state is random, good
//! once and for a few minutes, and belongs to the browser that it was given to: one that comes
//! back in another browser was put there by somebody else.

use db::Conn;
use kernel::{Ctx, Entropy, Micros, Result, Timestamp, time};

use crate::{session::digest, sql};

/// How long somebody may take to log in: long enough to look for his phone.
pub const LIFE: Micros = 10 * time::MINUTE;
/// How long a state is remembered, so that one that comes late can be told from one that never was.
const KEPT: Micros = time::DAY;
/// How many old logins one call of [`purge`] drops.
pub const PURGE_MAX: usize = 500;
/// Characters of a path to go on to.
pub const NEXT_MAX: usize = 2000;

/// A login that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The browser that it belongs to, as a hash.
    pub(crate) browser_sha256: String,
    /// Where the browser wants to go.
    pub next: String,
    /// What it is: `wecom`, `wechat`, `browser`.
    pub client: String,
    /// How often it was begun anew by itself.
    pub attempt: i32,
    /// When it began.
    pub created_at: Timestamp,
    /// When its state came back.
    pub used_at: Option<Timestamp>,
}

/// What came back with a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Returned {
    /// No such state, or of another browser.
    Unknown,
    /// It took too long.
    Late(Login),
    /// The state came back before.
    Again(Login),
    /// The login goes on.
    Fresh(Login),
}

/// What a browser wants.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The browser's own secret.
    pub browser: &'a str,
    /// Where it wants to go: a path of ours, see [`is_path`].
    pub next: &'a str,
    /// What it is.
    pub client: &'a str,
    /// How often the login was begun anew by itself.
    pub attempt: i32,
}

/// Begins a login. Gives the state: letters and digits only, as WeCom asks for.
///
/// # Errors
/// The database's.
pub fn begin(conn: &mut Conn, ctx: &Ctx, entropy: &Entropy, wish: &Wish<'_>) -> Result<String> {
    let state = entropy.hex::<16>()?;
    let login = Login {
        browser_sha256: digest(wish.browser),
        next: wish.next.to_owned(),
        client: wish.client.to_owned(),
        attempt: wish.attempt,
        created_at: ctx.now,
        used_at: None,
    };
    sql::login::insert(conn, &digest(&state), &login)?;
    Ok(state)
}

/// Whether a state that came back belongs to a login of this browser. Asked before [`take`], so that
/// who makes states up keeps nobody from writing.
///
/// # Errors
/// The database's.
pub fn is_known(conn: &mut Conn, state: &str, browser: &str) -> Result<bool> {
    find(conn, &digest(state), browser).map(|login| login.is_some())
}

fn find(conn: &mut Conn, key: &str, browser: &str) -> Result<Option<Login>> {
    let found = sql::login::find(conn, key)?;
    Ok(found.filter(|login| login.browser_sha256 == digest(browser)))
}

/// Takes a state that came back to a browser. Of two at once, one is fresh.
///
/// # Errors
/// The database's.
pub fn take(conn: &mut Conn, ctx: &Ctx, state: &str, browser: &str) -> Result<Returned> {
    let key = digest(state);
    let Some(login) = find(conn, &key, browser)? else {
        return Ok(Returned::Unknown);
    };
    if !sql::login::use_up(conn, &key, ctx.now)? {
        return Ok(Returned::Again(login));
    }
    if ctx.now.since(login.created_at) >= LIFE {
        return Ok(Returned::Late(login));
    }
    Ok(Returned::Fresh(login))
}

/// Drops logins that are long over. Gives how many; call again until it is none.
///
/// # Errors
/// The database's.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    sql::login::purge(conn, now.plus(-KEPT), PURGE_MAX)
}

/// Whether a text is a path of ours that a browser may be sent to: it stays on our origin however
/// a browser reads it, and does not lead back into the login.
pub fn is_path(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && c != '\\';
    text.starts_with('/')
        && !text.starts_with("//")
        && !text.starts_with("/auth/")
        && text.len() <= NEXT_MAX
        && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_our_own_are_paths() {
        for good in ["/", "/h5/workbench", "/h5/sidebar?x=1&y=%E5%B7%A5#at", "/h5//x"] {
            assert!(is_path(good), "{good}");
        }
        for bad in [
            "",
            "h5/workbench",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/h5/工作台",
            " /h5/workbench",
            "/auth/wecom/login",
            &format!("/{}", "x".repeat(NEXT_MAX)),
        ] {
            assert!(!is_path(bad), "{bad:?}");
        }
    }
}
