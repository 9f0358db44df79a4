//! The loop that claims jobs, runs them and keeps their leases. It holds nothing that may be lost:
//! whatever it forgets comes back when the lease runs out.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use db::{Db, Engine};
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use kernel::{Actor, Clock, Ctx, Error, Ids, JobId, Micros, Result, crash_point, time};
use tokio::time::{Interval, MissedTickBehavior};

use crate::{
    job::{Handler, Job, Topic},
    sql::{self, LEASE, Lease, Room},
    stop::{Bell, Stop},
};

/// How often an idle replica looks for jobs that nobody rang for.
const POLL: Duration = Duration::from_millis(250);
/// The same in microseconds, for counting polls.
const POLL_MICROS: Micros = 250 * time::MILLI;
/// Polls between looks for lost leases, and between readings of the gauges.
const RESCUE_POLLS: u64 = 8;
const GAUGE_POLLS: u64 = 40;
/// Polls that are skipped at most while the database is away.
const AWAY_POLLS_MAX: u32 = 16;
/// Failed claims in a row after which [`Queue::run_until_idle`] gives up.
const IDLE_FAILURES_MAX: u32 = 5;
/// Jobs that one claim takes, and database jobs that a replica holds, at most.
const CLAIM_MAX: usize = 64;
const TX_HELD_MAX: usize = 64;
/// Database jobs that run at once. SQLite has one writer: the second waits at its door.
const TX_AT_ONCE_SQLITE: usize = 2;
const TX_AT_ONCE_MYSQL: usize = 8;
/// Claims of unknown outcome that are remembered.
const ORPHANS_MAX: usize = 64;

/// The workers of one replica.
#[derive(Clone, Debug)]
pub struct Queue {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    topics: Arc<Vec<Topic>>,
    bell: Bell,
    lease: Micros,
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
        let mut shift = Shift::new(self);
        shift.rescue();
        loop {
            shift.start();
            match shift.events.next().await {
                Some(event) => shift.take(event),
                None if shift.failures > 0 && shift.failures < IDLE_FAILURES_MAX => {
                    tokio::time::sleep(POLL).await;
                    shift.look = Look::Claim;
                }
                None => return shift.ran,
            }
        }
    }

    pub(crate) fn ctx(&self, job: JobId) -> Ctx {
        let trace = format!("job-{job}");
        Ctx { now: self.clock.now(), actor: Actor::System, ids: self.ids.clone(), trace }
    }

    async fn claim(self, rooms: Vec<Room>, token: i64, orphans: Vec<i64>, look: Look) -> Claimed {
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

    async fn rescue(self) -> Event {
        let now = self.clock.now();
        let rescued = async {
            if !self.db.read(move |conn| sql::is_any_silent(conn, now)).await? {
                return Ok(0);
            }
            self.db.write(move |conn| sql::rescue(conn, now)).await
        };
        match rescued.await {
            Ok(0) => Event::Quiet,
            Ok(_some) => Event::Rescued,
            Err(error) => Event::Failed("lost leases were not looked for", error),
        }
    }

    async fn renew(self, held: Vec<(JobId, i64)>) -> Event {
        let until = self.clock.now().plus(self.lease);
        match self.db.write(move |conn| sql::renew(conn, &held, until)).await {
            Ok(()) => Event::Quiet,
            Err(error) => Event::Failed("leases were not renewed", error),
        }
    }

    async fn release(self, held: Vec<(JobId, i64)>) -> Event {
        let now = self.clock.now();
        match self.db.write(move |conn| sql::release(conn, now, &held)).await {
            Ok(()) => Event::Quiet,
            Err(error) => Event::Failed("leases were left to run out", error),
        }
    }

    async fn gauge(self) -> Event {
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
        match read.await {
            Ok(()) => Event::Quiet,
            Err(error) => Event::Failed("the queue was not measured", error),
        }
    }
}

/// The outcome of a claim, with what the next one must clean up if it is unknown.
struct Claimed {
    token: i64,
    orphans: Vec<i64>,
    found: Result<Vec<Held>>,
}

