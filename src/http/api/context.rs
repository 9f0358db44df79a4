//! What a page shows beside a conversation: the customer or the group, what is his, and what a new
//! ticket's form is filled with. Who may see it is decided here, whatever the page says.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web::Data};
use customer::{Belonging, BelongingFilter, Customer, Kept, Opportunity, Order};
use db::Conn;
use kernel::{Actor, Ctx, Cursor, Error, Kind, Limit, Page, Result, Timestamp, text};
use org::Member;
use serde::{Deserialize, Serialize};
use ticket::{AssetView, Closeness, Complaint, Filter, OriginPlace, Row, Scope, Wanted, closeness};
use utoipa::IntoParams;

use super::{
    Op,
    belongings::{asset_for, may_ask, may_read_all},
    chats::no_chat,
    schema,
    tickets::{Means, rows},
};
use crate::{
    guard::{Caller, Signed, may},
    read::Query,
    reply::{Refusal, Reply, ok},
    shared::Server,
};

/// How many open tickets are shown.
const OPEN_MAX: i64 = 50;
/// How many old ones when nobody says.
const PAST: i64 = 20;
/// How many of what belongs to a customer.
const BELONGINGS_MAX: i64 = 20;

pub(crate) fn operations() -> Vec<Op> {
    let may = "成员须跟进这位客户、是跟进人的上级、参与过他的工单，或是管理员；否则 403 \
               customer.not_yours。令牌需要 customers:read。";
    vec![
        Op::get("/context/customer/{external_userid}", customer)
            .named("get_customer_context", "页面", "客户的一切：工单、商机、订单、设备、投诉")
            .explained(&format!("{may}工单只列出成员可以看的；不是跟进人时电话打码。"))
            .where_path("external_userid", "客户的 external_userid")
            .takes_query::<OfContext>()
            .answers::<schema::CustomerContext>(200, "客户"),
        Op::get("/context/chat/{chat_id}", chat)
            .named("get_chat_context", "页面", "客户群的归属和工单，以及群里说话的客户")
            .explained(
                "成员须在群里、是群主的上级或是管理员；否则 403 chat.not_yours。令牌需要 customers:read。",
            )
            .where_path("chat_id", "客户群的 chat_id")
            .takes_query::<OfChat>()
            .answers::<schema::ChatContext>(200, "客户群"),
        Op::get("/prefill", prefill)
            .named("get_prefill", "页面", "新工单的表单可以预先填什么")
            .explained(&format!(
                "依次取自设备、群的归属、客户、客户以前的工单、成员自己；只填他可以填写的字段。{may}"
            ))
            .takes_query::<OfPrefill>()
            .answers::<schema::Prefill>(200, "预先填写的内容"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfContext {
    /// 从哪个入口打开
    #[serde(rename = "source")]
    _source: Option<String>,
    /// 上一页的 past_next
    cursor: Option<String>,
    /// 一页多少张已结束的工单，最多 200
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfChat {
    /// 群里说话的客户（external_userid）
    sender: Option<String>,
    /// 上一页的 past_next
    cursor: Option<String>,
    /// 一页多少张已结束的工单，最多 200
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPrefill {
    /// 模板
    template: String,
    /// 客户的 external_userid
    customer: Option<String>,
    /// 客户群的 chat_id
    chat: Option<String>,
    /// 设备的序列号
    asset: Option<String>,
}

/// A customer as a page shows him.
#[derive(Serialize)]
struct Seen {
    external_userid: String,
    name: String,
    avatar: String,
    corp_name: String,
    phone: String,
    tags: Vec<String>,
    follows: Vec<Follower>,
    is_mine: bool,
}

#[derive(Serialize)]
struct Follower {
    userid: String,
    name: String,
    remark: String,
    since: Timestamp,
}

#[derive(Serialize)]
struct CustomerContext {
    customer: Seen,
    open: Vec<Row>,
    past: Vec<Row>,
    past_next: Option<String>,
    opportunities: Vec<Kept<Opportunity>>,
    orders: Vec<Kept<Order>>,
    assets: Vec<AssetView>,
    last_complaint: Option<Complaint>,
    last_contact_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct ChatContext {
    chat: Chat,
    sender: Option<Seen>,
    open: Vec<Row>,
    past: Vec<Row>,
    past_next: Option<String>,
}

#[derive(Serialize)]
struct Chat {
    chat_id: String,
    name: String,
    owner: String,
    owner_name: String,
    member_count: usize,
    place: Option<OriginPlace>,
}

/// The customer that a caller asks about, and how close he is to him.
fn customer_for(
    conn: &mut Conn,
    caller: &Caller,
    external_userid: &str,
) -> Result<(Customer, Closeness)> {
    if !may_ask(caller) {
        return Err(no_customer());
    }
    let found = customer::find_by_external(conn, external_userid)?;
    if let Actor::Token { .. } = caller.ctx.actor {
        let found = found.filter(|_customer| may_read_all(caller));
        return Ok((found.ok_or_else(no_customer)?, Closeness::Follower));
    }
    let Some(customer) = found else { return Err(ticket::not_yours()) };
    match closeness(conn, &caller.ctx.actor, &customer)? {
        Closeness::None => Err(ticket::not_yours()),
        near => Ok((customer, near)),
    }
}

fn no_customer() -> Error {
    let detail = "没有这个客户，或者令牌没有 customers:read 权限";
    Error::new(Kind::NotFound, "customer.not_found", detail)
}

fn seen(conn: &mut Conn, customer: &Customer, closeness: Closeness, actor: &Actor) -> Result<Seen> {
    let userids: Vec<_> = customer.follows.iter().map(|follow| &follow.userid).collect();
    let members = org::members_by_ids(conn, &userids)?;
    let follower = |follow: &customer::Follow| Follower {
        name: name_of(&members, &follow.userid),
        userid: follow.userid.clone(),
        remark: follow.remark.clone(),
        since: follow.since,
    };
    let is_mine = customer.follows.iter().any(|one| actor.userid() == Some(&one.userid));
    let phone = match closeness {
        Closeness::Follower => customer.phone.clone(),
        Closeness::None | Closeness::Related => text::masked(&customer.phone),
    };
    Ok(Seen {
        external_userid: customer.external_userid.clone(),
        name: customer.display_name().to_owned(),
        avatar: customer.avatar.clone(),
        corp_name: customer.corp_name.clone(),
        phone,
        tags: ticket::tags_of(customer),
        follows: customer.follows.iter().map(follower).collect(),
        is_mine,
    })
}

fn name_of(members: &BTreeMap<String, Member>, userid: &str) -> String {
    members.get(userid).map_or_else(|| userid.to_owned(), |member| member.name.clone())
}

/// A part of the tickets that a filter finds and the caller may see.
fn tickets(conn: &mut Conn, ctx: &Ctx, means: &Means, filter: &Filter) -> Result<Page<Row>> {
    let page = ticket::list(conn, &Scope::of(&ctx.actor), filter)?;
    Ok(Page { items: rows(conn, ctx, means, &page.items)?, next: page.next })
}

/// The open tickets that a filter finds, and a page of those that have ended.
fn open_and_past(
    conn: &mut Conn,
    ctx: &Ctx,
    means: &Means,
    filter: Filter,
    (cursor, limit): (Option<Cursor>, Limit),
) -> Result<(Vec<Row>, Page<Row>)> {
    let limit_open = Limit::new(Some(OPEN_MAX))?;
    let open = Filter { is_ended: Some(false), limit: limit_open, ..filter.clone() };
    let past = Filter { is_ended: Some(true), cursor, limit, ..filter };
    Ok((tickets(conn, ctx, means, &open)?.items, tickets(conn, ctx, means, &past)?))
}

fn window(cursor: Option<&str>, limit: Option<i64>) -> std::result::Result<Part, Refusal> {
    let window = crate::read::window(cursor, limit.or(Some(PAST)))?;
    Ok((window.cursor, window.limit))
}

type Part = (Option<Cursor>, Limit);

fn belongings<T: Belonging>(conn: &mut Conn, external_userid: &str) -> Result<Vec<Kept<T>>> {
    let filter = BelongingFilter {
        external_userid: Some(external_userid.to_owned()),
        ..BelongingFilter::default()
    };
    Ok(customer::list_belongings(conn, &filter, None, Limit::new(Some(BELONGINGS_MAX))?)?.items)
}

async fn customer(
    who: Signed<may::ReadTickets>,
    Query(query): Query<OfContext>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let part = window(query.cursor.as_deref(), query.limit)?;
    let id = req.match_info().get("external_userid").unwrap_or_default().to_owned();
    let (caller, means) = (who.caller, server.means());
    let context = server.db.read(move |conn| {
        let (customer, closeness) = customer_for(conn, &caller, &id)?;
        let filter = Filter { customer: Some(id.clone()), ..Filter::default() };
        let (open, past) = open_and_past(conn, &caller.ctx, &means, filter, part)?;
        let assets = belongings(conn, &id)?;
        Ok(CustomerContext {
            customer: seen(conn, &customer, closeness, &caller.ctx.actor)?,
            open,
            past: past.items,
            past_next: past.next,
            opportunities: belongings(conn, &id)?,
            orders: belongings(conn, &id)?,
            assets: ticket::with_history(conn, assets)?,
            last_complaint: ticket::last_complaint(conn, &means.0, &caller.ctx.actor, &id)?,
            last_contact_at: ticket::last_contact_at(conn, &customer)?,
        })
    });
    ok(&context.await?)
}

/// The group that a caller asks about.
fn group_for(conn: &mut Conn, caller: &Caller, chat_id: &str) -> Result<customer::ChatGroup> {
    if !may_ask(caller) {
        return Err(no_chat());
    }
    let found = customer::find_group(conn, chat_id)?;
    if let Actor::Token { .. } = caller.ctx.actor {
        return found.filter(|_group| may_read_all(caller)).ok_or_else(no_chat);
    }
    let Some(group) = found else { return Err(ticket::not_your_group()) };
    match ticket::may_see_group(conn, &caller.ctx.actor, &group)? {
        true => Ok(group),
        false => Err(ticket::not_your_group()),
    }
}

async fn chat(
    who: Signed<may::ReadTickets>,
    Query(query): Query<OfChat>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let part = window(query.cursor.as_deref(), query.limit)?;
    let id = req.match_info().get("chat_id").unwrap_or_default().to_owned();
    let (caller, means) = (who.caller, server.means());
    let context = server.db.read(move |conn| {
        let group = group_for(conn, &caller, &id)?;
        let filter = Filter { chat_id: Some(id.clone()), ..Filter::default() };
        let (open, past) = open_and_past(conn, &caller.ctx, &means, filter, part)?;
        let place = customer::find_place(conn, &id)?;
        let owner = org::members_by_ids(conn, &[&group.owner])?;
        let sender = match &query.sender {
            Some(sender) => sender_in(conn, &caller, &group, sender)?,
            None => None,
        };
        Ok(ChatContext {
            chat: Chat {
                owner_name: name_of(&owner, &group.owner),
                member_count: group.members.len(),
                place: place.as_ref().map(OriginPlace::from),
                chat_id: group.chat_id,
                name: group.name,
                owner: group.owner,
            },
            sender,
            open,
            past: past.items,
            past_next: past.next,
        })
    });
    ok(&context.await?)
}

/// Who talks in a group: only one who is in it, or whom the caller may see anyway.
fn sender_in(
    conn: &mut Conn,
    caller: &Caller,
    group: &customer::ChatGroup,
    sender: &str,
) -> Result<Option<Seen>> {
    let Some(customer) = customer::find_by_external(conn, sender)? else { return Ok(None) };
    let actor = &caller.ctx.actor;
    let closeness = closeness(conn, actor, &customer)?;
    if closeness == Closeness::None && !ticket::is_in(group, sender) {
        return Ok(None);
    }
    let mut sender = seen(conn, &customer, closeness, actor)?;
    if closeness == Closeness::None {
        // Who shares a group with him sees what the group shows.
        sender.phone.clear();
        sender.tags.clear();
        sender.follows.clear();
    }
    Ok(Some(sender))
}

async fn prefill(
    who: Signed<may::ReadTickets>,
    Query(query): Query<OfPrefill>,
    server: Data<Server>,
) -> Reply {
    let (caller, setup) = (who.caller, server.setup.clone());
    let filled = server.db.read(move |conn| {
        let group = query.chat.as_deref().map(|id| group_for(conn, &caller, id)).transpose()?;
        let customer = match &query.customer {
            Some(id) => Some(prefilled_for(conn, &caller, group.as_ref(), id)?),
            None => None,
        };
        let asset = query.asset.as_deref().map(|key| asset_for(conn, &caller, key)).transpose()?;
        let wanted = Wanted {
            template: &query.template,
            customer: customer.as_ref().map(|(customer, closeness)| (customer, *closeness)),
            chat_id: query.chat.as_deref(),
            asset: asset.as_ref().map(|view| &view.asset.it),
        };
        ticket::prefill(conn, &caller.ctx, &setup, &wanted)
    });
    ok(&filled.await?)
}

/// The customer for whom a form is filled: in a group also one who is in it with the caller.
fn prefilled_for(
    conn: &mut Conn,
    caller: &Caller,
    group: Option<&customer::ChatGroup>,
    external_userid: &str,
) -> Result<(Customer, Closeness)> {
    let together = group.is_some_and(|group| ticket::is_in(group, external_userid));
    match customer_for(conn, caller, external_userid) {
        Err(error) if together && error.kind() == Kind::Forbidden => {
            let found = customer::find_by_external(conn, external_userid)?;
            found.map(|customer| (customer, Closeness::None)).ok_or(error)
        }
        other => other,
    }
}
