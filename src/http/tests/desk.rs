//! A server with everything behind it, people in it, and a client that trusts no answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use actix_web::dev::ServerHandle;
use catalog::Catalog;
use db::{Conn, Db};
use files::FileStore;
use flow::calendar::Calendar;
use kernel::{Actor, Clock, Ctx, Entropy, Ids, ReplicaNo, Result, Timestamp};
use org::{MemberStatus, Scope, mirror::MemberPatch};
use queue::{
    Bell,
    intake::{self, Intake},
    spool::Spool,
};
use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;
use ticket::Setup;
use wecom::{AesKey, Client, Corp, Crypt, MemoryTokens};

use super::schema;
use crate::{Settings, Shared, bind};

/// Where the clock of every test stands.
pub(super) const NOW: Timestamp = Timestamp(1_800_000_000_000_000);
/// The corp, token and key of the app `desk`: those of the platform's own sample.
pub(super) const CORP: &str = "wx5823bf96d3bd56c7";
pub(super) const TOKEN: &str = "QDG6eK";
pub(super) const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
/// What the metrics say in tests.
pub(super) const METRICS: &str = "qidan_up 1\n";

static DESKS: AtomicU32 = AtomicU32::new(0);

pub(super) struct Desk {
    pub(super) shared: Shared,
    pub(super) address: std::net::SocketAddr,
    /// How often workers were rung for.
    pub(super) rung: Arc<AtomicU32>,
    pub(super) intake: Arc<Intake>,
    folder: PathBuf,
    client: reqwest::Client,
    handle: ServerHandle,
}

/// What a test may change before the server starts.
pub(super) struct Plan {
    /// Whether the database can be opened.
    pub(super) has_database: bool,
    /// Whether its migrations are applied.
    pub(super) is_migrated: bool,
    /// How much the spool takes.
    pub(super) spool_bytes: u64,
    pub(super) metrics_public: bool,
    /// Under which address the house is known.
    pub(super) public_url: &'static str,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            has_database: true,
            is_migrated: true,
            spool_bytes: 1 << 24,
            metrics_public: false,
            public_url: "http://127.0.0.1:8080",
        }
    }
}

/// The crypt of the app `desk`.
pub(super) fn crypt() -> Crypt {
    Crypt::new(TOKEN.to_owned(), AesKey::parse(KEY).unwrap(), vec![CORP.to_owned()])
}

/// A WeCom that nobody answers for.
fn wecom(clock: &Clock) -> Arc<Client> {
    let corp = Corp {
        api_base: "http://127.0.0.1:9".to_owned(),
        corp_id: CORP.to_owned(),
        apps: Vec::new(),
        media_max: 1 << 20,
    };
    let tokens = Arc::new(MemoryTokens::new());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Arc::new(Client::new(http, corp, tokens, clock.clone(), 1))
}

fn setup() -> Setup {
    Setup {
        catalog: Catalog::built_in().unwrap(),
        zone_minutes: 480,
        work_time: Arc::new(Calendar::office(480).compile().unwrap()),
        vip_tags: Arc::new([]),
    }
}

impl Desk {
    pub(super) fn open() -> Self {
        Self::open_as(&Plan::default())
    }

