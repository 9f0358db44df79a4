//! What was known around a ticket when it was raised: taken by the service itself, never believed
//! from whoever raises it, and kept as it was then.

use customer::{Customer, Follow, Place};
use db::Conn;
use form::{Access, Compiled, Context};
use kernel::{Actor, Ctx, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    prefill,
    relation::{Closeness, closeness},
    sql,
};

/// What was known around a ticket when it was raised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Whose it is.
    pub customer: Option<OriginCustomer>,
    /// The group it came from.
    pub group: Option<OriginGroup>,
    /// Who serves the customer: the one who raised the ticket if he does, else the one who has for
    /// the longest time; without a customer, who owns the group.
    pub owner: Option<OriginOwner>,
    /// The customer's tags.
    pub tags: Vec<String>,
    /// When the customer last had to do with us before.
    pub last_contact_at: Option<Timestamp>,
}

/// The customer, as he was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginCustomer {
    /// His external_userid.
    pub external_userid: String,
    /// What people called him.
    pub name: String,
    /// His company.
    pub corp_name: String,
}

/// The group, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginGroup {
    /// WeCom's id.
    pub chat_id: String,
    /// Its name.
    pub name: String,
    /// Where it belonged.
    pub place: Option<OriginPlace>,
}

/// Where a group belonged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginPlace {
    /// What it is: `campus`.
    pub kind: String,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
}

impl From<&Place> for OriginPlace {
    fn from(place: &Place) -> Self {
        let Place { kind, key, name, .. } = place.clone();
        Self { kind, key, name }
    }
}

/// Who served the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginOwner {
    /// His userid.
    pub userid: String,
    /// His name.
    pub name: String,
}

/// What the actor may know around a ticket of this customer or group, now.
///
/// # Errors
/// The database's.
pub fn origin(
    conn: &mut Conn,
    ctx: &Ctx,
    customer: Option<&str>,
    chat_id: Option<&str>,
) -> Result<Option<Origin>> {
    if customer.is_none() && chat_id.is_none() {
        return Ok(None);
    }
    let mut origin = Origin::default();
    let mut owner = None;
    if let Some(chat_id) = chat_id {
        let group = customer::find_group(conn, chat_id)?;
        let place = customer::find_place(conn, chat_id)?;
        owner = group.as_ref().map(|group| group.owner.clone());
        origin.group = Some(OriginGroup {
            chat_id: chat_id.to_owned(),
            name: group.map(|group| group.name).unwrap_or_default(),
            place: place.as_ref().map(OriginPlace::from),
        });
    }
    if let Some(external_userid) = customer
        && let Some(customer) = customer::find_by_external(conn, external_userid)?
    {
        let mut known = OriginCustomer {
            external_userid: customer.external_userid.clone(),
            name: customer.display_name().to_owned(),
            corp_name: String::new(),
        };
        // To talk in a group with a customer is not to know him.
        let is_member = matches!(ctx.actor, Actor::Member { .. });
        if !is_member || closeness(conn, &ctx.actor, &customer)? > Closeness::None {
            owner = owner_of(&ctx.actor, &customer).map(|follow| follow.userid.clone()).or(owner);
            origin.tags = tags_of(&customer);
            origin.last_contact_at = last_contact_at(conn, &customer)?;
            known.corp_name = customer.corp_name;
        }
        origin.customer = Some(known);
    }
    if let Some(userid) = owner.filter(|userid| !userid.is_empty()) {
        let member = org::find_member(conn, &userid)?;
        let name = member.map_or_else(|| userid.clone(), |member| member.name);
        origin.owner = Some(OriginOwner { userid, name });
    }
    Ok(Some(origin))
}

/// Who serves a customer: the actor if he does, else who has for the longest time.
pub(crate) fn owner_of<'c>(actor: &Actor, customer: &'c Customer) -> Option<&'c Follow> {
    let own = customer.follows.iter().find(|one| actor.userid() == Some(&one.userid));
    let standing = customer.follows.iter().filter(|one| !one.is_lost);
    own.or_else(|| standing.min_by_key(|one| (one.since, one.userid.clone())))
}

/// The tags that those who serve a customer gave him, each once.
pub fn tags_of(customer: &Customer) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in customer.follows.iter().flat_map(|follow| &follow.tags) {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags
}

/// When a customer last had to do with us: somebody and he met, a ticket was raised for him, he
/// said something in one.
///
/// # Errors
/// The database's.
pub fn last_contact_at(conn: &mut Conn, customer: &Customer) -> Result<Option<Timestamp>> {
    let met = customer.follows.iter().map(|follow| follow.since).max();
    let met = met.filter(|since| since.0 > 0);
    Ok(met.max(sql::refer::last_contact(conn, &customer.external_userid)?))
}

/// The answers of a new ticket with those that its group's place brings, where the form asks for
/// them at the creation and they were left empty.
pub(crate) fn with_place(
    conn: &mut Conn,
    form: &Compiled,
    given: &Map<String, Value>,
    chat_id: Option<&str>,
) -> Result<Option<Map<String, Value>>> {
    let Some(chat_id) = chat_id else { return Ok(None) };
    let Some(place) = customer::find_place(conn, chat_id)? else { return Ok(None) };
    let mut filled = given.clone();
    for field in &form.form().fields {
        let is_asked = form.access_to(&field.key, &Context::default()) == Some(Access::Edit);
        let is_empty = given.get(&field.key).is_none_or(Value::is_null);
        if is_asked
            && is_empty
            && let Some(value) = prefill::of_place(field, &place)
        {
            filled.insert(field.key.clone(), value);
        }
    }
    Ok(Some(filled))
}
