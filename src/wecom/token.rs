//! Access tokens, and the tickets that pages are signed with: one fetch for all who need one, in
//! this process and among replicas. A wrong secret tried again and again gets the whole address
//! banned by the platform, so a refusal is remembered for a while; a new secret is a new key and
//! starts afresh.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use kernel::{
    Clock, Micros, Result, Timestamp,
    time::{MINUTE, SECOND},
};
use sha2::{Digest, Sha256};

use crate::error::{ApiError, Class};

/// Tokens are replaced so long before the platform ends them.
pub const REFRESH_MARGIN: Micros = 300 * SECOND;
/// How long a replica may take to fetch a token before another one does.
pub const LEASE: Micros = 15 * SECOND;
/// How long a refusal of gettoken is believed: at most six wrong secrets an hour.
pub const BAN: Micros = 10 * MINUTE;
/// How often a replica looks whether the lease holder has brought the token.
const WAIT_STEP: Duration = Duration::from_millis(100);
/// How many times: as long as a lease lasts.
const WAIT_STEPS: usize = 150;
/// The call that brings tokens.
pub(crate) const GETTOKEN: &str = "gettoken";

/// A token that is shared between replicas. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// The token, up to 512 bytes.
    pub token: String,
    /// From when on it is not to be used any more; [`REFRESH_MARGIN`] is taken off already.
    pub expires_at: Timestamp,
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("StoredToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why gettoken is not called for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Until when.
    pub until: Timestamp,
    /// What the platform said: `40001 invalid credential, …`.
    pub reason: String,
}

/// Where replicas share tokens. A store that fails is passed by: each process then has its own
/// token, which harms nobody.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The stored token of this key, however old.
    async fn load(&self, key: &str) -> Result<Option<StoredToken>>;

    /// Whether `holder` may fetch the token: nobody else holds the lease at `now`. Lasts until
    /// `until` or until the holder saves.
    async fn try_lease(
        &self,
        key: &str,
        holder: i64,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool>;

    /// Stores a fetched token and ends the lease; without effect when the lease has passed to
    /// another holder, so that a slow one cannot overwrite a newer token.
    async fn save(&self, key: &str, token: &StoredToken, holder: i64) -> Result<()>;

    /// Removes the token if it is still the one that failed.
    async fn forget(&self, key: &str, failed: &str) -> Result<()>;

    /// Remembers that gettoken is refused.
    async fn ban(&self, key: &str, until: Timestamp, reason: &str) -> Result<()>;

    /// The refusal that holds at `now`.
    async fn banned(&self, key: &str, now: Timestamp) -> Result<Option<Ban>>;
}

/// A store in memory: one process, or tests.
#[derive(Default)]
pub struct MemoryTokens {
    rows: Mutex<HashMap<String, Row>>,
}

#[derive(Default)]
struct Row {
    token: Option<StoredToken>,
    lease: Option<(i64, Timestamp)>,
    ban: Option<Ban>,
}

impl MemoryTokens {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, key: &str, act: impl FnOnce(&mut Row) -> T) -> Result<T> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(act(rows.entry(key.to_owned()).or_default()))
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self, key: &str) -> Result<Option<StoredToken>> {
        self.with(key, |row| row.token.clone())
    }

    async fn try_lease(
        &self,
        key: &str,
        holder: i64,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        self.with(key, |row| {
            let free = row.lease.is_none_or(|(other, ends)| other == holder || ends <= now);
            if free {
                row.lease = Some((holder, until));
            }
            free
        })
    }

    async fn save(&self, key: &str, token: &StoredToken, holder: i64) -> Result<()> {
        self.with(key, |row| {
            if row.lease.is_some_and(|(leased, _)| leased == holder) {
                row.token = Some(token.clone());
                row.lease = None;
            }
        })
    }

    async fn forget(&self, key: &str, failed: &str) -> Result<()> {
        self.with(key, |row| {
            row.token.take_if(|token| token.token == failed);
        })
    }

    async fn ban(&self, key: &str, until: Timestamp, reason: &str) -> Result<()> {
        let ban = Ban { until, reason: reason.to_owned() };
        self.with(key, |row| {
            row.lease = None;
            row.ban = Some(ban);
        })
    }

    async fn banned(&self, key: &str, now: Timestamp) -> Result<Option<Ban>> {
        self.with(key, |row| row.ban.clone().filter(|ban| ban.until > now))
    }
}

