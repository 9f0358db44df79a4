//! Departments, members and tags, as far as the app sees them.

use serde_json::{Value, json};

use crate::{
    model::Member,
    world::{Call, Refused, World, fold},
};

/// A member as apps made since June 2022 see one: without picture, phone and mail.
fn shown(member: &Member) -> Value {
    json!({
        "userid": member.userid,
        "name": member.name,
        "department": member.department,
        "order": vec![0; member.department.len()],
        "position": member.position,
        "is_leader_in_dept": member.is_leader_in_dept,
        "direct_leader": member.direct_leader,
        "telephone": "",
        "alias": member.alias,
        "status": member.status,
        "main_department": member.department.first(),
        "extattr": { "attrs": [] },
        "external_position": "",
    })
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let userid = call.query("userid");
    if userid.is_empty() {
        return Err(Refused::new(40063, "userid missing"));
    }
    let member = world.member(userid).ok_or_else(|| Refused::new(60111, "userid not found"))?;
    if !world.sees(&call.app, member) {
        return Err(Refused::new(60011, "no privilege to access/modify contact/party/agent"));
    }
    Ok(shown(member))
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let rows: Vec<Value> = of_department(world, call)?.into_iter().map(shown).collect();
    Ok(json!({ "userlist": rows }))
}

pub(super) fn simplelist(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let row = |member: &Member| {
        json!({
            "userid": member.userid,
            "name": member.name,
            "department": member.department,
        })
    };
    let rows: Vec<Value> = of_department(world, call)?.into_iter().map(row).collect();
    Ok(json!({ "userlist": rows }))
}

/// The direct members of a department; with `fetch_child=1` of those below too.
fn of_department<'w>(world: &'w World, call: &Call<'_>) -> Result<Vec<&'w Member>, Refused> {
    let id = department_id(call.query("department_id"))?;
    let id = id.ok_or_else(|| Refused::new(40063, "department_id missing"))?;
    may_see(world, call, id)?;
    let wanted = if call.query("fetch_child") == "1" { world.subtree(id) } else { vec![id] };
    let is_in = |member: &&Member| member.department.iter().any(|id| wanted.contains(id));
    Ok(world.members.values().filter(is_in).collect())
}

fn department_id(text: &str) -> Result<Option<i64>, Refused> {
    match text {
        "" => Ok(None),
        text => {
            text.parse().map(Some).map_err(|_no_number| Refused::new(40066, "invalid party list"))
        }
    }
}

fn may_see(world: &World, call: &Call<'_>, id: i64) -> Result<(), Refused> {
    if !world.departments.contains_key(&id) {
        return Err(Refused::new(60123, "invalid party id"));
    }
    if !world.visible_departments(&call.app).contains(&id) {
        return Err(Refused::new(60011, "no privilege to access/modify contact/party/agent"));
    }
    Ok(())
}

/// The departments asked for that the app sees. A visible one may lack its parent: it is a forest.
fn forest(world: &World, call: &Call<'_>) -> Result<Vec<i64>, Refused> {
    let visible = world.visible_departments(&call.app);
    match department_id(call.query("id"))? {
        None => Ok(visible),
        Some(id) => {
            may_see(world, call, id)?;
            Ok(world.subtree(id).into_iter().filter(|id| visible.contains(id)).collect())
        }
    }
}

pub(super) fn departments(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let ids = forest(world, call)?;
    let rows: Vec<_> = ids.iter().filter_map(|id| world.departments.get(id)).collect();
    Ok(json!({ "department": rows }))
}

pub(super) fn department_ids(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let ids = forest(world, call)?;
    let rows: Vec<Value> = ids
        .iter()
        .filter_map(|id| world.departments.get(id))
        .map(|it| json!({ "id": it.id, "parentid": it.parentid, "order": it.order }))
        .collect();
    Ok(json!({ "department_id": rows }))
}

pub(super) fn department(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let id = department_id(call.query("id"))?.ok_or_else(|| Refused::new(40063, "id missing"))?;
    may_see(world, call, id)?;
    Ok(json!({ "department": world.departments.get(&id) }))
}

pub(super) fn tags(world: &mut World, _call: &Call<'_>) -> Result<Value, Refused> {
    let row = |tag: &crate::model::Tag| json!({ "tagid": tag.id, "tagname": tag.name });
    let rows: Vec<Value> = world.tags.values().map(row).collect();
    Ok(json!({ "taglist": rows }))
}

pub(super) fn tag(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let tag = call.query("tagid").parse().ok().and_then(|id: i64| world.tags.get(&id));
    let tag = tag.ok_or_else(|| Refused::new(40068, "invalid tagid"))?;
    let rows: Vec<Value> = tag
        .userids
        .iter()
        .filter_map(|userid| world.members.get(&fold(userid)))
        .filter(|member| world.sees(&call.app, member))
        .map(|member| json!({ "userid": member.userid, "name": member.name }))
        .collect();
    Ok(json!({ "tagname": tag.name, "userlist": rows, "partylist": [] }))
}
