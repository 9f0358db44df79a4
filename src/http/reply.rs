//! Answers, good and bad. Every refusal is `application/problem+json` (RFC 9457) and is rendered in
//! one place, [`crate::watch`], where the request id is known.

use std::{
    any::Any,
    cell::Cell,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    body::{BodySize, BoxBody, MessageBody},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use bytes::Bytes;
use kernel::{Ctx, Error, Kind, Result, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::guard::Caller;

/// What a handler gives back.
pub(crate) type Reply = std::result::Result<HttpResponse, Refusal>;

/// Seconds after which a busy service may be asked again.
const RETRY_AFTER: &str = "2";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The answer of a command: what is sent, and kept for a repeat.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: String,
    /// What a repeat is told instead, when the body holds a secret.
    kept: Option<String>,
}

/// What an answer says of itself.
#[derive(Default, Deserialize)]
struct Known {
    id: Option<String>,
    version: Option<i64>,
}

impl Answer {
    /// A body.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        Ok(Self { status: status.as_u16(), body: to_json(body)?, kept: None })
    }

    /// A body with a secret, which a repeat of the request is not told again.
    pub(crate) fn secret(
        status: StatusCode,
        body: &impl Serialize,
        kept: &impl Serialize,
    ) -> Result<Self> {
        Ok(Self { kept: Some(to_json(kept)?), ..Self::json(status, body)? })
    }

    /// Nothing but "done".
    pub(crate) fn done() -> Self {
        let status = StatusCode::NO_CONTENT.as_u16();
        Self { status, body: String::new(), kept: None }
    }

    /// The answer of an earlier request.
    pub(crate) fn again(status: u16, body: String) -> Self {
        Self { status, body, kept: None }
    }

    pub(crate) fn kept(&self) -> &str {
        self.kept.as_deref().unwrap_or(&self.body)
    }

    /// As JSON once more.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// As a response: what has a version gets it as its ETag, what was made is told where it is.
    pub(crate) fn respond(self, req: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        if self.body.is_empty() {
            return response.finish();
        }
        let known: Known = serde_json::from_str(&self.body).unwrap_or_default();
        if let Some(version) = known.version {
            response.insert_header((header::ETAG, format!("\"{version}\"")));
        }
        if let (StatusCode::CREATED, Some(id)) = (status, known.id) {
            response.insert_header((header::LOCATION, format!("{}/{id}", req.path())));
        }
        response.content_type("application/json").body(self.body)
    }
}

fn to_json(body: &impl Serialize) -> Result<String> {
    serde_json::to_string(body)
        .map_err(|error| Error::bug("an answer cannot be written").caused_by(error))
}

/// A body, as it was read.
pub(crate) fn ok(body: &impl Serialize) -> Reply {
    Ok(HttpResponse::Ok().content_type("application/json").body(to_json(body)?))
}

/// What tells a repeat of a request from another one.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    /// The caller's key, if he sent one.
    pub(crate) key: Option<String>,
    /// Whose key it is.
    pub(crate) whose: String,
    /// The hash of method, path and body.
    pub(crate) what: String,
}

impl Once {
    /// A request without a key.
    pub(crate) fn never() -> Self {
        Self { key: None, whose: String::new(), what: String::new() }
    }

    /// The `Idempotency-Key` of a request.
    pub(crate) fn of(req: &HttpRequest, caller: &Caller, body: &[u8]) -> Result<Self> {
        let whose = caller.whose();
        let Some(key) = req.headers().get(IDEMPOTENCY_KEY) else {
            return Ok(Self { key: None, whose, what: String::new() });
        };
        let key = key.to_str().map_err(|_not_ascii| {
            let detail = "Idempotency-Key 须为可见的 ASCII 字符";
            Error::field("Idempotency-Key", "malformed", detail)
        })?;
        let hash = Sha256::new()
            .chain_update(req.method().as_str())
            .chain_update([0])
            .chain_update(req.path())
            .chain_update([0])
            .chain_update(body);
        Ok(Self { key: Some(key.to_owned()), whose, what: text::hex(&hash.finalize()) })
    }
}

/// The answer to a body that was not read to its end. While that is held, actix-web closes the
/// connection behind the answer; were it dropped before, a chunked body would be read on to its end,
/// which an endless one does not have.
struct Unread {
    text: BoxBody,
    _rest: Box<dyn Any>,
}

/// The same response, which holds the rest of a body that nobody will read.
pub(crate) fn without_reading(response: HttpResponse, rest: Box<dyn Any>) -> HttpResponse {
    response.map_body(|_head, text| Unread { text, _rest: rest }.boxed())
}

impl MessageBody for Unread {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.text.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().text).poll_next(cx)
    }
}

/// A refusal: the house's error, and what HTTP adds to it.
pub(crate) struct Refusal(Box<Inside>);

struct Inside {
    error: Error,
    status: StatusCode,
    current: Option<Value>,
    header: Option<(HeaderName, HeaderValue)>,
    unread: Cell<Option<Box<dyn Any>>>,
}

