//! Facts: what an event changed. The snapshot is nothing but the fold of its facts, so replaying
//! the log gives the snapshot.

use flow::{State, Timer, TimerKind, Trouble};
use form::Answers;
use kernel::{Actor, Error, Result, TaskId, TicketId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    origin::Origin,
    ticket::{
        Attachment, CheckIn, Child, Judgement, Link, Parent, Priority, Rating, Status, Task,
        TaskState, TemplateRef, Ticket,
    },
};

/// One thing that became true.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The ticket exists.
    Created(Box<Created>),
    /// Its flow moved.
    Stepped {
        /// Where it is now.
        state: State,
    },
    /// It goes on in another version of its template.
    Migrated {
        /// Which.
        version: u32,
        /// Where it is there.
        state: State,
    },
    /// A task is somebody's work.
    TaskOpened {
        /// The task.
        task: TaskId,
        /// Its step.
        step: String,
        /// The step's round.
        round: u32,
        /// Which piece of its work.
        #[serde(default, skip_serializing_if = "is_first")]
        slot: u32,
        /// Who may do it.
        handlers: Vec<String>,
        /// Whether it asks for a yes or a no.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_approval: bool,
    },
    /// A task has an owner.
    TaskOwned {
        /// The task.
        task: TaskId,
        /// Who.
        by: String,
    },
    /// A task is over.
    TaskClosed {
        /// The task.
        task: TaskId,
        /// Whether it was done.
        is_done: bool,
        /// Who did it.
        by: Option<String>,
    },
    /// A step cannot go on by itself.
    Alarmed {
        /// The step.
        step: String,
        /// Why.
        why: Trouble,
    },
    /// It is more or less urgent.
    Prioritised {
        /// How urgent.
        priority: Priority,
    },
    /// Another ticket has to do with it.
    Linked {
        /// That ticket.
        link: Link,
    },
    /// The ticket ended.
    Ended {
        /// How.
        status: Status,
    },
    /// The ticket goes on.
    Reopened,
    /// The clock stands still.
    Suspended,
    /// It goes on.
    Continued,
    /// Something will happen by itself.
    TimerSet {
        /// What and when.
        timer: flow::Timer,
    },
    /// It will not.
    TimerDropped {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// What.
        kind: flow::TimerKind,
        /// When it would have been.
        due_at: Timestamp,
    },
    /// The flow asks for something that others carry out, or that the history tells.
    Ordered {
        /// What.
        effect: Box<flow::Effect>,
    },
    /// Something was decided by rule: who gets a step, or how urgent the ticket is.
    Decided {
        /// The step; the ticket's priority when absent.
        step: Option<String>,
        /// The record, for people to read.
        lines: Vec<String>,
    },
    /// Somebody filled in more of the form.
    Filled {
        /// The answers that changed; null for one that was cleared.
        changed: Answers,
    },
    /// A step raised another ticket.
    ChildRaised {
        /// That ticket.
        child: Child,
    },
    /// Somebody said something.
    Commented {
        /// What.
        text: String,
    },
    /// Somebody added something.
    Attached {
        /// What.
        attachment: Attachment,
    },
    /// Somebody was there.
    CheckedIn {
        /// Where, and how far from where the ticket is about.
        check_in: CheckIn,
    },
    /// Somebody asked for haste.
    Urged,
    /// The customer said whether it is solved.
    Judged {
        /// Whether it is.
        is_solved: bool,
    },
    /// The customer rated what was done for him, or changed his rating.
    Rated {
        /// 1 to 5.
        stars: u8,
        /// Why, in words that he chose.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reasons: Vec<String>,
        /// Why, in words of his own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

/// Most steps have one piece of work; it needs no number in the log.
pub(crate) fn is_first(slot: &u32) -> bool {
    *slot == 0
}

/// How a ticket began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// Its number.
    pub no: String,
    /// What it is about.
    pub title: String,
    /// How urgent.
    pub priority: Priority,
    /// By which entry.
    pub source: String,
    /// Which template.
    pub template: TemplateRef,
    /// Whose.
    pub customer: Option<String>,
    /// From which group chat.
    pub chat_id: Option<String>,
    /// What was answered.
    pub form: Answers,
    /// By whom.
    pub creator: Actor,
    /// Words that group it.
    pub tags: Vec<String>,
    /// What was known around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Origin>,
    /// The ticket that raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

/// One entry of a ticket's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// 1, 2, 3 … without gaps; the version that the ticket has after it.
    pub seq: i64,
    /// The action's name.
    pub verb: String,
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// The request id.
    pub trace: String,
    /// What it changed.
    pub facts: Vec<Fact>,
}

