//! The operators' view of what came in and what goes out: lists, one item with its content, and
//! doing it again.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use db::Conn;
use kernel::{Error, JobId, Kind, Result};
use queue::{Filter, JobView, Side, State};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    read::{self, Query, Window},
    reply::{Answer, Once, Refusal, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    let (inbox, outbox) = ("收件", "发件");
    vec![
        Op::get("/inbox", list_inbox)
            .named("list_inbox", inbox, "收到的回调，最新的在前")
            .takes_query::<ListJobs>()
            .lists::<schema::Job>(),
        Op::get("/inbox/{id}", get_inbox)
            .named("get_inbox_item", inbox, "查看一项收到的回调和它的内容")
            .answers::<schema::Job>(200, "这一项"),
        Op::post("/inbox/{id}/replay", replay)
            .named("replay_inbox_item", inbox, "重新处理一项已结束的回调")
            .answers::<schema::Job>(200, "这一项"),
        Op::get("/outbox", list_outbox)
            .named("list_outbox", outbox, "待发和已发的消息，最新的在前")
            .takes_query::<ListJobs>()
            .lists::<schema::Job>(),
        Op::get("/outbox/{id}", get_outbox)
            .named("get_outbox_item", outbox, "查看一项消息和它的内容")
            .answers::<schema::Job>(200, "这一项"),
        Op::post("/outbox/{id}/retry", retry)
            .named("retry_outbox_item", outbox, "重发一项失败的消息")
            .answers::<schema::Job>(200, "这一项"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListJobs {
    /// 状态：pending、running、done、ignored、merged、expired、failed
    state: Option<String>,
    /// 种类
    topic: Option<String>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

async fn list_inbox(
    _who: Signed<may::ReadOps>,
    Query(query): Query<ListJobs>,
    server: Data<Server>,
) -> Reply {
    list(Side::Inbox, query, &server).await
}

async fn list_outbox(
    _who: Signed<may::ReadOps>,
    Query(query): Query<ListJobs>,
    server: Data<Server>,
) -> Reply {
    list(Side::Outbox, query, &server).await
}

async fn list(side: Side, query: ListJobs, server: &Server) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let state = match query.state.as_deref() {
        None => None,
        Some(word) => Some(State::parse(word).ok_or_else(|| {
            let known = State::ALL.map(State::as_str).join("、");
            let detail = format!("state 须是其中之一：{known}");
            Refusal::unreadable(Error::field("state", "not_an_option", detail))
        })?),
    };
    let filter = Filter { side, state, topic: query.topic, cursor, limit };
    ok(&server.db.read(move |conn| queue::list(conn, &filter)).await?)
}

async fn get_inbox(who: Signed<may::ReadOps>, req: HttpRequest, server: Data<Server>) -> Reply {
    get(Side::Inbox, &who, &req, &server).await
}

async fn get_outbox(who: Signed<may::ReadOps>, req: HttpRequest, server: Data<Server>) -> Reply {
    get(Side::Outbox, &who, &req, &server).await
}

async fn get(side: Side, _who: &Signed<may::ReadOps>, req: &HttpRequest, server: &Server) -> Reply {
    let id = read::id(req, NO_JOB)?;
    ok(&server.db.read(move |conn| find(conn, side, id)).await?)
}

async fn replay(who: Signed<may::WriteOps>, req: HttpRequest, server: Data<Server>) -> Reply {
    again(Side::Inbox, "inbox.replayed", &who, &req, &server).await
}

async fn retry(who: Signed<may::WriteOps>, req: HttpRequest, server: Data<Server>) -> Reply {
    again(Side::Outbox, "outbox.retried", &who, &req, &server).await
}

async fn again(
    side: Side,
    what: &'static str,
    who: &Signed<may::WriteOps>,
    req: &HttpRequest,
    server: &Server,
) -> Reply {
    let id: JobId = read::id(req, NO_JOB)?;
    let once = Once::of(req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let before = find(conn, side, id)?;
        queue::again(conn, ctx, id)?;
        let detail = json!({ "topic": before.topic, "state": before.state });
        org::audit(conn, ctx, what, &format!("job:{id}"), &detail)?;
        Answer::json(StatusCode::OK, &find(conn, side, id)?)
    });
    Ok(answer.await?.respond(req))
}

const NO_JOB: &str = "queue.no_such_job";

/// A job of this side of the house.
fn find(conn: &mut Conn, side: Side, id: JobId) -> Result<JobView> {
    let job = queue::get(conn, id)?;
    if Side::of(&job.topic) == side {
        return Ok(job);
    }
    Err(Error::new(Kind::NotFound, NO_JOB, "没有这个任务"))
}
