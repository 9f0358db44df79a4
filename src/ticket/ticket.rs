//! What a ticket is.

use flow::{State, assign::Point};
use form::Answers;
use kernel::{Actor, Error, FileId, Result, TaskId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::origin::Origin;

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Work is going on.
    Open,
    /// The clock stands still.
    Suspended,
    /// Done.
    Closed,
    /// Ended without being done.
    Cancelled,
}

impl Status {
    /// The word in JSON and SQL.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "处理中",
            Self::Suspended => "已挂起",
            Self::Closed => "已完成",
            Self::Cancelled => "已取消",
        }
    }

    /// The status of that word.
    ///
    /// # Errors
    /// `field_invalid` on `status`, with the words that exist.
    pub fn parse(word: &str) -> Result<Self> {
        [Self::Open, Self::Suspended, Self::Closed, Self::Cancelled]
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or_else(|| {
                let detail = "status 须是 open、suspended、closed、cancelled 之一";
                Error::field("status", "not_an_option", detail)
            })
    }
}

/// How urgent a ticket is; orders every queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// As usual.
    #[default]
    Normal,
    /// Urgent.
    High,
    /// Everything else waits.
    Critical,
}

impl Priority {
    /// The priority that an urgency answer means; normal for anything else.
    pub fn of_urgency(answer: Option<&str>) -> Self {
        match answer {
            Some("low") => Self::Low,
            Some("high") => Self::High,
            Some("critical") => Self::Critical,
            _ => Self::Normal,
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Low => "不急",
            Self::Normal => "普通",
            Self::High => "紧急",
            Self::Critical => "特急",
        }
    }

    /// The word in conditions and JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// What deadlines depend on.
    pub(crate) fn flow_rank(self) -> flow::Rank {
        match self {
            Self::Low => flow::Rank::Low,
            Self::Normal => flow::Rank::Normal,
            Self::High => flow::Rank::High,
            Self::Critical => flow::Rank::Critical,
        }
    }

    /// The priority of a rank; the highest for any above.
    pub(crate) fn of_rank(rank: i32) -> Self {
        match rank {
            ..=1 => Self::Low,
            2 => Self::Normal,
            3 => Self::High,
            4.. => Self::Critical,
        }
    }

    pub(crate) fn rank(self) -> i32 {
        match self {
            Self::Low => 1,
            Self::Normal => 2,
            Self::High => 3,
            Self::Critical => 4,
        }
    }
}

/// The entries by which a ticket can come.
pub const SOURCES: [&str; 18] = catalog::ENTRIES;

/// Something that belongs to a ticket besides its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The stored file; a place or a link has none.
    pub file: Option<FileId>,
    /// `image`, `voice`, `video`, `file`, `location`, `link`.
    pub kind: String,
    /// The file's name, the place's or the link's.
    pub name: String,
    /// A place's coordinates as `lat,lng`, or a link's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who added it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// That somebody was there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckIn {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Where he was.
    pub place: Point,
    /// How exact that is, in metres; nothing when the phone did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// What the place is called; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// How far from the place in the ticket's form that is, in metres, if the form tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_metres: Option<u32>,
    /// The photos that he took.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileId>,
}

/// What a task is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Somebody's work.
    Open,
    /// Done.
    Done,
    /// Ended without being done.
    Cancelled,
}

impl TaskState {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One piece of work at one step, in one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// The step's key.
    pub step: String,
    /// The step's round.
    pub round: u32,
    /// Which piece of the step's work, when several do it together.
    #[serde(default, skip_serializing_if = "crate::fact::is_first")]
    pub slot: u32,
    /// What it is doing.
    pub state: TaskState,
    /// Who may do it.
    pub handlers: Vec<String>,
    /// Who took it.
    pub owner: Option<String>,
    /// Since when it is somebody's work.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// When it is to be done, or was to be; none without a limit, and while the clock stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whether it asks for a yes or a no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_approval: bool,
}

/// The step of another ticket that raised this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// That ticket.
    pub ticket: TicketId,
    /// Its step.
    pub step: String,
    /// The step's round.
    pub round: u32,
    /// Which child of it.
    pub child: usize,
    /// How many parents are above.
    pub depth: u8,
}

/// A ticket that a step of this one raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// That ticket.
    pub ticket: TicketId,
    /// Its number.
    pub no: String,
    /// The step.
    pub step: String,
    /// The step's round.
    pub round: u32,
    /// Which child of it.
    pub n: usize,
}

/// Another ticket that has to do with this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// That ticket.
    pub ticket: TicketId,
    /// Its number.
    pub no: String,
    /// Why, in words.
    pub why: String,
}

/// What the customer said when he was asked whether it is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Whether it is.
    pub is_solved: bool,
    /// When he said so.
    pub at: Timestamp,
}

/// What the customer thought of what was done for him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// 1 to 5.
    pub stars: u8,
    /// Why, in words that he chose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Why, in words of his own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When he rated it first; for a day he may change his mind.
    pub first_at: Timestamp,
    /// When he last did.
    pub at: Timestamp,
}

/// Which template, in which version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRef {
    /// The template's key.
    pub key: String,
    /// Its version.
    pub version: u32,
}

/// One request of a customer or of staff, from creation to close.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Its number, for people: `GD-20261122-0001`.
    pub no: String,
    /// What it is about, in one line.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// By which entry it came.
    pub source: String,
    /// Its template, in the version that it began with or was moved to.
    pub template: TemplateRef,
    /// The customer, by external_userid.
    pub customer: Option<String>,
    /// The group chat it came from.
    pub chat_id: Option<String>,
    /// What was answered.
    pub form: Answers,
    /// Who raised it.
    pub creator: Actor,
    /// Where it is in its flow.
    pub flow: State,
    /// Every task it had, oldest first.
    pub tasks: Vec<Task>,
    /// What was added to it.
    pub attachments: Vec<Attachment>,
    /// Who was there, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub check_ins: Vec<CheckIn>,
    /// Words that group tickets.
    pub tags: Vec<String>,
    /// What was known around it when it was raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Origin>,
    /// The ticket that raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The tickets that it raised, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// The other tickets that have to do with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// How often it was urged.
    pub urged: u32,
    /// When it last was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urged_at: Option<Timestamp>,
    /// Whether its customer calls it solved, once he was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Judgement>,
    /// What its customer thought of how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// When it was raised.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// How often it changed: the sequence number of its last event.
    pub version: i64,
}

impl Ticket {
    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        matches!(self.status, Status::Closed | Status::Cancelled)
    }

    /// The open tasks.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state == TaskState::Open)
    }

    /// A task.
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// The open task that this member may do: his own first, then one he can claim.
    pub fn task_for(&self, userid: &str) -> Option<&Task> {
        let own = self.open_tasks().find(|task| task.owner.as_deref() == Some(userid));
        own.or_else(|| {
            self.open_tasks().find(|task| {
                task.owner.is_none() && task.handlers.iter().any(|handler| handler == userid)
            })
        })
    }
}
