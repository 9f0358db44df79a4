//! What happens to a message after it was sent: its card changes, or it is taken back.

use kernel::time::HOUR;
use serde_json::{Value, json};
use wecom::card::Purpose;

use super::{message, send::own_agent, texts};
use crate::{
    chats::{CODE_LIFE, Code, Sent},
    model::Member,
    world::{Call, Refused, World, fold},
};

/// How long a message can be taken back.
const RECALL: i64 = 24 * HOUR;

/// What a card becomes.
enum Change {
    Disable(String),
    Replace(Value),
}

pub(super) fn update_template_card(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    own_agent(world, call)?;
    let text = call.text("response_code").to_owned();
    let code = usable(world, call, &text)?;
    let Some(sent) = world.chats.sent.get(&code.msgid).cloned() else {
        return Err(Refused::new(60140, "response_code expired"));
    };
    let change = change(call, &sent)?;
    let (targets, invalid) = targets(world, call, &sent)?;
    if targets.is_empty() {
        return Err(Refused::new(82102, "update card receivers are not among its receivers"));
    }
    for userid in &targets {
        if let Some(copy) = world.chats.cards.get_mut(&format!("{}-{userid}", code.msgid)) {
            match &change {
                Change::Disable(text) => copy.disable(text),
                Change::Replace(card) => copy.replace(card.clone()),
            }
            world.card_changed(userid);
        }
    }
    if let Some(code) = world.chats.codes.get_mut(&text) {
        code.used = true;
    }
    Ok(json!({ "invaliduser": invalid }))
}

fn usable(world: &World, call: &Call<'_>, text: &str) -> Result<Code, Refused> {
    if text.is_empty() {
        return Err(Refused::new(40063, "response_code missing"));
    }
    let code = world.chats.codes.get(text);
    let code = code.ok_or_else(|| Refused::new(60140, "invalid response_code"))?;
    if code.app != call.app {
        return Err(Refused::new(42015, "the card was sent by another agent"));
    }
    if code.used {
        return Err(Refused::new(42022, "response_code has been used"));
    }
    if call.now.since(code.at) > CODE_LIFE {
        return Err(Refused::new(60140, "response_code expired"));
    }
    Ok(code.clone())
}

fn change(call: &Call<'_>, sent: &Sent) -> Result<Change, Refused> {
    match (call.body.get("button"), call.body.get("template_card")) {
        (Some(button), None) => {
            let is_question =
                sent.card_type.as_deref().is_some_and(|it| it.ends_with("_interaction"));
            if !is_question {
                return Err(Refused::new(42031, "invalid card_type: this card has no button"));
            }
            match button.get("replace_name").and_then(Value::as_str) {
                Some(name) if !name.is_empty() => Ok(Change::Disable(name.to_owned())),
                _ => Err(Refused::new(42020, "button replace_name missing")),
            }
        }
        (None, Some(card)) => {
            message::card(card, Purpose::Update)?;
            Ok(Change::Replace(card.clone()))
        }
        _ => Err(Refused::new(40058, "expected either button or template_card")),
    }
}

/// Those whose card changes, and those named who never received it.
fn targets(
    world: &World,
    call: &Call<'_>,
    sent: &Sent,
) -> Result<(Vec<String>, Vec<String>), Refused> {
    if call.body.get("atall").and_then(Value::as_i64) == Some(1) {
        return Ok((sent.receivers.iter().cloned().collect(), Vec::new()));
    }
    for key in ["userids", "partyids", "tagids"] {
        if call.body.get(key).is_some_and(|it| !it.is_array() && !it.is_null()) {
            return Err(Refused::new(40058, format!("invalid {key}, expected array")));
        }
    }
    let numbers = |key: &str| -> Vec<i64> {
        let items = call.body.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_i64).collect()
    };
    let users = texts(call.body.get("userids"));
    let (parties, tags) = (numbers("partyids"), numbers("tagids"));
    if users.is_empty() && parties.is_empty() && tags.is_empty() {
        return Err(Refused::new(82101, "update card receivers are empty"));
    }
    if users.len() > 1000 || parties.len() > 100 || tags.len() > 100 {
        return Err(Refused::new(40032, "invalid list size"));
    }
    let received = |userid: &String| sent.receivers.contains(userid);
    let (mut targets, invalid): (Vec<_>, Vec<_>) =
        users.iter().map(|userid| fold(userid)).partition(received);
    let below: Vec<i64> = parties.iter().flat_map(|id| world.subtree(*id)).collect();
    let is_in = |member: &&Member| {
        member.department.iter().any(|id| below.contains(id))
            || tags.iter().filter_map(|id| world.tags.get(id)).any(|tag| {
                tag.userids.iter().any(|userid| userid.eq_ignore_ascii_case(&member.userid))
            })
    };
    let wider = world.members.values().filter(is_in).map(|member| fold(&member.userid));
    targets.extend(wider.filter(received));
    targets.sort();
    targets.dedup();
    Ok((targets, invalid))
}

pub(super) fn recall(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let msgid = call.text("msgid");
    let sent = world.chats.sent.get(msgid).filter(|sent| sent.app == call.app);
    let sent = sent.ok_or_else(|| Refused::new(40058, "invalid msgid"))?;
    if call.now.since(sent.at) > RECALL {
        return Err(Refused::new(42052, "msgid too old to recall"));
    }
    for userid in world.chats.recall(msgid) {
        world.card_changed(&userid);
    }
    Ok(json!({}))
}
