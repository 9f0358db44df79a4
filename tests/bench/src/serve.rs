//! The server that is measured: the product's own house and routes, with callbacks stored by the
//! product, not at all, or one insert each. It says where it listens and ends with its input.

use std::{io::Read as _, path::Path, sync::Arc};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use db::Engine;
use futures_util::future::BoxFuture;
use kernel::{Clock, Ids, JobId, ReplicaNo};
use qidan::{Config, House, Parts, config::App, ops};
use queue::intake::{Accept, Accepted, Incoming};
use sim::CorpSeed;

use crate::{report::say, store};

/// What becomes of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Way {
    /// As the product does it: many share an insert.
    Batched,
    /// Nothing is stored.
    Off,
    /// One insert each, through a pool.
    Single,
}

impl Way {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Batched => "batched",
            Self::Off => "off",
            Self::Single => "single",
        }
    }
}

/// Connections of the one-insert-per-request design: the best number on two cores.
const POOL: u32 = 32;

/// Serves until the input is closed.
pub(crate) fn run(way: Way, url: &str, folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(way, url, folder))
}

async fn serve(way: Way, url: &str, folder: &Path) -> Result<()> {
    let config = config(url, folder)?;
    ops::log_to_stderr(&config.log)?;
    ops::install_tls()?;
    let parts = Parts::system(ops::metrics()?);
    let house = House::open(config, parts).await?;
    let mut shared = house.shared().clone();
    match way {
        Way::Batched => {}
        Way::Off => shared.intake = Arc::new(Nowhere),
        Way::Single => shared.intake = Arc::new(OneByOne::new(url)?),
    }
    let (server, addr) = http::bind(&http::Settings::new("127.0.0.1:0"), shared)?;
    let handle = server.handle();
    say(&addr.to_string());
    let mut server = std::pin::pin!(server);
    tokio::select! {
        ended = &mut server => ended?,
        () = input_closed() => {
            handle.stop(false).await;
            house.close().await?;
        }
    }
    Ok(())
}

fn config(url: &str, folder: &Path) -> Result<Config> {
    let mut config = Config::load(None)?;
    let corp = CorpSeed::sample();
    let app = corp.apps.into_iter().next().context("the sample company has no app")?;
    let known = App {
        agent_id: app.agent_id,
        secret: app.secret,
        token: app.token,
        encoding_aes_key: app.encoding_aes_key,
        receivers: Vec::new(),
        workbench: false,
    };
    config.wecom.corp_id = corp.corp_id;
    config.wecom.apps = [(app.name, known)].into();
    config.database.url = url.to_owned();
    config.files.store = format!("fs:{}", folder.join("files").display());
    config.intake.spool = folder.join("spool").display().to_string();
    // Only the intake is measured: nobody works on what it stores.
    config.workers.enabled = false;
    config.server.metrics_public = true;
    config.log.level = "warn".to_owned();
    Ok(config)
}

async fn input_closed() {
    let (tell, told) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _bytes = std::io::stdin().lock().read_to_end(&mut Vec::new());
        let _nobody = tell.send(());
    });
    let _closed = told.await;
}

/// Says yes and keeps nothing: what the server costs without storing.
struct Nowhere;

impl Accept for Nowhere {
    fn accept(&self, _message: Incoming) -> BoxFuture<'_, kernel::Result<Accepted>> {
        Box::pin(std::future::ready(Ok(Accepted::Stored)))
    }

    fn is_away(&self) -> bool {
        false
    }
}

/// The usual design: each request inserts its row and commits.
struct OneByOne {
    db: db::Db,
    clock: Clock,
    ids: Ids,
}

impl OneByOne {
    fn new(url: &str) -> Result<Self> {
        let mut settings = db::Settings::parse(url)?;
        settings.connections = POOL;
        // It is given the time that it needs: its figures are its own, not its time-outs'.
        settings.wait = 8 * kernel::time::SECOND;
        settings.deadline = 8 * kernel::time::SECOND;
        let replica = ReplicaNo::new(1).context("no replica")?;
        Ok(Self { db: db::Db::new(settings), clock: Clock::System, ids: Ids::new(replica) })
    }
}

impl Accept for OneByOne {
    fn accept(&self, message: Incoming) -> BoxFuture<'_, kernel::Result<Accepted>> {
        let at = self.clock.now();
        let id = JobId::next(&self.ids, at).0;
        let row = store::Row {
            id,
            topic: message.topic.to_owned(),
            once_key: Some(message.once_key),
            order_key: message.order_key,
            turn: id,
            due_at: at.0,
            body: message.body,
            created_at: at.0,
        };
        Box::pin(async move {
            let insert = move |conn: &mut db::Conn| store::insert(conn, &row);
            // A single statement is its own transaction on MySQL; the readers of SQLite only read.
            match self.db.settings().engine() {
                Engine::Mysql => self.db.read(insert).await?,
                Engine::Sqlite => self.db.write(insert).await?,
            };
            Ok(Accepted::Stored)
        })
    }

    fn is_away(&self) -> bool {
        false
    }
}
