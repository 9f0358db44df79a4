//! The customer's side: which of his links work, what he wants to hear of his ticket, and the words
//! that his colleague in the company can pass on to him. The service cannot write to customers of
//! itself: whoever looks after one gets the message for him, when the template says so and the
//! customer wants to hear it at this hour.

use std::collections::BTreeMap;

use db::Conn;
use flow::StepState;
use kernel::{Actor, Ctx, Error, Result, TicketId, Timestamp, time};
use serde::{Deserialize, Serialize};
use ticket::{Event, Fact, Status, Ticket};

use crate::{Desk, Link, answer, links, sql::customer as sql};

/// Minutes of a day.
const DAY_MINUTES: i64 = 24 * 60;

/// What a customer can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Somebody has taken it up.
    Taken,
    /// It has come to another step that he knows of.
    Step,
    /// It has ended, and he is asked what he thought of it.
    Ended,
}

impl Stage {
    /// All of them, in the order of a ticket's life.
    pub const ALL: [Self; 3] = [Self::Taken, Self::Step, Self::Ended];

    /// The word in forms.
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Step => "step",
            Self::Ended => "ended",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Taken => "有人受理时",
            Self::Step => "进入新的环节时",
            Self::Ended => "处理结束时",
        }
    }
}

/// Hours of a day in which nothing is told, in minutes since midnight; over midnight when it ends
/// before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// From when.
    pub from: i64,
    /// Until when.
    pub to: i64,
}

/// What a customer wants to hear of a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preference {
    /// What he does not want to hear.
    #[serde(default)]
    pub off: Vec<Stage>,
    /// When he does not want to hear anything.
    #[serde(default)]
    pub quiet: Option<Quiet>,
    /// Whether he wants to hear nothing at all.
    #[serde(default)]
    pub is_unsubscribed: bool,
}

impl Preference {
    /// When he wants to hear of this: now, when his quiet hours are over, or never.
    pub fn when(&self, stage: Stage, now: Timestamp, zone_minutes: i64) -> Option<Timestamp> {
        if self.is_unsubscribed || self.off.contains(&stage) {
            return None;
        }
        let Some(Quiet { from, to }) = self.quiet else { return Some(now) };
        let local = now.plus(zone_minutes * time::MINUTE).0.div_euclid(time::MINUTE);
        let minute = local.rem_euclid(DAY_MINUTES);
        let is_quiet = match from <= to {
            true => (from..to).contains(&minute),
            false => minute >= from || minute < to,
        };
        if !is_quiet {
            return Some(now);
        }
        let left = (to - minute).rem_euclid(DAY_MINUTES);
        let whole = Timestamp(now.0 - now.0.rem_euclid(time::MINUTE));
        Some(whole.plus(left * time::MINUTE))
    }
}

/// How often the links of a ticket's customer were revoked.
///
/// # Errors
/// The database's.
pub fn generation(conn: &mut Conn, ticket: TicketId) -> Result<i64> {
    sql::generation(conn, ticket)
}

/// The same of several tickets at once; those whose links were never revoked are not in it.
///
/// # Errors
/// The database's.
pub fn generations(conn: &mut Conn, tickets: &[TicketId]) -> Result<BTreeMap<TicketId, i64>> {
    let found = sql::generations(conn, tickets)?;
    Ok(found.into_iter().map(|(ticket, generation)| (TicketId(ticket), generation)).collect())
}

/// Makes every link that its customer has to a ticket stop working.
///
/// # Errors
/// The database's.
pub fn revoke(conn: &mut Conn, ctx: &Ctx, ticket: TicketId) -> Result<()> {
    sql::revoke(conn, ticket, ctx.now)
}

/// Whether a link was revoked since it was made.
///
/// # Errors
/// `link.revoked`; the database's.
pub fn check(conn: &mut Conn, link: &Link) -> Result<()> {
    match link.userid.is_empty() {
        true => check_generation(conn, link.ticket, link.generation),
        false => Ok(()),
    }
}

/// Whether a customer's link of this generation still works.
///
/// # Errors
/// `link.revoked`; the database's.
pub fn check_generation(conn: &mut Conn, ticket: TicketId, generation: i64) -> Result<()> {
    if sql::generation(conn, ticket)? == generation { Ok(()) } else { Err(links::revoked()) }
}

/// What the customer of a ticket wants to hear of it.
///
/// # Errors
/// The database's.
pub fn preference(conn: &mut Conn, ticket: TicketId) -> Result<Preference> {
    let Some(body) = sql::preference(conn, ticket)? else { return Ok(Preference::default()) };
    serde_json::from_str(&body)
        .map_err(|error| Error::bug("a preference cannot be read").caused_by(error))
}

