//! What belongs to the member who asks: how much he has to do, the templates that he can use, those
//! that he keeps at the top.

use actix_web::{HttpRequest, web::Data};
use kernel::{Ctx, Error, Kind, Page, Result};
use serde::Deserialize;
use ticket::SOURCES;
use utoipa::IntoParams;

use super::{Op, schema, templates::key};
use crate::{
    guard::{Signed, may},
    read::Query,
    reply::{Answer, Once, Refusal, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/me/counts", counts)
            .named("get_my_counts", "我的", "我的待办各有多少")
            .answers::<schema::Counts>(200, "各视图的数量"),
        Op::get("/me/templates", templates)
            .named("list_my_templates", "我的", "我可以使用的模板，最常用的在前")
            .explained("先是为这位客户常用的，再是自己常用的，再是大家常用的。")
            .takes_query::<ListTemplates>()
            .lists::<schema::Offered>(),
        Op::put("/me/pins/{key}", pin)
            .named("put_my_pin", "我的", "置顶模板")
            .where_path("key", "模板的 key")
            .answers_nothing("已置顶"),
        Op::delete("/me/pins/{key}", unpin)
            .named("delete_my_pin", "我的", "取消置顶")
            .where_path("key", "模板的 key")
            .answers_nothing("已取消"),
    ]
}

/// The member who asks; a program must say for whom it does.
fn member(ctx: &Ctx) -> Result<String> {
    ctx.actor.userid().map(str::to_owned).ok_or_else(|| {
        let detail = "这个接口只对成员有意义：请用 Qidan-Act-As 请求头指明成员";
        Error::new(Kind::Forbidden, "ticket.needs_member", detail)
    })
}

async fn counts(who: Signed<may::ReadTickets>, server: Data<Server>) -> Reply {
    let (userid, now) = (member(who.ctx())?, who.ctx().now);
    let zone_minutes = server.setup.zone_minutes;
    let counts = server.db.read(move |conn| ticket::counts(conn, &userid, now, zone_minutes));
    ok(&counts.await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListTemplates {
    /// 从哪个来源入口使用；省略时不限
    source: Option<String>,
    /// 为哪位客户，external_userid
    customer: Option<String>,
}

async fn templates(
    who: Signed<may::ReadTickets>,
    Query(query): Query<ListTemplates>,
    server: Data<Server>,
) -> Reply {
    let (userid, ctx) = (member(who.ctx())?, who.ctx().clone());
    if query.source.as_deref().is_some_and(|source| !SOURCES.contains(&source)) {
        let detail = format!("source 须是其中之一：{}", SOURCES.join("、"));
        return Err(Refusal::unreadable(Error::field("source", "not_an_option", detail)));
    }
    let setup = server.setup.clone();
    let items = server.db.read(move |conn| {
        let from = (query.source.as_deref(), query.customer.as_deref());
        ticket::offered(conn, &ctx, &setup, &userid, from)
    });
    ok(&Page { items: items.await?, next: None })
}

async fn pin(who: Signed<may::WriteTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let (userid, key) = (member(who.ctx())?, key(&req));
    let catalog = server.setup.catalog.clone();
    let once = Once::of(&req, &who.caller, b"")?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        catalog::pin::put(conn, ctx, &catalog, &userid, &key)?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}

async fn unpin(who: Signed<may::WriteTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let (userid, key) = (member(who.ctx())?, key(&req));
    let once = Once::of(&req, &who.caller, b"")?;
    let answer = server.command(who.ctx(), once, move |conn, _ctx| {
        catalog::pin::drop(conn, &userid, &key)?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}
