//! Tickets: list, read, create, act, history. Every change goes through the ticket room's one door.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use catalog::GENERAL;
use db::Conn;
use kernel::{Ctx, Cursor, Error, Kind, Limit, Page, Result, TaskId, TicketId};
use notify::Links;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use ticket::{
    ACTIONS, Alike, Command, Detail, Fact, Filter, Names, Row, Scope, Setup, Status, Ticket,
    TicketView,
};
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema};
use crate::{
    guard::{By, Signed, may},
    read::{self, Body, Query, Window},
    reply::{Answer, Once, Refusal, Reply, ok},
    shared::Server,
};

/// What a ticket is shown with.
pub(crate) type Means = (Setup, Links);

/// Times that an action without If-Match is begun anew, when another change came between.
const TRIES: u32 = 3;
/// The longest words to look for, and the longest names of customers and chats, in characters.
const WORDS_MAX: usize = 100;
const NAME_MAX: usize = 64;

/// The entries that the pages are, by which members who are signed in raise tickets.
const PAGES: [&str; 4] = ["chat_sidebar", "customer_profile", "group_menu", "workbench"];

pub(crate) fn operations() -> Vec<Op> {
    let which = "工单的 id 或单号";
    vec![
        Op::get("/tickets", list)
            .named("list_tickets", "工单", "工单列表，最近变化的在前")
            .takes_query::<ListTickets>()
            .lists::<schema::Ticket>(),
        Op::post("/tickets", create)
            .named("create_ticket", "工单", "创建工单")
            .takes::<NewTicket>()
            .answers::<schema::TicketDetail>(201, "新的工单"),
        Op::get("/tickets/similar", similar)
            .named("list_similar_tickets", "工单", "可能是同一件事的未结束工单，最可能的在前")
            .takes_query::<ListSimilar>()
            .lists::<schema::Similar>(),
        Op::get("/tickets/{id}", get)
            .named("get_ticket", "工单", "查看工单")
            .where_path("id", which)
            .answers::<schema::TicketDetail>(200, "工单"),
        Op::post("/tickets/{id}/actions/{verb}", act)
            .named("act_on_ticket", "工单动作", "")
            .where_path("id", which)
            .takes_query::<OnTask>()
            .takes_header("If-Match", "工单的版本（ETag）；已有更新的版本时得到 409 和工单的现状")
            .answers::<schema::TicketDetail>(200, "动作之后的工单")
            .documented_as(document_actions),
        Op::post("/tickets/{id}/presence", presence)
            .named("post_ticket_presence", "工单", "报告自己正在查看或编辑工单")
            .explained("每 20 秒左右报告一次；45 秒没有报告的不再算在这里。")
            .where_path("id", which)
            .takes::<NewPresence>()
            .answers::<schema::People>(200, "现在在看这张工单的成员"),
        Op::get("/tickets/{id}/timeline", timeline)
            .named("get_ticket_timeline", "工单", "工单的时间线，最早的在前")
            .where_path("id", which)
            .takes_query::<ListTimeline>()
            .lists::<schema::TimelineEntry>(),
    ]
}

/// One path for each action that there is, with what its dialog asks.
fn document_actions(doc: &Value) -> Vec<(String, Value)> {
    let document = |action: &&dyn ticket::Action| {
        let mut doc = doc.clone();
        if let Some(all) = doc.get_mut("parameters").and_then(Value::as_array_mut) {
            all.retain(|one| one.get("name") != Some(&json!("verb")));
        }
        if let Some(doc) = doc.as_object_mut() {
            let mut schema = form_schema(&action.input());
            if action.fills().is_some()
                && let Some(all) = schema.get_mut("properties").and_then(Value::as_object_mut)
            {
                let filled = "这一步要填写的工单表单内容，见模板的 form";
                let filled = json!({ "type": "object", "description": filled });
                all.insert("form".to_owned(), filled);
            }
            let body = json!({ "schema": schema });
            doc.insert("operationId".to_owned(), json!(format!("{}_ticket", action.name())));
            doc.insert("summary".to_owned(), json!(action.label()));
            doc.insert(
                "requestBody".to_owned(),
                json!({ "content": { "application/json": body } }),
            );
        }
        (format!("/tickets/{{id}}/actions/{}", action.name()), doc)
    };
    ACTIONS.iter().map(document).collect()
}

