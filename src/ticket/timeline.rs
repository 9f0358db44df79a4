//! The history of a ticket in words: for staff all of it, for customers what they may hear.

use std::collections::BTreeMap;

use flow::{Effect, Logged, Notice};
use kernel::{Actor, FileId, Timestamp};
use serde::Serialize;

use crate::{
    fact::{Event, Fact},
    ticket::CheckIn,
};

/// What customers hear of; the rest is talk among staff.
const PUBLIC: [&str; 14] = [
    "create",
    "claim",
    "complete",
    "transfer",
    "ask",
    "answer",
    "urge",
    "withdraw",
    "reopen",
    "terminate",
    "reply",
    "confirm",
    "deny",
    "rate",
];
/// What is part of a decision of several.
const APPROVAL: [&str; 6] = ["approve", "reject", "return", "resubmit", "cosign", "release"];

/// An event as customers hear of it, if they do: without what was said among staff.
pub fn for_customers(mut event: Event) -> Option<Event> {
    if !is_public(&event) {
        return None;
    }
    event.facts.retain(|fact| !matches!(fact, Fact::Commented { .. }));
    Some(event)
}

/// Whether customers hear of it.
pub fn is_public(event: &Event) -> bool {
    PUBLIC.contains(&event.verb.as_str())
}

/// What kind of thing a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The ticket went on, or was changed.
    State,
    /// Somebody said something.
    Comment,
    /// Somebody added a file, a place or a link.
    File,
    /// Somebody was there.
    Checkin,
    /// Somebody was reminded.
    Notice,
    /// Somebody agreed or did not.
    Approval,
}

/// A file of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryFile {
    /// The stored file.
    pub id: FileId,
    /// `image`, `voice`, `video`, `file`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// One line of a ticket's history.
#[derive(Clone, Debug, Serialize)]
pub struct TimelineEntry {
    /// The event's number.
    pub seq: i64,
    /// What was done.
    pub verb: String,
    /// Who did it.
    pub actor: Actor,
    /// The doer's name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// What happened, in words.
    pub text: String,
    /// What was decided by rule, and why.
    pub decisions: Vec<DecisionView>,
    /// What kind of thing it tells.
    pub kind: EntryKind,
    /// The doer's name, once more.
    pub by_name: String,
    /// The files that came with it.
    pub files: Vec<EntryFile>,
    /// Whether the customer hears of it.
    pub is_public: bool,
}

/// A decision by rule.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionView {
    /// The step that it was about; the ticket's priority when absent.
    pub step: Option<String>,
    /// The record: who was considered, who dropped out and why, how the choice was made.
    pub lines: Vec<String>,
}

fn decisions(event: &Event) -> Vec<DecisionView> {
    let decided = |fact: &Fact| match fact {
        Fact::Decided { step, lines } => {
            Some(DecisionView { step: step.clone(), lines: lines.clone() })
        }
        _ => None,
    };
    event.facts.iter().filter_map(decided).collect()
}

/// The history in words; `names` gives the names of the members in it.
pub fn timeline(events: &[Event], names: &BTreeMap<String, String>) -> Vec<TimelineEntry> {
    let name_of = |userid: &str| names.get(userid).cloned().unwrap_or_else(|| userid.to_owned());
    let entry = |event: &Event| {
        let name = match &event.actor {
            Actor::Member { userid } => name_of(userid),
            Actor::Token { name } => name.clone(),
            Actor::Customer { .. } => "客户".to_owned(),
            Actor::System => "系统".to_owned(),
        };
        TimelineEntry {
            seq: event.seq,
            verb: event.verb.clone(),
            actor: event.actor.clone(),
            text: in_words(event, &name, &name_of),
            decisions: decisions(event),
            kind: kind(event),
            by_name: name.clone(),
            files: files(event),
            is_public: is_public(event),
            name,
            at: event.at,
        }
    };
    events.iter().map(entry).collect()
}

