//! What a person does in the client: sends something, presses a menu button, opens the app,
//! presses a button of a card. Each becomes a callback with the fields in the platform's order.

use std::collections::BTreeMap;

use kernel::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    chats::Line,
    model::Member,
    plain::{Node, Plain},
    push::{Callback, Deliver, ReplyTo},
    world::{App, World},
};

/// Why the control API does not do something: an HTTP status and words for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// 400, 404 or 409.
    pub status: u16,
    /// What is wrong and how to mend it.
    pub detail: String,
}

impl Denied {
    pub(crate) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }
}

/// A message that a member sends to an app.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Outgoing {
    /// The app's name.
    pub app: String,
    /// `text`, `image`, `voice`, `video`, `file`, `location`, `link`, or anything else.
    pub msgtype: String,
    /// The text of a text.
    pub content: String,
    /// The stored file of an image, voice, video or file.
    pub media_id: String,
    /// Its name.
    pub filename: String,
    /// Latitude.
    pub lat: f64,
    /// Longitude.
    pub lng: f64,
    /// The scale of the map.
    pub scale: Option<i64>,
    /// What stands at the place.
    pub label: String,
    /// The title of a link.
    pub title: String,
    /// The description of a link.
    pub description: String,
    /// The address of a link.
    pub url: String,
    /// The picture of a link.
    pub picurl: String,
    /// A MsgId of one's own: to repeat one, or to try one that is no number.
    pub msgid: Option<String>,
    /// How it travels.
    pub options: Option<Deliver>,
}

/// What a person presses on a card.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Click {
    /// Who.
    pub userid: String,
    /// The key of the button, of the submit button, or of an entry of the menu.
    pub key: String,
    /// What was chosen: option ids by question key.
    pub selected: BTreeMap<String, Vec<String>>,
    /// Whether the key is one of the card's action menu.
    pub menu: bool,
    /// How it travels.
    pub options: Option<Deliver>,
}

