//! Idempotency keys: a command that is sent again answers as it did the first time. [`begin`] and
//! [`finish`] stand in the command's own transaction, so a command and its answer are kept or lost
//! together; one that was refused is not kept and may be tried again.

use db::Conn;
use kernel::{Ctx, Error, Kind, Micros, Result, Timestamp, time};

use crate::sql;

/// How long an answer is kept.
pub const KEPT: Micros = time::DAY;
/// Characters of a key.
pub const KEY_MAX: usize = 128;
/// How many answers one call of [`purge`] drops.
pub const PURGE_MAX: usize = 500;

/// Whether a command is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Do it, then [`finish`].
    First,
    /// It was done: answer with this.
    Replay {
        /// The HTTP status of the answer.
        status: i32,
        /// The body of the answer.
        body: String,
    },
    /// The key was used for another command.
    Mismatch,
}

/// Takes a key for a command. `scope` is whose key it is (a token, a user): two callers may use
/// the same key. `request_hash` tells the command from others: a hash of method, path and body.
///
/// # Errors
/// `field_invalid` for a key that is empty, too long or not plain ASCII; `db.clash` when the same
/// command is being done at this moment: run again, it will be a replay.
pub fn begin(
    conn: &mut Conn,
    ctx: &Ctx,
    scope: &str,
    key: &str,
    request_hash: &str,
) -> Result<Begin> {
    if key.is_empty() || key.len() > KEY_MAX || !key.chars().all(|c| c.is_ascii_graphic()) {
        let detail = format!("Idempotency-Key 须为 1 到 {KEY_MAX} 个可见的 ASCII 字符");
        return Err(Error::field("Idempotency-Key", "malformed", detail));
    }
    if let Some(found) = sql::idempotency::find(conn, scope, key)? {
        if found.created_at > oldest(ctx.now) {
            return match found.answer {
                _ if found.request_hash != request_hash => Ok(Begin::Mismatch),
                Some((status, body)) => Ok(Begin::Replay { status, body }),
                None => Err(Error::new(
                    Kind::Conflict,
                    "idempotency.unfinished",
                    "相同 Idempotency-Key 的请求没有留下结果，请换一个 Idempotency-Key",
                )),
            };
        }
        sql::idempotency::delete(conn, &[found.id])?;
    }
    sql::idempotency::insert(conn, ctx, scope, key, request_hash)?;
    Ok(Begin::First)
}

/// Keeps the answer of the command that [`begin`] called the first.
pub fn finish(conn: &mut Conn, scope: &str, key: &str, status: i32, body: &str) -> Result<()> {
    sql::idempotency::finish(conn, scope, key, status, body)
}

/// Drops answers that were kept long enough. Gives how many; call again until it is none.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    let ids = sql::idempotency::older_than(conn, oldest(now), PURGE_MAX)?;
    sql::idempotency::delete(conn, &ids)
}

fn oldest(now: Timestamp) -> Timestamp {
    now.plus(-KEPT)
}
