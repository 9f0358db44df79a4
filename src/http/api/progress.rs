//! The link by which a customer follows his ticket.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use kernel::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Op, tickets};
use crate::{
    guard::{Signed, may},
    reply::{Answer, Once, Reply},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    let path = "/tickets/{id}/progress_link";
    let which = "工单的 id 或单号";
    vec![
        Op::post(path, make)
            .named("make_progress_link", "工单", "给客户的进度链接")
            .explained("不用登录，只能看这张工单中对客户公开的内容；到期或收回后失效。")
            .where_path("id", which)
            .answers::<ProgressLink>(200, "链接"),
        Op::delete(path, revoke)
            .named("revoke_progress_links", "工单", "收回给客户的全部链接")
            .explained("之前发出的进度链接和补充资料的链接立刻失效；需要时再生成新的。")
            .where_path("id", which)
            .answers_nothing("已收回"),
    ]
}

/// 给客户的进度链接
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgressLink {
    url: String,
    /// 到何时失效
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

fn key(req: &HttpRequest) -> String {
    req.match_info().get("id").unwrap_or_default().to_owned()
}

async fn make(who: Signed<may::WriteTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let (key, ctx, links) = (key(&req), who.ctx().clone(), server.links.clone());
    let link = server.db.read(move |conn| {
        let ticket = tickets::find(conn, &ctx, &key)?;
        let generation = notify::customer::generation(conn, ticket.id)?;
        let (url, expires_at) = links.customer_url(ticket.id, generation, ctx.now);
        Ok(ProgressLink { url, expires_at })
    });
    Ok(Answer::json(StatusCode::OK, &link.await?)?.respond(&req))
}

async fn revoke(who: Signed<may::WriteTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let key = key(&req);
    let once = Once::of(&req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let ticket = tickets::find(conn, ctx, &key)?;
        notify::customer::revoke(conn, ctx, ticket.id)?;
        let subject = format!("ticket:{}", ticket.id);
        org::audit(conn, ctx, "progress_link.revoked", &subject, &serde_json::json!({}))?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}