impl World {
    /// A member sends a message to an app.
    ///
    /// # Errors
    /// When there is no such app or person, or the person cannot see the app.
    pub fn send(
        &mut self,
        userid: &str,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<u64, Denied> {
        let (agent_id, member) = self.speaker(&message.app, userid)?;
        if message.msgtype.is_empty() {
            return Err(Denied::new(400, "缺少 msgtype"));
        }
        let msgid = message.msgid.clone().unwrap_or_else(|| self.chats.msg_id(now));
        let plain = match self.apps.get(&message.app) {
            Some(app) if app.json => said_to_bot(app, &member.userid, message, &msgid)?,
            _ => self.said_to_app(agent_id, &member.userid, message, &msgid, now)?,
        };
        let content = self.content_of(message);
        let seq = self.say(
            Line {
                app: &message.app,
                userid: &member.userid,
                direction: "out",
                msgtype: &message.msgtype,
                msgid: &msgid,
                content,
                card_id: None,
            },
            now,
        );
        let cause = Cause {
            app: &message.app,
            kind: &message.msgtype,
            userid: &member.userid,
            card_id: None,
        };
        self.callback(cause, plain, message.options.clone());
        Ok(seq)
    }

    fn said_to_app(
        &self,
        agent_id: i64,
        userid: &str,
        message: &Outgoing,
        msgid: &str,
        now: Timestamp,
    ) -> Result<Plain, Denied> {
        let head = Plain::head(&self.corp_id, userid, now.seconds(), &message.msgtype);
        let plain = self.fields_of(head, message)?;
        let plain = plain.with_bare("MsgId", msgid).with("AgentID", agent_id);
        let is_place = message.msgtype == "location";
        Ok(if is_place { plain.with("AppType", "wxwork") } else { plain })
    }

    fn fields_of(&self, head: Plain, message: &Outgoing) -> Result<Plain, Denied> {
        let is_media = matches!(message.msgtype.as_str(), "image" | "voice" | "video" | "file");
        if is_media && self.media.find(&message.media_id).is_none() {
            return Err(Denied::new(404, "没有这个 media_id，请先上传"));
        }
        Ok(match message.msgtype.as_str() {
            "text" => head.with("Content", message.content.as_str()),
            "image" => head
                .with("PicUrl", self.media_url(&message.media_id))
                .with("MediaId", message.media_id.as_str()),
            "voice" => head.with("MediaId", message.media_id.as_str()).with("Format", "amr"),
            "video" => head
                .with("MediaId", message.media_id.as_str())
                .with("ThumbMediaId", message.media_id.as_str()),
            // The platform has no such message for apps; it stands here for what may come.
            "file" => head
                .with("MediaId", message.media_id.as_str())
                .with("FileName", self.filename_of(message)),
            "location" => head
                .with_bare("Location_X", &message.lat.to_string())
                .with_bare("Location_Y", &message.lng.to_string())
                .with("Scale", message.scale.unwrap_or(15))
                .with("Label", message.label.as_str()),
            "link" => head
                .with("Title", message.title.as_str())
                .with("Description", message.description.as_str())
                .with("Url", message.url.as_str())
                .with("PicUrl", message.picurl.as_str()),
            _ => head.with_text("Content", &message.content),
        })
    }

    /// A message as a conversation keeps it.
    pub(crate) fn content_of(&self, message: &Outgoing) -> Value {
        match message.msgtype.as_str() {
            "image" => {
                json!({ "url": media_path(&message.media_id), "media_id": message.media_id })
            }
            "voice" | "video" | "file" => json!({
                "media_id": message.media_id,
                "filename": self.filename_of(message),
                "url": media_path(&message.media_id),
            }),
            "location" => json!({
                "lat": message.lat,
                "lng": message.lng,
                "label": message.label,
                "scale": message.scale.unwrap_or(15),
            }),
            "link" => json!({
                "title": message.title,
                "description": message.description,
                "url": message.url,
                "picurl": message.picurl,
            }),
            _ => json!({ "content": message.content }),
        }
    }

    fn filename_of(&self, message: &Outgoing) -> String {
        if !message.filename.is_empty() {
            return message.filename.clone();
        }
        self.media.find(&message.media_id).map(|media| media.filename.clone()).unwrap_or_default()
    }

    fn media_url(&self, media_id: &str) -> String {
        format!("{}{}", self.base_url, media_path(media_id))
    }

    /// A member presses a menu button.
    ///
    /// # Errors
    /// When there is no such app, person or button, or the button is a link.
    pub fn menu(
        &mut self,
        userid: &str,
        app: &str,
        key: &str,
        options: Option<Deliver>,
        now: Timestamp,
    ) -> Result<u64, Denied> {
        self.speaker(app, userid)?;
        let menu = self.apps.get(app).map(|app| app.menu.clone()).unwrap_or_default();
        let buttons = menu
            .iter()
            .chain(menu.iter().filter_map(|it| it.get("sub_button")?.as_array()).flatten());
        let text = |button: &Value, name: &str| {
            button.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let Some(button) = buttons.into_iter().find(|it| text(it, "key") == key) else {
            return Err(Denied::new(404, format!("菜单里没有 {key}")));
        };
        let kind = text(button, "type");
        let (name, kind) = (text(button, "name"), kind.as_str());
        if !matches!(kind, "click" | "scancode_push" | "scancode_waitmsg") {
            return Err(Denied::new(400, format!("{kind} 类型的菜单不由这里触发")));
        }
        self.event(&Event { app, userid, event: kind, key, shown: &name, options }, now)
    }

    /// A member opens the conversation with the app.
    ///
    /// # Errors
    /// When there is no such app or person.
    pub fn enter(
        &mut self,
        userid: &str,
        app: &str,
        options: Option<Deliver>,
        now: Timestamp,
    ) -> Result<u64, Denied> {
        self.event(&Event { app, userid, event: "enter_agent", key: "", shown: "", options }, now)
    }

    fn event(&mut self, event: &Event<'_>, now: Timestamp) -> Result<u64, Denied> {
        let (agent_id, member) = self.speaker(event.app, event.userid)?;
        let mut plain = self.head_of(&member.userid, event.event, now).with("EventKey", event.key);
        if event.event.starts_with("scancode") {
            let code = vec![
                ("ScanType".to_owned(), Node::from("qrcode")),
                ("ScanResult".to_owned(), Node::from("https://example.com/device/1")),
            ];
            plain = plain.with("ScanCodeInfo", Node::Tree(code));
        }
        let plain = plain.with("AgentID", agent_id);
        let content = json!({ "event": event.event, "event_key": event.key, "name": event.shown });
        let seq = self.say(
            Line {
                app: event.app,
                userid: &member.userid,
                direction: "out",
                msgtype: "event",
                msgid: "",
                content,
                card_id: None,
            },
            now,
        );
        let cause =
            Cause { app: event.app, kind: event.event, userid: &member.userid, card_id: None };
        self.callback(cause, plain, event.options.clone());
        Ok(seq)
    }

    /// A member presses a button of a card.
    ///
    /// # Errors
    /// 404 when the person has no such card or the card no such button, 409 when the card can no
    /// longer be pressed, 400 when the choice is impossible.
    pub fn click(&mut self, card_id: &str, click: &Click, now: Timestamp) -> Result<u64, Denied> {
        let Some(copy) = self.chats.cards.get(card_id).cloned() else {
            return Err(Denied::new(404, "没有这张卡片"));
        };
        if !copy.userid.eq_ignore_ascii_case(&click.userid) {
            return Err(Denied::new(404, "这张卡片不在这个人手里"));
        }
        if self.chats.sent.get(&copy.msgid).is_none_or(|sent| sent.is_recalled) {
            return Err(Denied::new(409, "卡片已被撤回"));
        }
        let (agent_id, member) = self.speaker(&copy.app, &click.userid)?;
        let card = &copy.card;
        let items = if click.menu {
            if !lists_key(card.pointer("/action_menu/action_list"), &click.key) {
                return Err(Denied::new(404, format!("卡片菜单里没有 {}", click.key)));
            }
            Vec::new()
        } else {
            if copy.disabled {
                return Err(Denied::new(409, "卡片的按钮已经失效"));
            }
            press(card, &click.key)?;
            choices(card, &click.selected)?
        };
        let event = if click.menu { "template_card_menu_event" } else { "template_card_event" };
        let code = self.new_code(&copy.app, &copy.msgid, now);
        let mut plain = self
            .head_of(&member.userid, event, now)
            .with("EventKey", click.key.as_str())
            .with("TaskId", copy.task_id.as_str())
            .with("CardType", copy.card_type())
            .with("ResponseCode", code)
            .with("AgentID", agent_id);
        if !items.is_empty() {
            plain = plain.with("SelectedItems", selected_items(&items));
            if let Some(copy) = self.chats.cards.get_mut(card_id) {
                copy.chosen = items.into_iter().collect();
            }
        }
        let content = json!({ "event": event, "event_key": click.key });
        let seq = self.say(
            Line {
                app: &copy.app,
                userid: &member.userid,
                direction: "out",
                msgtype: "event",
                msgid: "",
                content,
                card_id: None,
            },
            now,
        );
        let card_id = Some(card_id.to_owned());
        let cause = Cause { app: &copy.app, kind: event, userid: &member.userid, card_id };
        self.callback(cause, plain, click.options.clone());
        Ok(seq)
    }

    fn head_of(&self, from: &str, event: &str, now: Timestamp) -> Plain {
        Plain::head(&self.corp_id, from, now.seconds(), "event").with("Event", event)
    }

    /// The app's number and the person, when the two may talk.
    fn speaker(&self, app: &str, userid: &str) -> Result<(i64, Member), Denied> {
        let Some(seed) = self.apps.get(app) else {
            return Err(Denied::new(404, format!("没有应用 {app}")));
        };
        let Some(member) = self.member(userid) else {
            return Err(Denied::new(404, format!("没有成员 {userid}")));
        };
        if !member.is_active() {
            return Err(Denied::new(409, format!("{} 未激活或已停用", member.name)));
        }
        if !self.sees(app, member) {
            return Err(Denied::new(409, format!("{} 不在应用的可见范围内", member.name)));
        }
        Ok((seed.agent_id, member.clone()))
    }

    fn callback(&mut self, cause: Cause<'_>, plain: Plain, options: Option<Deliver>) {
        let options = options.unwrap_or_else(|| self.deliver.clone());
        let reply_to = ReplyTo { userid: cause.userid.to_owned(), card_id: cause.card_id };
        self.put(Callback {
            app: cause.app.to_owned(),
            kind: cause.kind.to_owned(),
            plain,
            options,
            reply_to: Some(reply_to),
        });
    }
}

/// What a person did: where, and what a passive reply would answer.
struct Cause<'a> {
    app: &'a str,
    kind: &'a str,
    userid: &'a str,
    card_id: Option<String>,
}

struct Event<'a> {
    app: &'a str,
    userid: &'a str,
    event: &'a str,
    key: &'a str,
    shown: &'a str,
    options: Option<Deliver>,
}

