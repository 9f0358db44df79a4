//! Playing people who talk with people outside, and what the page's bridge asks and notes of JS-SDK
//! calls.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Data, Json, Path, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{After, answered, denied, talk};
use crate::{
    acts::Denied,
    front::uploads,
    journal::{SdkLine, millis},
    server::Shared,
};

/// The longest text in params or a result that the journal shows whole.
const SHOWN: usize = 2 << 10;
/// The longest params or result that the journal keeps.
const NOTED: usize = 16 << 10;

pub(super) async fn list(shared: Data<Shared>, viewer: Path<String>) -> HttpResponse {
    let items = shared.world().rooms_of(&viewer);
    answered(items.map(|items| json!({ "items": items })))
}

pub(super) async fn read(
    shared: Data<Shared>,
    path: Path<(String, String)>,
    query: Query<After>,
) -> HttpResponse {
    let (viewer, peer) = path.into_inner();
    answered(shared.world().listen(&viewer, &peer, query.after))
}

/// `viewer` says something to `peer`: a member to a customer, a customer to a member, or anybody in
/// a group into it.
pub(super) async fn send(
    request: HttpRequest,
    payload: web::Payload,
    shared: Data<Shared>,
    path: Path<(String, String)>,
) -> HttpResponse {
    let message = match talk::message_of(&request, payload, &shared).await {
        Ok(message) => message,
        Err(why) => return denied(&why),
    };
    let (viewer, peer) = path.into_inner();
    answered(shared.act(|world, now| {
        world.speak(&viewer, &peer, &message, now).map(|seq| json!({ "seq": seq }))
    }))
}

/// Everything about a customer, for the profile.
pub(super) async fn customer(shared: Data<Shared>, id: Path<String>) -> HttpResponse {
    let world = shared.world();
    let customer = world.customers.get(id.as_str());
    answered(customer.map_or_else(
        || Err(Denied::new(404, format!("没有客户 {id}"))),
        |customer| Ok(json!(customer)),
    ))
}

/// Keeps a picture that a page uploads through the JS-SDK: the field `media` of a form.
pub(super) async fn upload(shared: Data<Shared>, form: Multipart) -> HttpResponse {
    let parts = match uploads(form).await {
        Ok(parts) => parts,
        Err(detail) => return denied(&Denied::new(413, detail)),
    };
    let Some(file) = parts.iter().find(|part| part.field == "media") else {
        return denied(&Denied::new(400, "表单里缺少 media 字段"));
    };
    let filename = file.filename.clone().unwrap_or_else(|| "picture".to_owned());
    let media_id = talk::keep(&shared, "image", &filename, file);
    answered(Ok(json!({ "media_id": media_id })))
}

pub(super) async fn sdk_calls(shared: Data<Shared>, query: Query<After>) -> HttpResponse {
    let limit = query.limit.unwrap_or(usize::MAX);
    let world = shared.world();
    answered(Ok(json!({ "items": world.journal.sdk_calls(query.after, limit) })))
}

pub(super) async fn note_sdk_call(shared: Data<Shared>, body: Json<SdkLine>) -> HttpResponse {
    let mut line = body.into_inner();
    if line.call.is_empty() {
        return denied(&Denied::new(400, "call 为空：请写上调用的名字"));
    }
    shorten(&mut line.params);
    shorten(&mut line.result);
    answered(shared.act(|world, now| {
        line.at = millis(now);
        let seq = world.journal.sdk(line);
        world.notify("jssdk", None, seq);
        Ok(json!({ "seq": seq }))
    }))
}

/// Pictures and other long texts give way to their length: the rest of the line stays readable.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > SHOWN => *text = format!("{} 字节", text.len()),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
    let length = value.to_string().len();
    if length > NOTED {
        *value = format!("{length} 字节").into();
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Taking {
    call: String,
    /// What can happen to this call: a person cannot cancel what opens nothing.
    suffers: Vec<String>,
}

/// What was planned to go wrong with this call; used up by one.
pub(super) async fn take_sdk_fault(shared: Data<Shared>, body: Json<Taking>) -> HttpResponse {
    answered(shared.act(|world, _now| {
        let effect = world.faults.take_sdk(&body.call, &body.suffers);
        if effect.is_some() {
            world.changed();
        }
        Ok(json!({ "effect": effect }))
    }))
}
