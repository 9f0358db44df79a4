//! What happened to tickets lately, read from the log of all of them: what pages that are open are
//! told. The log has no one order, for replicas commit side by side: what was written a moment ago
//! may still come to light behind what was read already. So one always looks back a little, and who
//! listens knows each event by its ticket and number.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use db::Conn;
use kernel::{Actor, Micros, Result, TicketId, Timestamp, time};
use serde::Serialize;

use crate::{
    fact::{Event, Fact},
    policy::Scope,
    presence::{self, Here},
    sql::{self, recent},
    ticket::Ticket,
    timeline::timeline,
};

/// How far one looks back: longer than a transaction takes.
pub const LOOK_BACK: Micros = 5 * time::SECOND;
/// What happened longer ago is read from the tickets themselves.
pub const REACH: Micros = 10 * time::MINUTE;
/// The most events that are told at once: who missed more reads everything anew.
pub const MOST: usize = 500;
/// The longest text, in characters.
const TEXT_MAX: usize = 200;

/// An event of a ticket, and its number in it.
pub type EventKey = (TicketId, i64);

/// Something that happened to a ticket, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Told {
    /// The ticket.
    pub id: TicketId,
    /// Its number.
    pub no: String,
    /// The version that it has now.
    pub version: i64,
    /// The event's number.
    pub seq: i64,
    /// What happened, in words.
    pub text: String,
    /// Who did it.
    pub by: Actor,
    /// His name.
    pub by_name: String,
    /// When.
    pub at: Timestamp,
}

/// The same, with the ticket as it is now: who may see that may hear of it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// What is told.
    pub told: Told,
    /// The ticket.
    pub ticket: Arc<Ticket>,
}

impl Heard {
    /// The event.
    pub fn key(&self) -> EventKey {
        (self.told.id, self.told.seq)
    }

    /// Whether somebody may hear of it.
    pub fn is_for(&self, actor: &Actor) -> bool {
        Scope::of(actor).covers(&self.ticket)
    }

    /// The members whose work it may have changed.
    pub fn workers(&self) -> impl Iterator<Item = &str> {
        let tasks = self.ticket.tasks.iter();
        tasks.flat_map(|task| task.handlers.iter().chain(&task.owner).map(String::as_str))
    }
}

/// What happened since, in the order of its times, but for what was heard before.
///
/// # Errors
/// The database's.
pub fn since(conn: &mut Conn, at: Timestamp, heard: &BTreeSet<EventKey>) -> Result<Vec<Heard>> {
    let mut keys = recent::keys(conn, at, MOST.saturating_add(heard.len()))?;
    keys.retain(|key| !heard.contains(key));
    keys.truncate(MOST);
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let ids: BTreeSet<_> = keys.iter().map(|(id, _seq)| *id).collect();
    let ids: Vec<_> = ids.into_iter().collect();
    let tickets: BTreeMap<_, _> =
        sql::get_all(conn, &ids)?.into_iter().map(|ticket| (ticket.id, Arc::new(ticket))).collect();
    let events = recent::events(conn, &keys)?;
    let names = names(conn, &events)?;
    let tell = |(id, event): &(TicketId, Event)| {
        let ticket = tickets.get(id)?.clone();
        let line = timeline(std::slice::from_ref(event), &names).pop()?;
        let told = Told {
            id: *id,
            no: ticket.no.clone(),
            version: ticket.version,
            seq: event.seq,
            text: kernel::text::cut_chars(&line.text, TEXT_MAX),
            by: event.actor.clone(),
            by_name: line.name,
            at: event.at,
        };
        Some(Heard { told, ticket })
    };
    Ok(events.iter().filter_map(tell).collect())
}

/// The names of the members in these events.
fn names(conn: &mut Conn, events: &[(TicketId, Event)]) -> Result<BTreeMap<String, String>> {
    let mut userids = BTreeSet::new();
    for (_id, event) in events {
        userids.extend(event.actor.userid());
        userids.extend(event.facts.iter().filter_map(|fact| match fact {
            Fact::TaskOwned { by, .. } => Some(by.as_str()),
            _ => None,
        }));
    }
    let userids: Vec<_> = userids.into_iter().collect();
    let members = org::members_by_ids(conn, &userids)?;
    Ok(members.into_iter().map(|(userid, member)| (userid, member.name)).collect())
}

/// Who looks at which ticket now.
pub type Presence = BTreeMap<TicketId, Vec<(String, bool)>>;

/// Who looks at which ticket now.
///
/// # Errors
/// The database's.
pub fn presence(conn: &mut Conn, now: Timestamp) -> Result<Presence> {
    let mut all = Presence::new();
    for (ticket, userid, is_editing) in presence::everywhere(conn, now)? {
        all.entry(ticket).or_default().push((userid, is_editing));
    }
    Ok(all)
}

/// The tickets at which others are now than before, and who they are.
///
/// # Errors
/// The database's.
pub fn moved(
    conn: &mut Conn,
    before: &Presence,
    now: &Presence,
) -> Result<Vec<(Arc<Ticket>, Vec<Here>)>> {
    let either: BTreeSet<_> = before.keys().chain(now.keys()).copied().collect();
    let moved: Vec<_> = either.into_iter().filter(|id| before.get(id) != now.get(id)).collect();
    let tickets = sql::get_all(conn, &moved)?;
    let here = |ticket: &Ticket| now.get(&ticket.id).map_or(&[][..], Vec::as_slice);
    // All names at once, each with its ticket's turn.
    let people: Vec<_> = tickets.iter().flat_map(here).cloned().collect();
    let mut named = presence::named(conn, &people)?.into_iter();
    let with_people = |ticket: Ticket| {
        let people = named.by_ref().take(here(&ticket).len()).collect();
        (Arc::new(ticket), people)
    };
    Ok(tickets.into_iter().map(with_people).collect())
}
