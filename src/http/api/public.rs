//! The forms of entry codes: for everybody, without login. Opening one is a visit, a signed text that
//! says which code, when, and by which channel; nothing is sent without it. So a form is sent once,
//! not at once and not days later, and its photos belong to it alone.

mod visit;

use std::collections::BTreeSet;

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest,
    http::{Method, StatusCode},
    web::Data,
};
use bytes::Bytes;
use catalog::{Code, Published};
use customer::CustomerFilter;
use db::Conn;
use files::{File, NewFile};
use form::SECTION;
use kernel::{Ctx, Error, FieldError, FileId, Kind, Limit, Micros, Result, Timestamp, text, time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use ticket::{CUSTOMER_KINDS, Setup, Ticket};
use utoipa::ToSchema;

pub use self::visit::VISIT;
use self::visit::Visit;
use super::{Op, schema};
use crate::{
    read::Body,
    reply::{Answer, Once, Refusal, Reply, ctx_of},
    shared::Server,
    upload::{Parts, in_time, leave, store},
};

/// How often one address may open any form, and send and upload by one code, in which span. By a code
/// only once a visit shows that there is one: whoever asks could make up codes without end.
const SPAN: Micros = 10 * time::MINUTE;
const OPENS_MAX: u32 = 120;
const SENDS_MAX: u32 = 10;
const UPLOADS_MAX: u32 = 60;
/// The largest photo, the most of them, the parts in which one is sent, and the bytes that are read to
/// refuse a larger one in words.
const PHOTO_MAX: usize = 10 << 20;
const PHOTOS_MAX: usize = 9;
const PARTS_MAX: usize = 1;
const PATIENCE: usize = 64 << 20;
/// The types of fields that only a page with script can fill in.
const SCRIPTED: [&str; 2] = ["cascade", "location"];

pub(crate) fn operations() -> Vec<Op> {
    let which = "入口码的 key";
    vec![
        Op::open(Method::GET, "/public/q/{code}", show)
            .named("open_code", "公开入口", "打开入口的表单")
            .explained(
                "不用登录。链接的参数照原样带上；再次读取同一次访问时带上 visit，就不重复计数。",
            )
            .where_path("code", which)
            .answers::<CodeForm>(200, "表单"),
        Op::open(Method::POST, "/public/q/{code}", submit)
            .named("submit_code", "公开入口", "提交表单，创建工单")
            .explained("同一次访问只创建一张工单：重复提交得到同样的应答。")
            .where_path("code", which)
            .takes::<Submission>()
            .answers::<Submitted>(201, "新的工单"),
        Op::open(Method::POST, "/public/q/{code}/files", upload)
            .named("upload_photo", "公开入口", "上传照片")
            .explained(
                "地址带 visit 参数；一个名为 file 的图片，最多 10 MiB，一次访问最多 9 张。\
                 没有随表单提交的照片一天后删除。",
            )
            .where_path("code", which)
            .takes_file(json!({
                "type": "object", "required": ["file"],
                "properties": { "file": { "type": "string", "format": "binary" } },
            }))
            .answers::<Photo>(201, "照片"),
    ]
}

/// 公开的表单
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeForm {
    code: String,
    /// 模板的名称
    name: String,
    /// 贴在哪里
    #[schema(required)]
    place: Option<String>,
    /// 表单上方的说明
    #[schema(required)]
    intro: Option<String>,
    #[schema(value_type = schema::Form)]
    form: Value,
    /// 预先填好的内容
    #[schema(value_type = Value)]
    values: Map<String, Value>,
    /// 其中不能改的字段
    fixed: Vec<String>,
    /// 这次访问的凭证，提交和上传时带上
    visit: String,
    max_file_bytes: usize,
    max_files: usize,
}

/// 提交的表单
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Submission {
    visit: String,
    #[serde(default)]
    #[schema(required = false)]
    form: Map<String, Value>,
    /// 人看不见的格子，须为空
    #[serde(default)]
    #[schema(required = false)]
    website: String,
}

/// 提交的结果
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Submitted {
    /// 单号
    no: String,
    title: String,
    /// 查看进度的地址
    progress_url: String,
    /// 这个地址到何时失效
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// 存下的照片
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Photo {
    #[schema(value_type = String)]
    id: FileId,
    name: String,
    mime: String,
    size: i64,
}

fn key(req: &HttpRequest) -> String {
    req.match_info().get("code").unwrap_or_default().to_owned()
}

/// A code that can be used now.
pub(crate) fn open_code(conn: &mut Conn, key: &str, now: Timestamp) -> Result<Code> {
    let found = catalog::find_part::<Code>(conn, key).map_err(|error| match error.code() {
        "part.not_found" => {
            Error::new(Kind::NotFound, "code.not_found", "没有这个入口，请核对二维码或链接")
        }
        _ => error,
    })?;
    found.part.check_open(now)?;
    Ok(found.part)
}

/// The template of a code; it may have been archived since.
fn template_of(conn: &mut Conn, setup: &Setup, code: &Code) -> Result<std::sync::Arc<Published>> {
    setup.catalog.find_newest(conn, &code.template).map_err(|error| match error.code() {
        "template.not_found" => {
            Error::new(Kind::NotFound, "code.disabled", "这个入口已停用，请联系工作人员")
        }
        _ => error,
    })
}

/// The fields that are asked, and the heads of sections that have any.
fn asked(template: &Published) -> Vec<form::Field> {
    // Of files only photos are taken from whom nobody knows.
    let plain = CUSTOMER_KINDS.iter().filter(|kind| **kind != "attachments");
    let kinds: Vec<&str> = plain.chain(&SCRIPTED).copied().collect();
    let keys: BTreeSet<&str> =
        template.asked_of_anybody(&kinds).map(|field| field.key.as_str()).collect();
    let fields = template.form.fields.iter();
    let fields = fields.filter(|one| one.kind == SECTION || keys.contains(one.key.as_str()));
    let fields: Vec<_> = fields.cloned().collect();
    let is_head = |at: usize| fields.get(at).is_some_and(|field| field.kind == SECTION);
    let is_empty = |at: usize| is_head(at) && (at + 1 == fields.len() || is_head(at + 1));
    let kept = fields.iter().enumerate().filter(|(at, _field)| !is_empty(*at));
    kept.map(|(_at, field)| field.clone()).collect()
}

async fn show(req: HttpRequest, server: Data<Server>) -> Reply {
    let (key, ctx) = (key(&req), ctx_of(&server, &req));
    server.brakes.count(&req, "open", (OPENS_MAX, SPAN), ctx.now)?;
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(req.query_string().as_bytes()).into_owned().take(50).collect();
    let find = |name: &str| pairs.iter().find(|(one, _text)| one == name).map(|(_n, text)| text);
    let channel = find("channel").cloned().unwrap_or_default();
    // Who comes back to a visit is not counted again.
    let known = find("visit").and_then(|signed| Visit::read(&server, signed, &key, ctx.now).ok());
    let nonce = server.entropy.hex::<12>()?;
    let (is_new, setup) = (known.is_none(), server.setup.clone());
    let visit = known.unwrap_or(Visit { code: key.clone(), at: ctx.now, nonce, channel });
    let signed = visit.signed(&server);
    let look = move |conn: &mut Conn, ctx: &Ctx| {
        let code = open_code(conn, &key, ctx.now)?;
        let template = template_of(conn, &setup, &code)?;
        if is_new {
            catalog::scanned(conn, &code.key, ctx.now)?;
        }
        let form = shown(&code, &template, &pairs, &signed)?;
        Answer::json(StatusCode::OK, &form)
    };
    Ok(server.command(&ctx, Once::never(), look).await?.respond(&req))
}

fn shown(
    code: &Code,
    template: &Published,
    pairs: &[(String, String)],
    visit: &str,
) -> Result<CodeForm> {
    let fields = asked(template);
    let is_asked = |key: &String| fields.iter().any(|field| field.key == *key);
    let pairs = pairs.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let mut values = code.filled_by(pairs);
    // What is fixed is so whatever the link says.
    let defaults = code.defaults.iter();
    for (key, value) in defaults {
        if code.is_fixed(key) || !values.contains_key(key) {
            values.insert(key.clone(), value.clone());
        }
    }
    values.retain(|key, _value| is_asked(key));
    let form = serde_json::to_value(form::Form { fields: fields.clone() })
        .map_err(|error| Error::bug("a form cannot be written").caused_by(error))?;
    Ok(CodeForm {
        code: code.key.clone(),
        name: template.name.clone(),
        place: code.place.clone(),
        intro: code.intro.clone(),
        form,
        fixed: values.keys().filter(|key| code.is_fixed(key)).cloned().collect(),
        values,
        visit: visit.to_owned(),
        max_file_bytes: PHOTO_MAX,
        max_files: PHOTOS_MAX,
    })
}

async fn submit(req: HttpRequest, server: Data<Server>, body: Body) -> Reply {
    let (key, ctx) = (key(&req), ctx_of(&server, &req));
    let (Submission { visit, form, website }, _bytes) = body.json::<Submission>().await?;
    let visit = Visit::read(&server, &visit, &key, ctx.now)?;
    server.brakes.count(&req, &format!("send {key}"), (SENDS_MAX, SPAN), ctx.now)?;
    if !website.is_empty() {
        let detail = "没有提交成功，请重新打开页面再试";
        return Err(Error::new(Kind::Invalid, "visit.invalid", detail).into());
    }
    visit.check_pace(ctx.now)?;
    let hash = Sha256::digest(serde_json::to_string(&form).unwrap_or_default());
    let whose = visit.sender();
    let once = Once { key: Some("submit".to_owned()), whose, what: text::hex(&hash) };
    let means = server.means();
    let ctx = ctx.with_actor(visit.actor());
    let raised = server.command(&ctx, once, move |conn, ctx| {
        let ticket = raise(conn, ctx, &means.0, (&visit, &form))?;
        let (progress_url, expires_at) = means.1.customer_url(ticket.id, 0, ctx.now);
        let Ticket { no, title, .. } = ticket;
        Answer::json(StatusCode::CREATED, &Submitted { no, title, progress_url, expires_at })
    });
    match raised.await {
        Ok(answer) => Ok(answer.respond(&req)),
        Err(error) if error.code() == "idempotency.mismatch" => {
            let detail = "这张表单已经提交过了；要再提交一张，请重新打开页面";
            Err(Error::new(Kind::Conflict, "visit.used", detail).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The ticket of a form.
fn raise(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    (visit, given): (&Visit, &Map<String, Value>),
) -> Result<Ticket> {
    let code = open_code(conn, &visit.code, ctx.now)?;
    let template = template_of(conn, setup, &code)?;
    let form = filled(&code, &asked(&template), given)?;
    let customer = recognised(conn, &code, &form)?;
    let new = ticket::New {
        template: &code.template,
        source: code.source_of(Some(&visit.channel)),
        form: &form,
        customer,
        chat_id: None,
        tags: code.all_tags(),
    };
    let ticket = ticket::create(conn, ctx, setup, &new)?;
    let photos = ticket::files_of(&ticket, &template);
    let (from, to) = (visit.sender(), visit.owner());
    files::hand_on(conn, &photos, (&from, &to))?;
    catalog::submitted(conn, &code.key, ctx.now)?;
    Ok(ticket)
}

/// What was answered, with what the code fills in; nothing else can be answered, and nothing that is
/// fixed can be changed.
fn filled(
    code: &Code,
    asked: &[form::Field],
    given: &Map<String, Value>,
) -> Result<Map<String, Value>> {
    let mut wrong = Vec::new();
    let mut form = code.defaults.clone();
    for (key, value) in given {
        let mut refuse = |code, detail: String| {
            wrong.push(FieldError { path: format!("form.{key}"), code, detail });
        };
        if code.is_fixed(key) {
            if code.defaults.get(key) != Some(value) {
                refuse("fixed", "这一项已由二维码或链接确定，不能修改".to_owned());
            }
        } else if asked.iter().any(|field| field.key == *key && field.kind != SECTION) {
            form.insert(key.clone(), value.clone());
        } else {
            refuse("unknown_field", format!("表单没有 {key} 这一项，请刷新页面"));
        }
    }
    if wrong.is_empty() { Ok(form) } else { Err(Error::invalid(wrong)) }
}

/// The one customer who is known by the telephone number that was left.
fn recognised(conn: &mut Conn, code: &Code, form: &Map<String, Value>) -> Result<Option<String>> {
    let phone = code.phone.as_ref().and_then(|key| form.get(key)).and_then(Value::as_str);
    let Some(phone) = phone.map(str::trim).filter(|phone| !phone.is_empty()) else {
        return Ok(None);
    };
    let filter = CustomerFilter { phone: Some(phone.to_owned()), ..CustomerFilter::default() };
    let found = customer::list(conn, &filter, None, Limit::new(Some(2))?)?.items;
    match found.as_slice() {
        [one] => Ok(Some(one.external_userid.clone())),
        _ => Ok(None),
    }
}

async fn upload(req: HttpRequest, server: Data<Server>, parts: Multipart) -> Reply {
    let (key, ctx) = (key(&req), ctx_of(&server, &req));
    let mut pairs = form_urlencoded::parse(req.query_string().as_bytes());
    let signed = pairs.find(|(name, _text)| name == "visit").map(|(_name, text)| text.into_owned());
    let visit = Visit::read(&server, &signed.unwrap_or_default(), &key, ctx.now)?;
    server.brakes.count(&req, &format!("upload {key}"), (UPLOADS_MAX, SPAN), ctx.now)?;
    // Counted before anything is read, so that what is too much leaves nothing behind.
    let (of, visitor, now) = (visit.code.clone(), visit.sender(), ctx.now);
    let room = server.db.read(move |conn| check_room(conn, (&of, &visitor), now)).await;
    let mut parts = Parts::new(parts, PARTS_MAX, PATIENCE);
    if let Err(error) = room {
        parts.skip().await;
        return Err(Refusal::from(error).with_unread(parts));
    }
    let (name, bytes) = match in_time(receive(&mut parts)).await {
        Ok(received) => received,
        Err(refusal) => return Err(refusal.with_unread(parts)),
    };
    if !files::mime_of(&bytes).starts_with("image/") {
        let detail = "只能上传照片（JPG、PNG、GIF、WebP、HEIC）";
        return Err(Error::field("file", "wrong_type", detail).into());
    }
    let stored = store(&server, bytes).await?;
    let (photo, actor) = (stored.clone(), visit.actor());
    let answer = server.command(&ctx, Once::never(), move |conn, ctx| {
        let ctx = ctx.with_actor(actor.clone());
        // Several may be sent at once.
        check_room(conn, (&visit.code, &visit.sender()), ctx.now)?;
        let new = NewFile { stored: &photo, name: &name, source_media_id: None };
        let File { id, name, mime, size, .. } = files::put(conn, &ctx, new)?;
        Answer::json(StatusCode::CREATED, &Photo { id, name, mime, size })
    });
    match answer.await {
        Ok(answer) => Ok(answer.respond(&req)),
        Err(error) => {
            leave(&server, &ctx, vec![stored]).await;
            Err(error.into())
        }
    }
}

/// Whether one more photo of a visit is taken.
fn check_room(conn: &mut Conn, (code, sender): (&str, &str), now: Timestamp) -> Result<()> {
    open_code(conn, code, now)?;
    let so_far = files::count_of(conn, sender)?;
    if so_far < i64::try_from(PHOTOS_MAX).unwrap_or(i64::MAX) {
        return Ok(());
    }
    Err(Error::field("file", "too_many", format!("最多 {PHOTOS_MAX} 张照片")))
}

/// The first file that is sent.
async fn receive(parts: &mut Parts) -> std::result::Result<(String, Bytes), Refusal> {
    let Some(part) = parts.next(|_is_file| PHOTO_MAX).await? else {
        return Err(Refusal::unreadable(Error::field("file", "required", "请选一张照片")));
    };
    if !part.is_whole {
        let detail = format!("照片太大，每张最多 {} MiB", PHOTO_MAX >> 20);
        return Err(Error::new(Kind::Invalid, "files.too_large", detail).into());
    }
    if part.bytes.is_empty() {
        return Err(Error::new(Kind::Invalid, "files.empty", "照片是空的，请重新选择").into());
    }
    Ok((part.file.unwrap_or_default(), part.bytes))
}