/// Something that a shift waited for.
enum Event {
    Claimed(Claimed),
    Ended(JobId, Tally),
    /// Jobs of silent holders may run again.
    Rescued,
    Quiet,
    Failed(&'static str, Error),
}

/// How urgently to look for jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    /// Not at all.
    No,
    /// Read whether there are any.
    Peek,
    /// Claim at once.
    Claim,
}

/// What one run of the loop has in hand.
struct Shift<'a> {
    queue: &'a Queue,
    /// Database jobs that are ours and wait for a turn.
    ready: VecDeque<(usize, Held)>,
    /// Token and topic of every job in hand.
    held: BTreeMap<JobId, (i64, usize)>,
    tx_running: usize,
    events: FuturesUnordered<BoxFuture<'static, Event>>,
    is_claiming: bool,
    look: Look,
    orphans: Vec<i64>,
    polls: u64,
    failures: u32,
    skip: u32,
    ran: Ran,
}

impl<'a> Shift<'a> {
    fn new(queue: &'a Queue) -> Self {
        Self {
            queue,
            ready: VecDeque::new(),
            held: BTreeMap::new(),
            tx_running: 0,
            events: FuturesUnordered::new(),
            is_claiming: false,
            look: Look::Claim,
            orphans: Vec::new(),
            polls: 0,
            failures: 0,
            skip: 0,
            ran: Ran::default(),
        }
    }

    /// Starts what can be started: database jobs in hand, and a claim of more.
    fn start(&mut self) {
        let turns = match self.queue.db.settings().engine() {
            Engine::Sqlite => TX_AT_ONCE_SQLITE,
            Engine::Mysql => TX_AT_ONCE_MYSQL,
        };
        while self.tx_running < turns
            && let Some((topic, held)) = self.ready.pop_front()
        {
            self.tx_running += 1;
            self.spawn(topic, held);
        }
        if self.look == Look::No || self.is_claiming || self.skip > 0 {
            return;
        }
        let rooms = self.rooms();
        if rooms.is_empty() {
            return;
        }
        self.is_claiming = true;
        let look = std::mem::replace(&mut self.look, Look::No);
        let token = self.queue.ids.next(self.queue.clock.now());
        let orphans = std::mem::take(&mut self.orphans);
        let claim = self.queue.clone().claim(rooms, token, orphans, look);
        self.events.push(Box::pin(async move { Event::Claimed(claim.await) }));
    }

    fn spawn(&mut self, topic: usize, held: Held) {
        let Some(topic) = self.queue.topics.get(topic).cloned() else { return };
        let queue = self.queue.clone();
        self.events.push(Box::pin(async move {
            let id = held.job.id;
            Event::Ended(id, queue.work(&topic, held).await)
        }));
    }

    fn rooms(&self) -> Vec<Room> {
        let topics = self.queue.topics.iter().enumerate();
        let rooms = topics.map(|(index, topic)| {
            let held = self.held.values().filter(|(_token, of)| *of == index).count();
            let jobs = match topic.handler {
                Handler::Tx(_) if self.ready.len() >= TX_HELD_MAX => 0,
                Handler::Tx(_) | Handler::Net(_) => topic.at_once.saturating_sub(held),
            };
            Room { topic: topic.name, jobs: jobs.min(CLAIM_MAX) }
        });
        rooms.filter(|room| room.jobs > 0).collect()
    }

    async fn wait(&mut self, polls: &mut Interval, stop: &Stop) {
        tokio::select! {
            Some(event) = self.events.next() => self.take(event),
            () = self.queue.bell.rung() => self.look = Look::Claim,
            _at = polls.tick() => self.poll(),
            () = stop.stopped() => {}
        }
    }

