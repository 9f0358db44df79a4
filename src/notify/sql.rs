//! The SQL about messages. Nothing here decides anything.

pub(crate) mod customer;

use std::collections::BTreeMap;

use db::{
    Conn, OrDb as _, Unique, diesel, diesel::dsl::Eq, diesel::prelude::*, insert_all, is_unique,
};
use kernel::{Ctx, Error, Kind, Result, TicketId, Timestamp};

use crate::{
    message::{Kind as MessageKind, Message, State},
    schema::{notify_code as c, notify_message as m},
};

/// A message that is to be written, to one member or, as copies of one card, to several.
pub(crate) struct NewMessage<'a> {
    /// The card's number, and the id of its first copy.
    pub(crate) card_no: i64,
    pub(crate) kind: MessageKind,
    pub(crate) ticket_id: Option<i64>,
    pub(crate) task_id: Option<i64>,
    pub(crate) draft_id: Option<i64>,
    pub(crate) userids: &'a [&'a str],
    pub(crate) title: &'a str,
    pub(crate) face: &'a str,
}

const LIVE: Unique = Unique { name: "notify_message_live", columns: "notify_message.live_key" };

impl NewMessage<'_> {
    /// What there can be only one of: the living card of a task and member, of a ticket's starter.
    fn live_key(&self, userid: &str) -> Option<String> {
        match (self.kind, self.task_id, self.ticket_id) {
            (MessageKind::Task, Some(task), _) => Some(format!("t:{task}:{userid}")),
            (MessageKind::Starter, _, Some(ticket)) => Some(format!("s:{ticket}")),
            _ => None,
        }
    }
}

fn clash() -> Error {
    Error::new(Kind::Busy, db::CLASH, "这张卡片正在被更新，请稍后重试")
}

#[derive(Insertable)]
#[diesel(table_name = m, treat_none_as_default_value = false)]
struct Row<'a> {
    id: i64,
    card_no: i64,
    kind: &'static str,
    ticket_id: Option<i64>,
    task_id: Option<i64>,
    draft_id: Option<i64>,
    userid: &'a str,
    title: &'a str,
    face: &'a str,
    plan_no: i64,
    shown_no: i64,
    is_live: bool,
    live_key: Option<String>,
    is_delayed: bool,
    state: &'static str,
    created_at: i64,
}

/// Writes a message, a row for each member; gives their ids.
pub(crate) fn insert(conn: &mut Conn, ctx: &Ctx, new: &NewMessage<'_>) -> Result<Vec<i64>> {
    let title = kernel::text::cut_chars(new.title, 200);
    let face = kernel::text::cut_chars(new.face, 190);
    let numbered = new.userids.iter().copied().enumerate();
    let rows = numbered.map(|(at, userid)| Row {
        id: if at == 0 { new.card_no } else { ctx.id() },
        card_no: new.card_no,
        kind: new.kind.word(),
        ticket_id: new.ticket_id,
        task_id: new.task_id,
        draft_id: new.draft_id,
        userid,
        title: &title,
        face: &face,
        plan_no: 1,
        shown_no: 1,
        is_live: true,
        live_key: new.live_key(userid),
        is_delayed: false,
        state: State::Queued.word(),
        created_at: ctx.now.0,
    });
    let rows: Vec<_> = rows.collect();
    match insert_all!(conn, m::table, rows) {
        // Somebody else is handing out the same card: look again at what is there.
        Err(error) if is_unique(&error, LIVE) => Err(clash()),
        other => other.map(|()| rows.iter().map(|row| row.id).collect()),
    }
}

/// A message.
///
/// # Errors
/// The database's.
pub fn find_message(conn: &mut Conn, id: i64) -> Result<Option<Message>> {
    m::table.find(id).select(Message::as_select()).first(conn).optional().or_db()
}

