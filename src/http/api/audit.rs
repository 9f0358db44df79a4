//! The audit log: who did what to the service itself.

use actix_web::web::Data;
use org::AuditFilter;
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
        Op::get("/audit", list)
            .named("list_audit", "操作日志", "对服务本身的操作，最新的在前")
            .takes_query::<ListAudit>()
            .lists::<schema::AuditEntry>(),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListAudit {
    /// 做了什么，例如 token.created
    what: Option<String>,
    /// 对什么，例如 token:1234
    subject: Option<String>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

async fn list(
    _who: Signed<may::ReadOps>,
    Query(query): Query<ListAudit>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let filter = AuditFilter { what: query.what, subject: query.subject };
    ok(&server.db.read(move |conn| org::list_audit(conn, &filter, cursor, limit)).await?)
}
