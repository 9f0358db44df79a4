//! What handlers need, handed in by the root, and the one way in which they change anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Deref,
    sync::{Arc, atomic::AtomicBool},
};

use db::{Conn, Db};
use files::FileStore;
use kernel::{Clock, Ctx, Entropy, Error, Ids, Kind, Result};
use org::idempotency::{self, Begin};
use queue::intake::Accept;
use ticket::Setup;
use wecom::{Client, Crypt};

use crate::{
    brake::Brakes,
    guard::Tokens,
    health::Migrated,
    live::Live,
    reply::{Answer, Once},
    shell::{Pages, Shells},
};

/// What the root hands in.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Makes ids.
    pub ids: Ids,
    /// Makes tokens.
    pub entropy: Entropy,
    /// What tickets need.
    pub setup: Setup,
    /// The handling groups that are as the configuration says, by key.
    pub configured_groups: BTreeSet<String>,
    /// The customer groups whose places are as the configuration says.
    pub configured_places: BTreeSet<String>,
    /// Reads the signed addresses of progress pages.
    pub links: notify::Links,
    /// Where attachments lie.
    pub files: FileStore,
    /// WeCom: logins and the tickets that pages are signed with.
    pub wecom: Arc<Client>,
    /// What pages and logins must know of the house.
    pub pages: Pages,
    /// Takes callbacks.
    pub intake: Arc<dyn Accept>,
    /// The apps that are called back, by their name in the URL.
    pub apps: BTreeMap<String, Crypt>,
    /// Called after each committed change, so that the jobs it left run at once.
    pub ring: Arc<dyn Fn() + Send + Sync>,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whether anybody may read the metrics; otherwise a token with `ops:read` may.
    pub metrics_public: bool,
    /// Which build this is.
    pub build: String,
    /// Set when the service is about to stop: not ready any more.
    pub is_draining: Arc<AtomicBool>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let apps: Vec<_> = self.apps.keys().collect();
        out.debug_struct("Shared")
            .field("db", &self.db)
            .field("apps", &apps)
            .finish_non_exhaustive()
    }
}

/// What the root handed in, and what the server remembers by itself.
pub(crate) struct Server {
    shared: Shared,
    pub(crate) tokens: Tokens,
    pub(crate) migrated: Migrated,
    pub(crate) brakes: Brakes,
    pub(crate) shells: Shells,
    pub(crate) live: Live,
}

impl Deref for Server {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}

impl Server {
    /// What tickets are shown with.
    pub(crate) fn means(&self) -> crate::api::Means {
        (self.setup.clone(), self.links.clone())
    }

    pub(crate) fn new(shared: Shared) -> Self {
        let shells = Shells::new(&shared);
        Self {
            shared,
            tokens: Tokens::default(),
            migrated: Migrated::default(),
            brakes: Brakes::default(),
            shells,
            live: Live::default(),
        }
    }

    /// Changes something, in one transaction with the idempotency key of the request, if it has
    /// one. A command that was done under this key before is not done again: its answer is given.
    pub(crate) async fn command<F>(&self, ctx: &Ctx, once: Once, change: F) -> Result<Answer>
    where
        F: Fn(&mut Conn, &Ctx) -> Result<Answer> + Send + 'static,
    {
        let ctx = ctx.clone();
        let answer = self
            .db
            .write(move |conn| match &once.key {
                None => change(conn, &ctx),
                Some(key) => do_once(conn, &ctx, &once, key, &change),
            })
            .await?;
        (self.ring)();
        Ok(answer)
    }
}

fn do_once(
    conn: &mut Conn,
    ctx: &Ctx,
    once: &Once,
    key: &str,
    change: &dyn Fn(&mut Conn, &Ctx) -> Result<Answer>,
) -> Result<Answer> {
    match idempotency::begin(conn, ctx, &once.whose, key, &once.what)? {
        Begin::First => {
            let answer = change(conn, ctx)?;
            let (status, body) = (i32::from(answer.status), answer.kept());
            idempotency::finish(conn, &once.whose, key, status, body)?;
            Ok(answer)
        }
        Begin::Replay { status, body } => {
            Ok(Answer::again(u16::try_from(status).unwrap_or(200), body))
        }
        Begin::Mismatch => Err(Error::new(
            Kind::Invalid,
            "idempotency.mismatch",
            "这个 Idempotency-Key 已用于另一个请求，请换一个",
        )),
    }
}
