//! What came back: JSON whose `errcode` decides, whatever the HTTP status says; or a file; or
//! something that is neither, after which nobody knows what happened.

use bytes::{Bytes, BytesMut};
use percent_encoding::percent_decode_str;
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderName},
};
use serde::Deserialize;

use super::ANSWER_MAX;
use crate::error::{ApiError, Class};

/// The longest file name that is kept, in characters.
const FILE_NAME_MAX: usize = 128;

/// A fetched file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// The file.
    pub bytes: Bytes,
    /// What the platform says it is.
    pub content_type: Option<String>,
    /// Its name, without any path.
    pub file_name: Option<String>,
}

/// The part of every answer that decides. `errcode` came as text from some calls.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    errcode: Code,
    #[serde(default)]
    errmsg: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Number(i64),
    Text(String),
}

impl Default for Code {
    fn default() -> Self {
        Self::Number(0)
    }
}

/// The body of a successful answer.
pub(super) async fn checked(
    path: &'static str,
    response: Response,
    _media_max: usize,
) -> Result<Bytes, ApiError> {
    let (status, kind) = (response.status(), text_of(response.headers(), &CONTENT_TYPE));
    let body = read_body(path, response, ANSWER_MAX).await.map_err(|error| match error.class {
        // No call answers so much: it is not the platform that speaks, and that may pass.
        Class::Data => ApiError { class: Class::Retry, ..error },
        _ => error,
    })?;
    if let Some(refusal) = refusal(path, &body) {
        return refusal.map_or(Ok(body), Err);
    }
    // Only who was answered with an error before anything was done may be sure that nothing was.
    let unknown = status.is_server_error() || status.is_success();
    let what = format!(
        "answered {status} with {} bytes of {} instead of JSON",
        body.len(),
        kind.as_deref().unwrap_or("nothing")
    );
    Err(ApiError::no_answer(path, what, unknown))
}

/// A file, or the error that came in its place with status 200.
pub(super) async fn fetched(
    path: &'static str,
    response: Response,
    media_max: usize,
) -> Result<Download, ApiError> {
    let headers = response.headers();
    let content_type = text_of(headers, &CONTENT_TYPE);
    let disposition = text_of(headers, &CONTENT_DISPOSITION);
    let file_name = disposition.as_deref().and_then(file_name);
    let texty = content_type
        .as_deref()
        .is_none_or(|kind| kind.starts_with("application/json") || kind.starts_with("text/"));
    let status = response.status();
    if !status.is_success() || (texty && disposition.is_none()) {
        let body = checked(path, response, media_max).await?;
        // JSON without an errcode is nothing that this call answers with.
        let what = format!("answered {} bytes of JSON instead of a file", body.len());
        return Err(ApiError::no_answer(path, what, false));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        return Err(ApiError::no_answer(path, "answered a part of the file", false));
    }
    let bytes = read_body(path, response, media_max).await?;
    Ok(Download { bytes, content_type, file_name })
}

/// Nothing when the body is not the platform's JSON; otherwise whether it refuses.
fn refusal(path: &'static str, body: &[u8]) -> Option<Option<ApiError>> {
    // A list would be read as a struct without fields.
    body.trim_ascii_start().strip_prefix(b"{")?;
    let Head { errcode, errmsg } = serde_json::from_slice(body).ok()?;
    let errcode = match errcode {
        Code::Number(number) => number,
        Code::Text(text) => text.trim().parse().ok()?,
    };
    Some((errcode != 0).then(|| ApiError::refused(path, errcode, &errmsg)))
}

/// Reads at most `most` bytes.
async fn read_body(
    path: &'static str,
    mut response: Response,
    most: usize,
) -> Result<Bytes, ApiError> {
    let too_large = || {
        let what = format!("the answer has more than {most} bytes");
        ApiError { outcome_unknown: true, ..ApiError::ours(path, Class::Data, what) }
    };
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or_default());
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(path, error))? {
        if body.len() + chunk.len() > most {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// No answer at all. The URL, and with it the token, is taken off; the causes are kept.
pub(super) fn transport(path: &'static str, error: reqwest::Error) -> ApiError {
    let unknown = !(error.is_connect() || error.is_builder());
    let error = error.without_url();
    let mut what = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        what.push_str(": ");
        what.push_str(&cause.to_string());
        source = cause.source();
    }
    ApiError::no_answer(path, what, unknown)
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The name in a Content-Disposition: raw UTF-8 in quotes as the platform writes it, or RFC 5987.
fn file_name(disposition: &str) -> Option<String> {
    let parts = || disposition.split(';').map(str::trim);
    let plain = parts().find_map(|part| part.strip_prefix("filename="));
    let coded = parts().find_map(|part| part.strip_prefix("filename*="));
    let name = match (coded.and_then(|coded| coded.split_once("''")), plain) {
        (Some((_charset, coded)), _) => percent_decode_str(coded).decode_utf8_lossy().into_owned(),
        (None, Some(plain)) => plain.trim_matches('"').to_owned(),
        (None, None) => return None,
    };
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = kernel::text::clean(name).replace('\n', " ");
    let name = name.trim_matches('.').trim();
    (!name.is_empty()).then(|| name.chars().take(FILE_NAME_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_read_raw_or_coded_and_never_leads_anywhere() {
        for (disposition, want) in [
            ("attachment; filename=\"现场 照片.jpg\"", Some("现场 照片.jpg")),
            ("attachment; filename=a.amr", Some("a.amr")),
            (
                "attachment; filename=\"x\"; filename*=utf-8''%E5%B7%A5%E5%8D%95.pdf",
                Some("工单.pdf"),
            ),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"C:\\\\a\\\\b.txt\"", Some("b.txt")),
            ("attachment; filename=\"..\"", None),
            ("attachment; filename=\"\"", None),
            ("attachment", None),
        ] {
            assert_eq!(file_name(disposition).as_deref(), want, "{disposition}");
        }
    }

    #[test]
    fn an_errcode_decides_also_as_text() {
        let refused = |body: &str| refusal("x", body.as_bytes()).map(|e| e.map(|e| e.errcode));
        assert_eq!(refused("{\"errcode\":0,\"errmsg\":\"ok\"}"), Some(None));
        assert_eq!(refused("{\"ip_list\":[]}"), Some(None));
        assert_eq!(refused("{\"errcode\":\"40014\",\"errmsg\":\"x\"}"), Some(Some(40014)));
        assert_eq!(refused("{\"errcode\":60020}"), Some(Some(60020)));
        for page in ["", "<html>", "[]", "{\"errcode\":\"no\"}", "{\"errcode\":0"] {
            assert_eq!(refused(page), None, "{page}");
        }
    }
}
