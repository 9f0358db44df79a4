//! The control API: what the page and tests use to play the people, the administrators and the
//! failures of the platform. It is no part of WeCom.

mod company;
mod plans;
mod rooms;
mod talk;

use std::sync::Arc;

use actix_web::{
    HttpResponse,
    web::{self, Data, Path, Query, ServiceConfig, delete, get, patch, post},
};
use kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{acts::Denied, jssdk::Shown, push, server::Shared, stream, world::World};

/// Every path under `/_sim`.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/state", get().to(state))
        .route("/stream", get().to(stream::events))
        .route("/calls", get().to(calls))
        .route("/callbacks", get().to(callbacks))
        .route("/problems", get().to(problems))
        .route("/visible/{userid}", get().to(visible))
        .route("/workbench/{userid}", get().to(workbench))
        .route("/chats/{userid}", get().to(talk::read))
        .route("/chats/{userid}/messages", post().to(talk::send))
        .route("/chats/{userid}/menu", post().to(talk::menu))
        .route("/chats/{userid}/enter", post().to(talk::enter))
        .route("/talks/{viewer}", get().to(rooms::list))
        .route("/talks/{viewer}/{peer}", get().to(rooms::read))
        .route("/talks/{viewer}/{peer}/messages", post().to(rooms::send))
        .route("/cards/{card_id}/click", post().to(talk::click))
        .route("/media", post().to(rooms::upload))
        .route("/media/{media_id}", get().to(talk::media))
        .route("/jssdk/calls", get().to(rooms::sdk_calls))
        .route("/jssdk/calls", post().to(rooms::note_sdk_call))
        .route("/jssdk/take", post().to(rooms::take_sdk_fault))
        .route("/jssdk/verify", post().to(verify))
        .route("/callback", post().to(talk::callback))
        .route("/save_url", post().to(plans::save_url))
        .route("/apps/{name}", patch().to(plans::edit_app))
        .route("/deliver", get().to(plans::deliver))
        .route("/deliver", post().to(plans::set_deliver))
        .route("/limits", get().to(plans::limits))
        .route("/limits", post().to(plans::set_limits))
        .route("/faults", get().to(plans::faults))
        .route("/faults", post().to(plans::add_fault))
        .route("/faults", delete().to(plans::clear_faults))
        .route("/faults/{id}", delete().to(plans::remove_fault))
        .route("/tokens/expire", post().to(plans::expire))
        .route("/tokens/rotate", post().to(plans::rotate))
        .route("/clock/skew", post().to(plans::skew))
        .route("/reset", post().to(plans::reset))
        .route("/members", post().to(company::add_member))
        .route("/members/{id}", patch().to(company::edit_member))
        .route("/members/{id}", delete().to(company::delete_member))
        .route("/departments", post().to(company::add_department))
        .route("/departments/{id}", patch().to(company::edit_department))
        .route("/departments/{id}", delete().to(company::delete_department))
        .route("/customers", post().to(company::add_customer))
        .route("/customers/{id}", get().to(rooms::customer))
        .route("/customers/{id}", patch().to(company::edit_customer))
        .route("/customers/{id}", delete().to(company::delete_customer))
        .route("/groups", post().to(company::add_group))
        .route("/groups/{id}", patch().to(company::edit_group))
        .route("/groups/{id}", delete().to(company::delete_group))
        .default_service(web::route().to(unknown));
}

pub(crate) use plans::check_and_save;

async fn unknown() -> HttpResponse {
    denied(&Denied::new(404, "控制接口里没有这个地址"))
}

fn denied(denied: &Denied) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(denied.status);
    HttpResponse::build(status.unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR))
        .json(json!({ "detail": denied.detail }))
}

fn answered(answer: Result<Value, Denied>) -> HttpResponse {
    match answer {
        Ok(value) => HttpResponse::Ok().json(value),
        Err(why) => denied(&why),
    }
}

/// Whether the request waits for the deliveries that it causes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wait {
    wait: String,
}

impl Wait {
    fn is_on(&self) -> bool {
        matches!(self.wait.as_str(), "1" | "true")
    }
}

/// Does something that causes callbacks; when asked to, waits for them and tells what came of each.
async fn cause(
    shared: Data<Shared>,
    wait: bool,
    act: impl FnOnce(&mut World, Timestamp) -> Result<Value, Denied>,
) -> HttpResponse {
    if !wait {
        return answered(shared.act(act));
    }
    let (done, callbacks) = shared.act_and_keep(act);
    let mut answer = match done {
        Ok(answer) => answer,
        Err(why) => return denied(&why),
    };
    let shared = shared.into_inner();
    let mut deliveries = Vec::new();
    // One after the other, so that a test knows which comes first.
    for callback in callbacks {
        deliveries.extend(push::deliver(Arc::clone(&shared), callback).await);
    }
    if let Some(object) = answer.as_object_mut() {
        object.insert("deliveries".into(), json!(deliveries));
    }
    HttpResponse::Ok().json(answer)
}

async fn state(shared: Data<Shared>) -> HttpResponse {
    let (now, skew) = (shared.now().seconds(), shared.skew_seconds());
    HttpResponse::Ok().json(shared.world().state(now, skew))
}

/// What the client says to a page that shows it a signature.
async fn verify(shared: Data<Shared>, body: web::Json<Shown>) -> HttpResponse {
    HttpResponse::Ok().json(shared.act(|world, now| world.check_page(&body, now)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct After {
    after: u64,
    limit: Option<usize>,
}

async fn calls(shared: Data<Shared>, query: Query<After>) -> HttpResponse {
    let limit = query.limit.unwrap_or(usize::MAX);
    HttpResponse::Ok().json(json!({ "items": shared.world().journal.calls(query.after, limit) }))
}

async fn callbacks(shared: Data<Shared>, query: Query<After>) -> HttpResponse {
    let limit = query.limit.unwrap_or(usize::MAX);
    let world = shared.world();
    HttpResponse::Ok().json(json!({ "items": world.journal.callbacks(query.after, limit) }))
}

async fn problems(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "items": shared.world().journal.problems() }))
}

/// What each app shows a member on the workbench.
async fn workbench(shared: Data<Shared>, userid: Path<String>) -> HttpResponse {
    let world = shared.world();
    let shown = world.member(&userid).map(|_member| {
        let of =
            |app: &String| Some(json!({ "app": app, "shown": world.on_workbench(app, &userid)? }));
        json!({ "items": world.apps.keys().filter_map(of).collect::<Vec<_>>() })
    });
    answered(shown.ok_or_else(|| Denied::new(404, format!("没有成员 {userid}"))))
}

async fn visible(shared: Data<Shared>, userid: Path<String>) -> HttpResponse {
    let items = shared.world().visible(&userid);
    answered(match items {
        Some(items) => Ok(json!({ "items": items })),
        None => Err(Denied::new(404, format!("没有成员 {userid}"))),
    })
}
