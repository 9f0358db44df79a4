//! The SQL about messages. Nothing here decides anything.

use db::{Conn, OrDb as _, diesel, diesel::prelude::*};
use kernel::{Ctx, Result, TicketId, Timestamp};

use crate::{
    message::{Kind, Message, State},
    schema::notify_message as m,
};

/// A message that is to be written.
pub(crate) struct NewMessage<'a> {
    pub(crate) id: i64,
    pub(crate) kind: Kind,
    pub(crate) ticket_id: Option<i64>,
    pub(crate) task_id: Option<i64>,
    pub(crate) draft_id: Option<i64>,
    pub(crate) userid: &'a str,
    pub(crate) title: &'a str,
    pub(crate) face: &'a str,
}

pub(crate) fn insert(conn: &mut Conn, ctx: &Ctx, new: &NewMessage<'_>) -> Result<()> {
    diesel::insert_into(m::table)
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
            m::is_delayed.eq(false),
            m::state.eq(State::Queued.word()),
            m::code_until.eq(0i64),
            m::created_at.eq(ctx.now.0),
        ))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
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

pub(crate) fn live(conn: &mut Conn, ticket: TicketId, kind: Kind) -> Result<Vec<Message>> {
    m::table
        .filter(m::ticket_id.eq(ticket.0).and(m::is_live.eq(true)).and(m::kind.eq(kind.word())))
        .order(m::id.asc())
        .select(Message::as_select())
        .load(conn)
        .or_db()
}

pub(crate) fn plan(conn: &mut Conn, id: i64, face: &str, is_live: bool) -> Result<()> {
    diesel::update(m::table.find(id))
        .set((m::face.eq(face), m::is_live.eq(is_live), m::plan_no.eq(m::plan_no + 1)))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
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
    diesel::update(m::table.filter(m::id.eq(id).and(m::state.eq(State::Queued.word()))))
        .set((
            m::state.eq(State::Sent.word()),
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

pub(crate) fn delayed(conn: &mut Conn, id: i64) -> Result<()> {
    let row = diesel::update(m::table.find(id));
    row.set(m::is_delayed.eq(true)).execute(conn).map(|_rows| ()).or_db()
}

/// Notices to a member that had to wait and still do, oldest first.
pub(crate) fn waiting_notices(conn: &mut Conn, userid: &str) -> Result<Vec<Message>> {
    m::table
        .filter(m::userid.eq(userid).and(m::state.eq(State::Queued.word())))
        .filter(m::kind.eq(Kind::Notice.word()).and(m::is_delayed.eq(true)))
        .order(m::id.asc())
        .select(Message::as_select())
        .load(conn)
        .or_db()
}
