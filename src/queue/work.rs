//! One try of one job: run the handler, judge its end, write it down.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use db::Conn;
use futures_util::FutureExt as _;
use kernel::{Error, JobId, Kind, Micros, Result, Timestamp, crash_point, text, time};

use crate::{
    job::{End, Handler, Job, NetHandler, Record, State, Topic, TxHandler},
    run::{Held, Queue, Tally},
    sql::{self, Closing, Lease},
};

/// The first back-off, and the longest.
const BACKOFF: Micros = time::SECOND;
const BACKOFF_MAX: Micros = 5 * time::MINUTE;
/// The shortest time that [`End::Later`] puts a job off: it cannot make a hot loop.
const LATER_MIN: Micros = 100 * time::MILLI;
/// A handler that talks to others for longer has failed.
const NET_TIME_MAX: Duration = Duration::from_secs(600);
/// How often, and how patiently, the end of a try is written while the database is away: for
/// about as long as the lease lasts.
const CLOSE_TRIES: u32 = 40;
const CLOSE_PAUSE: Duration = Duration::from_millis(100);
const CLOSE_PAUSE_MAX: Duration = Duration::from_secs(2);
/// The end of a job that is no longer ours.
const LEASE_LOST: &str = "queue.lease_lost";

/// How far a database job came.
const NOT_BEGUN: u8 = 0;
const INSIDE: u8 = 1;
const RETURNED: u8 = 2;

/// What a try leaves behind.
pub(crate) struct Worked {
    pub(crate) tally: Tally,
    /// The next job of the same key, claimed as this one ended.
    pub(crate) next: Option<Held>,
    /// The token of a claim whose outcome is unknown.
    pub(crate) stray: Option<i64>,
}

/// A job in hand, without what its handler takes along.
#[derive(Clone)]
struct Try {
    id: JobId,
    token: i64,
    attempt: i32,
    topic: Topic,
    order_key: Option<String>,
    /// The token of the next of its key, and how long that is leased.
    next: i64,
    lease: Micros,
}

impl Try {
    /// Writes the end and takes the next of the key: a long row of jobs of one key is worked off
    /// without looking for each among all that are due.
    fn end(&self, conn: &mut Conn, now: Timestamp, closing: &Closing) -> Result<Option<Held>> {
        if !sql::finish(conn, now, (self.id, self.token), closing)? {
            return Err(Error::new(Kind::Invalid, LEASE_LOST, "the lease of the job was lost"));
        }
        match (closing, &self.order_key) {
            (Closing::Over { .. }, Some(key)) => {
                let lease = Lease { token: self.next, now, until: now.plus(self.lease) };
                sql::claim_next(conn, key, self.topic.name, lease)
            }
            _ => Ok(None),
        }
    }

    fn ended(&self, closing: &Closing, next: Option<Held>) -> Worked {
        let tally = match closing {
            Closing::Over { state: State::Failed, .. } => Tally::Failed,
            Closing::Over { state, .. } => Tally::Over(state.as_str()),
            Closing::Again { is_try: true, .. } => Tally::Retried,
            Closing::Again { is_try: false, .. } => Tally::Later,
        };
        Worked { tally, next, stray: None }
    }

    fn lost(&self) -> Worked {
        tracing::warn!(job = %self.id, "a job ended after its lease was lost: without effect");
        Worked { tally: Tally::Lost, next: None, stray: None }
    }
}

impl Queue {
    /// Runs a job once and writes its end.
    pub(crate) async fn work(&self, topic: &Topic, held: Held) -> Worked {
        let began = self.clock.now();
        let this = Try {
            id: held.job.id,
            token: held.token,
            attempt: held.job.attempts,
            topic: topic.clone(),
            order_key: held.job.order_key.clone(),
            next: self.ids.next(began),
            lease: self.lease,
        };
        let worked = match &topic.handler {
            Handler::Tx(handler) => self.work_inside(&this, held.job, handler.clone()).await,
            Handler::Net(handler) => self.work_outside(&this, held.job, handler.clone()).await,
        };
        let (end, ms) = (worked.tally.word(), self.clock.now().since(began) / time::MILLI);
        metrics::counter!("queue_jobs_total", "topic" => topic.name, "end" => end).increment(1);
        let (id, attempt) = (this.id, this.attempt);
        tracing::info!(job = %id, topic = topic.name, attempt, end, ms, "job ended");
        worked
    }

    async fn work_inside(&self, this: &Try, job: Job, handler: Arc<TxHandler>) -> Worked {
        let ctx = self.ctx(this.id);
        let stage = Arc::new(AtomicU8::new(NOT_BEGUN));
        let (inside, ours) = (stage.clone(), this.clone());
        let done = self.db.write(move |conn| {
            inside.store(INSIDE, Ordering::SeqCst);
            let end = handler(conn, &ctx, &job);
            inside.store(RETURNED, Ordering::SeqCst);
            let closing = closing(end?, ctx.now)?;
            let next = ours.end(conn, ctx.now, &closing)?;
            Ok((closing, next))
        });
        let error = match done.await {
            Ok((closing, next)) => return this.ended(&closing, next),
            Err(error) if error.code() == LEASE_LOST => return this.lost(),
            Err(error) => error,
        };
        let closing = match stage.load(Ordering::SeqCst) {
            // It waited for a turn in vain: the database is busy, not the job at fault.
            NOT_BEGUN => {
                let at = self.clock.now().plus(BACKOFF);
                Closing::Again { at, why: error.to_string(), is_try: false }
            }
            INSIDE if !error.is_transient() => self.judge(this, &panicked(&error.to_string())),
            _ => self.judge(this, &error),
        };
        let worked = self.close(this, closing, None).await;
        Worked { stray: Some(this.next), ..worked }
    }

