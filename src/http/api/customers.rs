//! Customers, as they are mirrored from WeCom.

use actix_web::{HttpRequest, web::Data};
use customer::CustomerFilter;
use kernel::{CustomerId, Error, Kind};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    read::{self, Query, Window},
    reply::{Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/customers", list)
            .named("list_customers", "客户", "客户列表，最近认识的在前")
            .takes_query::<ListCustomers>()
            .lists::<schema::Customer>(),
        Op::get("/customers/{id}", get)
            .named("get_customer", "客户", "查看客户")
            .where_path("id", "客户的 id 或 external_userid")
            .answers::<schema::Customer>(200, "客户"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListCustomers {
    /// 姓名、公司或备注中的文字
    q: Option<String>,
    /// 电话
    phone: Option<String>,
    /// 跟进的成员（userid）
    follower: Option<String>,
    /// 只看已流失的，或只看没有流失的
    is_lost: Option<bool>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

async fn list(
    _who: Signed<may::ReadCustomers>,
    Query(query): Query<ListCustomers>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let filter = CustomerFilter {
        text: query.q.filter(|q| !q.is_empty()),
        phone: query.phone,
        follower: query.follower.map(|userid| userid.to_lowercase()),
        is_lost: query.is_lost,
    };
    let page = server.db.read(move |conn| customer::list(conn, &filter, cursor, limit));
    ok(&page.await?)
}

async fn get(_who: Signed<may::ReadCustomers>, req: HttpRequest, server: Data<Server>) -> Reply {
    let key = req.match_info().get("id").unwrap_or_default().to_owned();
    let found = server.db.read(move |conn| {
        let found = match key.parse::<CustomerId>() {
            Ok(id) => customer::find_by_id(conn, id)?,
            Err(_no_id) => customer::find_by_external(conn, &key)?,
        };
        found.ok_or_else(|| Error::new(Kind::NotFound, "customer.not_found", "没有这个客户"))
    });
    ok(&found.await?)
}
