//! Callbacks on their way out: encrypted, signed, posted, posted again when nobody answers in
//! time, and, on demand, damaged, doubled or out of order.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use kernel::{Entropy, Result, Timestamp};
use serde::{Deserialize, Serialize};
use wecom::{
    crypt::{AesKey, Crypt, Sealed, Signed},
    xml::{Element, envelope_xml},
};

use crate::{
    journal::{CallbackLine, millis},
    plain::{Plain, Style},
    server::Shared,
    world::App,
};

/// How often a callback is delivered in total.
const DELIVERIES: u32 = 3;
/// The most of an answer that is read.
const ANSWER: usize = 1 << 20;

/// How long the platform waits.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For the answer to a callback.
    pub answer_within: Duration,
    /// For the answer to the check of an address.
    pub check_within: Duration,
    /// From the beginning of one delivery to the beginning of the next.
    pub spacing: Duration,
}

impl Pace {
    /// The real platform's: 5 s for an answer, 1 s for the check, 5 s between deliveries.
    pub const REAL: Self = Self {
        answer_within: Duration::from_secs(5),
        check_within: Duration::from_secs(1),
        spacing: Duration::from_secs(5),
    };
}

/// What of a callback is damaged on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tamper {
    /// The signature does not match.
    Signature,
    /// The ciphertext is damaged, and signed so.
    Ciphertext,
    /// Made for another company.
    Receiveid,
    /// What is inside breaks off.
    Xml,
    /// What is inside is not UTF-8.
    Utf8,
}

/// How a callback travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deliver {
    /// How many times it is delivered at once.
    pub copies: u32,
    /// Whether it is delivered again when nobody answers in time.
    pub retry: bool,
    /// Whether it is also delivered again after an answer other than 200, as in older years.
    pub retry_on_status: bool,
    /// What is damaged.
    pub tamper: Option<Tamper>,
    /// JSON inside and outside.
    pub json: bool,
    /// Fields in another order.
    pub shuffle: bool,
    /// A byte order mark inside.
    pub bom: bool,
    /// Texts without CDATA.
    pub no_cdata: bool,
    /// An envelope without AgentID.
    pub no_agent: bool,
    /// An envelope with an empty AgentID.
    pub empty_agent: bool,
    /// A second delivery repeats timestamp, nonce and ciphertext.
    pub same_nonce: bool,
    /// Waits before the first delivery: a later callback then overtakes this one.
    pub delay_ms: u64,
    /// Is never delivered: the platform loses it.
    pub lose: bool,
    /// The request that caused it waits for the outcome.
    pub wait: bool,
}

impl Default for Deliver {
    fn default() -> Self {
        Self {
            copies: 1,
            retry: true,
            retry_on_status: false,
            tamper: None,
            json: false,
            shuffle: false,
            bom: false,
            no_cdata: false,
            no_agent: false,
            empty_agent: false,
            same_nonce: false,
            delay_ms: 0,
            lose: false,
            wait: false,
        }
    }
}

/// Who is answered by a passive reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// The member.
    pub userid: String,
    /// The card that was pressed.
    pub card_id: Option<String>,
}

/// Something to be delivered.
#[derive(Clone, Debug)]
pub struct Callback {
    /// The app's name.
    pub app: String,
    /// The message or event type.
    pub kind: String,
    /// What is inside.
    pub plain: Plain,
    /// How it travels.
    pub options: Deliver,
    /// Whom a passive reply answers; nothing when none is allowed.
    pub reply_to: Option<ReplyTo>,
}

/// The outcome of one attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// How long it took.
    pub took_ms: u64,
    /// The passive reply, decrypted when it could be.
    pub answer: String,
    /// What went wrong.
    pub error: Option<String>,
}

/// An answer to one POST or GET.
struct Heard {
    status: Option<u16>,
    took: Duration,
    body: Vec<u8>,
    error: Option<String>,
}

/// What is sent in one attempt.
struct Parcel {
    sealed: Sealed,
    body: String,
}

