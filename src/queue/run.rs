//! The workers of one replica: what they are made of, and the few things they do with the database.

use std::{sync::Arc, time::Duration};

use db::Db;
use futures_util::StreamExt as _;
use kernel::{Actor, Clock, Ctx, Ids, JobId, Micros, Result, time};
use tokio::time::MissedTickBehavior;

use crate::{
    job::{Job, Topic},
    shift::{Claimed, Look, Shift},
    sql::{self, LEASE, Lease, Room},
    stop::{Bell, Stop},
};

/// How often an idle replica looks for jobs that nobody rang for.
pub(crate) const POLL_MICROS: Micros = 250 * time::MILLI;
const POLL: Duration = Duration::from_micros(POLL_MICROS.unsigned_abs());
/// Failures in a row after which [`Queue::run_until_idle`] gives up.
const IDLE_FAILURES_MAX: u32 = 5;
/// Jobs that one claim takes at most.
pub(crate) const CLAIM_MAX: usize = 64;

/// The workers of one replica.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) topics: Arc<Vec<Topic>>,
    pub(crate) bell: Bell,
    pub(crate) lease: Micros,
}

/// What a run did, by the ends of its tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Ended well: done, ignored, merged or expired.
    pub over: usize,
    /// Buried.
    pub failed: usize,
    /// Went wrong and run again.
    pub retried: usize,
    /// Put off.
    pub later: usize,
    /// Ended after their lease was lost: without effect.
    pub lost: usize,
}

/// How the end of a try is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tally {
    Over(&'static str),
    Failed,
    Retried,
    Later,
    Lost,
}

impl Tally {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Over(word) => word,
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::Later => "later",
            Self::Lost => "lost",
        }
    }
}

/// A claimed job with the token that says so.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) job: Job,
    pub(crate) token: i64,
}

impl Queue {
    /// The workers for these topics. Nothing runs before [`Queue::run`].
    pub fn new(db: Db, clock: Clock, ids: Ids, topics: Vec<Topic>) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let (topics, bad): (Vec<_>, Vec<_>) =
            topics.into_iter().partition(|topic| topic.name.chars().all(is_plain));
        for topic in bad {
            tracing::error!(topic = topic.name, "a topic was refused: its name is not plain");
        }
        let topics = Arc::new(topics);
        Self { db, clock, ids, topics, bell: Bell::default(), lease: LEASE }
    }

    /// The same workers with a bell that others hold already.
    #[must_use]
    pub fn with_bell(self, bell: Bell) -> Self {
        Self { bell, ..self }
    }

    /// The same workers with another lease: how long after a crash others take over.
    #[must_use]
    pub fn with_lease(self, lease: Micros) -> Self {
        Self { lease, ..self }
    }

    /// The bell, for those who commit jobs.
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Says that jobs were committed: they are looked for at once.
    pub fn ring(&self) {
        self.bell.ring();
    }

    /// Works until told to stop; then finishes what runs and gives back the rest.
    pub async fn run(&self, stop: Stop) {
        let mut shift = Shift::new(self);
        let mut polls = tokio::time::interval(POLL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_stopped() {
            shift.start();
            shift.wait(&mut polls, &stop).await;
        }
        shift.end().await;
    }

    /// Does everything that is due at the clock's present time, and what follows from it.
    pub async fn run_until_idle(&self) -> Ran {
        for _failure in 0..IDLE_FAILURES_MAX {
            match self.clone().rescue().await {
                Ok(_jobs) => break,
                Err(error) => tracing::warn!(%error, "lost leases were not looked for"),
            }
            tokio::time::sleep(POLL).await;
        }
        let mut shift = Shift::new(self);
        loop {
            shift.start();
            match shift.events.next().await {
                Some(event) => shift.take(event),
                None if shift.failures > 0 && shift.failures < IDLE_FAILURES_MAX => {
                    tokio::time::sleep(POLL).await;
                    shift.try_again();
                }
                None => return shift.ran,
            }
        }
    }

    pub(crate) fn ctx(&self, job: JobId) -> Ctx {
        let trace = format!("job-{job}");
        Ctx { now: self.clock.now(), actor: Actor::System, ids: self.ids.clone(), trace }
    }

    pub(crate) async fn claim(
        self,
        rooms: Vec<Room>,
        token: i64,
        orphans: Vec<i64>,
        look: Look,
    ) -> Claimed {
        let now = self.clock.now();
        if look == Look::Peek {
            let rooms = rooms.clone();
            match self.db.read(move |conn| sql::is_due(conn, &rooms, now)).await {
                Ok(true) => {}
                Ok(false) => return Claimed { token, orphans, found: Ok(Vec::new()) },
                Err(error) => return Claimed { token, orphans, found: Err(error) },
            }
        }
        let lease = Lease { token, now, until: now.plus(self.lease) };
        let strays = orphans.clone();
        let found = self.db.write(move |conn| {
            sql::forget(conn, now, &strays)?;
            sql::claim(conn, &rooms, CLAIM_MAX, lease)
        });
        Claimed { token, orphans, found: found.await }
    }

    pub(crate) async fn rescue(self) -> Result<usize> {
        let now = self.clock.now();
        if !self.db.read(move |conn| sql::is_any_silent(conn, now)).await? {
            return Ok(0);
        }
        self.db.write(move |conn| sql::rescue(conn, now)).await
    }

    pub(crate) async fn renew(self, held: Vec<(JobId, i64)>) -> Result<()> {
        let until = self.clock.now().plus(self.lease);
        self.db.write(move |conn| sql::renew(conn, &held, until)).await
    }

    pub(crate) async fn release(self, held: Vec<(JobId, i64)>) -> Result<()> {
        let now = self.clock.now();
        self.db.write(move |conn| sql::release(conn, now, &held)).await
    }

    pub(crate) async fn gauge(self) -> Result<()> {
        let (now, topics) = (self.clock.now(), self.topics.clone());
        let read = self.db.read(move |conn| {
            for topic in topics.iter() {
                let oldest = sql::oldest_due(conn, topic.name)?;
                let age = oldest.map_or(0, |due| now.since(due).max(0) / time::SECOND);
                let age = f64::from(u32::try_from(age).unwrap_or(u32::MAX));
                metrics::gauge!("queue_oldest_due_seconds", "topic" => topic.name).set(age);
            }
            Ok(())
        });
        read.await
    }
}
