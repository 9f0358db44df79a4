//! Parents and children: tickets that a step of another ticket raises and waits for. Each news
//! between them is a job of its own, which the receiver's flow takes once or not at all.

use db::Conn;
use flow::{Effect, Event as FlowEvent, Outcome, SlotState};
use form::Answers;
use kernel::{Ctx, Error, Kind, Result, TicketId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    act::{self, Setup},
    create::{self, New},
    fact::{Event, Fact},
    sql,
    ticket::{Child, Parent, Ticket},
};

/// The topic of news between parents and children.
pub const TOPIC_FAMILY: &str = "ticket.family";

/// How deep children can have children: a template that raises itself would go on for ever.
const DEPTH_MAX: u8 = 5;

/// One piece of news.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
enum News {
    /// A child is to be raised.
    Wanted { of: Parent, template: String, title: String, form: Map<String, Value> },
    /// A child is not needed any more.
    Unwanted { child: TicketId },
    /// A child has ended.
    Ended { of: Parent, is_done: bool },
}

/// Tells the relatives what an event means for them.
pub(crate) fn tell(conn: &mut Conn, ctx: &Ctx, ticket: &Ticket, event: &Event) -> Result<()> {
    for fact in &event.facts {
        let (news, whose) = match fact {
            Fact::Ordered { effect } => match wanted(ticket, effect) {
                Some(news) => news,
                None => continue,
            },
            Fact::Ended { status } => {
                let Some(of) = ticket.parent.clone() else { continue };
                let (is_done, whose) = (*status == crate::Status::Closed, of.ticket);
                (News::Ended { of, is_done }, whose)
            }
            _ => continue,
        };
        put(conn, ctx, &news, (ticket, event.seq, whose))?;
    }
    Ok(())
}

/// What an effect of the flow means for a child, and whose turn it is.
fn wanted(ticket: &Ticket, effect: &Effect) -> Option<(News, TicketId)> {
    match effect.clone() {
        Effect::StartSubticket { step, round, child, template, title, form } => {
            let depth = depth_below(ticket);
            let of = Parent { ticket: ticket.id, step, round, child, depth };
            Some((News::Wanted { of, template, title, form }, ticket.id))
        }
        Effect::StopSubticket { step, round, child } => {
            let is_it = |one: &&Child| one.step == step && one.round == round && one.n == child;
            let child = ticket.children.iter().find(is_it)?.ticket;
            Some((News::Unwanted { child }, child))
        }
        _ => None,
    }
}

/// How deep a child of this ticket is.
pub(crate) fn depth_below(ticket: &Ticket) -> u8 {
    ticket.parent.as_ref().map_or(0, |parent| parent.depth).saturating_add(1)
}

fn put(
    conn: &mut Conn,
    ctx: &Ctx,
    news: &News,
    (ticket, seq, whose): (&Ticket, i64, TicketId),
) -> Result<()> {
    let body = serde_json::to_string(news)
        .map_err(|error| Error::bug("news of a ticket cannot be written").caused_by(error))?;
    let what = match news {
        News::Wanted { of, .. } => format!("wanted:{}:{}:{}", of.step, of.round, of.child),
        News::Unwanted { child } => format!("unwanted:{child}"),
        News::Ended { .. } => format!("ended:{seq}"),
    };
    let (order, once) = (format!("ticket:{whose}"), format!("family:{}:{what}", ticket.id));
    let new = queue::New {
        topic: TOPIC_FAMILY,
        body,
        order_key: Some(&order),
        once_key: Some(&once),
        due_at: ctx.now,
    };
    queue::put(conn, ctx, new).map(|_put| ())
}

