//! Reading a request: query, path and body, with refusals that name what is wrong by its path.

use std::{future::Ready, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use kernel::{Cursor, Error, FieldError, Kind, Limit, Result as House};
use serde::de::DeserializeOwned;

use crate::reply::Refusal;

/// The largest JSON body.
pub(crate) const JSON_MAX: usize = 256 << 10;
/// How long a JSON body may take.
const JSON_TIME: Duration = Duration::from_secs(4);
/// How long a file of records may take.
const FILE_TIME: Duration = Duration::from_secs(30);

/// Query parameters. Unknown ones are refused by name, when `T` says so.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        std::future::ready(query(req.query_string()).map(Self))
    }
}

fn query<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    let pairs = serde_urlencoded::Deserializer::new(form_pairs(text));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let said = error.inner().to_string();
        let (path, code, detail) = explain(&error.path().to_string(), &said, "参数");
        unreadable(path, code, detail)
    })
}

fn form_pairs(text: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(text.as_bytes())
}

/// A body that is read when the handler asks for it: after the caller was found good.
pub(crate) struct Body {
    payload: Payload,
    is_json: bool,
}

impl FromRequest for Body {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = req.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_json = kind.is_none_or(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json")
        });
        std::future::ready(Ok(Self { payload: payload.take(), is_json }))
    }
}

impl Body {
    /// The body as `T`, and as it came.
    pub(crate) async fn json<T: DeserializeOwned>(self) -> Result<(T, Bytes), Refusal> {
        if !self.is_json {
            return Err(no_json().with_unread(self.payload));
        }
        let bytes = self.bytes().await?;
        Ok((json(&bytes)?, bytes))
    }

    /// The body as `T`, which stands for its default when there is none.
    pub(crate) async fn json_or_empty<T: DeserializeOwned + Default>(
        self,
    ) -> Result<(T, Bytes), Refusal> {
        let is_json = self.is_json;
        let bytes = self.bytes().await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok((T::default(), bytes));
        }
        if is_json { Ok((json(&bytes)?, bytes)) } else { Err(no_json()) }
    }

    /// A file of at most `most` bytes, as it came.
    pub(crate) async fn csv(self, most: usize) -> Result<Bytes, Refusal> {
        self.limited(most, FILE_TIME).await
    }

    async fn bytes(self) -> Result<Bytes, Refusal> {
        self.limited(JSON_MAX, JSON_TIME).await
    }

    async fn limited(mut self, most: usize, time: Duration) -> Result<Bytes, Refusal> {
        let read = match tokio::time::timeout(time, whole(&mut self.payload, most)).await {
            Ok(read) => read,
            Err(_late) => {
                let error = Error::new(Kind::Invalid, "http.too_slow", "请求体没有及时发完");
                Err(Refusal::with_status(error, StatusCode::REQUEST_TIMEOUT))
            }
        };
        read.map_err(|refusal| refusal.with_unread(self.payload))
    }
}

fn no_json() -> Refusal {
    let error = Error::new(Kind::Invalid, "http.not_json", "请求体须为 application/json");
    Refusal::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE)
}

async fn whole(payload: &mut Payload, most: usize) -> Result<Bytes, Refusal> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            let error = Error::new(Kind::Invalid, "http.malformed", "请求体没有发完")
                .caused_by(std::io::Error::other(error.to_string()));
            Refusal::unreadable(error)
        })?;
        if body.len() + chunk.len() > most {
            let detail = format!("请求体最多 {} KiB", most >> 10);
            let error = Error::new(Kind::Invalid, "http.too_large", detail);
            return Err(Refusal::with_status(error, StatusCode::PAYLOAD_TOO_LARGE));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        match error.inner().classify() {
            serde_json::error::Category::Data => unfit(&error),
            _ => not_json(error.inner()),
        }
    })?;
    from.end().map_err(|error| not_json(&error))?;
    Ok(read)
}

/// JSON that was read, as `T`.
pub(crate) fn value_as<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(value).map_err(|error| unfit(&error))
}

fn unfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Refusal {
    let (path, said) = (error.path().to_string(), error.inner().to_string());
    let (path, code, detail) = explain(&path, &said, "字段");
    unreadable(path, code, detail)
}

fn not_json(error: &serde_json::Error) -> Refusal {
    let (line, column) = (error.line(), error.column());
    let detail = format!("请求体不是正确的 JSON（第 {line} 行第 {column} 列）");
    Refusal::unreadable(Error::new(Kind::Invalid, "http.not_json", detail))
}

