//! How often templates were used.

use std::collections::BTreeMap;

use db::{
    Conn, OrDb as _,
    diesel::{dsl, prelude::*},
};
use kernel::{Ids, Result, Timestamp};

use crate::schema::ticket_ticket as t;

/// How often, and when last.
pub(crate) struct Used {
    pub(crate) many: i64,
    pub(crate) last_at: Timestamp,
}

/// What a member raised, perhaps for one customer, by template.
pub(crate) fn by(
    conn: &mut Conn,
    userid: &str,
    customer: Option<&str>,
) -> Result<BTreeMap<String, Used>> {
    let his = t::creator.is_not_null().and(t::creator.assume_not_null().eq(userid));
    let counted = (t::template_key, dsl::count_star(), dsl::max(t::created_at));
    let rows: Vec<(String, i64, Option<i64>)> = match customer {
        None => t::table.filter(his).group_by(t::template_key).select(counted).load(conn),
        Some(customer) => t::table
            .filter(his.and(t::customer.is_not_null()))
            .filter(t::customer.assume_not_null().eq(customer))
            .group_by(t::template_key)
            .select(counted)
            .load(conn),
    }
    .or_db()?;
    let used = |(key, many, last_at): (String, i64, Option<i64>)| {
        (key, Used { many, last_at: Timestamp(last_at.unwrap_or_default()) })
    };
    Ok(rows.into_iter().map(used).collect())
}

/// What everybody raised since, by template.
pub(crate) fn by_all(conn: &mut Conn, since: Timestamp) -> Result<BTreeMap<String, i64>> {
    let rows = t::table
        .filter(t::id.ge(Ids::floor(since)))
        .group_by(t::template_key)
        .select((t::template_key, dsl::count_star()))
        .load::<(String, i64)>(conn)
        .or_db()?;
    Ok(rows.into_iter().collect())
}