impl Refusal {
    /// A refusal with a status that the kind alone does not say.
    pub(crate) fn with_status(error: Error, status: StatusCode) -> Self {
        let unread = Cell::new(None);
        Self(Box::new(Inside { error, status, current: None, header: None, unread }))
    }

    /// An input that cannot even be read.
    #[track_caller]
    pub(crate) fn unreadable(error: Error) -> Self {
        Self::with_status(error, StatusCode::BAD_REQUEST)
    }

    /// The same refusal with what stands there now.
    pub(crate) fn with_current(mut self, current: Value) -> Self {
        self.0.current = Some(current);
        self
    }

    /// The same refusal with a header of its own.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.header = Some((name, value));
        self
    }

    /// The same refusal of a body that was not read to its end.
    pub(crate) fn with_unread(self, body: impl Any) -> Self {
        self.0.unread.set(Some(Box::new(body)));
        self
    }

    pub(crate) fn error(&self) -> &Error {
        &self.0.error
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The header of its own, if it has one.
    pub(crate) fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        self.0.header.clone()
    }

    /// The problem document.
    pub(crate) fn respond(&self, request_id: &str) -> HttpResponse {
        let Inside { error, status, current, header, unread } = &*self.0;
        let is_bug = error.kind() == Kind::Bug;
        if is_bug {
            tracing::error!(request_id, %error, at = %error.at(), "a request met our own mistake");
        }
        let detail = match error.kind() {
            Kind::Bug => "服务内部出错，请把 request_id 告诉管理员",
            _ => error.detail(),
        };
        let mut problem = json!({
            "type": format!("urn:qidan:problem:{}", error.code()),
            "title": title(*status),
            "status": status.as_u16(),
            "code": error.code(),
            "detail": detail,
            "request_id": request_id,
        });
        if let Some(problem) = problem.as_object_mut() {
            if !error.fields().is_empty() {
                problem.insert("errors".to_owned(), json!(error.fields()));
            }
            if let Some(current) = current {
                problem.insert("current".to_owned(), current.clone());
            }
        }
        let mut response = HttpResponse::build(*status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if *status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER));
        }
        if let Some((name, value)) = header {
            response.insert_header((name.clone(), value.clone()));
        }
        let response = response.body(problem.to_string());
        match unread.take() {
            Some(rest) => without_reading(response, rest),
            None => response,
        }
    }
}

/// A refusal for a status that actix-web came to by itself.
pub(crate) fn bare(status: StatusCode) -> Refusal {
    let (kind, code, detail) = match status {
        StatusCode::NOT_FOUND => (Kind::NotFound, "http.not_found", "没有这个地址"),
        StatusCode::METHOD_NOT_ALLOWED => {
            (Kind::Invalid, "http.method_not_allowed", "这个地址不支持该方法")
        }
        StatusCode::PAYLOAD_TOO_LARGE => (Kind::Invalid, "http.too_large", "请求体太大"),
        StatusCode::REQUEST_TIMEOUT => (Kind::Invalid, "http.too_slow", "请求没有及时发完"),
        _ if status.is_client_error() => (Kind::Invalid, "http.malformed", "请求无法读取"),
        _ => (Kind::Bug, "internal", "an error without a refusal"),
    };
    Refusal::with_status(Error::new(kind, code, detail), status)
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "请求无法读取",
        401 => "没有登录",
        403 => "没有权限",
        404 => "没有找到",
        405 => "方法不支持",
        408 => "请求超时",
        409 => "状态冲突",
        413 => "请求太大",
        415 => "类型不支持",
        422 => "内容不正确",
        429 => "太频繁了",
        502 => "上游系统出错",
        503 => "暂时繁忙",
        _ => "出错了",
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let status = match (error.kind(), error.code()) {
            (Kind::Invalid, "files.too_large" | "http.too_large") => StatusCode::PAYLOAD_TOO_LARGE,
            (Kind::Invalid, "http.too_slow") => StatusCode::REQUEST_TIMEOUT,
            (Kind::Invalid, "http.not_multipart") => StatusCode::BAD_REQUEST,
            (Kind::Invalid, _) => StatusCode::UNPROCESSABLE_ENTITY,
            (Kind::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
            (Kind::Forbidden, _) => StatusCode::FORBIDDEN,
            (Kind::NotFound, _) => StatusCode::NOT_FOUND,
            (Kind::Conflict, _) => StatusCode::CONFLICT,
            (Kind::Busy, "code.too_often") => StatusCode::TOO_MANY_REQUESTS,
            (Kind::Busy, _) => StatusCode::SERVICE_UNAVAILABLE,
            (Kind::Upstream, _) => StatusCode::BAD_GATEWAY,
            (Kind::Bug, _) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::with_status(error, status)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.0.status, self.0.error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(out)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.0.status)
    }
}

/// What a request knows, for somebody who is not signed in.
pub(crate) fn ctx_of(server: &crate::shared::Server, req: &HttpRequest) -> Ctx {
    Ctx {
        now: server.clock.now(),
        actor: kernel::Actor::System,
        ids: server.ids.clone(),
        trace: crate::watch::request_id(req),
    }
}