/// A form as a JSON schema.
fn form_schema(form: &form::Form) -> Value {
    let property = |field: &form::Field| {
        let mut schema = match field.kind.as_str() {
            "images" | "multi_select" => json!({ "type": "array", "items": { "type": "string" } }),
            "location" => json!({ "type": "object" }),
            _ => json!({ "type": "string" }),
        };
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), json!(field.label));
            if !field.options.is_empty() {
                let values: Vec<_> = field.options.iter().map(|one| &one.value).collect();
                schema.insert("enum".to_owned(), json!(values));
            }
            if let Some(default) = &field.default {
                schema.insert("default".to_owned(), default.clone());
            }
        }
        (field.key.clone(), schema)
    };
    let required = form.fields.iter().filter(|field| field.required && field.default.is_none());
    let required: Vec<_> = required.map(|field| &field.key).collect();
    let properties: Map<String, Value> = form.fields.iter().map(property).collect();
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListTickets {
    /// 状态：open、suspended、closed、cancelled
    status: Option<String>,
    /// 来源入口
    source: Option<String>,
    /// 模板
    template: Option<String>,
    /// 客户的 external_userid
    customer: Option<String>,
    /// 创建的成员
    creator: Option<String>,
    /// 现在或曾经处理的成员
    handler: Option<String>,
    /// 来自这个客户群（chat_id）
    chat_id: Option<String>,
    /// 填了这台设备（序列号）
    asset: Option<String>,
    /// 只看已结束的，或只看没有结束的
    is_ended: Option<bool>,
    /// 标题中的文字，或完整的单号
    q: Option<String>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct OnTask {
    /// 按钮所属的待办；这项待办已结束时得到 409
    task: Option<String>,
}

/// Whose part of a history.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Audience {
    #[default]
    All,
    Ours,
    Customer,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListTimeline {
    /// all：全部；ours：客户看不到的；customer：客户能看到的，不含内部的话
    #[serde(default)]
    #[param(inline, required = false)]
    kind: Audience,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListSimilar {
    /// 模板
    template: Option<String>,
    /// 客户的 external_userid
    customer: Option<String>,
    /// 标题
    title: Option<String>,
    /// 设备的编号
    asset: Option<String>,
}

/// 要创建的工单
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTicket {
    /// 模板
    #[serde(default = "general")]
    #[schema(default = "general_request")]
    template: String,
    /// 来源入口
    #[serde(default = "by_api")]
    #[schema(default = "api")]
    source: String,
    /// 表单的填写内容，见模板的 form
    #[serde(default)]
    #[schema(required = false)]
    form: Map<String, Value>,
    /// 客户的 external_userid
    #[serde(default)]
    customer: Option<String>,
    /// 来自哪个群聊
    #[serde(default)]
    chat_id: Option<String>,
    /// 标签
    #[serde(default)]
    #[schema(required = false)]
    tags: Vec<String>,
}

/// 正在做什么
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPresence {
    /// 是否正在编辑
    editing: bool,
}

fn general() -> String {
    GENERAL.to_owned()
}

fn by_api() -> String {
    "api".to_owned()
}

async fn list(
    who: Signed<may::ReadTickets>,
    Query(query): Query<ListTickets>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let status = query.status.as_deref().map(Status::parse).transpose();
    if query.q.as_ref().is_some_and(|q| q.chars().count() > WORDS_MAX) {
        let detail = format!("q 最多 {WORDS_MAX} 个字");
        return Err(Refusal::unreadable(Error::field("q", "too_long", detail)));
    }
    let filter = Filter {
        status: status.map_err(Refusal::unreadable)?,
        source: query.source,
        template: query.template,
        customer: query.customer,
        creator: query.creator.map(|userid| userid.to_lowercase()),
        handler: query.handler.map(|userid| userid.to_lowercase()),
        chat_id: query.chat_id,
        asset: query.asset,
        is_ended: query.is_ended,
        q: query.q.filter(|q| !q.is_empty()),
        cursor,
        limit,
    };
    let (ctx, means) = (who.ctx().clone(), server.means());
    let page = server.db.read(move |conn| {
        let page = ticket::list(conn, &Scope::of(&ctx.actor), &filter)?;
        let items = listed(conn, &ctx, &means, page.items.iter())?;
        Ok(Page { items, next: page.next })
    });
    ok(&page.await?)
}

async fn get(who: Signed<may::ReadTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    Ok(current(&req, who.ctx(), &server).await?.respond(&req))
}

/// The ticket of a path, as an answer.
async fn current(req: &HttpRequest, ctx: &Ctx, server: &Server) -> Result<Answer> {
    let (key, ctx, means) = (key(req), ctx.clone(), server.means());
    let view = server.db.read(move |conn| {
        let ticket = find(conn, &ctx, &key)?;
        shown(conn, &ctx, &means, &ticket)
    });
    Answer::json(StatusCode::OK, &view.await?)
}

async fn create(
    who: Signed<may::WriteTickets>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (new, bytes) = body.json::<NewTicket>().await?;
    for (path, given) in [("customer", &new.customer), ("chat_id", &new.chat_id)] {
        if given.as_ref().is_some_and(|id| id.chars().count() > NAME_MAX) {
            return Err(Error::field(path, "too_long", format!("最多 {NAME_MAX} 个字")).into());
        }
    }
    if matches!(who.caller.by, By::Session(_)) && !PAGES.contains(&new.source.as_str()) {
        let detail = format!("在页面上提交的工单，source 须是其中之一：{}", PAGES.join("、"));
        return Err(Error::field("source", "not_an_option", detail).into());
    }
    let once = Once::of(&req, &who.caller, &bytes)?;
    let means = server.means();
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let new = ticket::New {
            template: &new.template,
            source: &new.source,
            form: &new.form,
            customer: new.customer.clone(),
            chat_id: new.chat_id.clone(),
            tags: new.tags.clone(),
        };
        let ticket = ticket::create(conn, ctx, &means.0, &new)?;
        Answer::json(StatusCode::CREATED, &shown(conn, ctx, &means, &ticket)?)
    });
    Ok(answer.await?.respond(&req))
}

