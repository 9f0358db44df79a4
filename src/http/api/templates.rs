//! The templates that tickets are made from: drafts, versions, and the preset library.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use catalog::Template;
use kernel::{Error, Kind, Page, Result, Timestamp};
use org::Scope;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema};
use crate::{
    guard::{By, Caller, Signed, may},
    read::{Body, Query},
    reply::{Answer, Once, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    let key = "模板的 key";
    vec![
        Op::get("/templates", list)
            .named("list_templates", "模板", "可用的模板，每个只列最新版本")
            .lists::<schema::Template>(),
        Op::get("/templates/{key}", get)
            .named("get_template", "模板", "查看模板")
            .where_path("key", key)
            .takes_query::<GetTemplate>()
            .answers::<schema::Template>(200, "模板"),
        Op::put("/templates/{key}", save)
            .named("save_template", "模板", "保存模板的草稿")
            .explained("草稿可以还不完整；发布时才检查。版本号由服务给出。")
            .where_path("key", key)
            .takes::<schema::Template>()
            .answers::<Saved>(200, "草稿，以及它发布前还要改的地方"),
        Op::post("/templates/{key}/publish", publish)
            .named("publish_template", "模板", "发布草稿")
            .explained("成为下一个版本，从此不再改变；进行中的工单继续使用原来的版本。")
            .where_path("key", key)
            .answers::<schema::Template>(200, "发布的模板"),
        Op::post("/templates/{key}/archive", archive)
            .named("archive_template", "模板", "归档模板")
            .explained("不能再用它新建工单；进行中的工单不受影响。")
            .where_path("key", key)
            .answers_nothing("已归档"),
        Op::delete("/templates/{key}/draft", drop_draft)
            .named("drop_template_draft", "模板", "丢弃草稿")
            .where_path("key", key)
            .answers_nothing("已丢弃"),
        Op::get("/templates/{key}/versions", versions)
            .named("list_template_versions", "模板", "模板的版本和草稿，最新的在前")
            .where_path("key", key)
            .lists::<Version>(),
        Op::get("/presets", presets)
            .named("list_presets", "模板", "行业预设模板")
            .lists::<Preset>(),
        Op::post("/presets/{key}/import", import)
            .named("import_preset", "模板", "导入预设模板")
            .explained("发布为本企业的模板；已经一样的保持不变。")
            .where_path("key", "预设的 key")
            .answers::<schema::Template>(200, "模板"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetTemplate {
    /// 哪个版本；省略时为最新版本
    version: Option<u32>,
    /// 为 true 时给出草稿
    draft: Option<bool>,
    /// 为 true 时按所写的样子给出：公用字段和公用条件没有展开
    source: Option<bool>,
}

/// 保存下来的草稿
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Saved {
    #[schema(value_type = schema::Template)]
    template: Template,
    /// 发布前还要改的地方
    problems: Vec<Mend>,
}

/// 要改的地方
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Mend {
    /// 在模板中的位置
    path: String,
    code: &'static str,
    /// 怎么改
    detail: String,
}

/// 模板的一个版本
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    version: i64,
    /// `draft`、`published`、`archived`
    state: String,
    name: String,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// 行业预设模板
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preset {
    /// 行业
    industry: String,
    key: String,
    name: String,
}

impl From<kernel::FieldError> for Mend {
    fn from(one: kernel::FieldError) -> Self {
        Self { path: one.path, code: one.code, detail: one.detail }
    }
}

pub(super) fn key(req: &HttpRequest) -> String {
    req.match_info().get("key").unwrap_or_default().to_owned()
}

/// The member who only uses templates: he sees those that are meant for him, and none in the making.
/// Programs, and members who make templates, see all of them.
fn user(caller: &Caller) -> Option<&str> {
    match &caller.by {
        By::Session(signed_in) if !signed_in.allows(Scope::TemplatesWrite) => {
            Some(&signed_in.member.userid)
        }
        By::Session(_) | By::Token(_) => None,
    }
}

async fn list(who: Signed<may::ReadTickets>, server: Data<Server>) -> Reply {
    let catalog = server.setup.catalog.clone();
    let all = match user(&who.caller) {
        Some(userid) => {
            let userid = userid.to_owned();
            let kept = server.db.read(move |conn| {
                let mut all = catalog.list();
                ticket::keep_visible(conn, &userid, None, &mut all)?;
                Ok(all)
            });
            kept.await?
        }
        None => catalog.list(),
    };
    let items: Vec<&Template> = all.iter().map(|one| &***one).collect();
    ok(&Page { items, next: None })
}

async fn get(
    who: Signed<may::ReadTickets>,
    Query(query): Query<GetTemplate>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let (key, catalog) = (key(&req), server.setup.catalog.clone());
    let is_inside = query.draft == Some(true) || query.source == Some(true);
    if is_inside && user(&who.caller).is_some() {
        let detail = "草稿和模板的写法只给维护模板的人看，请联系管理员";
        return Err(Error::new(Kind::Forbidden, "auth.scope", detail).into());
    }
    let template = server.db.read(move |conn| match (query.draft, query.version) {
        (Some(true), _) => catalog::draft(conn, &key),
        (_, None) if query.source == Some(true) => catalog::source(conn, &key),
        (_, Some(version)) => {
            catalog.find(conn, &key, version).map(|found| Template::clone(&found))
        }
        (_, None) => catalog.find_newest(conn, &key).map(|found| Template::clone(&found)),
    });
    ok(&template.await?)
}

async fn save(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (template, bytes) = body.json::<Template>().await?;
    if template.key != key(&req) {
        return Err(Error::field("key", "other", "模板的 key 须与地址中的相同").into());
    }
    let once = Once::of(&req, &who.caller, &bytes)?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let template = catalog::save_draft(conn, ctx, &template)?;
        let problems = catalog::problems(conn, &template)?.into_iter().map(Mend::from).collect();
        Answer::json(StatusCode::OK, &Saved { template, problems })
    });
    Ok(answer.await?.respond(&req))
}

/// Changes what is offered, writes down who did, and lets this replica see it at once.
async fn change<F>(
    who: &Signed<may::WriteTemplates>,
    req: &HttpRequest,
    server: &Data<Server>,
    what: &'static str,
    change: F,
) -> Reply
where
    F: Fn(&mut db::Conn, &kernel::Ctx, &str) -> Result<Option<Template>> + Send + 'static,
{
    let (key, once) = (key(req), Once::of(req, &who.caller, &[])?);
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let template = change(conn, ctx, &key)?;
        org::audit(conn, ctx, what, &format!("template:{key}"), &json!({}))?;
        match template {
            Some(template) => Answer::json(StatusCode::OK, &template),
            None => Ok(Answer::done()),
        }
    });
    let answer = answer.await?;
    let catalog = server.setup.catalog.clone();
    server.db.read(move |conn| catalog.refresh(conn)).await?;
    Ok(answer.respond(req))
}

