//! Playing the administrator: staff, departments, customers and groups come, change and go.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path, Query},
};
use kernel::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::cause;
use crate::{acts::Denied, org::Told, server::Shared, world::World};

/// How a change is told, and who makes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct How {
    silent: String,
    wait: String,
    userid: String,
    by: String,
}

impl How {
    fn is(text: &str) -> bool {
        matches!(text, "1" | "true")
    }
}

async fn change(
    shared: Data<Shared>,
    how: &How,
    act: impl FnOnce(&mut World, Told) -> Result<Value, Denied>,
) -> HttpResponse {
    let silent = How::is(&how.silent);
    cause(shared, How::is(&how.wait), |world: &mut World, now: Timestamp| {
        act(world, Told { now, silent })
    })
    .await
}

pub(super) async fn add_member(
    shared: Data<Shared>,
    how: Query<How>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.add_member(body.into_inner(), told)).await
}

pub(super) async fn edit_member(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<String>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.edit_member(&id, &body, told)).await
}

pub(super) async fn delete_member(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<String>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.delete_member(&id, told)).await
}

pub(super) async fn add_department(
    shared: Data<Shared>,
    how: Query<How>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.add_department(body.into_inner(), told)).await
}

pub(super) async fn edit_department(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<i64>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.edit_department(*id, &body, told)).await
}

pub(super) async fn delete_department(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<i64>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.delete_department(*id, told)).await
}

pub(super) async fn add_customer(
    shared: Data<Shared>,
    how: Query<How>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.add_customer(body.into_inner(), told)).await
}

pub(super) async fn edit_customer(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<String>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.edit_customer(&id, &body, told)).await
}

/// `?userid=` names the member; `?by=customer` when the customer removed the member.
pub(super) async fn delete_customer(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<String>,
) -> HttpResponse {
    let by_customer = how.by == "customer";
    change(shared, &how, |world, told| world.delete_customer(&id, &how.userid, by_customer, told))
        .await
}

pub(super) async fn add_group(
    shared: Data<Shared>,
    how: Query<How>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.add_group(body.into_inner(), told)).await
}

pub(super) async fn edit_group(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<String>,
    body: Json<Value>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.edit_group(&id, &body, told)).await
}

pub(super) async fn delete_group(
    shared: Data<Shared>,
    how: Query<How>,
    id: Path<String>,
) -> HttpResponse {
    change(shared, &how, |world, told| world.delete_group(&id, told)).await
}
