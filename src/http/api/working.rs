//! What assignment knows of members: what each does, when he is away, where he is.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use kernel::{Error, Kind, Timestamp};
use org::{Leave, MapSystem, NewLeave, Profile, Seen};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema};
use crate::{
    guard::{Caller, Signed, may},
    read::{self, Body, Query, Window},
    reply::{Answer, Once, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    let userid = "成员的 userid，大小写不限";
    vec![
        Op::get("/members/{userid}/profile", profile)
            .named("get_member_profile", "组织", "成员的角色、技能、地区和备选处理人")
            .where_path("userid", userid)
            .answers::<schema::Profile>(200, "没有设置过的为空"),
        Op::put("/members/{userid}/profile", put_profile)
            .named("put_member_profile", "组织", "设置成员的角色、技能、地区和备选处理人")
            .explained("派单规则据此选人；整体替换，省略的项清空。")
            .where_path("userid", userid)
            .takes::<schema::Profile>()
            .answers::<schema::Profile>(200, "保存后的样子"),
        Op::get("/members/{userid}/position", position)
            .named("get_member_position", "组织", "成员最近的位置")
            .where_path("userid", userid)
            .answers::<schema::Position>(200, "最近的位置"),
        Op::put("/members/{userid}/position", put_position)
            .named("put_member_position", "组织", "报告成员的位置")
            .explained("就近派单据此选人；比已有的更早的位置不起作用。")
            .where_path("userid", userid)
            .takes::<NewPosition>()
            .answers_nothing("已收到"),
        Op::get("/leaves", leaves)
            .named("list_leaves", "组织", "进行中和将来的请假，先开始的在前")
            .takes_query::<ListLeaves>()
            .lists::<schema::Leave>(),
        Op::post("/leaves", put_leave)
            .named("create_leave", "组织", "登记请假")
            .explained("请假期间的新待办由备选处理人接替；没有时按节点的「找不到处理人」处理。")
            .takes::<NewLeaveBody>()
            .answers::<schema::Leave>(201, "登记的请假"),
        Op::delete("/leaves/{id}", end_leave)
            .named("end_leave", "组织", "提前结束或取消请假")
            .answers_nothing("已结束"),
    ]
}

/// 成员的位置
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPosition {
    /// 纬度，度
    lat: f64,
    /// 经度，度
    lng: f64,
    /// 坐标系：`gcj02`（默认，微信和国内地图）或 `wgs84`（GPS）
    #[serde(default = "gcj02")]
    #[schema(value_type = Option<String>)]
    system: MapSystem,
    /// 何时在那里；省略时为现在
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

fn gcj02() -> MapSystem {
    MapSystem::Gcj02
}

/// 要登记的请假
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of org::NewLeave, which need not know of OpenAPI")]
pub(crate) struct NewLeaveBody {
    userid: String,
    #[schema(format = DateTime)]
    from_at: String,
    /// 到那一刻为止；省略时直到有人结束它
    #[schema(format = DateTime)]
    until_at: Option<String>,
    /// 谁接替；省略时为成员自己设置的备选处理人
    backup: Option<String>,
    /// 最多 100 字
    reason: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListLeaves {
    /// 只列这个成员的
    userid: Option<String>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

fn userid(req: &HttpRequest) -> String {
    req.match_info().get("userid").unwrap_or_default().to_owned()
}

fn current(conn: &mut db::Conn, userid: &str) -> kernel::Result<String> {
    let found = org::find_member(conn, userid)?.map(|member| member.userid);
    found.ok_or_else(|| Error::new(Kind::NotFound, "member.not_found", "没有这个成员"))
}

/// Colleagues need not know where somebody is and what he is good for.
fn own_or_all(caller: &Caller, userid: &str) -> kernel::Result<()> {
    if caller.knows(userid) {
        return Ok(());
    }
    let detail = format!("{} 只能查看自己的这项信息", caller.name());
    Err(Error::new(Kind::Forbidden, "auth.scope", detail))
}

async fn profile(who: Signed<may::ReadMembers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let (caller, userid) = (who.caller, userid(&req));
    let found = server.db.read(move |conn| {
        let userid = current(conn, &userid)?;
        own_or_all(&caller, &userid)?;
        org::profile(conn, &userid)
    });
    ok(&found.await?)
}

async fn put_profile(
    who: Signed<may::WriteMembers>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (new, bytes) = body.json::<Profile>().await?;
    let (userid, once) = (userid(&req), Once::of(&req, &who.caller, &bytes)?);
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let profile = org::put_profile(conn, ctx, &userid, &new)?;
        org::audit(conn, ctx, "profile.changed", &format!("member:{userid}"), &json!(profile))?;
        Answer::json(StatusCode::OK, &profile)
    });
    Ok(answer.await?.respond(&req))
}

async fn position(who: Signed<may::ReadMembers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let (caller, userid) = (who.caller, userid(&req));
    let found = server.db.read(move |conn| {
        let userid = current(conn, &userid)?;
        own_or_all(&caller, &userid)?;
        let seen = org::positions(conn, std::slice::from_ref(&userid))?.remove(&userid);
        let none =
            || Error::new(Kind::NotFound, "position.not_found", "还没有收到过这个成员的位置");
        seen.ok_or_else(none)
    });
    ok(&found.await?)
}

async fn put_position(
    who: Signed<may::WriteMembers>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (new, bytes) = body.json::<NewPosition>().await?;
    let (userid, once) = (userid(&req), Once::of(&req, &who.caller, &bytes)?);
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let NewPosition { lat, lng, system, at } = new;
        let seen = Seen { lat, lng, system, at: at.unwrap_or(ctx.now) };
        org::put_position(conn, &userid, &seen, ctx.now)?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}

async fn leaves(
    who: Signed<may::ReadMembers>,
    Query(query): Query<ListLeaves>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let now = server.clock.now();
    let page = server
        .db
        .read(move |conn| org::list_leaves(conn, query.userid.as_deref(), now, cursor, limit));
    ok(&page.await?.map(|leave| match who.caller.knows(&leave.userid) {
        true => leave,
        false => Leave { reason: String::new(), ..leave },
    }))
}

async fn put_leave(
    who: Signed<may::WriteMembers>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (new, bytes) = body.json::<NewLeave>().await?;
    let once = Once::of(&req, &who.caller, &bytes)?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let leave = org::put_leave(conn, ctx, &new)?;
        org::audit(conn, ctx, "leave.added", &format!("member:{}", leave.userid), &json!(leave))?;
        Answer::json(StatusCode::CREATED, &leave)
    });
    Ok(answer.await?.respond(&req))
}

async fn end_leave(
    who: Signed<may::WriteMembers>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let id: i64 = read::id(&req, "leave.not_found")?;
    let once = Once::of(&req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        org::end_leave(conn, ctx, id)?;
        org::audit(conn, ctx, "leave.ended", &format!("leave:{id}"), &json!({}))?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}
