//! One run of the loop: what it has in hand and what it waits for. It holds nothing that may be
//! lost: whatever it forgets comes back when the lease runs out.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
};

use db::Engine;
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use kernel::{Error, JobId, Result, crash_point};
use tokio::time::Interval;

use crate::{
    job::Handler,
    run::{CLAIM_MAX, Held, POLL_MICROS, Queue, Ran, Tally},
    sql::Room,
    stop::Stop,
    work::Worked,
};

/// Polls between looks for lost leases, and between readings of the gauges.
const RESCUE_POLLS: u64 = 8;
const GAUGE_POLLS: u64 = 40;
/// Polls that are skipped at most while the database is away.
const AWAY_POLLS_MAX: u32 = 16;
/// Database jobs that a replica holds at most.
const TX_HELD_MAX: usize = 64;
/// Database jobs that run at once. SQLite has one writer: the second waits at its door.
const TX_AT_ONCE_SQLITE: usize = 2;
const TX_AT_ONCE_MYSQL: usize = 8;
/// Claims of unknown outcome that are remembered.
const ORPHANS_MAX: usize = 64;

/// The outcome of a claim, with what the next one must clean up if it is unknown.
pub(crate) struct Claimed {
    pub(crate) token: i64,
    pub(crate) orphans: Vec<i64>,
    pub(crate) found: Result<Vec<Held>>,
}

/// Something that a shift waited for.
pub(crate) enum Event {
    Claimed(Claimed),
    Ended(JobId, Worked),
    /// Jobs of silent holders may run again.
    Rescued,
    Quiet,
    Failed(&'static str, Error),
}

/// How urgently to look for jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Look {
    /// Not at all.
    No,
    /// Read whether there are any.
    Peek,
    /// Claim at once.
    Claim,
}

/// What one run of the loop has in hand.
pub(crate) struct Shift<'a> {
    queue: &'a Queue,
    /// Jobs that are ours and wait: database jobs for a turn, at the end all to be given back.
    ready: VecDeque<(usize, Held)>,
    /// Token and topic of every job in hand.
    held: BTreeMap<JobId, (i64, usize)>,
    tx_running: usize,
    pub(crate) events: FuturesUnordered<BoxFuture<'static, Event>>,
    is_claiming: bool,
    is_ending: bool,
    look: Look,
    orphans: Vec<i64>,
    polls: u64,
    pub(crate) failures: u32,
    skip: u32,
    pub(crate) ran: Ran,
}

impl<'a> Shift<'a> {
    pub(crate) fn new(queue: &'a Queue) -> Self {
        Self {
            queue,
            ready: VecDeque::new(),
            held: BTreeMap::new(),
            tx_running: 0,
            events: FuturesUnordered::new(),
            is_claiming: false,
            is_ending: false,
            look: Look::Claim,
            orphans: Vec::new(),
            polls: 0,
            failures: 0,
            skip: 0,
            ran: Ran::default(),
        }
    }

    /// Starts what can be started: database jobs in hand, and a claim of more.
    pub(crate) fn start(&mut self) {
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
        let look = mem::replace(&mut self.look, Look::No);
        let token = self.queue.ids.next(self.queue.clock.now());
        let orphans = mem::take(&mut self.orphans);
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

    pub(crate) async fn wait(&mut self, polls: &mut Interval, stop: &Stop) {
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
        if self.polls.is_multiple_of(renewal.unsigned_abs()) {
            self.renew();
        }
        if self.polls.is_multiple_of(RESCUE_POLLS) {
            let rescue = self.queue.clone().rescue();
            self.events.push(Box::pin(async move {
                match rescue.await {
                    Ok(0) => Event::Quiet,
                    Ok(_some) => Event::Rescued,
                    Err(error) => Event::Failed("lost leases were not looked for", error),
                }
            }));
        }
        if self.polls.is_multiple_of(GAUGE_POLLS) {
            self.chore("the queue was not measured", self.queue.clone().gauge());
        }
    }

    fn renew(&mut self) {
        if !self.held.is_empty() {
            let held = self.held.iter().map(|(id, (token, _topic))| (*id, *token)).collect();
            self.chore("leases were not renewed", self.queue.clone().renew(held));
        }
    }

    /// Looks again, after a pause, for what could not be had.
    pub(crate) fn try_again(&mut self) {
        (self.look, self.skip) = (Look::Claim, 0);
    }

    /// Something to do beside the jobs. An event like the rest: whoever waited here, between the
    /// jobs and their turn at the database, would keep them from taking it.
    fn chore<T>(
        &mut self,
        what: &'static str,
        chore: impl Future<Output = Result<T>> + Send + 'static,
    ) {
        self.events.push(Box::pin(async move {
            match chore.await {
                Ok(_done) => Event::Quiet,
                Err(error) => Event::Failed(what, error),
            }
        }));
    }

    pub(crate) fn take(&mut self, event: Event) {
        match event {
            Event::Claimed(claimed) => self.claimed(claimed),
            Event::Ended(id, worked) => self.ended(id, worked),
            Event::Quiet => {}
            Event::Rescued => self.look = Look::Claim,
            Event::Failed(what, error) => tracing::warn!(%error, "{what}"),
        }
    }

    fn ended(&mut self, id: JobId, worked: Worked) {
        let of = self.held.remove(&id);
        let topic = of.and_then(|(_token, topic)| self.queue.topics.get(topic));
        if topic.is_some_and(|topic| matches!(topic.handler, Handler::Tx(_))) {
            self.tx_running -= 1;
        }
        self.count(worked.tally);
        if self.orphans.len() < ORPHANS_MAX {
            self.orphans.extend(worked.stray);
        }
        // Its effects may be jobs, and the next of its key may go on: when that is in hand
        // already, the others are only looked for.
        self.look = self.look.max(if worked.next.is_some() { Look::Peek } else { Look::Claim });
        if let Some(next) = worked.next {
            self.hold(next);
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
            self.renew();
        }
        (self.failures, self.skip) = (0, 0);
        if !jobs.is_empty() {
            self.look = Look::Claim;
        }
        jobs.into_iter().for_each(|held| self.hold(held));
    }

    fn hold(&mut self, held: Held) {
        let mut topics = self.queue.topics.iter().enumerate();
        let Some((topic, known)) = topics.find(|(_index, topic)| topic.name == held.job.topic)
        else {
            return;
        };
        self.held.insert(held.job.id, (held.token, topic));
        match known.handler {
            Handler::Tx(_) => {
                crash_point("inbox.claimed");
                self.ready.push_back((topic, held));
            }
            Handler::Net(_) if self.is_ending => self.ready.push_back((topic, held)),
            Handler::Net(_) => {
                crash_point("ob.claimed");
                self.spawn(topic, held);
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

    /// Finishes what runs and gives back what was not begun.
    pub(crate) async fn end(mut self) {
        self.is_ending = true;
        loop {
            let waiting = self.ready.drain(..);
            let untouched: Vec<_> =
                waiting.map(|(_topic, held)| (held.job.id, held.token)).collect();
            if !untouched.is_empty() {
                let release = self.queue.clone().release(untouched);
                self.chore("leases were left to run out", release);
            }
            match self.events.next().await {
                Some(event) => self.take(event),
                None => return,
            }
        }
    }
}
