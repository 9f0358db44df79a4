//! The jobs that carry messages: rendered here, in the transaction, so that every retry sends the
//! same bytes.

use db::Conn;
use kernel::{Ctx, Error, Kind, Result};
use serde::{Deserialize, Serialize};
use wecom::{
    card::{Card, Purpose},
    message::{AppMessage, Body},
};

use crate::{
    Desk,
    message::{Kind as MessageKind, Message},
    sql::{self, NewMessage},
};

/// The topic of messages that are to be sent.
pub const TOPIC_SEND: &str = "outbox.send";
/// The topic of cards that are to be changed in place.
pub const TOPIC_UPDATE: &str = "outbox.update";

/// Seconds within which WeCom swallows a reply that says the same: long enough for a try that is
/// repeated, short enough for a member who asks again.
const SAME_REPLY: i64 = 60;

/// The body of a job of [`TOPIC_SEND`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SendJob {
    pub(crate) message: i64,
    /// Whether it may be dropped once something newer was planned: it has nothing but buttons
    /// that no longer act.
    pub(crate) is_overtaken_by_plan: bool,
    /// The request, rendered once.
    pub(crate) request: String,
}

/// The body of a job of [`TOPIC_UPDATE`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UpdateJob {
    pub(crate) message: i64,
    pub(crate) plan_no: i64,
    pub(crate) card: Card,
    /// Whether what it shows must reach the member, as a new card if need be: buttons, news.
    pub(crate) must_arrive: bool,
    /// Whether what it showed before has buttons that must not be pressed any more.
    pub(crate) must_vanish: bool,
}

/// Writes a message and the job that sends it.
pub(crate) fn send(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    new: &NewMessage<'_>,
    body: Body,
) -> Result<()> {
    let body = match body {
        Body::TemplateCard { template_card } => {
            let card = template_card.elided();
            check(&card, Purpose::Send)?;
            Body::card(card)
        }
        other => other,
    };
    sql::insert(conn, ctx, new)?;
    let mut request = AppMessage::to_users(&[new.userid], desk.agent_id, body);
    if new.kind == MessageKind::Reply {
        request.duplicate_check_interval = SAME_REPLY;
    }
    let job = SendJob {
        message: new.id,
        is_overtaken_by_plan: new.kind == MessageKind::Task,
        request: request.render()?,
    };
    put(conn, ctx, TOPIC_SEND, &job, &order_key(new.ticket_id, new.userid))
}

/// Plans what a card shows from now on, and the job that changes it.
pub(crate) fn update(
    conn: &mut Conn,
    ctx: &Ctx,
    message: &Message,
    face: (&str, bool),
    card: Card,
) -> Result<()> {
    let (face, must_arrive) = face;
    let must_vanish = acts(&message.face);
    let card = card.elided();
    check(&card, Purpose::Update)?;
    sql::plan(conn, message, face, message.is_live && face != "renewed")?;
    let job = UpdateJob {
        message: message.id,
        plan_no: message.plan_no + 1,
        card,
        must_arrive,
        must_vanish,
    };
    put(conn, ctx, TOPIC_UPDATE, &job, &order_key(message.ticket_id, &message.userid))
}

/// Whether the face of that name has buttons that change something.
fn acts(face: &str) -> bool {
    matches!(face, "claimable" | "mine")
}

fn check(card: &Card, purpose: Purpose) -> Result<()> {
    card.check_for(purpose).map_err(|problems| {
        let all: Vec<_> = problems.iter().map(ToString::to_string).collect();
        Error::new(Kind::Bug, "notify.card_malformed", all.join("; "))
    })
}

/// What one member hears about one ticket stays in order; everything else may overtake.
fn order_key(ticket: Option<i64>, userid: &str) -> String {
    match ticket {
        Some(ticket) => format!("card:{ticket}:{userid}"),
        None => format!("card:{userid}"),
    }
}

fn put(
    conn: &mut Conn,
    ctx: &Ctx,
    topic: &'static str,
    job: &impl Serialize,
    order: &str,
) -> Result<()> {
    let body = serde_json::to_string(job)
        .map_err(|error| Error::bug("a job cannot be written").caused_by(error))?;
    let new = queue::New { topic, body, order_key: Some(order), once_key: None, due_at: ctx.now };
    queue::put(conn, ctx, new).map(|_put| ())
}
