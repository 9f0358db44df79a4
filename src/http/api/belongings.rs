//! What belongs to customers: one set of handlers for opportunities, orders and devices.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use customer::{
    Asset, Belonging, BelongingFilter, Kept, Opportunity, Order, Put, Reading, find_belonging,
};
use db::Conn;
use kernel::{Actor, Error, Kind, Result};
use org::Scope;
use serde::Deserialize;
use serde_json::json;
use ticket::{AssetView, Closeness, belonging_not_found};
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema};
use crate::{
    guard::{By, Caller, Signed, may},
    read::{self, Body, Query, Window},
    reply::{Answer, Once, Reply, ok},
    shared::Server,
};

/// The largest file of records.
const FILE_MAX: usize = 4 << 20;
const CHAPTER: &str = "客户";

/// What the API serves of a customer.
trait Served: Belonging {
    const WORD: &'static str;
    const ALL: &'static str;
    const ONE: &'static str;
    const IMPORT: &'static str;
    /// What else there is to say about it.
    const ABOUT: &'static str;
    /// What is given.
    type Given: ToSchema;
    /// What it looks like.
    type Schema: ToSchema;
}

impl Served for Opportunity {
    const WORD: &'static str = "opportunity";
    const ALL: &'static str = "/opportunities";
    const ONE: &'static str = "/opportunities/{key}";
    const IMPORT: &'static str = "/opportunities/import";
    const ABOUT: &'static str = "预计成交日期晚的在前。";
    type Given = schema::NewOpportunity;
    type Schema = schema::Opportunity;
}

impl Served for Order {
    const WORD: &'static str = "order";
    const ALL: &'static str = "/orders";
    const ONE: &'static str = "/orders/{key}";
    const IMPORT: &'static str = "/orders/import";
    const ABOUT: &'static str = "下单时间晚的在前。";
    type Given = schema::NewOrder;
    type Schema = schema::Order;
}

impl Served for Asset {
    const WORD: &'static str = "asset";
    const ALL: &'static str = "/assets";
    const ONE: &'static str = "/assets/{key}";
    const IMPORT: &'static str = "/assets/import";
    const ABOUT: &'static str = "安装日期晚的在前。";
    type Given = schema::NewAsset;
    type Schema = schema::Asset;
}

pub(crate) fn operations() -> Vec<Op> {
    let mut all = operations_of::<Opportunity>("opportunities");
    all.extend(operations_of::<Order>("orders"));
    all.push(
        Op::get("/assets/{key}", asset)
            .named("get_asset", CHAPTER, "查看设备和它的服务次数")
            .explained(
                "代表成员时，须是他可以看的客户的设备；令牌需要 customers:read。\
                 它的工单见 GET /tickets?asset=序列号。",
            )
            .where_path("key", "设备的序列号")
            .answers::<schema::AssetWithHistory>(200, "设备"),
    );
    all.extend(operations_of::<Asset>("assets"));
    all
}

fn operations_of<T: Served>(words: &str) -> Vec<Op> {
    let (word, label) = (T::WORD, T::WHAT.label());
    let key = format!("{label}的编号");
    let get = Op::get(T::ONE, get::<T>)
        .named(&format!("get_{word}"), CHAPTER, &format!("查看{label}"))
        .where_path("key", &key)
        .answers::<T::Schema>(200, label);
    let mut all = vec![
        Op::get(T::ALL, list::<T>)
            .named(&format!("list_{words}"), CHAPTER, &format!("{label}列表"))
            .explained(T::ABOUT)
            .takes_query::<ListBelongings>()
            .lists::<T::Schema>(),
        Op::put(T::ONE, put::<T>)
            .named(&format!("put_{word}"), CHAPTER, &format!("登记或更新{label}"))
            .explained("按编号登记；已有的整体替换，省略的项清空。")
            .where_path("key", &key)
            .takes::<T::Given>()
            .answers::<T::Schema>(200, label),
        Op::delete(T::ONE, delete::<T>)
            .named(&format!("delete_{word}"), CHAPTER, &format!("删除{label}"))
            .explained("工单里填过的编号不变。")
            .where_path("key", &key)
            .answers_nothing("已删除"),
        Op::post(T::IMPORT, import::<T>)
            .named(&format!("import_{words}"), CHAPTER, &format!("从 CSV 导入{label}"))
            .explained(&about_import::<T>())
            .takes_query::<Import>()
            .takes_csv()
            .answers::<schema::Imported>(200, "导入了什么"),
    ];
    // Of a device the history is shown with it.
    if word != Asset::WORD {
        all.push(get);
    }
    all
}

