//! What templates share: one set of handlers for every kind.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use catalog::{Code, Condition, Kept, Part};
use db::Conn;
use flow::{
    assign::{Roster, Surge},
    calendar::Calendar,
};
use form::Field;
use kernel::{Error, Page, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    read::{self, Body, Query},
    reply::{Answer, Once, Reply, ok},
    shared::Server,
};

/// A kind that the API serves.
trait Served: Part {
    /// The path of all.
    const ALL: &'static str;
    /// The path of one.
    const ONE: &'static str;
    /// What else there is to say about it.
    const ABOUT: &'static str;
    /// What it looks like.
    type Schema: ToSchema;
}

impl Served for Calendar {
    const ALL: &'static str = "/calendars";
    const ONE: &'static str = "/calendars/{key}";
    const ABOUT: &'static str = "模板用 calendar 指定；没有指定的按企业日历计算工作时间。";
    type Schema = schema::Calendar;
}

impl Served for Roster {
    const ALL: &'static str = "/rosters";
    const ONE: &'static str = "/rosters/{key}";
    const ABOUT: &'static str = "流程的处理人规则用 roster 指定。";
    type Schema = schema::Roster;
}

impl Served for Surge {
    const ALL: &'static str = "/surges";
    const ONE: &'static str = "/surges/{key}";
    const ABOUT: &'static str = "启动期间替换节点的派单方式；同时启动的，按 key 排在最前的生效。";
    type Schema = schema::Surge;
}

impl Served for Field {
    const ALL: &'static str = "/fields";
    const ONE: &'static str = "/fields/{key}";
    const ABOUT: &'static str = "表单的字段用 library 引用；自己写明的设置优先（公用字段为必填的，\
        模板不能改为选填）。发布时写入模板，\
        之后的修改到再次发布时生效。内置的字段可以用同一 key 替换。";
    type Schema = schema::LibraryField;
}

impl Served for Condition {
    const ALL: &'static str = "/conditions";
    const ONE: &'static str = "/conditions/{key}";
    const ABOUT: &'static str = "凡写规则的地方都可以写 {\"use\": \"key\"}。发布时写入模板，\
        之后的修改到再次发布时生效。";
    type Schema = schema::Condition;
}

impl Served for Code {
    const ALL: &'static str = "/codes";
    const ONE: &'static str = "/codes/{key}";
    const ABOUT: &'static str = "二维码、网页表单等公开入口：客户打开 /q/{key} 填写，不用登录。\
        链接可以带 params 中的参数，如 ?order=…；channel 参数换用 channels 中的来源。";
    type Schema = schema::Code;
}

pub(crate) fn operations() -> Vec<Op> {
    let due = Op::get("/calendars/{key}/due", due)
        .named("get_calendar_due", CHAPTER, "从某时起，过了若干工作分钟是什么时候")
        .explained("用来核对日历。")
        .where_path("key", "日历的 key")
        .takes_query::<GetDue>()
        .answers::<Due>(200, "到期时间");
    let on_duty = Op::get("/rosters/{key}/on-duty", on_duty)
        .named("get_roster_on_duty", CHAPTER, "某时谁在值班")
        .explained("用来核对值班表。")
        .where_path("key", "值班表的 key")
        .takes_query::<GetOnDuty>()
        .answers::<OnDuty>(200, "值班的人");
    let kinds = [
        operations_of::<Calendar>(),
        vec![due],
        operations_of::<Roster>(),
        vec![on_duty],
        operations_of::<Surge>(),
        operations_of::<Field>(),
        operations_of::<Condition>(),
        operations_of::<Code>(),
    ];
    kinds.into_iter().flatten().collect()
}

const CHAPTER: &str = "模板公用";

fn operations_of<T: Served>() -> Vec<Op> {
    let (kind, label, key) = (T::KIND, T::LABEL, format!("{}的 key", T::LABEL));
    let named = |op: Op, verb: &str, what: &str| {
        op.named(&format!("{verb}_{kind}"), CHAPTER, &format!("{what}{label}"))
            .where_path("key", &key)
    };
    vec![
        Op::get(T::ALL, list::<T>)
            .named(&format!("list_{kind}s"), CHAPTER, &format!("全部{label}"))
            .explained(T::ABOUT)
            .lists::<T::Schema>(),
        named(Op::get(T::ONE, get::<T>), "get", "查看").answers::<T::Schema>(200, label),
        named(Op::put(T::ONE, save::<T>), "save", "新建或替换")
            .explained(
                "请求体中的 version、updated_at 不起作用；要防止覆盖别人的修改，请带 If-Match。",
            )
            .takes_header("If-Match", VERSION)
            .takes::<T::Schema>()
            .answers::<T::Schema>(200, label),
        named(Op::delete(T::ONE, delete::<T>), "delete", "删除")
            .explained("正在使用的不能删除；替换了内置的，删除后恢复内置的。")
            .takes_header("If-Match", VERSION)
            .answers_nothing("已删除"),
    ]
}

