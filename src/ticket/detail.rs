//! A ticket as its page shows it: with names, the buttons of whoever looks and their dialogs, the
//! form in sections and words, how much time is left, and whom everybody waits for.

mod button;
mod section;
mod sla;

use std::collections::BTreeMap;

use catalog::Published;
use db::Conn;
use kernel::{Ctx, Result, Timestamp};
use serde::Serialize;

pub use button::{Button, FillView, Tone};
pub use section::{FieldView, FormView, SectionView};
pub use sla::{Sla, SlaState};

use crate::{
    act::Setup,
    names::Names,
    policy,
    presence::{self, Here},
    refer::{self, Related},
    row::{Row, row, step_name, workers},
    ticket::Ticket,
    view::{self, TicketView},
};

/// A ticket as its page shows it.
#[derive(Clone, Debug, Serialize)]
pub struct Detail {
    /// What programs see of it.
    #[serde(flatten)]
    pub ticket: TicketView,
    /// The same as a line of a list.
    pub row: Row,
    /// What the members in it are called, by userid.
    pub names: BTreeMap<String, String>,
    /// What whoever looks may do now.
    pub buttons: Vec<Button>,
    /// The one thing that he should do next: the verb of one of the buttons.
    pub next_action: Option<&'static str>,
    /// The form, as he may see it.
    pub form_view: FormView,
    /// How much time is left.
    pub sla: Sla,
    /// Whom everybody waits for.
    pub waiting: Vec<Waiting>,
    /// Who looks at it now.
    pub people_here: Vec<Here>,
    /// The opportunities, orders and devices that its answers name.
    pub related: Related,
}

/// A step that waits for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The step's key.
    pub step: String,
    /// Its name.
    pub name: String,
    /// Whom it waits for, by userid; nobody of ours when it is the customer.
    pub who: Vec<String>,
    /// Whether it waits for the customer.
    pub is_customer: bool,
    /// Since when.
    pub since: Timestamp,
    /// How often the ticket was urged.
    pub urged: u32,
}

/// A ticket for the page of whoever asks; `link` makes the address of the page of a question.
///
/// # Errors
/// The database's.
pub fn detail(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    (ticket, template): (&Ticket, &Published),
    link: &dyn Fn(u64) -> String,
) -> Result<Detail> {
    // Who is named in answers that are hidden from the reader is hidden too.
    let seen = policy::seen_by(&ctx.actor, ticket.clone(), template);
    let names = Names::in_ticket(conn, &seen, template.compiled())?;
    let people_here = presence::here(conn, ctx, ticket.id)?;
    let buttons = button::buttons(ctx, ticket, template);
    Ok(Detail {
        ticket: view::view(ctx, ticket, template, &names, link),
        row: row(ctx, ticket, template, &names),
        next_action: button::next(ctx, ticket, &buttons),
        buttons,
        form_view: section::form_view(ctx, setup.zone_minutes, (ticket, template), &names),
        sla: sla::sla(ctx, setup, ticket, template),
        waiting: waiting(ticket, template),
        people_here,
        related: refer::related(conn, &ctx.actor, ticket, template)?,
        names: names.members().clone(),
    })
}

/// Whom a ticket waits for, one entry a step.
fn waiting(ticket: &Ticket, template: &Published) -> Vec<Waiting> {
    let mut all: Vec<Waiting> = Vec::new();
    for task in ticket.open_tasks() {
        let asked = ticket.flow.run(&task.step).and_then(|run| run.asked.as_ref());
        if let Some(one) = all.iter_mut().find(|one| one.step == task.step) {
            one.since = one.since.min(asked.map_or(task.opened_at, |asked| asked.at));
            if !one.is_customer {
                let more = workers(task).iter().filter(|who| !one.who.contains(who));
                let more: Vec<_> = more.cloned().collect();
                one.who.extend(more);
            }
            continue;
        }
        all.push(Waiting {
            step: task.step.clone(),
            name: step_name(template, &task.step).name,
            who: if asked.is_some() { Vec::new() } else { workers(task).to_vec() },
            is_customer: asked.is_some(),
            since: asked.map_or(task.opened_at, |asked| asked.at),
            urged: ticket.urged,
        });
    }
    all
}
