//! WeCom's callbacks. A message is opened, keyed and stored; nothing is decided here, nothing is
//! read from the database, and 200 is said only for what is on a disk.
//!
//! - **What is refused.** An unknown app 404; missing or doubled parameters, an unreadable body or
//!   ciphertext 400; a signature or receiver that is not ours 403; more than 1 MiB 413; a body that
//!   takes longer than two seconds 408. The texts are the same whatever the cause was; the cause is
//!   in the log and in `callback_refused_total`.
//! - **What is not refused.** A message that was signed and cannot be understood is stored all the
//!   same, under the hash of its bytes, for a person to look at.
//! - **Timestamps far from our clock** are counted and logged, never refused. The platform does not
//!   say how it stamps a redelivery, so a window could lose a message that was late through no fault
//!   of its own; and a replayed capture only repeats a message whose key is known already.
//! - **When nothing can store** there is no answer: an error would be taken for one, and the
//!   platform tries again only after silence. The request is held until the platform has given up
//!   (five seconds), then its connection is closed without a byte.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::{StatusCode, header::CONTENT_TYPE},
    web::{Data, Payload},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use kernel::{Micros, Timestamp, crash_point, text, time};
use queue::intake::{Accepted, Incoming};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wecom::{Crypt, CryptError, Signed};

use crate::{reply::without_reading, shared::Server};

/// The topic under which callbacks are stored: on the inbox's side of the queue.
pub const TOPIC_CALLBACK: &str = "inbox.wecom";

/// The largest body.
const BODY_MAX: usize = 1 << 20;
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(2);
/// How far a timestamp may be from our clock before it is remarked upon.
const FAR: Micros = 10 * time::MINUTE;
/// Longer than the platform waits.
const SILENCE: Duration = Duration::from_secs(6);

/// A stored callback: what the job's body is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw<'a> {
    /// The app that it came to, by its name in the URL.
    pub app: Cow<'a, str>,
    /// What was decrypted; bytes that are no UTF-8 have become `U+FFFD`.
    pub plain: Cow<'a, str>,
    /// When it came.
    pub received_at: Timestamp,
    /// What it is: `text`, `event.click`, `unreadable`.
    pub kind: Cow<'a, str>,
}

/// The apps that are called back, each with its key and its counters at hand.
pub(crate) struct Apps(BTreeMap<String, App>);

struct App {
    name: String,
    crypt: Crypt,
    stored: metrics::Counter,
    spooled: metrics::Counter,
    far: metrics::Counter,
}

impl Apps {
    pub(crate) fn new(apps: &BTreeMap<String, Crypt>) -> Self {
        let app = |(name, crypt): (&String, &Crypt)| {
            let counted = |place: &'static str| metrics::counter!("callback_accepted_total", "app" => name.clone(), "in" => place);
            let app = App {
                name: name.clone(),
                crypt: crypt.clone(),
                stored: counted("database"),
                spooled: counted("spool"),
                far: metrics::counter!("callback_far_timestamp_total", "app" => name.clone()),
            };
            (name.clone(), app)
        };
        Self(apps.iter().map(app).collect())
    }

    fn find(&self, req: &HttpRequest) -> Result<&App, Refused> {
        let name = req.match_info().get("app").unwrap_or_default();
        self.0.get(name).ok_or(Refused::App)
    }
}

/// Why a callback was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refused {
    App,
    Query(&'static str),
    Body(String),
    Crypt(CryptError),
    Large,
    Slow,
    Broken,
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::App => StatusCode::NOT_FOUND,
            Self::Crypt(CryptError::Signature | CryptError::Receiver(_)) => StatusCode::FORBIDDEN,
            Self::Query(_) | Self::Body(_) | Self::Crypt(_) | Self::Broken => {
                StatusCode::BAD_REQUEST
            }
            Self::Large => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
        }
    }

    fn why(&self) -> Cow<'static, str> {
        match self {
            Self::App => "no such app".into(),
            Self::Query(why) => (*why).into(),
            Self::Body(why) => why.clone().into(),
            Self::Crypt(error) => format!("{error} ({})", error.number()).into(),
            Self::Large => "the body is larger than 1 MiB".into(),
            Self::Slow => "the body took longer than two seconds".into(),
            Self::Broken => "the body broke off".into(),
        }
    }

    fn answer(&self, req: &HttpRequest) -> HttpResponse {
        let status = self.status();
        let app = req.match_info().get("app").unwrap_or_default();
        tracing::warn!(app, status = status.as_u16(), why = %self.why(), "callback refused");
        metrics::counter!("callback_refused_total", "status" => status.as_str().to_owned())
            .increment(1);
        let text = match self {
            Self::App => "unknown app",
            Self::Large => "too large",
            Self::Slow => "too slow",
            _ if status == StatusCode::FORBIDDEN => "forbidden",
            _ => "malformed",
        };
        HttpResponse::build(status).insert_header((CONTENT_TYPE, "text/plain")).body(text)
    }
}