async fn act(
    who: Signed<may::WriteTickets>,
    Query(query): Query<OnTask>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let verb = req.match_info().get("verb").unwrap_or_default().to_owned();
    let expects = read::if_match(&req)?;
    let (input, bytes) = body.json_or_empty::<Map<String, Value>>().await?;
    let once = Once::of(&req, &who.caller, &bytes)?;
    let on = query.task.map(|id| id.parse()).transpose().map_err(|_no_id| {
        let detail = "task 须是待办的 id，取自按钮的 task";
        Refusal::unreadable(Error::field("task", "malformed", detail))
    })?;
    let deed = Deed { verb, input, expects, on };
    perform(&req, &who, &server, once, deed, |_conn, _ctx, _input| Ok(())).await
}

/// What is to be done to the ticket of a path.
pub(crate) struct Deed {
    pub(crate) verb: String,
    pub(crate) input: Map<String, Value>,
    pub(crate) expects: Option<i64>,
    pub(crate) on: Option<TaskId>,
}

/// Does something to the ticket of a path; `before` may add to the input, in the same transaction.
pub(crate) async fn perform<F>(
    req: &HttpRequest,
    who: &Signed<may::WriteTickets>,
    server: &Data<Server>,
    once: Once,
    deed: Deed,
    before: F,
) -> Reply
where
    F: Fn(&mut Conn, &Ctx, &mut Map<String, Value>) -> Result<()> + Clone + Send + 'static,
{
    let Deed { verb, input, expects, on } = deed;
    let mut tries = 0;
    let error = loop {
        tries += 1;
        let (key, means) = (key(req), server.means());
        let (verb, input, before) = (verb.clone(), input.clone(), before.clone());
        let answer = server.command(who.ctx(), once.clone(), move |conn, ctx| {
            let ticket = find(conn, ctx, &key)?;
            let mut input = input.clone();
            before(conn, ctx, &mut input)?;
            let command = Command { expects, on, ..Command::new(&verb, &input) };
            let after = ticket::act(conn, ctx, &means.0, ticket.id, &command)?;
            Answer::json(StatusCode::OK, &shown(conn, ctx, &means, &after)?)
        });
        match answer.await {
            Ok(answer) => return Ok(answer.respond(req)),
            // Nobody said which version he saw: what he asks for is judged by the newer one.
            Err(error) if is_changed(&error) && expects.is_none() && tries < TRIES => {}
            Err(error) => break error,
        }
    };
    let is_ours = error.kind() == Kind::Conflict && error.code().starts_with("ticket.");
    let refusal = Refusal::from(error);
    if !is_ours {
        return Err(refusal);
    }
    let current = current(req, who.ctx(), server).await?;
    Err(refusal.with_current(current.value()))
}

