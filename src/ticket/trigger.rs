//! What several tickets that are alike set going: one more ticket, to which they are linked. Each
//! ticket is looked at in a job of its own, those that are alike one after the other, so that the
//! third raises it and the fourth only joins.

use catalog::{Published, Template, Trigger};
use db::Conn;
use kernel::{Ctx, Error, Kind, Result, TicketId, Timestamp, time};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    act::{self, Setup},
    create::{self, New},
    fact::Fact,
    sql::{self, alike},
    ticket::{Link, Ticket},
};

/// The topic of tickets that may set something going.
pub const TOPIC_TRIGGER: &str = "ticket.trigger";

/// Which trigger, for which ticket, and what it is alike by.
#[derive(Debug, Serialize, Deserialize)]
struct Look {
    ticket_id: TicketId,
    trigger: String,
    alike: String,
}

/// Lets the triggers of its template look at a new ticket.
pub(crate) fn watch(conn: &mut Conn, ctx: &Ctx, template: &Template, new: &Ticket) -> Result<()> {
    // What a trigger raised sets nothing going, or a template could raise itself for ever.
    if new.source == create::TRIGGER {
        return Ok(());
    }
    for trigger in &template.triggers {
        let Some(alike) = alike_key(template, trigger, new) else { continue };
        let once = format!("trigger:{}:{}", new.id, trigger.key);
        let order = format!("alike:{alike}");
        let look = Look { ticket_id: new.id, trigger: trigger.key.clone(), alike };
        let body = serde_json::to_string(&look)
            .map_err(|error| Error::bug("a trigger's job cannot be written").caused_by(error))?;
        let job = queue::New {
            topic: TOPIC_TRIGGER,
            body,
            order_key: Some(&order),
            once_key: Some(&once),
            due_at: ctx.now,
        };
        queue::put(conn, ctx, job)?;
    }
    Ok(())
}

/// What tickets that are alike have in common; nothing when one of the answers is not there.
fn alike_key(template: &Template, trigger: &Trigger, ticket: &Ticket) -> Option<String> {
    let mut same = Vec::new();
    for name in &trigger.same {
        let mut parts = name.split('.');
        let value = ticket.form.get(parts.next()?)?;
        same.push(parts.try_fold(value, |value, part| value.get(part))?);
    }
    let text = json!([template.key, trigger.key, same]).to_string();
    Some(kernel::text::hex(&Sha256::digest(text)))
}

/// Forgets what neither a conversation nor a trigger comes back to: a nightly chore.
///
/// # Errors
/// The database's.
pub fn forget(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    let drafts = crate::draft::purge(conn, now)?;
    // No trigger looks back farther than a year.
    Ok(drafts + alike::purge(conn, now.plus(-367 * time::DAY))?)
}

/// The most links that the ticket of a trigger carries: an outage of weeks must not make it too
/// large to be loaded. The tickets beyond still link to it.
const LINKS_MAX: usize = 200;

/// Looks whether a ticket is one too many; says in a word what came of it, for operators.
///
/// # Errors
/// The job cannot be read; the database's.
pub fn look(conn: &mut Conn, ctx: &Ctx, setup: &Setup, body: &str) -> Result<&'static str> {
    let look: Look = serde_json::from_str(body)
        .map_err(|error| Error::bug("a trigger's job cannot be read").caused_by(error))?;
    let ticket = sql::get(conn, look.ticket_id)?;
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    let Some(trigger) = template.triggers.iter().find(|one| one.key == look.trigger) else {
        return Ok("no_trigger");
    };
    alike::note(conn, &look.alike, &ticket)?;
    let span = i64::from(trigger.within_days) * time::DAY;
    // Of two tickets at once the later one may be looked at first: both windows see both.
    let found = alike::after(conn, &look.alike, ticket.created_at.plus(-span))?;
    let mut before: Vec<_> = found.iter().rev().filter_map(|one| one.raised).collect();
    before.dedup();
    for raised in before {
        let raised = sql::get(conn, raised)?;
        if !raised.is_ended() {
            alike::mark(conn, &look.alike, &[ticket.id], raised.id)?;
            link(conn, ctx, trigger, raised, vec![ticket])?;
            return Ok("joined");
        }
    }
    let open: Vec<_> =
        found.iter().filter(|one| one.raised.is_none()).map(|one| one.ticket).collect();
    if open.len() < usize::try_from(trigger.count).unwrap_or(usize::MAX) {
        return Ok("counted");
    }
    match raise(conn, ctx, setup, (&template, trigger, &ticket)) {
        Ok(raised) => {
            alike::mark(conn, &look.alike, &open, raised.id)?;
            let tickets = open.iter().map(|id| sql::get(conn, *id)).collect::<Result<_>>()?;
            link(conn, ctx, trigger, raised, tickets)?;
            Ok("raised")
        }
        // What is wrong with the trigger is said where people look; the next ticket tries again.
        Err(error) if matches!(error.kind(), Kind::Invalid | Kind::NotFound) => {
            tracing::warn!(ticket = %ticket.id, %error, "a trigger raised nothing");
            let text = format!("触发器「{}」没有发起工单：{}", trigger.name, error.detail());
            let facts = vec![Fact::Commented { text }];
            act::commit(conn, ctx, ticket.id, Some(ticket), "trigger", facts)?;
            Ok("failed")
        }
        Err(error) => Err(error),
    }
}

fn raise(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    (template, trigger, ticket): (&Published, &Trigger, &Ticket),
) -> Result<Ticket> {
    let said = |one: form::Problem| Error::field(one.path, one.code, one.detail);
    let form = template.compiled();
    let mut filled = form.derive(&trigger.form, &ticket.form).map_err(said)?;
    let title = form.text(&trigger.title, &ticket.form);
    create::entitle(conn, setup, &trigger.template, (&title, &mut filled))?;
    let new = New {
        template: &trigger.template,
        source: create::TRIGGER,
        form: &filled,
        customer: None,
        chat_id: None,
        tags: Vec::new(),
    };
    create::create_for(conn, ctx, setup, &new, None)
}

/// Links tickets to the one that they raised, and that one to each of them.
fn link(
    conn: &mut Conn,
    ctx: &Ctx,
    trigger: &Trigger,
    raised: Ticket,
    tickets: Vec<Ticket>,
) -> Result<()> {
    let to = |ticket: &Ticket| Fact::Linked {
        link: Link { ticket: ticket.id, no: ticket.no.clone(), why: trigger.name.clone() },
    };
    let there = to(&raised);
    let room = LINKS_MAX.saturating_sub(raised.links.len());
    let back: Vec<_> = tickets.iter().take(room).map(to).collect();
    if !back.is_empty() {
        act::commit(conn, ctx, raised.id, Some(raised), "link", back)?;
    }
    for ticket in tickets {
        act::commit(conn, ctx, ticket.id, Some(ticket), "link", vec![there.clone()])?;
    }
    Ok(())
}
