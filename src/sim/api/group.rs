//! Customer groups whose owner the app sees.

use serde_json::{Value, json};

use super::{limit_of, page, texts};
use crate::{
    model::{Group, GroupMember},
    org::version,
    world::{Call, Refused, World},
};

fn owned(world: &World, call: &Call<'_>, group: &Group) -> bool {
    world.member(&group.owner).is_some_and(|owner| world.sees(&call.app, owner))
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let limit = limit_of(call, 1000, 1000)?;
    let owners = texts(call.body.pointer("/owner_filter/userid_list"));
    if owners.len() > 100 {
        return Err(Refused::new(40031, "invalid userid list"));
    }
    let wanted = |group: &&Group| {
        owners.is_empty() || owners.iter().any(|owner| owner.eq_ignore_ascii_case(&group.owner))
    };
    let rows: Vec<Value> = world
        .groups
        .values()
        .filter(|group| owned(world, call, group))
        .filter(wanted)
        .map(|group| json!({ "chat_id": group.chat_id, "status": 0 }))
        .collect();
    // Every group here is in normal state, so a filter for the others finds none.
    let rows = match call.body.get("status_filter").and_then(Value::as_i64) {
        None | Some(0) => rows,
        Some(1..=3) => Vec::new(),
        Some(_) => return Err(Refused::new(40058, "invalid status_filter")),
    };
    let (rows, next) = page(rows, call.text("cursor"), limit)?;
    Ok(json!({ "group_chat_list": rows, "next_cursor": next }))
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let group = world
        .groups
        .get(call.text("chat_id"))
        .filter(|group| owned(world, call, group))
        .ok_or_else(|| Refused::new(90501, "chat is not external chat"))?;
    let need_name = call.body.get("need_name").and_then(Value::as_i64) == Some(1);
    let row = |member: &GroupMember| {
        let mut row = json!({
            "userid": member.id,
            "type": member.kind,
            "join_time": member.join_time,
            "join_scene": 1,
            "group_nickname": "",
        });
        let name = match member.kind {
            1 => world.member(&member.id).map(|it| it.name.clone()),
            _ => world.customers.get(&member.id).map(|it| it.name.clone()),
        };
        if let (true, Some(object)) = (need_name, row.as_object_mut()) {
            object.insert("name".into(), name.into());
        }
        row
    };
    Ok(json!({
        "group_chat": {
            "chat_id": group.chat_id,
            "name": group.name,
            "owner": group.owner,
            "create_time": group.create_time,
            "notice": group.notice,
            "member_list": group.members.iter().map(row).collect::<Vec<_>>(),
            "admin_list": [],
            "member_version": version(group),
        },
    }))
}
