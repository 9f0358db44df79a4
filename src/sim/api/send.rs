//! `message/send`: who receives it, whether it may be sent, and its delivery to each of them.

use std::collections::BTreeSet;

use kernel::time::SECOND;
use serde_json::{Value, json};

use super::{app::other_agent, message};
use crate::{
    chats::{CardCopy, Line, Recent, Sent},
    model::Member,
    world::{Call, Refused, World, fold},
};

const USERS: usize = 1000;
const PARTIES: usize = 100;
/// The longest interval of the duplicate check.
const INTERVAL: i64 = 14_400;

/// Whom a message reaches and whom it does not.
#[derive(Default)]
struct Receivers {
    members: Vec<Member>,
    invalid_users: Vec<String>,
    invalid_parties: Vec<String>,
    invalid_tags: Vec<String>,
}

pub(super) fn send(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own_agent(world, call)?;
    let body = message::check(world, call)?;
    let receivers = receivers(world, call)?;
    if receivers.members.is_empty() {
        return Err(Refused::new(81013, "user & party & tag all invalid"));
    }
    let check = duplicate_check(call)?;
    let raw = String::from_utf8_lossy(&call.request.body).into_owned();
    let key = (call.app.clone(), raw);
    if check.is_some()
        && let Some(earlier) = world.chats.recent.get(&key).filter(|it| it.until > call.now)
    {
        let answer = answer(&receivers, &earlier.msgid, None);
        world.journal.problem(call.now, "/cgi-bin/message/send", 0, "duplicate, not delivered");
        return Ok(answer);
    }
    let task_id = body.card.as_ref().map(|card| card.task_id.clone()).filter(|id| !id.is_empty());
    if let Some(task_id) = &task_id
        && world.chats.tasks.contains(&(call.app.clone(), task_id.clone()))
    {
        return Err(Refused::new(42014, "taskid has existed or empty or exceed max len"));
    }
    count_day(world, call, receivers.members.len())?;
    let msgid = format!("{:016x}{}", call.now.0, world.random(12));
    deliver(world, call, &body, &receivers.members, &msgid);
    if let Some(task_id) = task_id {
        world.chats.tasks.insert((call.app.clone(), task_id));
    }
    if let Some(interval) = check {
        let until = call.now.plus(interval * SECOND);
        world.chats.recent.retain(|_key, recent| recent.until > call.now);
        world.chats.recent.insert(key, Recent { until, msgid: msgid.clone() });
    }
    let is_interactive = body.card.as_ref().is_some_and(|card| card.is_interactive);
    let code = is_interactive.then(|| world.new_code(&call.app, &msgid, call.now));
    Ok(answer(&receivers, &msgid, code.as_deref()))
}

/// `agentid` is a number and the caller's own.
pub(super) fn own_agent(world: &World, call: &Call<'_>) -> Result<(), Refused> {
    let agent_id = call.body.get("agentid").and_then(Value::as_i64);
    let agent_id = agent_id.ok_or_else(|| Refused::new(40056, "invalid agentid"))?;
    match world.apps.values().find(|app| app.agent_id == agent_id) {
        None => Err(Refused::new(40056, "invalid agentid")),
        Some(app) if app.name != call.app => Err(other_agent()),
        Some(_own) => Ok(()),
    }
}

/// The seconds of the duplicate check, when it is on.
fn duplicate_check(call: &Call<'_>) -> Result<Option<i64>, Refused> {
    let number = |key: &str, default: i64| match call.body.get(key) {
        None => Ok(default),
        Some(value) => value
            .as_i64()
            .ok_or_else(|| Refused::new(40058, format!("invalid {key}, expected int"))),
    };
    let interval = number("duplicate_check_interval", 1800)?;
    if !(0..=INTERVAL).contains(&interval) {
        return Err(Refused::new(40058, "invalid duplicate_check_interval"));
    }
    match number("enable_duplicate_check", 0)? {
        0 => Ok(None),
        1 => Ok(Some(interval)),
        _ => Err(Refused::new(40058, "invalid enable_duplicate_check")),
    }
}

fn ids<'c>(call: &'c Call<'_>, key: &str) -> Result<Vec<&'c str>, Refused> {
    match call.body.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.split('|').filter(|id| !id.is_empty()).collect()),
        Some(_other) => Err(Refused::new(40058, format!("invalid {key}, expected string"))),
    }
}