/// The key of an app's token: names the corp and a fingerprint of the secret, never the secret.
pub fn token_key(corp_id: &str, secret: &str) -> String {
    let print = kernel::text::hex(&Sha256::digest(secret.as_bytes()));
    let print: String = print.chars().take(16).collect();
    format!("{corp_id}/{print}")
}

/// Which token, and by which call it is had.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a str,
    pub(crate) path: &'static str,
}

/// What gettoken answered.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) token: String,
    pub(crate) expires_in: i64,
}

/// Hands out tokens; all who ask at once share one fetch.
pub struct Tokens {
    store: Arc<dyn TokenStore>,
    clock: Clock,
    holder: i64,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// One key in this process. Locked while a token is fetched: that is the single flight.
#[derive(Default)]
struct Slot {
    known: tokio::sync::Mutex<Known>,
    /// How many fetches have ended: who finds that one ended while he waited shares its failure
    /// instead of waiting for the next time-out.
    ended: AtomicU64,
}

/// What this process knows of one key.
#[derive(Default)]
struct Known {
    token: Option<StoredToken>,
    ban: Option<Ban>,
    failed: Option<ApiError>,
}

impl Tokens {
    /// Over a shared store; `holder` tells this process from the others.
    pub fn new(store: Arc<dyn TokenStore>, clock: Clock, holder: i64) -> Self {
        Self { store, clock, holder, slots: Mutex::default() }
    }

    /// A token that is good as far as anybody knows, fetched when there is none. `failed` is the
    /// token that the platform just refused: it is dropped wherever it still stands.
    pub(crate) async fn get<F, A>(
        &self,
        wanted: Wanted<'_>,
        failed: Option<&str>,
        fetch: F,
    ) -> Result<String, ApiError>
    where
        F: Fn() -> A + Sync,
        A: Future<Output = Result<Fetched, ApiError>> + Send,
    {
        let key = wanted.key;
        let slot = self.slot(key);
        let before = slot.ended.load(Ordering::Acquire);
        let mut known = slot.known.lock().await;
        if let Some(failed) = failed {
            known.token.take_if(|token| token.token == failed);
            if known.token.is_none() {
                self.note(self.store.forget(key, failed).await);
            }
        }
        let now = self.clock.now();
        if let Some(token) = known.token.as_ref().filter(|token| token.expires_at > now) {
            return Ok(token.token.clone());
        }
        if let Some(ban) = known.ban.as_ref().filter(|ban| ban.until > now) {
            return Err(refused(wanted.path, ban, now));
        }
        if let Some(error) = &known.failed
            && slot.ended.load(Ordering::Acquire) > before
        {
            return Err(error.clone());
        }
        let outcome = self.shared(wanted, &fetch).await;
        slot.ended.fetch_add(1, Ordering::Release);
        match outcome {
            Ok(token) => {
                *known = Known { token: Some(token.clone()), ban: None, failed: None };
                Ok(token.token)
            }
            Err(Failed { error, ban }) => {
                *known = Known { token: None, ban, failed: Some(error.clone()) };
                Err(error)
            }
        }
    }

