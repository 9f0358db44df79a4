//! The SQL about figures. Nothing here decides anything.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*, insert_ignore};
use kernel::{Result, TicketId, Timestamp};

use crate::schema::{notify_figure as f, notify_touched as t};

pub(super) fn touch(conn: &mut Conn, ticket: TicketId) -> Result<()> {
    insert_ignore!(conn, t::table, (t::ticket_id.eq(ticket.0),)).map(|_rows| ())
}

pub(super) fn touched(conn: &mut Conn, most: i64) -> Result<Vec<TicketId>> {
    let ids = t::table.order(t::ticket_id).limit(most).select(t::ticket_id).load::<i64>(conn);
    Ok(ids.or_db()?.into_iter().map(TicketId).collect())
}

pub(super) fn forget(conn: &mut Conn, tickets: &[TicketId]) -> Result<()> {
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.0).collect();
    let rows = t::table.filter(t::ticket_id.eq_any(ids));
    diesel::delete(rows).execute(conn).map(|_rows| ()).or_db()
}

/// The figures of these members are to be looked at.
pub(super) fn want(conn: &mut Conn, userids: &[String]) -> Result<()> {
    for some in userids.chunks(500) {
        let known = f::table.filter(f::userid.eq_any(some));
        let known: Vec<String> = known.select(f::userid).load(conn).or_db()?;
        diesel::update(f::table.filter(f::userid.eq_any(some)))
            .set(f::is_wanted.eq(1))
            .execute(conn)
            .or_db()?;
        let new = some.iter().filter(|userid| !known.contains(userid)).map(|userid| {
            (f::userid.eq(userid), f::is_wanted.eq(1), f::shown.eq(""), f::day.eq(0i64))
        });
        db::insert_all!(conn, f::table, new.collect::<Vec<_>>())?;
    }
    Ok(())
}

/// The members to be looked at and what each is shown: who is wanted, and who was last looked at
/// on another day.
pub(super) fn wanted(
    conn: &mut Conn,
    today: Timestamp,
    most: i64,
) -> Result<Vec<(String, String)>> {
    let read = |filter: bool, conn: &mut Conn, most: i64| {
        let rows = f::table.select((f::userid, f::shown)).limit(most).into_boxed();
        let rows = match filter {
            true => rows.filter(f::is_wanted.eq(1)),
            false => rows.filter(f::is_wanted.eq(0).and(f::day.lt(today.0))),
        };
        rows.order(f::userid).load::<(String, String)>(conn).or_db()
    };
    let mut rows = read(true, conn, most)?;
    let left = most - i64::try_from(rows.len()).unwrap_or(most);
    rows.extend(read(false, conn, left)?);
    Ok(rows)
}

/// What these members are shown now.
pub(super) fn shown(conn: &mut Conn, rows: &[(String, String)], today: Timestamp) -> Result<()> {
    for (userid, shown) in rows {
        diesel::update(f::table.find(userid))
            .set((f::is_wanted.eq(0), f::shown.eq(shown), f::day.eq(today.0)))
            .execute(conn)
            .or_db()?;
    }
    Ok(())
}
