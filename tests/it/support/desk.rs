//! The house and the simulator, started for one test, over real HTTP. Background work runs when a
//! story says so ([`Desk::settle`]), at the time of a clock that only [`Desk::advance`] moves.

use std::sync::Arc;

use kernel::{Clock, Entropy, Micros, Timestamp};
use qidan::{Config, House, Parts, demo};
use queue::{Queue, Stopper};
use serde_json::{Value, json};
use sim::{CorpSeed, Options, Pace};

use super::{Chat, Entry, Schema};

/// When stories begin: a Monday morning in Shanghai.
const BEGIN: i64 = 1_795_395_600;

/// The house and the simulator of one test.
pub(crate) struct Desk {
    pub(crate) url: String,
    pub(crate) sim: sim::Running,
    pub(crate) sim_url: String,
    pub(crate) queue: Queue,
    pub(crate) db: db::Db,
    pub(crate) clock: Clock,
    pub(crate) http: reqwest::Client,
    pub(crate) browser: reqwest::Client,
    pub(crate) token: String,
    pub(crate) schema: Schema,
    pub(crate) config: Config,
    stopper: Stopper,
    served: Option<tokio::task::JoinHandle<kernel::Result<()>>>,
}

#[expect(clippy::disallowed_methods, reason = "a test starts what it tests")]
pub(crate) fn start<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(work)
}

