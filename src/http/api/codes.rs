//! What there is about entry codes besides writing them: the picture, and how often they were used.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::Data,
};
use catalog::Code;
use kernel::{Error, Timestamp};
use qrcode::{EcLevel, QrCode, render::svg};
use serde::Serialize;
use utoipa::ToSchema;

use super::Op;
use crate::{
    guard::{Signed, may},
    reply::{Reply, ok},
    shared::Server,
};

/// Pixels of the picture's side, at least; it is vectors and scales to any poster.
const SIDE: u32 = 320;

pub(crate) fn operations() -> Vec<Op> {
    let which = "入口码的 key";
    vec![
        Op::get("/codes/{key}/qr.svg", picture)
            .named("get_code_picture", "模板公用", "入口的二维码图片")
            .explained("SVG 矢量图，内容是 /q/{key} 的完整地址。")
            .where_path("key", which)
            .answers_bytes("图片"),
        Op::get("/codes/{key}/counts", counts)
            .named("get_code_counts", "模板公用", "入口被打开和提交的次数")
            .where_path("key", which)
            .answers::<CodeCounts>(200, "次数"),
    ]
}

/// 入口被打开和提交的次数
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CodeCounts {
    /// 打开的次数，每次访问只算一次
    scans: i64,
    /// 创建的工单数
    submits: i64,
    /// 最近一次使用
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_at: Option<Timestamp>,
    /// 客户打开的地址
    url: String,
}

fn key(req: &HttpRequest) -> String {
    req.match_info().get("key").unwrap_or_default().to_owned()
}

async fn picture(_who: Signed<may::ReadTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let key = key(&req);
    let code = server.db.read(move |conn| catalog::find_part::<Code>(conn, &key)).await?.part;
    let url = server.links.public(&format!("/q/{}", code.key));
    // What is printed gets scratched: a quarter of it may be lost.
    let picture = QrCode::with_error_correction_level(url, EcLevel::Q)
        .map_err(|error| Error::bug("an address does not fit into a picture").caused_by(error))?;
    let picture = picture.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).build();
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "image/svg+xml"))
        .insert_header((CACHE_CONTROL, "private, max-age=3600"))
        .body(picture))
}

async fn counts(_who: Signed<may::ReadTickets>, req: HttpRequest, server: Data<Server>) -> Reply {
    let key = key(&req);
    let links = server.links.clone();
    let counts = server.db.read(move |conn| {
        let code = catalog::find_part::<Code>(conn, &key)?.part;
        let catalog::Count { scans, submits, last_at } = catalog::counts(conn, &code.key)?;
        let url = links.public(&format!("/q/{}", code.key));
        Ok(CodeCounts { scans, submits, last_at, url })
    });
    ok(&counts.await?)
}
