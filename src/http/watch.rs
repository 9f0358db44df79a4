//! What happens to every request: it gets an id, a line in the log, the safe headers, and, when it
//! is refused, its problem document. Query strings and tokens never reach the log.

use std::time::Duration;

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use kernel::Timestamp;

use crate::{
    reply::{Refusal, bare},
    shared::Server,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is taken over.
const REQUEST_ID_MAX: usize = 64;
/// Nothing is fetched, run or framed unless a page says so itself.
const CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const API: &str = "/api/";
const CALLBACK: &str = "/wecom/callback/";

struct RequestId(String);

/// The id of a request that passed [`watch`].
pub(crate) fn request_id(req: &HttpRequest) -> String {
    req.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// Stands around every handler.
pub(crate) async fn watch<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let server = req.app_data::<Data<Server>>().cloned();
    let began = server.as_ref().map_or(Timestamp(0), |server| server.clock.now());
    let id = given_id(&req).unwrap_or_else(|| {
        server.as_ref().map_or_else(String::new, |server| format!("{:x}", server.ids.next(began)))
    });
    let value = HeaderValue::from_str(&id).ok();
    req.extensions_mut().insert(RequestId(id));
    let response = next.call(req).await?;
    let mut response = with_problem(response);
    let is_api = response.request().path().starts_with(API);
    let headers = response.headers_mut();
    if let Some(value) = value {
        headers.insert(REQUEST_ID, value);
    }
    secure(headers, is_api);
    if let Some(server) = server {
        record(&response, server.clock.now().since(began));
    }
    Ok(response)
}

fn given_id(req: &ServiceRequest) -> Option<String> {
    let id = req.headers().get(REQUEST_ID)?.to_str().ok()?;
    let is_sane = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = (1..=REQUEST_ID_MAX).contains(&id.len()) && id.chars().all(is_sane);
    fits.then(|| id.to_owned())
}

/// Gives a refused request its problem document; answers that handlers wrote stay as they are.
fn with_problem<B: MessageBody>(
    response: ServiceResponse<B>,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let Some(error) = response.response().error() else {
        return response.map_into_left_body();
    };
    let id = request_id(response.request());
    let problem = match error.as_error::<Refusal>() {
        Some(refusal) => refusal.respond(&id),
        None => {
            tracing::debug!(request_id = id, %error, "actix-web refused a request");
            bare(response.status()).respond(&id)
        }
    };
    let (request, _bare) = response.into_parts();
    ServiceResponse::new(request, problem).map_into_right_body()
}

fn secure(headers: &mut HeaderMap, is_api: bool) {
    let mut unless_set = |name: HeaderName, value: HeaderValue| {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    };
    unless_set(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    unless_set(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    unless_set(header::CONTENT_SECURITY_POLICY, CSP);
    if is_api {
        unless_set(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// One line a request, and its figures. What goes well by the thousand is told on the debug level
/// only, and counted elsewhere: callbacks, which leave an inbox row, and probes.
fn record<B>(response: &ServiceResponse<B>, took_us: i64) {
    let (request, status) = (response.request(), response.status().as_u16());
    let is_quiet = status < 400 && (request.path().starts_with(CALLBACK) || is_probe(request));
    if is_quiet && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let id = request_id(request);
    let route = request.match_pattern().unwrap_or_else(|| "-".to_owned());
    let method = request.method().as_str();
    if is_quiet {
        tracing::debug!(request_id = id, method, route, status, took_us, "answered a request");
        return;
    }
    tracing::info!(request_id = id, method, route, status, took_us, "answered a request");
    let seconds = Duration::from_micros(u64::try_from(took_us).unwrap_or_default());
    metrics::histogram!("http_request_seconds", "route" => route.clone()).record(seconds);
    let status = response.status().as_str().to_owned();
    metrics::counter!("http_requests_total", "route" => route, "status" => status).increment(1);
}

fn is_probe(request: &HttpRequest) -> bool {
    matches!(request.path(), "/healthz" | "/readyz" | "/metrics")
}
