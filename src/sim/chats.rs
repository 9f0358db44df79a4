//! The conversations between apps and people: what was sent, which card each person holds, and
//! which codes may still change it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kernel::{Timestamp, time::HOUR};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    journal::millis,
    world::{World, fold},
};

/// How many entries a conversation keeps.
const ENTRIES: usize = 2000;
/// How many sent messages stay known to recall and to card updates.
const SENT: usize = 50_000;
/// How long a code may change a card.
pub(crate) const CODE_LIFE: i64 = 72 * HOUR;

/// One line of a conversation.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) seq: u64,
    /// Unix milliseconds.
    pub(crate) at: i64,
    /// `in`: from the app to the person; `out`: from the person to the app.
    pub(crate) direction: &'static str,
    pub(crate) msgtype: String,
    pub(crate) msgid: String,
    pub(crate) recalled: bool,
    pub(crate) content: Value,
    #[serde(skip)]
    pub(crate) card_id: Option<String>,
}

/// A message that an app sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) app: String,
    pub(crate) at: Timestamp,
    pub(crate) receivers: BTreeSet<String>,
    pub(crate) card_type: Option<String>,
    pub(crate) task_id: Option<String>,
    pub(crate) is_recalled: bool,
}

/// One person's copy of a card, as it is displayed now.
#[derive(Clone, Debug)]
pub(crate) struct CardCopy {
    pub(crate) app: String,
    pub(crate) userid: String,
    pub(crate) msgid: String,
    /// The task id it was sent with: an update does not repeat it.
    pub(crate) task_id: String,
    pub(crate) card: Value,
    pub(crate) disabled: bool,
    pub(crate) replace_text: Option<String>,
    pub(crate) chosen: BTreeMap<String, Vec<String>>,
    pub(crate) updated: u64,
}

impl CardCopy {
    pub(crate) fn card_type(&self) -> &str {
        self.card.get("card_type").and_then(Value::as_str).unwrap_or("")
    }

    /// The card's buttons give way to one dead button.
    pub(crate) fn disable(&mut self, text: &str) {
        self.disabled = true;
        self.replace_text = Some(text.to_owned());
        self.updated += 1;
    }

    /// Another card takes the place of this one.
    pub(crate) fn replace(&mut self, card: Value) {
        self.replace_text = card.get("replace_text").and_then(Value::as_str).map(str::to_owned);
        self.disabled = self.replace_text.is_some();
        self.chosen.clear();
        self.card = card;
        self.updated += 1;
    }

    fn shown(&self, card_id: &str) -> Value {
        json!({
            "card": self.card,
            "card_id": card_id,
            "state": {
                "disabled": self.disabled,
                "replace_text": self.replace_text,
                "chosen": self.chosen,
                "updated": self.updated,
            },
        })
    }
}

/// Permission to change a card once.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) app: String,
    pub(crate) msgid: String,
    pub(crate) at: Timestamp,
    pub(crate) used: bool,
}

/// A message under the duplicate check.
#[derive(Clone, Debug)]
pub(crate) struct Recent {
    pub(crate) until: Timestamp,
    pub(crate) msgid: String,
}

/// Everything that was said.
#[derive(Debug, Default)]
pub(crate) struct Chats {
    seq: u64,
    last_msg_id: i64,
    entries: BTreeMap<(String, String), VecDeque<Entry>>,
    unread: BTreeMap<String, u64>,
    /// By msgid, which begins with a growing number: the first is the oldest.
    pub(crate) sent: BTreeMap<String, Sent>,
    pub(crate) cards: BTreeMap<String, CardCopy>,
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) tasks: BTreeSet<(String, String)>,
    pub(crate) recent: BTreeMap<(String, String), Recent>,
}

impl Chats {
    /// Goes on with the numbers of older conversations.
    pub(crate) fn continue_after(&mut self, older: &Self) {
        self.seq = older.seq;
        self.last_msg_id = older.last_msg_id;
    }

    /// The MsgId of a member's message: 19 digits that grow with time, so that a simulator that
    /// was started again does not repeat those of its earlier life.
    pub(crate) fn msg_id(&mut self, now: Timestamp) -> String {
        self.last_msg_id = now.0.saturating_mul(1000).max(self.last_msg_id + 1);
        self.last_msg_id.to_string()
    }