/// A client without proxies, for loopback.
pub(crate) fn client() -> reqwest::Client {
    let _before = qidan::ops::install_tls();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

impl Desk {
    /// A house with the sample company, mirrored, and nothing else.
    pub(crate) async fn open() -> Self {
        Self::with(|_config| {}).await
    }

    /// The same with another configuration.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let http = client();
        let browser = reqwest::Client::builder().no_proxy();
        let browser = browser.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let schema = Schema::fresh();
        let clock = Clock::manual(Timestamp::from_seconds(BEGIN));
        let entropy = Entropy::seeded(7);
        let pace = Pace { spacing: std::time::Duration::from_millis(50), ..Pace::REAL };
        let options = Options {
            bind: "127.0.0.1:0".parse().unwrap(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            corp: CorpSeed::sample(),
            pace,
        };
        let sim = sim::start(options).await.unwrap();
        let mut config = demo::against(Config::load(None).unwrap(), &sim);
        config.database.url = schema.url.clone();
        config.server.bind = "127.0.0.1:0".parse().unwrap();
        config.files.store = format!("fs:{}", schema.folder.join("files").display());
        config.intake.spool = schema.folder.join("spool").display().to_string();
        config.workers.enabled = false;
        // A busy machine is not what these stories are about.
        config.database.patience_ms = 20_000;
        config.server.workers = 1;
        change(&mut config);
        let parts = Parts { clock: clock.clone(), entropy, metrics: Arc::new(String::new) };
        let house = House::open(config.clone(), parts).await.unwrap();
        house.sync().await.unwrap();
        let (ctx, entropy) = (house.ctx(), house.shared().entropy.clone());
        let (_id, token) = house
            .db()
            .write(move |conn| {
                org::create_token(conn, &ctx, &entropy, "test", &[org::Scope::Admin])
            })
            .await
            .unwrap();
        let (queue, db) = (house.queue().clone(), house.db().clone());
        let (stopper, stop) = queue::stop();
        let (tell, told) = tokio::sync::oneshot::channel();
        let served = start(house.serve(stop, move |addr| tell.send(addr).unwrap()));
        let url = format!("http://{}", told.await.unwrap());
        assert!(sim.set_callback("desk", &format!("{url}/wecom/callback/desk")));
        let sim_url = sim.base_url();
        let served = Some(served);
        Self {
            url,
            sim,
            sim_url,
            queue,
            db,
            clock,
            http,
            browser,
            token,
            schema,
            config,
            stopper,
            served,
        }
    }

    /// Runs everything that is due, until nothing is.
    pub(crate) async fn settle(&self) {
        self.queue.run_until_idle().await;
    }

    /// Moves the clock and runs what became due.
    pub(crate) async fn advance(&self, span: Micros) {
        self.clock.advance(span);
        self.settle().await;
    }

    /// Asks the simulator's control API; panics unless it answers well.
    pub(crate) async fn sim_post(&self, path: &str, body: Value) -> Value {
        let answer = self.http.post(format!("{}{path}", self.sim_url)).json(&body).send().await;
        let answer = answer.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Reads the simulator's control API.
    pub(crate) async fn sim_get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.sim_url)).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// A person writes to the app; everything that follows has happened afterwards.
    pub(crate) async fn says(&self, userid: &str, words: &str) {
        self.writes(userid, json!({ "msgtype": "text", "content": words })).await;
        self.settle().await;
    }

    /// A person writes to the app; the callback is delivered, and nothing more.
    pub(crate) async fn writes(&self, userid: &str, mut message: Value) -> Value {
        message["app"] = json!("desk");
        self.sim_post(&format!("/_sim/chats/{userid}/messages?wait=1"), message).await
    }

    /// A person presses a button of the app's menu.
    pub(crate) async fn opens_menu(&self, userid: &str, key: &str) {
        let body = json!({ "app": "desk", "key": key });
        self.sim_post(&format!("/_sim/chats/{userid}/menu?wait=1"), body).await;
        self.settle().await;
    }

    /// A person presses a button of a card; everything that follows has happened afterwards.
    pub(crate) async fn presses(&self, userid: &str, card: &Entry, key: &str) {
        self.press(userid, card, key, json!({})).await;
        self.settle().await;
    }

    /// A person presses a button of a card with a choice; nothing is worked on yet.
    pub(crate) async fn press(&self, userid: &str, card: &Entry, key: &str, selected: Value) {
        let is_menu = card.card().is_some_and(|card| {
            let entries = card["action_menu"]["action_list"].as_array();
            entries.is_some_and(|all| all.iter().any(|one| one["key"] == key))
        });
        let body = json!({ "userid": userid, "key": key, "selected": selected, "menu": is_menu });
        self.sim_post(&format!("/_sim/cards/{}/click?wait=1", card.card_id()), body).await;
    }

    /// What a person sees in the app's conversation.
    pub(crate) async fn chat(&self, userid: &str) -> Chat {
        let chat = self.sim_get(&format!("/_sim/chats/{userid}?app=desk&after=0")).await;
        let items = chat["items"].as_array().cloned().unwrap_or_default();
        Chat(items.into_iter().map(Entry).collect())
    }

    /// Asks our API.
    pub(crate) async fn api(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Acts on a ticket for a member.
    pub(crate) async fn acts(
        &self,
        userid: &str,
        ticket: &str,
        verb: &str,
        input: Value,
    ) -> (u16, Value) {
        let url = format!("{}/api/v1/tickets/{ticket}/actions/{verb}", self.url);
        let request = self.http.post(url).bearer_auth(&self.token);
        let answer = request.header("qidan-act-as", userid).json(&input).send().await.unwrap();
        let status = answer.status().as_u16();
        let answer = answer.json().await.unwrap_or_default();
        self.settle().await;
        (status, answer)
    }

    /// Every ticket, newest change first.
    pub(crate) async fn tickets(&self) -> Vec<Value> {
        let (status, page) = self.api("GET", "/tickets?limit=200", None).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().cloned().unwrap_or_default()
    }

    /// Stops the house; what it left undone is an error. Every ticket's log gives its snapshot.
    pub(crate) async fn close(mut self) {
        let ids = self.db.read(|conn| ticket::ids_after(conn, kernel::TicketId(0), 10_000)).await;
        for id in ids.unwrap() {
            self.db.read(move |conn| ticket::check_replay(conn, id)).await.unwrap();
        }
        self.stopper.stop();
        if let Some(served) = self.served.take() {
            served.await.unwrap().unwrap();
        }
        self.sim.stop().await;
    }
}
