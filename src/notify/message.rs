//! A message to a member, as a row.

use db::diesel::{self, prelude::*};

use crate::{face, schema::notify_message};

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A task's card for one of its handlers.
    Task,
    /// The card of the one who raised the ticket.
    Starter,
    /// A question: which ticket does this text belong to, how urgent is the new one.
    Choice,
    /// An answer to what the member just did.
    Reply,
    /// News that has no buttons; the first to be merged when there is too much.
    Notice,
}

impl Kind {
    /// The word in SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Starter => "starter",
            Self::Choice => "choice",
            Self::Reply => "reply",
            Self::Notice => "notice",
        }
    }

    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "task" => Self::Task,
            "starter" => Self::Starter,
            "choice" => Self::Choice,
            "reply" => Self::Reply,
            _ => Self::Notice,
        }
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits to be sent.
    Queued,
    /// On its way: WeCom may have it although nobody heard so.
    Sending,
    /// WeCom took it.
    Sent,
    /// WeCom refused it; the reason tells why.
    Failed,
    /// Told within another message, or overtaken by what came after it.
    Merged,
    /// Taken back.
    Recalled,
}

impl State {
    /// The words of those that are still to be sent.
    pub(crate) const UNSENT: [&'static str; 3] = ["queued", "sending", "failed"];

    /// The word in SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Merged => "merged",
            Self::Recalled => "recalled",
        }
    }
}

/// A message to a member.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = notify_message)]
pub struct Message {
    /// Its id.
    pub id: i64,
    /// The card that it is a copy of; the card's task_id at WeCom is made of it. A message that
    /// went to one member alone has its own id there.
    pub card_no: i64,
    pub(crate) kind: String,
    /// The ticket it is about.
    pub ticket_id: Option<i64>,
    /// The task it is about.
    pub task_id: Option<i64>,
    /// The text that waits for a choice.
    pub draft_id: Option<i64>,
    /// To whom.
    pub userid: String,
    /// Its one-line summary.
    pub title: String,
    /// What it is to show: the name of a face.
    pub face: String,
    /// How often what it is to show was planned anew.
    pub plan_no: i64,
    /// Up to which plan it shows that for sure.
    pub(crate) shown_no: i64,
    /// Whether it is the newest card of its kind for this member.
    pub is_live: bool,
    /// Whether it had to wait for the platform's limits.
    pub is_delayed: bool,
    /// What became of it: a word of [`State`].
    pub state: String,
    /// Why it failed.
    pub reason: Option<String>,
    /// WeCom's id of it.
    pub msgid: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) sent_at: Option<i64>,
}

impl Message {
    /// Whether it is still to be sent. What WeCom refused is, when an operator says so.
    pub(crate) fn is_to_be_sent(&self) -> bool {
        State::UNSENT.contains(&self.state.as_str())
    }

    /// Whether what it was to show at first acts no more: a newer plan has come before it went.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.plan_no > 1 && !face::acts(&self.face)
    }

    /// Whether WeCom may have it although nobody heard so.
    pub(crate) fn may_have_arrived(&self) -> bool {
        self.state == State::Sending.word()
    }

    /// What it is for.
    pub fn kind(&self) -> Kind {
        Kind::parse(&self.kind)
    }

    /// The card's task_id at WeCom.
    pub fn wecom_task_id(&self) -> String {
        wecom_task_id(self.card_no)
    }
}

/// The task_id at WeCom of a card.
pub(crate) fn wecom_task_id(card_no: i64) -> String {
    format!("qidan-{card_no}")
}

/// The card that a task_id at WeCom stands for.
pub(crate) fn of_wecom_task_id(task_id: &str) -> Option<i64> {
    task_id.strip_prefix("qidan-")?.parse().ok()
}
