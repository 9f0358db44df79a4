//! qidan: the house. Opens database, clients and clock, and lets the rooms work. Nothing else
//! builds anything; there are no global services.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use catalog::Catalog;
use db::Db;
use files::FileStore;
use kernel::{Actor, Clock, Ctx, Entropy, Error, Ids, Kind, Result};
use notify::{Courier, Desk, Limits, Links};
use queue::{
    Queue, Stop,
    intake::{Intake, Settings as IntakeSettings},
    replica::{self, Replica},
    spool::Spool,
};
use ticket::Setup;
use wecom::Client;

pub mod config;
pub mod demo;
pub mod doctor;
mod intake;
pub mod library;
mod media;
mod mirror;
pub mod ops;
mod tokens;
mod webhook;
mod work;

pub use config::Config;
pub use mirror::Synced;

/// The most bytes that the spool takes: a day of callbacks of a large company.
const SPOOL_MAX: u64 = 4 << 30;
/// How long a starting replica waits for its database.
const START_TRIES: u32 = 60;
/// How long requests under way may take after SIGTERM; leases are given back besides.
const DRAIN: Duration = Duration::from_secs(20);
/// How long a call may wait for WeCom to take the connection.
const CONNECT: Duration = Duration::from_secs(3);

/// What differs between production and tests.
#[derive(Clone)]
pub struct Parts {
    /// The time.
    pub clock: Clock,
    /// Random bytes.
    pub entropy: Entropy,
    /// Renders the metrics.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Parts {
    /// The machine's own clock and random numbers.
    pub fn system(metrics: Arc<dyn Fn() -> String + Send + Sync>) -> Self {
        let entropy = Entropy::System(|bytes| getrandom::fill(bytes).is_ok());
        Self { clock: Clock::System, entropy, metrics }
    }
}

/// The opened house: everything is connected, nothing runs yet.
pub struct House {
    config: Config,
    parts: Parts,
    db: Db,
    ids: Ids,
    replica: Replica,
    queue: Queue,
    intake: Arc<Intake>,
    client: Arc<Client>,
    mirror: mirror::Mirror,
    repair: work::Repair,
    shared: http::Shared,
}

/// The database of a configuration.
///
/// # Errors
/// `config.database_url`.
pub fn database(config: &Config) -> Result<Db> {
    let mut settings = db::Settings::parse(&config.database.url)?;
    settings.connections = config.database.connections;
    settings.deadline = config.database.patience_ms * kernel::time::MILLI;
    settings.wait = settings.deadline * 4 / 5;
    Ok(Db::new(settings))
}

/// Applies pending migrations; refuses a database that is newer than this build.
///
/// # Errors
/// Those of [`db::migrate`]; `db.pending` when `database.migrate` is false and some are pending.
pub fn prepare(config: &Config, db: &Db, parts: &Parts) -> Result<db::Report> {
    if config.database.migrate {
        return migrate(db, parts);
    }
    match db::pending(db)?.first() {
        None => Ok(db::Report::default()),
        Some(first) => {
            let detail = format!("数据库缺少迁移 {}：请先运行 qidan migrate", first.name);
            Err(Error::new(Kind::Invalid, "db.pending", detail))
        }
    }
}

/// Applies pending migrations.
///
/// # Errors
/// Those of [`db::migrate`].
pub fn migrate(db: &Db, parts: &Parts) -> Result<db::Report> {
    // Random, because in containers process ids are often alike; never 0, which means nobody.
    let holder = (i64::from_le_bytes(parts.entropy.bytes()?) & i64::MAX).max(1);
    db::migrate(db, &parts.clock, holder)
}