    fn poll(&mut self) {
        self.polls += 1;
        self.skip = self.skip.saturating_sub(1);
        self.look = self.look.max(Look::Peek);
        let renewal = (self.queue.lease / 3 / POLL_MICROS).max(1);
        if self.skip > 0 {
            return;
        }
        if !self.held.is_empty() && self.polls.is_multiple_of(renewal.unsigned_abs()) {
            let held = self.held.iter().map(|(id, (token, _topic))| (*id, *token)).collect();
            self.events.push(Box::pin(self.queue.clone().renew(held)));
        }
        if self.polls.is_multiple_of(RESCUE_POLLS) {
            self.rescue();
        }
        if self.polls.is_multiple_of(GAUGE_POLLS) {
            self.events.push(Box::pin(self.queue.clone().gauge()));
        }
    }

    fn rescue(&mut self) {
        self.events.push(Box::pin(self.queue.clone().rescue()));
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Claimed(claimed) => self.claimed(claimed),
            Event::Ended(id, tally) => {
                let of = self.held.remove(&id);
                let topic = of.and_then(|(_token, topic)| self.queue.topics.get(topic));
                if topic.is_some_and(|topic| matches!(topic.handler, Handler::Tx(_))) {
                    self.tx_running -= 1;
                }
                self.count(tally);
                // The next of its key may go on, and its effects may be jobs.
                self.look = Look::Claim;
            }
            Event::Quiet => {}
            Event::Rescued => self.look = Look::Claim,
            Event::Failed(what, error) => tracing::warn!(%error, "{what}"),
        }
    }

    fn count(&mut self, tally: Tally) {
        match tally {
            Tally::Over(_word) => self.ran.over += 1,
            Tally::Failed => self.ran.failed += 1,
            Tally::Retried => self.ran.retried += 1,
            Tally::Later => self.ran.later += 1,
            Tally::Lost => self.ran.lost += 1,
        }
    }

    fn claimed(&mut self, claimed: Claimed) {
        self.is_claiming = false;
        let jobs = match claimed.found {
            Ok(jobs) => jobs,
            Err(error) => return self.away(claimed.token, claimed.orphans, &error),
        };
        if self.failures > 0 {
            tracing::info!(failures = self.failures, "the queue goes on");
        }
        (self.failures, self.skip) = (0, 0);
        if !jobs.is_empty() {
            self.look = Look::Claim;
        }
        for held in jobs {
            let topics = self.queue.topics.iter();
            let Some((topic, known)) =
                topics.enumerate().find(|(_index, topic)| topic.name == held.job.topic)
            else {
                continue;
            };
            self.held.insert(held.job.id, (held.token, topic));
            match known.handler {
                Handler::Tx(_) => {
                    crash_point("inbox.claimed");
                    self.ready.push_back((topic, held));
                }
                Handler::Net(_) => {
                    crash_point("ob.claimed");
                    self.spawn(topic, held);
                }
            }
        }
    }

    /// The database did not answer. The claim may have been committed all the same: the next one
    /// gives back what it took.
    fn away(&mut self, token: i64, orphans: Vec<i64>, error: &Error) {
        if self.failures == 0 {
            tracing::warn!(%error, "the queue cannot claim, it will try again");
        }
        self.orphans = orphans;
        if self.orphans.len() < ORPHANS_MAX {
            self.orphans.push(token);
        }
        self.failures = self.failures.saturating_add(1);
        self.skip = 1_u32
            .checked_shl(self.failures.min(8))
            .map_or(AWAY_POLLS_MAX, |polls| polls.min(AWAY_POLLS_MAX));
    }

    /// Finishes what runs and gives back what was not begun. Giving back is an event like the rest:
    /// whoever waits beside the others' turn at the database would keep them from taking it.
    async fn end(mut self) {
        loop {
            let waiting = self.ready.drain(..);
            let untouched: Vec<_> =
                waiting.map(|(_topic, held)| (held.job.id, held.token)).collect();
            if !untouched.is_empty() {
                self.events.push(Box::pin(self.queue.clone().release(untouched)));
            }
            match self.events.next().await {
                Some(event) => self.take(event),
                None => return,
            }
        }
    }
}
