use std::sync::atomic::AtomicUsize;

use kernel::Error;

use super::*;

const KEY: &str = "ww1/print";
const WANTED: Wanted<'static> = Wanted { key: KEY, path: GETTOKEN };

fn clock() -> Clock {
    Clock::manual(Timestamp::from_seconds(1_700_000_000))
}

fn tokens(store: &Arc<MemoryTokens>, clock: &Clock, holder: i64) -> Tokens {
    let store: Arc<dyn TokenStore> = store.clone();
    Tokens::new(store, clock.clone(), holder)
}

/// Counts how often it is asked, and answers `token-1`, `token-2`, …
#[derive(Default)]
struct Platform {
    asked: AtomicUsize,
    expires_in: i64,
}

impl Platform {
    fn living(expires_in: i64) -> Self {
        Self { asked: AtomicUsize::new(0), expires_in }
    }

    async fn answer(&self) -> Result<Fetched, ApiError> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::task::yield_now().await;
        Ok(Fetched { token: format!("token-{number}"), expires_in: self.expires_in })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn all_who_ask_at_once_share_one_fetch() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let (tokens, platform) = (tokens(&store, &clock, 1), Platform::living(7200));
    let one = || tokens.get(WANTED, None, async || platform.answer().await);
    let got = tokio::join!(one(), one(), one(), one());
    assert!([got.0, got.1, got.2, got.3].iter().all(|token| token.as_deref() == Ok("token-1")));
    assert_eq!(platform.asked(), 1);
}

#[tokio::test]
async fn replicas_share_the_token_and_one_waits_for_the_other() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let (one, two) = (tokens(&store, &clock, 1), tokens(&store, &clock, 2));
    let platform = Platform::living(7200);
    let (first, second) = tokio::join!(
        one.get(WANTED, None, async || {
            tokio::time::sleep(Duration::from_millis(150)).await;
            platform.answer().await
        }),
        two.get(WANTED, None, async || platform.answer().await),
    );
    assert_eq!((first.as_deref(), second.as_deref()), (Ok("token-1"), Ok("token-1")));
    assert_eq!(platform.asked(), 1);
}

#[tokio::test]
async fn a_token_is_replaced_five_minutes_before_its_end() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let (tokens, platform) = (tokens(&store, &clock, 1), Platform::living(7200));
    let get = || tokens.get(WANTED, None, async || platform.answer().await);
    get().await.unwrap();
    clock.advance(6899 * SECOND);
    assert_eq!(get().await.as_deref(), Ok("token-1"));
    clock.advance(SECOND);
    assert_eq!(get().await.as_deref(), Ok("token-2"));
}

#[tokio::test]
async fn a_token_with_little_life_left_is_used_and_not_fetched_by_every_call() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let (tokens, platform) = (tokens(&store, &clock, 1), Platform::living(100));
    for second in 0..50 {
        let got = tokens.get(WANTED, None, async || platform.answer().await).await;
        assert_eq!(got.as_deref(), Ok("token-1"), "second {second}");
        clock.advance(SECOND);
    }
    assert_eq!(platform.asked(), 1);
}

#[tokio::test]
async fn many_calls_that_failed_with_one_token_lead_to_one_fetch() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let (tokens, platform) = (tokens(&store, &clock, 1), Platform::living(7200));
    let failed = tokens.get(WANTED, None, async || platform.answer().await).await.unwrap();
    for _call in 0..5 {
        let got = tokens.get(WANTED, Some(&failed), async || platform.answer().await).await;
        assert_eq!(got.as_deref(), Ok("token-2"));
    }
    assert_eq!(platform.asked(), 2);
}

#[tokio::test]
async fn a_newer_token_of_another_replica_is_taken_over_and_not_dropped() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let (one, two) = (tokens(&store, &clock, 1), tokens(&store, &clock, 2));
    let platform = Platform::living(7200);
    let fetch = async || platform.answer().await;
    one.get(WANTED, None, fetch).await.unwrap();
    let old = two.get(WANTED, None, fetch).await.unwrap();
    one.get(WANTED, Some(&old), fetch).await.unwrap();
    assert_eq!(two.get(WANTED, Some(&old), fetch).await.as_deref(), Ok("token-2"));
    assert_eq!(platform.asked(), 2);
}

#[tokio::test]
async fn a_wrong_secret_is_not_tried_again_until_the_ban_ends() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let (one, two) = (tokens(&store, &clock, 1), tokens(&store, &clock, 2));
    let asked = AtomicUsize::new(0);
    let fetch = async || {
        asked.fetch_add(1, Ordering::SeqCst);
        Err(ApiError::refused(GETTOKEN, 40001, "invalid credential"))
    };
    for tokens in [&one, &one, &two, &two] {
        let error = tokens.get(WANTED, None, fetch).await.unwrap_err();
        assert_eq!((error.errcode, error.class), (40001, Class::Config));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let platform = Platform::living(7200);
    let other = token_key("ww1", "another secret");
    assert!(
        one.get(Wanted { key: &other, ..WANTED }, None, async || platform.answer().await)
            .await
            .is_ok()
    );
    clock.advance(BAN);
    assert_eq!(
        two.get(WANTED, None, async || platform.answer().await).await.as_deref(),
        Ok("token-2")
    );
}

