//! Members, departments and handling groups.

use actix_web::{HttpRequest, web::Data};
use kernel::{Error, Kind, Page};
use org::{MemberFilter, MemberStatus};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    read::{self, Query, Window},
    reply::{Reply, ok},
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
    ]
}

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
    _who: Signed<may::ReadMembers>,
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
    ok(&page.await?)
}

async fn get(_who: Signed<may::ReadMembers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let userid = req.match_info().get("userid").unwrap_or_default().to_owned();
    let found = server.db.read(move |conn| {
        let found = org::find_member(conn, &userid)?;
        found.ok_or_else(|| Error::new(Kind::NotFound, "member.not_found", "没有这个成员"))
    });
    ok(&found.await?)
}

async fn departments(_who: Signed<may::ReadMembers>, server: Data<Server>) -> Reply {
    ok(&Page { items: server.db.read(org::list_departments).await?, next: None })
}

async fn groups(_who: Signed<may::ReadMembers>, server: Data<Server>) -> Reply {
    ok(&Page { items: server.db.read(org::list_groups).await?, next: None })
}
