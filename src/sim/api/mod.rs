//! The calls of the platform's API: one line each in [`CALLS`].

mod app;
mod auth;
mod contact;
mod group;
mod media;
mod message;
mod people;
mod send;
mod update;
mod workbench;

use serde_json::Value;

use crate::world::{ApiResponse, Call, Method, Refused, World};

/// What answers a call.
pub(crate) enum Handler {
    Json(fn(&mut World, &Call<'_>) -> Result<Value, Refused>),
    File(fn(&mut World, &Call<'_>) -> Result<ApiResponse, Refused>),
}

/// One call.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) handler: Handler,
}

const fn get(
    path: &'static str,
    handler: fn(&mut World, &Call<'_>) -> Result<Value, Refused>,
) -> Route {
    Route { method: Method::Get, path, handler: Handler::Json(handler) }
}

const fn post(
    path: &'static str,
    handler: fn(&mut World, &Call<'_>) -> Result<Value, Refused>,
) -> Route {
    Route { method: Method::Post, path, handler: Handler::Json(handler) }
}

/// Every call but `gettoken`, which alone needs no token.
pub(crate) const CALLS: &[Route] = &[
    post("/cgi-bin/message/send", send::send),
    post("/cgi-bin/message/update_template_card", update::update_template_card),
    post("/cgi-bin/message/recall", update::recall),
    post("/cgi-bin/media/upload", media::upload),
    post("/cgi-bin/media/uploadimg", media::uploadimg),
    Route { method: Method::Get, path: "/cgi-bin/media/get", handler: Handler::File(media::get) },
    get("/cgi-bin/user/get", people::get),
    get("/cgi-bin/user/list", people::list),
    get("/cgi-bin/user/simplelist", people::simplelist),
    get("/cgi-bin/department/list", people::departments),
    get("/cgi-bin/department/simplelist", people::department_ids),
    get("/cgi-bin/department/get", people::department),
    get("/cgi-bin/tag/list", people::tags),
    get("/cgi-bin/tag/get", people::tag),
    get("/cgi-bin/externalcontact/get_follow_user_list", contact::followers),
    get("/cgi-bin/externalcontact/list", contact::list),
    get("/cgi-bin/externalcontact/get", contact::get),
    post("/cgi-bin/externalcontact/batch/get_by_user", contact::by_users),
    post("/cgi-bin/externalcontact/groupchat/list", group::list),
    post("/cgi-bin/externalcontact/groupchat/get", group::get),
    post("/cgi-bin/menu/create", app::menu_create),
    get("/cgi-bin/menu/get", app::menu_get),
    get("/cgi-bin/menu/delete", app::menu_delete),
    get("/cgi-bin/agent/get", app::agent),
    get("/cgi-bin/agent/list", app::agents),
    post("/cgi-bin/agent/set_workbench_template", workbench::set_template),
    post("/cgi-bin/agent/get_workbench_template", workbench::get_template),
    post("/cgi-bin/agent/set_workbench_data", workbench::set_data),
    post("/cgi-bin/agent/batch_set_workbench_data", workbench::batch_set_data),
    post("/cgi-bin/agent/get_workbench_data", workbench::get_data),
    get("/cgi-bin/getcallbackip", app::ips),
    get("/cgi-bin/auth/getuserinfo", auth::user_info),
    get("/cgi-bin/get_jsapi_ticket", auth::jsapi_ticket),
    get("/cgi-bin/ticket/get", auth::ticket),
    get("/cgi-bin/get_api_domain_ip", app::ips),
];

/// The object in a body.
pub(crate) fn read_json(body: &[u8]) -> Result<Value, Refused> {
    if has_escapes(body) {
        return Err(Refused::new(40033, "invalid request charset, \\uxxxx is not allowed"));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) | Err(_) => Err(Refused::new(40058, "invalid parameter: the body is no JSON object")),
    }
}

/// Whether the body writes a visible character as `\uXXXX`. Control characters must be written so.
fn has_escapes(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let digits = rest.get(at + 2..at + 6);
        if rest.get(at + 1) == Some(&b'u') && digits.is_some_and(|it| !it.starts_with(b"00")) {
            return true;
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

/// A page of a list: the rows after the cursor, and the next cursor, empty at the end. The cursor
/// is the number of rows that came before.
fn page<T>(rows: Vec<T>, cursor: &str, limit: usize) -> Result<(Vec<T>, String), Refused> {
    let start: usize = match cursor {
        "" => 0,
        text => text.parse().map_err(|_no_number| Refused::new(40058, "invalid cursor"))?,
    };
    let end = start.saturating_add(limit);
    let next = if end < rows.len() { end.to_string() } else { String::new() };
    Ok((rows.into_iter().skip(start).take(limit).collect(), next))
}

/// `limit` of a body, within bounds.
fn limit_of(call: &Call<'_>, default: u64, max: u64) -> Result<usize, Refused> {
    let asked = match call.body.get("limit") {
        None => default,
        Some(value) => value.as_u64().unwrap_or(0),
    };
    match asked {
        asked if (1..=max).contains(&asked) => Ok(usize::try_from(asked).unwrap_or(usize::MAX)),
        _ => Err(Refused::new(40058, format!("invalid limit, expected 1 to {max}"))),
    }
}

/// The texts of a list in a body.
fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a card may take the place of another.
pub(crate) fn check_update(card: &Value) -> Result<(), Refused> {
    message::card(card, wecom::card::Purpose::Update).map(|_facts| ())
}