    /// Remembers a message that was sent; the oldest is forgotten with its cards and codes.
    pub(crate) fn remember(&mut self, msgid: &str, sent: Sent) {
        self.sent.insert(msgid.to_owned(), sent);
        if self.sent.len() > SENT + SENT / 10 {
            let mut gone = BTreeSet::new();
            while self.sent.len() > SENT {
                let Some((msgid, sent)) = self.sent.pop_first() else { break };
                gone.insert(msgid);
                if let Some(task_id) = sent.task_id {
                    self.tasks.remove(&(sent.app, task_id));
                }
            }
            self.cards.retain(|_id, card| !gone.contains(&card.msgid));
            self.codes.retain(|_text, code| !gone.contains(&code.msgid));
        }
    }

    /// Unread messages by person.
    pub(crate) fn unread(&self) -> &BTreeMap<String, u64> {
        &self.unread
    }

    /// A conversation after an entry, cards as they are now.
    pub(crate) fn read(&self, app: &str, userid: &str, after: u64) -> Vec<Value> {
        let entries = self.entries.get(&(app.to_owned(), fold(userid)));
        let entries = entries.into_iter().flatten().filter(|entry| entry.seq > after);
        entries.map(|entry| self.shown(entry)).collect()
    }

    /// The person has seen everything.
    pub(crate) fn seen(&mut self, userid: &str) {
        self.unread.remove(&fold(userid));
    }

    fn shown(&self, entry: &Entry) -> Value {
        let mut entry = entry.clone();
        if let Some((id, card)) = entry.card_id.as_ref().and_then(|id| self.cards.get_key_value(id))
        {
            entry.content = card.shown(id);
        }
        serde_json::to_value(entry).unwrap_or_default()
    }

    /// Marks every copy of a message as recalled; answers whose conversations changed.
    pub(crate) fn recall(&mut self, msgid: &str) -> Vec<String> {
        if let Some(sent) = self.sent.get_mut(msgid) {
            sent.is_recalled = true;
        }
        let mut touched = Vec::new();
        for ((_app, userid), entries) in &mut self.entries {
            for entry in entries.iter_mut().filter(|entry| entry.msgid == msgid) {
                entry.recalled = true;
                touched.push(userid.clone());
            }
        }
        touched
    }
}

/// A line to be added to a conversation.
pub(crate) struct Line<'a> {
    pub(crate) app: &'a str,
    pub(crate) userid: &'a str,
    pub(crate) direction: &'static str,
    pub(crate) msgtype: &'a str,
    pub(crate) msgid: &'a str,
    pub(crate) content: Value,
    pub(crate) card_id: Option<String>,
}

impl World {
    /// Adds a line and tells the page.
    pub(crate) fn say(&mut self, line: Line<'_>, now: Timestamp) -> u64 {
        self.chats.seq += 1;
        let seq = self.chats.seq;
        let userid = fold(line.userid);
        let entries = self.chats.entries.entry((line.app.to_owned(), userid.clone())).or_default();
        if entries.len() >= ENTRIES {
            entries.pop_front();
        }
        entries.push_back(Entry {
            seq,
            at: millis(now),
            direction: line.direction,
            msgtype: line.msgtype.to_owned(),
            msgid: line.msgid.to_owned(),
            recalled: false,
            content: line.content,
            card_id: line.card_id,
        });
        if line.direction == "in" {
            *self.chats.unread.entry(userid.clone()).or_default() += 1;
        }
        self.notify("chat", Some(userid), seq);
        seq
    }

    /// A card changed in somebody's conversation.
    pub(crate) fn card_changed(&mut self, userid: &str) {
        let seq = self.chats.seq;
        self.notify("chat", Some(fold(userid)), seq);
    }

    /// A fresh code that may change the cards of a message once.
    pub(crate) fn new_code(&mut self, app: &str, msgid: &str, now: Timestamp) -> String {
        let text = format!("RC{}", self.random(24));
        let code = Code { app: app.to_owned(), msgid: msgid.to_owned(), at: now, used: false };
        self.chats.codes.insert(text.clone(), code);
        text
    }
}
