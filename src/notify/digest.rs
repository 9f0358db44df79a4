//! The digest: notices that had to wait for the platform's limits, told together. Nothing is
//! dropped: every ticket is named with how much happened, and leads to its page.

use db::Conn;
use kernel::{Ctx, Result, TicketId, text};
use wecom::message::Body;

use crate::{
    Desk,
    message::{Kind, Message},
    outbox,
    sql::{self, NewMessage},
};

/// From how many waiting notices on they are told together.
pub(crate) const FROM: usize = 3;
/// What is said of a notice that was told with others.
pub(crate) const MERGED: &str = "已合并到汇总消息";

/// Notices that one digest takes; what is left comes with the next.
const MOST: i64 = 500;
/// Bytes after which no further ticket is named: a text has at most 2048.
const BYTES: usize = 1_800;

/// Tells a member together what waits for him. Two who do so at once tell different notices.
///
/// # Errors
/// The database's.
pub(crate) fn tell(conn: &mut Conn, ctx: &Ctx, desk: &Desk, userid: &str) -> Result<()> {
    let mut taken = Vec::new();
    for notice in sql::waiting_notices(conn, userid, MOST)? {
        if sql::merge(conn, notice.id, MERGED)? {
            taken.push(notice);
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    let url = |ticket| desk.links.url(TicketId(ticket), userid, ctx.now);
    let words = words(&taken, url);
    let new = NewMessage {
        card_no: ctx.id(),
        kind: Kind::Reply,
        ticket_id: None,
        task_id: None,
        draft_id: None,
        userids: &[userid],
        title: &words,
        face: "digest",
    };
    outbox::send(conn, ctx, desk, &new, Body::text(&words))
}

/// Each ticket with how much happened and what was last.
fn words(taken: &[Message], url: impl Fn(i64) -> String) -> String {
    let mut tickets: Vec<(i64, usize, &str)> = Vec::new();
    for notice in taken {
        let ticket = notice.ticket_id.unwrap_or_default();
        match tickets.iter_mut().find(|(known, ..)| *known == ticket) {
            Some((_ticket, many, newest)) => (*many, *newest) = (*many + 1, &notice.title),
            None => tickets.push((ticket, 1, &notice.title)),
        }
    }
    let mut words = format!("您有 {} 条工单进展：", taken.len());
    let all = tickets.len();
    for (number, (ticket, many, newest)) in tickets.into_iter().enumerate() {
        let (about, said) = newest.split_once('\n').unwrap_or((newest, ""));
        let (about, said) = (text::cut_chars(about, 40), text::first_line(said, 60));
        let url = url(ticket);
        let line = format!("\n· <a href=\"{url}\">{about}</a>（{many} 条）\n  {said}");
        if words.len() + line.len() > BYTES {
            words.push_str(&format!("\n…另有 {} 张工单", all - number));
            break;
        }
        words.push_str(&line);
    }
    words
}