fn receivers(world: &World, call: &Call<'_>) -> Result<Receivers, Refused> {
    let (users, parties, tags) = (ids(call, "touser")?, ids(call, "toparty")?, ids(call, "totag")?);
    if users.is_empty() && parties.is_empty() && tags.is_empty() {
        return Err(Refused::new(82001, "user & party & tag all empty"));
    }
    if users.len() > USERS {
        return Err(Refused::new(40032, "invalid userid list size"));
    }
    if parties.len() > PARTIES {
        return Err(Refused::new(82002, "party list size exceed 100"));
    }
    if tags.len() > PARTIES {
        return Err(Refused::new(82003, "tag list size exceed 100"));
    }
    let reachable = |member: &Member| member.is_active() && world.sees(&call.app, member);
    let mut found = Receivers::default();
    if users == ["@all"] {
        found.members = world.members.values().filter(|it| reachable(it)).cloned().collect();
        return Ok(found);
    }
    for userid in users {
        match world.member(userid).filter(|member| reachable(member)) {
            Some(member) => found.members.push(member.clone()),
            None => found.invalid_users.push(fold(userid)),
        }
    }
    let visible = world.visible_departments(&call.app);
    for party in parties {
        match party.parse().ok().filter(|id: &i64| visible.contains(id)) {
            None => found.invalid_parties.push(party.to_owned()),
            Some(id) => {
                let below = world.subtree(id);
                let is_in = |it: &&Member| it.department.iter().any(|id| below.contains(id));
                let members = world.members.values().filter(is_in).filter(|it| reachable(it));
                found.members.extend(members.cloned());
            }
        }
    }
    for tag in tags {
        match tag.parse().ok().and_then(|id: i64| world.tags.get(&id)) {
            None => found.invalid_tags.push(tag.to_owned()),
            Some(tag) => {
                let members = tag.userids.iter().filter_map(|userid| world.member(userid));
                found.members.extend(members.filter(|it| reachable(it)).cloned());
            }
        }
    }
    let mut seen = BTreeSet::new();
    found.members.retain(|member| seen.insert(fold(&member.userid)));
    Ok(found)
}

fn count_day(world: &mut World, call: &Call<'_>, persons: usize) -> Result<(), Refused> {
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let max = world.limits.app_day.unwrap_or(count(world.members.len()) * 200);
    let agent_id = world.apps.get(&call.app).map_or(0, |app| app.agent_id);
    world.meters.app_day(max, agent_id, count(persons), call.now)
}

fn deliver(
    world: &mut World,
    call: &Call<'_>,
    body: &message::Body,
    members: &[Member],
    msgid: &str,
) {
    let agent_id = world.apps.get(&call.app).map_or(0, |app| app.agent_id);
    for member in members {
        let userid = fold(&member.userid);
        if !world.meters.member(&world.limits, agent_id, &userid, call.now) {
            let detail = format!("{userid} 在一分钟或一小时内收到的消息超限，这条被静默丢弃");
            world.journal.problem(call.now, "/cgi-bin/message/send", 0, &detail);
            continue;
        }
        let card_id = body.card.as_ref().map(|card| {
            let card_id = format!("{msgid}-{userid}");
            let copy = CardCopy {
                app: call.app.clone(),
                userid: userid.clone(),
                msgid: msgid.to_owned(),
                task_id: card.task_id.clone(),
                card: body.content.clone(),
                disabled: false,
                replace_text: None,
                chosen: std::collections::BTreeMap::new(),
                updated: 0,
            };
            world.chats.cards.insert(card_id.clone(), copy);
            card_id
        });
        world.say(
            Line {
                app: &call.app,
                userid: &userid,
                direction: "in",
                msgtype: &body.msgtype,
                msgid,
                content: body.content.clone(),
                card_id,
            },
            call.now,
        );
    }
    let sent = Sent {
        app: call.app.clone(),
        at: call.now,
        receivers: members.iter().map(|member| fold(&member.userid)).collect(),
        card_type: body.card.as_ref().map(|card| card.card_type.clone()),
        task_id: body.card.as_ref().map(|card| card.task_id.clone()),
        is_recalled: false,
    };
    world.chats.remember(msgid, sent);
}

fn answer(receivers: &Receivers, msgid: &str, code: Option<&str>) -> Value {
    let mut answer = json!({
        "invaliduser": receivers.invalid_users.join("|"),
        "invalidparty": receivers.invalid_parties.join("|"),
        "invalidtag": receivers.invalid_tags.join("|"),
        "unlicenseduser": "",
        "msgid": msgid,
    });
    if let (Some(code), Some(object)) = (code, answer.as_object_mut()) {
        object.insert("response_code".into(), code.into());
    }
    answer
}
