//! What a new ticket's form can be filled with before anybody writes: from the device, the group,
//! the customer, his earlier tickets and the member himself, in this order. Only fields that are
//! asked at the creation and that are the starter's to fill in; what does not fit a field is left
//! out. Every value names where it comes from.

mod keys;

pub(crate) use keys::is_serial;

use std::collections::BTreeMap;

use catalog::Published;
use customer::{Asset, Customer, Place};
use db::Conn;
use form::{Access, Answers, Context, Field, Reader, Source};
use kernel::{Ctx, Limit, Result};
use org::Member;
use serde::Serialize;
use serde_json::Value;

use crate::{
    Setup,
    list::{self, Filter},
    origin::{self, Origin},
    policy::{self, Scope},
    relation::Closeness,
    ticket::Ticket,
};

/// How many of a customer's latest tickets are looked at.
const TICKETS: i64 = 20;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The device.
    Asset,
    /// The group's place.
    Chat,
    /// What is known of the customer.
    Customer,
    /// An earlier ticket of the customer.
    History,
    /// The member himself.
    Member,
}

/// What a form can be filled with.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Prefill {
    /// The answers, by field.
    pub values: Answers,
    /// Where each comes from.
    pub from: BTreeMap<String, From>,
    /// What will be kept with the ticket.
    pub context: Option<Origin>,
}

/// For what a form is to be filled; the caller has seen to it that the actor may see all of it.
#[derive(Clone, Debug)]
pub struct Wanted<'w> {
    /// The template's key.
    pub template: &'w str,
    /// The customer, and how close the actor is to him.
    pub customer: Option<(&'w Customer, Closeness)>,
    /// The group, by its id.
    pub chat_id: Option<&'w str>,
    /// The device.
    pub asset: Option<&'w Asset>,
}

/// Everything that values are taken from.
struct Sources<'s> {
    asset: Option<&'s Asset>,
    place: Option<Place>,
    customer: Option<(&'s Customer, Closeness)>,
    owner: Option<String>,
    history: Vec<Answered>,
    member: Option<Member>,
}

/// An answer of an earlier ticket.
struct Answered {
    key: String,
    kind: String,
    value: Value,
}

/// What a new ticket's form can be filled with.
///
/// # Errors
/// `template.not_found`; the database's.
pub fn prefill(conn: &mut Conn, ctx: &Ctx, setup: &Setup, wanted: &Wanted<'_>) -> Result<Prefill> {
    let template = setup.catalog.find_newest(conn, wanted.template)?;
    let id = wanted.customer.map(|(customer, _closeness)| customer.external_userid.as_str());
    let place = wanted.chat_id.map(|id| customer::find_place(conn, id)).transpose()?.flatten();
    let member = ctx.actor.userid().map(|userid| org::find_member(conn, userid)).transpose()?;
    let owner = wanted.customer.and_then(|(customer, _closeness)| {
        origin::owner_of(&ctx.actor, customer).map(|follow| follow.userid.clone())
    });
    let history = match wanted.customer {
        Some((customer, closeness)) => history(conn, ctx, setup, customer, closeness)?,
        None => Vec::new(),
    };
    let sources = Sources {
        asset: wanted.asset,
        place,
        customer: wanted.customer,
        owner,
        history,
        member: member.flatten(),
    };
    let mut filled =
        Prefill { context: origin::origin(conn, ctx, id, wanted.chat_id)?, ..Prefill::default() };
    for (field, is_first) in askable(&template) {
        if let Some((value, from)) = sources.of(field, is_first) {
            filled.values.insert(field.key.clone(), value);
            filled.from.insert(field.key.clone(), from);
        }
    }
    Ok(filled)
}

/// The fields that a starter fills in, and whether each is the first of its type.
fn askable(template: &Published) -> impl Iterator<Item = (&Field, bool)> {
    let form = template.compiled();
    let mut seen = Vec::new();
    let fields = template.form.fields.iter().filter(move |field| {
        let is_input =
            form::kind_of(&field.kind).is_some_and(|kind| kind.source() == Source::Input);
        is_input && form.access_to(&field.key, &Context::default()) == Some(Access::Edit)
    });
    fields.map(move |field| {
        let is_first = !seen.contains(&&field.kind);
        seen.push(&field.kind);
        (field, is_first)
    })
}

/// The answers of a customer's latest tickets that the actor may see, the newest first. Who serves
/// the customer may use those of all his tickets.
fn history(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    customer: &Customer,
    closeness: Closeness,
) -> Result<Vec<Answered>> {
    let scope = if closeness == Closeness::Follower { Scope::All } else { Scope::of(&ctx.actor) };
    let filter = Filter {
        customer: Some(customer.external_userid.clone()),
        limit: Limit::new(Some(TICKETS))?,
        ..Filter::default()
    };
    let mut tickets: Vec<Ticket> = list::list(conn, &scope, &filter)?.items;
    tickets.sort_by_key(|ticket| std::cmp::Reverse((ticket.created_at, ticket.id)));
    let mut answered = Vec::new();
    for ticket in tickets {
        let key = &ticket.template.key;
        let template = setup.catalog.find(conn, key, ticket.template.version)?;
        for (key, value) in policy::readable(&ctx.actor, &ticket, &template) {
            if let Some(field) = template.form.field(&key) {
                answered.push(Answered { key, kind: field.kind.clone(), value });
            }
        }
    }
    Ok(answered)
}

/// A value as a field stores it, if it fits.
fn fitting(field: &Field, value: &Value) -> Option<Value> {
    let kind = form::kind_of(&field.kind)?;
    let value = match value {
        Value::String(text) => kind.read(field, text, &Reader::default())?,
        other => other.clone(),
    };
    if kind.is_empty(&value) {
        return None;
    }
    kind.normalise(field, &value).ok()
}

