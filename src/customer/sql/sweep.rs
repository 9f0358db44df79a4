//! When the last full sync began.

use db::{Conn, OrDb as _, insert_ignore};
use diesel::prelude::*;
use kernel::{Result, Timestamp};

use crate::schema::customer_sweep as s;

const CUSTOMERS: &str = "customers";

pub(crate) fn last(conn: &mut Conn) -> Result<Timestamp> {
    let at = s::table.find(CUSTOMERS).select(s::swept_at).first::<i64>(conn).optional().or_db()?;
    Ok(Timestamp(at.unwrap_or_default()))
}

/// Moves it forward, never back.
pub(crate) fn raise(conn: &mut Conn, at: Timestamp) -> Result<()> {
    insert_ignore!(conn, s::table, (s::mirror.eq(CUSTOMERS), s::swept_at.eq(at.0)))?;
    diesel::update(s::table.filter(s::mirror.eq(CUSTOMERS).and(s::swept_at.lt(at.0))))
        .set(s::swept_at.eq(at.0))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}