/// These messages, as far as they are there, oldest first.
pub(crate) fn find_all(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Message>> {
    let rows = m::table.filter(m::id.eq_any(ids)).order(m::id.asc());
    rows.select(Message::as_select()).load(conn).or_db()
}

/// The copy of a card that a member has.
pub(crate) fn find_copy(conn: &mut Conn, card_no: i64, userid: &str) -> Result<Option<Message>> {
    let copy = m::table.filter(m::card_no.eq(card_no).and(m::userid.eq(userid)));
    copy.select(Message::as_select()).first(conn).optional().or_db()
}

/// Every copy of a card that lives and is on a screen.
pub(crate) fn live_copies(conn: &mut Conn, card_no: i64) -> Result<Vec<i64>> {
    let live = m::table.filter(m::card_no.eq(card_no).and(m::is_live.eq(true)));
    live.filter(m::state.eq(State::Sent.word())).select(m::id).load(conn).or_db()
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

/// Plans what copies of a card show from now on, and that they live no more if they are replaced.
/// Two that plan for the same copy at once clash, and the loser plans anew: otherwise each could
/// take the other's plan for the newer one.
pub(crate) fn plan(
    conn: &mut Conn,
    messages: &[&Message],
    face: &str,
    is_replaced: bool,
) -> Result<()> {
    let mut by_plan: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for message in messages {
        by_plan.entry(message.plan_no).or_default().push(message.id);
    }
    for (plan_no, ids) in by_plan {
        let as_read = m::table.filter(m::id.eq_any(&ids).and(m::plan_no.eq(plan_no)));
        let planned = (m::face.eq(face), m::plan_no.eq(plan_no + 1));
        let planned = match is_replaced {
            false => diesel::update(as_read).set(planned).execute(conn),
            true => diesel::update(as_read).set((planned, retired())).execute(conn),
        };
        if planned.or_db()? != ids.len() {
            return Err(clash());
        }
    }
    Ok(())
}

/// The messages live no more: others may take their places.
pub(crate) fn retire(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    let rows = diesel::update(m::table.filter(m::id.eq_any(ids)));
    rows.set(retired()).execute(conn).map(|_rows| ()).or_db()
}

fn retired() -> (Eq<m::is_live, bool>, Eq<m::live_key, Option<String>>) {
    (m::is_live.eq(false), m::live_key.eq(None))
}

/// Keeps a code that changes a card once. A press that is told twice brings the same one.
pub(crate) fn add_code(
    conn: &mut Conn,
    ctx: &Ctx,
    card_no: i64,
    code: &str,
    until: Timestamp,
) -> Result<()> {
    let known = c::table.filter(c::card_no.eq(card_no).and(c::code.eq(code))).select(c::id);
    if known.first::<i64>(conn).optional().or_db()?.is_some() {
        return Ok(());
    }
    let row =
        (c::id.eq(ctx.id()), c::card_no.eq(card_no), c::code.eq(code), c::until_at.eq(until.0));
    diesel::insert_into(c::table).values(row).execute(conn).map(|_rows| ()).or_db()
}

/// The codes of a card that can be used, oldest first.
pub(crate) fn codes(conn: &mut Conn, card_no: i64, now: Timestamp) -> Result<Vec<String>> {
    let good = c::table.filter(c::card_no.eq(card_no).and(c::until_at.gt(now.0)));
    good.order(c::id.asc()).select(c::code).load(conn).or_db()
}

/// Forgets a code that was used.
pub(crate) fn spend_code(conn: &mut Conn, card_no: i64, code: &str) -> Result<()> {
    let row = c::table.filter(c::card_no.eq(card_no).and(c::code.eq(code)));
    diesel::delete(row).execute(conn).map(|_rows| ()).or_db()
}

/// Forgets codes that were never used in their time.
pub(crate) fn purge_codes(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    diesel::delete(c::table.filter(c::until_at.lt(now.0))).execute(conn).or_db()
}

/// What was planned for these copies stands on the screen.
pub(crate) fn shown(conn: &mut Conn, plans: &[(i64, i64)]) -> Result<()> {
    for (id, plan_no) in plans {
        let row = m::table.filter(m::id.eq(id).and(m::shown_no.lt(plan_no)));
        diesel::update(row).set(m::shown_no.eq(plan_no)).execute(conn).or_db()?;
    }
    Ok(())
}

pub(crate) fn sent(conn: &mut Conn, ids: &[i64], msgid: Option<&str>, at: Timestamp) -> Result<()> {
    diesel::update(m::table.filter(m::id.eq_any(ids).and(m::state.eq_any(State::UNSENT))))
        .set((
            m::state.eq(State::Sent.word()),
            m::reason.eq(None::<String>),
            m::msgid.eq(msgid),
            m::sent_at.eq(Some(at.0)),
        ))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

pub(crate) fn ended(conn: &mut Conn, ids: &[i64], state: State, reason: &str) -> Result<()> {
    diesel::update(m::table.filter(m::id.eq_any(ids)))
        .set((m::state.eq(state.word()), m::reason.eq(Some(kernel::text::cut_chars(reason, 400)))))
        .execute(conn)
        .map(|_rows| ())
        .or_db()
}

/// Puts a note to messages that stay what they are.
pub(crate) fn note(conn: &mut Conn, ids: &[i64], reason: &str) -> Result<()> {
    let rows = diesel::update(m::table.filter(m::id.eq_any(ids)));
    rows.set(m::reason.eq(Some(reason))).execute(conn).map(|_rows| ()).or_db()
}

/// A message goes on its way; false when it was merged or sent meanwhile.
pub(crate) fn begin(conn: &mut Conn, id: i64) -> Result<bool> {
    let unsent = m::table.filter(m::id.eq(id).and(m::state.eq_any(State::UNSENT)));
    let begun = diesel::update(unsent).set(m::state.eq(State::Sending.word()));
    Ok(begun.execute(conn).or_db()? > 0)
}

/// WeCom does not have them for sure: they wait again.
pub(crate) fn put_back(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    let sending = m::table.filter(m::id.eq_any(ids).and(m::state.eq(State::Sending.word())));
    let back = diesel::update(sending).set(m::state.eq(State::Queued.word()));
    back.execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn delayed(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    let rows = diesel::update(m::table.filter(m::id.eq_any(ids)));
    rows.set(m::is_delayed.eq(true)).execute(conn).map(|_rows| ()).or_db()
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