fn text_of(field: &Field, text: &str) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() { None } else { fitting(field, &Value::from(text)) }
}

/// What a group's place answers to a field: what it says of the field itself, else, to the field
/// that asks for such a place, its name or its key.
pub(crate) fn of_place(field: &Field, place: &Place) -> Option<Value> {
    if let Some(value) = place.values.get(&field.key) {
        return fitting(field, value);
    }
    if field.key != place.kind {
        return None;
    }
    text_of(field, &place.name).or_else(|| text_of(field, &place.key))
}

impl Sources<'_> {
    fn of(&self, field: &Field, is_first: bool) -> Option<(Value, From)> {
        let found = |value: Option<Value>, from: From| value.map(|value| (value, from));
        let place = self.place.as_ref().and_then(|place| of_place(field, place));
        found(self.asset.and_then(|asset| of_asset(field, asset)), From::Asset)
            .or_else(|| found(place, From::Chat))
            .or_else(|| found(self.of_customer(field, is_first), From::Customer))
            .or_else(|| found(self.of_history(field, is_first), From::History))
            .or_else(|| found(self.of_member(field, is_first), From::Member))
    }

    fn of_customer(&self, field: &Field, is_first: bool) -> Option<Value> {
        let (customer, closeness) = self.customer?;
        let name = if customer.name.is_empty() { customer.display_name() } else { &customer.name };
        let key = field.key.as_str();
        if closeness == Closeness::None {
            // Who only talks in a group with him knows what he is called there, and no more.
            return match field.kind.as_str() {
                "customer" => text_of(field, &customer.external_userid),
                "text" if key == "customer" || keys::is_customer_name(key) => text_of(field, name),
                _ => None,
            };
        }
        match field.kind.as_str() {
            "customer" => text_of(field, &customer.external_userid),
            // Others see the number masked; a mask is no answer.
            "phone" if is_first && closeness == Closeness::Follower => {
                text_of(field, &customer.phone)
            }
            "member" if keys::is_owner(key) => text_of(field, self.owner.as_deref()?),
            "multi_select" => of_tags(field, customer),
            "text" if keys::is_company(key) => text_of(field, &customer.corp_name),
            // A party to a contract is rather the company.
            "text" if key == "customer" => {
                text_of(field, &customer.corp_name).or_else(|| text_of(field, name))
            }
            "text" if keys::is_customer_name(key) => text_of(field, name),
            "text" if keys::is_tags(key) => text_of(field, &origin::tags_of(customer).join("、")),
            _ => None,
        }
    }

    fn of_history(&self, field: &Field, is_first: bool) -> Option<Value> {
        let is_steady = keys::is_steady_kind(&field.kind);
        if !is_steady && !keys::is_steady(&field.key) {
            return None;
        }
        let same = self.history.iter().filter(|one| one.kind == field.kind);
        let named = same.clone().filter(|one| one.key == field.key);
        let alike = same.filter(|_one| is_steady && is_first);
        named.chain(alike).find_map(|one| fitting_stored(field, &one.value))
    }

    fn of_member(&self, field: &Field, is_first: bool) -> Option<Value> {
        let member = self.member.as_ref()?;
        let key = field.key.as_str();
        match field.kind.as_str() {
            "member" if keys::is_starter(key) => text_of(field, &member.userid),
            "department" if keys::is_starter(key) || key.contains("dep") => {
                text_of(field, &member.main_department.to_string())
            }
            "text" if keys::is_starter(key) => text_of(field, &member.name),
            "phone" if keys::is_starter(key) || is_first && self.customer.is_none() => {
                text_of(field, &member.mobile)
            }
            _ => None,
        }
    }
}

/// An answer that was stored by a field of the same type.
fn fitting_stored(field: &Field, value: &Value) -> Option<Value> {
    let kind = form::kind_of(&field.kind)?;
    if kind.is_empty(value) { None } else { kind.normalise(field, value).ok() }
}

/// The options of a field that asks for a customer's tags which he has.
fn of_tags(field: &Field, customer: &Customer) -> Option<Value> {
    if !keys::is_tags(&field.key) {
        return None;
    }
    let tags = origin::tags_of(customer);
    let has = |option: &&form::Choice| {
        tags.iter().any(|tag| *tag == option.value || **tag == *option.label)
    };
    let chosen: Vec<Value> =
        field.options.iter().filter(has).map(|one| one.value.clone().into()).collect();
    if chosen.is_empty() { None } else { fitting_stored(field, &Value::Array(chosen)) }
}

fn of_asset(field: &Field, asset: &Asset) -> Option<Value> {
    if field.kind == "asset" {
        return text_of(field, &asset.serial_no);
    }
    let particular = asset.values.get(&field.key).or_else(|| asset.values.get(&*field.label));
    if let Some(particular) = particular {
        return text_of(field, particular);
    }
    let key = field.key.as_str();
    match field.kind.as_str() {
        "customer" => text_of(field, &asset.external_userid),
        "text" | "single_select" if keys::is_model(key) => text_of(field, &asset.model),
        "text" if keys::is_serial(key) => text_of(field, &asset.serial_no),
        "text" | "single_select" if keys::is_device(key) => text_of(field, &asset.name),
        "text" | "address" if keys::is_device_place(key) => text_of(field, &asset.place),
        "date" if keys::is_installed(key) => text_of(field, asset.installed_on.as_deref()?),
        "date" if key.contains("warranty") => text_of(field, asset.warranty_until.as_deref()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
