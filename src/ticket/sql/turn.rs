//! Whose turn it was last, and how much everybody has to do: what a fair choice rests on.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _, Unique, diesel, diesel::prelude::*, is_unique, upsert};
use kernel::{Result, Timestamp};

use super::changed;
use crate::schema::{ticket_handler as h, ticket_turn as u};

const TURN_KEY: Unique = Unique { name: "PRIMARY", columns: "ticket_turn.turn" };
/// Placeholders of one `IN (…)`.
const CHUNK: usize = 500;

/// Whose turn it was last at a step that goes round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// The template and the step.
    pub(crate) key: String,
    /// Who.
    pub(crate) userid: String,
    /// How often the turn went on; 0 while it is in no row.
    pub(crate) version: i64,
}

/// A template's key may begin so, but has no colon.
fn given_key(userid: &str) -> String {
    format!("to:{userid}")
}

/// Whose turn it was.
pub(crate) fn turn(conn: &mut Conn, key: &str) -> Result<Option<Turn>> {
    let row = u::table.find(key).select((u::userid, u::version));
    let row = row.first::<(String, i64)>(conn).optional().or_db()?;
    Ok(row.map(|(userid, version)| Turn { key: key.to_owned(), userid, version }))
}

/// The turn goes on. Of two commands at once the slower one runs again, or both would choose the
/// same person.
pub(crate) fn take_turn(conn: &mut Conn, turn: &Turn, now: Timestamp) -> Result<()> {
    let next = (u::userid.eq(&turn.userid), u::at.eq(now.0), u::version.eq(turn.version + 1));
    if turn.version == 0 {
        let row = diesel::insert_into(u::table).values((u::turn.eq(&turn.key), next));
        return match row.execute(conn).or_db() {
            Err(error) if is_unique(&error, TURN_KEY) => Err(changed()),
            other => other.map(|_rows| ()),
        };
    }
    let row = u::table.filter(u::turn.eq(&turn.key).and(u::version.eq(turn.version)));
    match diesel::update(row).set(next).execute(conn).or_db()? {
        1 => Ok(()),
        _ => Err(changed()),
    }
}

/// Somebody was given work without being asked.
pub(crate) fn give(conn: &mut Conn, userid: &str, now: Timestamp) -> Result<()> {
    let key = given_key(userid);
    let row = (u::turn.eq(&key), u::userid.eq(userid), u::at.eq(now.0), u::version.eq(0i64));
    upsert!(conn, u::table, u::turn, row, u::at.eq(now.0))
}

/// When these members were last given work so.
pub(crate) fn last_given(
    conn: &mut Conn,
    userids: &[String],
) -> Result<BTreeMap<String, Timestamp>> {
    let mut found = BTreeMap::new();
    for chunk in userids.chunks(CHUNK) {
        let keys: Vec<_> = chunk.iter().map(|userid| given_key(userid)).collect();
        let rows = u::table.filter(u::turn.eq_any(keys)).select((u::userid, u::at));
        let rows = rows.load::<(String, i64)>(conn).or_db()?;
        found.extend(rows.into_iter().map(|(userid, at)| (userid, Timestamp(at))));
    }
    Ok(found)
}

/// How many tasks each of these members has taken and not done.
pub(crate) fn loads(conn: &mut Conn, userids: &[String]) -> Result<BTreeMap<String, u32>> {
    let mut found = BTreeMap::new();
    for chunk in userids.chunks(CHUNK) {
        let owned = h::table.filter(h::userid.eq_any(chunk).and(h::state.eq("owned")));
        let counts = owned.group_by(h::userid).select((h::userid, diesel::dsl::count_star()));
        for (userid, count) in counts.load::<(String, i64)>(conn).or_db()? {
            found.insert(userid, u32::try_from(count).unwrap_or(u32::MAX));
        }
    }
    Ok(found)
}
