//! What the machine does at an action step. It is a job, so that a step that fails does not take
//! down what led to it; once for step and round, and its end is told to the flow. What only needs
//! our database is done in one transaction with that; a request to another system is put into the
//! outbox, and whoever sends it tells the end.

mod comment;
mod priority;
mod raise;
mod set;
mod webhook;

use catalog::{Published, deed::Deed};
use db::Conn;
use flow::{Effect, Event as FlowEvent, Kind as StepKind};
use form::Compiled;
use kernel::{Ctx, Error, Kind, Result, TicketId};
use serde::{Deserialize, Serialize};

pub use webhook::{Request, TOPIC_WEBHOOK};

use crate::{
    act::{self, Setup},
    fact::{Event, Fact, fill},
    sql,
    ticket::Ticket,
};

/// The topic of the jobs by which action steps are done.
pub const TOPIC_ACTION: &str = "ticket.action";

/// Which action step, in which round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The step.
    pub step: String,
    /// Its round.
    pub round: u32,
}

impl Run {
    /// What tells this run from every other, for those who must do it only once.
    pub fn key(&self) -> String {
        format!("{}:{}:{}", self.ticket_id, self.step, self.round)
    }
}

/// What a deed looks at.
struct Scene<'a> {
    setup: &'a Setup,
    ticket: &'a Ticket,
    template: &'a Published,
    form: &'a Compiled,
    run: &'a Run,
}

/// What came of a deed.
enum Done {
    /// This.
    Facts(Vec<Fact>),
    /// Nothing yet: somebody else will tell its end.
    Later,
}

/// Puts the actions that an event orders into the queue.
pub(crate) fn order(conn: &mut Conn, ctx: &Ctx, id: TicketId, event: &Event) -> Result<()> {
    for fact in &event.facts {
        let Fact::Ordered { effect } = fact else { continue };
        let Effect::RunAction { step, round, .. } = effect.as_ref() else { continue };
        let run = Run { ticket_id: id, step: step.clone(), round: *round };
        let body = serde_json::to_string(&run)
            .map_err(|error| Error::bug("an action cannot be written").caused_by(error))?;
        let (order, once) = (format!("ticket:{id}"), format!("action:{}", run.key()));
        let new = queue::New {
            topic: TOPIC_ACTION,
            body,
            order_key: Some(&order),
            once_key: Some(&once),
            due_at: ctx.now,
        };
        queue::put(conn, ctx, new)?;
    }
    Ok(())
}

fn wants(ticket: &Ticket, run: &Run) -> bool {
    let is_at_work = |now: &flow::StepRun| now.round == run.round && now.is_active();
    !ticket.is_ended() && ticket.flow.run(&run.step).is_some_and(is_at_work)
}

/// Whether a ticket still waits for an action.
///
/// # Errors
/// `ticket.not_found`; the database's.
pub fn is_wanted(conn: &mut Conn, run: &Run) -> Result<bool> {
    Ok(wants(&sql::get(conn, run.ticket_id)?, run))
}

/// Does an action step whose job has come; says in a word what came of it, for operators.
///
/// # Errors
/// The job cannot be read; the database's.
pub fn run(conn: &mut Conn, ctx: &Ctx, setup: &Setup, body: &str) -> Result<&'static str> {
    let run: Run = serde_json::from_str(body)
        .map_err(|error| Error::bug("an action's job cannot be read").caused_by(error))?;
    let ticket = sql::get(conn, run.ticket_id)?;
    if !wants(&ticket, &run) {
        return Ok("not_wanted");
    }
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    let form = template.compiled();
    let scene = Scene { setup, ticket: &ticket, template: &template, form, run: &run };
    match carry_out(conn, ctx, &scene) {
        Ok(Done::Facts(facts)) => end(conn, ctx, setup, ticket, (&run, true, facts)),
        Ok(Done::Later) => Ok("sent"),
        // What is wrong with an action is its ticket's trouble, and not the queue's.
        Err(error) if matches!(error.kind(), Kind::Invalid | Kind::NotFound) => {
            tracing::warn!(ticket = %ticket.id, %error, "an action failed");
            let text = error.detail().to_owned();
            end(conn, ctx, setup, ticket, (&run, false, vec![Fact::Commented { text }]))
        }
        Err(error) => Err(error),
    }
}

fn carry_out(conn: &mut Conn, ctx: &Ctx, scene: &Scene<'_>) -> Result<Done> {
    let step = scene.template.flow.step(&scene.run.step);
    let Some(StepKind::Action(action)) = step.map(|step| &step.kind) else {
        return Err(Error::bug(format!("{} is no action step", scene.run.step)));
    };
    match Deed::of(action).map_err(said)? {
        Deed::Set(set) => set::carry_out(conn, ctx, scene, &set),
        Deed::Priority(priority) => priority::carry_out(scene, &priority),
        Deed::Comment(comment) => Ok(comment::carry_out(scene, &comment)),
        Deed::Ticket(raise) => raise::carry_out(conn, ctx, scene, &raise),
        Deed::Webhook(webhook) => webhook::carry_out(conn, ctx, scene, &webhook),
    }
}

/// A problem with what an action was given, as the house's error.
fn said(problem: form::Problem) -> Error {
    Error::field(problem.path, problem.code, problem.detail)
}

/// Tells the flow that an action has ended, for whoever did it elsewhere; `failed` says why it did
/// not do what it should.
///
/// # Errors
/// The database's.
pub fn action_ended(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    run: &Run,
    failed: Option<&str>,
) -> Result<&'static str> {
    let ticket = sql::get(conn, run.ticket_id)?;
    let facts = failed.map(|text| Fact::Commented { text: text.to_owned() }).into_iter().collect();
    end(conn, ctx, setup, ticket, (run, failed.is_none(), facts))
}

fn end(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    ticket: Ticket,
    (run, is_done, mut facts): (&Run, bool, Vec<Fact>),
) -> Result<&'static str> {
    let mut seen = ticket.clone();
    fill(&mut seen, &facts);
    if seen.priority != ticket.priority {
        let event = FlowEvent::Reranked { from: ticket.priority.flow_rank() };
        if let Ok(more) = act::advance(conn, ctx, setup, &seen, &event)? {
            fill(&mut seen, &more);
            facts.extend(more);
        }
    }
    let (step, round) = (run.step.clone(), run.round);
    let event = FlowEvent::ActionEnded { step, round, is_done };
    match act::advance(conn, ctx, setup, &seen, &event)? {
        Ok(more) => {
            facts.extend(more);
            act::commit(conn, ctx, ticket.id, Some(ticket), "action", facts)?;
            Ok(if is_done { "done" } else { "failed" })
        }
        Err(refused) => Ok(refused.code()),
    }
}