fn about_import<T: Served>() -> String {
    let columns = T::COLUMNS.iter().map(|column| match column.required {
        true => format!("{}（必需）", column.label),
        false => column.label.to_owned(),
    });
    let columns: Vec<_> = columns.collect();
    let particulars =
        if T::WORD == Asset::WORD { "；其他参数写成「参数:名称」列" } else { "" };
    format!(
        "UTF-8 的 CSV，最多 4 MiB、{} 行。列：{}{particulars}。金额以元为单位；客户写 external_userid \
         或他独有的电话。任何一行有错就一行也不导入，错误写明行、列和改法。",
        customer::ROWS_MAX,
        columns.join("、"),
    )
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListBelongings {
    /// 客户的 external_userid
    customer: Option<String>,
    /// 编号、名称、型号等中的文字
    q: Option<String>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Import {
    /// 只检查，不写入
    #[serde(default)]
    #[param(required = false)]
    dry_run: bool,
}

fn key(req: &HttpRequest) -> String {
    req.match_info().get("key").unwrap_or_default().to_owned()
}

async fn list<T: Served>(
    _who: Signed<may::ReadCustomers>,
    Query(query): Query<ListBelongings>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let filter = BelongingFilter {
        external_userid: query.customer,
        text: query.q.filter(|q| !q.is_empty()),
    };
    let page =
        server.db.read(move |conn| customer::list_belongings::<T>(conn, &filter, cursor, limit));
    ok(&page.await?)
}

fn found<T: Served>(conn: &mut Conn, key: &str) -> Result<Kept<T>> {
    find_belonging::<T>(conn, key)?.ok_or_else(|| belonging_not_found(T::WHAT, key))
}

async fn get<T: Served>(
    _who: Signed<may::ReadCustomers>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let key = key(&req);
    ok(&server.db.read(move |conn| found::<T>(conn, &key)).await?)
}

/// A device and its history, also for the member who stands before it.
async fn asset(who: Signed<may::ReadTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let (key, caller) = (key(&req), who.caller);
    ok(&server.db.read(move |conn| asset_for(conn, &caller, &key)).await?)
}

/// A device that the caller may see.
pub(crate) fn asset_for(conn: &mut Conn, caller: &Caller, key: &str) -> Result<AssetView> {
    if !may_ask(caller) {
        return Err(belonging_not_found(Asset::WHAT, key));
    }
    let kept = match may_read_all(caller) {
        true => found::<Asset>(conn, key)?,
        false => {
            // Whether there is one is not told to those who may not see it.
            let kept = find_belonging::<Asset>(conn, key)?;
            let owner = kept.as_ref().map(|kept| kept.it.external_userid.clone());
            let owner = owner.map(|id| customer::find_by_external(conn, &id)).transpose()?;
            let closeness = owner.flatten().map_or(Ok(Closeness::None), |customer| {
                ticket::closeness(conn, &caller.ctx.actor, &customer)
            })?;
            match (closeness, kept, &caller.ctx.actor) {
                (Closeness::None, _, Actor::Member { .. }) => return Err(ticket::not_yours()),
                (Closeness::Related | Closeness::Follower, Some(kept), Actor::Member { .. }) => {
                    kept
                }
                _ => return Err(belonging_not_found(Asset::WHAT, key)),
            }
        }
    };
    let mut all = ticket::with_history(conn, vec![kept])?;
    all.pop().ok_or_else(|| belonging_not_found(Asset::WHAT, key))
}

/// Whether the caller may ask about customers at all: a program needs the scope, also when it acts for a
/// member; which of them a member may see is asked for each.
pub(crate) fn may_ask(caller: &Caller) -> bool {
    matches!(caller.by, By::Session(_)) || caller.allows(Scope::CustomersRead)
}

/// Whether the caller may read all customers: a program for itself, or an administrator. A program
/// that acts for a member sees what the member sees.
pub(crate) fn may_read_all(caller: &Caller) -> bool {
    let speaks_for_himself =
        matches!(caller.ctx.actor, Actor::Token { .. }) || matches!(caller.by, By::Session(_));
    speaks_for_himself && caller.allows(Scope::CustomersRead)
}

async fn put<T: Served>(
    who: Signed<may::WriteCustomers>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (mut it, bytes) = body.json::<T>().await?;
    let key = key(&req);
    if !it.key().is_empty() && it.key() != key {
        let path = T::COLUMNS.first().map_or("key", |one| one.key);
        return Err(Error::field(path, "other", "须与地址中的相同，或者省略").into());
    }
    it.set_key(&key);
    let once = Once::of(&req, &who.caller, &bytes)?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let people = it.member().map(|(path, userid)| (path.to_owned(), userid.to_owned()));
        org::check_members(conn, people.as_slice())?;
        let (kept, put) = customer::put_belonging(conn, ctx, it.clone())?;
        if put != Put::Same {
            let subject = format!("{}:{}", T::WORD, kept.it.key());
            org::audit(conn, ctx, &format!("{}.saved", T::WORD), &subject, &json!({}))?;
        }
        Answer::json(StatusCode::OK, &kept)
    });
    Ok(answer.await?.respond(&req))
}

async fn delete<T: Served>(
    who: Signed<may::WriteCustomers>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let key = key(&req);
    let once = Once::of(&req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        if !customer::delete_belonging(conn, T::WHAT, &key)? {
            return Err(belonging_not_found(T::WHAT, &key));
        }
        let subject = format!("{}:{key}", T::WORD);
        org::audit(conn, ctx, &format!("{}.deleted", T::WORD), &subject, &json!({}))?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}

async fn import<T: Served>(
    who: Signed<may::WriteCustomers>,
    Query(query): Query<Import>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let bytes = body.csv(FILE_MAX).await?;
    let (once, zone_minutes) = (Once::of(&req, &who.caller, &bytes)?, server.setup.zone_minutes);
    let (ctx, is_dry_run) = (who.ctx().clone(), query.dry_run);
    let take = move |conn: &mut Conn, ctx: &kernel::Ctx| {
        let reading = Reading { bytes: &bytes, zone_minutes, is_dry_run };
        customer::import::<T>(conn, ctx, &reading, &is_member)
    };
    if is_dry_run {
        return ok(&server.db.read(move |conn| take(conn, &ctx)).await?);
    }
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let done = take(conn, ctx)?;
        let what = format!("{}.imported", T::WORD);
        org::audit(conn, ctx, &what, T::WORD, &json!(done))?;
        Answer::json(StatusCode::OK, &done)
    });
    Ok(answer.await?.respond(&req))
}

/// Whether a userid is somebody's, by the measure of all that names members.
fn is_member(conn: &mut Conn, userid: &str) -> Result<bool> {
    match org::check_members(conn, &[("owner".to_owned(), userid.to_owned())]) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == Kind::Invalid => Ok(false),
        Err(error) => Err(error),
    }
}
