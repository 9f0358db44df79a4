//! The real program as a process of its own: started, asked over HTTP, killed, started again. Its
//! clock is the machine's, and its workers run by themselves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    net::TcpListener,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU16, AtomicU32, Ordering},
    time::Duration,
};

use db::diesel::{
    Connection as _, MysqlConnection, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _, dsl, sql_types::Text,
};
use kernel::{Clock, Entropy};
use serde_json::{Value, json};
use sim::{CorpSeed, Options, Pace};

use super::{
    Chat, Entry, Schema,
    desk::{client, start},
};

/// How long a process may take to become ready or to end, and a story to come to its end.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

static NUMBER: AtomicU32 = AtomicU32::new(0);
static PORT: AtomicU16 = AtomicU16::new(0);

/// What a command said.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command of the program to its end.
pub(crate) async fn qidan(args: &[&str], env: &[(&str, String)]) -> Said {
    let mut command = program(args, env);
    command.current_dir(std::env::temp_dir());
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: ran.status.code().unwrap_or(-1), out: text(ran.stdout), err: text(ran.stderr) }
}

fn program(args: &[&str], env: &[(&str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qidan"));
    command.args(args).envs(env.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
    command
}

/// A port that nobody has, below those that the system gives to clients: a process that was killed
/// must find it free when it comes back.
fn free_port() -> u16 {
    let seed = u16::try_from(std::process::id() % 1000).unwrap();
    loop {
        let next = PORT.fetch_add(1, Ordering::SeqCst);
        let port = 12_000 + (seed * 17 + next) % 6_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A database server of the story's own, which may be hurt.
pub(crate) struct Server {
    script: PathBuf,
    folder: PathBuf,
    url: String,
}

impl Server {
    /// Starts one of the kind that the suite runs on.
    pub(crate) async fn start(kind: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(kind);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("qidan_own_{}_{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let mut server = Self { script, folder, url: String::new() };
        server.url = server.does("start").await.trim().to_owned();
        server
    }

    /// `start`, `pause`, `cont` or `kill`.
    pub(crate) async fn does(&self, verb: &str) -> String {
        let mut command = Command::new(&self.script);
        command.arg(verb).arg(self.folder.join("server"));
        let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let err = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{verb}: {err}");
        String::from_utf8(ran.stdout).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _paused =
            Command::new(&self.script).arg("cont").arg(self.folder.join("server")).output();
        let _gone = Command::new(&self.script).arg("kill").arg(self.folder.join("server")).output();
        let _gone = fs::remove_dir_all(&self.folder);
    }
}

/// Where a story keeps everything.
pub(crate) enum Place {
    /// With the others of the suite.
    Shared(Schema),
    /// On a server of its own.
    Own(Server),
}

impl Place {
    fn url(&self) -> &str {
        match self {
            Self::Shared(schema) => &schema.url,
            Self::Own(server) => &server.url,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Shared(schema) => &schema.folder,
            Self::Own(server) => &server.folder,
        }
    }
}

/// A stranger who holds the database's lock: nothing can be written until he is dropped.
pub(crate) enum Grip {
    Sqlite(SqliteConnection),
    Mysql(MysqlConnection),
}

/// A company with its simulator and its database, and a place for the service to run at.
pub(crate) struct Site {
    pub(crate) sim: sim::Running,
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) place: Place,
    pub(crate) token: String,
    env: Vec<(&'static str, String)>,
}

impl Site {
    /// The sample company, mirrored. A callback is delivered again after `spacing`.
    pub(crate) async fn open(spacing: Duration) -> Self {
        Self::at(Place::Shared(Schema::fresh()), spacing).await
    }

    /// The same in another place.
    pub(crate) async fn at(place: Place, spacing: Duration) -> Self {
        let http = client();
        let options = Options {
            bind: "127.0.0.1:0".parse().unwrap(),
            clock: Clock::System,
            entropy: Entropy::seeded(7),
            corp: CorpSeed::sample(),
            pace: Pace { spacing, ..Pace::REAL },
        };
        let sim = sim::start(options).await.unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        assert!(sim.set_callback("desk", &format!("{url}/wecom/callback/desk")));
        let corp = CorpSeed::sample();
        let app = &corp.apps[0];
        let inside = |name: &str| place.folder().join(name).display().to_string();
        let env = vec![
            ("QIDAN__SERVER__BIND", format!("127.0.0.1:{port}")),
            ("QIDAN__SERVER__PUBLIC_URL", url.clone()),
            ("QIDAN__SERVER__WORKERS", "1".to_owned()),
            ("QIDAN__DATABASE__URL", place.url().to_owned()),
            ("QIDAN__WECOM__CORP_ID", corp.corp_id.clone()),
            ("QIDAN__WECOM__API_BASE", sim.base_url()),
            ("QIDAN__WECOM__APPS__DESK__AGENT_ID", app.agent_id.to_string()),
            ("QIDAN__WECOM__APPS__DESK__SECRET", app.secret.clone()),
            ("QIDAN__WECOM__APPS__DESK__TOKEN", app.token.clone()),
            ("QIDAN__WECOM__APPS__DESK__ENCODING_AES_KEY", app.encoding_aes_key.clone()),
            ("QIDAN__GROUPS__HANDLERS__NAME", "维修一组".to_owned()),
            ("QIDAN__GROUPS__HANDLERS__MEMBERS", "liuyang,zhaomin".to_owned()),
            ("QIDAN__FILES__STORE", format!("fs:{}", inside("files"))),
            ("QIDAN__INTAKE__SPOOL", inside("spool")),
            ("QIDAN__LOG__FORMAT", "json".to_owned()),
        ];
        let mut site = Self { sim, http, url, place, token: String::new(), env };
        site.commands(&["sync"]).await;
        let token = site.commands(&["token", "create", "--name", "t", "--scope", "admin"]).await;
        token.trim().clone_into(&mut site.token);
        site
    }

    /// Runs a command, which must succeed.
    pub(crate) async fn commands(&self, args: &[&str]) -> String {
        let said = qidan(args, &self.env).await;
        assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        said.out
    }

    /// The configuration of this place, and more.
    pub(crate) fn env(&self, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        self.env.iter().cloned().chain(more).collect()
    }

    /// Starts the service and waits until it is ready.
    pub(crate) async fn starts(&self, more: &[(&'static str, &str)]) -> Service {
        let ready = format!("{}/readyz", self.url);
        let is_ready = async |_log: String| {
            self.http.get(&ready).send().await.is_ok_and(|said| said.status().is_success())
        };
        self.spawns(&["serve"], &self.env(more), is_ready).await
    }

    /// Starts a demo beside the service and waits until it has said where it is.
    pub(crate) async fn starts_demo(&self, env: &[(&str, String)]) -> Service {
        let is_ready = async |log: String| log.contains("\"simulator\":");
        self.spawns(&["demo", "--json"], env, is_ready).await
    }

    async fn spawns(
        &self,
        args: &[&str],
        env: &[(&str, String)],
        is_ready: impl AsyncFn(String) -> bool,
    ) -> Service {
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let log = self.place.folder().join(format!("process-{number}.log"));
        let out = File::create(&log).unwrap();
        let mut command = program(args, env);
        command.stdout(out.try_clone().unwrap()).stderr(out).current_dir(self.place.folder());
        let mut service = Service { child: command.spawn().unwrap(), log };
        let begun = tokio::time::timeout(PATIENCE, async {
            while !is_ready(service.log()).await {
                let ended = service.child.try_wait().unwrap();
                assert!(ended.is_none(), "it ended: {ended:?}\n{}", service.log());
                tokio::time::sleep(LOOK).await;
            }
        });
        assert!(begun.await.is_ok(), "not ready\n{}", service.log());
        service
    }

    /// Asks the simulator's control API; panics unless it answers well.
    pub(crate) async fn sim_post(&self, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.sim.base_url());
        let answer = self.http.post(url).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn sim_get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.sim.base_url());
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// A person writes to the app; nobody waits for the delivery.
    pub(crate) async fn says(&self, userid: &str, words: &str) {
        let message = json!({ "app": "desk", "msgtype": "text", "content": words });
        self.sim_post(&format!("/_sim/chats/{userid}/messages"), message).await;
    }

    /// What a person sees in the app's conversation.
    pub(crate) async fn chat(&self, userid: &str) -> Chat {
        let chat = self.sim_get(&format!("/_sim/chats/{userid}?app=desk&after=0")).await;
        let items = chat["items"].as_array().cloned().unwrap_or_default();
        Chat(items.into_iter().map(Entry).collect())
    }

    /// Every attempt to deliver a callback so far.
    pub(crate) async fn deliveries(&self) -> Vec<Value> {
        let lines = self.sim_get("/_sim/callbacks?after=0").await;
        lines["items"].as_array().cloned().unwrap_or_default()
    }

    /// Asks our service; 0 when it does not answer.
    pub(crate) async fn asks(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if path.starts_with("/api/") {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        match request.send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                (status, answer.json().await.unwrap_or_default())
            }
            Err(_nobody) => (0, Value::Null),
        }
    }

    /// The titles of all tickets, sorted.
    pub(crate) async fn titles(&self) -> Vec<String> {
        let (status, page) = self.asks("GET", "/api/v1/tickets?limit=200", None).await;
        assert_eq!(status, 200, "{page}");
        let tickets = page["items"].as_array().unwrap().iter();
        let mut titles: Vec<_> =
            tickets.map(|ticket| ticket["title"].as_str().unwrap().to_owned()).collect();
        titles.sort();
        titles
    }

    /// How many jobs of a topic are in which state, read from the database.
    pub(crate) async fn jobs(&self) -> BTreeMap<(String, &'static str), i64> {
        let db = db::Db::new(db::Settings::parse(self.place.url()).unwrap());
        let stats = db.read(queue::stats).await.unwrap();
        stats.into_iter().map(|stat| ((stat.topic, stat.state), stat.count)).collect()
    }

    /// How many callbacks are stored.
    pub(crate) async fn stored(&self) -> i64 {
        let jobs = self.jobs().await;
        jobs.iter().filter(|((topic, _state), _count)| topic == "inbox.wecom").map(|(_, n)| n).sum()
    }

    /// Waits until something holds.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&Self) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !holds(self).await {
                tokio::time::sleep(LOOK * 2).await;
            }
        });
        if waited.await.is_err() {
            panic!("{what}: still not so; jobs: {:#?}", self.jobs().await);
        }
    }

    /// Waits until no job waits or runs but the nightly repair.
    pub(crate) async fn settles(&self) {
        self.until("everything is done", async |site| {
            let jobs = site.jobs().await;
            jobs.keys().all(|(topic, state)| {
                topic == "house.repair" || !matches!(*state, "pending" | "running")
            })
        })
        .await;
    }

    /// Sends distinct events, so many a second for so long; gives how many. The platform delivers
    /// them by itself.
    pub(crate) fn loads(
        &self,
        from: u32,
        count: u32,
        every: Duration,
    ) -> tokio::task::JoinHandle<()> {
        let (http, url) = (self.http.clone(), format!("{}/_sim/callback", self.sim.base_url()));
        start(async move {
            let mut ticks = tokio::time::interval(every);
            for number in from..from + count {
                ticks.tick().await;
                let event = json!({
                    "Event": "load", "FromUserName": format!("u{number}"), "EventKey": number.to_string(),
                });
                let body = json!({ "app": "desk", "event": event });
                assert!(http.post(&url).json(&body).send().await.unwrap().status().is_success());
            }
        })
    }

    /// The numbers of the load's events that were acknowledged so far.
    pub(crate) async fn acknowledged(&self) -> BTreeSet<u32> {
        let number = |line: &Value| {
            let (_before, rest) = line["plain"].as_str()?.split_once("<FromUserName><![CDATA[u")?;
            rest.split_once(']')?.0.parse().ok()
        };
        let lines = self.deliveries().await;
        lines.iter().filter(|line| line["status"] == 200).filter_map(number).collect()
    }

    /// A database that is ours to look after has no damage.
    #[track_caller]
    pub(crate) fn expect_whole(&self) {
        let Some(path) = self.place.url().strip_prefix("sqlite://") else { return };
        let mut conn = SqliteConnection::establish(path).unwrap();
        let checked = dsl::sql::<Text>("PRAGMA integrity_check").get_result::<String>(&mut conn);
        assert_eq!(checked.unwrap(), "ok");
    }

    /// Takes hold of the database.
    pub(crate) fn grips(&self) -> Grip {
        let url = self.place.url();
        match url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE").unwrap();
                Grip::Sqlite(conn)
            }
            None => {
                let mut conn = MysqlConnection::establish(url).unwrap();
                conn.batch_execute("LOCK TABLES queue_job WRITE").unwrap();
                Grip::Mysql(conn)
            }
        }
    }
}

impl Grip {
    /// Lets go.
    pub(crate) fn release(self) {
        match self {
            Self::Sqlite(mut conn) => conn.batch_execute("ROLLBACK").unwrap(),
            Self::Mysql(mut conn) => conn.batch_execute("UNLOCK TABLES").unwrap(),
        }
    }
}

/// A running service; killed when it is dropped.
pub(crate) struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    /// What it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kills it as hard as it goes.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        let ended = self.child.wait().unwrap();
        assert_eq!(ended.signal(), Some(9));
    }

    /// Asks it to end.
    pub(crate) fn asks_to_end(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        waited.await.unwrap_or_else(|_late| panic!("it does not end\n{}", self.log()))
    }

    /// Whether it died at a crash point.
    pub(crate) async fn crashes(&mut self) {
        const ABORT: i32 = 6;
        assert_eq!(self.ends().await.signal(), Some(ABORT), "{}", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
