//! WeCom's access tokens, shared between replicas through the database.

use async_trait::async_trait;
use db::Db;
use kernel::{Result, Timestamp};
use org::wecom_token as table;
use wecom::token::{Ban, StoredToken, TokenStore};

/// The shared store.
pub(crate) struct SharedTokens(pub(crate) Db);

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
        self.0.write(move |conn| table::try_lease(conn, &key, holder, until, now)).await
    }

    async fn save(&self, key: &str, token: &StoredToken, holder: i64) -> Result<()> {
        let (key, token) = (key.to_owned(), token.clone());
        self.0.write(move |conn| table::save(conn, &key, &token, holder)).await
    }

    async fn forget(&self, key: &str, failed: &str) -> Result<()> {
        let (key, failed) = (key.to_owned(), failed.to_owned());
        self.0.write(move |conn| table::forget(conn, &key, &failed)).await
    }

    async fn ban(&self, key: &str, until: Timestamp, reason: &str) -> Result<()> {
        let (key, reason) = (key.to_owned(), reason.to_owned());
        self.0.write(move |conn| table::ban(conn, &key, until, &reason)).await
    }

    async fn banned(&self, key: &str, now: Timestamp) -> Result<Option<Ban>> {
        let key = key.to_owned();
        self.0.read(move |conn| table::banned(conn, &key, now)).await
    }
}
