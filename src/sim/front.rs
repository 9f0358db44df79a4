//! The platform's API over HTTP: reads a request, lets planned failures happen, asks the world.

use std::{collections::BTreeMap, net::Shutdown, time::Duration};

use actix_multipart::Multipart;
use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
    web,
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::{
    faults::Effect,
    journal::{CallLine, millis},
    server::{Shared, Wire},
    world::{ApiRequest, ApiResponse, Method, Refused, Upload},
};

/// The largest file, with room for what is too large to be told so.
const FILE: usize = 24 << 20;
/// The longest body that the journal shows whole.
const SHOWN: usize = 16 << 10;
/// In so many pieces a dripping answer is sent.
const DRIPS: usize = 10;

pub(crate) async fn api(
    request: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let began = tokio::time::Instant::now();
    let asked = match read(&request, payload.into_inner()).await {
        Ok(asked) => asked,
        Err(detail) => return HttpResponse::PayloadTooLarge().body(detail),
    };
    let effect = shared.world().faults.take(&asked.path).unwrap_or_default();
    tokio::time::sleep(Duration::from_millis(effect.slow_ms.unwrap_or(0))).await;
    if let Some(seconds) = effect.hang_s {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        cut(&request);
    }
    if effect.reset_before {
        cut(&request);
    }
    let is_cut = effect.reset_before || effect.hang_s.is_some();
    let answer = if is_cut { None } else { Some(answer(&shared, &asked, &effect)) };
    let status = match (&answer, effect.http) {
        (None, _) => 0,
        (Some(_), Some(status)) => status,
        (Some(ApiResponse::Unknown(_)), None) => 404,
        (Some(ApiResponse::File { span: Some(_), .. }), None) => 206,
        (Some(_), None) => 200,
    };
    note(&shared, &asked, answer.as_ref(), status, began.elapsed());
    if effect.reset_after_apply {
        cut(&request);
    }
    match answer {
        None => HttpResponse::Ok().finish(),
        Some(answer) => reply(answer, status, &effect),
    }
}

/// What the platform does about a call, given what was planned to go wrong.
fn answer(shared: &Shared, asked: &ApiRequest, effect: &Effect) -> ApiResponse {
    shared.act(|world, now| {
        if let Some(code) = effect.errcode {
            let refused = Refused::new(code, planned(code));
            return ApiResponse::Json(world.refusal(&refused, &asked.from, now));
        }
        if effect.http.is_some() || effect.html || effect.empty || effect.big_mb.is_some() {
            return ApiResponse::Json(Value::Null);
        }
        let mut answer = world.call(asked, now);
        if let (true, ApiResponse::Json(value)) = (effect.warning, &mut answer)
            && let Some(object) = value.as_object_mut()
        {
            object.insert("errmsg".into(), "ok. Warning: wrong json format. ".into());
        }
        answer
    })
}

fn planned(code: i64) -> &'static str {
    match code {
        -1 => "system busy",
        40014 => "invalid access_token",
        42001 => "access_token expired",
        45009 => "api freq out of limit",
        45033 => "api concurrent out of limit",
        60020 => "not allow to access from your ip",
        _ => "planned failure",
    }
}

fn cut(request: &HttpRequest) {
    if let Some(Wire(stream)) = request.conn_data::<Wire>() {
        // The caller may have hung up already.
        let _closed = stream.shutdown(Shutdown::Both);
    }
}

async fn read(request: &HttpRequest, mut payload: Payload) -> Result<ApiRequest, &'static str> {
    let query = web::Query::<BTreeMap<String, String>>::from_query(request.query_string());
    let is_multipart = header_of(request, header::CONTENT_TYPE).starts_with("multipart/");
    let (body, upload) = if is_multipart {
        let form = Multipart::from_request(request, &mut payload).await;
        let upload = match form {
            Ok(form) => uploads(form).await?.into_iter().next(),
            Err(_no_boundary) => None,
        };
        (Bytes::new(), upload)
    } else {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let Ok(chunk) = chunk else { break };
            if body.len() + chunk.len() > FILE {
                return Err("the body is too large");
            }
            body.extend_from_slice(&chunk);
        }
        (body.freeze(), None)
    };
    Ok(ApiRequest {
        method: if *request.method() == actix_web::http::Method::POST {
            Method::Post
        } else {
            Method::Get
        },
        path: request.path().to_owned(),
        query: query.map(web::Query::into_inner).unwrap_or_default(),
        body,
        upload,
        from: request.peer_addr().map(|addr| addr.ip().to_string()).unwrap_or_default(),
        range: range(&header_of(request, header::RANGE)),
    })
}

fn header_of(request: &HttpRequest, name: header::HeaderName) -> String {
    let value = request.headers().get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// The files and texts of a form, in their order.
pub(crate) async fn uploads(mut form: Multipart) -> Result<Vec<Upload>, &'static str> {
    let mut found = Vec::new();
    let mut size = 0;
    while let Ok(Some(mut field)) = form.try_next().await {
        let disposition = field.content_disposition();
        let name = disposition.and_then(|it| it.get_name()).unwrap_or_default().to_owned();
        let filename = disposition.and_then(|it| it.get_filename()).map(str::to_owned);
        let content_type = field.content_type().map(ToString::to_string).unwrap_or_default();
        let mut bytes = BytesMut::new();
        while let Ok(Some(chunk)) = field.try_next().await {
            size += chunk.len();
            if size > FILE {
                return Err("the file is too large");
            }
            bytes.extend_from_slice(&chunk);
        }
        found.push(Upload { field: name, filename, content_type, bytes: bytes.freeze() });
    }
    Ok(found)
}

