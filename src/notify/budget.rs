//! The platform's limits, kept on our side: what goes over them at WeCom is dropped without a
//! word, so it must never go over.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Result, Timestamp, time};

use crate::schema::notify_budget as b;

/// How much may be sent. WeCom's own limits; smaller ones may be configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages to one member in a minute.
    pub member_minute: i64,
    /// Messages to one member in an hour.
    pub member_hour: i64,
    /// Messages of the app in a day.
    pub app_day: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { member_minute: 30, member_hour: 1_000, app_day: 200_000 }
    }
}

/// Counts one message to this member, or says when there is room again.
///
/// # Errors
/// The database's.
pub(crate) fn admit(
    conn: &mut Conn,
    limits: &Limits,
    app: &str,
    userid: &str,
    now: Timestamp,
) -> Result<Option<Timestamp>> {
    let windows = [
        (format!("m:{userid}"), time::MINUTE, limits.member_minute),
        (format!("h:{userid}"), time::HOUR, limits.member_hour),
        (format!("d:{app}"), time::DAY, limits.app_day),
    ];
    let buckets = windows.map(|(name, span, limit)| {
        let number = now.0.div_euclid(span);
        (format!("{name}:{number}"), Timestamp((number + 1) * span), limit)
    });
    for (at, (bucket, until, limit)) in buckets.iter().enumerate() {
        if !count(conn, bucket, *until, *limit)? {
            for (counted, ..) in buckets.iter().take(at) {
                let row = diesel::update(b::table.find(counted));
                row.set(b::used.eq(b::used - 1)).execute(conn).or_db()?;
            }
            return Ok(Some(*until));
        }
    }
    Ok(None)
}

/// Counts one more in a window; false when it is full.
fn count(conn: &mut Conn, bucket: &str, until: Timestamp, limit: i64) -> Result<bool> {
    if add(conn, bucket, limit)? {
        return Ok(true);
    }
    // It is full, or this is its first message; several senders may find that at once.
    let first = (b::bucket.eq(bucket), b::used.eq(0i64), b::until_at.eq(until.0));
    db::insert_ignore!(conn, b::table, first)?;
    add(conn, bucket, limit)
}

fn add(conn: &mut Conn, bucket: &str, limit: i64) -> Result<bool> {
    let room = b::table.filter(b::bucket.eq(bucket).and(b::used.lt(limit)));
    let added = diesel::update(room).set(b::used.eq(b::used + 1)).execute(conn).or_db()?;
    Ok(added > 0)
}

/// Forgets windows that have passed.
pub(crate) fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    diesel::delete(b::table.filter(b::until_at.lt(now.0))).execute(conn).or_db()
}
