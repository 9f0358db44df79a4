//! Who looks at a ticket now. What is known of it lives for seconds: every page that is open says
//! so again and again, and who stops saying so is gone.

use db::Conn;
use kernel::{Ctx, Error, Kind, Micros, Result, TicketId, Timestamp, time};
use serde::Serialize;

use crate::sql::presence as sql;

/// How long somebody is there after he last said so.
pub const LIVES: Micros = 45 * time::SECOND;

/// Somebody who looks at a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Here {
    /// Who.
    pub userid: String,
    /// His name.
    pub name: String,
    /// Whether he is about to change it.
    pub editing: bool,
}

/// A member looks at a ticket, and may be about to change it; gives everybody who does.
///
/// # Errors
/// `ticket.needs_member` for a program that does not say for whom; the database's.
pub fn come(conn: &mut Conn, ctx: &Ctx, ticket: TicketId, is_editing: bool) -> Result<Vec<Here>> {
    let Some(userid) = ctx.actor.userid() else {
        let detail = "只有成员可以报告自己在看工单：请用 Qidan-Act-As 请求头指明成员";
        return Err(Error::new(Kind::Forbidden, "ticket.needs_member", detail));
    };
    sql::drop_before(conn, ticket, oldest(ctx.now))?;
    sql::put(conn, ticket, (userid, is_editing), ctx.now)?;
    here(conn, ctx, ticket)
}

/// Everybody who looks at a ticket now, by userid.
///
/// # Errors
/// The database's.
pub fn here(conn: &mut Conn, ctx: &Ctx, ticket: TicketId) -> Result<Vec<Here>> {
    let rows = sql::of(conn, ticket, oldest(ctx.now))?;
    named(conn, &rows)
}

/// Everybody who looks at any ticket now.
pub(crate) fn everywhere(conn: &mut Conn, now: Timestamp) -> Result<Vec<(TicketId, String, bool)>> {
    sql::since(conn, oldest(now))
}

/// Drops what was known of those who are long gone; gives how many.
///
/// # Errors
/// The database's.
pub fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    sql::purge(conn, oldest(now))
}

/// These people with their names.
pub(crate) fn named(conn: &mut Conn, people: &[(String, bool)]) -> Result<Vec<Here>> {
    let userids: Vec<_> = people.iter().map(|(userid, _editing)| userid.as_str()).collect();
    let members = org::members_by_ids(conn, &userids)?;
    let here = |(userid, editing): &(String, bool)| Here {
        userid: userid.clone(),
        name: members.get(userid).map_or_else(|| userid.clone(), |member| member.name.clone()),
        editing: *editing,
    };
    Ok(people.iter().map(here).collect())
}

fn oldest(now: Timestamp) -> Timestamp {
    now.plus(-LIVES)
}