/// Hears a piece of news; says in a word what came of it, for operators.
///
/// # Errors
/// The job cannot be read; the database's.
pub fn hear(conn: &mut Conn, ctx: &Ctx, setup: &Setup, body: &str) -> Result<&'static str> {
    let news = serde_json::from_str(body)
        .map_err(|error| Error::bug("news of a ticket cannot be read").caused_by(error))?;
    match news {
        News::Wanted { of, template, title, form } => {
            let parent = sql::get(conn, of.ticket)?;
            if !is_wanted(&parent, &of) {
                return Ok("not_wanted");
            }
            let raised = mapped(conn, setup, &parent, (&title, &form)).and_then(|(title, form)| {
                raise(conn, ctx, setup, &parent, (&of, &template, &title, form))
            });
            match raised {
                Ok(child) => {
                    let facts = vec![Fact::ChildRaised { child }];
                    act::commit(conn, ctx, parent.id, Some(parent), "subticket", facts)?;
                    Ok("raised")
                }
                // What is wrong with a child is its parent's trouble, and not the queue's.
                Err(error) if matches!(error.kind(), Kind::Invalid | Kind::NotFound) => {
                    tracing::warn!(ticket = %parent.id, %error, "a child could not be raised");
                    ended(conn, ctx, setup, &of, false)
                }
                Err(error) => Err(error),
            }
        }
        News::Ended { of, is_done } => ended(conn, ctx, setup, &of, is_done),
        News::Unwanted { child } => {
            let event = FlowEvent::End { how: Outcome::Terminated };
            let child = sql::get(conn, child)?;
            move_on(conn, ctx, setup, child, ("terminate", &event))
        }
    }
}

/// Whether the parent still waits for this child, and has not got it.
fn is_wanted(parent: &Ticket, of: &Parent) -> bool {
    let is_it = |one: &Child| one.step == of.step && one.round == of.round && one.n == of.child;
    let waits = parent.flow.run(&of.step).is_some_and(|run| {
        run.round == of.round && run.children.get(of.child) == Some(&SlotState::Open)
    });
    waits && !parent.children.iter().any(is_it)
}

/// What a child is about and what is filled in for it, taken from its parent's form.
fn mapped(
    conn: &mut Conn,
    setup: &Setup,
    parent: &Ticket,
    (title, values): (&str, &Map<String, Value>),
) -> Result<(String, Answers)> {
    let template = setup.catalog.find(conn, &parent.template.key, parent.template.version)?;
    let form = template.compiled();
    let title = form.text(title, &parent.form);
    let filled = form.derive(values, &parent.form);
    let filled = filled.map_err(|one| Error::field(one.path, one.code, one.detail))?;
    Ok((title, filled))
}

/// Raises a child.
///
/// # Errors
/// `ticket.too_deep`; those of a creation.
pub(crate) fn raise(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    parent: &Ticket,
    (of, template, title, mut form): (&Parent, &str, &str, Map<String, Value>),
) -> Result<Child> {
    if of.depth > DEPTH_MAX {
        let detail = format!("子工单最多 {DEPTH_MAX} 层，请检查模板 {template} 是否循环发起");
        return Err(Error::new(Kind::Invalid, "ticket.too_deep", detail));
    }
    create::entitle(conn, setup, template, (title, &mut form))?;
    let new = New {
        template,
        source: create::SUBTICKET,
        form: &form,
        customer: parent.customer.clone(),
        chat_id: parent.chat_id.clone(),
        tags: parent.tags.clone(),
    };
    let child = create::create_for(conn, ctx, setup, &new, Some((parent, of)))?;
    Ok(Child {
        ticket: child.id,
        no: child.no,
        step: of.step.clone(),
        round: of.round,
        n: of.child,
    })
}

fn ended(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    of: &Parent,
    is_done: bool,
) -> Result<&'static str> {
    let (step, round, child) = (of.step.clone(), of.round, of.child);
    let event = FlowEvent::ChildEnded { step, round, child, is_done };
    let parent = sql::get(conn, of.ticket)?;
    move_on(conn, ctx, setup, parent, ("subticket_ended", &event))
}

fn move_on(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    ticket: Ticket,
    (verb, event): (&str, &FlowEvent),
) -> Result<&'static str> {
    match act::advance(conn, ctx, setup, &ticket, event)? {
        Ok(facts) => act::commit(conn, ctx, ticket.id, Some(ticket), verb, facts).map(|_| "moved"),
        Err(refused) => Ok(refused.code()),
    }
}
