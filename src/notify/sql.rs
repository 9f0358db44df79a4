//! The SQL about messages. Nothing here decides anything.

use db::{Conn, OrDb as _, Unique, diesel, diesel::dsl::Eq, diesel::prelude::*, is_unique};
use kernel::{Ctx, Error, Kind, Result, TicketId, Timestamp};

use crate::{
    message::{Kind as MessageKind, Message, State},
    schema::notify_message as m,
};

/// A message that is to be written.
pub(crate) struct NewMessage<'a> {
    pub(crate) id: i64,
    pub(crate) kind: MessageKind,
    pub(crate) ticket_id: Option<i64>,
    pub(crate) task_id: Option<i64>,
    pub(crate) draft_id: Option<i64>,
    pub(crate) userid: &'a str,
    pub(crate) title: &'a str,
    pub(crate) face: &'a str,
}

const LIVE: Unique = Unique { name: "notify_message_live", columns: "notify_message.live_key" };

impl NewMessage<'_> {
    /// What there can be only one of: the living card of a task and member, of a ticket's starter.
    fn live_key(&self) -> Option<String> {
        match (self.kind, self.task_id, self.ticket_id) {
            (MessageKind::Task, Some(task), _) => Some(format!("t:{task}:{}", self.userid)),
            (MessageKind::Starter, _, Some(ticket)) => Some(format!("s:{ticket}")),
            _ => None,
        }
    }
}

fn clash() -> Error {
    Error::new(Kind::Busy, db::CLASH, "这张卡片正在被更新，请稍后重试")
}

pub(crate) fn insert(conn: &mut Conn, ctx: &Ctx, new: &NewMessage<'_>) -> Result<()> {
    let inserted = diesel::insert_into(m::table)
        .values((
            m::id.eq(new.id),
            m::kind.eq(new.kind.word()),
            m::ticket_id.eq(new.ticket_id),
            m::task_id.eq(new.task_id),
            m::draft_id.eq(new.draft_id),
            m::userid.eq(new.userid),
            m::title.eq(kernel::text::cut_chars(new.title, 200)),
            m::face.eq(kernel::text::cut_chars(new.face, 190)),
            m::plan_no.eq(1i64),
            m::is_live.eq(true),
            m::live_key.eq(new.live_key()),
            m::is_delayed.eq(false),
            m::state.eq(State::Queued.word()),
            m::code_until.eq(0i64),
            m::created_at.eq(ctx.now.0),
        ))
        .execute(conn)
        .or_db();
    match inserted {
        // Somebody else is handing out the same card: look again at what is there.
        Err(error) if is_unique(&error, LIVE) => Err(clash()),
        other => other.map(|_rows| ()),
    }
}

/// A message.
///
/// # Errors
/// The database's.
pub fn find_message(conn: &mut Conn, id: i64) -> Result<Option<Message>> {
    m::table.find(id).select(Message::as_select()).first(conn).optional().or_db()
}

/// Every message about a ticket, oldest first.
///
/// # Errors
/// The database's.
pub fn messages_of_ticket(conn: &mut Conn, ticket: TicketId) -> Result<Vec<Message>> {
    let rows = m::table.filter(m::ticket_id.eq(ticket.0)).order(m::id.asc());
    rows.select(Message::as_select()).load(conn).or_db()
}

pub(crate) fn live(conn: &mut Conn, ticket: TicketId, kind: MessageKind) -> Result<Vec<Message>> {
    m::table
        .filter(m::ticket_id.eq(ticket.0).and(m::is_live.eq(true)).and(m::kind.eq(kind.word())))
        .order(m::id.asc())
        .select(Message::as_select())
        .load(conn)
        .or_db()
}

/// Plans what a card shows from now on. Two that plan for the same card at once clash, and the
/// loser plans anew: otherwise each could take the other's plan for the newer one.
pub(crate) fn plan(conn: &mut Conn, message: &Message, face: &str, is_live: bool) -> Result<()> {
    let as_read = m::table.filter(m::id.eq(message.id).and(m::plan_no.eq(message.plan_no)));
    let shown = (m::face.eq(face), m::plan_no.eq(message.plan_no + 1));
    let planned = match is_live {
        true => diesel::update(as_read).set(shown).execute(conn),
        false => diesel::update(as_read).set((shown, retired())).execute(conn),
    };
    match planned.or_db()? {
        1 => Ok(()),
        _ => Err(clash()),
    }
}

