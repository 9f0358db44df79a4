//! What happens while a page is open: as a stream of events, and as its twin for those whose network
//! lets no stream through.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use kernel::{Ctx, Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use ticket::{
    Counts,
    live::{LOOK_BACK, MOST, REACH, Told},
};
use utoipa::IntoParams;

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    live,
    read::Query,
    reply::{Refusal, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/live", stream)
            .named("stream_live", "实时", "工单的变化、待办的数量和谁在看工单")
            .explained(
                "事件 ticket 是工单的一次变化（断线后用 Last-Event-ID 或 after 续上，最近几秒的可能\
                 重复，按 id 和 seq 识别）；counts 是待办各有多少；presence 是谁在看一张工单；\
                 reset 表示中断太久，请重新读取页面。",
            )
            .takes_query::<Listen>()
            .takes_header("Last-Event-ID", "最后收到的事件")
            .answers_events("事件流，每 15 秒至少有一行注释"),
        Op::get("/live/since", since)
            .named("list_live_since", "实时", "某个时刻之后的变化")
            .explained("与 /live 相同，供不能使用事件流的网络轮询。")
            .takes_query::<Listen>()
            .answers::<schema::LiveSince>(200, "变化"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// 从哪里续上：上一次的 next，或最后收到的事件的 id
    after: Option<String>,
    /// 登录页面的 csrf；浏览器的事件流不能带请求头
    #[expect(dead_code, reason = "who asks is found out before, from the same query")]
    csrf: Option<String>,
}

/// A place in the log.
fn place(text: &str) -> Result<Timestamp> {
    text.trim().parse().map(Timestamp).map_err(|_no_number| {
        let detail = "after 须取自上一次的 next，或事件的 id";
        Error::field("after", "malformed", detail)
    })
}

async fn stream(
    who: Signed<may::ReadTickets>,
    Query(query): Query<Listen>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let last = req.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let last = last.map(str::to_owned).or(query.after).filter(|last| !last.is_empty());
    let last = last.as_deref().map(place).transpose().map_err(Refusal::unreadable)?;
    let events = live::listen(&server, &who.caller, last).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Proxies would collect what must arrive at once.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(events))
}

#[derive(Serialize)]
struct Since {
    items: Vec<Told>,
    next: String,
    is_reset: bool,
    counts: Option<Counts>,
}

async fn since(
    who: Signed<may::ReadTickets>,
    Query(query): Query<Listen>,
    server: Data<Server>,
) -> Reply {
    let after = query
        .after
        .as_deref()
        .filter(|after| !after.is_empty())
        .map(place)
        .transpose()
        .map_err(Refusal::unreadable)?;
    let (ctx, zone_minutes) = (who.ctx().clone(), server.setup.zone_minutes);
    let since = server.db.read(move |conn| {
        let Ctx { now, actor, .. } = &ctx;
        let mut is_reset = after.is_some_and(|after| now.since(after) > REACH);
        let items = match after.filter(|_after| !is_reset) {
            None => Vec::new(),
            Some(after) => {
                let heard = ticket::live::since(conn, after.plus(-LOOK_BACK), &BTreeSet::new())?;
                is_reset = heard.len() >= MOST;
                heard.into_iter().filter(|one| one.is_for(actor)).map(|one| one.told).collect()
            }
        };
        let counts = match actor.userid() {
            None => None,
            Some(userid) => Some(ticket::counts(conn, userid, *now, zone_minutes)?),
        };
        Ok(Since { items, next: now.0.to_string(), is_reset, counts })
    });
    ok(&since.await?)
}
