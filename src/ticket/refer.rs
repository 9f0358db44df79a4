//! Devices, opportunities and orders that tickets name: found where the house keeps them, and the
//! other way round.

use std::collections::BTreeMap;

use customer::{Asset, Belonging, Kept, Opportunity, Order, What};
use db::Conn;
use form::{Answers, Compiled, Reference, Referred};
use kernel::{Actor, Error, Kind, Result, TicketId, Timestamp};
use serde::Serialize;

pub use sql::refer::Served;

use crate::{
    policy::{self, Scope},
    relation::{Closeness, closeness},
    sql,
    ticket::Ticket,
};

/// The word of it in the table.
fn word(what: What) -> &'static str {
    match what {
        What::Asset => "asset",
        What::Opportunity => "opportunity",
        What::Order => "order",
    }
}

/// What an answer refers to, when that belongs to customers.
fn belonging(one: &Reference) -> Option<What> {
    match one.what {
        Referred::Asset => Some(What::Asset),
        Referred::Opportunity => Some(What::Opportunity),
        Referred::Order => Some(What::Order),
        _ => None,
    }
}

/// The reference that is to nothing, with its code. Where the house keeps no such register, the
/// numbers are another system's and taken as they are.
pub(crate) fn is_missing(
    conn: &mut Conn,
    one: &Reference,
) -> Result<Option<(&'static str, &'static str)>> {
    let Some(what) = belonging(one) else { return Ok(None) };
    if customer::has_belonging(conn, what, &one.id)? || !customer::is_register_kept(conn, what)? {
        return Ok(None);
    }
    let code = match what {
        What::Asset => "unknown_asset",
        What::Opportunity => "unknown_opportunity",
        What::Order => "unknown_order",
    };
    Ok(Some((code, what.label())))
}

/// What a field of text asks for, as its key says: a number that somebody copied from a label or an
/// order names the same thing as one that was chosen from a list.
fn written(key: &str) -> Option<What> {
    match key {
        "order_no" => Some(What::Order),
        "opportunity_no" => Some(What::Opportunity),
        key if crate::prefill::is_serial(key) => Some(What::Asset),
        _ => None,
    }
}

