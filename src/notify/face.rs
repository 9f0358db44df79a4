//! Faces: what a card is to show, as data. Two equal faces show the same, so a card is touched
//! only when its face changes.

use ticket::{Status, Task, TaskState, Ticket};

/// The name of the face of a card that a newer one has replaced.
pub(crate) const RENEWED: &str = "renewed";

/// Whether the face of that name has buttons that change something.
pub(crate) fn acts(name: &str) -> bool {
    matches!(name, "claimable" | "mine")
}

/// What a task's card shows to one handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TaskFace {
    /// It can be claimed.
    Claimable,
    /// It is his: complete, transfer.
    Mine,
    /// Somebody else took it.
    Taken { by: String },
    /// It is done.
    Done { by: Option<String> },
    /// It went to somebody else.
    Moved { to: Option<String> },
    /// The ticket ended before it was done.
    Ended { status: Status },
    /// A newer card of the same task was sent.
    Renewed,
}

impl TaskFace {
    /// What the card of this task shows to this member now.
    pub(crate) fn of(ticket: &Ticket, task: &Task, userid: &str) -> Self {
        match (task.state, &task.owner) {
            (TaskState::Open, None) => Self::Claimable,
            (TaskState::Open, Some(owner)) if owner == userid => Self::Mine,
            (TaskState::Open, Some(owner)) => Self::Taken { by: owner.clone() },
            (TaskState::Done, owner) => Self::Done { by: owner.clone() },
            (TaskState::Cancelled, _) if ticket.is_ended() => Self::Ended { status: ticket.status },
            (TaskState::Cancelled, _) => {
                Self::Moved { to: ticket.open_tasks().find_map(|open| open.owner.clone()) }
            }
        }
    }

    /// Whether it has buttons that act.
    pub(crate) fn acts(&self) -> bool {
        matches!(self, Self::Claimable | Self::Mine)
    }

    /// Its name; equal names, equal faces.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Claimable => "claimable".to_owned(),
            Self::Mine => "mine".to_owned(),
            Self::Taken { by } => format!("taken:{by}"),
            Self::Done { by } => format!("done:{}", by.as_deref().unwrap_or_default()),
            Self::Moved { to } => format!("moved:{}", to.as_deref().unwrap_or_default()),
            Self::Ended { status } => format!("ended:{}", status.word()),
            Self::Renewed => RENEWED.to_owned(),
        }
    }
}

/// What the card of the one who raised the ticket shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StarterFace {
    /// Somebody will take the step at this place of the flow.
    Accepted { at: usize },
    /// Somebody works on the step at this place.
    Working { by: String, at: usize },
    /// It ended.
    Ended { status: Status, round: u32 },
    /// A newer card of the same ticket was sent.
    Renewed,
}

impl StarterFace {
    /// What it shows now.
    pub(crate) fn of(ticket: &Ticket) -> Self {
        let round = ticket.flow.steps.iter().map(|run| run.round).max().unwrap_or_default();
        let place = |task: Option<&Task>| {
            let steps = &mut ticket.flow.steps.iter();
            task.and_then(|task| steps.position(|run| run.key == task.step)).unwrap_or_default()
        };
        let owned = ticket.open_tasks().find(|task| task.owner.is_some());
        match owned.and_then(|task| Some((task.owner.clone()?, place(owned)))) {
            _ if ticket.is_ended() => Self::Ended { status: ticket.status, round },
            Some((by, at)) => Self::Working { by, at },
            None => Self::Accepted { at: place(ticket.open_tasks().next()) },
        }
    }

    /// Its name; equal names, equal faces.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Accepted { at } => format!("accepted:{at}"),
            Self::Working { by, at } => format!("working:{by}:{at}"),
            Self::Ended { status, round } => format!("ended:{}:{round}", status.word()),
            Self::Renewed => RENEWED.to_owned(),
        }
    }
}
