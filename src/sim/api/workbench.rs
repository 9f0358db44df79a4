//! What an app shows on the workbench: a template for everybody, and of each member his own data.

use serde_json::{Value, json};

use super::{app::other_agent, texts};
use crate::world::{Call, Refused, World, fold};

/// The longest of each, as the platform counts.
const CHARS_MAX: usize = 64;
const URL_MAX: usize = 1024;
const MEMBERS_MAX: usize = 1000;
const TYPES: &[&str] = &["normal", "keydata", "image", "list", "webview"];

/// The caller's own app, when `agentid` names it.
fn own(world: &World, call: &Call<'_>) -> Result<(), Refused> {
    let agent_id = call.body.get("agentid").and_then(Value::as_i64);
    let Some(agent_id) = agent_id else { return Err(Refused::new(40056, "invalid agentid")) };
    match world.apps.get(&call.app) {
        Some(app) if app.agent_id == agent_id => Ok(()),
        _ => Err(other_agent()),
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// What is shown is of a type that is known, and as short as it must be. Which number is for which
/// fault the platform does not document; all of them are of this family.
fn check(data: &Value) -> Result<(), Refused> {
    let kind = text(data, "type");
    if !TYPES.contains(&kind) {
        return Err(Refused::new(94001, "invalid workbench template type"));
    }
    let items = data.pointer(&format!("/{kind}/items")).and_then(Value::as_array);
    let items = items.map(Vec::as_slice).unwrap_or_default();
    let most = if kind == "list" { 3 } else { 4 };
    if items.len() > most {
        return Err(Refused::new(94003, "workbench items exceed limit"));
    }
    for item in items {
        let is_long = |key| text(item, key).chars().count() > CHARS_MAX;
        if is_long("key") || is_long("data") || text(item, "title").len() > 128 {
            return Err(Refused::new(94004, "workbench item text exceed limit"));
        }
        let url = text(item, "jump_url");
        let is_page = url.is_empty() || url.starts_with("http://") || url.starts_with("https://");
        if !is_page || url.len() > URL_MAX || text(item, "pagepath").len() > URL_MAX {
            return Err(Refused::new(94005, "invalid workbench jump_url"));
        }
    }
    Ok(())
}

pub(super) fn set_template(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own(world, call)?;
    check(&call.body)?;
    let shown = world.workbenches.entry(call.app.clone()).or_default();
    let kind = call.text("type").to_owned();
    let is_other = text(&shown.template, "type") != kind;
    if is_other || call.body.get("replace_user_data") == Some(&json!(true)) {
        shown.members.clear();
    }
    let data = call.body.get(&kind).cloned().unwrap_or_default();
    shown.template = json!({ "type": kind, (kind.as_str()): data });
    world.changed();
    Ok(json!({}))
}

pub(super) fn get_template(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own(world, call)?;
    let shown = world.workbenches.get(&call.app);
    Ok(shown.map_or_else(|| json!({ "type": "normal" }), |shown| shown.template.clone()))
}

/// The data fits the template: its type, and of key figures those that it has.
fn fits(world: &World, app: &str, data: &Value) -> Result<(), Refused> {
    check(data)?;
    let template = world.workbenches.get(app).map(|shown| shown.template.clone());
    let template = template.unwrap_or_default();
    if text(&template, "type") != text(data, "type") {
        return Err(Refused::new(94002, "workbench data type not match template"));
    }
    let keys = |of: &Value| -> Vec<String> {
        let items = of.pointer("/keydata/items").and_then(Value::as_array).cloned();
        items.unwrap_or_default().iter().map(|item| text(item, "key").to_owned()).collect()
    };
    let known = keys(&template);
    match keys(data).iter().find(|key| !known.contains(key)) {
        Some(_other) => Err(Refused::new(94006, "workbench key not in template")),
        None => Ok(()),
    }
}

/// The members of a call, whom the app must see.
fn receivers(world: &World, app: &str, userids: &[String]) -> Result<Vec<String>, Refused> {
    let known = |userid: &String| {
        let member = world.member(userid).filter(|member| world.sees(app, member));
        member.map(|_member| fold(userid)).ok_or_else(|| Refused::new(40003, "invalid userid"))
    };
    userids.iter().map(known).collect()
}

fn show(world: &mut World, app: &str, userids: Vec<String>, data: &Value) {
    let shown = world.workbenches.entry(app.to_owned()).or_default();
    for userid in userids {
        shown.members.insert(userid, data.clone());
    }
    world.changed();
}

pub(super) fn set_data(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own(world, call)?;
    fits(world, &call.app, &call.body)?;
    let userids = receivers(world, &call.app, &[call.text("userid").to_owned()])?;
    for userid in &userids {
        world.meters.workbench_member(&call.app, userid, call.now)?;
    }
    let kind = call.text("type").to_owned();
    let data = call.body.get(&kind).cloned().unwrap_or_default();
    show(world, &call.app, userids, &json!({ "type": kind, (kind.as_str()): data }));
    Ok(json!({}))
}

pub(super) fn batch_set_data(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own(world, call)?;
    let userids = texts(call.body.get("userid_list"));
    if userids.is_empty() || userids.len() > MEMBERS_MAX {
        return Err(Refused::new(94007, "invalid userid_list size"));
    }
    let data = call.body.get("data").cloned().unwrap_or_default();
    fits(world, &call.app, &data)?;
    let userids = receivers(world, &call.app, &userids)?;
    let many = u64::try_from(userids.len()).unwrap_or(u64::MAX);
    world.meters.workbench(&world.limits, &call.app, many, call.now)?;
    show(world, &call.app, userids, &data);
    Ok(json!({}))
}

pub(super) fn get_data(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own(world, call)?;
    let userids = receivers(world, &call.app, &[call.text("userid").to_owned()])?;
    let shown = userids.first().and_then(|userid| world.on_workbench(&call.app, userid));
    Ok(json!({ "data": shown.unwrap_or_else(|| json!({ "type": "normal" })) }))
}