/// Delivers a callback, all copies and attempts of it, and answers what came of each.
pub(crate) async fn deliver(shared: Arc<Shared>, callback: Callback) -> Vec<Delivery> {
    let app = shared.world().apps.get(&callback.app).cloned();
    let Some(app) = app.filter(|_app| !callback.options.lose) else { return Vec::new() };
    let Some(url) = app.callback_url.clone() else {
        // Nobody misses a change of the company; a person who speaks should learn why.
        let error = Some("应用还没有设置接收消息的地址".to_owned());
        let unheard = Heard { status: None, took: Duration::ZERO, body: Vec::new(), error };
        let is_spoken = callback.reply_to.is_some();
        return is_spoken
            .then(|| record(&shared, &callback, &app, 0, unheard))
            .into_iter()
            .collect();
    };
    tokio::time::sleep(Duration::from_millis(callback.options.delay_ms)).await;
    let copies = (0..callback.options.copies.min(10_000))
        .map(|_copy| one_copy(&shared, &callback, &app, &url));
    join_all(copies).await.into_iter().flatten().collect()
}

async fn one_copy(shared: &Shared, callback: &Callback, app: &App, url: &str) -> Vec<Delivery> {
    let mut outcomes = Vec::new();
    let mut parcel = None;
    for attempt in 1..=DELIVERIES {
        let packed = match parcel.take().filter(|_old| callback.options.same_nonce) {
            Some(old) => Ok(old),
            None => pack(shared, callback, app),
        };
        let packed = match packed {
            Ok(packed) => packed,
            Err(error) => {
                tracing::error!(%error, "A callback could not be made.");
                break;
            }
        };
        let heard = post(shared, url, &packed).await;
        let is_whole = heard.error.is_none();
        let is_over = is_whole && !(callback.options.retry_on_status && heard.status != Some(200));
        let rest = shared.pace.spacing.saturating_sub(heard.took);
        outcomes.push(record(shared, callback, app, attempt, heard));
        if is_over || !callback.options.retry || attempt == DELIVERIES {
            break;
        }
        parcel = Some(packed);
        tokio::time::sleep(rest).await;
    }
    outcomes
}

fn crypt_of(corp_id: &str, app: &App) -> Result<Crypt> {
    let key = AesKey::parse(&app.encoding_aes_key)
        .map_err(|error| kernel::Error::bug("the app's key is not well formed").caused_by(error))?;
    // Replies made for nobody are accepted: known SDKs write them so.
    Ok(Crypt::new(app.token.clone(), key, vec![corp_id.to_owned(), String::new()]))
}

fn nonce(entropy: &Entropy) -> Result<String> {
    Ok((u64::from_le_bytes(entropy.bytes()?) % 10_000_000_000).to_string())
}

fn pack(shared: &Shared, callback: &Callback, app: &App) -> Result<Parcel> {
    let now = shared.now();
    let (corp_id, entropy) = {
        let world = shared.world();
        (world.corp_id.clone(), world.entropy().clone())
    };
    let crypt = crypt_of(&corp_id, app)?;
    let options = &callback.options;
    let is_json = options.json || app.json;
    let style = Style {
        json: is_json,
        no_cdata: options.no_cdata,
        bom: options.bom,
        shuffle: if options.shuffle { Some(u64::from_le_bytes(entropy.bytes()?)) } else { None },
    };
    let mut text = callback.plain.write(style);
    if options.tamper == Some(Tamper::Xml) {
        // Without its last characters the document never closes, and stays whole UTF-8.
        text = text.chars().take(text.chars().count().saturating_sub(4)).collect();
    }
    let mut message = text.into_bytes();
    if options.tamper == Some(Tamper::Utf8) {
        let at = message.windows(3).position(|window| window == b"]]>");
        message.splice(at.unwrap_or(0)..at.unwrap_or(0), [0xff, 0xfe]);
    }
    let receiver = match options.tamper {
        Some(Tamper::Receiveid) => "ww00000000000other",
        _ if app.json => "",
        _ => corp_id.as_str(),
    };
    let (timestamp, nonce) = (now.seconds().to_string(), nonce(&entropy)?);
    let mut sealed = crypt.seal(&message, receiver, &timestamp, &nonce, entropy.bytes()?);
    match options.tamper {
        Some(Tamper::Signature) => sealed.msg_signature = flip(&sealed.msg_signature),
        Some(Tamper::Ciphertext) => {
            sealed.encrypt = flip(&sealed.encrypt);
            sealed.msg_signature = crypt.sign(&timestamp, &nonce, &sealed.encrypt);
        }
        _ => {}
    }
    let body = envelope(&corp_id, app, options, &sealed.encrypt, is_json);
    Ok(Parcel { sealed, body })
}