impl Event {
    /// What was said with it.
    pub fn said(&self) -> Option<&str> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::Commented { text } => Some(text.as_str()),
            _ => None,
        })
    }
}

/// The ticket after one more event.
///
/// # Errors
/// `internal` when the event cannot follow: a gap, or a first event that creates nothing.
pub fn follow(ticket: Option<Ticket>, id: TicketId, event: &Event) -> Result<Ticket> {
    let mut facts = event.facts.iter();
    let mut ticket = match (ticket, facts.as_slice().first()) {
        (Some(ticket), _) => ticket,
        (None, Some(Fact::Created(created))) => {
            facts.next();
            begin(id, created, event.at)
        }
        (None, _) => return Err(Error::bug(format!("ticket {id} begins without being created"))),
    };
    if event.seq != ticket.version + 1 {
        return Err(Error::bug(format!(
            "ticket {id}: event {} after {}",
            event.seq, ticket.version
        )));
    }
    for fact in facts {
        apply(&mut ticket, fact, event.at);
    }
    ticket.version = event.seq;
    ticket.updated_at = event.at;
    Ok(ticket)
}

/// The ticket that a whole log gives.
///
/// # Errors
/// `internal` when the log has a gap or is empty.
pub fn replay(id: TicketId, events: &[Event]) -> Result<Ticket> {
    let mut ticket = None;
    for event in events {
        ticket = Some(follow(ticket, id, event)?);
    }
    ticket.ok_or_else(|| Error::bug(format!("ticket {id} has no event")))
}

fn begin(id: TicketId, created: &Created, at: Timestamp) -> Ticket {
    let created = created.clone();
    Ticket {
        id,
        no: created.no,
        title: created.title,
        status: Status::Open,
        priority: created.priority,
        source: created.source,
        template: created.template,
        customer: created.customer,
        chat_id: created.chat_id,
        form: created.form,
        creator: created.creator,
        flow: State::default(),
        tasks: Vec::new(),
        attachments: Vec::new(),
        check_ins: Vec::new(),
        tags: created.tags,
        context: created.context,
        parent: created.parent,
        children: Vec::new(),
        links: Vec::new(),
        urged: 0,
        urged_at: None,
        verdict: None,
        rating: None,
        created_at: at,
        updated_at: at,
        closed_at: None,
        version: 0,
    }
}

/// What a ticket says with these facts, for the questions that the flow asks about it.
pub(crate) fn fill(ticket: &mut Ticket, facts: &[Fact]) {
    let is_known = |fact: &&Fact| {
        matches!(fact, Fact::Filled { .. } | Fact::Prioritised { .. } | Fact::Stepped { .. })
    };
    for fact in facts.iter().filter(is_known) {
        apply(ticket, fact, ticket.updated_at);
    }
}

