//! The buttons of whoever looks at a ticket: what each does, what its dialog asks, and which of
//! them comes next.

use catalog::Published;
use form::{Access, Answers, Context, Form};
use kernel::{Actor, Ctx, TaskId, time};
use serde::Serialize;

use super::section::{answers_of, is_asked};
use crate::{
    actions::{ACTIONS, Action, Case, Fills},
    policy, question,
    ticket::{Task, Ticket},
};

/// How long nobody is offered to urge again as the next thing to do.
const URGED_LATELY: kernel::Micros = time::MINUTE;
/// What a member does next with a task of his, the first that he may.
const NEXT_OF_OWNER: [&str; 6] = ["resume", "resubmit", "complete", "approve", "claim", "urge"];
/// The same, while nobody has taken it.
const NEXT_OF_OTHERS: [&str; 6] = ["resume", "claim", "resubmit", "complete", "approve", "urge"];

/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// The one that comes next.
    Primary,
    /// Any other.
    Normal,
    /// One that ends or refuses what others want.
    Danger,
}

/// Something that whoever looks may do now.
#[derive(Clone, Debug, Serialize)]
pub struct Button {
    /// The action's name.
    pub verb: &'static str,
    /// What it says.
    pub label: &'static str,
    /// The task that it belongs to, when it is not the whole ticket's.
    pub task: Option<TaskId>,
    /// The step of that task.
    pub step: Option<String>,
    /// How it looks.
    pub tone: Tone,
    /// What its dialog asks.
    pub dialog: Form,
    /// What of the ticket's form is filled in with it.
    pub fills: Option<FillView>,
}

/// What of a ticket's form is filled in with an action.
#[derive(Clone, Debug, Serialize)]
pub struct FillView {
    /// At which step.
    pub step: String,
    /// The fields that can be filled in; the action takes them under `form`.
    pub fields: Vec<String>,
    /// The form as it is shown there: these fields and those that are only read.
    pub form: Form,
    /// What is stored of it.
    pub values: Answers,
}

/// The buttons of whoever asks, in their order.
pub(super) fn buttons(ctx: &Ctx, ticket: &Ticket, template: &Published) -> Vec<Button> {
    let (form, flow) = (template.compiled(), &template.flow);
    let case = |on| Case { ctx, ticket, form, flow, on };
    let is_his = |task: &&Task| {
        let userid = ctx.actor.userid();
        userid.is_some_and(|userid| crate::row::workers(task).iter().any(|one| one == userid))
    };
    let tasks: Vec<_> = ticket.open_tasks().filter(is_his).collect();
    let mut all = Vec::new();
    for action in ACTIONS {
        let before = all.len();
        if action.verb().is_some() {
            for task in &tasks {
                let case = case(Some(task.id));
                if action.allows(&case) {
                    all.push(button(*action, &case, Some(task), template));
                }
            }
        }
        let case = case(None);
        if all.len() == before && action.allows(&case) {
            all.push(button(*action, &case, None, template));
        }
    }
    let next = next(ctx, ticket, &all);
    if let Some(first) = all.iter_mut().find(|one| Some(one.verb) == next) {
        first.tone = Tone::Primary;
    }
    all
}

fn button(
    action: &dyn Action,
    case: &Case<'_>,
    task: Option<&Task>,
    template: &Published,
) -> Button {
    let fills = match action.fills() {
        None => None,
        Some(Fills::Step(_verb)) => task.and_then(|task| filled_at(case, &task.step)),
        Some(Fills::Asked) => filled_by_customer(case, template),
    };
    Button {
        verb: action.name(),
        label: action.label(),
        task: task.map(|task| task.id),
        step: task.map(|task| task.step.clone()),
        tone: if action.is_danger() { Tone::Danger } else { Tone::Normal },
        dialog: action.dialog(case),
        fills,
    }
}

/// What is filled in at a step; nothing when it asks for nothing.
fn filled_at(case: &Case<'_>, step: &str) -> Option<FillView> {
    let at = Context { step: Some(step), owned: None, before: Some(&case.ticket.form) };
    let access = |key: &str| case.form.access_to(key, &at).unwrap_or(Access::Hidden);
    let mut form = case.form.form().clone();
    form.fields.retain(|field| access(&field.key) > Access::Hidden);
    let asked = form.fields.iter().filter(|field| access(&field.key) == Access::Edit);
    let fields: Vec<_> =
        asked.filter(|field| is_asked(field)).map(|field| field.key.clone()).collect();
    let values = answers_of(&case.ticket.form, &form.fields);
    (!fields.is_empty()).then(|| FillView { step: step.to_owned(), fields, form, values })
}

/// What the customer was asked for.
fn filled_by_customer(case: &Case<'_>, template: &Published) -> Option<FillView> {
    let mut runs = case.ticket.flow.steps.iter();
    let (run, asked) = runs.find_map(|run| Some((run, run.asked.as_ref()?)))?;
    let mut form = question::only(&template.form, &asked.fields);
    let may_see = |key: &str| {
        asked.fields.iter().any(|field| field == key)
            || policy::reads(&case.ctx.actor, case.ticket, template, key)
    };
    form.fields.retain(|field| may_see(&field.key));
    // Who asks for an answer need not be one who may see what stands there now.
    let mut values = answers_of(&case.ticket.form, &form.fields);
    values.retain(|key, _value| policy::reads(&case.ctx.actor, case.ticket, template, key));
    Some(FillView { step: run.key.clone(), fields: asked.fields.clone(), values, form })
}

/// The one thing that a member should do next; programs are not told.
pub(super) fn next(ctx: &Ctx, ticket: &Ticket, buttons: &[Button]) -> Option<&'static str> {
    let Actor::Member { userid } = &ctx.actor else { return None };
    let own = ticket.task_for(userid);
    let order = match own {
        Some(task) if crate::row::is_alone(task) => NEXT_OF_OWNER,
        _ => NEXT_OF_OTHERS,
    };
    let was_urged = ticket.urged_at.is_some_and(|at| ctx.now.since(at) < URGED_LATELY);
    // Who has work in it himself waits for nobody.
    let is_open = |verb: &&str| *verb != "urge" || !was_urged && own.is_none();
    let has = |verb: &&'static str| buttons.iter().any(|button| button.verb == *verb);
    order.into_iter().filter(is_open).find(has)
}
