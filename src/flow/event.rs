//! What `step()` is told, what it answers, and what it must be able to ask.

use kernel::{Micros, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    definition::{Assign, Pace, Rank, Step},
    state::{Timer, TimerKind},
};

/// What the caller knows. The same questions must get the same answers for as long as one event
/// is worked on: then the engine is a function of what it is given.
pub trait Facts {
    /// Who does a step by such a rule today. `chosen` are those whom a handler before chose.
    fn candidates(&self, step: &Step, rule: &Assign, chosen: &[String]) -> Found;

    /// Whether a rule holds for this ticket.
    fn holds(&self, rule: &Value) -> bool;

    /// How urgent the ticket is.
    fn rank(&self) -> Rank {
        Rank::Normal
    }

    /// Whether somebody can be given work at all.
    fn can_work(&self, _userid: &str) -> bool {
        true
    }

    /// The instant after so much time that counts.
    fn due(&self, _pace: Pace, from: Timestamp, span: Micros) -> Timestamp {
        from.plus(span)
    }

    /// By how much a reminder that would come then comes earlier, because much is going on.
    fn earlier(&self, _at: Timestamp) -> Micros {
        0
    }

    /// How much of the time until then counts.
    fn left(&self, _pace: Pace, from: Timestamp, due: Timestamp) -> Micros {
        due.since(from)
    }
}

/// Who was found for a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Who, best first.
    pub people: Vec<String>,
    /// Whether it is his, if it is one, without his claiming it.
    pub is_given: bool,
}

impl Found {
    /// Those from whom one claims it.
    pub fn pool(people: Vec<String>) -> Self {
        Self { people, is_given: false }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// 认领: `by` takes the work of a step.
    Claim {
        /// The step.
        step: String,
        /// Who.
        by: String,
    },
    /// 完成: `by` has done the work of a task.
    Complete {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// Whom he chooses for what follows.
        choose: Vec<String>,
    },
    /// 同意: `by` agrees.
    Approve {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// Whom he chooses for what follows.
        choose: Vec<String>,
    },
    /// 驳回: `by` does not agree.
    Reject {
        /// The step.
        step: String,
        /// Who.
        by: String,
    },
    /// 退回: back to an earlier step on the way.
    Return {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// The earlier step.
        to: String,
    },
    /// 直送: done, and straight back to who returned it.
    Resume {
        /// The step.
        step: String,
        /// Who.
        by: String,
    },
    /// 转办: the work goes to somebody else.
    Transfer {
        /// The step.
        step: String,
        /// Who gives it away; nobody when an administrator does.
        by: Option<String>,
        /// Who gets it.
        to: String,
    },
    /// 委派: somebody else prepares the work, then it comes back.
    Delegate {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// To whom.
        to: String,
    },
    /// 加签: somebody else must agree too.
    AddSigner {
        /// The step.
        step: String,
        /// Who asks for it.
        by: String,
        /// Who is asked.
        who: String,
        /// When.
        place: Place,
    },
    /// 减签: somebody need not agree any more.
    RemoveSigner {
        /// The step.
        step: String,
        /// Who asks for it; nobody when an administrator does.
        by: Option<String>,
        /// Who is freed.
        who: String,
    },
    /// 拿回: `by` takes back what he has just done.
    TakeBack {
        /// The step that he did.
        step: String,
        /// Who.
        by: String,
    },
    /// 挂起: the clock stands still.
    Suspend {
        /// Until when; until somebody says so when absent.
        until: Option<Timestamp>,
    },
    /// 恢复: it goes on.
    Continue,
    /// The ticket ends before its flow does.
    End {
        /// How.
        how: Outcome,
    },
    /// 重启: an ended ticket goes on where it was, in a new round.
    Reopen,
    /// 人工介入: somebody with the right to moves the ticket to any step.
    Jump {
        /// The step.
        to: String,
        /// Why; never empty.
        reason: String,
    },
    /// `by` asks the customer for something.
    AskCustomer {
        /// The step.
        step: String,
        /// Who.
        by: String,
        /// Which fields he may fill.
        fields: Vec<String>,
    },
    /// The customer answered.
    Answered {
        /// The step.
        step: String,
        /// Which question.
        ask: u64,
    },
    /// A signal from outside ends a wait.
    Signal {
        /// The step.
        step: String,
        /// Which signal.
        name: String,
    },
    /// A timer's time has come.
    Fire {
        /// Its step.
        step: String,
        /// Its round.
        round: u32,
        /// What it does.
        kind: TimerKind,
    },
    /// An action has ended.
    ActionEnded {
        /// Its step.
        step: String,
        /// Its round.
        round: u32,
        /// Whether it did what it should.
        is_done: bool,
    },
    /// A raised ticket has ended.
    ChildEnded {
        /// Its step.
        step: String,
        /// Its round.
        round: u32,
        /// Which one.
        child: usize,
        /// Whether it was done.
        is_done: bool,
    },
    /// The ticket is more or less urgent than it was: its deadlines move.
    Reranked {
        /// How urgent it was.
        from: Rank,
    },
    /// Somebody left: his work goes to another.
    HandOver {
        /// Who left.
        who: String,
        /// Who gets it; whoever the step's own rule names when absent.
        to: Option<String>,
    },
}

/// When an added signer is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Before the one who adds him.
    Before,
    /// After him.
    After,
    /// At the same time.
    Parallel,
}

/// How a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its last step is done.
    Finished,
    /// It was rejected.
    Rejected,
    /// The starter withdrew it.
    Withdrawn,
    /// Somebody else ended it.
    Terminated,
    /// It took too long.
    Expired,
}

