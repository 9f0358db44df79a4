//! The birth of a ticket.

use db::Conn;
use form::Answers;
use kernel::{Ctx, Error, Result, TicketId};
use serde_json::{Map, Value};

use crate::{
    act::{Setup, commit},
    answers,
    effect::facts_of,
    fact::{Created, Fact},
    known::{About, Known},
    sql,
    ticket::{Parent, Priority, SOURCES, TemplateRef, Ticket},
    trigger,
};

/// What a new ticket is made of.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// The template's key.
    pub template: &'a str,
    /// By which entry it comes: one of [`SOURCES`].
    pub source: &'a str,
    /// What was answered.
    pub form: &'a Map<String, Value>,
    /// The customer, by external_userid.
    pub customer: Option<String>,
    /// The group chat it comes from.
    pub chat_id: Option<String>,
    /// Words that group it.
    pub tags: Vec<String>,
}

/// The entry by which the children of other tickets come.
pub(crate) const SUBTICKET: &str = "subticket";
/// The entry by which those come that several others set going.
pub(crate) const TRIGGER: &str = "trigger";

/// The longest tag, in characters, and the most of them.
const TAG_MAX: usize = 32;
const TAGS_MAX: usize = 20;

/// Raises a ticket; its first step opens in the same transaction.
///
/// # Errors
/// `field_invalid` with every wrong field; `template.not_found`.
pub fn create(conn: &mut Conn, ctx: &Ctx, setup: &Setup, new: &New<'_>) -> Result<Ticket> {
    if [SUBTICKET, TRIGGER].contains(&new.source) {
        let detail = "这个来源的工单只能由流程或触发器发起，请换一个来源";
        return Err(Error::field("source", "not_an_option", detail));
    }
    create_for(conn, ctx, setup, new, None)
}

/// Raises a ticket, perhaps for a step of another one, whose starter is its starter, too.
pub(crate) fn create_for(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    new: &New<'_>,
    parent: Option<(&Ticket, &Parent)>,
) -> Result<Ticket> {
    if !SOURCES.contains(&new.source) {
        let detail = format!("source 须是其中之一：{}", SOURCES.join("、"));
        return Err(Error::field("source", "not_an_option", detail));
    }
    if new.tags.len() > TAGS_MAX || new.tags.iter().any(|tag| tag.chars().count() > TAG_MAX) {
        let detail = format!("最多 {TAGS_MAX} 个标签，每个最多 {TAG_MAX} 个字");
        return Err(Error::field("tags", "too_long", detail));
    }
    let template = setup.catalog.find_newest(conn, new.template)?;
    let form = answers::take(conn, ctx, &template, new.form, setup.zone_minutes)?;
    let created = Created {
        no: number(conn, ctx, setup)?,
        title: title(&form, &template.name),
        priority: Priority::of_urgency(form.get("urgency").and_then(Value::as_str)),
        source: new.source.to_owned(),
        template: TemplateRef { key: template.key.clone(), version: template.version },
        customer: new.customer.clone(),
        chat_id: new.chat_id.clone(),
        form,
        creator: parent.map_or(&ctx.actor, |(parent, _of)| &parent.creator).clone(),
        tags: new.tags.clone(),
        parent: parent.map(|(_parent, of)| of.clone()),
    };
    let about = About {
        form: &created.form,
        creator: &created.creator,
        customer: created.customer.as_deref(),
        ticket: None,
    };
    let known = Known::new(conn, setup, about, &template.form);
    let (state, effects) = flow::start(&template.flow, &known, ctx.now);
    known.check()?;
    let mut facts = vec![Fact::Created(Box::new(created)), Fact::Stepped { state }];
    facts.extend(facts_of(ctx, None, effects));
    let ticket = commit(conn, ctx, TicketId::next(&ctx.ids, ctx.now), None, "create", facts)?;
    trigger::watch(conn, ctx, &template, &ticket)?;
    Ok(ticket)
}

/// Says what a ticket is about, if its form asks for that and nobody has said so.
///
/// # Errors
/// `template.not_found`.
pub(crate) fn entitle(
    conn: &mut Conn,
    setup: &Setup,
    template: &str,
    (title, form): (&str, &mut Map<String, Value>),
) -> Result<()> {
    let template = setup.catalog.find_newest(conn, template)?;
    if template.form.field("title").is_some() {
        form.entry("title").or_insert_with(|| Value::from(title));
    }
    Ok(())
}

fn title(form: &Answers, template: &str) -> String {
    let given = form.get("title").and_then(Value::as_str);
    given.map_or_else(|| template.to_owned(), |title| kernel::text::first_line(title, 100))
}

/// `GD-20261122-0001`: the day in the organisation's zone and a number of the day.
fn number(conn: &mut Conn, ctx: &Ctx, setup: &Setup) -> Result<String> {
    let day: String = ctx.now.local(setup.zone_minutes).chars().take(10).collect();
    let day = day.replace('-', "");
    let last = sql::count_up(conn, &day)?;
    Ok(format!("GD-{day}-{last:04}"))
}
