//! The whole simulated platform as one state machine. It does no IO: it is told what happened and
//! when, changes, answers, and leaves what must be delivered in an outbox. The HTTP server and a
//! deterministic simulation are two front ends of the same machine.

use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::{Entropy, Timestamp};
use serde_json::{Value, json};

use crate::{
    api,
    chats::Chats,
    faults::Faults,
    journal::Journal,
    jssdk::Tickets,
    limits::{Limits, Meters},
    login::Codes,
    media::{Media, MediaStore, Span},
    model::{AppSeed, CorpSeed, Customer, Department, Group, Member, Pages, Tag},
    push::{Callback, Deliver},
    rooms::Rooms,
    tokens::Tokens,
};

/// What the answers call the caller's mistake, and how to look it up.
const HELP: &str = "https://open.work.weixin.qq.com/devtool/query?e=";

/// GET or POST: the platform knows no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a body.
    Post,
}

/// A file that came as a multipart field.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name of the field.
    pub field: String,
    /// The file's name, when it has one.
    pub filename: Option<String>,
    /// The type that the sender declared.
    pub content_type: String,
    /// What is in it.
    pub bytes: Bytes,
}

/// One call of the platform's API.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// GET or POST.
    pub method: Method,
    /// The path, such as `/cgi-bin/gettoken`.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The body, unless it was multipart.
    pub body: Bytes,
    /// The file of a multipart body.
    pub upload: Option<Upload>,
    /// The address of the caller.
    pub from: String,
    /// The range asked for, first byte and last byte.
    pub range: Option<(u64, Option<u64>)>,
}

/// What the platform answers. Refusals are JSON too, with HTTP status 200.
#[derive(Clone, Debug)]
pub enum ApiResponse {
    /// An object with `errcode`.
    Json(Value),
    /// A stored file, or the part of it that was asked for.
    File {
        /// The file.
        media: Media,
        /// The part, when a range was asked for.
        span: Option<Span>,
    },
    /// No such call: HTTP 404.
    Unknown(String),
}

impl ApiResponse {
    /// The `errcode`, 0 for a file.
    pub fn errcode(&self) -> i64 {
        match self {
            Self::Json(value) => value.get("errcode").and_then(Value::as_i64).unwrap_or(0),
            Self::File { .. } => 0,
            Self::Unknown(_) => 404,
        }
    }
}

/// A refusal: its number and its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: i64,
    pub(crate) text: String,
}

impl Refused {
    pub(crate) fn new(code: i64, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// One call on its way through the platform: the caller is known and the body is read.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a ApiRequest,
    pub(crate) app: String,
    pub(crate) body: Value,
    pub(crate) now: Timestamp,
}

impl Call<'_> {
    /// A value of the query, empty when it is not there.
    pub(crate) fn query(&self, key: &str) -> &str {
        self.request.query.get(key).map_or("", String::as_str)
    }

    /// A text of the body, empty when it is not there.
    pub(crate) fn text(&self, key: &str) -> &str {
        self.body.get(key).and_then(Value::as_str).unwrap_or("")
    }
}

/// An app as it is now: the seed, changed by calls and by the control API.
pub(crate) type App = AppSeed;

/// What an app shows on the workbench.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workbench {
    /// What it shows to those who have nothing of their own: its type, and the data of it.
    pub(crate) template: Value,
    /// What members have of their own, by userid.
    pub(crate) members: BTreeMap<String, Value>,
}

/// Something that changed, for the page's event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `chat`, `talk`, `call`, `callback`, `jssdk` or `state`.
    pub kind: &'static str,
    /// Whose chat, for `chat`; who spoke, for `talk`.
    pub userid: Option<String>,
    /// The number of what is new.
    pub seq: u64,
}

/// The simulated platform.
pub struct World {
    pub(crate) seed: CorpSeed,
    pub(crate) corp_id: String,
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) departments: BTreeMap<i64, Department>,
    pub(crate) members: BTreeMap<String, Member>,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) groups: BTreeMap<String, Group>,
    pub(crate) tags: BTreeMap<i64, Tag>,
    pub(crate) tokens: Tokens,
    pub(crate) codes: Codes,
    pub(crate) js_tickets: Tickets,
    pub(crate) chats: Chats,
    pub(crate) rooms: Rooms,
    pub(crate) workbenches: BTreeMap<String, Workbench>,
    pub(crate) media: MediaStore,
    pub(crate) limits: Limits,
    pub(crate) meters: Meters,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    /// How automatic callbacks travel unless a request says otherwise.
    pub(crate) deliver: Deliver,
    pub(crate) base_url: String,
    entropy: Entropy,
    counter: u64,
    outbox: Vec<Callback>,
    notices: Vec<Notice>,
}

