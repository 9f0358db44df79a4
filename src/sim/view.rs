//! The world as the control API shows it.

use serde_json::{Value, json};

use crate::world::{World, fold};

impl World {
    /// Everything that the page needs at once.
    pub(crate) fn state(&self, now_seconds: i64, skew_seconds: i64) -> Value {
        let apps = self.apps.values().map(|app| {
            json!({
                "name": app.name,
                "agent_id": app.agent_id,
                "display_name": app.display_name,
                "callback_url": app.callback_url,
                "menu": app.menu,
                "visible": app.visible,
                "trusted_ips": app.trusted_ips,
                "trusted_domains": app.trusted_domains,
                "hears_changes": app.hears_changes,
                "json": app.json,
                "pages": app.pages,
            })
        });
        let customers = self.customers.values().map(|customer| {
            let mobiles = customer.follows.iter().flat_map(|it| it.remark_mobiles.iter());
            json!({
                "external_userid": customer.external_userid,
                "name": customer.name,
                "avatar": customer.avatar,
                "type": customer.kind,
                "followers": customer.follows.iter().map(|it| &it.userid).collect::<Vec<_>>(),
                "remark": customer.follows.first().map(|it| &it.remark),
                "corp_name": customer.corp_name,
                "remark_mobiles": mobiles.collect::<std::collections::BTreeSet<_>>(),
            })
        });
        json!({
            "corp_id": self.corp_id,
            "corp_name": self.seed.name,
            "now": now_seconds,
            "skew": skew_seconds,
            "apps": apps.collect::<Vec<_>>(),
            "departments": self.departments.values().collect::<Vec<_>>(),
            "members": self.members.values().collect::<Vec<_>>(),
            "customers": customers.collect::<Vec<_>>(),
            "groups": self.groups.values().collect::<Vec<_>>(),
            "faults": self.faults.list(),
            "limits": self.limits,
            "deliver": self.deliver,
            "unread": self.chats.unread(),
            "unread_outside": self.unseen_outside(),
        })
    }

    /// What a person sees of every app: the words on the screen, in order.
    pub(crate) fn visible(&self, userid: &str) -> Option<Vec<Value>> {
        self.members.get(&fold(userid))?;
        let mut items = Vec::new();
        for app in self.apps.keys() {
            for entry in self.chats.read(app, userid, 0) {
                if entry.get("recalled").and_then(Value::as_bool) == Some(true) {
                    continue;
                }
                items.push(seen(app, &entry));
            }
        }
        Some(items)
    }
}

fn seen(app: &str, entry: &Value) -> Value {
    let at = |pointer: &str| entry.pointer(pointer).cloned().unwrap_or_default();
    let mut words = Vec::new();
    let card = entry.pointer("/content/card");
    match card {
        Some(card) => card_words(card, &mut words),
        None => content_words(&at("/content"), &mut words),
    }
    let state = at("/content/state");
    let buttons = card.map(|card| buttons(card, &state)).unwrap_or_default();
    json!({
        "app": app,
        "seq": at("/seq"),
        "direction": at("/direction"),
        "msgtype": at("/msgtype"),
        "text": words.join("\n"),
        "buttons": buttons,
        "card_id": at("/content/card_id"),
    })
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn content_words(content: &Value, words: &mut Vec<String>) {
    for pointer in ["/title", "/content", "/description", "/label", "/filename", "/name"] {
        words.extend(text(content, pointer).map(str::to_owned));
    }
    for article in list(content, "articles") {
        content_words(article, words);
    }
}

fn card_words(card: &Value, words: &mut Vec<String>) {
    for pointer in [
        "/source/desc",
        "/main_title/title",
        "/main_title/desc",
        "/emphasis_content/title",
        "/emphasis_content/desc",
        "/quote_area/title",
        "/quote_area/quote_text",
        "/image_text_area/title",
        "/image_text_area/desc",
        "/sub_title_text",
    ] {
        words.extend(text(card, pointer).map(str::to_owned));
    }
    for row in list(card, "vertical_content_list") {
        words.extend(text(row, "/title").map(str::to_owned));
        words.extend(text(row, "/desc").map(str::to_owned));
    }
    for row in list(card, "horizontal_content_list") {
        let value = text(row, "/value").unwrap_or_default();
        words.extend(text(row, "/keyname").map(|key| format!("{key}：{value}")));
    }
    for row in list(card, "jump_list") {
        words.extend(text(row, "/title").map(str::to_owned));
    }
    let questions = [card.get("button_selection"), card.get("checkbox")].into_iter().flatten();
    for question in questions.chain(list(card, "select_list")) {
        words.extend(text(question, "/title").map(str::to_owned));
        for option in list(question, "option_list") {
            words.extend(text(option, "/text").map(|text| format!("○ {text}")));
        }
    }
}

/// The buttons on the screen: those of the card, or the one dead button in their place.
fn buttons(card: &Value, state: &Value) -> Vec<Value> {
    if let Some(text) = text(state, "/replace_text") {
        return vec![json!({ "text": text, "key": null, "disabled": true })];
    }
    let of_list = list(card, "button_list").map(|button| {
        json!({
            "text": text(button, "/text"),
            "key": text(button, "/key"),
            "url": text(button, "/url"),
            "disabled": false,
        })
    });
    let submit = card.get("submit_button").map(|button| {
        json!({
            "text": text(button, "/text").unwrap_or("提交"),
            "key": text(button, "/key"),
            "disabled": false,
        })
    });
    of_list.chain(submit).collect()
}