/// What serde says, in the user's language: the field's path, a stable code, a detail.
fn explain(path: &str, said: &str, what: &str) -> (String, &'static str, String) {
    let named = said.split('`').nth(1).unwrap_or_default();
    let inside = |name: &str| match path {
        "." | "" | "?" => name.to_owned(),
        _ if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        _ => format!("{path}.{name}"),
    };
    if said.starts_with("unknown field") {
        let path = inside(named);
        let known = said.split_once("expected").map(|(_unknown, known)| known).unwrap_or_default();
        let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
        let detail = if known.is_empty() {
            format!("没有{what} {path}，请删除它")
        } else {
            format!("没有{what} {path}，可用：{}", known.join("、"))
        };
        (path, "unknown_field", detail)
    } else if said.starts_with("missing field") {
        let path = inside(named);
        let detail = format!("缺少{what} {path}");
        (path, "required", detail)
    } else if said.starts_with("duplicate field") {
        let path = inside(named);
        let detail = format!("{what} {path} 出现了两次");
        (path, "duplicate", detail)
    } else if said.starts_with("unknown variant") {
        let known = said.split_once("expected").map(|(_unknown, known)| known).unwrap_or_default();
        let known: Vec<_> = known.split('`').skip(1).step_by(2).collect();
        let detail = format!("{what} {path} 须是其中之一：{}", known.join("、"));
        (path.to_owned(), "not_an_option", detail)
    } else {
        let path = if path == "." { String::new() } else { path.to_owned() };
        let detail = format!("{what} {path} 的类型或取值不正确");
        (path, "wrong_type", detail)
    }
}

#[track_caller]
fn unreadable(path: String, code: &'static str, detail: String) -> Refusal {
    Refusal::unreadable(Error::invalid(vec![FieldError { path, code, detail }]))
}

/// The cursor and the limit of a list's query.
pub(crate) fn window(cursor: Option<&str>, limit: Option<i64>) -> Result<Window, Refusal> {
    let read = || -> House<Window> {
        let cursor = cursor.filter(|text| !text.is_empty()).map(Cursor::parse).transpose()?;
        Ok(Window { cursor, limit: Limit::new(limit)? })
    };
    read().map_err(Refusal::unreadable)
}

/// Which part of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) limit: Limit,
}

/// A part of the path as an id; what is no id is nothing that exists.
pub(crate) fn id<T: std::str::FromStr>(req: &HttpRequest, code: &'static str) -> House<T> {
    let given = req.match_info().get("id").unwrap_or_default();
    given.parse().map_err(|_no_id| Error::new(Kind::NotFound, code, format!("没有 {given}")))
}

/// The version that `If-Match` names; nothing without the header, or when any will do.
pub(crate) fn if_match(req: &HttpRequest) -> Result<Option<i64>, Refusal> {
    let Some(given) = req.headers().get(header::IF_MATCH) else { return Ok(None) };
    let given = given.to_str().unwrap_or_default().trim();
    if given == "*" {
        return Ok(None);
    }
    let bare = given.trim_start_matches("W/").trim_matches('"');
    bare.parse().map(Some).map_err(|_no_version| {
        let detail = "If-Match 须为版本，取自应答的 ETag，例如 \"3\"";
        Refusal::unreadable(Error::field("If-Match", "malformed", detail))
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        name: String,
        #[expect(dead_code, reason = "only whether it can be read matters")]
        limit: Option<i64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        rows: Vec<Wanted>,
    }

    fn problem<T: std::fmt::Debug>(read: Result<T, Refusal>) -> (String, &'static str) {
        let refusal = read.unwrap_err();
        assert_eq!(refusal.status(), StatusCode::BAD_REQUEST);
        match refusal.error().fields() {
            [field] => (field.path.clone(), field.code),
            _ => (String::new(), refusal.error().code()),
        }
    }

    #[test]
    fn a_wrong_query_names_the_parameter() {
        for (text, expected) in [
            ("name=a&colour=1", ("colour", "unknown_field")),
            ("limit=1", ("name", "required")),
            ("name=a&name=b", ("name", "duplicate")),
            ("name=a&limit=x", ("limit", "wrong_type")),
        ] {
            assert_eq!(
                problem(query::<Wanted>(text)),
                (expected.0.to_owned(), expected.1),
                "{text}"
            );
        }
    }

    #[test]
    fn a_wrong_body_names_the_field() {
        for (text, expected) in [
            (r#"{"rows":[{"name":1}]}"#, ("rows[0].name", "wrong_type")),
            (r#"{"rows":[{"name":"a"},{"limit":1}]}"#, ("rows[1].name", "required")),
            (r#"{"rows":[{"name":"a","x":1}]}"#, ("rows[0].x", "unknown_field")),
            (r#"{"rows":[]} x"#, ("", "http.not_json")),
            (r#"{"rows":["#, ("", "http.not_json")),
            ("", ("", "http.not_json")),
        ] {
            let read = json::<Outer>(text.as_bytes());
            assert_eq!(problem(read), (expected.0.to_owned(), expected.1), "{text}");
        }
    }
}
