//! Planning what goes wrong, and setting the platform itself.

use actix_web::{
    HttpResponse,
    web::{Data, Json, Path},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::answered;
use crate::{acts::Denied, faults::Fault, model::Pages, push, server::Shared};

#[derive(Debug, Deserialize)]
pub(super) struct Address {
    app: String,
    url: String,
}

pub(super) async fn save_url(shared: Data<Shared>, body: Json<Address>) -> HttpResponse {
    let done = check_and_save(&shared, &body.app, &body.url).await;
    answered(Ok(match done {
        Ok(()) => json!({ "ok": true, "detail": "已保存" }),
        Err(detail) => json!({ "ok": false, "detail": detail }),
    }))
}

/// Checks an address and saves it when it answers well; else nothing changes.
pub(crate) async fn check_and_save(shared: &Shared, app: &str, url: &str) -> Result<(), String> {
    let seed = shared.world().apps.get(app).cloned();
    let seed = seed.ok_or_else(|| format!("没有应用 {app}"))?;
    push::check_url(shared, &seed, url).await?;
    shared.act(|world, _now| world.set_callback(app, Some(url.to_owned())));
    Ok(())
}

/// What of an app an administrator may change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppPatch {
    callback_url: Option<String>,
    trusted_ips: Option<Vec<String>>,
    trusted_domains: Option<Vec<String>>,
    visible: Option<Vec<i64>>,
    hears_changes: Option<bool>,
    pages: Option<Pages>,
}

/// Changes an app without any check; an empty `callback_url` or `trusted_ips` removes it. `pages` are
/// given whole.
pub(super) async fn edit_app(
    shared: Data<Shared>,
    name: Path<String>,
    body: Json<AppPatch>,
) -> HttpResponse {
    answered(shared.act(|world, _now| {
        let app = world.apps.get_mut(name.as_str());
        let app = app.ok_or_else(|| Denied::new(404, format!("没有应用 {name}")))?;
        let patch = body.into_inner();
        if let Some(url) = patch.callback_url {
            app.callback_url = Some(url).filter(|url| !url.is_empty());
        }
        if let Some(ips) = patch.trusted_ips {
            app.trusted_ips = Some(ips).filter(|ips| !ips.is_empty());
        }
        app.trusted_domains =
            patch.trusted_domains.unwrap_or(std::mem::take(&mut app.trusted_domains));
        app.visible = patch.visible.unwrap_or(std::mem::take(&mut app.visible));
        app.pages = patch.pages.unwrap_or(std::mem::take(&mut app.pages));
        app.hears_changes = patch.hears_changes.unwrap_or(app.hears_changes);
        world.changed();
        Ok(json!({}))
    }))
}

/// `old` with some members replaced.
fn patched<T: Serialize + DeserializeOwned>(old: &T, patch: &Value) -> Result<T, Denied> {
    let bad = |error: serde_json::Error| Denied::new(400, error.to_string());
    let mut value = serde_json::to_value(old).map_err(bad)?;
    if let (Some(object), Some(patch)) = (value.as_object_mut(), patch.as_object()) {
        object.extend(patch.clone());
    }
    serde_json::from_value(value).map_err(bad)
}

pub(super) async fn deliver(shared: Data<Shared>) -> HttpResponse {
    answered(Ok(json!(shared.world().deliver)))
}

/// How callbacks travel from now on, unless a request says otherwise.
pub(super) async fn set_deliver(shared: Data<Shared>, body: Json<Value>) -> HttpResponse {
    answered(shared.act(|world, _now| {
        world.deliver = patched(&world.deliver, &body)?;
        world.changed();
        Ok(json!(world.deliver))
    }))
}

pub(super) async fn limits(shared: Data<Shared>) -> HttpResponse {
    answered(Ok(json!(shared.world().limits)))
}

/// New limits; what was used so far and who was banned is forgotten.
pub(super) async fn set_limits(shared: Data<Shared>, body: Json<Value>) -> HttpResponse {
    answered(shared.act(|world, _now| {
        world.limits = patched(&world.limits, &body)?;
        world.meters.clear();
        world.tokens.forgive();
        world.changed();
        Ok(json!(world.limits))
    }))
}

pub(super) async fn faults(shared: Data<Shared>) -> HttpResponse {
    answered(Ok(json!({ "items": shared.world().faults.list() })))
}

pub(super) async fn add_fault(shared: Data<Shared>, body: Json<Fault>) -> HttpResponse {
    answered(shared.act(|world, _now| {
        let planned = world.faults.plan(body.into_inner());
        let id = planned.map_err(|detail| Denied::new(400, detail))?;
        world.changed();
        Ok(json!({ "id": id }))
    }))
}

pub(super) async fn clear_faults(shared: Data<Shared>) -> HttpResponse {
    answered(shared.act(|world, _now| {
        world.faults.clear();
        world.changed();
        Ok(json!({}))
    }))
}

pub(super) async fn remove_fault(shared: Data<Shared>, id: Path<u64>) -> HttpResponse {
    answered(shared.act(|world, _now| {
        let is_gone = world.faults.remove(*id);
        world.changed();
        is_gone.then(|| json!({})).ok_or_else(|| Denied::new(404, "没有这个故障"))
    }))
}

/// Whose tokens end, and what they earn from now on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Expire {
    app: Option<String>,
    errcode: Option<i64>,
}

pub(super) async fn expire(shared: Data<Shared>, body: Option<Json<Expire>>) -> HttpResponse {
    let body = body.map(Json::into_inner).unwrap_or_default();
    answered(shared.act(|world, _now| {
        let ended = world.tokens.kill(body.app.as_deref(), body.errcode.unwrap_or(42001));
        Ok(json!({ "ended": ended }))
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct Rotate {
    app: String,
    secret: String,
}

/// Gives an app a new secret; its tokens die with the old one.
pub(super) async fn rotate(shared: Data<Shared>, body: Json<Rotate>) -> HttpResponse {
    answered(shared.act(|world, _now| {
        let app = world.apps.get_mut(&body.app);
        let app = app.ok_or_else(|| Denied::new(404, format!("没有应用 {}", body.app)))?;
        app.secret.clone_from(&body.secret);
        world.tokens.kill(Some(&body.app), 40014);
        Ok(json!({}))
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct Skew {
    seconds: i64,
}

/// How far the platform's clock is ahead of ours.
pub(super) async fn skew(shared: Data<Shared>, body: Json<Skew>) -> HttpResponse {
    shared.set_skew(body.seconds);
    shared.act(|world, _now| world.changed());
    answered(Ok(json!({})))
}

pub(super) async fn reset(shared: Data<Shared>) -> HttpResponse {
    shared.set_skew(0);
    shared.act(|world, _now| world.reset());
    answered(Ok(json!({})))
}
