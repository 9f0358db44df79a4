//! A template is tried out before anybody uses it: on a form that somebody fills in, or on the
//! tickets that there were. The same facts, the same engine, and nothing is written.

use std::collections::BTreeSet;

use catalog::Published;
use db::Conn;
use flow::{Effect, Logged, Outcome, Passed, Refused, Say, Trouble, Walk};
use kernel::{Actor, Ctx, Error, Result, TicketId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    act::Setup,
    answers, create,
    fact::Fact,
    known::{About, Known},
    sql,
    ticket::{Priority, Ticket},
};

/// The most tickets of one comparison.
pub const TICKETS_MAX: u32 = 100;

/// What a rehearsal begins with.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// What is answered.
    pub form: &'a Map<String, Value>,
    /// The member who raises it.
    pub starter: Option<&'a str>,
    /// Whose, by external_userid.
    pub customer: Option<&'a str>,
}

/// The way that a ticket would go.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    /// What happens, in order.
    pub stops: Vec<Stop>,
    /// How it ends; it does not when absent.
    pub outcome: Option<Outcome>,
    /// Where it gets stuck, and why.
    pub stuck: Option<Stuck>,
}

/// One piece of the way.
#[derive(Clone, Debug, Serialize)]
pub struct Stop {
    /// When.
    pub at: Timestamp,
    /// The step.
    pub step: String,
    /// What people call it.
    pub name: String,
    /// Its round.
    pub round: u32,
    /// What happens there.
    #[serde(flatten)]
    pub what: Passed,
}

/// Where a ticket goes no further by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stuck {
    /// The step.
    pub step: String,
    /// Why, for people.
    pub why: String,
}

/// The two ways of a real ticket.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The ticket.
    pub ticket: TicketId,
    /// Its number.
    pub no: String,
    /// How the two ways compare.
    pub verdict: Verdict,
    /// The steps by its own version.
    pub was: Vec<String>,
    /// The steps by the tried one.
    pub would: Vec<String>,
    /// Where it would get stuck.
    pub stuck: Option<Stuck>,
}

/// How two ways compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The same steps, the same end.
    Same,
    /// Another way.
    Differs,
    /// It would go no further.
    Stuck,
}

/// Tries a template out on a form.
///
/// # Errors
/// `field_invalid` with every wrong answer; the database's.
pub fn rehearse(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    template: &Published,
    sample: &Sample<'_>,
) -> Result<Rehearsal> {
    let creator = match sample.starter {
        None => ctx.actor.clone(),
        Some(userid) => match org::find_member(conn, userid)? {
            Some(member) => Actor::member(&member.userid),
            None => {
                let detail = format!("没有成员 {userid}");
                return Err(Error::field("starter", "unknown_member", detail));
            }
        },
    };
    let form = answers::judge(conn, ctx, template, sample.form)?;
    let urgency = form.get("urgency").and_then(serde_json::Value::as_str);
    let urgency = Priority::of_urgency(urgency);
    let (priority, _record) = create::raise(conn, setup, urgency, sample.customer)?;
    let about = About {
        form: &form,
        creator: &creator,
        customer: sample.customer,
        priority,
        source: "api",
        tags: &[],
        ticket: None,
    };
    let says = |_step: &str, _round| Say::Yes;
    let walk = walk(conn, ctx, setup, (template, about), &says)?;
    let stuck = stuck(&walk);
    let stop = |stop: flow::Stop| Stop {
        at: stop.at,
        name: template.flow.step(&stop.step).map(|step| step.name.clone()).unwrap_or_default(),
        step: stop.step,
        round: stop.round,
        what: stop.what,
    };
    let outcome = walk.outcome;
    Ok(Rehearsal { stops: walk.stops.into_iter().map(stop).collect(), outcome, stuck })
}

/// Tries a template out on the latest tickets that were made from it, in whichever version: each
/// goes its way by its own version and by this one, with the same answers, the same people and the
/// same rejections, so that what differs is the template's doing.
///
/// # Errors
/// `field_invalid` for more than [`TICKETS_MAX`]; the database's.
pub fn rehearse_last(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    template: &Published,
    last: u32,
) -> Result<Vec<Compared>> {
    if !(1..=TICKETS_MAX).contains(&last) {
        let detail = format!("last 须在 1 到 {TICKETS_MAX} 之间");
        return Err(Error::field("last", "out_of_range", detail));
    }
    let tickets = sql::latest_of(conn, &template.key, i64::from(last))?;
    let compare = |ticket: &Ticket| compare(conn, ctx, setup, template, ticket);
    tickets.iter().map(compare).collect()
}

