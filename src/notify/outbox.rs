//! The jobs that carry messages: rendered here, in the transaction, so that every retry sends the
//! same bytes.

use db::Conn;
use kernel::{Ctx, Error, Kind, Result, Timestamp};
use serde::{Deserialize, Serialize};
use wecom::{
    card::{Card, Purpose},
    message::{AppMessage, Body},
};

use crate::{
    Desk,
    face::{RENEWED, acts},
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
    /// The copies: a message each.
    pub(crate) messages: Vec<i64>,
    /// Whether a copy may be dropped once something newer was planned for it: it has nothing but
    /// buttons that no longer act.
    pub(crate) is_overtaken_by_plan: bool,
    /// The request without its receivers. They are settled by the first try, for good.
    pub(crate) request: AppMessage,
}

/// The body of a job of [`TOPIC_UPDATE`]: what the copies of a card are to show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UpdateJob {
    pub(crate) card_no: i64,
    /// In the order in which they are shown.
    pub(crate) looks: Vec<Look>,
}

/// What some copies of a card are to show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Look {
    /// The copies, each with the number of the plan.
    pub(crate) plans: Vec<(i64, i64)>,
    pub(crate) card: Card,
    /// Whether it must reach the members, as a new card if need be: buttons, news.
    pub(crate) must_arrive: bool,
    /// Whether what was shown before has buttons that must not be pressed any more.
    pub(crate) must_vanish: bool,
}

/// What copies of one card are to show.
pub(crate) struct Change<'a> {
    pub(crate) messages: Vec<&'a Message>,
    /// The name of the face.
    pub(crate) face: String,
    /// Whether it must reach the members, as a new card if need be.
    pub(crate) must_arrive: bool,
    pub(crate) card: Card,
}

/// Writes a message and the job that sends it.
pub(crate) fn send(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    new: &NewMessage<'_>,
    body: Body,
) -> Result<()> {
    send_at(conn, ctx, desk, new, body, ctx.now)
}

/// The same, but it is not sent before that time; what waits holds up nothing else.
pub(crate) fn send_at(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    new: &NewMessage<'_>,
    body: Body,
    at: Timestamp,
) -> Result<()> {
    let body = match body {
        Body::TemplateCard { template_card } => {
            let card = template_card.elided();
            check(&card, Purpose::Send)?;
            Body::card(card)
        }
        other => other,
    };
    let messages = sql::insert(conn, ctx, new)?;
    let mut request = AppMessage::to_users(&[], desk.agent_id, body);
    if new.kind == MessageKind::Reply {
        request.duplicate_check_interval = SAME_REPLY;
    }
    let is_overtaken_by_plan = new.kind == MessageKind::Task;
    let order = match at > ctx.now {
        true => format!("later:{}:{}", at.0, new.userids.first().copied().unwrap_or_default()),
        false => order_key(new.kind, new.ticket_id, new.card_no, new.userids),
    };
    let job = SendJob { messages, is_overtaken_by_plan, request };
    put(conn, ctx, TOPIC_SEND, &job, (&order, at))
}

/// Plans what copies of one card show from now on, and the job that changes them.
pub(crate) fn update(conn: &mut Conn, ctx: &Ctx, changes: Vec<Change<'_>>) -> Result<()> {
    let first = changes.first().and_then(|change| change.messages.first());
    let Some(first) = first.copied() else { return Ok(()) };
    let card_no = first.card_no;
    let order = order_key(first.kind(), first.ticket_id, card_no, &[first.userid.as_str()]);
    let mut looks = Vec::with_capacity(changes.len());
    for Change { messages, face, must_arrive, card } in changes {
        sql::plan(conn, &messages, &face, face == RENEWED)?;
        let card = card.elided();
        check(&card, Purpose::Update)?;
        looks.push(Look {
            plans: messages.iter().map(|message| (message.id, message.plan_no + 1)).collect(),
            card,
            must_arrive,
            must_vanish: messages.iter().any(|message| acts(&message.face)),
        });
    }
    // With too few codes for all, those come first who must not press any more.
    looks.sort_by_key(|look| look.must_arrive);
    put(conn, ctx, TOPIC_UPDATE, &UpdateJob { card_no, looks }, (&order, ctx.now))
}

fn check(card: &Card, purpose: Purpose) -> Result<()> {
    card.check_for(purpose).map_err(|problems| {
        let all: Vec<_> = problems.iter().map(ToString::to_string).collect();
        Error::new(Kind::Bug, "notify.card_malformed", all.join("; "))
    })
}

/// What happens to one card stays in order, and so does what one member hears about one ticket
/// apart from the cards of its tasks; everything else may overtake.
fn order_key(kind: MessageKind, ticket: Option<i64>, card_no: i64, userids: &[&str]) -> String {
    let userid = userids.first().copied().unwrap_or_default();
    match (kind, ticket) {
        (MessageKind::Task, Some(ticket)) => format!("card:{ticket}:{card_no}"),
        (_, Some(ticket)) => format!("card:{ticket}:{userid}"),
        (_, None) => format!("card:{userid}"),
    }
}

fn put(
    conn: &mut Conn,
    ctx: &Ctx,
    topic: &'static str,
    job: &impl Serialize,
    (order, due_at): (&str, Timestamp),
) -> Result<()> {
    let body = serde_json::to_string(job)
        .map_err(|error| Error::bug("a job cannot be written").caused_by(error))?;
    let new = queue::New { topic, body, order_key: Some(order), once_key: None, due_at };
    queue::put(conn, ctx, new).map(|_put| ())
}