/// The URL check: the decrypted echostr, byte for byte.
pub(crate) async fn check(req: HttpRequest, apps: Data<Apps>) -> HttpResponse {
    let opened = apps.find(&req).and_then(|app| {
        let query = Query::read(req.query_string())?;
        let echo = query.echostr.as_deref().ok_or(Refused::Query("echostr is missing"))?;
        app.crypt.open(&query.signed(), echo).map_err(Refused::Crypt)
    });
    match opened {
        Ok(opened) => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body(opened.message),
        Err(refused) => refused.answer(&req),
    }
}

/// A message: stored, then acknowledged.
pub(crate) async fn take(
    req: HttpRequest,
    mut payload: Payload,
    apps: Data<Apps>,
    server: Data<Server>,
) -> HttpResponse {
    let (app, incoming) = match open(&req, &mut payload, &apps, &server).await {
        Ok(opened) => opened,
        Err(refused) => return without_reading(refused.answer(&req), Box::new(payload)),
    };
    crash_point("cb.verified");
    match server.intake.accept(incoming).await {
        Ok(accepted) => {
            match accepted {
                Accepted::Stored => app.stored.increment(1),
                Accepted::Spooled => app.spooled.increment(1),
            }
            crash_point("cb.committed");
            HttpResponse::Ok().finish()
        }
        Err(error) => {
            metrics::counter!("callback_unstored_total", "code" => error.code()).increment(1);
            tracing::error!(app = app.name, %error, "a callback could not be stored");
            tokio::time::sleep(SILENCE).await;
            // The status is never sent: the body fails before the head leaves the buffer.
            HttpResponse::ServiceUnavailable().force_close().body(Silence)
        }
    }
}

async fn open<'a>(
    req: &HttpRequest,
    payload: &mut Payload,
    apps: &'a Apps,
    server: &Server,
) -> Result<(&'a App, Incoming), Refused> {
    let app = apps.find(req)?;
    let query = Query::read(req.query_string())?;
    let body = read(req, payload).await?;
    let envelope = wecom::xml::envelope(&body).map_err(|error| Refused::Body(error.to_string()))?;
    let signed = query.signed();
    let opened = app.crypt.open(&signed, &envelope.encrypt).map_err(Refused::Crypt)?;
    let now = server.clock.now();
    let stamped = signed.timestamp.parse().map(Timestamp::from_seconds).ok();
    if stamped.is_none_or(|at| now.since(at).saturating_abs() > FAR) {
        app.far.increment(1);
        tracing::warn!(app = app.name, "a callback's timestamp is far from our clock");
    }
    Ok((app, incoming(&app.name, &opened.message, now)))
}

async fn read(req: &HttpRequest, payload: &mut Payload) -> Result<Bytes, Refused> {
    let declared = req.headers().get("content-length").and_then(|length| length.to_str().ok());
    let declared = declared.and_then(|length| length.parse::<usize>().ok()).unwrap_or_default();
    if declared > BODY_MAX {
        return Err(Refused::Large);
    }
    let whole = async {
        // Most bodies come in one piece, which is then used as it is.
        let Some(first) = payload.next().await else { return Ok(Bytes::new()) };
        let first = first.map_err(|_broken| Refused::Broken)?;
        if first.len() > BODY_MAX {
            return Err(Refused::Large);
        }
        let Some(second) = payload.next().await else { return Ok(first) };
        let mut body = BytesMut::with_capacity(declared.max(first.len()));
        body.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            let chunk = chunk.map_err(|_broken| Refused::Broken)?;
            if body.len() + chunk.len() > BODY_MAX {
                return Err(Refused::Large);
            }
            body.extend_from_slice(&chunk);
            next = payload.next().await;
        }
        Ok(body.freeze())
    };
    match tokio::time::timeout(BODY_TIME, whole).await {
        Ok(read) => read,
        Err(_late) => Err(Refused::Slow),
    }
}

/// The job that a message becomes.
fn incoming(app: &str, plain: &[u8], received_at: Timestamp) -> Incoming {
    let (once_key, order_key, kind) = match wecom::event::parse(plain) {
        Ok(message) => (
            wecom::event::seen_key(app, &message, plain),
            wecom::event::order_key(app, &message),
            message.event.kind(),
        ),
        Err(error) => {
            tracing::warn!(app, %error, "a message cannot be read, and is stored as it is");
            let hash = Sha256::new().chain_update(app).chain_update([0]).chain_update(plain);
            let hash = text::hex(&hash.finalize());
            (format!("unreadable/{hash}"), format!("{app}/unreadable"), "unreadable".to_owned())
        }
    };
    let raw = Raw {
        app: app.into(),
        plain: String::from_utf8_lossy(plain),
        received_at,
        kind: kind.into(),
    };
    // Four texts always make JSON.
    let body = serde_json::to_string(&raw).unwrap_or_default();
    Incoming { topic: TOPIC_CALLBACK, once_key, order_key: Some(order_key), body }
}

