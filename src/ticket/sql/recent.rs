//! What happened lately to all tickets.

use std::collections::{BTreeMap, BTreeSet};

use db::{Conn, OrDb as _, diesel::prelude::*};
use kernel::{Result, TicketId, Timestamp};

use super::EventRow;
use crate::{fact::Event, schema::ticket_event as e};

/// Which events happened since, in the order of their times; the index alone answers it.
pub(crate) fn keys(conn: &mut Conn, at: Timestamp, most: usize) -> Result<Vec<(TicketId, i64)>> {
    let rows = e::table
        .filter(e::at.ge(at.0))
        .order((e::at.asc(), e::ticket_id.asc(), e::seq.asc()))
        .limit(i64::try_from(most).unwrap_or(i64::MAX))
        .select((e::ticket_id, e::seq))
        .load::<(i64, i64)>(conn)
        .or_db()?;
    Ok(rows.into_iter().map(|(ticket, seq)| (TicketId(ticket), seq)).collect())
}

/// These events, in the order in which they are named.
pub(crate) fn events(conn: &mut Conn, keys: &[(TicketId, i64)]) -> Result<Vec<(TicketId, Event)>> {
    let mut by_ticket: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (ticket, seq) in keys {
        by_ticket.entry(ticket.0).or_default().push(*seq);
    }
    let wanted: BTreeSet<_> = keys.iter().copied().collect();
    let (first, last) = (keys.iter().map(|key| key.1).min(), keys.iter().map(|key| key.1).max());
    let ids: Vec<_> = by_ticket.keys().copied().collect();
    let mut found = BTreeMap::new();
    for some in ids.chunks(500) {
        let rows = e::table
            .filter(e::ticket_id.eq_any(some.iter().copied()))
            .filter(e::seq.ge(first.unwrap_or_default()).and(e::seq.le(last.unwrap_or_default())))
            .select((e::ticket_id, (e::seq, e::verb, e::actor, e::at, e::trace, e::facts)))
            .load::<(i64, EventRow)>(conn)
            .or_db()?;
        for (ticket, row) in rows {
            let key = (TicketId(ticket), row.0);
            if wanted.contains(&key) {
                found.insert(key, super::event_of(row)?);
            }
        }
    }
    Ok(keys.iter().filter_map(|key| Some((key.0, found.remove(key)?))).collect())
}
