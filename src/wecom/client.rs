//! The API's client: the right token, ten seconds at most, a bounded answer, and every failure as
//! an [`ApiError`] that says what follows. A refused token is replaced once and the call made once
//! more; nothing else is repeated here, because only the caller knows what may be done twice.

mod answer;
mod gate;

use std::{collections::HashMap, fmt, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use kernel::Clock;
use reqwest::{
    RequestBuilder, Response,
    header::CONTENT_TYPE,
    multipart::{Form, Part},
};
use serde::de::DeserializeOwned;

pub use answer::Download;
use answer::{checked, fetched};
use gate::Gates;

use crate::{
    error::{ApiError, Class},
    token::{Fetched, GETTOKEN, TokenStore, Tokens, Wanted, token_key},
};

/// How long a call may take, from the first byte sent to the last one read.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a file may take.
pub const MEDIA_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest answer.
pub const ANSWER_MAX: usize = 1024 * 1024;
/// The largest file, unless configured: the platform's own limit.
pub const MEDIA_MAX: usize = 20 * 1024 * 1024;

/// An app of the corp, as the console shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct App {
    /// Its name in our configuration and URLs.
    pub name: String,
    /// AgentId.
    pub agent_id: i64,
    /// Secret. Never printed.
    pub secret: String,
}

impl fmt::Debug for App {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = out.debug_struct("App");
        out.field("name", &self.name).field("agent_id", &self.agent_id).finish_non_exhaustive()
    }
}

/// Whose API it is and where.
#[derive(Clone, Debug)]
pub struct Corp {
    /// Such as `https://qyapi.weixin.qq.com`; a slash at the end does no harm.
    pub api_base: String,
    /// The corp id.
    pub corp_id: String,
    /// Its apps.
    pub apps: Vec<App>,
    /// The largest file to fetch; [`MEDIA_MAX`] unless there is a reason.
    pub media_max: usize,
}

/// How an answer is read. Boxed, so that the futures of calls stay `Send` for whoever spawns them.
type Read<T> = fn(&'static str, Response, usize) -> Reading<T>;
type Reading<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>> + Send>>;

fn whole(path: &'static str, response: Response, most: usize) -> Reading<Bytes> {
    Box::pin(checked(path, response, most))
}

fn file(path: &'static str, response: Response, most: usize) -> Reading<Download> {
    Box::pin(fetched(path, response, most))
}

/// The API. Cheap to clone; all clones share tokens and limits.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    base: String,
    corp_id: String,
    media_max: usize,
    apps: HashMap<String, Registered>,
    tokens: Tokens,
    gates: Gates,
}

struct Registered {
    app: App,
    key: String,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("base", &self.inner.base).finish_non_exhaustive()
    }
}

