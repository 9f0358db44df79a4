//! What a sender wrote before he said which ticket it belongs to, and what his next text is for.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Ctx, Micros, Result, Timestamp, time};

use crate::schema::ticket_draft as d;

/// How long a question waits for its answer.
const EXPECTATION: Micros = 30 * time::MINUTE;
/// How long what was written is kept.
const KEPT: Micros = 7 * time::DAY;

/// Keeps a text that waits for its ticket; gives the draft's id.
///
/// # Errors
/// The database's.
pub fn keep(conn: &mut Conn, ctx: &Ctx, userid: &str, text: &str) -> Result<i64> {
    insert(conn, ctx, userid, "text", text)
}

/// Takes a kept text, once: the second taker gets nothing.
///
/// # Errors
/// The database's.
pub fn take(conn: &mut Conn, id: i64, userid: &str) -> Result<Option<String>> {
    let mine = d::table.filter(d::id.eq(id).and(d::userid.eq(userid)).and(d::state.eq("open")));
    if diesel::update(mine).set(d::state.eq("used")).execute(conn).or_db()? == 0 {
        return Ok(None);
    }
    d::table.find(id).select(d::body).first(conn).optional().or_db()
}

/// Remembers what the sender's next text is for, and nothing else any more; gives the draft's id.
///
/// # Errors
/// The database's.
pub fn expect(conn: &mut Conn, ctx: &Ctx, userid: &str, body: &str) -> Result<i64> {
    drop_expectations(conn, userid)?;
    insert(conn, ctx, userid, "expect", body)
}

/// What the sender's text is for, once.
///
/// # Errors
/// The database's.
pub fn take_expectation(conn: &mut Conn, ctx: &Ctx, userid: &str) -> Result<Option<String>> {
    let since = ctx.now.plus(-EXPECTATION).0;
    let found = d::table
        .filter(d::userid.eq(userid).and(d::kind.eq("expect")).and(d::state.eq("open")))
        .filter(d::created_at.ge(since))
        .order(d::id.desc())
        .select((d::id, d::body))
        .first::<(i64, String)>(conn)
        .optional()
        .or_db()?;
    let Some((id, body)) = found else { return Ok(None) };
    // A text and a file may ask at once: one of them gets it.
    let row = d::table.filter(d::id.eq(id).and(d::state.eq("open")));
    if diesel::update(row).set(d::state.eq("used")).execute(conn).or_db()? == 0 {
        return Ok(None);
    }
    drop_expectations(conn, userid)?;
    Ok(Some(body))
}

/// Forgets what the sender's next text was for.
///
/// # Errors
/// The database's.
pub fn drop_expectations(conn: &mut Conn, userid: &str) -> Result<()> {
    let mine = d::table.filter(d::userid.eq(userid).and(d::kind.eq("expect")));
    diesel::update(mine.filter(d::state.eq("open")))
        .set(d::state.eq("used"))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

fn insert(conn: &mut Conn, ctx: &Ctx, userid: &str, kind: &str, body: &str) -> Result<i64> {
    let id = ctx.id();
    diesel::insert_into(d::table)
        .values((
            d::id.eq(id),
            d::userid.eq(userid),
            d::kind.eq(kind),
            d::body.eq(body),
            d::state.eq("open"),
            d::created_at.eq(ctx.now.0),
        ))
        .execute(conn)
        .or_db()?;
    Ok(id)
}

/// Forgets what was written so long ago that nobody will come back to it.
///
/// # Errors
/// The database's.
pub(crate) fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    let old = d::table.filter(d::created_at.lt(now.plus(-KEPT).0));
    diesel::delete(old).execute(conn).or_db()
}
