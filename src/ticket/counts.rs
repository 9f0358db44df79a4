//! How much is waiting for a member, exactly: what the pages show as red dots.

use std::collections::BTreeMap;

use db::Conn;
use flow::{Kind, TimerKind};
use kernel::{Micros, Result, Timestamp, time};
use serde::Serialize;

use crate::{
    act::Setup,
    list::{Waiting, claimable_by_step, claimable_of, owned_of},
    ticket::Ticket,
};

/// How much is waiting for a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Open tasks that he took.
    pub mine: i64,
    /// Open tasks that he could take.
    pub claimable: i64,
    /// Those of his own whose deadline has passed.
    pub overdue: i64,
    /// Those of his own that are due today, in the organisation's zone.
    pub today: i64,
    /// Approvals among those that he took or could take.
    pub approvals: i64,
}

/// When a step's work is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// When; of one whose time stands still, when it would have been.
    pub due_at: Timestamp,
    /// How much time is left while it stands still.
    pub left: Option<Micros>,
}

impl Deadline {
    /// The deadline of a step that is at work; none when it has no limit.
    pub fn of(ticket: &Ticket, step: &str) -> Option<Self> {
        let is_it = |kind| kind == TimerKind::Deadline;
        let mut timers = ticket.flow.timers.iter();
        if let Some(timer) = timers.find(|timer| timer.step == step && is_it(timer.kind)) {
            return Some(Self { due_at: timer.due_at, left: timer.left });
        }
        let due_at = ticket.flow.run(step)?.missed?;
        Some(Self { due_at, left: None })
    }

    /// Whether it has passed.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.left.is_none() && self.due_at <= now
    }

    /// Whether it falls on the day of `now`, in a zone so many minutes east of UTC.
    pub fn is_today(&self, now: Timestamp, zone_minutes: i64) -> bool {
        let day = |at: Timestamp| at.plus(zone_minutes * time::MINUTE).0.div_euclid(time::DAY);
        self.left.is_none() && day(self.due_at) == day(now)
    }
}

/// How much is waiting for a member.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, setup: &Setup, userid: &str, now: Timestamp) -> Result<Counts> {
    let mut counts = Counts::default();
    for Waiting { step, ticket } in owned_of(conn, userid)? {
        let deadline = Deadline::of(&ticket, &step);
        counts.mine += 1;
        counts.overdue += i64::from(deadline.is_some_and(|one| one.is_overdue(now)));
        let is_today = |one: Deadline| one.is_today(now, setup.zone_minutes);
        counts.today += i64::from(deadline.is_some_and(is_today));
        counts.approvals += i64::from(is_approval(conn, setup, &ticket, &step)?);
    }
    // A pool may hold thousands, so their tickets are not read, unless versions of a template
    // disagree on what kind of step it is.
    let mut known: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (template, step, count) in claimable_by_step(conn, userid)? {
        counts.claimable += count;
        if !known.contains_key(&template) {
            let newest = setup.catalog.find_newest(conn, &template)?.version;
            known.insert(template.clone(), (0..=newest).collect());
        }
        let versions = known.get(&template).into_iter().flatten();
        let found = versions.filter_map(|version| setup.catalog.get(&template, *version).ok());
        let kinds: Vec<_> = found
            .filter_map(|one| one.flow.step(&step).map(|one| is_yes_or_no(&one.kind)))
            .collect();
        if !kinds.is_empty() && kinds.iter().all(|is_it| *is_it) {
            counts.approvals += count;
        } else if kinds.contains(&true) {
            for Waiting { step, ticket } in claimable_of(conn, userid, &template, &step)? {
                counts.approvals += i64::from(is_approval(conn, setup, &ticket, &step)?);
            }
        }
    }
    Ok(counts)
}

fn is_yes_or_no(kind: &Kind) -> bool {
    matches!(kind, Kind::Approval(_))
}

fn is_approval(conn: &mut Conn, setup: &Setup, ticket: &Ticket, step: &str) -> Result<bool> {
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    Ok(template.flow.step(step).is_some_and(|step| is_yes_or_no(&step.kind)))
}