    fn slot(&self, key: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.to_owned()).or_default())
    }

    /// From the shared store, or fetched under its lease, or brought by whoever holds the lease.
    async fn shared<F, A>(&self, wanted: Wanted<'_>, fetch: &F) -> Result<StoredToken, Failed>
    where
        F: Fn() -> A + Sync,
        A: Future<Output = Result<Fetched, ApiError>> + Send,
    {
        let key = wanted.key;
        for _step in 0..WAIT_STEPS {
            let now = self.clock.now();
            match self.ask(key, now).await {
                Ok(Answer::Token(token)) => return Ok(token),
                Ok(Answer::Banned(ban)) => {
                    let error = refused(wanted.path, &ban, now);
                    return Err(Failed { error, ban: Some(ban) });
                }
                Ok(Answer::Mine) => return self.fetch(wanted, fetch).await,
                Ok(Answer::Wait) => tokio::time::sleep(WAIT_STEP).await,
                Err(error) => {
                    tracing::warn!(%error, "the token store failed, this process uses its own token");
                    return self.fetch(wanted, fetch).await;
                }
            }
        }
        let what = "another replica has been fetching the token for too long";
        Err(Failed { error: ApiError::no_answer(wanted.path, what, false), ban: None })
    }

    async fn ask(&self, key: &str, now: Timestamp) -> Result<Answer> {
        if let Some(token) = self.fresh(key, now).await? {
            return Ok(Answer::Token(token));
        }
        if let Some(ban) = self.store.banned(key, now).await? {
            return Ok(Answer::Banned(ban));
        }
        if !self.store.try_lease(key, self.holder, now.plus(LEASE), now).await? {
            return Ok(Answer::Wait);
        }
        // Whoever held the lease before may have saved in the meantime.
        Ok(self.fresh(key, now).await?.map_or(Answer::Mine, Answer::Token))
    }

    async fn fresh(&self, key: &str, now: Timestamp) -> Result<Option<StoredToken>> {
        Ok(self.store.load(key).await?.filter(|token| token.expires_at > now))
    }

    async fn fetch<F, A>(&self, wanted: Wanted<'_>, fetch: &F) -> Result<StoredToken, Failed>
    where
        F: Fn() -> A + Sync,
        A: Future<Output = Result<Fetched, ApiError>> + Send,
    {
        let key = wanted.key;
        match fetch().await {
            Ok(Fetched { token, expires_in }) => {
                let life = expires_in.clamp(2, 86_400).saturating_mul(SECOND);
                // The platform may answer the old token with little life left: half of it is used,
                // or every call would fetch.
                let margin = REFRESH_MARGIN.min(life / 2);
                let expires_at = self.clock.now().plus(life - margin);
                let token = StoredToken { token, expires_at };
                self.note(self.store.save(key, &token, self.holder).await);
                Ok(token)
            }
            Err(error) => {
                let lasting = matches!(error.class, Class::Config | Class::Limit { .. });
                let ban = lasting.then(|| Ban {
                    until: self.clock.now().plus(BAN),
                    reason: format!("{} {}", error.errcode, error.errmsg),
                });
                if let Some(ban) = &ban {
                    let (path, reason) = (wanted.path, &ban.reason);
                    tracing::error!(
                        path,
                        reason,
                        "WeCom refused a token, and is not asked for a while"
                    );
                    self.note(self.store.ban(key, ban.until, &ban.reason).await);
                }
                Err(Failed { error, ban })
            }
        }
    }

    fn note(&self, stored: Result<()>) {
        if let Err(error) = stored {
            tracing::warn!(%error, "the token store failed");
        }
    }
}

enum Answer {
    Token(StoredToken),
    Banned(Ban),
    Mine,
    Wait,
}

struct Failed {
    error: ApiError,
    ban: Option<Ban>,
}

/// The error of a call that was not made because it was refused before.
fn refused(path: &'static str, ban: &Ban, now: Timestamp) -> ApiError {
    let (errcode, errmsg) = ban.reason.split_once(' ').unwrap_or((&ban.reason, ""));
    let mut error = ApiError::refused(path, errcode.parse().unwrap_or(40001), errmsg);
    if let Class::Limit { wait } = &mut error.class {
        *wait = ban.until.since(now);
    }
    error
}

#[cfg(test)]
mod tests;