impl House {
    /// Opens everything. Waits up to a minute for a database that is away.
    ///
    /// # Errors
    /// What is wrong with the configuration or cannot be reached, by name.
    pub async fn open(config: Config, parts: Parts) -> Result<Self> {
        let db = database(&config)?;
        let replica = begin(&config, &db, &parts).await?;
        let ids = Ids::new(replica.no());
        // Never 0, which means nobody.
        let holder = replica.no().get() + 1;
        let bell = queue::Bell::default();
        let spool = Spool::open(Path::new(&config.intake.spool), SPOOL_MAX)?;
        let settings = IntakeSettings::new(bell.clone());
        let intake =
            Arc::new(Intake::start(db.clone(), parts.clock.clone(), ids.clone(), spool, settings)?);
        let store = FileStore::open(&config.files.store, config.files.max_bytes)?;
        let setup = setup(&config)?;
        let (entropy, public_url) = (parts.entropy.clone(), config.server.public_url.clone());
        let links = db.write(move |conn| Links::open(conn, &entropy, &public_url)).await?;
        let client = Arc::new(client(&config, &db, &parts.clock, holder)?);
        let desk = Arc::new(desk(&config, links.clone(), setup.clone()));
        let app = config.wecom.app.clone();
        let mirror = mirror::Mirror { db: db.clone(), client: client.clone(), app: app.clone() };
        let repair = work::Repair {
            hour: config.workers.repair_hour,
            zone_minutes: setup.zone_minutes,
            keep: config.workers.keep_days * kernel::time::DAY,
        };
        let hands = work::Hands {
            desk: desk.clone(),
            courier: Courier { db: db.clone(), client: client.clone(), desk: desk.clone() },
            mirror: mirror.clone(),
            fetcher: media::Fetcher { client: client.clone(), app, store: store.clone(), desk },
            webhooks: webhook::Webhooks {
                http: http_client()?,
                endpoints: Arc::new(config.actions.clone()),
                setup: setup.clone(),
                db: db.clone(),
            },
            workbench: workbench(&config, &db, &client, setup.zone_minutes),
            repair,
        };
        let topics = work::topics(hands);
        let queue = Queue::new(db.clone(), parts.clock.clone(), ids.clone(), topics)
            .with_bell(bell.clone())
            .with_lease(config.workers.lease_seconds * kernel::time::SECOND);
        let shared = http::Shared {
            db: db.clone(),
            clock: parts.clock.clone(),
            ids: ids.clone(),
            entropy: parts.entropy.clone(),
            setup,
            configured_groups: config.groups.keys().cloned().collect(),
            configured_places: config.customers.places.keys().cloned().collect(),
            links,
            files: store,
            wecom: client.clone(),
            pages: pages(&config),
            intake: intake.clone(),
            apps: crypts(&config)?,
            ring: Arc::new(move || bell.ring()),
            metrics: parts.metrics.clone(),
            metrics_public: config.server.metrics_public,
            build: build_id(),
            is_draining: Arc::new(AtomicBool::new(false)),
        };
        let house =
            Self { config, parts, db, ids, replica, queue, intake, client, mirror, repair, shared };
        house.set_up().await?;
        Ok(house)
    }

    /// What the configuration says about the organisation, written where the rooms read it.
    async fn set_up(&self) -> Result<()> {
        let (groups, repair, ctx) = (self.config.groups.clone(), self.repair, self.ctx());
        let (catalog, places) = (self.catalog(), self.config.customers.places.clone());
        let figures = self.config.shows_figures().then(|| {
            let config = &self.config;
            (config.wecom.app.clone(), config.server.public_url.clone(), repair.zone_minutes)
        });
        self.db
            .write(move |conn| {
                catalog.refresh(conn)?;
                for (key, group) in &groups {
                    let group = org::Group {
                        key: key.clone(),
                        name: group.name.clone(),
                        members: group.members.clone(),
                    };
                    org::set_group(conn, &ctx, &group)?;
                }
                for (chat_id, place) in &places {
                    customer::put_place(conn, &ctx, chat_id, place.clone())?;
                }
                if let Some((app, public_url, zone_minutes)) = &figures {
                    let of = (app.as_str(), public_url.as_str());
                    notify::figures::set_up(conn, &ctx, of, *zone_minutes)?;
                }
                repair.plan(conn, &ctx)
            })
            .await
    }