/// What must be done. Whoever does it finds a task by step, round and slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// A task for these people.
    OpenTask {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// The slot.
        slot: u32,
        /// Who may do it.
        to: Vec<String>,
        /// Whose it is from the start.
        owner: Option<String>,
    },
    /// A task has an owner.
    OwnTask {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// The slot.
        slot: u32,
        /// Who.
        by: String,
    },
    /// A task is over.
    CloseTask {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// The slot.
        slot: u32,
        /// How.
        how: Closed,
        /// Who did it.
        by: Option<String>,
    },
    /// These people must hear of something.
    Notify {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// Of what.
        what: Notice,
        /// Who.
        to: Vec<String>,
    },
    /// Something will happen by itself.
    SetTimer {
        /// What and when.
        timer: Timer,
    },
    /// It will not.
    CancelTimer {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// What.
        kind: TimerKind,
        /// When it would have been.
        due_at: Timestamp,
    },
    /// The ticket cannot go on by itself: a person must look.
    Alarm {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// Why.
        why: Trouble,
    },
    /// A ticket must be raised.
    StartSubticket {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// Which one.
        child: usize,
        /// Its template.
        template: String,
        /// What it is about.
        title: String,
        /// What is filled in for it.
        form: Map<String, Value>,
    },
    /// A raised ticket is not needed any more.
    StopSubticket {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// Which one.
        child: usize,
    },
    /// The machine must do something, once for step and round.
    RunAction {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// What.
        action: String,
        /// What it is given.
        input: Value,
    },
    /// The customer must be asked.
    AskCustomer {
        /// The step.
        step: String,
        /// Which question.
        ask: u64,
        /// Which fields he may fill.
        fields: Vec<String>,
    },
    /// The flow is over.
    End {
        /// How.
        how: Outcome,
    },
    /// Something that the history should tell.
    Log {
        /// The step.
        step: String,
        /// Its round.
        round: u32,
        /// What.
        what: Logged,
    },
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// Done, or agreed to.
    Done,
    /// Rejected.
    Rejected,
    /// Not needed any more, or somebody else's now.
    Cancelled,
}

/// Of what people must hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// They are shown the ticket.
    Cc,
    /// What the step says.
    Message {
        /// The words, or the key of a text.
        text: String,
    },
    /// Their deadline comes near.
    Reminder,
    /// Their deadline has passed.
    Overdue,
    /// Somebody else's deadline has passed.
    Escalation {
        /// Which rung of the ladder.
        rung: u32,
    },
    /// The customer answered.
    Answered,
}

/// Why a person must look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Nobody can do the step.
    Nobody,
    /// The ladder leads to nobody.
    NobodyAbove,
    /// An action failed, or took too long.
    ActionFailed,
    /// None of the raised tickets was done.
    ChildrenFailed,
}

/// What the history should tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "log", rename_all = "snake_case")]
pub enum Logged {
    /// The step's condition does not hold.
    NotNeeded,
    /// Nobody is needed for it.
    NobodyNeeded,
    /// Which way a block goes.
    Took {
        /// The lanes, by number; the default is the last.
        lanes: Vec<usize>,
    },
    /// A block is over.
    Joined,
    /// The deadline has passed.
    Overdue,
    /// The step was rejected.
    Rejected,
    /// The ticket went back.
    Returned {
        /// From which step.
        from: String,
    },
    /// Somebody moved it here.
    Jumped {
        /// Why.
        reason: String,
    },
}

/// Why nothing happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such step, or the state is of another flow.
    NoStep,
    /// The step is not open.
    Closed,
    /// Somebody else took it.
    Taken {
        /// Who.
        by: String,
    },
    /// `by` is none of its handlers.
    NotHandler,
    /// That person has it already.
    Same,
    /// That person cannot be given work.
    CannotWork,
    /// The ticket has ended, or has not, where the opposite is needed.
    WrongPhase,
    /// The ticket is suspended, or is not, where the opposite is needed.
    Suspended,
    /// This cannot be done with this step.
    WrongVerb,
    /// What must hold before the step is done does not hold.
    ExitUnmet,
    /// The step is not an earlier one on the way.
    NotOnTheWay,
    /// The way to that step leads into a branch that is closed.
    BranchClosed,
    /// Nobody would be left to decide.
    LastSigner,
    /// More signers than a step can have.
    TooManySigners,
    /// What follows was already taken up.
    TooLate,
    /// An older round's button, link or timer.
    Stale,
    /// The timer's time has not come.
    NotDue,
    /// A reason must be given.
    ReasonMissing,
    /// The ticket was not returned to this step.
    NotReturned,
}

impl Refused {
    /// The stable word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoStep => "no_such_step",
            Self::Closed => "step_closed",
            Self::Taken { .. } => "taken",
            Self::NotHandler => "not_handler",
            Self::Same => "same_handler",
            Self::CannotWork => "cannot_work",
            Self::WrongPhase => "wrong_phase",
            Self::Suspended => "suspended",
            Self::WrongVerb => "verb_not_allowed",
            Self::ExitUnmet => "exit_unmet",
            Self::NotOnTheWay => "not_on_the_way",
            Self::BranchClosed => "branch_closed",
            Self::LastSigner => "last_signer",
            Self::TooManySigners => "too_many_signers",
            Self::TooLate => "too_late",
            Self::Stale => "stale_round",
            Self::NotDue => "not_due",
            Self::ReasonMissing => "reason_missing",
            Self::NotReturned => "not_returned",
        }
    }
}
