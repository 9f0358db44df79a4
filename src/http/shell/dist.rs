//! Files of the web build. Assets carry a hash of their content in their name, so a browser may keep
//! them for ever.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY},
    },
};
use rust_embed::RustEmbed;

use crate::reply::{Reply, bare};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// The forms in which the build may have written a file, the best first.
const FORMS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// A file as text.
pub(super) fn text(name: &str) -> Option<String> {
    let file = Dist::get(name)?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// A file below `/assets/`.
pub(crate) async fn asset(req: HttpRequest) -> Reply {
    let path = req.match_info().get("path").unwrap_or_default();
    give(&req, &format!("assets/{path}"))
}

fn give(req: &HttpRequest, name: &str) -> Reply {
    let kind = kind_of(name);
    let accepted = req.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    let packed = FORMS.iter().filter(|(form, _ending)| accepts(accepted, form));
    let mut found = packed.map(|(form, ending)| (Dist::get(&format!("{name}{ending}")), *form));
    let (bytes, form) = match found.find_map(|(file, form)| Some((file?.data, Some(form)))) {
        Some(packed) => packed,
        None => match Dist::get(name) {
            Some(file) => (file.data, None),
            None => return Err(bare(StatusCode::NOT_FOUND)),
        },
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, kind))
        .insert_header((CACHE_CONTROL, FOR_EVER))
        .insert_header((VARY, "Accept-Encoding"));
    if let Some(form) = form {
        response.insert_header((CONTENT_ENCODING, form));
    }
    Ok(match bytes {
        Cow::Borrowed(bytes) => response.body(bytes),
        Cow::Owned(bytes) => response.body(bytes),
    })
}

/// Whether a browser takes this form: it names it, and not with a weight of nothing.
fn accepts(accepted: &str, form: &str) -> bool {
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_it = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(form));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).unwrap_or("1");
        is_it && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_stem, ending)| ending) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_the_browser_takes() {
        assert!(accepts("gzip, deflate, br", "br") && accepts("BR;q=0.5", "br"));
        assert!(!accepts("gzip, br;q=0", "br") && !accepts("", "gzip"));
        assert!(!accepts("brotli", "br") && !accepts("gzip;q=x", "gzip"));
    }

    #[test]
    fn nothing_outside_of_the_build_is_a_file_of_it() {
        for path in ["../Cargo.toml", "assets/../../Cargo.toml", "/etc/passwd", "assets/"] {
            assert!(Dist::get(path).is_none(), "{path}");
        }
    }
}