async fn publish(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    change(&who, &req, &server, "template.published", |conn, ctx, key| {
        catalog::publish(conn, ctx, key).map(Some)
    })
    .await
}

async fn archive(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    change(&who, &req, &server, "template.archived", |conn, ctx, key| {
        catalog::archive(conn, ctx, key).map(|()| None)
    })
    .await
}

async fn drop_draft(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    change(&who, &req, &server, "template.draft_dropped", |conn, _ctx, key| {
        catalog::drop_draft(conn, key).map(|()| None)
    })
    .await
}

async fn versions(_who: Signed<may::ReadTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let key = key(&req);
    let found = server.db.read(move |conn| catalog::versions(conn, &key)).await?;
    let shown = |one: catalog::Summary| Version {
        version: one.version,
        state: one.state,
        name: one.name,
        updated_at: Timestamp(one.updated_at),
    };
    let items: Vec<_> = found.into_iter().map(shown).collect();
    ok(&Page { items, next: None })
}

async fn presets(_who: Signed<may::ReadTickets>) -> Reply {
    ok(&Page { items: catalog::presets()?, next: None })
}

async fn import(who: Signed<may::WriteTemplates>, req: HttpRequest, server: Data<Server>) -> Reply {
    change(&who, &req, &server, "template.imported", |conn, ctx, key| {
        catalog::import(conn, ctx, key).map(|(template, _is_new)| Some(template))
    })
    .await
}