    async fn work_outside(&self, this: &Try, job: Job, handler: Arc<NetHandler>) -> Worked {
        let ctx = self.ctx(this.id);
        let work = AssertUnwindSafe(async move { handler(ctx, job).await }).catch_unwind();
        let (end, record) = match tokio::time::timeout(NET_TIME_MAX, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => {
                let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
                let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
                (End::Failed(panicked(&said.unwrap_or_default())), None)
            }
            Err(_late) => {
                (End::Failed(Error::new(Kind::Busy, "queue.too_slow", "执行超过十分钟")), None)
            }
        };
        crash_point("ob.sent");
        let closing = match closing(end, self.clock.now()) {
            Ok(closing) => closing,
            Err(error) => self.judge(this, &error),
        };
        let worked = self.close(this, closing, record).await;
        crash_point("ob.marked");
        worked
    }

    /// Writes the end of a try, again and again while the database is away: what was sent and is
    /// not marked would be sent again.
    async fn close(&self, this: &Try, mut closing: Closing, record: Option<Record>) -> Worked {
        let mut record = record.map(|record| Arc::new(Mutex::new(record)));
        let (mut pause, mut stray) = (CLOSE_PAUSE, None);
        for _try in 0..CLOSE_TRIES {
            let error = match self.write_end(this, &closing, record.clone()).await {
                Ok(next) => return Worked { stray, ..this.ended(&closing, next) },
                Err(error) if error.code() == LEASE_LOST => {
                    return Worked { stray, ..this.lost() };
                }
                Err(error) => error,
            };
            stray = Some(this.next);
            if error.is_transient() {
                tokio::time::sleep(pause).await;
                pause = CLOSE_PAUSE_MAX.min(pause * 2);
                continue;
            }
            // The record itself is at fault. Running the job again would repeat what was sent.
            tracing::error!(job = %this.id, %error, "a job's record could not be written");
            let outcome = format!("已执行，但结果无法入库：{error}");
            closing = Closing::Over { state: State::Failed, outcome };
            record = None;
        }
        tracing::error!(job = %this.id, "a job's end could not be written, its lease runs out");
        Worked { tally: Tally::Lost, next: None, stray }
    }

    async fn write_end(
        &self,
        this: &Try,
        closing: &Closing,
        record: Option<Arc<Mutex<Record>>>,
    ) -> Result<Option<Held>> {
        let ctx = self.ctx(this.id);
        let (this, closing) = (this.clone(), closing.clone());
        let written = self.db.write(move |conn| {
            let next = this.end(conn, ctx.now, &closing)?;
            if let Some(record) = &record {
                record.lock().unwrap_or_else(PoisonError::into_inner)(conn, &ctx)?;
            }
            Ok(next)
        });
        written.await
    }

    /// What follows from an error: again after a pause, or the grave.
    fn judge(&self, this: &Try, error: &Error) -> Closing {
        let Try { id, attempt, topic, .. } = this;
        let outcome = error.to_string();
        if !error.is_transient() || *attempt >= topic.tries {
            tracing::warn!(job = %id, topic = topic.name, %attempt, %error, at = %error.at(), "job buried");
            return Closing::Over { state: State::Failed, outcome };
        }
        let at = self.clock.now().plus(backoff(*id, *attempt));
        Closing::Again { at, why: outcome, is_try: true }
    }
}

/// 1, 2, 4, 8… seconds and up to a quarter more, so that jobs that failed together do not come
/// back together. The same job waits equally long in every run.
fn backoff(id: JobId, attempt: i32) -> Micros {
    let doublings = u32::try_from(attempt.clamp(1, 20) - 1).unwrap_or_default();
    let base = (BACKOFF << doublings).min(BACKOFF_MAX);
    let mixed = id.0.wrapping_add(i64::from(attempt)).wrapping_mul(0x2545_F491_4F6C_DD1D);
    (base + (mixed >> 32).rem_euclid(base / 4)).min(BACKOFF_MAX)
}

fn closing(end: End, now: Timestamp) -> Result<Closing> {
    let over = |state, outcome: String| Ok(Closing::Over { state, outcome: text::clean(&outcome) });
    match end {
        End::Done(what) => over(State::Done, what),
        End::Ignored(why) => over(State::Ignored, why),
        End::Merged(what) => over(State::Merged, what),
        End::Expired(why) => over(State::Expired, why),
        End::Later { at, why } => {
            Ok(Closing::Again { at: at.max(now.plus(LATER_MIN)), why, is_try: false })
        }
        End::Failed(error) => Err(error),
    }
}

fn panicked(said: &str) -> Error {
    Error::new(Kind::Busy, "queue.panicked", format!("处理程序异常中断：{said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_with_a_little_more_and_ends_at_five_minutes() {
        for id in [1, 7, i64::MAX, 123_456_789_012_345] {
            for (attempt, least) in [(1, 1), (2, 2), (3, 4), (4, 8), (8, 128), (9, 256)] {
                let (least, wait) = (least * time::SECOND, backoff(JobId(id), attempt));
                assert!((least..=least * 5 / 4).contains(&wait), "{id} {attempt} {wait}");
                assert_eq!(wait, backoff(JobId(id), attempt));
            }
            assert_eq!(backoff(JobId(id), 99), BACKOFF_MAX);
        }
        assert_ne!(backoff(JobId(1), 1), backoff(JobId(2), 1));
    }

    #[test]
    fn later_is_never_at_once() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let end = End::Later { at: Timestamp(0), why: String::new() };
        let Ok(Closing::Again { at, is_try, .. }) = closing(end, now) else {
            panic!("later means again")
        };
        assert!(at > now && !is_try);
    }
}
