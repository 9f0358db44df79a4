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
    for (bucket, until, limit) in &buckets {
        if used(conn, bucket)? >= *limit {
            return Ok(Some(*until));
        }
    }
    for (bucket, until, _limit) in &buckets {
        let row = b::table.filter(b::bucket.eq(bucket));
        if diesel::update(row).set(b::used.eq(b::used + 1)).execute(conn).or_db()? == 0 {
            let first = (b::bucket.eq(bucket), b::used.eq(1i64), b::until_at.eq(until.0));
            diesel::insert_into(b::table).values(first).execute(conn).or_db()?;
        }
    }
    Ok(None)
}

fn used(conn: &mut Conn, bucket: &str) -> Result<i64> {
    let used = b::table.find(bucket).select(b::used).first(conn).optional().or_db()?;
    Ok(used.unwrap_or_default())
}

/// Forgets windows that have passed.
///
/// # Errors
/// The database's.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    diesel::delete(b::table.filter(b::until_at.lt(now.0))).execute(conn).or_db()
}