/// `bytes=0-99` or `bytes=100-`.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()))
}

fn reply(answer: ApiResponse, status: u16, effect: &Effect) -> HttpResponse {
    if let Some(status) = effect.http {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        return HttpResponse::build(status)
            .content_type("text/html")
            .body(format!("<html><head><title>{status}</title></head><body>nginx</body></html>"));
    }
    if effect.html {
        return HttpResponse::Ok().content_type("text/html").body("<html><body>登录</body></html>");
    }
    if effect.empty {
        return HttpResponse::Ok().finish();
    }
    if let Some(megabytes) = effect.big_mb {
        return big(megabytes);
    }
    match answer {
        ApiResponse::Json(value) => {
            let body = Bytes::from(value.to_string());
            let mut response = HttpResponse::Ok();
            response.content_type("application/json; charset=UTF-8");
            match effect.drip_ms {
                None => response.body(body),
                Some(millis) => response.streaming(drip(body, millis)),
            }
        }
        ApiResponse::Unknown(detail) => {
            HttpResponse::NotFound().json(json!({ "errcode": 404, "errmsg": detail }))
        }
        ApiResponse::File { media, span } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let mut response = HttpResponse::build(status);
            let name = format!("attachment; filename=\"{}\"", media.filename.replace('"', "\\\""));
            response.content_type(media.content_type.as_str());
            response.insert_header((header::ACCEPT_RANGES, "bytes"));
            if let Ok(name) = header::HeaderValue::from_bytes(name.as_bytes()) {
                response.insert_header((header::CONTENT_DISPOSITION, name));
            }
            match span {
                None => response.body(media.bytes),
                Some(span) => {
                    let last = span.end.saturating_sub(1);
                    let range = format!("bytes {}-{last}/{}", span.start, span.total);
                    response.insert_header((header::CONTENT_RANGE, range));
                    response.body(media.bytes.slice(span.start..span.end))
                }
            }
        }
    }
}

fn drip(
    body: Bytes,
    millis: u64,
) -> impl futures_util::Stream<Item = Result<Bytes, actix_web::Error>> {
    let pause = Duration::from_millis(millis / 10);
    let size = body.len().div_ceil(DRIPS).max(1);
    let pieces: Vec<Bytes> = body.chunks(size).map(Bytes::copy_from_slice).collect();
    stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok(piece)
    })
}

fn big(megabytes: u64) -> HttpResponse {
    let pieces = usize::try_from(megabytes.min(4096)).unwrap_or(0);
    let piece = Bytes::from(vec![b' '; 1 << 20]);
    let pieces = std::iter::repeat_n(piece, pieces).map(Ok::<_, actix_web::Error>);
    HttpResponse::Ok().content_type("application/json").streaming(stream::iter(pieces))
}

/// Writes the call into the journal.
fn note(
    shared: &Shared,
    asked: &ApiRequest,
    answer: Option<&ApiResponse>,
    status: u16,
    took: Duration,
) {
    let line = CallLine {
        seq: 0,
        at: millis(shared.now()),
        method: if asked.method == Method::Post { "POST" } else { "GET" }.to_owned(),
        path: asked.path.clone(),
        query: masked_query(&asked.query),
        request: shown_request(asked),
        status,
        response: match answer {
            None => "连接被切断".into(),
            Some(ApiResponse::Json(value)) => masked(value),
            Some(ApiResponse::File { media, .. }) => {
                json!({ "filename": media.filename, "bytes": media.bytes.len() })
            }
            Some(ApiResponse::Unknown(detail)) => detail.as_str().into(),
        },
        errcode: answer.map_or(-1, ApiResponse::errcode),
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    };
    shared.act(|world, _now| {
        let seq = world.journal.call(line);
        world.notify("call", None, seq);
    });
}

fn is_secret(key: &str) -> bool {
    matches!(key, "access_token" | "corpsecret" | "ticket")
}

fn masked_query(query: &BTreeMap<String, String>) -> String {
    let pair = |(key, value): (&String, &String)| {
        if is_secret(key) { format!("{key}=***") } else { format!("{key}={value}") }
    };
    query.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn masked(value: &Value) -> Value {
    let mut shown = value.clone();
    if let Some(object) = shown.as_object_mut() {
        for (_key, value) in object.iter_mut().filter(|(key, _value)| is_secret(key)) {
            *value = "***".into();
        }
    }
    shown
}

fn shown_request(asked: &ApiRequest) -> Value {
    if let Some(upload) = &asked.upload {
        return json!({ "filename": upload.filename, "bytes": upload.bytes.len() });
    }
    if asked.body.is_empty() {
        return Value::Null;
    }
    if asked.body.len() > SHOWN {
        return format!("{} 字节", asked.body.len()).into();
    }
    serde_json::from_slice(&asked.body)
        .unwrap_or_else(|_no_json| String::from_utf8_lossy(&asked.body).into_owned().into())
}