/// The text with its first character changed to another of its alphabet.
fn flip(text: &str) -> String {
    let other = if text.starts_with('a') { "b" } else { "a" };
    format!("{other}{}", text.get(1..).unwrap_or_default())
}

fn envelope(corp_id: &str, app: &App, options: &Deliver, encrypt: &str, is_json: bool) -> String {
    let agent_id = match options {
        Deliver { no_agent: true, .. } => None,
        Deliver { empty_agent: true, .. } => Some(String::new()),
        _ => Some(app.agent_id.to_string()),
    };
    if app.json {
        return serde_json::json!({ "encrypt": encrypt }).to_string();
    }
    if is_json {
        let mut json = serde_json::json!({ "tousername": corp_id, "encrypt": encrypt });
        if let (Some(agent_id), Some(object)) = (agent_id, json.as_object_mut()) {
            object.insert("agentid".into(), agent_id.into());
        }
        return json.to_string();
    }
    envelope_xml(corp_id, agent_id.as_deref(), encrypt)
}

async fn post(shared: &Shared, url: &str, parcel: &Parcel) -> Heard {
    let request = shared
        .client
        .post(url)
        .query(&[
            ("msg_signature", &parcel.sealed.msg_signature),
            ("timestamp", &parcel.sealed.timestamp),
            ("nonce", &parcel.sealed.nonce),
        ])
        .header("content-type", "text/xml")
        .body(parcel.body.clone());
    hear(request, shared.pace.answer_within).await
}