    pub(super) fn open_as(plan: &Plan) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let n = DESKS.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("qidan-http-{}-{n}", std::process::id()));
        let _none_yet = std::fs::remove_dir_all(&folder);
        let path = folder.join("qidan.db");
        // A folder where the file should be: a database that cannot be opened.
        std::fs::create_dir_all(if plan.has_database { &folder } else { &path }).unwrap();
        let url = format!("sqlite://{}", path.display());
        let db = Db::new(db::Settings::parse(&url).unwrap());
        let clock = Clock::manual(NOW);
        let entropy = Entropy::seeded(u64::from(n) + 1);
        if plan.has_database && plan.is_migrated {
            db::migrate(&db, &clock, 1).unwrap();
        }
        // The links' key is in the database; where there is none, another one will do.
        let links = if plan.has_database && plan.is_migrated {
            links(&db, &entropy)
        } else {
            let other = Db::new(
                db::Settings::parse(&format!("sqlite://{}/k.db", folder.display())).unwrap(),
            );
            db::migrate(&other, &clock, 1).unwrap();
            links(&other, &entropy)
        };
        let ids = Ids::new(ReplicaNo::new(1).unwrap());
        let spool = Spool::open(&folder.join("spool"), plan.spool_bytes).unwrap();
        let settings = intake::Settings::new(Bell::default());
        let intake =
            Intake::start(db.clone(), clock.clone(), ids.clone(), spool, settings).unwrap();
        let intake = Arc::new(intake);
        let rung = Arc::new(AtomicU32::new(0));
        let ring = rung.clone();
        let shared = Shared {
            db,
            clock: clock.clone(),
            ids,
            entropy,
            setup: setup(),
            configured_groups: BTreeSet::new(),
            configured_places: BTreeSet::new(),
            links,
            files: FileStore::open(&format!("fs:{}/files", folder.display()), 20 << 20).unwrap(),
            wecom: wecom(&clock),
            pages: crate::Pages {
                public_url: plan.public_url.to_owned(),
                app: "desk".to_owned(),
                ..crate::Pages::default()
            },
            intake: intake.clone(),
            apps: BTreeMap::from([("desk".to_owned(), crypt())]),
            ring: Arc::new(move || {
                ring.fetch_add(1, Ordering::SeqCst);
            }),
            metrics: Arc::new(|| METRICS.to_owned()),
            metrics_public: plan.metrics_public,
            build: "test-1".to_owned(),
            is_draining: Arc::new(AtomicBool::new(false)),
        };
        let settings = Settings { workers: 2, ..Settings::new("127.0.0.1:0") };
        let (server, address) = bind(&settings, shared.clone()).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { shared, address, rung, intake, folder, client, handle }
    }

    /// Ends the server and forgets its files.
    pub(super) async fn close(self) {
        self.handle.stop(false).await;
        self.intake.stop().await;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }

    pub(super) fn ctx(&self) -> Ctx {
        let now = self.shared.clock.now();
        Ctx { now, actor: Actor::System, ids: self.shared.ids.clone(), trace: "test".into() }
    }

    /// Writes to the database behind the server's back.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut Conn, &Ctx) -> Result<T> + Send + 'static,
    ) -> T {
        let ctx = self.ctx();
        self.shared.db.write(move |conn| f(conn, &ctx)).await.unwrap()
    }

    pub(super) async fn token(&self, scopes: &[Scope]) -> String {
        let (entropy, scopes) = (self.shared.entropy.clone(), scopes.to_vec());
        self.write(move |conn, ctx| {
            org::create_token(conn, ctx, &entropy, "erp", &scopes).map(|(_id, plain)| plain)
        })
        .await
    }

    pub(super) async fn admin(&self) -> String {
        self.token(&[Scope::Admin]).await
    }

    pub(super) async fn member(&self, userid: &str, name: &str, status: MemberStatus) {
        let patch = MemberPatch {
            name: Some(name.to_owned()),
            status: Some(status),
            ..MemberPatch::new(userid)
        };
        self.write(move |conn, ctx| org::mirror::upsert_member(conn, ctx, &patch, ctx.now)).await;
    }

    pub(super) fn ask(&self, method: Method, path: &str) -> Ask {
        let url = format!("http://{}{path}", self.address);
        let route = path.split('?').next().unwrap().to_owned();
        Ask { request: self.client.request(method.clone(), url), method, route }
    }

    pub(super) fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    pub(super) fn post(&self, path: &str) -> Ask {
        self.ask(Method::POST, path)
    }

    /// A ticket of this title, made by the API.
    pub(super) async fn ticket(&self, token: &str, title: &str) -> Value {
        let form = serde_json::json!({ "form": { "title": title } });
        let made = self.post("/api/v1/tickets").token(token).json(&form).send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()
    }
}

fn links(db: &Db, entropy: &Entropy) -> notify::Links {
    let mut conn = Conn::open(db.settings()).unwrap();
    notify::Links::open(&mut conn, entropy, "http://desk.example").unwrap()
}

pub(super) struct Ask {
    request: RequestBuilder,
    method: Method,
    route: String,
}

impl Ask {
    fn with(self, change: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Self {
        Self { request: change(self.request), ..self }
    }

    pub(super) fn token(self, token: &str) -> Self {
        self.with(|request| request.bearer_auth(token))
    }

    pub(super) fn header(self, name: &str, value: &str) -> Self {
        self.with(|request| request.header(name, value))
    }

    pub(super) fn acting_as(self, userid: &str) -> Self {
        self.header("qidan-act-as", userid)
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.with(|request| request.json(body))
    }

    pub(super) fn body(self, body: impl Into<reqwest::Body>) -> Self {
        self.with(|request| request.body(body))
    }

    pub(super) fn form(self, form: reqwest::multipart::Form) -> Self {
        self.with(|request| request.multipart(form))
    }

    /// Sends it, and holds the answer against the document when it is one of the API.
    pub(super) async fn send(self) -> Told {
        let answer = self.request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap().to_vec();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let told = Told { status, headers, bytes, text };
        assert!(!told.header("x-request-id").is_empty(), "{}", self.route);
        assert_eq!(told.header("x-content-type-options"), "nosniff", "{}", self.route);
        assert!(!told.header("content-security-policy").is_empty(), "{}", self.route);
        if let Some(path) = self.route.strip_prefix("/api/v1") {
            schema::check(path, &self.method, &told);
        }
        told
    }
}

pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Vec<u8>,
    pub(super) text: String,
}

impl Told {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Status and code of a refusal.
    pub(super) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        assert_eq!(
            problem["type"],
            format!("urn:qidan:problem:{}", problem["code"].as_str().unwrap())
        );
        (self.status.as_u16(), problem["code"].as_str().unwrap().to_owned())
    }

    /// Status, path and code of the first refused field.
    pub(super) fn field(&self) -> (u16, String, String) {
        let (status, _code) = self.problem();
        let field = self.json()["errors"][0].clone();
        let text = |key: &str| field[key].as_str().unwrap_or_default().to_owned();
        (status, text("path"), text("code"))
    }
}

/// The ids (or another text) of a page's items.
pub(super) fn column(page: &Value, key: &str) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
}