fn is_changed(error: &Error) -> bool {
    error.code() == "ticket.changed"
}

async fn similar(
    who: Signed<may::ReadTickets>,
    Query(query): Query<ListSimilar>,
    server: Data<Server>,
) -> Reply {
    let ListSimilar { template, customer, title, asset } = query;
    let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let wanted = Alike {
        template: given(template),
        customer: given(customer),
        title: given(title),
        asset: given(asset),
    };
    let limits = [("title", &wanted.title, WORDS_MAX), ("asset", &wanted.asset, NAME_MAX)];
    for (path, text, most) in limits {
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            let detail = format!("{path} 最多 {most} 个字");
            return Err(Refusal::unreadable(Error::field(path, "too_long", detail)));
        }
    }
    let (ctx, means) = (who.ctx().clone(), server.means());
    let items = server.db.read(move |conn| {
        let found = ticket::similar(conn, &ctx, &wanted)?;
        let names = Names::in_rows(conn, found.iter().map(|one| &one.ticket))?;
        let row = |one: &ticket::Similar| {
            let of = &one.ticket.template;
            let template = means.0.catalog.find(conn, &of.key, of.version)?;
            let row = ticket::row(&ctx, &one.ticket, &template, &names);
            Ok(SimilarRow { row, why: one.why })
        };
        found.iter().map(row).collect::<Result<Vec<_>>>()
    });
    ok(&Page { items: items.await?, next: None })
}

/// A ticket that may be the same.
#[derive(Serialize)]
struct SimilarRow {
    #[serde(flatten)]
    row: ticket::Row,
    why: &'static str,
}

async fn presence(
    who: Signed<may::WriteTickets>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (new, _bytes) = body.json::<NewPresence>().await?;
    let (key, ctx) = (key(&req), who.ctx().clone());
    let people = server.db.write(move |conn| {
        let ticket = find(conn, &ctx, &key)?;
        ticket::presence::come(conn, &ctx, ticket.id, new.editing)
    });
    ok(&json!({ "people": people.await? }))
}

async fn timeline(
    who: Signed<may::ReadTickets>,
    Query(query): Query<ListTimeline>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let (key, ctx) = (key(&req), who.ctx().clone());
    let page = server.db.read(move |conn| {
        let ticket = find(conn, &ctx, &key)?;
        history(conn, ticket.id, query.kind, (cursor, limit))
    });
    ok(&page.await?)
}

/// A part of a ticket's history in words, the oldest first.
fn history(
    conn: &mut Conn,
    id: TicketId,
    audience: Audience,
    (cursor, limit): (Option<Cursor>, Limit),
) -> Result<Page<ticket::TimelineEntry>> {
    let mut events = ticket::events(conn, id)?;
    let after = cursor.map_or(0, |cursor| cursor.key);
    events.retain(|event| event.seq > after);
    match audience {
        Audience::All => {}
        Audience::Ours => events.retain(|event| !ticket::is_public(event)),
        Audience::Customer => {
            events = events.into_iter().filter_map(ticket::for_customers).collect();
        }
    }
    events.truncate(usize::try_from(limit.probe()).unwrap_or(usize::MAX));
    let names = names_in(conn, &events)?;
    let lines = ticket::timeline(&events, &names);
    Ok(Page::cut(lines, limit, |line| Cursor { key: line.seq, id: line.seq }))
}

