//! Running tickets move to another version of their template, where nothing stands in the way. What
//! was done stays done; what the version asks in addition is asked by the steps yet to come.

use catalog::Published;
use db::Conn;
use flow::State;
use kernel::{Ctx, Cursor, Error, Limit, Page, Result, TicketId};
use serde_json::json;

use crate::{
    act::{self, Setup},
    fact::Fact,
    sql,
    ticket::Ticket,
};

/// Tickets that are looked at together.
const AT_ONCE: i64 = 200;

/// What becomes of one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub no: String,
    /// What it is about.
    pub title: String,
    /// The keys of the steps at work that the other version has not, or has elsewhere; it moves
    /// when there are none.
    pub blocked_by: Vec<String>,
}

/// Which tickets, and where to.
#[derive(Clone, Debug)]
pub struct Migration {
    /// The template's key.
    pub key: String,
    /// The version that they have.
    pub from: u32,
    /// The version that they get.
    pub to: u32,
}

/// The version of these by which a ticket of the template still runs, if any does.
///
/// # Errors
/// The database's.
pub fn runs_by(conn: &mut Conn, template: &str, versions: &[u32]) -> Result<Option<u32>> {
    let mut after = TicketId(0);
    while !versions.is_empty() {
        let running = sql::running_of(conn, template, after, AT_ONCE)?;
        let Some(last) = running.last() else { break };
        after = last.id;
        let mut used = running.iter().map(|ticket| ticket.template.version);
        if let Some(version) = used.find(|version| versions.contains(version)) {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

impl Migration {
    /// What would become of the running tickets of a version. The page may be shorter than its
    /// limit: tickets of other versions are passed over.
    ///
    /// # Errors
    /// `field_invalid` when the versions are one; `template.not_found`; the database's.
    pub fn preview(
        &self,
        conn: &mut Conn,
        setup: &Setup,
        (after, limit): (Option<Cursor>, Limit),
    ) -> Result<Page<Move>> {
        self.each(conn, setup, (after, limit), |_conn, _ticket, _state| Ok(()))
    }

    /// Moves the running tickets of a version, each by an event of its own.
    ///
    /// # Errors
    /// As [`Migration::preview`].
    pub fn run(
        &self,
        conn: &mut Conn,
        ctx: &Ctx,
        setup: &Setup,
        (after, limit): (Option<Cursor>, Limit),
    ) -> Result<Page<Move>> {
        self.each(conn, setup, (after, limit), |conn, ticket, state| {
            let id = ticket.id;
            let facts = vec![Fact::Migrated { version: self.to, state }];
            act::commit(conn, ctx, id, Some(ticket), "migrate", facts)?;
            let detail = json!({ "template": self.key, "from": self.from, "to": self.to });
            org::audit(conn, ctx, "ticket.migrated", &format!("ticket:{id}"), &detail)
        })
    }

    fn each(
        &self,
        conn: &mut Conn,
        setup: &Setup,
        (after, limit): (Option<Cursor>, Limit),
        move_on: impl Fn(&mut Conn, Ticket, State) -> Result<()>,
    ) -> Result<Page<Move>> {
        if self.from == self.to {
            return Err(Error::field("to", "same_version", "两个版本相同，请换一个"));
        }
        let old = setup.catalog.find(conn, &self.key, self.from)?;
        let new = setup.catalog.find(conn, &self.key, self.to)?;
        let after = TicketId(after.map_or(0, |cursor| cursor.id));
        let running = sql::running_of(conn, &self.key, after, limit.probe())?;
        let page = Page::cut(running, limit, |ticket| Cursor { key: 0, id: ticket.id.0 });
        let next = page.next;
        let of_version = |ticket: &Ticket| ticket.template.version == self.from;
        let mut items = Vec::new();
        for ticket in page.items.into_iter().filter(of_version) {
            items.push(Self::one(conn, (&old, &new), ticket, &move_on)?);
        }
        Ok(Page { items, next })
    }

    fn one(
        conn: &mut Conn,
        (old, new): (&Published, &Published),
        ticket: Ticket,
        move_on: &impl Fn(&mut Conn, Ticket, State) -> Result<()>,
    ) -> Result<Move> {
        let (no, title) = (ticket.no.clone(), ticket.title.clone());
        let mut told = Move { ticket: ticket.id, no, title, blocked_by: Vec::new() };
        match flow::refit(&old.flow, &new.flow, &ticket.flow) {
            Ok(state) => move_on(conn, ticket, state)?,
            Err(steps) => told.blocked_by = steps,
        }
        Ok(told)
    }
}
