//! The operators' commands, and what every command needs: words on the terminal, logs, signals.

use std::{io::IsTerminal as _, str::FromStr as _, sync::Arc};

use clap::{Args, Subcommand};
use kernel::{Actor, Ctx, Error, Ids, JobId, Kind, Limit, ReplicaNo, Result};
use queue::{Filter, Side, State};
use tracing_subscriber::EnvFilter;
use wecom::{
    Client,
    api::menu::{self, Menu, MenuButton},
};

use crate::{Config, House, Parts, config::Log, database, mirror::Mirror};

/// `qidan token …`
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is shown once
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do: admin, tickets:read, tickets:write, templates:write, members:read, customers:read, customers:write, ops:read, ops:write
        #[arg(long, required = true, num_args = 1..)]
        scope: Vec<String>,
        /// Print `{"token": "…"}`
        #[arg(long)]
        json: bool,
    },
    /// Show the tokens, without their secrets
    List,
    /// Make a token worthless
    Revoke {
        /// Its id, from `list`
        id: String,
    },
}

/// Which jobs to show.
#[derive(Args)]
pub struct Which {
    /// pending, running, done, ignored, merged, expired or failed
    #[arg(long)]
    state: Option<String>,
    /// How many, at most 200
    #[arg(long)]
    limit: Option<i64>,
    /// One JSON object a line, with the bodies
    #[arg(long)]
    json: bool,
}

/// `qidan inbox …`
#[derive(Subcommand)]
pub enum InboxCommand {
    /// Show what came in, newest first
    List(Which),
    /// Work through one again
    Replay {
        /// Its id, from `list`
        id: String,
    },
}

/// `qidan outbox …`
#[derive(Subcommand)]
pub enum OutboxCommand {
    /// Show what goes out, newest first
    List(Which),
    /// Try one again
    Retry {
        /// Its id, from `list`
        id: String,
    },
}

/// A line for whoever called the command.
#[expect(clippy::print_stdout, reason = "the one place that talks to the terminal")]
pub fn print(line: &str) {
    println!("{line}");
}

/// What went wrong, for whoever called the command.
#[expect(clippy::print_stderr, reason = "the one place that talks to the terminal")]
pub fn complain(error: &Error) {
    eprintln!("qidan: {error}");
    for field in error.fields() {
        eprintln!("  {}: {}", field.path, field.detail);
    }
}

/// Logs go to stderr, as text or as one JSON object a line.
///
/// # Errors
/// `config.invalid` for a format or level that does not exist.
pub fn log_to_stderr(log: &Log) -> Result<()> {
    let wrong = |key: &str, what: &str| {
        Error::new(Kind::Invalid, "config.invalid", format!("{key}: {what}"))
    };
    let filter =
        EnvFilter::from_str(&log.level).map_err(|error| wrong("log.level", &error.to_string()))?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match log.format.as_str() {
        "json" => logs.json().flatten_event(true).try_init(),
        "text" => logs.try_init(),
        other => return Err(wrong("log.format", &format!("{other:?} 须是 json 或 text"))),
    };
    started.map_err(|error| wrong("log", &error.to_string()))
}

/// Says which cryptography TLS uses, once for the process.
///
/// # Errors
/// `internal` when somebody said it before.
pub fn install_tls() -> Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_before| Error::bug("TLS was set up twice"))
}

/// Collects metrics; gives what renders them.
///
/// # Errors
/// `internal` when somebody collects them already.
pub fn metrics() -> Result<Arc<dyn Fn() -> String + Send + Sync>> {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| Error::bug("metrics cannot be collected").caused_by(error))?;
    Ok(Arc::new(move || {
        recorder.run_upkeep();
        recorder.render()
    }))
}

/// Ends when the process is asked to stop.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _asked = term.recv() => {}
        _asked = tokio::signal::ctrl_c() => {}
    }
}

/// `qidan serve`
///
/// # Errors
/// Those of [`House::open`] and [`House::serve`].
pub async fn serve(config: Config, parts: Parts) -> Result<()> {
    if config.wecom.apps.is_empty() {
        tracing::warn!("no app under [wecom.apps]: callbacks are refused and nothing is sent");
    }
    let house = House::open(config, parts).await?;
    let (stopper, stop) = queue::stop();
    tokio::select! {
        done = house.serve(stop, |addr| tracing::info!(%addr, "serving")) => done,
        never = async {
            asked_to_stop().await;
            stopper.stop();
            std::future::pending().await
        } => never,
    }
}

/// `qidan migrate`
///
/// # Errors
/// Those of [`db::migrate`].
pub fn migrate(config: &Config, parts: &Parts, only_status: bool) -> Result<()> {
    let db = database(config)?;
    if only_status {
        let pending = db::pending(&db)?;
        print(&format!("{} known, {} pending", db::known()?.len(), pending.len()));
        for migration in pending {
            print(&format!("pending {}", migration.name));
        }
        return Ok(());
    }
    let report = crate::migrate(&db, parts)?;
    for name in &report.applied {
        print(&format!("applied {name}"));
    }
    print(&format!("{} applied, {} before", report.applied.len(), report.before));
    Ok(())
}