fn compare(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    template: &Published,
    ticket: &Ticket,
) -> Result<Compared> {
    let own = setup.catalog.find(conn, &template.key, ticket.template.version)?;
    let rejected = rejections(conn, ticket.id)?;
    let says = |step: &str, round| match rejected.contains(&(step.to_owned(), round)) {
        true => Say::No,
        false => Say::Yes,
    };
    let about = About { ticket: None, ..About::from(ticket) };
    let then = Ctx { now: ticket.created_at, ..ctx.clone() };
    let was = walk(conn, &then, setup, (&own, about), &says)?;
    let would = walk(conn, &then, setup, (template, about), &says)?;
    let stuck = stuck(&would);
    let is_same = (path(&was), was.outcome) == (path(&would), would.outcome);
    let verdict = match (&stuck, is_same) {
        (Some(_where), _) => Verdict::Stuck,
        (None, true) => Verdict::Same,
        (None, false) => Verdict::Differs,
    };
    let (no, was, would) = (ticket.no.clone(), path(&was), path(&would));
    Ok(Compared { ticket: ticket.id, no, verdict, was, would, stuck })
}

fn walk(
    conn: &mut Conn,
    ctx: &Ctx,
    setup: &Setup,
    (template, about): (&Published, About<'_>),
    says: &dyn Fn(&str, u32) -> Say,
) -> Result<Walk> {
    let known = Known::new(conn, ctx.now, setup, about, template);
    let walk = flow::simulate(&template.flow, &known, ctx.now, says);
    known.decided()?;
    Ok(walk)
}

/// The steps, and their rounds, at which a ticket was rejected.
fn rejections(conn: &mut Conn, id: TicketId) -> Result<BTreeSet<(String, u32)>> {
    let events = sql::events(conn, id)?;
    let facts = events.into_iter().flat_map(|event| event.facts);
    let rejection = |fact| match fact {
        Fact::Ordered { effect } => match *effect {
            Effect::Log { step, round, what: Logged::Rejected } => Some((step, round)),
            _ => None,
        },
        _ => None,
    };
    Ok(facts.filter_map(rejection).collect())
}

/// The steps at which something is done, in order; of one that is done again, each time.
fn path(walk: &Walk) -> Vec<String> {
    let mut path: Vec<(&str, u32)> = Vec::new();
    for stop in &walk.stops {
        let is_on_it = matches!(
            stop.what,
            Passed::Work { .. }
                | Passed::Waits { .. }
                | Passed::Action { .. }
                | Passed::Child { .. }
                | Passed::Stuck { .. }
        );
        let place = (stop.step.as_str(), stop.round);
        if is_on_it && !path.contains(&place) {
            path.push(place);
        }
    }
    path.into_iter().map(|(step, _round)| step.to_owned()).collect()
}

fn stuck(walk: &Walk) -> Option<Stuck> {
    let troubled = walk.stops.iter().find_map(|stop| match stop.what {
        Passed::Stuck { why } => Some((stop.step.clone(), trouble(why))),
        _ => None,
    });
    let refused = walk.refused.as_ref().map(|(step, why)| (step.clone(), refusal(why)));
    let open = || {
        let step = walk.state.steps.iter().find(|run| run.is_active())?.key.clone();
        Some((step, "流程停在这一步，没有人、期限或动作推动它"))
    };
    let end = if walk.outcome.is_none() { open() } else { None };
    let (step, why) = troubled.or(refused).or(end)?;
    Some(Stuck { step, why: why.to_owned() })
}

fn trouble(why: Trouble) -> &'static str {
    match why {
        Trouble::Nobody => "找不到处理人，请检查指派规则或设置兜底处理人",
        Trouble::NobodyAbove => "升级对象找不到人，请检查升级规则",
        Trouble::ActionFailed => "自动动作没有完成，请检查它的参数",
        Trouble::ChildrenFailed => "子工单都没有完成",
    }
}

fn refusal(why: &Refused) -> &'static str {
    match why {
        Refused::ExitUnmet => "不满足这一步的完成条件，请检查条件，或样例中缺少这一步要填的内容",
        Refused::CannotWork => "处理人不能接单，请检查成员状态",
        _ => "流程在这一步走不下去，请检查节点设置",
    }
}
