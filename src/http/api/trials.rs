//! Templates are tried out before they count: what is wrong with one, which way a ticket would go,
//! what it would mean for the tickets that there are.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use catalog::{Published, Template};
use db::Conn;
use kernel::{Cursor, Kind, Limit, Page, Result, TicketId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use ticket::{Compared, Migration, Rehearsal, Sample, Setup, Verdict};
use utoipa::{IntoParams, ToSchema};

use super::{
    Op, schema,
    templates::{Mend, key},
};
use crate::{
    guard::{Signed, may},
    read::{Body, Query},
    reply::{Answer, Once, Refusal, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    let which = "模板的 key";
    vec![
        Op::post("/templates/lint", lint)
            .named("lint_template", "模板", "检查模板")
            .explained("发布前会拒绝的一切，各有位置和改法；不保存任何内容。")
            .takes::<schema::Template>()
            .answers::<Linted>(200, "要改的地方；没有则可以发布"),
        Op::post("/templates/{key}/simulate", simulate)
            .named("simulate_template", "模板", "试运行模板")
            .explained(
                "不写入任何内容。给出 last 时，用最近的这么多张真实工单比较：每张按自己的版本和按试运行的\
                 版本各走一遍，内容、人员和驳回都相同，所以差别只来自模板。否则按 form 走一遍，\
                 每位处理人都同意。",
            )
            .where_path("key", which)
            .takes::<Simulate>()
            .answers::<Simulated>(200, "一张工单的走法，或与真实工单的比较"),
        Op::get("/templates/{key}/responsibility", responsibility)
            .named("get_template_responsibility", "模板", "模板的权责地图")
            .explained("每个节点在什么条件下出现、现在由谁负责；要看具体工单才知道的人（如提交人）不在其中。")
            .where_path("key", which)
            .takes_query::<OfVersion>()
            .answers::<schema::Responsibility>(200, "权责地图"),
        Op::post("/templates/{key}/migrate", migrate)
            .named("migrate_tickets", "模板", "把进行中的工单升级到另一个版本")
            .explained(
                "每次处理一页，用 next 取下一页。做过的保持不变；新的必填字段到后续节点才要求填写；\
                 正在办理的节点在新版本中没有或换了位置的工单留在原版本。",
            )
            .where_path("key", which)
            .takes::<Migrate>()
            .answers::<Migrated>(200, "每张工单能否升级，或是否已升级"),
    ]
}

/// 模板中要改的地方
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Linted {
    problems: Vec<Mend>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfVersion {
    /// 哪个版本；省略时为最新版本
    version: Option<u32>,
}

/// 试运行什么
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Simulate {
    /// 哪个版本；省略时为草稿，没有草稿时为最新版本
    version: Option<u32>,
    /// 表单的填写内容
    #[serde(default)]
    #[schema(required = false)]
    form: Map<String, Value>,
    /// 由哪位成员提交
    starter: Option<String>,
    /// 客户的 external_userid
    customer: Option<String>,
    /// 与最近的多少张真实工单比较，最多 100
    last: Option<u32>,
}

/// 试运行的结果
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Simulated {
    /// 试运行的版本；草稿的版本是它发布后的版本
    version: u32,
    /// 一张工单的走法；与真实工单比较时没有
    #[schema(required, value_type = Option<schema::Rehearsal>)]
    rehearsal: Option<Rehearsal>,
    /// 与真实工单的比较
    #[schema(required)]
    comparison: Option<Comparison>,
}

/// 与真实工单的比较
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comparison {
    /// 走法相同的工单数
    same: usize,
    /// 走法不同的工单数
    differ: usize,
    /// 会卡住的工单数
    stuck: usize,
    #[schema(value_type = Vec<schema::Compared>)]
    tickets: Vec<Compared>,
}

/// 升级哪些工单
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Migrate {
    /// 从哪个版本
    from: u32,
    /// 到哪个版本；省略时为最新版本
    to: Option<u32>,
    /// 为 true 时只看结果，不升级
    preview: bool,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页看多少张工单，最多 200
    limit: Option<i64>,
}

/// 升级的结果
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Migrated {
    from: u32,
    to: u32,
    preview: bool,
    items: Vec<Moved>,
    /// 下一页的 cursor；没有下一页时为 null
    #[schema(required)]
    next: Option<String>,
}

/// 一张工单的升级
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Moved {
    #[schema(value_type = String)]
    id: TicketId,
    no: String,
    title: String,
    /// 能否升级；不是预览时，是否已升级
    moves: bool,
    /// 挡住它的节点：正在办理，而另一个版本没有或换了位置
    blocked_by: Vec<String>,
}

async fn lint(_who: Signed<may::WriteTemplates>, server: Data<Server>, body: Body) -> Reply {
    let problems = match body.json::<Template>().await {
        Ok((template, _bytes)) => {
            server.db.read(move |conn| catalog::problems(conn, &template)).await?
        }
        // What cannot be read as a template is a problem of it, too.
        Err(refusal) if !refusal.error().fields().is_empty() => refusal.error().fields().to_vec(),
        Err(refusal) => return Err(refusal),
    };
    ok(&Linted { problems: problems.into_iter().map(Mend::from).collect() })
}

async fn simulate(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (asked, _bytes) = body.json_or_empty::<Simulate>().await?;
    let (key, ctx, setup) = (key(&req), who.ctx().clone(), server.setup.clone());
    let told = server.db.read(move |conn| {
        let template = tried(conn, &setup, &key, asked.version)?;
        let sample = Sample {
            form: &asked.form,
            starter: asked.starter.as_deref(),
            customer: asked.customer.as_deref(),
        };
        let version = template.version;
        let (rehearsal, comparison) = match asked.last {
            None => (Some(ticket::rehearse(conn, &ctx, &setup, &template, &sample)?), None),
            Some(last) => {
                let all = ticket::rehearse_last(conn, &ctx, &setup, &template, last)?;
                (None, Some(counted(all)))
            }
        };
        Ok(Simulated { version, rehearsal, comparison })
    });
    ok(&told.await?)
}

/// What is tried out: a version, or the draft that could be published.
fn tried(
    conn: &mut Conn,
    setup: &Setup,
    key: &str,
    version: Option<u32>,
) -> Result<std::sync::Arc<Published>> {
    if let Some(version) = version {
        return setup.catalog.find(conn, key, version);
    }
    match catalog::draft(conn, key) {
        Ok(draft) => {
            let template = catalog::resolved(conn, &draft)?;
            Published::new(template).map(std::sync::Arc::new)
        }
        Err(none) if none.kind() == Kind::NotFound => setup.catalog.find_newest(conn, key),
        Err(error) => Err(error),
    }
}

fn counted(tickets: Vec<Compared>) -> Comparison {
    let many = |verdict| tickets.iter().filter(|one| one.verdict == verdict).count();
    let (same, differ, stuck) = (many(Verdict::Same), many(Verdict::Differs), many(Verdict::Stuck));
    Comparison { same, differ, stuck, tickets }
}

async fn responsibility(
    who: Signed<may::ReadTickets>,
    Query(query): Query<OfVersion>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let (key, ctx, setup) = (key(&req), who.ctx().clone(), server.setup.clone());
    let map = server.db.read(move |conn| {
        let template = match query.version {
            Some(version) => setup.catalog.find(conn, &key, version)?,
            None => setup.catalog.find_newest(conn, &key)?,
        };
        ticket::responsibility(conn, &ctx, &setup, &template)
    });
    ok(&map.await?)
}

async fn migrate(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (asked, bytes) = body.json::<Migrate>().await?;
    let window = asked.cursor.as_deref().map(Cursor::parse).transpose();
    let limit = Limit::new(asked.limit).map_err(Refusal::unreadable)?;
    let window = (window.map_err(Refusal::unreadable)?, limit);
    let once = Once::of(&req, &who.caller, &bytes)?;
    let (key, setup) = (key(&req), server.setup.clone());
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let to = match asked.to {
            Some(to) => to,
            None => setup.catalog.find_newest(conn, &key)?.version,
        };
        let migration = Migration { key: key.clone(), from: asked.from, to };
        let page = match asked.preview {
            true => migration.preview(conn, &setup, window)?,
            false => migration.run(conn, ctx, &setup, window)?,
        };
        let Page { items, next } = page.map(|one| Moved {
            id: one.ticket,
            no: one.no,
            title: one.title,
            moves: one.blocked_by.is_empty(),
            blocked_by: one.blocked_by,
        });
        let told = Migrated { from: asked.from, to, preview: asked.preview, items, next };
        Answer::json(StatusCode::OK, &told)
    });
    Ok(answer.await?.respond(&req))
}
