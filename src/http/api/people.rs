//! Members, departments and handling groups.

use actix_web::{HttpRequest, http::StatusCode, web::Data};
use db::Conn;
use kernel::{Error, Kind, Page, Result};
use org::{Group, Member, MemberFilter, MemberStatus};
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
    vec![
        Op::get("/members", list)
            .named("list_members", "组织", "成员列表")
            .takes_query::<ListMembers>()
            .lists::<schema::Member>(),
        Op::get("/members/{userid}", get)
            .named("get_member", "组织", "查看成员")
            .where_path("userid", "成员的 userid，大小写不限，曾用的也可以")
            .answers::<schema::Member>(200, "成员"),
        Op::get("/departments", departments)
            .named("list_departments", "组织", "全部部门，同级的按企业微信中的次序")
            .lists::<schema::Department>(),
        Op::get("/groups", groups)
            .named("list_groups", "组织", "全部处理组")
            .lists::<schema::Group>(),
        Op::get("/groups/{key}", group)
            .named("get_group", "组织", "查看处理组")
            .where_path("key", GROUP)
            .answers::<schema::Group>(200, "处理组"),
        Op::put("/groups/{key}", save_group)
            .named("save_group", "组织", "新建或替换处理组")
            .explained(CONFIGURED)
            .where_path("key", GROUP)
            .takes::<schema::Group>()
            .answers::<schema::Group>(200, "处理组"),
        Op::delete("/groups/{key}", delete_group)
            .named("delete_group", "组织", "删除处理组")
            .explained(&format!("正在使用的不能删除。{CONFIGURED}"))
            .where_path("key", GROUP)
            .answers_nothing("已删除"),
    ]
}

const GROUP: &str = "处理组的 key";
const CONFIGURED: &str = "配置文件中的处理组每次启动时以文件为准，这里不能修改或删除（409）。";

/// A member's state, as the query spells it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    Active,
    Inactive,
    Disabled,
    Left,
}

impl From<State> for MemberStatus {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Inactive => Self::Inactive,
            State::Disabled => Self::Disabled,
            State::Left => Self::Left,
        }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListMembers {
    /// 姓名或 userid 中的文字
    q: Option<String>,
    /// 部门，不含下级
    department: Option<i64>,
    /// 状态
    #[param(inline)]
    status: Option<State>,
    /// 是否在应用可见范围内
    visible: Option<bool>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

async fn list(
    who: Signed<may::ReadMembers>,
    Query(query): Query<ListMembers>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let filter = MemberFilter {
        text: query.q.filter(|q| !q.is_empty()),
        department: query.department,
        status: query.status.map(MemberStatus::from),
        visible: query.visible,
    };
    let page = server.db.read(move |conn| org::list_members(conn, &filter, cursor, limit));
    ok(&page.await?.map(|member| seen_by(&who.caller, member)))
}

/// A member as this caller may see him.
fn seen_by(caller: &Caller, mut member: Member) -> Member {
    if !caller.knows(&member.userid) {
        member.mobile.clear();
    }
    member
}

async fn get(who: Signed<may::ReadMembers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let userid = req.match_info().get("userid").unwrap_or_default().to_owned();
    let found = server.db.read(move |conn| {
        let found = org::find_member(conn, &userid)?;
        found.ok_or_else(|| Error::new(Kind::NotFound, "member.not_found", "没有这个成员"))
    });
    ok(&seen_by(&who.caller, found.await?))
}

async fn departments(_who: Signed<may::ReadMembers>, server: Data<Server>) -> Reply {
    ok(&Page { items: server.db.read(org::list_departments).await?, next: None })
}

async fn groups(_who: Signed<may::ReadMembers>, server: Data<Server>) -> Reply {
    ok(&Page { items: server.db.read(org::list_groups).await?, next: None })
}

async fn group(_who: Signed<may::ReadMembers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let key = group_key(&req);
    let found = server.db.read(move |conn| org::find_group(conn, &key)?.ok_or_else(no_group));
    ok(&found.await?)
}

async fn save_group(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
    body: Body,
) -> Reply {
    let (group, bytes) = body.json::<Group>().await?;
    if group.key != group_key(&req) {
        return Err(Error::field("key", "other", "key 须与地址中的相同").into());
    }
    check_free(&server, &group.key)?;
    let once = Once::of(&req, &who.caller, &bytes)?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        org::save_group(conn, ctx, &group)?;
        let kept = org::find_group(conn, &group.key)?;
        Answer::json(StatusCode::OK, &kept.ok_or_else(no_group)?)
    });
    Ok(answer.await?.respond(&req))
}

async fn delete_group(
    who: Signed<may::WriteTemplates>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let key = group_key(&req);
    check_free(&server, &key)?;
    let once = Once::of(&req, &who.caller, &[])?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        if !org::delete_group(conn, &key)? {
            return Err(no_group());
        }
        let mut users = catalog::users(conn, "group", &key)?;
        users.extend(running_users(conn, &key)?);
        if !users.is_empty() {
            let detail = format!("处理组 {key} 正在使用：{}；请先改它们再删除", users.join("、"));
            return Err(Error::new(Kind::Conflict, "group.in_use", detail));
        }
        org::audit(conn, ctx, "group.deleted", &format!("group:{key}"), &json!({}))?;
        Ok(Answer::done())
    });
    Ok(answer.await?.respond(&req))
}

/// Versions that tickets still run by, though they may not be the ones on offer, that name a
/// group: without it their next step would be everybody's.
fn running_users(conn: &mut Conn, key: &str) -> Result<Vec<String>> {
    let mut users = Vec::new();
    for (template, versions) in catalog::released_with(conn, "group", key)? {
        if let Some(version) = ticket::runs_by(conn, &template, &versions)? {
            users.push(format!("按模板 {template} 第 {version} 版进行中的工单"));
        }
    }
    Ok(users)
}

fn group_key(req: &HttpRequest) -> String {
    req.match_info().get("key").unwrap_or_default().to_owned()
}

fn no_group() -> Error {
    Error::new(Kind::NotFound, "group.not_found", "没有这个处理组")
}

/// A change of what the configuration says would be undone at the next start.
fn check_free(server: &Server, key: &str) -> Result<()> {
    if server.configured_groups.contains(key) {
        let detail = format!("处理组 {key} 写在配置文件的 [groups] 中，请在那里修改后重启");
        return Err(Error::new(Kind::Conflict, "group.configured", detail));
    }
    Ok(())
}
