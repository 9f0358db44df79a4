//! What members and people outside say to each other: a conversation for every pair, one for every
//! customer group. No app takes part in these and no callback follows from them, as on the platform;
//! the sidebar's `sendChatMessage` is the only way for a page to put something in.

use std::collections::{BTreeMap, VecDeque};

use kernel::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    acts::{Denied, Outgoing},
    journal::millis,
    model::{Customer, Group, Opening},
    world::{World, fold},
};

/// How many lines a conversation keeps.
const LINES: usize = 1000;
/// What may be said here.
const KINDS: [&str; 7] = ["text", "image", "voice", "video", "file", "location", "link"];

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Room {
    /// A member, folded, and somebody outside.
    Pair(String, String),
    /// A customer group.
    Group(String),
}

/// One line.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Said {
    seq: u64,
    /// Unix milliseconds.
    at: i64,
    /// A userid or an external userid.
    from: String,
    msgtype: String,
    content: Value,
}

/// Everything that was said between people.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    seq: u64,
    lines: BTreeMap<Room, VecDeque<Said>>,
    /// Up to here everybody has seen everything: what was said before the simulator began.
    began: u64,
    /// The last line that somebody has seen.
    seen: BTreeMap<(String, Room), u64>,
}

impl Rooms {
    /// Conversations to begin with.
    pub(crate) fn opening(lines: &[Opening]) -> Self {
        let mut rooms = Self::default();
        for line in lines {
            let room = match &line.member {
                Some(member) => Room::Pair(fold(member), line.room.clone()),
                None => Room::Group(line.room.clone()),
            };
            let content = json!({ "content": line.text });
            rooms.add(room, &line.from, "text", content, line.at.saturating_mul(1000));
        }
        rooms.began = rooms.seq;
        rooms
    }

    /// Goes on with the numbers of older conversations.
    pub(crate) fn continue_after(&mut self, older: &Self) {
        self.seq = self.seq.max(older.seq);
    }

    fn add(&mut self, room: Room, from: &str, msgtype: &str, content: Value, at: i64) -> u64 {
        self.seq += 1;
        let lines = self.lines.entry(room).or_default();
        if lines.len() >= LINES {
            lines.pop_front();
        }
        let (from, msgtype) = (from.to_owned(), msgtype.to_owned());
        lines.push_back(Said { seq: self.seq, at, from, msgtype, content });
        self.seq
    }

    fn read(&self, room: &Room, after: u64) -> Vec<&Said> {
        self.lines.get(room).into_iter().flatten().filter(|line| line.seq > after).collect()
    }

    fn last(&self, room: &Room) -> Option<&Said> {
        self.lines.get(room)?.back()
    }

    fn see(&mut self, viewer: &str, room: Room) {
        if let Some(last) = self.last(&room).map(|line| line.seq) {
            self.seen.insert((fold(viewer), room), last);
        }
    }

    /// How many lines of others this person has not seen.
    fn unseen(&self, viewer: &str, room: &Room) -> usize {
        let mark = self.seen.get(&(fold(viewer), room.clone())).copied().unwrap_or(self.began);
        let is_new = |line: &&Said| line.seq > mark && !line.from.eq_ignore_ascii_case(viewer);
        self.lines.get(room).into_iter().flatten().filter(is_new).count()
    }
}

impl World {
    /// The conversations of a member with people outside, or of somebody outside with members; the
    /// one that was last spoken in comes first.
    pub(crate) fn rooms_of(&self, viewer: &str) -> Result<Vec<Value>, Denied> {
        let is_member = self.member(viewer).is_some();
        if !is_member && !self.customers.contains_key(viewer) {
            return Err(Denied::new(404, format!("没有成员或客户 {viewer}")));
        }
        let mut rows = Vec::new();
        for customer in self.customers.values() {
            for follow in &customer.follows {
                let room = pair(&follow.userid, customer);
                if is_member && follow.userid.eq_ignore_ascii_case(viewer) {
                    let name =
                        if follow.remark.is_empty() { &customer.name } else { &follow.remark };
                    let more = json!({ "kind": "customer", "id": customer.external_userid,
                        "name": customer.name, "remark": name, "corp_name": customer.corp_name,
                        "type": customer.kind });
                    rows.push(self.row(viewer, &room, more));
                } else if !is_member && customer.external_userid == viewer {
                    let name = self.member(&follow.userid).map_or("", |member| &member.name);
                    let more = json!({ "kind": "member", "id": follow.userid, "name": name });
                    rows.push(self.row(viewer, &room, more));
                }
            }
        }
        for group in self.groups.values().filter(|group| is_in(group, viewer)) {
            let room = Room::Group(group.chat_id.clone());
            let more = json!({ "kind": "group", "id": group.chat_id, "name": group.name,
                "count": group.members.len() });
            rows.push(self.row(viewer, &room, more));
        }
        rows.sort_by_key(|row| {
            std::cmp::Reverse(row.pointer("/last/seq").and_then(Value::as_u64).unwrap_or(0))
        });
        Ok(rows)
    }

