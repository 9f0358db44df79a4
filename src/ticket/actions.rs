//! What can be done to a ticket. One file an action, one line in [`ACTIONS`]; the route, the
//! buttons and the documentation are read off the list.

mod answer;
mod approve;
mod ask;
mod attach;
mod check_in;
mod claim;
mod comment;
mod complete;
mod confirm;
mod cosign;
mod delegate;
mod deny;
mod jump;
mod prioritise;
mod rate;
mod recall;
mod reject;
mod release;
mod reopen;
mod reply;
mod resubmit;
mod resume;
mod r#return;
mod suspend;
mod terminate;
mod transfer;
mod urge;
mod withdraw;

use flow::{Event as FlowEvent, Flow, Verb};
use form::{Answers, Compiled, Form};
use kernel::{Ctx, Error, FileId, Kind, Result, TaskId};

use crate::{
    fact::Fact,
    ticket::{Task, Ticket},
};

/// Every action, in the order in which buttons are shown.
pub const ACTIONS: &[&dyn Action] = &[
    &claim::Claim,
    &check_in::CheckIn,
    &complete::Complete,
    &approve::Approve,
    &reject::Reject,
    &resubmit::Resubmit,
    &r#return::Return,
    &transfer::Transfer,
    &delegate::Delegate,
    &cosign::Cosign,
    &release::Release,
    &recall::Recall,
    &ask::Ask,
    &answer::Answer,
    &reply::Reply,
    &confirm::Confirm,
    &deny::Deny,
    &rate::Rate,
    &comment::Comment,
    &attach::Attach,
    &prioritise::Prioritise,
    &urge::Urge,
    &suspend::Suspend,
    &resume::Resume,
    &jump::Jump,
    &withdraw::Withdraw,
    &reopen::Reopen,
    &terminate::Terminate,
];

/// One thing that can be done to a ticket.
pub trait Action: Sync {
    /// The word in URLs, logs and permissions. Never changes once released.
    fn name(&self) -> &'static str;

    /// What the button says.
    fn label(&self) -> &'static str;

    /// What the button's dialog asks.
    fn input(&self) -> Form {
        Form::default()
    }

    /// The same as it is asked of this ticket now.
    fn dialog(&self, _case: &Case<'_>) -> Form {
        self.input()
    }

    /// What it does to the task that its button belongs to; nothing, when it is the ticket's.
    fn verb(&self) -> Option<Verb> {
        None
    }

    /// Whether it ends or refuses what others want: the button warns.
    fn is_danger(&self) -> bool {
        false
    }

    /// Which part of the ticket's form is filled in with it, under `form` beside the dialog's own
    /// answers; none when absent.
    fn fills(&self) -> Option<Fills> {
        None
    }

    /// Whose it is: the words of a refusal depend on it.
    fn by(&self) -> By {
        By::Handler
    }

    /// The stored files that an input names, and where it names them.
    fn files(&self, _input: &Answers) -> Vec<(String, FileId)> {
        Vec::new()
    }

    /// Whether this actor may, on this ticket, now. Decides the button as well as the request.
    fn allows(&self, case: &Case<'_>) -> bool;

    /// What follows. Pure: `act` saves it.
    ///
    /// # Errors
    /// Why it cannot be, for the one who asked.
    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change>;
}

/// Which part of the ticket's form an action fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fills {
    /// What is asked at the step with which one does that.
    Step(Verb),
    /// What the customer was asked for.
    Asked,
}

/// Whose an action is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Who works on the ticket.
    Handler,
    /// Who raised it.
    Starter,
    /// Whoever may see it.
    Anybody,
    /// The customer who was asked, or who speaks for him.
    Customer,
}

/// What an action looks at.
pub struct Case<'a> {
    /// Who asks, and when.
    pub ctx: &'a Ctx,
    /// The ticket as it is.
    pub ticket: &'a Ticket,
    /// The form of its template.
    pub form: &'a Compiled,
    /// The flow of its template.
    pub flow: &'a Flow,
    /// The task that the button belongs to.
    pub on: Option<TaskId>,
}

/// What an action does: facts of its own, and what happens to the flow after them.
#[derive(Debug, Default)]
pub struct Change {
    /// Facts of its own.
    pub facts: Vec<Fact>,
    /// What happens to the flow.
    pub flow: Option<FlowEvent>,
}

/// The action of that name.
///
/// # Errors
/// `ticket.unknown_action`, with the names that exist.
pub fn find(name: &str) -> Result<&'static dyn Action> {
    ACTIONS.iter().copied().find(|action| action.name() == name).ok_or_else(|| {
        let names: Vec<_> = ACTIONS.iter().map(|action| action.name()).collect();
        let detail = format!("没有动作 {name}，可用：{}", names.join("、"));
        Error::new(Kind::NotFound, "ticket.unknown_action", detail)
    })
}

impl Case<'_> {
    /// The member who asks; programs must say for whom they act.
    fn member(&self) -> Result<&str> {
        self.ctx.actor.userid().ok_or_else(needs_member)
    }

    /// The open task with which this member may do that: the button's, his own, or one to claim.
    pub(crate) fn task(&self, verb: Verb) -> Option<&Task> {
        let userid = self.ctx.actor.userid()?;
        let can = |task: &&Task| {
            let is_his = match &task.owner {
                Some(owner) => owner == userid,
                None => task.handlers.iter().any(|handler| handler == userid),
            };
            is_his && self.on.is_none_or(|on| on == task.id) && self.may(&task.step, verb)
        };
        let own = |task: &&Task| task.owner.is_some() && can(task);
        self.ticket.open_tasks().find(own).or_else(|| self.ticket.open_tasks().find(can))
    }

    /// Whether this member may do that with a step.
    fn may(&self, step: &str, verb: Verb) -> bool {
        let userid = self.ctx.actor.userid();
        userid.is_some_and(|by| flow::may(self.flow, &self.ticket.flow, step, by, verb))
    }

    /// The step of the task with which this member does that, and his userid.
    fn step_and_member(&self, verb: Verb) -> Result<(String, String)> {
        let by = self.member()?.to_owned();
        match self.task(verb) {
            Some(task) => Ok((task.step.clone(), by)),
            None => Ok((self.any_task()?.step.clone(), by)),
        }
    }

    /// The task to act on when anybody's will do.
    fn any_task(&self) -> Result<&Task> {
        self.ticket.open_tasks().next().ok_or_else(|| {
            Error::new(Kind::Conflict, "ticket.step_closed", "这张工单没有进行中的待办")
        })
    }
}

/// The refusal of an action that only a member can do.
pub(crate) fn needs_member() -> Error {
    let detail = "这个动作只能由成员执行：请用 Qidan-Act-As 请求头指明成员";
    Error::new(Kind::Forbidden, "ticket.needs_member", detail)
}

/// The note, and whom a handler may choose for what follows.
fn note_and_next(label: &str) -> Form {
    let next = form::Field::new("next", "member", "下一步处理人（由您指定时填写）", false);
    Form { fields: vec![form::Field::new("note", "textarea", label, false), next] }
}

/// The note that most dialogs ask for.
fn note(label: &str, required: bool) -> Form {
    Form { fields: vec![form::Field::new("note", "textarea", label, required)] }
}

/// What was answered to a question for a text, a member or a choice.
fn answer<'i>(input: &'i Answers, key: &str) -> Option<&'i str> {
    input.get(key).and_then(serde_json::Value::as_str)
}

/// The note as a fact, if there is one.
fn noted(input: &Answers) -> Vec<Fact> {
    answer(input, "note")
        .map(|text| Fact::Commented { text: text.to_owned() })
        .into_iter()
        .collect()
}