/// What kind of thing an event is.
fn kind(event: &Event) -> EntryKind {
    let has = |is_it: fn(&Fact) -> bool| event.facts.iter().any(is_it);
    let is_notice = |fact: &Fact| {
        let Fact::Ordered { effect } = fact else { return false };
        matches!(effect.as_ref(), Effect::Notify { .. } | Effect::Log { what: Logged::Overdue, .. })
    };
    match event.verb.as_str() {
        "comment" => EntryKind::Comment,
        "attach" => EntryKind::File,
        "check_in" => EntryKind::Checkin,
        "urge" => EntryKind::Notice,
        "timer" if has(is_notice) => EntryKind::Notice,
        verb if APPROVAL.contains(&verb) => EntryKind::Approval,
        _ => EntryKind::State,
    }
}

/// The files that came with an event.
fn files(event: &Event) -> Vec<EntryFile> {
    let mut files = Vec::new();
    for fact in &event.facts {
        match fact {
            Fact::Attached { attachment } => files.extend(attachment.file.map(|id| EntryFile {
                id,
                kind: attachment.kind.clone(),
                name: attachment.name.clone(),
            })),
            Fact::CheckedIn { check_in } => files.extend(check_in.files.iter().map(|&id| {
                EntryFile { id, kind: "image".to_owned(), name: "现场照片".to_owned() }
            })),
            _ => {}
        }
    }
    files
}

/// Where somebody was, and how sure that is.
fn place(check_in: &CheckIn) -> String {
    let CheckIn { place, accuracy, label, distance_metres, .. } = check_in;
    let system = match place.system {
        flow::assign::System::Gcj02 => "GCJ-02",
        flow::assign::System::Wgs84 => "WGS-84",
    };
    let mut words = match label.as_str() {
        "" => format!("{:.5}, {:.5}", place.lat, place.lng),
        label => label.to_owned(),
    };
    words.push_str(&match accuracy {
        Some(metres) => format!("（{system}，误差约 {metres:.0} 米）"),
        None => format!("（{system}）"),
    });
    if let Some(metres) = distance_metres {
        words.push_str(&format!("，距工单位置 {metres} 米"));
    }
    words
}

/// What somebody did, of the verbs of which no more is to be told.
const DONE: [(&str, &str); 21] = [
    ("create", "创建了工单"),
    ("claim", "认领了工单"),
    ("complete", "完成了处理"),
    ("urge", "催办"),
    ("withdraw", "撤销了工单"),
    ("terminate", "终止了工单"),
    ("reopen", "重启了工单"),
    ("approve", "同意"),
    ("reject", "驳回"),
    ("return", "退回"),
    ("resubmit", "处理后直接送回"),
    ("release", "减签"),
    ("recall", "拿回了工单"),
    ("ask", "请客户补充资料"),
    ("answer", "补充了资料"),
    ("suspend", "挂起了工单"),
    ("resume", "恢复了工单"),
    ("jump", "人工介入"),
    ("reply", "回复"),
    ("confirm", "确认已经解决"),
    ("deny", "表示没有解决"),
];