fn apply(ticket: &mut Ticket, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::Created(_)
        | Fact::Commented { .. }
        | Fact::Alarmed { .. }
        | Fact::Decided { .. }
        | Fact::Ordered { .. } => {}
        Fact::Filled { changed } => {
            for (key, value) in changed {
                match value {
                    Value::Null => ticket.form.remove(key),
                    value => ticket.form.insert(key.clone(), value.clone()),
                };
            }
        }
        Fact::ChildRaised { child } => ticket.children.push(child.clone()),
        Fact::Prioritised { priority } => ticket.priority = *priority,
        Fact::Linked { link } => ticket.links.push(link.clone()),
        Fact::Suspended => ticket.status = Status::Suspended,
        Fact::Continued => ticket.status = Status::Open,
        Fact::Stepped { state } => ticket.flow = state.clone(),
        Fact::Migrated { version, state } => {
            ticket.template.version = *version;
            ticket.flow = state.clone();
        }
        Fact::TimerSet { .. }
        | Fact::TimerDropped { .. }
        | Fact::TaskOpened { .. }
        | Fact::TaskOwned { .. }
        | Fact::TaskClosed { .. } => apply_to_tasks(ticket, fact, at),
        Fact::Ended { status } => {
            ticket.status = *status;
            ticket.closed_at = Some(at);
            // What he thought of an earlier end is in the log; this one he is asked about anew. That it is
            // solved he may have said before the end, and is not asked twice.
            ticket.verdict = ticket.verdict.filter(|verdict| verdict.is_solved);
            ticket.rating = None;
        }
        Fact::Judged { is_solved } => {
            ticket.verdict = Some(Judgement { is_solved: *is_solved, at });
        }
        Fact::Rated { stars, reasons, text } => {
            let first_at = ticket.rating.as_ref().map_or(at, |rating| rating.first_at);
            ticket.rating = Some(Rating {
                stars: *stars,
                reasons: reasons.clone(),
                text: text.clone(),
                first_at,
                at,
            });
        }
        Fact::Reopened => {
            ticket.status = Status::Open;
            ticket.closed_at = None;
            // That it is not solved is why it was opened again; that it was solved is over.
            ticket.verdict = ticket.verdict.filter(|verdict| !verdict.is_solved);
        }
        Fact::CheckedIn { check_in } => ticket.check_ins.push(check_in.clone()),
        Fact::Attached { attachment } => ticket.attachments.push(attachment.clone()),
        Fact::Urged => (ticket.urged, ticket.urged_at) = (ticket.urged + 1, Some(at)),
    }
}

/// What became true of somebody's work.
fn apply_to_tasks(ticket: &mut Ticket, fact: &Fact, at: Timestamp) {
    match fact {
        Fact::TimerSet { timer } => {
            set_due(ticket, (&timer.step, timer.kind), Some(timer.due_at));
        }
        Fact::TimerDropped { step, kind, .. } => set_due(ticket, (step, *kind), None),
        Fact::TaskOpened { task, step, round, slot, handlers, is_approval } => {
            let due_at = due_of_new(ticket, step, at);
            ticket.tasks.push(Task {
                id: *task,
                step: step.clone(),
                round: *round,
                slot: *slot,
                state: TaskState::Open,
                handlers: handlers.clone(),
                owner: None,
                opened_at: at,
                closed_at: None,
                due_at,
                is_approval: *is_approval,
            });
        }
        Fact::TaskOwned { task, by } => {
            if let Some(task) = ticket.tasks.iter_mut().find(|one| one.id == *task) {
                task.owner = Some(by.clone());
            }
        }
        Fact::TaskClosed { task, is_done, by } => {
            if let Some(task) = ticket.tasks.iter_mut().find(|one| one.id == *task) {
                task.state = if *is_done { TaskState::Done } else { TaskState::Cancelled };
                task.owner = by.clone().or(task.owner.take());
                task.closed_at = Some(at);
            }
        }
        _ => {}
    }
}

/// What is open of a step has another deadline.
fn set_due(ticket: &mut Ticket, (step, kind): (&str, TimerKind), due_at: Option<Timestamp>) {
    if kind != TimerKind::Deadline {
        return;
    }
    let is_its = |task: &&mut Task| task.state == TaskState::Open && task.step == step;
    for task in ticket.tasks.iter_mut().filter(is_its) {
        task.due_at = due_at;
    }
}

/// When a new task is to be done: its step's deadline, or, when that has passed, the deadline of
/// the task in whose place it comes.
fn due_of_new(ticket: &Ticket, step: &str, at: Timestamp) -> Option<Timestamp> {
    let is_its = |timer: &&Timer| timer.step == step && timer.kind == TimerKind::Deadline;
    if let Some(timer) = ticket.flow.timers.iter().find(is_its) {
        return timer.left.is_none().then_some(timer.due_at);
    }
    if ticket.flow.run(step).is_none_or(|run| run.is_revising) {
        return None;
    }
    let was_missed = |task: &&Task| {
        let is_replaced = task.closed_at.is_none_or(|closed_at| closed_at == at);
        task.step == step && is_replaced && task.due_at.is_some_and(|due_at| due_at <= at)
    };
    ticket.tasks.iter().rev().find(was_missed)?.due_at
}