/// A text in the words of 智能机器人, which has JSON names of its own.
fn said_to_bot(app: &App, userid: &str, message: &Outgoing, msgid: &str) -> Result<Plain, Denied> {
    if message.msgtype != "text" {
        return Err(Denied::new(400, "对智能机器人只能发文本，其余请用 /_sim/callback"));
    }
    let plain = json!({
        "msgid": msgid,
        "aibotid": app.name,
        "chattype": "single",
        "from": { "userid": userid },
        "msgtype": "text",
        "text": { "content": message.content },
    });
    Ok(Plain::Raw(plain.to_string()))
}

fn media_path(media_id: &str) -> String {
    format!("/_sim/media/{media_id}")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn lists_key(buttons: Option<&Value>, key: &str) -> bool {
    list(buttons).any(|button| text(button, "key") == key)
}

/// Whether pressing this key of the card calls back.
fn press(card: &Value, key: &str) -> Result<(), Denied> {
    if card.pointer("/submit_button/key").and_then(Value::as_str) == Some(key) {
        return Ok(());
    }
    let is_link = |button: &Value| button.get("type").and_then(Value::as_i64) == Some(1);
    match list(card.get("button_list")).find(|button| text(button, "key") == key) {
        Some(button) if is_link(button) => Err(Denied::new(400, "这个按钮打开链接，不产生回调")),
        Some(_button) => Ok(()),
        None => Err(Denied::new(404, format!("卡片上没有按钮 {key}"))),
    }
}

/// The choices that travel with a press: what was selected, else what the card preselects.
fn choices(
    card: &Value,
    selected: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<(String, Vec<String>)>, Denied> {
    let questions: Vec<&Value> = [card.get("button_selection"), card.get("checkbox")]
        .into_iter()
        .flatten()
        .chain(list(card.get("select_list")))
        .collect();
    let mut items = Vec::new();
    for question in &questions {
        let key = text(question, "question_key");
        let options: Vec<&Value> = list(question.get("option_list")).collect();
        let chosen = selected.get(key).cloned().unwrap_or_else(|| preselected(question, &options));
        let is_multi = question.get("mode").and_then(Value::as_i64) == Some(1);
        if chosen.len() > 1 && !is_multi {
            return Err(Denied::new(400, format!("{key} 只能选一项")));
        }
        if let Some(bad) = chosen.iter().find(|id| !options.iter().any(|it| text(it, "id") == *id))
        {
            return Err(Denied::new(400, format!("{key} 没有选项 {bad}")));
        }
        items.push((key.to_owned(), chosen));
    }
    let known = |key: &str| questions.iter().any(|it| text(it, "question_key") == key);
    match selected.keys().find(|key| !known(key)) {
        Some(key) => Err(Denied::new(400, format!("卡片上没有问题 {key}"))),
        None => Ok(items),
    }
}

fn preselected(question: &Value, options: &[&Value]) -> Vec<String> {
    if text(question, "question_key").is_empty() {
        return Vec::new();
    }
    let ids = |option: &&Value| text(option, "id").to_owned();
    let checked: Vec<&Value> = options
        .iter()
        .filter(|it| it.get("is_checked").and_then(Value::as_bool) == Some(true))
        .copied()
        .collect();
    let is_checkbox =
        options.iter().any(|it| it.get("is_checked").is_some()) || question.get("mode").is_some();
    if is_checkbox {
        return checked.iter().map(ids).collect();
    }
    let wanted = text(question, "selected_id");
    let found = options.iter().find(|it| text(it, "id") == wanted).or(options.first());
    found.map(ids).into_iter().collect()
}

fn selected_items(items: &[(String, Vec<String>)]) -> Node {
    let item = |(key, ids): &(String, Vec<String>)| {
        let ids = ids.iter().map(|id| ("OptionId".to_owned(), Node::from(id.as_str()))).collect();
        let fields = vec![
            ("QuestionKey".to_owned(), Node::from(key.as_str())),
            ("OptionIds".to_owned(), Node::Tree(ids)),
        ];
        ("SelectedItem".to_owned(), Node::Tree(fields))
    };
    Node::Tree(items.iter().map(item).collect())
}
