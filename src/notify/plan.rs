//! What follows for people from a ticket's event. Cards are reconciled with the ticket as it is
//! now, so that planning twice, or late, does no harm; notices belong to the one event.

use std::collections::BTreeMap;

use db::Conn;
use flow::{Effect, Notice, Trouble};
use kernel::{Actor, Ctx, Result, TaskId, TicketId};
use ticket::{Event, Fact, Task, Ticket};
use wecom::message::{Body, RECEIVERS_MAX};

use crate::{
    Desk, customer,
    face::{StarterFace, TaskFace},
    message::{Kind, Message},
    outbox::{self, Change},
    question,
    render::{Names, Painter},
    sql::{self, NewMessage},
};

/// Bytes of a notice's words: a text has at most 2048, and its link needs room.
const NOTICE_BYTES: usize = 1_500;

/// Plans the messages of one event of a ticket.
///
/// # Errors
/// The database's.
pub fn on_event(conn: &mut Conn, ctx: &Ctx, desk: &Desk, ticket: TicketId, seq: i64) -> Result<()> {
    let Some(event) = ticket::event(conn, ticket, seq)? else { return Ok(()) };
    let ticket = ticket::get(conn, ticket)?;
    let was_urged = event.facts.contains(&Fact::Urged);
    if was_urged {
        renew_tasks(conn, ctx, desk, &ticket)?;
    }
    reconcile_tasks(conn, ctx, desk, &ticket)?;
    if let Some(starter) = ticket.creator.userid() {
        let by_himself = event.actor == ticket.creator && event.verb != "create";
        reconcile_starter(conn, ctx, desk, &ticket, (starter, by_himself))?;
    }
    tell(conn, ctx, desk, &ticket, &event)
}

/// Brings every card of the ticket's tasks to what it must show now; hands out missing ones.
///
/// # Errors
/// The database's.
fn reconcile_tasks(conn: &mut Conn, ctx: &Ctx, desk: &Desk, ticket: &Ticket) -> Result<()> {
    let names = Names::of(conn, ticket)?;
    let painter = Painter { ctx, desk, ticket, names: &names };
    let live = sql::live(conn, ticket.id, Kind::Task)?;
    show(conn, &painter, &live, |task, message| {
        Some(TaskFace::of(ticket, task, &message.userid)).filter(|face| face.name() != message.face)
    })?;
    for task in ticket.open_tasks() {
        let handlers = match &task.owner {
            Some(owner) => std::slice::from_ref(owner),
            None => &task.handlers,
        };
        let lacks_one = |userid: &&str| {
            let is_his = |one: &Message| one.task_id == Some(task.id.0) && one.userid == *userid;
            !live.iter().any(is_his)
        };
        let lacking: Vec<_> = handlers.iter().map(String::as_str).filter(lacks_one).collect();
        // All of them see the same: it has an owner, and that is who is told, or nobody has it.
        for userids in lacking.chunks(RECEIVERS_MAX) {
            let Some(first) = userids.first() else { continue };
            let (face, card_no) = (TaskFace::of(ticket, task, first), ctx.id());
            let new = NewMessage {
                card_no,
                kind: Kind::Task,
                ticket_id: Some(ticket.id.0),
                task_id: Some(task.id.0),
                draft_id: None,
                userids,
                title: &format!("{} {}", ticket.no, ticket.title),
                face: &face.name(),
            };
            let card = painter.task(card_no, task, userids, &face);
            outbox::send(conn, ctx, desk, &new, Body::card(card))?;
        }
    }
    Ok(())
}

/// Copies of a card that are to show the same.
type Alike<'a> = (&'a Task, TaskFace, Vec<&'a Message>);

/// Plans new faces for those of these copies that `face` finds one for, card by card.
fn show(
    conn: &mut Conn,
    painter: &Painter<'_>,
    messages: &[Message],
    face: impl Fn(&Task, &Message) -> Option<TaskFace>,
) -> Result<()> {
    let mut cards: BTreeMap<i64, Vec<Alike<'_>>> = BTreeMap::new();
    for message in messages {
        let task = message.task_id.and_then(|id| painter.ticket.task(TaskId(id)));
        let Some(task) = task else { continue };
        let Some(face) = face(task, message) else { continue };
        let looks = cards.entry(message.card_no).or_default();
        match looks.iter_mut().find(|(_task, known, _messages)| *known == face) {
            Some((_task, _face, messages)) => messages.push(message),
            None => looks.push((task, face, vec![message])),
        }
    }
    for (card_no, looks) in cards {
        let changes = looks.into_iter().map(|(task, face, messages)| {
            let userids: Vec<_> = messages.iter().map(|one| one.userid.as_str()).collect();
            let card = painter.task(card_no, task, &userids, &face);
            Change { messages, face: face.name(), must_arrive: face.acts(), card }
        });
        outbox::update(conn, painter.ctx, changes.collect())?;
    }
    Ok(())
}

