//! The proof that a request by cookie comes from a page of ours: it repeats, in a header that no
//! form and no other site can set, what only the page was told. It also keeps a page that was
//! opened by one person from acting for another who signed in since.

use actix_web::{HttpRequest, http::Method};
use kernel::{Error, Kind};
use subtle::ConstantTimeEq as _;

use crate::reply::Refusal;

const HEADER: &str = "qidan-csrf";
/// Where a page learns it, if it did not come with the page.
pub(crate) const ME: &str = "/api/v1/me";
/// What `<img>` fetches, which can send no header.
const FILE: &str = "/api/v1/files/{id}";
/// What `EventSource` fetches, which can send no header either: it is in the query there.
const LIVE: &str = "/api/v1/live";

/// Whether a request needs none.
pub(crate) fn is_free(req: &HttpRequest) -> bool {
    let route = req.match_pattern();
    *req.method() == Method::GET && matches!(route.as_deref(), Some(ME | FILE))
}

/// What the request gives.
pub(crate) fn given(req: &HttpRequest) -> Option<String> {
    if let Some(given) = req.headers().get(HEADER) {
        return Some(given.to_str().unwrap_or_default().to_owned());
    }
    let is_live = *req.method() == Method::GET && req.path() == LIVE;
    let mut pairs = form_urlencoded::parse(req.query_string().as_bytes());
    is_live.then(|| pairs.find(|(key, _value)| key == "csrf"))?.map(|(_key, value)| value.into())
}

/// Whether it is the session's.
pub(crate) fn check(req: &HttpRequest, expected: &str) -> Result<(), Refusal> {
    if is_free(req) {
        return Ok(());
    }
    let given = given(req).unwrap_or_default();
    if given.as_bytes().ct_eq(expected.as_bytes()).into() {
        return Ok(());
    }
    let detail = "页面与当前登录不一致：可能已换人登录，或请求来自别的网站。请刷新页面后继续";
    Err(Error::new(Kind::Forbidden, "auth.csrf", detail).into())
}
