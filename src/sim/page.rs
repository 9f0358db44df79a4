//! The page: files of the web build, embedded. `/` is the simulator's own page.

use actix_web::{HttpRequest, HttpResponse, http::header};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

// The pages of an app, wherever it runs, open in frames as in the client's web view.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; \
                      style-src 'self' 'unsafe-inline'; frame-src http: https:";
const NOT_BUILT: &str = "模拟器正在运行，但网页没有构建进来。\n\
    请先在 web 目录执行 npm ci 和 npm run build，再重新编译。\n\
    接口 /cgi-bin/… 和控制接口 /_sim/… 不受影响。\n";

pub(crate) async fn page(request: HttpRequest) -> HttpResponse {
    let path = match request.path().trim_start_matches('/') {
        "" => "simulator.html",
        path => path,
    };
    match Dist::get(path) {
        Some(file) => HttpResponse::Ok()
            .content_type(content_type(path))
            .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::CACHE_CONTROL, cache(path)))
            .body(file.data.into_owned()),
        None if path == "simulator.html" => {
            HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(NOT_BUILT)
        }
        None => HttpResponse::NotFound()
            .content_type("text/plain; charset=utf-8")
            .body("没有这个地址\n"),
    }
}

/// Built assets carry a hash of their content in their name.
fn cache(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_stem, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
