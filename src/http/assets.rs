//! The few files that our own pages need. They are asked for by build, so they may be kept for long.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
};

use crate::reply::{Reply, bare};

const FILES: [(&str, &str, &str); 5] = [
    ("icon.svg", "image/svg+xml", include_str!("page/icon.svg")),
    ("progress.css", "text/css; charset=utf-8", include_str!("page/progress.css")),
    ("progress.js", "text/javascript; charset=utf-8", include_str!("page/progress.js")),
    ("docs.css", "text/css; charset=utf-8", include_str!("docs/docs.css")),
    ("docs.js", "text/javascript; charset=utf-8", include_str!("docs/docs.js")),
];

/// How long a browser may keep them.
const CACHED: &str = "public, max-age=604800";

/// One of them.
pub(crate) async fn get(req: HttpRequest) -> Reply {
    let name = req.match_info().get("name").unwrap_or_default();
    let found = FILES.iter().find(|(known, _kind, _text)| *known == name);
    let Some((_name, kind, text)) = found else { return Err(bare(StatusCode::NOT_FOUND)) };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, *kind))
        .insert_header((CACHE_CONTROL, CACHED))
        .body(*text))
}