/// `qidan sync`
///
/// # Errors
/// WeCom's or the database's.
pub async fn sync(config: Config, parts: Parts, with_menu: bool) -> Result<()> {
    let Tools { db, ctx, client } = tools(&config, &parts)?;
    let app = config.wecom.app;
    let mirror = Mirror { db, client: client.clone(), app: app.clone() };
    let done = mirror.everything(&ctx).await?;
    print(&format!(
        "{} members, {} departments, {} customers, {} groups",
        done.members, done.departments, done.customers, done.groups
    ));
    if with_menu {
        let button = vec![
            MenuButton::click("新建工单", "new_ticket"),
            MenuButton::click("我的待办", "my_tasks"),
            MenuButton::click("我的工单", "my_tickets"),
        ];
        menu::create(&client, &app, &Menu { button }).await?;
        print("menu set");
    }
    Ok(())
}

/// What a short command works with. It holds neither a replica's number nor the spool, so that it
/// can run beside the service.
pub(crate) struct Tools {
    /// The database, migrated.
    pub(crate) db: db::Db,
    /// The context of what the command does.
    pub(crate) ctx: Ctx,
    /// WeCom.
    pub(crate) client: Arc<Client>,
}

/// The tools of a short command.
///
/// # Errors
/// What is wrong with the configuration or the database.
pub(crate) fn tools(config: &Config, parts: &Parts) -> Result<Tools> {
    let (db, ctx) = desk(config, parts)?;
    // Replicas hold tokens by their number and one more.
    let holder = ReplicaNo::COUNT;
    let client = Arc::new(crate::client(config, &db, &parts.clock, holder)?);
    Ok(Tools { db, ctx, client })
}

/// Where a short command writes, and the context it writes in. Its ids have the last replica
/// number, which no service takes unless 1023 others run.
pub(crate) fn desk(config: &Config, parts: &Parts) -> Result<(db::Db, Ctx)> {
    let db = database(config)?;
    crate::prepare(config, &db, parts)?;
    let replica = ReplicaNo::new(ReplicaNo::COUNT - 1).ok_or_else(|| Error::bug("no replica"))?;
    let ids = Ids::new(replica);
    let now = parts.clock.now();
    let trace = format!("cli-{:x}", ids.next(now));
    Ok((db, Ctx { now, actor: Actor::System, ids, trace }))
}

/// `qidan token …`
///
/// # Errors
/// `field_invalid` for a scope or id that does not exist.
pub async fn token(config: Config, parts: Parts, command: TokenCommand) -> Result<()> {
    let (db, ctx) = desk(&config, &parts)?;
    match command {
        TokenCommand::Create { name, scope, json } => {
            let scopes = scope.iter().flat_map(|one| one.split(',')).map(str::parse);
            let scopes = scopes.collect::<Result<Vec<org::Scope>>>()?;
            let entropy = parts.entropy.clone();
            let (_id, token) = db
                .write(move |conn| org::create_token(conn, &ctx, &entropy, &name, &scopes))
                .await?;
            let shown = serde_json::json!({ "token": token }).to_string();
            print(if json { &shown } else { &token });
        }
        TokenCommand::List => {
            for token in db.read(org::list_tokens).await? {
                let scopes: Vec<_> = token.scopes.iter().map(ToString::to_string).collect();
                print(&format!("{}  {}  {}", token.id, scopes.join(","), token.name));
            }
        }
        TokenCommand::Revoke { id } => {
            let id = number("id", &id)?;
            db.write(move |conn| org::revoke_token(conn, &ctx, kernel::TokenId(id))).await?;
            print("revoked");
        }
    }
    Ok(())
}

fn number(path: &str, text: &str) -> Result<i64> {
    text.parse()
        .map_err(|_not_a_number| Error::field(path, "malformed", format!("{text:?} 不是编号")))
}

/// `qidan inbox …`
///
/// # Errors
/// `queue.no_such_job`; `field_invalid` for a state that does not exist.
pub async fn inbox(config: Config, parts: Parts, command: InboxCommand) -> Result<()> {
    match command {
        InboxCommand::List(which) => list(&config, &parts, Side::Inbox, which).await,
        InboxCommand::Replay { id } => again(&config, &parts, &id).await,
    }
}

/// `qidan outbox …`
///
/// # Errors
/// As [`inbox`].
pub async fn outbox(config: Config, parts: Parts, command: OutboxCommand) -> Result<()> {
    match command {
        OutboxCommand::List(which) => list(&config, &parts, Side::Outbox, which).await,
        OutboxCommand::Retry { id } => again(&config, &parts, &id).await,
    }
}

async fn list(config: &Config, parts: &Parts, side: Side, which: Which) -> Result<()> {
    let (db, _ctx) = desk(config, parts)?;
    let state = which.state.map(|word| {
        State::parse(&word).ok_or_else(|| {
            let known = State::ALL.map(State::as_str).join("、");
            Error::field("state", "not_an_option", format!("没有状态 {word}，可选：{known}"))
        })
    });
    let filter = Filter {
        side,
        state: state.transpose()?,
        topic: None,
        cursor: None,
        limit: Limit::new(which.limit)?,
    };
    let page = db.read(move |conn| queue::list(conn, &filter)).await?;
    for job in page.items {
        if which.json {
            let line = serde_json::to_string(&job)
                .map_err(|error| Error::bug("a job cannot be shown").caused_by(error))?;
            print(&line);
        } else {
            let outcome = job.outcome.unwrap_or_default();
            print(&format!(
                "{}  {}  {:8}  {}  tries {}  {outcome}",
                job.id, job.created_at, job.state, job.topic, job.attempts
            ));
        }
    }
    Ok(())
}

async fn again(config: &Config, parts: &Parts, id: &str) -> Result<()> {
    let (db, ctx) = desk(config, parts)?;
    let id = JobId(number("id", id)?);
    db.write(move |conn| queue::again(conn, &ctx, id)).await?;
    print("queued");
    Ok(())
}