/// Sends, and waits for the whole answer.
async fn hear(request: reqwest::RequestBuilder, within: Duration) -> Heard {
    let began = tokio::time::Instant::now();
    let answer = tokio::time::timeout(within, async {
        let mut response = request.send().await?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > ANSWER {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok::<_, reqwest::Error>((status, body))
    });
    let answer = answer.await;
    let took = began.elapsed();
    match answer {
        Ok(Ok((status, body))) => Heard { status: Some(status), took, body, error: None },
        Ok(Err(error)) => {
            let error = Some(format!("连接失败：{}", error.without_url()));
            Heard { status: None, took, body: Vec::new(), error }
        }
        Err(_elapsed) => {
            let error = Some(format!("{} 毫秒内没有完整的应答", within.as_millis()));
            Heard { status: None, took, body: Vec::new(), error }
        }
    }
}

/// Applies the passive reply, writes the journal, and answers the outcome.
fn record(shared: &Shared, callback: &Callback, app: &App, attempt: u32, heard: Heard) -> Delivery {
    let now = shared.now();
    let mut world = shared.world();
    let (answer, refused) = match (heard.status, callback.reply_to.as_ref()) {
        (Some(200), Some(reply_to)) if !heard.body.is_empty() => {
            match open_reply(&world.corp_id, app, &heard.body) {
                Ok(plain) => {
                    let done = world.passive_reply(app, reply_to, &plain, now);
                    (plain, done.err())
                }
                Err(why) => (String::from_utf8_lossy(&heard.body).into_owned(), Some(why)),
            }
        }
        _ => (String::from_utf8_lossy(&heard.body).into_owned(), None),
    };
    // The whole text `success` is the documented way to say that there is nothing to say.
    let refused = refused.filter(|_why| answer.trim() != "success");
    if let Some(why) = &refused {
        world.journal.problem(now, "passive_reply", 0, &format!("被动回复被丢弃：{why}"));
    }
    let error = heard.error.or(refused);
    let took_ms = u64::try_from(heard.took.as_millis()).unwrap_or(u64::MAX);
    let seq = world.journal.callback(CallbackLine {
        seq: 0,
        at: millis(now),
        app: callback.app.clone(),
        kind: callback.kind.clone(),
        plain: callback.plain.write(Style::default()),
        attempt,
        status: heard.status,
        took_ms,
        answer: answer.clone(),
        error: error.clone(),
    });
    world.notify("callback", None, seq);
    drop(world);
    shared.tell();
    Delivery { attempt, status: heard.status, took_ms, answer, error }
}

/// The plaintext of a passive reply, XML or JSON.
fn open_reply(corp_id: &str, app: &App, body: &[u8]) -> std::result::Result<String, String> {
    let text = str::from_utf8(body).map_err(|_utf8| "不是 UTF-8".to_owned())?;
    let is_json = text.trim_ascii_start().starts_with('{');
    let tree = if is_json { Element::parse_json(text) } else { Element::parse_xml(text) };
    let tree = tree.map_err(|error| format!("读不懂：{error}"))?;
    let names = if is_json {
        ["encrypt", "msgsignature", "timestamp", "nonce"]
    } else {
        ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
    };
    let [encrypt, msg_signature, timestamp, nonce] =
        names.map(|name| tree.child(name).map_or("", Element::text));
    let crypt = crypt_of(corp_id, app).map_err(|error| error.detail().to_owned())?;
    let signed = Signed { msg_signature, timestamp, nonce };
    let opened = crypt.open(&signed, encrypt).map_err(|error| error.to_string())?;
    String::from_utf8(opened.message).map_err(|_utf8| "明文不是 UTF-8".to_owned())
}

/// Checks an address as the console does when somebody presses 保存: a GET with an encrypted
/// number, which must come back as exactly that text within a second.
pub(crate) async fn check_url(
    shared: &Shared,
    app: &App,
    url: &str,
) -> std::result::Result<(), String> {
    let now: Timestamp = shared.now();
    let (corp_id, entropy) = {
        let world = shared.world();
        (world.corp_id.clone(), world.entropy().clone())
    };
    let made = || -> Result<(String, Sealed)> {
        let number = 1_000_000_000_000_000_000
            + u64::from_le_bytes(entropy.bytes()?) % 8_000_000_000_000_000_000;
        let receiver = if app.json { "" } else { corp_id.as_str() };
        let (timestamp, nonce) = (now.seconds().to_string(), nonce(&entropy)?);
        let plain = number.to_string();
        let crypt = crypt_of(&corp_id, app)?;
        let sealed = crypt.seal(plain.as_bytes(), receiver, &timestamp, &nonce, entropy.bytes()?);
        Ok((plain, sealed))
    };
    let (plain, sealed) = made().map_err(|error| error.detail().to_owned())?;
    let request = shared.client.get(url).query(&[
        ("msg_signature", &sealed.msg_signature),
        ("timestamp", &sealed.timestamp),
        ("nonce", &sealed.nonce),
        ("echostr", &sealed.encrypt),
    ]);
    let heard = hear(request, shared.pace.check_within).await;
    match (heard.error, heard.status) {
        (Some(error), _) => Err(format!("openapi回调地址请求不通过：{error}")),
        (None, Some(200)) if heard.body == plain.as_bytes() => Ok(()),
        (None, Some(200)) => {
            let body = kernel::text::cut_chars(&String::from_utf8_lossy(&heard.body), 64);
            Err(format!("echostr校验失败：应原样返回明文，收到 {body:?}"))
        }
        (None, status) => {
            Err(format!("openapi回调地址请求不通过：HTTP {}", status.unwrap_or_default()))
        }
    }
}