fn in_words(event: &Event, name: &str, name_of: &impl Fn(&str) -> String) -> String {
    let said = event.said();
    let plain = DONE.iter().find(|(verb, _words)| *verb == event.verb);
    let done = match event.verb.as_str() {
        _ if let Some((_verb, words)) = plain => format!("{name} {words}"),
        "handover" => "成员已离职，工作已交接".to_owned(),
        "migrate" => {
            let to = event.facts.iter().find_map(|fact| match fact {
                Fact::Migrated { version, .. } => Some(*version),
                _ => None,
            });
            format!("{name} 把工单升级到模板第 {} 版", to.unwrap_or_default())
        }
        "prioritise" => {
            let to = event.facts.iter().find_map(|fact| match fact {
                Fact::Prioritised { priority } => Some(priority.label()),
                _ => None,
            });
            format!("{name} 把优先级调整为{}", to.unwrap_or_default())
        }
        "subticket" => {
            let no = event.facts.iter().find_map(|fact| match fact {
                Fact::ChildRaised { child } => Some(child.no.as_str()),
                _ => None,
            });
            format!("发起子工单 {}", no.unwrap_or_default())
        }
        "subticket_ended" => "一张子工单已结束".to_owned(),
        "timer" => by_itself(event).to_owned(),
        "action" if is_alarmed(event) => "自动动作没有成功".to_owned(),
        "action" => "自动动作已完成".to_owned(),
        "trigger" => name.to_owned(),
        "link" => {
            let no = event.facts.iter().filter_map(|fact| match fact {
                Fact::Linked { link } => Some(link.no.as_str()),
                _ => None,
            });
            format!("关联工单 {}", no.collect::<Vec<_>>().join("、"))
        }
        "rate" => format!("{name} {}", rating(event)),
        "transfer" => format!("{name} 转办给 {}", receiver(event, name_of)),
        "delegate" => format!("{name} 委派给 {}", receiver(event, name_of)),
        "cosign" => match receiver(event, name_of) {
            later if later.is_empty() => format!("{name} 加签"),
            who => format!("{name} 加签给 {who}"),
        },
        "check_in" => {
            let what = event.facts.iter().find_map(|fact| match fact {
                Fact::CheckedIn { check_in } => Some(place(check_in)),
                _ => None,
            });
            format!("{name} 签到 {}", what.unwrap_or_default())
        }
        "attach" => {
            let what = event.facts.iter().find_map(|fact| match fact {
                Fact::Attached { attachment } => Some(attachment.name.as_str()),
                _ => None,
            });
            format!("{name} 添加了 {}", what.unwrap_or("附件"))
        }
        _ => name.to_owned(),
    };
    match said {
        Some(text) => format!("{done}：{text}"),
        None => done,
    }
}

/// What the customer thought of it.
fn rating(event: &Event) -> String {
    let rated = event.facts.iter().find_map(|fact| match fact {
        Fact::Rated { stars, reasons, text } => Some((stars, reasons, text)),
        _ => None,
    });
    let Some((stars, reasons, text)) = rated else { return "作了评价".to_owned() };
    let mut words = format!("评价 {stars} 星");
    if !reasons.is_empty() {
        words = format!("{words}（{}）", reasons.join("、"));
    }
    match text {
        Some(text) => format!("{words}：{text}"),
        None => words,
    }
}

/// Who got the work.
fn receiver(event: &Event, name_of: &impl Fn(&str) -> String) -> String {
    let to = event.facts.iter().find_map(|fact| match fact {
        Fact::TaskOwned { by, .. } => Some(name_of(by)),
        _ => None,
    });
    to.unwrap_or_default()
}

/// Whether it left a step that cannot go on by itself.
fn is_alarmed(event: &Event) -> bool {
    event.facts.iter().any(|fact| matches!(fact, Fact::Alarmed { .. }))
}

/// What a timer did, the most telling thing first.
fn by_itself(event: &Event) -> &'static str {
    let has = |is_it: &dyn Fn(&Effect) -> bool| {
        event.facts.iter().any(|fact| matches!(fact, Fact::Ordered { effect } if is_it(effect)))
    };
    let notice = |wanted: &dyn Fn(&Notice) -> bool| {
        has(&|effect| matches!(effect, Effect::Notify { what, .. } if wanted(what)))
    };
    if has(&|effect| matches!(effect, Effect::Log { what: Logged::Overdue, .. })) {
        "处理超时"
    } else if is_alarmed(event) {
        "自动动作迟迟没有结果"
    } else if notice(&|what| matches!(what, Notice::Escalation { .. })) {
        "处理超时，已通知上级"
    } else if notice(&|what| *what == Notice::Overdue) {
        "处理仍超时，已再次提醒"
    } else if notice(&|what| *what == Notice::Reminder) {
        "期限将至，已提醒处理人"
    } else if event.facts.contains(&Fact::Continued) {
        "挂起期满，工单自动恢复"
    } else {
        "等待结束"
    }
}