/// The names of the members in these events.
pub(crate) fn names_in(
    conn: &mut Conn,
    events: &[ticket::Event],
) -> Result<BTreeMap<String, String>> {
    let mut userids = BTreeSet::new();
    for event in events {
        userids.extend(event.actor.userid());
        for fact in &event.facts {
            if let Fact::TaskOwned { by, .. } = fact {
                userids.insert(by);
            }
        }
    }
    let userids: Vec<_> = userids.into_iter().collect();
    let members = org::members_by_ids(conn, &userids)?;
    Ok(members.into_iter().map(|(userid, member)| (userid, member.name)).collect())
}

fn key(req: &HttpRequest) -> String {
    req.match_info().get("id").unwrap_or_default().to_owned()
}

/// The ticket with this id or number, if the one who asks may see it.
pub(crate) fn find(conn: &mut Conn, ctx: &Ctx, key: &str) -> Result<Ticket> {
    let not_found = || Error::new(Kind::NotFound, "ticket.not_found", format!("没有工单 {key}"));
    let ticket = match key.parse::<TicketId>() {
        Ok(id) => ticket::get(conn, id)?,
        Err(_no_id) => ticket::find_by_no(conn, key)?.ok_or_else(not_found)?,
    };
    if Scope::of(&ctx.actor).covers(&ticket) { Ok(ticket) } else { Err(not_found()) }
}

/// A ticket as its page shows it to the one who asks.
pub(crate) fn shown(
    conn: &mut Conn,
    ctx: &Ctx,
    (setup, links): &Means,
    ticket: &Ticket,
) -> Result<Detail> {
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    let generation = generations(conn, [ticket].into_iter())?.remove(&ticket.id);
    let link = |ask| links.question_url(ticket.id, ask, generation.unwrap_or_default(), ctx.now);
    ticket::detail(conn, ctx, setup, (ticket, &template), &link)
}

/// What the links to questions are made with, of those tickets that have any.
fn generations<'t>(
    conn: &mut Conn,
    tickets: impl Iterator<Item = &'t Ticket>,
) -> Result<BTreeMap<TicketId, i64>> {
    let asked = tickets.filter(|one| one.flow.steps.iter().any(|run| run.asked.is_some()));
    notify::customer::generations(conn, &asked.map(|one| one.id).collect::<Vec<_>>())
}

/// Tickets as lists show them to the one who asks: however many they are, their names are looked
/// up at once.
pub(crate) fn listed<'t>(
    conn: &mut Conn,
    ctx: &Ctx,
    (setup, links): &Means,
    tickets: impl Iterator<Item = &'t Ticket> + Clone,
) -> Result<Vec<TicketView>> {
    let names = Names::in_rows(conn, tickets.clone())?;
    let generations = generations(conn, tickets.clone())?;
    let view = |ticket: &Ticket| {
        let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
        let generation = generations.get(&ticket.id).copied().unwrap_or_default();
        let link = |ask| links.question_url(ticket.id, ask, generation, ctx.now);
        Ok(ticket::view(ctx, ticket, &template, &names, &link))
    };
    tickets.map(view).collect()
}

/// Tickets as the lines of a page.
pub(crate) fn rows(
    conn: &mut Conn,
    ctx: &Ctx,
    (setup, _links): &Means,
    tickets: &[Ticket],
) -> Result<Vec<Row>> {
    let names = Names::in_rows(conn, tickets)?;
    let row = |ticket: &Ticket| {
        let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
        Ok(ticket::row(ctx, ticket, &template, &names))
    };
    tickets.iter().map(row).collect()
}