impl World {
    /// A platform with this company. `entropy` makes its tokens, codes and ids.
    pub fn new(seed: CorpSeed, entropy: Entropy) -> Self {
        Self {
            corp_id: seed.corp_id.clone(),
            apps: seed.apps.iter().map(|app| (app.name.clone(), app.clone())).collect(),
            departments: seed.departments.iter().map(|it| (it.id, it.clone())).collect(),
            members: seed.members.iter().map(|it| (fold(&it.userid), it.clone())).collect(),
            customers: seed
                .customers
                .iter()
                .map(|it| (it.external_userid.clone(), it.clone()))
                .collect(),
            groups: seed.groups.iter().map(|it| (it.chat_id.clone(), it.clone())).collect(),
            tags: seed.tags.iter().map(|it| (it.id, it.clone())).collect(),
            tokens: Tokens::default(),
            codes: Codes::default(),
            js_tickets: Tickets::default(),
            chats: Chats::default(),
            rooms: Rooms::opening(&seed.openings),
            workbenches: BTreeMap::new(),
            media: MediaStore::default(),
            limits: Limits::default(),
            meters: Meters::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            deliver: Deliver::default(),
            base_url: "http://localhost".into(),
            entropy,
            counter: 0,
            outbox: Vec::new(),
            notices: Vec::new(),
            seed,
        }
    }

    /// Back to the beginning: the company as it was seeded, nothing sent, nothing switched on.
    /// Saved addresses of callbacks and pages stay, as they do in the platform's console.
    pub fn reset(&mut self) {
        let mut fresh = Self::new(self.seed.clone(), self.entropy.clone());
        for (name, app) in &mut fresh.apps {
            if let Some(old) = self.apps.get(name) {
                app.callback_url.clone_from(&old.callback_url);
                app.pages.clone_from(&old.pages);
                app.trusted_domains.clone_from(&old.trusted_domains);
            }
        }
        fresh.base_url = std::mem::take(&mut self.base_url);
        fresh.counter = self.counter;
        fresh.chats.continue_after(&self.chats);
        fresh.rooms.continue_after(&self.rooms);
        fresh.journal.continue_after(&self.journal);
        *self = fresh;
        self.changed();
    }

    /// Where the platform itself is reached: the beginning of picture addresses.
    pub fn set_base_url(&mut self, url: &str) {
        url.clone_into(&mut self.base_url);
    }

    /// Where an app's callbacks go; false when there is no such app.
    pub fn set_callback(&mut self, app: &str, url: Option<String>) -> bool {
        let Some(app) = self.apps.get_mut(app) else { return false };
        app.callback_url = url;
        self.changed();
        true
    }

    /// Which pages an app opens where; false when there is no such app.
    pub fn set_pages(&mut self, app: &str, pages: Pages) -> bool {
        let Some(app) = self.apps.get_mut(app) else { return false };
        app.pages = pages;
        self.changed();
        true
    }

    /// Answers one call of the API.
    pub fn call(&mut self, request: &ApiRequest, now: Timestamp) -> ApiResponse {
        let answer = self.answer(request, now);
        match answer {
            Ok(ApiResponse::Json(mut value)) => {
                if let Some(object) = value.as_object_mut() {
                    object.entry("errcode").or_insert(json!(0));
                    object.entry("errmsg").or_insert(json!("ok"));
                }
                ApiResponse::Json(value)
            }
            Ok(other) => other,
            Err(refused) => {
                self.journal.problem(now, &request.path, refused.code, &refused.text);
                ApiResponse::Json(self.refusal(&refused, &request.from, now))
            }
        }
    }

    /// The JSON of a refusal, with the hint and the caller's address as the platform words it.
    pub(crate) fn refusal(&mut self, refused: &Refused, from: &str, now: Timestamp) -> Value {
        let hint = format!("{}_{}", now.seconds(), self.random(8));
        let Refused { code, text } = refused;
        json!({
            "errcode": code,
            "errmsg": format!("{text}, hint: [{hint}], from ip: {from}, more info at {HELP}{code}"),
        })
    }