/// Hands out the cards that a ticket's people should have and do not.
pub(crate) fn hand_out(conn: &mut Conn, ctx: &Ctx, desk: &Desk, ticket: TicketId) -> Result<()> {
    let ticket = ticket::get(conn, ticket)?;
    reconcile_tasks(conn, ctx, desk, &ticket)?;
    match ticket.creator.userid() {
        Some(starter) => reconcile_starter(conn, ctx, desk, &ticket, (starter, false)),
        None => Ok(()),
    }
}

/// Shows one copy of a task's card as it must be now, whatever was planned for it before.
pub(crate) fn show_task(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    ticket: &Ticket,
    message: &Message,
) -> Result<()> {
    let names = Names::of(conn, ticket)?;
    let painter = Painter { ctx, desk, ticket, names: &names };
    show(conn, &painter, std::slice::from_ref(message), |task, message| {
        Some(match TaskFace::of(ticket, task, &message.userid) {
            face if face.acts() && !message.is_live => TaskFace::Renewed,
            face => face,
        })
    })
}

/// Retires the cards of open tasks, so that new ones are handed out and come to the top.
fn renew_tasks(conn: &mut Conn, ctx: &Ctx, desk: &Desk, ticket: &Ticket) -> Result<()> {
    let names = Names::of(conn, ticket)?;
    let painter = Painter { ctx, desk, ticket, names: &names };
    let live = sql::live(conn, ticket.id, Kind::Task)?;
    show(conn, &painter, &live, |task, message| {
        let is_acting = TaskFace::of(ticket, task, &message.userid).acts();
        is_acting.then_some(TaskFace::Renewed)
    })
}

/// News for the one who raised the ticket: a new card when somebody else made them, the same card
/// in place when he made them himself.
fn reconcile_starter(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    ticket: &Ticket,
    (starter, by_himself): (&str, bool),
) -> Result<()> {
    let names = Names::of(conn, ticket)?;
    let painter = Painter { ctx, desk, ticket, names: &names };
    let face = StarterFace::of(ticket);
    let live = sql::live(conn, ticket.id, Kind::Starter)?;
    if live.last().is_some_and(|message| message.face == face.name()) {
        return Ok(());
    }
    if let (true, Some(message)) = (by_himself, live.last()) {
        let card = painter.starter(message.card_no, starter, &face);
        let change = Change { messages: vec![message], face: face.name(), must_arrive: true, card };
        return outbox::update(conn, ctx, vec![change]);
    }
    for message in &live {
        let face = StarterFace::Renewed;
        let card = painter.starter(message.card_no, starter, &face);
        let change =
            Change { messages: vec![message], face: face.name(), must_arrive: false, card };
        outbox::update(conn, ctx, vec![change])?;
    }
    let card_no = ctx.id();
    let card = painter.starter(card_no, starter, &face);
    let new = NewMessage {
        card_no,
        kind: Kind::Starter,
        ticket_id: Some(ticket.id.0),
        task_id: None,
        draft_id: None,
        userids: &[starter],
        title: &format!("{} {}", ticket.no, ticket.title),
        face: &face.name(),
    };
    outbox::send(conn, ctx, desk, &new, Body::card(card))
}

