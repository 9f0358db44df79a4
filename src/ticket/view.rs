//! A ticket as it is shown: the contract's JSON, the actions of an actor.

use catalog::Published;
use flow::StepState;
use form::Answers;
use kernel::{Actor, Ctx, TaskId, TicketId, Timestamp};
use serde::Serialize;

use crate::{
    actions::{ACTIONS, Case},
    names::Names,
    origin::Origin,
    policy,
    row::{Row, row, step_name},
    ticket::{Attachment, CheckIn, Child, Link, TaskState, Ticket},
};

/// One step as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct StepView {
    /// The step's key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: StepState,
    /// How often it was opened.
    pub round: u32,
    /// Who may do it; the owner alone once it has one.
    pub handlers: Vec<String>,
    /// Who took it.
    pub owner: Option<String>,
    /// How far the tickets are that it raised and waits for; none when it raises none.
    pub progress: Option<Progress>,
}

/// How far the tickets are that a step waits for.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Progress {
    /// How many have ended.
    pub ended: usize,
    /// Of how many.
    pub of: usize,
}

/// One task as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct TaskView {
    /// The task's id.
    pub id: TaskId,
    /// Its step.
    pub step: String,
    /// The step's name.
    pub step_name: String,
    /// The step's round.
    pub round: u32,
    /// What it is doing.
    pub state: TaskState,
    /// Who took it.
    pub owner: Option<String>,
    /// Since when it is somebody's work.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// When it is to be done, or was to be.
    pub due_at: Option<Timestamp>,
    /// Whether it asks for a yes or a no.
    pub is_approval: bool,
}

/// A question that waits for the customer, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct AskedView {
    /// Which question; an answer names it.
    pub ask: String,
    /// The step that waits.
    pub step: String,
    /// Who asked.
    pub by: String,
    /// Since when it waits.
    pub at: Timestamp,
    /// Which fields the customer is to fill in.
    pub fields: Vec<String>,
    /// The page on which he does, for whoever passes it on.
    pub url: Option<String>,
}

/// A ticket that another one raised, or that raised it, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct ChildView {
    /// Its id.
    pub id: TicketId,
    /// Its number.
    pub no: String,
    /// The step that raised it.
    pub step: String,
    /// What it is doing, as far as that step waits for it.
    pub state: Option<flow::SlotState>,
}

/// A ticket as it is shown: what lists show of it, and the rest.
#[derive(Clone, Debug, Serialize)]
pub struct TicketView {
    /// What a line of a list shows.
    #[serde(flatten)]
    pub row: Row,
    /// The group chat it came from.
    pub chat_id: Option<String>,
    /// What was answered.
    pub form: Answers,
    /// Who raised it.
    pub creator: Actor,
    /// Its way.
    pub steps: Vec<StepView>,
    /// Its tasks, oldest first.
    pub tasks: Vec<TaskView>,
    /// What the customer was asked for and has not answered.
    pub asked: Vec<AskedView>,
    /// What was added to it.
    pub attachments: Vec<Attachment>,
    /// Who was there, oldest first.
    pub check_ins: Vec<CheckIn>,
    /// Words that group it.
    pub tags: Vec<String>,
    /// What was known around it when it was raised; none for the customer himself.
    pub context: Option<Origin>,
    /// The ticket that raised it.
    pub parent: Option<TicketId>,
    /// The tickets that it raised, oldest first.
    pub children: Vec<ChildView>,
    /// The other tickets that have to do with it.
    pub links: Vec<Link>,
    /// How often it was urged.
    pub urged: u32,
    /// What the one who asks may do now.
    pub actions: Vec<&'static str>,
}

/// A ticket for whoever asks; `link` makes the address of the page of a question.
pub fn view(
    ctx: &Ctx,
    ticket: &Ticket,
    template: &Published,
    names: &Names,
    link: &dyn Fn(u64) -> String,
) -> TicketView {
    let steps = ticket.flow.steps.iter().map(|run| StepView {
        key: run.key.clone(),
        name: template.flow.step(&run.key).map(|step| step.name.clone()).unwrap_or_default(),
        state: run.state,
        round: run.round,
        handlers: run.handlers(),
        owner: run.owner().map(str::to_owned),
        progress: match run.progress() {
            (_none, 0) => None,
            (ended, of) => Some(Progress { ended, of }),
        },
    });
    let tasks = ticket.tasks.iter().map(|task| TaskView {
        id: task.id,
        step: task.step.clone(),
        round: task.round,
        state: task.state,
        step_name: step_name(template, &task.step).name,
        owner: task.owner.clone(),
        opened_at: task.opened_at,
        closed_at: task.closed_at,
        due_at: task.due_at,
        is_approval: task.is_approval,
    });
    let actions = allowed(ctx, ticket, template);
    // Whoever has the address can answer.
    let may_answer = actions.contains(&"answer");
    let asked = ticket.flow.steps.iter().filter_map(|run| {
        let asked = run.asked.as_ref()?;
        Some(AskedView {
            ask: asked.id.to_string(),
            step: run.key.clone(),
            by: asked.by.clone(),
            at: asked.at,
            fields: asked.fields.clone(),
            url: may_answer.then(|| link(asked.id)),
        })
    });
    TicketView {
        row: row(ctx, ticket, template, names),
        chat_id: ticket.chat_id.clone(),
        form: policy::readable(&ctx.actor, ticket, template),
        creator: ticket.creator.clone(),
        steps: steps.collect(),
        tasks: tasks.collect(),
        asked: asked.collect(),
        attachments: ticket.attachments.clone(),
        check_ins: ticket.check_ins.clone(),
        tags: ticket.tags.clone(),
        context: policy::context(&ctx.actor, ticket),
        parent: ticket.parent.as_ref().map(|parent| parent.ticket),
        children: ticket.children.iter().map(|child| child_view(ticket, child)).collect(),
        links: ticket.links.clone(),
        urged: ticket.urged,
        actions,
    }
}

fn child_view(ticket: &Ticket, child: &Child) -> ChildView {
    let run = ticket.flow.run(&child.step).filter(|run| run.round == child.round);
    ChildView {
        id: child.ticket,
        no: child.no.clone(),
        step: child.step.clone(),
        state: run.and_then(|run| run.children.get(child.n).copied()),
    }
}

/// The actions that whoever asks may do now, in the order of their buttons.
pub fn allowed(ctx: &Ctx, ticket: &Ticket, template: &Published) -> Vec<&'static str> {
    let (form, flow) = (template.compiled(), &template.flow);
    let case = Case { ctx, ticket, form, flow, on: None };
    ACTIONS.iter().filter(|action| action.allows(&case)).map(|action| action.name()).collect()
}
