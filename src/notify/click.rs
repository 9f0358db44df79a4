//! Presses on our cards: which message they belong to, what they mean, and bringing a stale card
//! up to date.

use db::Conn;
use kernel::{Ctx, Micros, Result, TaskId, TicketId, time};
use wecom::event::CardClick;

use crate::{
    Desk,
    message::{Kind, Message, of_wecom_task_id},
    plan, sql,
};

/// The question of which business a new ticket is.
pub(crate) const TEMPLATE: &str = "template";
/// The question of a field with options, and the key of its button.
pub(crate) const ANSWER: &str = "answer";
/// How long a response code can be used, by WeCom's word.
pub(crate) const CODE_LIFE: Micros = 72 * time::HOUR;

/// What a press means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Press {
    /// An action on a ticket, on the task of the card if it has one.
    Act {
        /// The ticket.
        ticket: TicketId,
        /// The task.
        task: Option<TaskId>,
        /// The action's name.
        verb: String,
        /// To whom, for a transfer.
        to: Option<String>,
        /// Why, for a refusal.
        note: Option<String>,
    },
    /// Which ticket a text belongs to; a new one when nothing is named.
    Choose {
        /// The text.
        draft: i64,
        /// The ticket's id.
        ticket: Option<TicketId>,
    },
    /// How urgent the next text's ticket is; nothing to give it up.
    Expect {
        /// The urgency.
        urgency: Option<String>,
    },
    /// Of which business the new ticket is.
    Start {
        /// The template's key.
        template: String,
        /// The text that it is about, if one was written already.
        draft: Option<i64>,
    },
    /// What a question is answered.
    Answer {
        /// The conversation that asked.
        draft: i64,
        /// The options.
        chosen: Vec<String>,
    },
}

/// A press on one of our cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clicked {
    /// The card.
    pub message: Message,
    /// What the press means.
    pub press: Press,
}

/// The copy that was pressed, the card's fresh response code kept; nothing when it is none of ours.
///
/// # Errors
/// The database's.
pub fn find_pressed(
    conn: &mut Conn,
    ctx: &Ctx,
    userid: &str,
    click: &CardClick,
) -> Result<Option<Clicked>> {
    let Some(card_no) = of_wecom_task_id(&click.task_id) else { return Ok(None) };
    // A card that was forwarded is not its new reader's to press.
    let Some(message) = sql::find_copy(conn, card_no, userid)? else { return Ok(None) };
    if !click.response_code.is_empty() {
        sql::add_code(conn, ctx, card_no, &click.response_code, ctx.now.plus(CODE_LIFE))?;
    }
    let press = meaning(&message, click);
    Ok(press.map(|press| Clicked { message, press }))
}

fn meaning(message: &Message, click: &CardClick) -> Option<Press> {
    let options = |question: &str| {
        let item = click.selected.iter().find(|item| item.question_key == question)?;
        Some(item.option_ids.clone())
    };
    let chosen = |question: &str| options(question)?.into_iter().next();
    let is_choice = message.kind() == Kind::Choice;
    if let Some(template) = chosen(TEMPLATE).filter(|_template| is_choice) {
        return Some(Press::Start { template, draft: message.draft_id });
    }
    match (message.kind(), message.draft_id, message.ticket_id) {
        (Kind::Choice, Some(draft), _) if click.event_key == ANSWER => {
            let chosen = options(ANSWER).unwrap_or_default();
            Some(Press::Answer { draft, chosen })
        }
        (Kind::Choice, Some(draft), _) => {
            let ticket = chosen("ticket").and_then(|id| id.parse().ok());
            Some(Press::Choose { draft, ticket })
        }
        (Kind::Choice, None, _) => {
            let urgency = (click.event_key != "cancel").then(|| click.event_key.clone());
            Some(Press::Expect { urgency })
        }
        (Kind::Task | Kind::Starter, _, Some(ticket)) => Some(Press::Act {
            ticket: TicketId(ticket),
            task: message.task_id.map(TaskId),
            verb: click.event_key.clone(),
            to: chosen("to"),
            note: chosen("note"),
        }),
        _ => None,
    }
}

/// Shows a card as it must be now, although it was planned so before: somebody pressed what should
/// not have been there any more.
///
/// # Errors
/// The database's; a clash when the same card is being planned by somebody else.
pub fn refresh(conn: &mut Conn, ctx: &Ctx, desk: &Desk, message: &Message) -> Result<()> {
    let (Some(ticket), Kind::Task) = (message.ticket_id, message.kind()) else { return Ok(()) };
    let ticket = ticket::get(conn, TicketId(ticket))?;
    plan::show_task(conn, ctx, desk, &ticket, message)
}
