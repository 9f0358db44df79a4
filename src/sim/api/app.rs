//! The app itself: its menu, its settings, and the platform's addresses.

use serde_json::{Value, json};

use crate::world::{App, Call, Refused, World};

const TYPES: &[&str] = &[
    "click",
    "view",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
    "view_miniprogram",
];

/// The caller's own app, when `agentid` names it.
fn own<'w>(world: &'w mut World, call: &Call<'_>) -> Result<&'w mut App, Refused> {
    let agent_id = call.query("agentid").parse::<i64>();
    let agent_id = agent_id.map_err(|_no_number| Refused::new(40056, "invalid agentid"))?;
    if !world.apps.values().any(|app| app.agent_id == agent_id) {
        return Err(Refused::new(40056, "invalid agentid"));
    }
    match world.apps.get_mut(&call.app) {
        Some(app) if app.agent_id == agent_id => Ok(app),
        _ => Err(other_agent()),
    }
}

pub(super) fn other_agent() -> Refused {
    Refused::new(301_002, "not allow operate another agent with this accesstoken")
}

pub(super) fn menu_create(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let buttons = call.body.get("button").and_then(Value::as_array).cloned().unwrap_or_default();
    if !(1..=3).contains(&buttons.len()) {
        return Err(Refused::new(40017, "invalid button size"));
    }
    for button in &buttons {
        let below = button.get("sub_button").and_then(Value::as_array).filter(|it| !it.is_empty());
        name_fits(button, 16, 40018)?;
        match below {
            None => complete(button)?,
            Some(below) if below.len() > 5 => {
                return Err(Refused::new(40023, "invalid sub button size"));
            }
            Some(below) => {
                for button in below {
                    name_fits(button, 40, 40025)?;
                    complete(button)?;
                }
            }
        }
    }
    own(world, call)?.menu = buttons;
    world.changed();
    Ok(json!({}))
}

fn text<'v>(button: &'v Value, key: &str) -> &'v str {
    button.get(key).and_then(Value::as_str).unwrap_or("")
}

fn name_fits(button: &Value, max: usize, code: i64) -> Result<(), Refused> {
    if (1..=max).contains(&text(button, "name").len()) {
        Ok(())
    } else {
        Err(Refused::new(code, "invalid button name size"))
    }
}

/// A button that does something has what it needs for it.
fn complete(button: &Value) -> Result<(), Refused> {
    let kind = text(button, "type");
    if !TYPES.contains(&kind) {
        return Err(Refused::new(40016, "invalid button type"));
    }
    match kind {
        "view" => match text(button, "url") {
            url if url.is_empty() || url.len() > 1024 => {
                Err(Refused::new(40020, "invalid button url size"))
            }
            url if !(url.starts_with("http://") || url.starts_with("https://")) => {
                Err(Refused::new(40055, "invalid button url domain"))
            }
            _ => Ok(()),
        },
        "view_miniprogram" => Ok(()),
        _ if (1..=128).contains(&text(button, "key").len()) => Ok(()),
        _ => Err(Refused::new(40019, "invalid button key size")),
    }
}

pub(super) fn menu_get(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    match own(world, call)? {
        app if app.menu.is_empty() => Err(Refused::new(46003, "menu no exist")),
        app => Ok(json!({ "button": app.menu })),
    }
}

pub(super) fn menu_delete(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own(world, call)?.menu.clear();
    world.changed();
    Ok(json!({}))
}

pub(super) fn agent(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let app = own(world, call)?.clone();
    Ok(json!({
        "agentid": app.agent_id,
        "name": app.display_name,
        "square_logo_url": "",
        "description": "",
        "allow_userinfos": { "user": [] },
        "allow_partys": { "partyid": app.visible },
        "allow_tags": { "tagid": [] },
        "close": 0,
        "redirect_domain": app.trusted_domains.first().cloned().unwrap_or_default(),
        "report_location_flag": 0,
        "isreportenter": 1,
        "home_url": "",
    }))
}

pub(super) fn agents(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let row = |app: &App| json!({ "agentid": app.agent_id, "name": app.display_name, "square_logo_url": "" });
    Ok(json!({ "agentlist": [world.apps.get(&call.app).map(row)] }))
}

/// The simulator calls from, and answers at, this machine only.
pub(super) fn ips(_world: &mut World, _call: &Call<'_>) -> Result<Value, Refused> {
    Ok(json!({ "ip_list": ["127.0.0.1"] }))
}