/// One call of the API.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The app whose token it uses.
    pub(crate) app: &'a str,
    /// Such as `user/get`.
    pub(crate) path: &'static str,
    /// Without the token.
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) payload: Payload<'a>,
    /// From the first byte sent to the last one read.
    pub(crate) timeout: Duration,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) enum Payload<'a> {
    /// Nothing: a GET.
    None,
    /// JSON that was rendered already.
    Json(&'a str),
    /// A file.
    File { bytes: &'a Bytes, file_name: &'a str, content_type: &'a str },
}

impl<'a> Call<'a> {
    pub(crate) fn get(app: &'a str, path: &'static str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self { app, path, query, payload: Payload::None, timeout: CALL_TIMEOUT }
    }

    pub(crate) fn post(app: &'a str, path: &'static str, json: &'a str) -> Self {
        Self { app, path, query: &[], payload: Payload::Json(json), timeout: CALL_TIMEOUT }
    }
}

impl Client {
    /// A client over a shared token store; `holder` tells this process from the other replicas.
    pub fn new(
        http: reqwest::Client,
        corp: Corp,
        tokens: Arc<dyn TokenStore>,
        clock: Clock,
        holder: i64,
    ) -> Self {
        let Corp { api_base, corp_id, apps, media_max } = corp;
        let registered = |app: App| {
            let key = token_key(&corp_id, &app.secret);
            (app.name.clone(), Registered { app, key })
        };
        let apps = apps.into_iter().map(registered).collect();
        let tokens = Tokens::new(tokens, clock.clone(), holder);
        let base = api_base.trim_end_matches('/').to_owned();
        let gates = Gates::new(clock);
        Self { inner: Arc::new(Inner { http, base, corp_id, media_max, apps, tokens, gates }) }
    }

    /// The AgentId of an app.
    pub fn agent_id(&self, app: &str) -> Option<i64> {
        self.inner.apps.get(app).map(|registered| registered.app.agent_id)
    }

    /// The corp.
    pub fn corp_id(&self) -> &str {
        &self.inner.corp_id
    }

    /// Fetches the app's token, unless a good one is there: tells whether secret and network are
    /// right.
    ///
    /// # Errors
    /// When the platform refuses or cannot be reached.
    pub async fn check_token(&self, app: &str) -> Result<(), ApiError> {
        let registered = self.registered(app, GETTOKEN)?;
        self.token(registered, None).await.map(drop)
    }

    /// Makes a call and reads its answer.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, ApiError> {
        let body = self.with_token(call, whole).await?;
        serde_json::from_slice(&body).map_err(|error| {
            // It went well, so doing it again would only do it twice.
            let what = format!("the answer has another form than documented: {error}");
            let outcome_unknown = matches!(call.payload, Payload::Json(_));
            ApiError { outcome_unknown, ..ApiError::ours(call.path, Class::Unknown, what) }
        })
    }

    /// Fetches a file.
    pub(crate) async fn download(&self, call: Call<'_>) -> Result<Download, ApiError> {
        self.with_token(call, file).await
    }

    /// A ticket that pages of an app are signed with: fetched once for all replicas, as often as
    /// its life asks for it, because the platform counts the fetches of an hour.
    pub(crate) async fn ticket(&self, call: Call<'_>) -> Result<String, ApiError> {
        let registered = self.registered(call.app, call.path)?;
        let key = format!("{}/{}", registered.key, call.path);
        let wanted = Wanted { key: &key, path: call.path };
        self.inner.tokens.get(wanted, None, || self.fetch_ticket(call)).await
    }

    async fn fetch_ticket(&self, call: Call<'_>) -> Result<Fetched, ApiError> {
        #[derive(serde::Deserialize)]
        struct Answer {
            ticket: String,
            expires_in: i64,
        }
        let Answer { ticket, expires_in } = self.call(call).await?;
        Ok(Fetched { token: ticket, expires_in })
    }

    /// Makes a call with a token; once more with another token when that one was refused.
    async fn with_token<T>(&self, call: Call<'_>, read: Read<T>) -> Result<T, ApiError> {
        let registered = self.registered(call.app, call.path)?;
        let pass = self.inner.gates.enter(call.app, call.path).await?;
        let token = self.token(registered, None).await?;
        let mut outcome = self.once(call, &token, read).await;
        if outcome.as_ref().is_err_and(|error| error.class == Class::Token) {
            let token = self.token(registered, Some(&token)).await?;
            outcome = self.once(call, &token, read).await;
        }
        pass.settle(outcome.as_ref().err());
        outcome
    }

    async fn once<T>(&self, call: Call<'_>, token: &str, read: Read<T>) -> Result<T, ApiError> {
        let url = format!("{}/cgi-bin/{}", self.inner.base, call.path);
        let http = &self.inner.http;
        let request = match call.payload {
            Payload::None => http.get(url),
            Payload::Json(json) => {
                http.post(url).header(CONTENT_TYPE, "application/json").body(json.to_owned())
            }
            Payload::File { bytes, file_name, content_type } => {
                let form = form(bytes, file_name, content_type).map_err(|error| {
                    ApiError::ours(call.path, Class::Data, error.without_url().to_string())
                })?;
                http.post(url).multipart(form)
            }
        };
        let query = [("access_token", token)];
        let request = request.query(&query).query(call.query).timeout(call.timeout);
        let outcome = self.exchange(call.path, request, read).await;
        log(call.app, call.path, outcome.as_ref().err());
        outcome
    }

    async fn exchange<T>(
        &self,
        path: &'static str,
        request: RequestBuilder,
        read: Read<T>,
    ) -> Result<T, ApiError> {
        let response = request.send().await.map_err(|error| answer::transport(path, error))?;
        read(path, response, self.inner.media_max).await
    }

    async fn token(&self, of: &Registered, failed: Option<&str>) -> Result<String, ApiError> {
        let wanted = Wanted { key: &of.key, path: GETTOKEN };
        self.inner.tokens.get(wanted, failed, || self.gettoken(&of.app)).await
    }

    async fn gettoken(&self, app: &App) -> Result<Fetched, ApiError> {
        #[derive(serde::Deserialize)]
        struct Answer {
            access_token: String,
            expires_in: i64,
        }
        let url = format!("{}/cgi-bin/{GETTOKEN}", self.inner.base);
        let query = [("corpid", self.inner.corp_id.as_str()), ("corpsecret", &app.secret)];
        let request = self.inner.http.get(url).query(&query).timeout(CALL_TIMEOUT);
        let outcome = self.exchange(GETTOKEN, request, whole).await;
        log(&app.name, GETTOKEN, outcome.as_ref().err());
        let answer: Answer = serde_json::from_slice(&outcome?).map_err(|_not_that_form| {
            ApiError::no_answer(GETTOKEN, "the answer holds no token", false)
        })?;
        Ok(Fetched { token: answer.access_token, expires_in: answer.expires_in })
    }

    fn registered(&self, app: &str, path: &'static str) -> Result<&Registered, ApiError> {
        self.inner.apps.get(app).ok_or_else(|| {
            ApiError::ours(path, Class::Config, format!("there is no app named {app:?}"))
        })
    }
}

/// A file of known length under the part name that the platform wants; the file name goes out as
/// raw UTF-8, which is the form that it reads.
fn form(bytes: &Bytes, file_name: &str, content_type: &str) -> reqwest::Result<Form> {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let part = Part::stream_with_length(bytes.clone(), length).file_name(file_name.to_owned());
    Ok(Form::new().part("media", part.mime_str(content_type)?))
}

fn log(app: &str, path: &'static str, error: Option<&ApiError>) {
    let errcode = error.map_or(0, |error| error.errcode).to_string();
    metrics::counter!("wecom_calls_total", "path" => path, "errcode" => errcode).increment(1);
    match error {
        None => tracing::debug!(app, path, "called WeCom"),
        Some(error) => {
            let ApiError { errcode, errmsg, .. } = error;
            tracing::warn!(app, path, errcode, errmsg, "WeCom refused a call");
        }
    }
}

#[cfg(test)]
mod tests;