fn named(form: &Compiled, answers: &Answers) -> Vec<(What, String)> {
    let references = form.references(answers);
    let mut all: Vec<_> =
        references.into_iter().filter_map(|one| Some((belonging(&one)?, one.id))).collect();
    for field in form.form().fields.iter().filter(|field| field.kind == "text") {
        let text = answers.get(&field.key).and_then(serde_json::Value::as_str).map(str::trim);
        let fits = |text: &&str| !text.is_empty() && text.len() <= customer::KEY_MAX;
        let found = written(&field.key).zip(text.filter(fits));
        all.extend(found.map(|(what, text)| (what, text.to_owned())));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Keeps what a ticket's answers name, so that it is found from there.
pub(crate) fn keep(conn: &mut Conn, ticket: &Ticket, form: &Compiled, is_new: bool) -> Result<()> {
    let named = named(form, &ticket.form);
    let rows: Vec<_> = named.iter().map(|(what, key)| (word(*what), key.as_str())).collect();
    if is_new && rows.is_empty() {
        return Ok(());
    }
    sql::refer::keep(conn, ticket.id, &rows, is_new)
}

/// How often each of these devices, orders or opportunities was served.
///
/// # Errors
/// The database's.
pub fn served(conn: &mut Conn, what: What, keys: &[String]) -> Result<BTreeMap<String, Served>> {
    sql::refer::served(conn, word(what), keys)
}

/// A device with its history.
#[derive(Clone, Debug, Serialize)]
pub struct AssetView {
    /// The device.
    #[serde(flatten)]
    pub asset: Kept<Asset>,
    /// How many tickets name it.
    pub tickets: usize,
    /// When the latest of them that was done had ended.
    pub last_service_at: Option<Timestamp>,
}

/// Devices with their histories.
///
/// # Errors
/// The database's.
pub fn with_history(conn: &mut Conn, assets: Vec<Kept<Asset>>) -> Result<Vec<AssetView>> {
    let keys: Vec<_> = assets.iter().map(|one| one.it.serial_no.clone()).collect();
    let all = served(conn, What::Asset, &keys)?;
    let view = |asset: Kept<Asset>| {
        let served = all.get(&asset.it.serial_no).copied().unwrap_or_default();
        AssetView { asset, tickets: served.tickets, last_service_at: served.last_at }
    };
    Ok(assets.into_iter().map(view).collect())
}

/// What a ticket names and the house knows: whoever opens it sees it without asking for it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Related {
    /// The opportunities.
    pub opportunities: Vec<Kept<Opportunity>>,
    /// The orders.
    pub orders: Vec<Kept<Order>>,
    /// The devices.
    pub assets: Vec<AssetView>,
}

/// What a ticket names, as far as the reader may see the answers that name it. Anybody can write any
/// number: what belongs to another than the ticket's customer is shown only when whoever raised the
/// ticket, or whoever reads it, may see that customer.
///
/// # Errors
/// The database's.
pub fn related(
    conn: &mut Conn,
    reader: &Actor,
    ticket: &Ticket,
    template: &catalog::Published,
) -> Result<Related> {
    let mut all = Related::default();
    if matches!(reader, Actor::Customer { .. }) {
        return Ok(all);
    }
    let mut assets: Vec<Kept<Asset>> = Vec::new();
    for (what, key) in named(template.compiled(), &policy::readable(reader, ticket, template)) {
        match what {
            What::Opportunity => all.opportunities.extend(shown(conn, reader, ticket, &key)?),
            What::Order => all.orders.extend(shown(conn, reader, ticket, &key)?),
            What::Asset => assets.extend(shown(conn, reader, ticket, &key)?),
        }
    }
    all.assets = with_history(conn, assets)?;
    Ok(all)
}

/// What this key names, if it may be shown with the ticket.
fn shown<T: Belonging>(
    conn: &mut Conn,
    reader: &Actor,
    ticket: &Ticket,
    key: &str,
) -> Result<Option<Kept<T>>> {
    let Some(kept) = customer::find_belonging::<T>(conn, key)? else { return Ok(None) };
    let may = may_show(conn, reader, ticket, kept.it.external_userid())?;
    Ok(may.then_some(kept))
}

/// Whether something of this customer's may be shown with the ticket that names it.
fn may_show(conn: &mut Conn, reader: &Actor, ticket: &Ticket, owner: &str) -> Result<bool> {
    if ticket.customer.as_deref() == Some(owner) {
        return Ok(true);
    }
    let Some(owner) = customer::find_by_external(conn, owner)? else {
        return Ok(matches!(reader, Actor::Token { .. } | Actor::System));
    };
    // Who raised it could see it, so those who work at it are meant to.
    Ok(closeness(conn, &ticket.creator, &owner)? > Closeness::None
        || closeness(conn, reader, &owner)? > Closeness::None)
}

/// The newest complaint of a customer: what the priority of his next ticket counts. Who may not see
/// its ticket learns only that there was one.
#[derive(Clone, Debug, Serialize)]
pub struct Complaint {
    /// The ticket.
    pub ticket: Option<TicketId>,
    /// Its number.
    pub no: Option<String>,
    /// When it was raised.
    pub at: Timestamp,
    /// What it was about.
    pub text: Option<String>,
}

/// The newest complaint of a customer, as far as the reader may see it.
///
/// # Errors
/// The database's.
pub fn last_complaint(
    conn: &mut Conn,
    setup: &crate::Setup,
    reader: &Actor,
    external_userid: &str,
) -> Result<Option<Complaint>> {
    let complaints = setup.catalog.complaints();
    if complaints.is_empty() {
        return Ok(None);
    }
    let Some(newest) = sql::refer::newest_of(conn, external_userid, &complaints)? else {
        return Ok(None);
    };
    let ticket = sql::get(conn, newest)?;
    let mut complaint = Complaint { ticket: None, no: None, at: ticket.created_at, text: None };
    if Scope::of(reader).covers(&ticket) {
        let Ticket { id, no, title, .. } = ticket;
        (complaint.ticket, complaint.no, complaint.text) = (Some(id), Some(no), Some(title));
    }
    Ok(Some(complaint))
}

/// That something of a customer's is not there.
pub fn belonging_not_found(what: What, key: &str) -> Error {
    let code = match what {
        What::Asset => "asset.not_found",
        What::Opportunity => "opportunity.not_found",
        What::Order => "order.not_found",
    };
    let key = kernel::text::cut_chars(key, 64);
    Error::new(Kind::NotFound, code, format!("没有{} {key}", what.label()))
}