/// The message lives no more: another card may take its place.
pub(crate) fn retire(conn: &mut Conn, id: i64) -> Result<()> {
    diesel::update(m::table.find(id)).set(retired()).execute(conn).map(|_rows| ()).or_db()
}

fn retired() -> (Eq<m::is_live, bool>, Eq<m::live_key, Option<String>>) {
    (m::is_live.eq(false), m::live_key.eq(None))
}

pub(crate) fn set_code(conn: &mut Conn, id: i64, code: &str, until: Timestamp) -> Result<()> {
    diesel::update(m::table.find(id))
        .set((m::response_code.eq(Some(code)), m::code_until.eq(until.0)))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

/// Forgets a code that was used, unless a press has brought a fresh one meanwhile.
pub(crate) fn spend_code(conn: &mut Conn, id: i64, code: &str) -> Result<()> {
    diesel::update(m::table.filter(m::id.eq(id).and(m::response_code.eq(Some(code)))))
        .set(m::response_code.eq(None::<String>))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

pub(crate) fn sent(
    conn: &mut Conn,
    id: i64,
    msgid: Option<&str>,
    code: Option<&str>,
    at: (Timestamp, Timestamp),
) -> Result<()> {
    diesel::update(m::table.filter(m::id.eq(id).and(m::state.eq_any(State::UNSENT))))
        .set((
            m::state.eq(State::Sent.word()),
            m::reason.eq(None::<String>),
            m::msgid.eq(msgid),
            m::response_code.eq(code),
            m::code_until.eq(at.1.0),
            m::sent_at.eq(Some(at.0.0)),
        ))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

pub(crate) fn ended(conn: &mut Conn, id: i64, state: State, reason: &str) -> Result<()> {
    diesel::update(m::table.find(id))
        .set((m::state.eq(state.word()), m::reason.eq(Some(kernel::text::cut_chars(reason, 400)))))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

/// Puts a note to a message that stays what it is.
pub(crate) fn note(conn: &mut Conn, id: i64, reason: &str) -> Result<()> {
    let row = diesel::update(m::table.find(id));
    row.set(m::reason.eq(Some(reason))).execute(conn).map(|_rows| ()).or_db()
}

/// A message goes on its way; false when it was merged or sent meanwhile.
pub(crate) fn begin(conn: &mut Conn, id: i64) -> Result<bool> {
    let unsent = m::table.filter(m::id.eq(id).and(m::state.eq_any(State::UNSENT)));
    let begun = diesel::update(unsent).set(m::state.eq(State::Sending.word()));
    Ok(begun.execute(conn).or_db()? > 0)
}

/// WeCom does not have it for sure: it waits again.
pub(crate) fn put_back(conn: &mut Conn, id: i64) -> Result<()> {
    let sending = m::table.filter(m::id.eq(id).and(m::state.eq(State::Sending.word())));
    let back = diesel::update(sending).set(m::state.eq(State::Queued.word()));
    back.execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn delayed(conn: &mut Conn, id: i64) -> Result<()> {
    let row = diesel::update(m::table.find(id));
    row.set(m::is_delayed.eq(true)).execute(conn).map(|_rows| ()).or_db()
}

/// The oldest notices to a member that wait, none of which is on its way.
pub(crate) fn waiting_notices(conn: &mut Conn, userid: &str, most: i64) -> Result<Vec<Message>> {
    m::table
        .filter(m::userid.eq(userid).and(m::state.eq(State::Queued.word())))
        .filter(m::kind.eq(MessageKind::Notice.word()))
        .order(m::id.asc())
        .limit(most)
        .select(Message::as_select())
        .load(conn)
        .or_db()
}

/// Takes a waiting message into another one; false when somebody else was faster.
pub(crate) fn merge(conn: &mut Conn, id: i64, reason: &str) -> Result<bool> {
    let queued = m::table.filter(m::id.eq(id).and(m::state.eq(State::Queued.word())));
    let merged = (m::state.eq(State::Merged.word()), m::reason.eq(Some(reason)));
    Ok(diesel::update(queued).set(merged).execute(conn).or_db()? > 0)
}
