//! The templates that tickets are made from.

use actix_web::{HttpRequest, web::Data};
use kernel::Page;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    read::Query,
    reply::{Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/templates", list)
            .named("list_templates", "模板", "可用的模板，每个只列最新版本")
            .lists::<schema::Template>(),
        Op::get("/templates/{key}", get)
            .named("get_template", "模板", "查看模板")
            .where_path("key", "模板的 key")
            .takes_query::<GetTemplate>()
            .answers::<schema::Template>(200, "模板"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetTemplate {
    /// 哪个版本；省略时为最新版本
    version: Option<u32>,
}

async fn list(_who: Signed<may::ReadTickets>, server: Data<Server>) -> Reply {
    let all = server.setup.catalog.list();
    let is_newest = |one: &catalog::Template| {
        all.iter().all(|other| other.key != one.key || other.version <= one.version)
    };
    let items: Vec<_> = all.iter().map(AsRef::as_ref).filter(|one| is_newest(one)).collect();
    ok(&Page { items, next: None })
}

async fn get(
    _who: Signed<may::ReadTickets>,
    Query(query): Query<GetTemplate>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let (key, catalog) = (req.match_info().get("key").unwrap_or_default(), &server.setup.catalog);
    let template = match query.version {
        Some(version) => catalog.get(key, version)?,
        None => catalog.newest(key)?,
    };
    ok(&*template)
}