    fn row(&self, viewer: &str, room: &Room, mut row: Value) -> Value {
        if let Some(object) = row.as_object_mut() {
            object.insert("last".into(), json!(self.rooms.last(room)));
            object.insert("unread".into(), json!(self.rooms.unseen(viewer, room)));
        }
        row
    }

    /// How many lines of people outside each member has not seen.
    pub(crate) fn unseen_outside(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let mut count = |userid: &str, room: &Room| {
            let unseen = self.rooms.unseen(userid, room);
            if unseen > 0 {
                *counts.entry(fold(userid)).or_default() += unseen;
            }
        };
        for customer in self.customers.values() {
            for follow in &customer.follows {
                count(&follow.userid, &pair(&follow.userid, customer));
            }
        }
        for group in self.groups.values() {
            let room = Room::Group(group.chat_id.clone());
            for member in group.members.iter().filter(|member| member.kind == 1) {
                count(&member.id, &room);
            }
        }
        counts
    }

    /// A conversation as one of those in it sees it, and from now on has seen it.
    pub(crate) fn listen(&mut self, viewer: &str, peer: &str, after: u64) -> Result<Value, Denied> {
        let (room, friends) = self.room(viewer, peer)?;
        if !friends && self.rooms.last(&room).is_none() {
            return Err(Denied::new(404, format!("{viewer} 与 {peer} 没有会话")));
        }
        self.rooms.see(viewer, room.clone());
        Ok(json!({ "items": self.rooms.read(&room, after), "can_send": friends }))
    }

    /// Somebody says something to the other or into the group.
    pub(crate) fn speak(
        &mut self,
        speaker: &str,
        peer: &str,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<u64, Denied> {
        let (room, friends) = self.room(speaker, peer)?;
        if !friends {
            return Err(Denied::new(409, "对方不是好友，消息发不出去；请先重新添加客户"));
        }
        if !KINDS.contains(&message.msgtype.as_str()) {
            let kinds = KINDS.join("、");
            return Err(Denied::new(400, format!("msgtype 须为 {kinds} 之一")));
        }
        self.speakable(message, now)?;
        let content = self.content_of(message);
        let from = self.member(speaker).map_or(speaker, |member| &member.userid).to_owned();
        let seq = self.rooms.add(room.clone(), &from, &message.msgtype, content, millis(now));
        self.rooms.see(&from, room);
        self.notify("talk", Some(fold(&from)), seq);
        Ok(seq)
    }

    fn speakable(&self, message: &Outgoing, now: Timestamp) -> Result<(), Denied> {
        match message.msgtype.as_str() {
            "text" if message.content.trim().is_empty() => {
                Err(Denied::new(400, "content 为空：请写上文字"))
            }
            "link"
                if !message.url.starts_with("http://") && !message.url.starts_with("https://") =>
            {
                Err(Denied::new(400, "url 须以 http:// 或 https:// 开头"))
            }
            "image" | "voice" | "video" | "file"
                if self.media.living(&message.media_id, now).is_none() =>
            {
                Err(Denied::new(404, "没有这个 media_id，或已超过三天，请重新上传"))
            }
            _ => Ok(()),
        }
    }

    /// Where two speak, or somebody and a group, and whether they may.
    fn room(&self, viewer: &str, peer: &str) -> Result<(Room, bool), Denied> {
        if let Some(group) = self.groups.get(peer) {
            let room = Room::Group(group.chat_id.clone());
            return if is_in(group, viewer) {
                Ok((room, true))
            } else {
                Err(Denied::new(404, format!("{viewer} 不在群「{}」里", group.name)))
            };
        }
        let (member, customer) = match (self.member(viewer), self.member(peer)) {
            (Some(member), None) => (member, self.customers.get(peer)),
            (None, Some(member)) => (member, self.customers.get(viewer)),
            _ => return Err(Denied::new(404, format!("没有客户或客户群 {peer}"))),
        };
        let customer = customer.ok_or_else(|| Denied::new(404, "没有这位客户"))?;
        let friends = customer.follow_of(&member.userid).is_some();
        Ok((pair(&member.userid, customer), friends))
    }
}

fn pair(userid: &str, customer: &Customer) -> Room {
    Room::Pair(fold(userid), customer.external_userid.clone())
}

fn is_in(group: &Group, id: &str) -> bool {
    group.members.iter().any(|member| member.id.eq_ignore_ascii_case(id))
}
