//! The SQL of to-do lists.

use db::{
    Conn, OrDb as _,
    diesel::{dsl::count_star, prelude::*},
};
use kernel::{Cursor, Limit, Result, TaskId, Timestamp};

use super::from_json;
use crate::{
    schema::{ticket_handler as h, ticket_task as k, ticket_ticket as t},
    ticket::TaskState,
    todo::TodoRow,
};

/// What somebody has, or could take.
const OPEN: [&str; 2] = ["owned", "claimable"];

/// How many tasks a member did since a time.
pub(crate) fn done_since(conn: &mut Conn, userid: &str, since: Timestamp) -> Result<i64> {
    let his = k::owner.eq(Some(userid)).and(k::state.eq(TaskState::Done.word()));
    let done = k::table.filter(his.and(k::closed_at.ge(Some(since.0))));
    done.count().get_result(conn).or_db()
}

/// Who works, worked or could work on these tickets.
pub(crate) fn people_of(conn: &mut Conn, tickets: &[i64]) -> Result<Vec<String>> {
    let handlers = h::table.filter(h::ticket_id.eq_any(tickets)).select(h::userid).distinct();
    let mut people = handlers.load::<String>(conn).or_db()?;
    let owners = k::table.filter(k::ticket_id.eq_any(tickets)).select(k::owner).distinct();
    people.extend(owners.load::<Option<String>>(conn).or_db()?.into_iter().flatten());
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

/// A row with the key that it is sorted by.
pub(crate) struct Place {
    pub(crate) key: i64,
    pub(crate) row: TodoRow,
}

fn places<K: Into<i64>>(rows: Vec<(i64, K, String)>) -> Result<Vec<Place>> {
    let place = |(task, key, text): (i64, K, String)| {
        let row = TodoRow { task: TaskId(task), ticket: from_json(&text)? };
        Ok(Place { key: key.into(), row })
    };
    rows.into_iter().map(place).collect()
}

/// What a member has, or could take: most urgent first, then oldest first.
pub(crate) fn open(
    conn: &mut Conn,
    userid: &str,
    state: &str,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Place>> {
    let mut query = h::table
        .inner_join(t::table.on(t::id.eq(h::ticket_id)))
        .filter(h::userid.eq(userid).and(h::state.eq(state)))
        .select((h::task_id, t::priority, t::snapshot))
        .into_boxed();
    if let Some(Cursor { key, id }) = cursor {
        let rank = i32::try_from(key).unwrap_or_default();
        let after = t::priority.lt(rank).or(t::priority.eq(rank).and(h::task_id.gt(id)));
        query = query.filter(after);
    }
    let rows = query
        .order((t::priority.desc(), h::task_id.asc()))
        .limit(limit.probe())
        .load::<(i64, i32, String)>(conn)
        .or_db()?;
    places(rows)
}

/// What a member has or could take that is due after the one and up to the other time: what is due
/// first.
pub(crate) fn due(
    conn: &mut Conn,
    userid: &str,
    (after, until): (Timestamp, Timestamp),
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Place>> {
    let due_at = k::due_at.assume_not_null();
    let mut query = h::table
        .inner_join(k::table.on(k::id.eq(h::task_id)))
        .inner_join(t::table.on(t::id.eq(h::ticket_id)))
        .filter(h::userid.eq(userid).and(h::state.eq_any(OPEN)))
        .filter(k::due_at.is_not_null().and(due_at.gt(after.0)).and(due_at.le(until.0)))
        .select((h::task_id, due_at, t::snapshot))
        .into_boxed();
    if let Some(Cursor { key, id }) = cursor {
        query = query.filter(due_at.gt(key).or(due_at.eq(key).and(h::task_id.gt(id))));
    }
    let rows = query
        .order((k::due_at.asc(), h::task_id.asc()))
        .limit(limit.probe())
        .load::<(i64, i64, String)>(conn)
        .or_db()?;
    places(rows)
}

/// What a member did: latest first.
pub(crate) fn done(
    conn: &mut Conn,
    userid: &str,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Place>> {
    let closed_at = k::closed_at.assume_not_null();
    let mut query = k::table
        .inner_join(t::table.on(t::id.eq(k::ticket_id)))
        .filter(k::owner.eq(Some(userid)).and(k::state.eq(TaskState::Done.word())))
        .filter(k::closed_at.is_not_null())
        .select((k::id, closed_at, t::snapshot))
        .into_boxed();
    if let Some(Cursor { key, id }) = cursor {
        query = query.filter(closed_at.lt(key).or(closed_at.eq(key).and(k::id.lt(id))));
    }
    let rows = query
        .order((k::closed_at.desc(), k::id.desc()))
        .limit(limit.probe())
        .load::<(i64, i64, String)>(conn)
        .or_db()?;
    places(rows)
}

/// How many open tasks members have and could take, each counted once: by member, by whether it is his,
/// by whether it is an approval; all of them, or those that are due after the first and up to the second
/// of two times.
pub(crate) fn count_open(
    conn: &mut Conn,
    userids: &[&str],
    due: Option<(Timestamp, Timestamp)>,
) -> Result<Vec<(String, bool, bool, i64)>> {
    let kinds = (h::userid, h::state, k::is_approval);
    let counted = (h::userid, h::state, k::is_approval, count_star());
    let open = h::table
        .inner_join(k::table.on(k::id.eq(h::task_id)))
        .filter(h::userid.eq_any(userids).and(h::state.eq_any(OPEN)));
    let rows: Vec<(String, String, i32, i64)> = match due {
        None => open.group_by(kinds).select(counted).load(conn),
        Some((from, to)) => open
            .filter(k::due_at.gt(Some(from.0)).and(k::due_at.le(Some(to.0))))
            .group_by(kinds)
            .select(counted)
            .load(conn),
    }
    .or_db()?;
    let read =
        |(userid, state, is_approval, many)| (userid, state == OPEN[0], is_approval != 0, many);
    Ok(rows.into_iter().map(read).collect())
}