/// The platform's parameters. Others may stand beside them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Query<'a> {
    msg_signature: Cow<'a, str>,
    timestamp: Cow<'a, str>,
    nonce: Cow<'a, str>,
    echostr: Option<Cow<'a, str>>,
}

impl<'a> Query<'a> {
    fn read(query: &'a str) -> Result<Self, Refused> {
        let (mut signature, mut timestamp, mut nonce, mut echostr) = (None, None, None, None);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match name {
                "msg_signature" => &mut signature,
                "timestamp" => &mut timestamp,
                "nonce" => &mut nonce,
                "echostr" => &mut echostr,
                _ => continue,
            };
            if place.replace(decoded(value)?).is_some() {
                return Err(Refused::Query("a parameter stands there twice"));
            }
        }
        let there = |value: Option<Cow<'a, str>>, missing| {
            value.filter(|value| !value.is_empty()).ok_or(Refused::Query(missing))
        };
        Ok(Self {
            msg_signature: there(signature, "msg_signature is missing")?,
            timestamp: there(timestamp, "timestamp is missing")?,
            nonce: there(nonce, "nonce is missing")?,
            echostr: echostr.filter(|value| !value.is_empty()),
        })
    }

    fn signed(&self) -> Signed<'_> {
        Signed {
            msg_signature: &self.msg_signature,
            timestamp: &self.timestamp,
            nonce: &self.nonce,
        }
    }
}

/// A form-encoded value. The platform sends `+` as `%2B`; a bare `+` is a blank, as in any form,
/// and then the signature does not match.
fn decoded(value: &str) -> Result<Cow<'_, str>, Refused> {
    if !value.contains(['%', '+']) {
        return Ok(Cow::Borrowed(value));
    }
    let blanks = value.replace('+', " ");
    let text = percent_encoding::percent_decode_str(&blanks).decode_utf8();
    match text {
        Ok(text) => Ok(Cow::Owned(text.into_owned())),
        Err(_not_text) => Err(Refused::Query("a parameter is not UTF-8")),
    }
}

/// A body that fails at once, which closes the connection before anything is sent.
struct Silence;

impl MessageBody for Silence {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(Some(Err(std::io::Error::other("nothing can store this callback"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_survives_only_when_it_was_encoded() {
        let query = Query::read("msg_signature=s&timestamp=1&nonce=n&echostr=a%2Bb%3D+c&x=%zz");
        assert_eq!(query.unwrap().echostr.unwrap(), "a+b= c");
    }

    #[test]
    fn missing_empty_doubled_and_unreadable_parameters_are_told_apart() {
        for (query, why) in [
            ("", "msg_signature is missing"),
            ("msg_signature=&timestamp=1&nonce=n", "msg_signature is missing"),
            ("msg_signature=s&nonce=n", "timestamp is missing"),
            ("msg_signature=s&timestamp=1", "nonce is missing"),
            (
                "msg_signature=s&msg_signature=s&timestamp=1&nonce=n",
                "a parameter stands there twice",
            ),
            ("msg_signature=s&timestamp=1&nonce=%FF", "a parameter is not UTF-8"),
        ] {
            assert_eq!(Query::read(query).unwrap_err(), Refused::Query(why), "{query}");
        }
    }

    #[test]
    fn what_cannot_be_understood_becomes_a_job_all_the_same() {
        let at = Timestamp(5);
        for plain in [&b"<xml><a></xml>"[..], b"", b"\xFF\xFE", b"<!DOCTYPE a><xml/>"] {
            let job = incoming("desk", plain, at);
            let raw: Raw<'_> = serde_json::from_str(&job.body).unwrap();
            assert_eq!((raw.kind.as_ref(), raw.received_at), ("unreadable", at));
            assert_eq!(raw.plain, String::from_utf8_lossy(plain));
            assert_eq!(job.once_key, incoming("desk", plain, Timestamp(6)).once_key);
            assert_ne!(job.once_key, incoming("hr", plain, at).once_key);
        }
    }

    #[test]
    fn a_known_message_is_keyed_by_sender_and_id() {
        let plain = b"<xml><FromUserName>LiSi</FromUserName><CreateTime>1</CreateTime>\
            <MsgType>text</MsgType><Content>hi</Content><MsgId>7</MsgId></xml>";
        let job = incoming("desk", plain, Timestamp(5));
        assert_eq!(job.once_key, "desk/msg/LiSi/7");
        assert_eq!(job.order_key.as_deref(), Some("desk/user/lisi"));
        assert_eq!(job.topic, TOPIC_CALLBACK);
        assert!(queue::Side::of(job.topic) == queue::Side::Inbox, "`qidan inbox` shows callbacks");
    }
}