    /// The context of something that the house does by itself.
    pub fn ctx(&self) -> Ctx {
        let now = self.parts.clock.now();
        let trace = format!("house-{:x}", self.ids.next(now));
        Ctx { now, actor: Actor::System, ids: self.ids.clone(), trace }
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// WeCom.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The queue: tests run it by hand.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    fn catalog(&self) -> Catalog {
        self.shared.setup.catalog.clone()
    }

    /// What the HTTP room works with.
    pub fn shared(&self) -> &http::Shared {
        &self.shared
    }

    /// Fetches everything that WeCom knows about staff and customers.
    ///
    /// # Errors
    /// WeCom's or the database's.
    pub async fn sync(&self) -> Result<Synced> {
        self.mirror.everything(&self.ctx()).await
    }

    /// Ends a house that served nothing: a short command's.
    ///
    /// # Errors
    /// The database's.
    pub async fn close(self) -> Result<()> {
        self.intake.stop().await;
        self.replica.release().await
    }

    /// Starts the HTTP server and, if configured, the workers; `ready` hears where it listens.
    /// Ends when told to: requests are finished, leases given back.
    ///
    /// # Errors
    /// When the address cannot be bound, or this replica has lost its number.
    pub async fn serve(self, stop: Stop, ready: impl FnOnce(SocketAddr)) -> Result<()> {
        let bind = self.config.server.bind;
        let mut settings = http::Settings::new(bind.to_string());
        if self.config.server.workers > 0 {
            settings.workers = self.config.server.workers;
        }
        let (server, addr) = http::bind(&settings, self.shared.clone()).map_err(|error| {
            let detail = format!("server.bind = {bind}：无法监听，端口可能已被占用");
            Error::new(Kind::Invalid, "server.bind", detail).caused_by(error)
        })?;
        let handle = server.handle();
        let serving = start(server);
        ready(addr);
        let (quit, quitting) = queue::stop();
        let queue = self.queue.clone();
        let workers = self.config.workers.enabled.then(|| {
            let quitting = quitting.clone();
            start(async move { queue.run(quitting).await })
        });
        let fresh = work::keep_fresh(self.db.clone(), self.catalog(), quitting.clone());
        let fresh = start(fresh);
        let lost = tokio::select! {
            () = stop.stopped() => false,
            kept = self.replica.keep(quitting) => kept == replica::Kept::Lost,
        };
        tracing::info!("draining");
        self.shared.is_draining.store(true, Ordering::SeqCst);
        quit.stop();
        let drained = tokio::time::timeout(DRAIN, async {
            handle.stop(true).await;
            if let Some(workers) = workers {
                let _ended = workers.await;
            }
            let _ended = serving.await;
            let _ended = fresh.await;
            self.intake.stop().await;
            self.replica.release().await
        });
        match drained.await {
            Ok(Ok(())) => tracing::info!("drained"),
            Ok(Err(error)) => tracing::warn!(%error, "the replica's number was not given back"),
            Err(_late) => tracing::warn!("not everything ended in time"),
        }
        if lost {
            let detail = "本实例的编号被别的实例接管，已停止以免编号重复";
            return Err(Error::new(Kind::Busy, "replica.lost", detail));
        }
        Ok(())
    }
}

/// Runs something beside; only the house may.
#[expect(clippy::disallowed_methods, reason = "the house starts its loops here and nowhere else")]
fn start<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(work)
}

async fn begin(config: &Config, db: &Db, parts: &Parts) -> Result<Replica> {
    let (clock, random) = (&parts.clock, parts.entropy.bytes()?);
    let mut tries = 0;
    loop {
        tries += 1;
        let (task_config, task_db, task_parts) = (config.clone(), db.clone(), parts.clone());
        let prepared =
            tokio::task::spawn_blocking(move || prepare(&task_config, &task_db, &task_parts)).await;
        let prepared =
            prepared.map_err(|error| Error::bug("migrating panicked").caused_by(error))?;
        let taken = match prepared {
            Ok(_report) => replica::take(db, clock, &host_name(), random).await,
            Err(error) => Err(error),
        };
        match taken {
            Err(error) if error.kind() == Kind::Busy && tries < START_TRIES => {
                tracing::warn!(%error, tries, "the database is away, waiting for it");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            other => return other,
        }
    }
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_unknown| "qidan".to_owned(), |name| name.trim().to_owned())
}

