//! WeCom's access tokens, shared between replicas through the database.

use std::time::Duration;

use async_trait::async_trait;
use db::{Conn, Db};
use kernel::{Kind, Result, Timestamp};
use org::wecom_token as table;
use wecom::token::{Ban, StoredToken, TokenStore};

/// The shared store.
pub(crate) struct SharedTokens(pub(crate) Db);

/// How often a busy database is asked, and how long between. A store that fails makes each replica
/// fetch a token of its own, so a moment's crowd must not look like an outage.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

impl SharedTokens {
    async fn change<T: Send + 'static>(
        &self,
        change: impl Fn(&mut Conn) -> Result<T> + Clone + Send + Sync + 'static,
    ) -> Result<T> {
        for _ in 1..TRIES {
            match self.0.write(change.clone()).await {
                Err(error) if error.kind() == Kind::Busy => tokio::time::sleep(PAUSE).await,
                done => return done,
            }
        }
        self.0.write(change).await
    }
}

#[async_trait]
impl TokenStore for SharedTokens {
    async fn load(&self, key: &str) -> Result<Option<StoredToken>> {
        let key = key.to_owned();
        self.0.read(move |conn| table::load(conn, &key)).await
    }

    async fn try_lease(
        &self,
        key: &str,
        holder: i64,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let key = key.to_owned();
        self.change(move |conn| table::try_lease(conn, &key, holder, until, now)).await
    }

    async fn save(&self, key: &str, token: &StoredToken, holder: i64) -> Result<()> {
        let (key, token) = (key.to_owned(), token.clone());
        self.change(move |conn| table::save(conn, &key, &token, holder)).await
    }

    async fn forget(&self, key: &str, failed: &str) -> Result<()> {
        let (key, failed) = (key.to_owned(), failed.to_owned());
        self.change(move |conn| table::forget(conn, &key, &failed)).await
    }

    async fn ban(&self, key: &str, until: Timestamp, reason: &str) -> Result<()> {
        let (key, reason) = (key.to_owned(), reason.to_owned());
        self.change(move |conn| table::ban(conn, &key, until, &reason)).await
    }

    async fn banned(&self, key: &str, now: Timestamp) -> Result<Option<Ban>> {
        let key = key.to_owned();
        self.0.read(move |conn| table::banned(conn, &key, now)).await
    }
}