/// Keeps what the customer of a ticket wants to hear of it.
///
/// # Errors
/// The database's.
pub fn prefer(conn: &mut Conn, ctx: &Ctx, ticket: TicketId, wish: &Preference) -> Result<()> {
    let body = serde_json::to_string(wish)
        .map_err(|error| Error::bug("a preference cannot be written").caused_by(error))?;
    sql::prefer(conn, ticket, &body, ctx.now)
}

/// Gives whoever looks after the customer the words about this event that he can pass on.
pub(crate) fn tell(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    ticket: &Ticket,
    event: &Event,
) -> Result<()> {
    let template = &ticket.template;
    let template = desk.setup.catalog.find(conn, &template.key, template.version)?;
    if !template.customer.tell || matches!(event.actor, Actor::Customer { .. }) {
        return Ok(());
    }
    let Some((stage, words)) = news(ticket, &template, event) else { return Ok(()) };
    let wish = preference(conn, ticket.id)?;
    let Some(at) = wish.when(stage, ctx.now, desk.setup.zone_minutes) else { return Ok(()) };
    let Some(carrier) = carrier(conn, ticket)? else { return Ok(()) };
    let (url, _until) =
        desk.links.customer_url(ticket.id, sql::generation(conn, ticket.id)?, ctx.now);
    let title = kernel::text::cut_bytes(&ticket.title, 300);
    let words = format!("您好，「{title}」{words}\n点开链接查看进度：\n{url}");
    let hint = format!("{}：请把下面这条消息转发给客户", ticket.no);
    answer::reply_at(conn, ctx, desk, (&carrier, &hint), at)?;
    answer::reply_at(conn, ctx, desk, (&carrier, &words), at)
}

/// What an event is to the customer, if it is anything.
fn news(ticket: &Ticket, template: &catalog::Published, event: &Event) -> Option<(Stage, String)> {
    let is = |wanted: fn(&Fact) -> bool| event.facts.iter().any(wanted);
    if is(|fact| matches!(fact, Fact::Ended { .. })) {
        let asks = template.customer.survey && ticket.status == Status::Closed;
        let survey = if asks { "，请您评价一下" } else { "" };
        return Some((Stage::Ended, format!("{}{survey}", ticket.status.label())));
    }
    let opened = event.facts.iter().find_map(|fact| match fact {
        Fact::TaskOpened { step, .. } => template.flow.step(step)?.public_name.as_deref(),
        _ => None,
    });
    if let Some(name) = opened.filter(|_name| event.verb != "create") {
        return Some((Stage::Step, format!("已进入「{name}」")));
    }
    let is_first = |key: &str| {
        let done = ticket.flow.steps.iter().filter(|run| run.state == StepState::Done);
        done.into_iter().all(|run| run.key == key)
    };
    let taken = event.verb == "claim" && ticket.open_tasks().any(|task| is_first(&task.step));
    taken.then(|| (Stage::Taken, "已有人受理，正在处理".to_owned()))
}

/// Who can pass words on to the customer: who follows him, who raised the ticket for him, who works
/// on it.
fn carrier(conn: &mut Conn, ticket: &Ticket) -> Result<Option<String>> {
    if let Some(external_userid) = &ticket.customer {
        let found = customer::find_by_external(conn, external_userid)?;
        let follows = found.into_iter().flat_map(|customer| customer.follows);
        if let Some(follow) = follows.into_iter().find(|follow| !follow.is_lost) {
            return Ok(Some(follow.userid));
        }
    }
    let last = ticket.tasks.iter().rev().find_map(|task| task.owner.as_deref());
    Ok(ticket.creator.userid().or(last).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_quiet_hours_waits_for_their_end() {
        // 08:30:30 in Shanghai.
        let now = Timestamp::from_seconds(1_795_393_830);
        let wish = |from: i64, to: i64| Preference {
            quiet: Some(Quiet { from: from * 60, to: to * 60 }),
            ..Preference::default()
        };
        let minutes = |wish: Preference| {
            wish.when(Stage::Step, now, 480).map(|at| at.since(now).div_euclid(time::SECOND))
        };
        for (from, to, waits) in
            [(22, 9, 29 * 60 + 30), (8, 9, 29 * 60 + 30), (9, 22, 0), (22, 8, 0)]
        {
            assert_eq!(minutes(wish(from, to)), Some(waits), "{from} to {to}");
        }
        let off = Preference { off: vec![Stage::Step], ..Preference::default() };
        assert_eq!(off.when(Stage::Step, now, 480), None);
        assert_eq!(off.when(Stage::Ended, now, 480), Some(now));
        let never = Preference { is_unsubscribed: true, ..Preference::default() };
        assert_eq!(never.when(Stage::Ended, now, 480), None);
    }
}
