//! The HTTP front end: the platform's API, the control API and the page on one port. It runs on
//! a thread of its own, so that any number of simulators fit into any program.

use std::{
    any::Any,
    io,
    net::SocketAddr,
    os::fd::AsFd,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use actix_web::{App as Routes, HttpServer, dev::Extensions, dev::ServerHandle, rt, web};
use kernel::{Clock, Entropy, Timestamp, time::SECOND};
use serde_json::json;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{
    control, doors, front,
    model::{CorpSeed, Pages},
    page,
    push::{self, Callback, Pace},
    world::World,
};

/// How many events a slow page may lag behind.
const STREAM: usize = 1024;
/// The largest body: a file with its frame.
const BODY: usize = 25 << 20;

/// How a simulator is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub bind: SocketAddr,
    /// Its clock.
    pub clock: Clock,
    /// Where tokens, codes and nonces come from.
    pub entropy: Entropy,
    /// The company to begin with.
    pub corp: CorpSeed,
    /// How long it waits for answers and between deliveries.
    pub pace: Pace,
}

/// What every request shares.
pub(crate) struct Shared {
    world: Mutex<World>,
    clock: Clock,
    skew: AtomicI64,
    pub(crate) pace: Pace,
    pub(crate) client: reqwest::Client,
    outgoing: mpsc::UnboundedSender<Callback>,
    notices: broadcast::Sender<Option<String>>,
}

impl Shared {
    /// The platform; whoever panicked while holding it left it usable.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The platform's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().plus(self.skew.load(Ordering::SeqCst))
    }

    pub(crate) fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds.saturating_mul(SECOND), Ordering::SeqCst);
    }

    pub(crate) fn skew_seconds(&self) -> i64 {
        self.skew.load(Ordering::SeqCst).div_euclid(SECOND)
    }

    /// Does something to the platform and sends off what follows from it.
    pub(crate) fn act<R>(&self, act: impl FnOnce(&mut World, Timestamp) -> R) -> R {
        let (done, callbacks) = self.act_and_keep(act);
        for callback in callbacks {
            // Nobody receives any more when the simulator is being stopped.
            let _stopped = self.outgoing.send(callback);
        }
        done
    }

    /// Does something to the platform and hands over what must be delivered.
    pub(crate) fn act_and_keep<R>(
        &self,
        act: impl FnOnce(&mut World, Timestamp) -> R,
    ) -> (R, Vec<Callback>) {
        let now = self.now();
        let mut world = self.world();
        let done = act(&mut world, now);
        let callbacks = world.take_callbacks();
        drop(world);
        self.tell();
        (done, callbacks)
    }

    /// Tells the pages what changed.
    pub(crate) fn tell(&self) {
        for notice in self.world().take_notices() {
            let text = match notice.userid {
                Some(userid) => json!({ "type": notice.kind, "userid": userid, "seq": notice.seq }),
                None => json!({ "type": notice.kind, "seq": notice.seq }),
            };
            // No page listens: nothing is lost, it reads everything when it opens.
            let _nobody = self.notices.send(Some(text.to_string()));
        }
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Option<String>> {
        self.notices.subscribe()
    }
}

/// A simulator that runs. It stops when it is dropped.
pub struct Running {
    addr: SocketAddr,
    shared: Arc<Shared>,
    handle: ServerHandle,
    ended: Option<oneshot::Receiver<()>>,
}

impl Running {
    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address to give to a client instead of `https://qyapi.weixin.qq.com`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where an app's callbacks go, without the check of the address; false when there is no such
    /// app.
    pub fn set_callback(&self, app: &str, url: &str) -> bool {
        self.shared.act(|world, _now| world.set_callback(app, Some(url.to_owned())))
    }

    /// Which pages an app opens where; false when there is no such app.
    pub fn set_pages(&self, app: &str, pages: Pages) -> bool {
        self.shared.act(|world, _now| world.set_pages(app, pages))
    }

    /// Which hosts, with their ports, may ask for logins and carry an app's pages; false when there
    /// is no such app.
    pub fn set_trusted_domains(&self, app: &str, domains: Vec<String>) -> bool {
        self.shared.act(|world, _now| world.set_trusted_domains(app, domains))
    }

    /// Checks an app's callback address as the console does, and saves it when it answers well.
    ///
    /// # Errors
    /// Why it was not saved, in words.
    pub async fn save_url(&self, app: &str, url: &str) -> Result<(), String> {
        control::check_and_save(&self.shared, app, url).await
    }