    fn answer(&mut self, request: &ApiRequest, now: Timestamp) -> Result<ApiResponse, Refused> {
        if request.path == "/cgi-bin/gettoken" {
            return self.get_token(request, now).map(ApiResponse::Json);
        }
        let Some(route) = api::CALLS.iter().find(|route| route.path == request.path) else {
            return Ok(ApiResponse::Unknown(format!("模拟器没有 {} 这个接口", request.path)));
        };
        if route.method != request.method {
            return Err(Refused::new(40058, "invalid request method"));
        }
        self.meters.api(&self.limits, &request.path, now)?;
        let app = self.caller(request, now)?;
        let body = match (&request.upload, request.method) {
            (None, Method::Post) => api::read_json(&request.body)?,
            _ => Value::Null,
        };
        let call = Call { request, app, body, now };
        match route.handler {
            api::Handler::Json(handler) => handler(self, &call).map(ApiResponse::Json),
            api::Handler::File(handler) => handler(self, &call),
        }
    }

    /// The app whose token the caller shows.
    fn caller(&mut self, request: &ApiRequest, now: Timestamp) -> Result<String, Refused> {
        let token = request.query.get("access_token").map_or("", String::as_str);
        let name = self.tokens.app_of(token, now)?;
        let Some(app) = self.apps.get(&name) else {
            return Err(Refused::new(50003, "app disabled"));
        };
        match &app.trusted_ips {
            Some(ips) if !ips.contains(&request.from) => {
                Err(Refused::new(60020, "not allow to access from your ip"))
            }
            _ => Ok(name),
        }
    }

    /// `bytes` random bytes as hexadecimal, with the number of the draw: never the same twice,
    /// even from a broken source.
    pub(crate) fn random(&mut self, bytes: usize) -> String {
        self.counter += 1;
        let hex = self.entropy.hex::<32>().unwrap_or_default();
        let hex = hex.get(..(bytes * 2).min(hex.len())).unwrap_or_default();
        format!("{hex}{:x}", self.counter)
    }

    /// The source of random bytes, for those who write callbacks.
    pub(crate) fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// A member by userid, whatever its case.
    pub(crate) fn member(&self, userid: &str) -> Option<&Member> {
        self.members.get(&fold(userid))
    }

    /// The departments that the app may see: those of its range with all below.
    pub(crate) fn visible_departments(&self, app: &str) -> Vec<i64> {
        let range = self.apps.get(app).map(|app| app.visible.clone()).unwrap_or_default();
        range.into_iter().flat_map(|id| self.subtree(id)).collect()
    }

    /// A department and all below it; bounded by their number, even when somebody made a circle.
    pub(crate) fn subtree(&self, id: i64) -> Vec<i64> {
        let mut found: Vec<i64> =
            self.departments.contains_key(&id).then_some(id).into_iter().collect();
        let mut at = 0;
        while let Some(parent) = found.get(at).copied() {
            for department in self.departments.values() {
                if department.parentid == parent && !found.contains(&department.id) {
                    found.push(department.id);
                }
            }
            at += 1;
        }
        found
    }

    /// Whether the app may see this member.
    pub(crate) fn sees(&self, app: &str, member: &Member) -> bool {
        let visible = self.visible_departments(app);
        member.department.iter().any(|id| visible.contains(id))
    }

    /// What an app shows a member on the workbench; nothing when it shows its icon only.
    pub(crate) fn on_workbench(&self, app: &str, userid: &str) -> Option<Value> {
        let shown = self.workbenches.get(app)?;
        let own = shown.members.get(&fold(userid));
        Some(own.unwrap_or(&shown.template).clone())
    }

    /// Something is to be delivered.
    pub(crate) fn put(&mut self, callback: Callback) {
        self.outbox.push(callback);
    }

    /// What is to be delivered since the last time somebody asked.
    pub fn take_callbacks(&mut self) -> Vec<Callback> {
        std::mem::take(&mut self.outbox)
    }

    pub(crate) fn notify(&mut self, kind: &'static str, userid: Option<String>, seq: u64) {
        self.notices.push(Notice { kind, userid, seq });
    }

    /// The company or a switch changed.
    pub(crate) fn changed(&mut self) {
        self.counter += 1;
        self.notify("state", None, self.counter);
    }

    /// What changed since the last time somebody asked.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }
}

/// A userid as WeCom compares it.
pub(crate) fn fold(userid: &str) -> String {
    userid.to_lowercase()
}
