//! A member's to-do lists, and how long each is.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Cursor, Limit, Micros, Page, Result, TaskId, TicketId, Timestamp, time};
use serde::Serialize;

use crate::{
    sql::todo::{self as sql, Place},
    ticket::Ticket,
};

/// Before every deadline.
const NEVER: Timestamp = Timestamp(i64::MIN);
/// For how many members the database is asked at once.
const ASKED_MAX: usize = 500;

/// Which of a member's to-do lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToDo {
    /// What he took.
    Mine,
    /// What he could take.
    Claimable,
    /// What of both is late at this time.
    Overdue(Timestamp),
    /// What of both is to be done after this time on the same day, in a zone so many minutes east.
    Today(Timestamp, i64),
    /// What he did.
    Done,
}

/// One row of a to-do list.
#[derive(Clone, Debug)]
pub struct TodoRow {
    /// The task.
    pub task: TaskId,
    /// Its ticket.
    pub ticket: Ticket,
}

/// How many tasks a member has; each ticket can be in several of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// What he took.
    pub mine: i64,
    /// What he could take.
    pub claimable: i64,
    /// What of both is late.
    pub overdue: i64,
    /// What of both is to be done later today.
    pub today: i64,
    /// What of both asks for a yes or a no.
    pub approvals: i64,
}

/// A member's to-do list. What he has and could take: most urgent first, then oldest first. What is
/// late or for today: what is due first. What he did: latest first.
///
/// # Errors
/// The database's.
pub fn to_do(
    conn: &mut Conn,
    userid: &str,
    which: ToDo,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<TodoRow>> {
    let rows = match which {
        ToDo::Mine => sql::open(conn, userid, "owned", cursor, limit),
        ToDo::Claimable => sql::open(conn, userid, "claimable", cursor, limit),
        ToDo::Overdue(now) => sql::due(conn, userid, (Timestamp(0), now), cursor, limit),
        ToDo::Today(now, zone) => sql::due(conn, userid, later_today(now, zone), cursor, limit),
        ToDo::Done => sql::done(conn, userid, cursor, limit),
    }?;
    let page = Page::cut(rows, limit, |Place { key, row }| Cursor { key: *key, id: row.task.0 });
    Ok(page.map(|Place { row, .. }| row))
}

/// How many tasks a member has.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, userid: &str, now: Timestamp, zone_minutes: i64) -> Result<Counts> {
    let mut all = counts_of(conn, &[userid], now, zone_minutes)?;
    Ok(all.remove(userid).unwrap_or_default())
}

/// How many tasks each of these members has; who has none is not in it. However many they are, it is a
/// few questions to the database.
///
/// # Errors
/// The database's.
pub fn counts_of(
    conn: &mut Conn,
    userids: &[&str],
    now: Timestamp,
    zone_minutes: i64,
) -> Result<BTreeMap<String, Counts>> {
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    for some in userids.chunks(ASKED_MAX) {
        for (userid, is_his, is_approval, many) in sql::count_open(conn, some, None)? {
            let counts = all.entry(userid).or_default();
            *(if is_his { &mut counts.mine } else { &mut counts.claimable }) += many;
            counts.approvals += if is_approval { many } else { 0 };
        }
        for (userid, .., many) in sql::count_open(conn, some, Some((NEVER, now)))? {
            all.entry(userid).or_default().overdue += many;
        }
        let today = later_today(now, zone_minutes);
        for (userid, .., many) in sql::count_open(conn, some, Some(today))? {
            all.entry(userid).or_default().today += many;
        }
    }
    Ok(all)
}

/// How many tasks a member did since a time.
///
/// # Errors
/// The database's.
pub fn done_since(conn: &mut Conn, userid: &str, since: Timestamp) -> Result<i64> {
    sql::done_since(conn, userid, since)
}

/// Who works, worked or could work on these tickets, each once.
///
/// # Errors
/// The database's.
pub fn people_of(conn: &mut Conn, tickets: &[TicketId]) -> Result<Vec<String>> {
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.0).collect();
    sql::people_of(conn, &ids)
}

/// From now to the end of the day where the organisation is: after the first, up to the second.
fn later_today(now: Timestamp, zone_minutes: i64) -> (Timestamp, Timestamp) {
    let zone: Micros = zone_minutes * time::MINUTE;
    let began = now.0 + zone - (now.0 + zone).rem_euclid(time::DAY) - zone;
    (now, Timestamp(began + time::DAY - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_where_the_organisation_is() {
        // 2023-11-15 06:13:20 in Shanghai, 22:13:20 of the day before in London.
        let now = Timestamp::from_seconds(1_700_000_000);
        for (zone, seconds) in
            [(480, 86_400 - 22_400), (0, 86_400 - 80_000), (-720, 86_400 - 36_800)]
        {
            let (from, to) = later_today(now, zone);
            assert_eq!((from, to.0 - now.0 + 1), (now, seconds * time::SECOND), "{zone}");
        }
    }
}