/// Words for the others who have to do with the ticket: what was said, what was added, and that
/// nobody can do it.
fn tell(conn: &mut Conn, ctx: &Ctx, desk: &Desk, ticket: &Ticket, event: &Event) -> Result<()> {
    let said = event.facts.iter().filter_map(|fact| match fact {
        Fact::Commented { text } => Some(text.clone()),
        Fact::Attached { attachment } => Some(format!("[{}]", attachment.name)),
        _ => None,
    });
    let said = said.collect::<Vec<_>>().join(" ");
    let owners = ticket.open_tasks().filter_map(|task| task.owner.clone());
    let mut people: Vec<String> =
        owners.chain(ticket.creator.userid().map(str::to_owned)).collect();
    people.sort_unstable();
    people.dedup();
    // What a customer says must be heard by somebody, though nobody has taken his ticket up yet.
    if matches!(event.actor, Actor::Customer { .. }) && people.is_empty() {
        people.extend(ticket.open_tasks().flat_map(|task| task.handlers.iter().cloned()));
        let last = ticket.tasks.iter().rev().find_map(|task| task.owner.clone());
        people.extend(last.filter(|_one| ticket.is_ended()));
    }
    if !said.is_empty() {
        let names = Names::of(conn, ticket)?;
        let by = match &event.actor {
            Actor::Member { userid } => names.get(userid),
            Actor::Customer { .. } => "客户".to_owned(),
            Actor::Token { name } => name.clone(),
            Actor::System => "系统".to_owned(),
        };
        let words = format!("{} {}\n{by}：{said}", ticket.no, ticket.title);
        for userid in people.iter().filter(|userid| event.actor.userid() != Some(userid)) {
            notice(conn, ctx, desk, ticket, (userid, &words))?;
        }
    }
    question::pass_on(conn, ctx, desk, ticket, event)?;
    customer::tell(conn, ctx, desk, ticket, event)?;
    for fact in &event.facts {
        let Fact::Ordered { effect } = fact else { continue };
        if let Effect::Notify { step, what, to, .. } = effect.as_ref() {
            let words =
                format!("{} {}\n{}", ticket.no, ticket.title, told(desk, ticket, step, what));
            for userid in to {
                notice(conn, ctx, desk, ticket, (userid, &words))?;
            }
        }
    }
    let alarm = event.facts.iter().find_map(|fact| match fact {
        Fact::Alarmed { step, why } => Some((step, why)),
        _ => None,
    });
    let Some((step, why)) = alarm else { return Ok(()) };
    tracing::warn!(ticket = %ticket.id, step, ?why, "a ticket cannot go on by itself");
    let trouble = match why {
        Trouble::Nobody => "暂时没有可用的处理人，请联系管理员安排",
        Trouble::NobodyAbove => "已超时，但没有可以升级的上级，请联系管理员安排",
        Trouble::ActionFailed => "自动动作没有成功，请联系管理员处理",
        Trouble::ChildrenFailed => "子工单都没有完成，请联系管理员处理",
    };
    // Who raised it; of what a program raised, who worked on it last.
    let last = ticket.tasks.iter().rev().find_map(|task| task.owner.as_deref());
    if let Some(userid) = ticket.creator.userid().or(last) {
        let words = format!("{} {}\n{trouble}", ticket.no, ticket.title);
        notice(conn, ctx, desk, ticket, (userid, &words))?;
    }
    Ok(())
}

/// What the flow wants people to hear of a step, in words.
fn told(desk: &Desk, ticket: &Ticket, step: &str, what: &Notice) -> String {
    let template = desk.setup.catalog.get(&ticket.template.key, ticket.template.version).ok();
    let found = template.as_ref().and_then(|template| template.flow.step(step));
    let name = found.map_or(step, |step| step.name.as_str());
    match what {
        Notice::Cc => "抄送给您，请知悉".to_owned(),
        Notice::Message { text } => text.clone(),
        Notice::Reminder => format!("{name}即将到期，请尽快处理"),
        Notice::Overdue => format!("{name}已超时，请立即处理"),
        Notice::Escalation { rung } => {
            format!("{name}已超时未处理（第 {} 次升级），请关注", rung + 1)
        }
        Notice::Answered => format!("{name}：客户已回复"),
    }
}

fn notice(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    ticket: &Ticket,
    (userid, words): (&str, &str),
) -> Result<()> {
    let new = NewMessage {
        card_no: ctx.id(),
        kind: Kind::Notice,
        ticket_id: Some(ticket.id.0),
        task_id: None,
        draft_id: None,
        userids: &[userid],
        title: words,
        face: "notice",
    };
    let url = desk.links.url(ticket.id, userid, ctx.now);
    // The link must not be what a long text pushes over the platform's limit.
    let words = kernel::text::cut_bytes(words, NOTICE_BYTES);
    let body = Body::text(&format!("{words}\n<a href=\"{url}\">查看工单</a>"));
    outbox::send(conn, ctx, desk, &new, body)
}
