//! The server: its routes, its limits, and how it stops.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::Server as Running,
    http::KeepAlive,
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};

use crate::{
    api, assets, callback, health, login, openapi, page,
    shared::{Server, Shared},
    shell,
    watch::watch,
};

/// How long an idle connection is kept: longer than proxies keep theirs, so that they close first.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long the head of a request may take.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a client may take to close.
const CLOSE_TIME: Duration = Duration::from_secs(1);
/// Connections that wait to be taken.
const BACKLOG: u32 = 2048;

/// How the server runs.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens: `127.0.0.1:8080`; port 0 takes a free one.
    pub bind: String,
    /// Threads that serve requests.
    pub workers: usize,
    /// Threads of each of them that may wait for the database or a disk.
    pub blocking_threads: usize,
    /// Connections that each of them keeps open at most.
    pub connections: usize,
    /// Seconds in which what runs may end once the server is told to stop.
    pub shutdown_seconds: u64,
}

impl Settings {
    /// Settings for an address: a worker for each core, 20 seconds to end.
    pub fn new(bind: impl Into<String>) -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            bind: bind.into(),
            workers,
            blocking_threads: 32,
            connections: 8192,
            shutdown_seconds: 20,
        }
    }
}

/// Binds the address. The server begins to serve when it is awaited, takes no signals, and stops,
/// after what runs has ended, when its handle says so.
///
/// # Errors
/// When the address cannot be had.
pub fn bind(settings: &Settings, shared: Shared) -> io::Result<(Running, SocketAddr)> {
    let apps = Data::new(callback::Apps::new(&shared.apps));
    let server = Data::new(Server::new(shared));
    let document = Data::new(openapi::Document::new(&openapi::openapi()));
    let http = HttpServer::new(move || {
        App::new()
            .app_data(apps.clone())
            .app_data(server.clone())
            .app_data(document.clone())
            .configure(routes)
            .default_service(web::to(api::refuse_path))
            .wrap(from_fn(watch))
    });
    let address = settings.bind.to_socket_addrs()?.next().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, "the address names no socket")
    })?;
    let http = http
        .workers(settings.workers)
        .worker_max_blocking_threads(settings.blocking_threads)
        .max_connections(settings.connections)
        .backlog(BACKLOG)
        .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
        .client_request_timeout(HEAD_TIME)
        .client_disconnect_timeout(CLOSE_TIME)
        .shutdown_timeout(settings.shutdown_seconds)
        .tcp_nodelay(true)
        .disable_signals()
        .bind(address)?;
    let bound = http.addrs().first().copied().unwrap_or(address);
    Ok((http.run(), bound))
}

fn routes(config: &mut ServiceConfig) {
    let only = |methods: &'static str| web::to(move || api::refuse_method(methods));
    let get = |path: &str, route: actix_web::Route| {
        web::resource(path).route(route).default_service(only("GET"))
    };
    let post = |path: &str, route: actix_web::Route| {
        // A form's address that is opened is the page that it stands in.
        let back = web::get().to(page::take::back);
        web::resource(path).route(route).route(back).default_service(only("GET, POST"))
    };
    config.service(
        web::resource("/wecom/callback/{app}")
            .route(web::get().to(callback::check))
            .route(web::post().to(callback::take))
            .default_service(only("GET, POST")),
    );
    api::mount(config);
    config
        .service(get("/api/openapi.json", web::get().to(openapi::document)))
        .service(get("/api/docs", web::get().to(openapi::reader)))
        .service(get("/static/{name}", web::get().to(assets::get)))
        .service(get("/auth/wecom/login", web::get().to(login::begin)))
        .service(get("/auth/wecom/callback", web::get().to(login::finish)))
        .service(
            web::resource("/auth/logout")
                .route(web::post().to(login::leave))
                .default_service(only("POST")),
        )
        .service(get("/h5/{entry}", web::get().to(shell::staff)))
        .service(get("/q/{code}", web::get().to(shell::public)))
        .service(get("/assets/{path:.*}", web::get().to(shell::asset)))
        .service(get("/t/{signed}", web::get().to(page::progress)))
        .service(
            web::resource("/t/{signed}/form")
                .route(web::get().to(page::question::show))
                .route(web::post().to(page::question::take))
                .default_service(only("GET, POST")),
        )
        .service(get("/t/{signed}/since", web::get().to(page::since)))
        .service(post("/t/{signed}/reply", web::post().to(page::take::reply)))
        .service(post("/t/{signed}/verdict", web::post().to(page::take::verdict)))
        .service(post("/t/{signed}/rating", web::post().to(page::take::rating)))
        .service(post("/t/{signed}/preference", web::post().to(page::take::preference)))
        .service(get("/t/{signed}/files/{id}", web::get().to(page::file)))
        .service(get("/healthz", web::get().to(health::alive)))
        .service(get("/readyz", web::get().to(health::ready)))
        .service(get("/metrics", web::get().to(health::metrics)));
}
