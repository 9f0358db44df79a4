//! Customers. Only followers that the app sees are shown, and changes made here call nobody back.

use serde_json::{Value, json};

use super::{limit_of, page, texts};
use crate::{
    model::{Customer, Follow, Member},
    world::{Call, Refused, World},
};

/// More followers than this are paged.
const FOLLOWERS: usize = 500;
const USERS: usize = 100;

fn no_relation() -> Refused {
    Refused::new(84061, "not external contact")
}

pub(super) fn followers(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let follows = |member: &&Member| {
        world.customers.values().any(|customer| customer.follow_of(&member.userid).is_some())
    };
    let rows: Vec<&String> = world
        .members
        .values()
        .filter(|member| member.is_active() && world.sees(&call.app, member))
        .filter(follows)
        .map(|member| &member.userid)
        .collect();
    Ok(json!({ "follow_user": rows }))
}

pub(super) fn list(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let member = visible(world, call, call.query("userid"))?;
    let rows: Vec<&String> = world
        .customers
        .values()
        .filter(|customer| customer.follow_of(&member.userid).is_some())
        .map(|customer| &customer.external_userid)
        .collect();
    if rows.is_empty() {
        return Err(no_relation());
    }
    Ok(json!({ "external_userid": rows }))
}

fn visible<'w>(world: &'w World, call: &Call<'_>, userid: &str) -> Result<&'w Member, Refused> {
    let member = world.member(userid).ok_or_else(|| Refused::new(40003, "invalid userid"))?;
    if world.sees(&call.app, member) {
        Ok(member)
    } else {
        Err(Refused::new(60030, "not allow operate user"))
    }
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let id = call.query("external_userid");
    let customer =
        world.customers.get(id).ok_or_else(|| Refused::new(40096, "invalid external userid"))?;
    let follows: Vec<Value> = customer
        .follows
        .iter()
        .filter(|follow| world.member(&follow.userid).is_some_and(|it| world.sees(&call.app, it)))
        .map(|follow| {
            let mut shown = follow_info(customer, follow);
            put(&mut shown, "tags", json!(follow.tags));
            shown
        })
        .collect();
    if follows.is_empty() {
        return Err(no_relation());
    }
    let (follows, next) = page(follows, call.query("cursor"), FOLLOWERS)?;
    let mut answer = json!({ "external_contact": customer.contact(), "follow_user": follows });
    if !next.is_empty() {
        put(&mut answer, "next_cursor", json!(next));
    }
    Ok(answer)
}

pub(super) fn by_users(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let userids = texts(call.body.get("userid_list"));
    if userids.is_empty() || userids.len() > USERS {
        return Err(Refused::new(40031, "invalid userid list"));
    }
    let limit = limit_of(call, 50, 100)?;
    let mut rows = Vec::new();
    for userid in &userids {
        let member = visible(world, call, userid)?;
        for customer in world.customers.values() {
            let Some(follow) = customer.follow_of(&member.userid) else { continue };
            let mut info = follow_info(customer, follow);
            let tags = follow.tags.iter().filter_map(|tag| tag.get("tag_id")).collect::<Vec<_>>();
            put(&mut info, "tag_id", json!(tags));
            rows.push(json!({ "external_contact": customer.contact(), "follow_info": info }));
        }
    }
    if rows.is_empty() {
        return Err(no_relation());
    }
    let (rows, next) = page(rows, call.text("cursor"), limit)?;
    Ok(json!({ "external_contact_list": rows, "next_cursor": next }))
}

fn follow_info(customer: &Customer, follow: &Follow) -> Value {
    let mut info = json!({
        "userid": follow.userid,
        "remark": follow.remark,
        "description": follow.description,
        "createtime": follow.createtime,
        "remark_mobiles": follow.remark_mobiles,
        "oper_userid": follow.userid,
        "add_way": follow.add_way,
    });
    if customer.kind == 1 && !follow.remark_corp_name.is_empty() {
        put(&mut info, "remark_corp_name", json!(follow.remark_corp_name));
    }
    if !follow.state.is_empty() {
        put(&mut info, "state", json!(follow.state));
    }
    info
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
}
