//! The birth of a ticket.

use catalog::Published;
use db::Conn;
use form::{Access, Answers, Context};
use kernel::{Ctx, Error, Result, TicketId, text::first_line};
use serde_json::{Map, Value};

use crate::{
    act::{Setup, commit, settle},
    answers,
    effect::facts_of,
    fact::{Created, Fact},
    known::{About, Known},
    offer, origin, refer, relation, sql,
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
/// `field_invalid` with every wrong field; `template.not_found`; `customer.not_yours` and
/// `chat.not_yours` when a member names whom he may not see.
pub fn create(conn: &mut Conn, ctx: &Ctx, setup: &Setup, new: &New<'_>) -> Result<Ticket> {
    if [SUBTICKET, TRIGGER].contains(&new.source) {
        let detail = "这个来源的工单只能由流程或触发器发起，请换一个来源";
        return Err(Error::field("source", "not_an_option", detail));
    }
    relation::check(conn, &ctx.actor, new.customer.as_deref(), new.chat_id.as_deref())?;
    let template = setup.catalog.find_newest(conn, new.template)?;
    offer::check(conn, &ctx.actor, &template, new.source)?;
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
    let (customer, chat_id) = (new.customer.as_deref(), new.chat_id.as_deref());
    let placed = origin::with_place(conn, template.compiled(), new.form, chat_id)?;
    let given = placed.as_ref().unwrap_or(new.form);
    let form = answers::take(conn, ctx, &template, given, setup.zone_minutes)?;
    let urgency = Priority::of_urgency(form.get("urgency").and_then(Value::as_str));
    let (priority, raised) = raise(conn, setup, urgency, customer)?;
    let created = Created {
        no: number(conn, ctx, setup)?,
        title: title(&form, &template),
        priority,
        source: new.source.to_owned(),
        template: TemplateRef { key: template.key.clone(), version: template.version },
        customer: new.customer.clone(),
        chat_id: new.chat_id.clone(),
        form,
        creator: parent.map_or(&ctx.actor, |(parent, _of)| &parent.creator).clone(),
        tags: new.tags.clone(),
        context: origin::origin(conn, ctx, customer, chat_id)?,
        parent: parent.map(|(_parent, of)| of.clone()),
    };
    let about = About {
        form: &created.form,
        creator: &created.creator,
        customer: created.customer.as_deref(),
        priority: created.priority,
        source: &created.source,
        tags: &created.tags,
        ticket: None,
    };
    let known = Known::new(conn, ctx.now, setup, about, &template);
    let (state, effects) = flow::start(&template.flow, &known, ctx.now);
    let decided = known.decided()?;
    let opened = facts_of(ctx, None, (&template.flow, &state), effects);
    let mut facts = vec![Fact::Created(Box::new(created)), Fact::Stepped { state }];
    facts.extend(raised);
    facts.extend(opened);
    let records = settle(conn, ctx, decided, &facts)?;
    facts.extend(records);
    let ticket = commit(conn, ctx, TicketId::next(&ctx.ids, ctx.now), None, "create", facts)?;
    refer::keep(conn, &ticket, template.compiled(), true)?;
    trigger::watch(conn, ctx, &template, &ticket)?;
    Ok(ticket)
}

/// The priority that a ticket has on account of whose it is, and the record of it when that is
/// another one than was asked for.
pub(crate) fn raise(
    conn: &mut Conn,
    setup: &Setup,
    asked: Priority,
    customer: Option<&str>,
) -> Result<(Priority, Option<Fact>)> {
    let Some(external_userid) = customer else { return Ok((asked, None)) };
    let found = customer::find_by_external(conn, external_userid)?;
    let is_vip = found.is_some_and(|customer| setup.is_vip(&customer));
    let complaints = setup.catalog.complaints();
    let past = match complaints.as_slice() {
        [] => 0,
        keys => sql::count_of(conn, external_userid, keys)?,
    };
    let past = u32::try_from(past).unwrap_or(u32::MAX);
    let raised = Priority::of_rank(flow::assign::raised(asked.rank(), is_vip, past));
    if raised == asked {
        return Ok((asked, None));
    }
    let mut lines = Vec::new();
    if is_vip {
        lines.push("客户是重要客户".to_owned());
    }
    if past > 0 {
        lines.push(format!("客户以前有 {past} 次投诉"));
    }
    lines.push(format!("优先级由{}提高到{}", asked.label(), raised.label()));
    Ok((raised, Some(Fact::Decided { step: None, lines })))
}

/// What it is about: the title that was given, or else its business and the first thing that was
/// written of it.
fn title(form: &Answers, template: &Published) -> String {
    let text = |key: &str| form.get(key).and_then(Value::as_str);
    if let Some(title) = text("title") {
        return first_line(title, 100);
    }
    // A title stands everywhere: nothing that is hidden from anybody may stand in it.
    let is_open = |key: &str, step: &str| {
        let at = Context { step: Some(step), ..Context::default() };
        template.compiled().access_to(key, &at).is_some_and(|access| access > Access::Hidden)
    };
    let is_public = |field: &&form::Field| {
        let steps = template.flow.all();
        is_open(&field.key, "*") && steps.iter().all(|step| is_open(&field.key, &step.key))
    };
    let fields = template.form.fields.iter().filter(|field| field.kind == "text");
    let first = fields.filter(is_public).filter_map(|field| text(&field.key)).next();
    first.map_or_else(
        || template.name.clone(),
        |first| first_line(&format!("{} {first}", template.name), 100),
    )
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

/// `GD-20261122-0001`: the day in the organisation's zone and a number of the day.
fn number(conn: &mut Conn, ctx: &Ctx, setup: &Setup) -> Result<String> {
    let day: String = ctx.now.local(setup.zone_minutes).chars().take(10).collect();
    let day = day.replace('-', "");
    let last = sql::count_up(conn, &day)?;
    Ok(format!("GD-{day}-{last:04}"))
}