const VERSION: &str = "读取时的版本，取自 ETag；已被修改则拒绝（409）。0 表示还没有";

fn key(req: &HttpRequest) -> String {
    req.match_info().get("key").unwrap_or_default().to_owned()
}

async fn list<T: Served>(_who: Signed<may::ReadTickets>, server: Data<Server>) -> Reply {
    ok(&Page { items: server.db.read(catalog::list_parts::<T>).await?, next: None })
}

async fn get<T: Served>(
    _who: Signed<may::ReadTickets>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let key = key(&req);
    let kept = server.db.read(move |conn| catalog::find_part::<T>(conn, &key)).await?;
    Ok(Answer::json(StatusCode::OK, &kept)?.respond(&req))
}

async fn save<T: Served>(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (mut given, bytes) = body.json::<Value>().await?;
    if let Some(given) = given.as_object_mut() {
        // What was read can be written back.
        given.retain(|name, _value| name != "version" && name != "updated_at");
    }
    let part = read::value_as::<T>(&given)?;
    if part.key() != key(&req) {
        return Err(Error::field("key", "other", "key 须与地址中的相同").into());
    }
    let (seen, once) = (read::if_match(&req)?, Once::of(&req, &who.caller, &bytes)?);
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        org::check_members(conn, &part.people())?;
        let kept = catalog::save_part(conn, ctx, &part, seen)?;
        note::<T>(conn, ctx, "saved", part.key(), kept.version)?;
        Answer::json(StatusCode::OK, &kept)
    });
    see(&server, answer.await?, &req).await
}

async fn delete<T: Served>(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let (key, seen) = (key(&req), read::if_match(&req)?);
    let once = Once::of(&req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let Kept { version, .. } = catalog::find_part::<T>(conn, &key)?;
        catalog::delete_part::<T>(conn, &key, seen)?;
        note::<T>(conn, ctx, "deleted", &key, version)?;
        Ok(Answer::done())
    });
    see(&server, answer.await?, &req).await
}

fn note<T: Part>(
    conn: &mut Conn,
    ctx: &kernel::Ctx,
    what: &str,
    key: &str,
    version: i64,
) -> Result<()> {
    let (what, subject) = (format!("{}.{what}", T::KIND), format!("{}:{key}", T::KIND));
    org::audit(conn, ctx, &what, &subject, &json!({ "version": version }))
}

/// Lets this replica see a change at once; the others look within seconds.
async fn see(server: &Data<Server>, answer: Answer, req: &HttpRequest) -> Reply {
    let catalog = server.setup.catalog.clone();
    server.db.read(move |conn| catalog.refresh(conn)).await?;
    Ok(answer.respond(req))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetDue {
    /// 从何时起（RFC 3339）；省略时为现在
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// 多少工作分钟
    minutes: u32,
}

/// 日历的答案
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Due {
    #[schema(value_type = String, format = DateTime)]
    from: Timestamp,
    minutes: u32,
    /// 到期时间；三年内或有效期内到不了时为 null
    #[schema(required, value_type = Option<String>, format = DateTime)]
    due: Option<Timestamp>,
    /// 起点是否在工作时间内
    is_working: bool,
    /// 起点所在的节假日
    #[schema(required)]
    day_off: Option<String>,
}

async fn due(
    _who: Signed<may::ReadTickets>,
    Query(query): Query<GetDue>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let key = key(&req);
    let calendar = server.db.read(move |conn| catalog::find_part::<Calendar>(conn, &key)).await?;
    let time = calendar
        .part
        .compile()
        .map_err(|_problems| Error::bug("a calendar was kept that is wrong"))?;
    let from = query.from.unwrap_or_else(|| server.clock.now());
    ok(&Due {
        from,
        minutes: query.minutes,
        due: time.add_working(from, query.minutes),
        is_working: time.is_working(from),
        day_off: time.day_off(from).map(str::to_owned),
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetOnDuty {
    /// 何时（RFC 3339）；省略时为现在
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// 值班表的答案
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnDuty {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// 值班的成员（userid），每人一次
    people: Vec<String>,
    /// 进行中的班次
    shifts: Vec<ShiftOn>,
}

/// 进行中的班次
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShiftOn {
    key: String,
    name: String,
    /// 值班的成员，含换班
    people: Vec<String>,
    /// 到何时
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
}

async fn on_duty(
    _who: Signed<may::ReadTickets>,
    Query(query): Query<GetOnDuty>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let key = key(&req);
    let roster = server.db.read(move |conn| catalog::find_part::<Roster>(conn, &key)).await?.part;
    let at = query.at.unwrap_or_else(|| server.clock.now());
    let shown = |one: flow::assign::OnDuty<'_>| ShiftOn {
        key: one.shift.key.clone(),
        name: one.shift.name.clone(),
        people: one.people.to_vec(),
        until: one.until,
    };
    let shifts = roster.on_duty(at).into_iter().map(shown).collect();
    ok(&OnDuty { at, people: roster.people_on_duty(at), shifts })
}
