//! Playing a person: messages, menu, cards; and delivering any callback at all.

use actix_multipart::Multipart;
use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    http::header,
    web::{self, Data, Json, Path, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Wait, answered, cause, denied};
use crate::{
    acts::{Click, Denied, Outgoing},
    front::uploads,
    media::Media,
    plain::{Node, Plain},
    push::{Callback, Deliver},
    server::Shared,
    world::Upload,
};

#[derive(Debug, Deserialize)]
pub(super) struct Reading {
    #[serde(default = "desk")]
    app: String,
    #[serde(default)]
    after: u64,
}

fn desk() -> String {
    "desk".into()
}

pub(super) async fn read(
    shared: Data<Shared>,
    userid: Path<String>,
    query: Query<Reading>,
) -> HttpResponse {
    let mut world = shared.world();
    if world.member(&userid).is_none() {
        return denied(&Denied::new(404, format!("没有成员 {userid}")));
    }
    world.chats.seen(&userid);
    let items = world.chats.read(&query.app, &userid, query.after);
    answered(Ok(json!({ "items": items })))
}

pub(super) async fn send(
    request: HttpRequest,
    payload: web::Payload,
    shared: Data<Shared>,
    userid: Path<String>,
    wait: Query<Wait>,
) -> HttpResponse {
    let message = match message_of(&request, payload, &shared).await {
        Ok(message) => message,
        Err(why) => return denied(&why),
    };
    let wait = wait.is_on() || message.options.as_ref().is_some_and(|options| options.wait);
    cause(shared, wait, |world, now| {
        world.send(&userid, &message, now).map(|seq| json!({ "seq": seq }))
    })
    .await
}

/// The message in JSON, or in a form with the file in the field `media`.
pub(super) async fn message_of(
    request: &HttpRequest,
    payload: web::Payload,
    shared: &Shared,
) -> Result<Outgoing, Denied> {
    let mut payload = payload.into_inner();
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    if !kind.unwrap_or_default().starts_with("multipart/") {
        let body = Json::<Outgoing>::from_request(request, &mut payload).await;
        return body.map(Json::into_inner).map_err(|error| Denied::new(400, error.to_string()));
    }
    let form = Multipart::from_request(request, &mut payload).await;
    let form = form.map_err(|error| Denied::new(400, error.to_string()))?;
    let parts = uploads(form).await.map_err(|detail| Denied::new(413, detail))?;
    let text = |name: &str| {
        let part = parts.iter().find(|part| part.field == name);
        part.map(|part| String::from_utf8_lossy(&part.bytes).into_owned()).unwrap_or_default()
    };
    let file = parts.iter().find(|part| part.field == "media");
    let file = file.ok_or_else(|| Denied::new(400, "表单里缺少 media 字段"))?;
    let msgtype = text("msgtype");
    let options = text("options");
    let options: Option<Deliver> = match options.as_str() {
        "" => None,
        json => {
            let read = serde_json::from_str(json);
            Some(read.map_err(|error| Denied::new(400, format!("options：{error}")))?)
        }
    };
    let filename = file.filename.clone().unwrap_or_else(|| msgtype.clone());
    let media_id = keep(shared, &msgtype, &filename, file);
    Ok(Outgoing { app: text("app"), msgtype, media_id, filename, options, ..Outgoing::default() })
}

pub(super) fn keep(shared: &Shared, kind: &str, filename: &str, file: &Upload) -> String {
    shared.act(|world, now| {
        world.keep_media(Media {
            kind: kind.to_owned(),
            filename: filename.to_owned(),
            content_type: file.content_type.clone(),
            bytes: file.bytes.clone(),
            at: now,
        })
    })
}

#[derive(Debug, Deserialize)]
pub(super) struct Pressed {
    #[serde(default = "desk")]
    app: String,
    #[serde(default)]
    key: String,
    options: Option<Deliver>,
}

impl Pressed {
    fn waits(&self, wait: &Wait) -> bool {
        wait.is_on() || self.options.as_ref().is_some_and(|options| options.wait)
    }
}