    /// Stops: no new connections, requests under way are finished.
    pub async fn stop(mut self) {
        // Open event streams would hold the stop up.
        let _nobody = self.shared.notices.send(None);
        self.handle.stop(true).await;
        if let Some(ended) = self.ended.take() {
            let _thread_is_gone = ended.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _nobody = self.shared.notices.send(None);
        // The command is sent at once; the future only waits for its end.
        drop(self.handle.stop(false));
    }
}

/// Starts a simulator.
///
/// # Errors
/// When the address cannot be bound or the HTTP client cannot be made.
pub async fn start(options: Options) -> io::Result<Running> {
    let (started, starting) = oneshot::channel();
    let (ending, ended) = oneshot::channel();
    std::thread::Builder::new().name("wecom-simulator".into()).spawn(move || {
        rt::System::new().block_on(run(options, started));
        let _nobody_waits = ending.send(());
    })?;
    let gone = |_gone| io::Error::other("the simulator's thread ended before it listened");
    let (addr, shared, handle) = starting.await.map_err(gone)??;
    Ok(Running { addr, shared, handle, ended: Some(ended) })
}

type Started = io::Result<(SocketAddr, Arc<Shared>, ServerHandle)>;

async fn run(options: Options, started: oneshot::Sender<Started>) {
    let (outgoing, mut callbacks) = mpsc::unbounded_channel();
    let built = build(&options, outgoing);
    let (server, addr, shared) = match built {
        Ok(built) => built,
        Err(error) => {
            let _nobody_waits = started.send(Err(error));
            return;
        }
    };
    let courier = Arc::clone(&shared);
    let deliver = async move {
        while let Some(callback) = callbacks.recv().await {
            rt::spawn(push::deliver(Arc::clone(&courier), callback));
        }
    };
    if started.send(Ok((addr, shared, server.handle()))).is_err() {
        return;
    }
    tokio::select! {
        ended = server => {
            if let Err(error) = ended {
                tracing::error!(%error, "The simulator's server ended.");
            }
        }
        () = deliver => {}
    }
}

fn build(
    options: &Options,
    outgoing: mpsc::UnboundedSender<Callback>,
) -> io::Result<(actix_web::dev::Server, SocketAddr, Arc<Shared>)> {
    // A callback may be https; whoever installed a provider earlier keeps it.
    let _earlier = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder()
        .user_agent("Mozilla/4.0")
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .no_proxy()
        .build()
        .map_err(io::Error::other)?;
    let world = World::new(options.corp.clone(), options.entropy.clone());
    let shared = Arc::new(Shared {
        world: Mutex::new(world),
        clock: options.clock.clone(),
        skew: AtomicI64::new(0),
        pace: options.pace,
        client,
        outgoing,
        notices: broadcast::Sender::new(STREAM),
    });
    let data = web::Data::from(Arc::clone(&shared));
    let server = HttpServer::new(move || {
        Routes::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(BODY))
            .app_data(web::JsonConfig::default().limit(BODY))
            .service(web::scope("/_sim").configure(control::routes))
            .route("/cgi-bin/{call:.*}", web::route().to(front::api))
            .route("/connect/oauth2/authorize", web::get().to(doors::authorize))
            .route("/connect/oauth2/client.js", web::get().to(doors::script))
            .route("/connect/oauth2/doors.css", web::get().to(doors::style))
            .route("/wwlogin/sso/login", web::get().to(doors::web_login))
            .default_service(web::route().to(page::page))
    })
    .on_connect(keep_line)
    .workers(1)
    .disable_signals()
    .shutdown_timeout(2)
    .bind(options.bind)?;
    let addr = server.addrs().first().copied();
    let addr = addr.ok_or_else(|| io::Error::other("the simulator listens nowhere"))?;
    shared.world().set_base_url(&format!("http://{addr}"));
    Ok((server.run(), addr, shared))
}

/// The connection of a request, kept so that a planned failure can cut it.
pub(crate) struct Wire(pub(crate) std::net::TcpStream);

fn keep_line(io: &dyn Any, extensions: &mut Extensions) {
    let Some(stream) = io.downcast_ref::<rt::net::TcpStream>() else { return };
    if let Ok(twin) = stream.as_fd().try_clone_to_owned() {
        extensions.insert(Wire(std::net::TcpStream::from(twin)));
    }
}
