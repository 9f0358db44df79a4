//! Customer groups, and where each belongs.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use customer::{ChatGroup, GroupFilter, Place};
use db::Conn;
use kernel::{Error, Kind, Page, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::IntoParams;

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    read::{self, Body, Query, Window},
    reply::{Answer, Once, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    let chat_id = "客户群的 chat_id";
    vec![
        Op::get("/chats", list)
            .named("list_chats", "客户", "客户群列表和它们的归属，最近认识的在前")
            .takes_query::<ListChats>()
            .lists::<schema::Chat>(),
        Op::get("/chats/{chat_id}/place", get)
            .named("get_chat_place", "客户", "客户群的归属")
            .where_path("chat_id", chat_id)
            .answers::<schema::Place>(200, "归属"),
        Op::put("/chats/{chat_id}/place", put)
            .named("put_chat_place", "客户", "设置客户群归属哪个校区、门店或区域")
            .explained(
                "从这个群发起的工单，表单中 key 与 kind 相同的字段自动填上它；\
                 values 给出其他字段的内容。发起人填过的不变。",
            )
            .where_path("chat_id", chat_id)
            .takes::<schema::Place>()
            .answers::<schema::Place>(200, "归属"),
        Op::delete("/chats/{chat_id}/place", delete)
            .named("delete_chat_place", "客户", "取消客户群的归属")
            .where_path("chat_id", chat_id)
            .answers_nothing("已取消"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListChats {
    /// 群名中的文字
    q: Option<String>,
    /// 群主（userid）
    owner: Option<String>,
    /// 只看已解散的，或只看没有解散的
    is_dismissed: Option<bool>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

/// A group as a list shows it.
#[derive(Serialize)]
struct Chat {
    chat_id: String,
    name: String,
    owner: String,
    member_count: usize,
    is_dismissed: bool,
    place: Option<Place>,
}

fn chat_id(req: &HttpRequest) -> String {
    req.match_info().get("chat_id").unwrap_or_default().to_owned()
}

/// That there is no such group.
pub(crate) fn no_chat() -> Error {
    Error::new(Kind::NotFound, "chat.not_found", "没有这个客户群，或者还没有同步过来")
}

fn no_place() -> Error {
    Error::new(Kind::NotFound, "place.not_found", "这个客户群没有设置归属")
}

async fn list(
    _who: Signed<may::ReadCustomers>,
    Query(query): Query<ListChats>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let filter = GroupFilter {
        text: query.q.filter(|q| !q.is_empty()),
        owner: query.owner,
        dismissed: query.is_dismissed,
    };
    let page = server.db.read(move |conn| {
        let page = customer::list_groups(conn, &filter, cursor, limit)?;
        let ids: Vec<_> = page.items.iter().map(|group| group.chat_id.clone()).collect();
        let mut places = customer::places(conn, &ids)?;
        Ok(page.map(|group: ChatGroup| Chat {
            place: places.remove(&group.chat_id),
            member_count: group.members.len(),
            is_dismissed: group.dismissed,
            chat_id: group.chat_id,
            name: group.name,
            owner: group.owner,
        }))
    });
    let page: Page<Chat> = page.await?;
    ok(&page)
}

async fn get(_who: Signed<may::ReadCustomers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let chat_id = chat_id(&req);
    let found =
        server.db.read(move |conn| customer::find_place(conn, &chat_id)?.ok_or_else(no_place));
    ok(&found.await?)
}

async fn put(
    who: Signed<may::WriteCustomers>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (place, bytes) = body.json::<Place>().await?;
    let chat_id = chat_id(&req);
    check_free(&server, &chat_id)?;
    let once = Once::of(&req, &who.caller, &bytes)?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        if customer::find_group(conn, &chat_id)?.is_none() {
            return Err(no_chat());
        }
        let place = customer::put_place(conn, ctx, &chat_id, place.clone())?;
        note(conn, ctx, "saved", &chat_id, &json!(place))?;
        Answer::json(StatusCode::OK, &place)
    });
    Ok(answer.await?.respond(&req))
}

async fn delete(who: Signed<may::WriteCustomers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let chat_id = chat_id(&req);
    check_free(&server, &chat_id)?;
    let once = Once::of(&req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        if !customer::delete_place(conn, &chat_id)? {
            return Err(no_place());
        }
        note(conn, ctx, "deleted", &chat_id, &json!({}))?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}

fn note(
    conn: &mut Conn,
    ctx: &kernel::Ctx,
    what: &str,
    chat_id: &str,
    detail: &serde_json::Value,
) -> Result<()> {
    org::audit(conn, ctx, &format!("place.{what}"), &format!("chat:{chat_id}"), detail)
}

/// A change of what the configuration says would be undone at the next start.
fn check_free(server: &Server, chat_id: &str) -> Result<()> {
    if server.configured_places.contains(chat_id) {
        let detail = "这个客户群的归属写在配置文件的 [customers.places] 中，请在那里修改后重启";
        return Err(Error::new(Kind::Conflict, "place.configured", detail));
    }
    Ok(())
}