pub(super) async fn menu(
    shared: Data<Shared>,
    userid: Path<String>,
    wait: Query<Wait>,
    body: Json<Pressed>,
) -> HttpResponse {
    let wait = body.waits(&wait);
    let body = body.into_inner();
    cause(shared, wait, |world, now| {
        let seq = world.menu(&userid, &body.app, &body.key, body.options, now)?;
        Ok(json!({ "seq": seq }))
    })
    .await
}

pub(super) async fn enter(
    shared: Data<Shared>,
    userid: Path<String>,
    wait: Query<Wait>,
    body: Json<Pressed>,
) -> HttpResponse {
    let wait = body.waits(&wait);
    let body = body.into_inner();
    cause(shared, wait, |world, now| {
        let seq = world.enter(&userid, &body.app, body.options, now)?;
        Ok(json!({ "seq": seq }))
    })
    .await
}

pub(super) async fn click(
    shared: Data<Shared>,
    card_id: Path<String>,
    wait: Query<Wait>,
    body: Json<Click>,
) -> HttpResponse {
    let wait = wait.is_on() || body.options.as_ref().is_some_and(|options| options.wait);
    cause(shared, wait, |world, now| {
        world.click(&card_id, &body, now).map(|seq| json!({ "seq": seq }))
    })
    .await
}

/// A stored file, for the page: also one whose media_id has ended.
pub(super) async fn media(shared: Data<Shared>, media_id: Path<String>) -> HttpResponse {
    match shared.world().media.find(&media_id) {
        Some(media) => HttpResponse::Ok()
            .content_type(if media.content_type.is_empty() {
                "application/octet-stream"
            } else {
                media.content_type.as_str()
            })
            // A file that claims to be a page must not run as one on the page's own address.
            .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(media.bytes.clone()),
        None => denied(&Denied::new(404, "没有这个文件")),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Anything {
    app: String,
    plain: Option<String>,
    event: Option<Value>,
    options: Option<Deliver>,
}

/// Delivers any plaintext, or any fields with the head filled in.
pub(super) async fn callback(
    shared: Data<Shared>,
    wait: Query<Wait>,
    body: Json<Anything>,
) -> HttpResponse {
    let body = body.into_inner();
    let wait = wait.is_on() || body.options.as_ref().is_some_and(|options| options.wait);
    cause(shared, wait, |world, now| {
        if !world.apps.contains_key(&body.app) {
            return Err(Denied::new(404, format!("没有应用 {}", body.app)));
        }
        let (kind, plain) = match (body.plain, body.event) {
            (Some(plain), None) => ("raw".to_owned(), Plain::Raw(plain)),
            (None, Some(Value::Object(mut event))) => {
                let mut head = |name: &str, value: Value| {
                    event.entry(name.to_owned()).or_insert(value);
                };
                head("ToUserName", world.corp_id.as_str().into());
                head("FromUserName", "sys".into());
                head("CreateTime", now.seconds().into());
                head("MsgType", "event".into());
                let kind = ["Event", "MsgType"].iter().find_map(|name| event.get(*name)?.as_str());
                let kind = kind.unwrap_or_default().to_owned();
                (kind, Plain::Fields(fields_of(&event)))
            }
            _ => return Err(Denied::new(400, "请给出 plain（文本）或 event（对象）之一")),
        };
        let options = body.options.unwrap_or_else(|| world.deliver.clone());
        world.put(Callback { app: body.app, kind, plain, options, reply_to: None });
        Ok(json!({}))
    })
    .await
}

fn fields_of(object: &serde_json::Map<String, Value>) -> Vec<(String, Node)> {
    let mut fields = Vec::new();
    for (name, value) in object {
        let values = match value {
            Value::Array(items) => items.iter().collect(),
            value => vec![value],
        };
        fields.extend(values.into_iter().map(|value| (name.clone(), node(value))));
    }
    fields
}

fn node(value: &Value) -> Node {
    match value {
        Value::String(text) => Node::Text(text.clone()),
        Value::Object(object) => Node::Tree(fields_of(object)),
        other => Node::Bare(other.to_string()),
    }
}
