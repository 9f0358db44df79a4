//! Whether the service is alive, whether it is ready, and its figures.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::CONTENT_TYPE},
    web::{self, Data},
};
use kernel::Result;
use org::Scope;
use serde_json::json;
use tokio::sync::Mutex;

use crate::{guard, reply::Reply, shared::Server};

/// How long the database may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the migrations were found applied. They stay so: they belong to this build.
#[derive(Default)]
pub(crate) struct Migrated {
    is_known: AtomicBool,
    looking: Arc<Mutex<()>>,
}

/// Alive, and which build.
pub(crate) async fn alive(server: Data<Server>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok", "build": server.build }))
}

/// Ready for traffic, and if not, why not.
pub(crate) async fn ready(server: Data<Server>) -> HttpResponse {
    let is_draining = server.is_draining.load(Ordering::SeqCst);
    let database = tokio::time::timeout(PATIENCE, reach(&server)).await;
    let (database, migrations) = match database {
        Ok(Ok(true)) => ("ok", "ok"),
        Ok(Ok(false)) => ("ok", "pending"),
        Ok(Err(error)) if error.code() == "db.newer" => ("ok", "newer"),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the database is not ready");
            ("away", "unknown")
        }
        Err(_late) => ("slow", "unknown"),
    };
    let is_ready = !is_draining && database == "ok" && migrations == "ok";
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    HttpResponse::build(status).json(json!({
        "status": if is_ready { "ready" } else { "not_ready" },
        "database": database,
        "migrations": migrations,
        "draining": is_draining,
        "callbacks": if server.intake.is_away() { "spooling" } else { "storing" },
    }))
}

/// Reaches the database and tells whether its migrations are applied. They are looked for on a
/// connection of their own, one look at a time, so that probes of a database that hangs do not pile
/// up; afterwards a small read is enough.
async fn reach(server: &Data<Server>) -> Result<bool> {
    if server.migrated.is_known.load(Ordering::Relaxed) {
        server.db.read(|conn| org::find_group(conn, "")).await?;
        return Ok(true);
    }
    let one = server.migrated.looking.clone().lock_owned().await;
    let db = server.db.clone();
    // The lock goes with the look: a probe that gives up does not let the next one in.
    let pending = web::block(move || {
        let pending = db::pending(&db);
        drop(one);
        pending
    });
    let pending = pending.await;
    let pending = pending
        .map_err(|gone| kernel::Error::bug("the migrations were not read").caused_by(gone))??;
    server.migrated.is_known.store(pending.is_empty(), Ordering::Relaxed);
    Ok(pending.is_empty())
}

/// The figures, for Prometheus.
pub(crate) async fn metrics(req: HttpRequest, server: Data<Server>) -> Reply {
    if !server.metrics_public {
        guard::caller(&req, Scope::OpsRead, false).await?;
    }
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"))
        .body((server.metrics)()))
}
