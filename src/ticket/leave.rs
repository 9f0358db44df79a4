//! What becomes of the work of a member who left the company.

use db::Conn;
use flow::Event;
use kernel::{Ctx, Result};

use crate::{
    act::{self, Setup},
    sql,
};

/// How many tickets one call hands over.
const TICKETS_MAX: i64 = 200;

/// Hands the open work of a member to another, or to whom the rules of the steps name without him.
/// Says how many tickets that changed; call it again, in another transaction, until that is none.
///
/// # Errors
/// The database's.
pub fn hand_over(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    who: &str,
    to: Option<&str>,
) -> Result<usize> {
    let event = Event::HandOver { who: who.to_owned(), to: to.map(str::to_owned) };
    let mut changed = 0;
    for id in sql::with_open_work_of(conn, who, TICKETS_MAX)? {
        let ticket = sql::get(conn, id)?;
        match act::advance(conn, ctx, setup, &ticket, &event)? {
            Ok(facts) => {
                act::commit(conn, ctx, id, Some(ticket), "handover", facts)?;
                changed += 1;
            }
            Err(refused) => {
                tracing::warn!(ticket = %id, why = refused.code(), "work was not handed over");
            }
        }
    }
    Ok(changed)
}