#[tokio::test]
async fn too_many_gettokens_say_how_long_to_wait() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let tokens = tokens(&store, &clock, 1);
    let fetch = async || Err(ApiError::refused(GETTOKEN, 45009, "api freq out of limit"));
    tokens.get(WANTED, None, fetch).await.unwrap_err();
    clock.advance(MINUTE);
    let error = tokens.get(WANTED, None, fetch).await.unwrap_err();
    assert_eq!(error.class, Class::Limit { wait: BAN - MINUTE });
}

#[tokio::test]
async fn who_waited_for_a_fetch_that_failed_fails_with_it() {
    let (store, clock) = (Arc::new(MemoryTokens::new()), clock());
    let tokens = tokens(&store, &clock, 1);
    let asked = AtomicUsize::new(0);
    let one = || {
        tokens.get(WANTED, None, async || {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            Err(ApiError::no_answer(GETTOKEN, "timed out", true))
        })
    };
    let got = tokio::join!(one(), one(), one());
    assert!([got.0, got.1, got.2].iter().all(std::result::Result::is_err));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert!(one().await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 2, "a later call tries again");
}

/// A store whose database is away.
struct Away;

#[async_trait]
impl TokenStore for Away {
    async fn load(&self, _key: &str) -> Result<Option<StoredToken>> {
        Err(Error::new(kernel::Kind::Busy, "db.busy", "away"))
    }

    async fn try_lease(&self, _: &str, _: i64, _: Timestamp, _: Timestamp) -> Result<bool> {
        Err(Error::new(kernel::Kind::Busy, "db.busy", "away"))
    }

    async fn save(&self, _key: &str, _token: &StoredToken, _holder: i64) -> Result<()> {
        Err(Error::new(kernel::Kind::Busy, "db.busy", "away"))
    }

    async fn forget(&self, _key: &str, _failed: &str) -> Result<()> {
        Err(Error::new(kernel::Kind::Busy, "db.busy", "away"))
    }

    async fn ban(&self, _key: &str, _until: Timestamp, _reason: &str) -> Result<()> {
        Err(Error::new(kernel::Kind::Busy, "db.busy", "away"))
    }

    async fn banned(&self, _key: &str, _now: Timestamp) -> Result<Option<Ban>> {
        Err(Error::new(kernel::Kind::Busy, "db.busy", "away"))
    }
}

#[tokio::test]
async fn without_its_store_a_process_keeps_its_own_token_and_its_own_ban() {
    let clock = clock();
    let tokens = Tokens::new(Arc::new(Away), clock.clone(), 1);
    let platform = Platform::living(7200);
    for _call in 0..3 {
        let got = tokens.get(WANTED, None, async || platform.answer().await).await;
        assert_eq!(got.as_deref(), Ok("token-1"));
    }
    let asked = AtomicUsize::new(0);
    for _call in 0..3 {
        let fetch = async || {
            asked.fetch_add(1, Ordering::SeqCst);
            Err(ApiError::refused(GETTOKEN, 40001, ""))
        };
        assert!(tokens.get(Wanted { key: "other", ..WANTED }, None, fetch).await.is_err());
    }
    assert_eq!((platform.asked(), asked.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_slow_holder_does_not_overwrite_a_newer_token() {
    let (store, now) = (MemoryTokens::new(), Timestamp(0));
    let token = |text: &str| StoredToken { token: text.into(), expires_at: Timestamp(99) };
    assert!(store.try_lease(KEY, 1, Timestamp(10), now).await.unwrap());
    assert!(!store.try_lease(KEY, 2, Timestamp(10), now).await.unwrap());
    assert!(store.try_lease(KEY, 2, Timestamp(20), Timestamp(10)).await.unwrap());
    store.save(KEY, &token("new"), 2).await.unwrap();
    store.save(KEY, &token("old"), 1).await.unwrap();
    assert_eq!(store.load(KEY).await.unwrap(), Some(token("new")));
    store.forget(KEY, "old").await.unwrap();
    assert!(store.load(KEY).await.unwrap().is_some());
    store.forget(KEY, "new").await.unwrap();
    assert_eq!(store.load(KEY).await.unwrap(), None);
}

#[test]
fn neither_key_nor_token_show_a_secret() {
    assert_eq!(token_key("ww1", "s3cret"), "ww1/1ec1c26b50d5d3c5");
    assert_ne!(token_key("ww1", "a"), token_key("ww1", "b"));
    let token = StoredToken { token: "s3cret".into(), expires_at: Timestamp(0) };
    assert!(!format!("{token:?}").contains("s3cret"));
}