fn build_id() -> String {
    let commit = option_env!("QIDAN_BUILD").unwrap_or("dev");
    format!("{}+{commit}", env!("CARGO_PKG_VERSION"))
}

fn http_client() -> Result<reqwest::Client> {
    reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("qidan")
        .build()
        .map_err(|error| Error::bug("the HTTP client cannot be made").caused_by(error))
}

fn client(config: &Config, db: &Db, clock: &Clock, holder: i64) -> Result<Client> {
    let http = http_client()?;
    let apps = config.wecom.apps.iter().map(|(name, app)| wecom::client::App {
        name: name.clone(),
        agent_id: app.agent_id,
        secret: app.secret.clone(),
    });
    let corp = wecom::client::Corp {
        api_base: config.wecom.api_base.clone(),
        corp_id: config.wecom.corp_id.clone(),
        apps: apps.collect(),
        media_max: config.files.max_bytes,
    };
    let tokens = Arc::new(tokens::SharedTokens(db.clone()));
    Ok(Client::new(http, corp, tokens, clock.clone(), holder))
}

/// What tickets must know of the house.
fn setup(config: &Config) -> Result<Setup> {
    Ok(Setup {
        catalog: Catalog::built_in()?,
        zone_minutes: config.zone_minutes()?,
        work_time: Arc::new(config.work_time()?),
        vip_tags: config.customers.vip_tags.clone().into(),
    })
}

/// Who shows members their figures, where the app does.
fn workbench(
    config: &Config,
    db: &Db,
    client: &Arc<Client>,
    zone_minutes: i64,
) -> Option<notify::figures::Workbench> {
    config.shows_figures().then(|| notify::figures::Workbench {
        db: db.clone(),
        client: client.clone(),
        app: config.wecom.app.clone(),
        public_url: config.server.public_url.clone(),
        zone_minutes,
    })
}

/// What pages and logins must know of the house.
fn pages(config: &Config) -> http::Pages {
    let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
    let app = config.wecom.apps.get(&config.wecom.app);
    let simulator = trimmed(&config.wecom.simulator);
    http::Pages {
        public_url: trimmed(&config.server.public_url),
        corp_id: config.wecom.corp_id.clone(),
        app: config.wecom.app.clone(),
        agent_id: app.map(|app| app.agent_id).unwrap_or_default(),
        oauth_base: config.wecom.oauth_base.clone(),
        login_base: config.wecom.login_base.clone(),
        simulator: Some(simulator).filter(|origin| !origin.is_empty()),
        organisation: config.organisation.name.clone(),
        max_file_bytes: config.files.max_bytes,
    }
}

fn desk(config: &Config, links: Links, setup: Setup) -> Desk {
    let app = config.wecom.apps.get(&config.wecom.app);
    Desk {
        app: config.wecom.app.clone(),
        agent_id: app.map(|app| app.agent_id).unwrap_or_default(),
        name: config.organisation.name.clone(),
        links,
        setup,
        limits: Limits {
            member_minute: config.notify.member_minute,
            member_hour: config.notify.member_hour,
            app_day: config.notify.app_day,
        },
    }
}

fn crypts(config: &Config) -> Result<BTreeMap<String, wecom::Crypt>> {
    let apps = config.wecom.apps.iter().map(|(name, app)| {
        let key = wecom::AesKey::parse(&app.encoding_aes_key).map_err(|error| {
            let detail = format!("wecom.apps.{name}.encoding_aes_key: {error}");
            Error::new(Kind::Invalid, "config.invalid", detail)
        })?;
        let receivers = match app.receivers.as_slice() {
            [] => vec![config.wecom.corp_id.clone()],
            listed => listed.to_vec(),
        };
        Ok((name.clone(), wecom::Crypt::new(app.token.clone(), key, receivers)))
    });
    apps.collect()
}
