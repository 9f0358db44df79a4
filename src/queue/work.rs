//! One try of one job: run the handler, judge its end, write it down.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt as _;
use kernel::{Error, JobId, Kind, Micros, Result, Timestamp, crash_point, text, time};

use crate::{
    job::{End, Handler, NetHandler, Record, State, Topic, TxHandler},
    run::{Held, Queue, Tally},
    sql::{self, Closing},
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

impl Queue {
    /// Runs a job once and writes its end.
    pub(crate) async fn work(&self, topic: &Topic, held: Held) -> Tally {
        let began = self.clock.now();
        let (id, attempt) = (held.job.id, held.job.attempts);
        let order_key = held.job.order_key.clone();
        let tally = match &topic.handler {
            Handler::Tx(handler) => self.work_inside(topic, held, handler.clone()).await,
            Handler::Net(handler) => self.work_outside(topic, held, handler.clone()).await,
        };
        let (end, ms) = (tally.word(), self.clock.now().since(began) / time::MILLI);
        metrics::counter!("queue_jobs_total", "topic" => topic.name, "end" => end).increment(1);
        tracing::info!(job = %id, topic = topic.name, attempt, order_key, end, ms, "job ended");
        tally
    }

    async fn work_inside(&self, topic: &Topic, held: Held, handler: Arc<TxHandler>) -> Tally {
        let (ctx, lease) = (self.ctx(held.job.id), (held.job.id, held.token));
        let attempt = held.job.attempts;
        let stage = Arc::new(AtomicU8::new(NOT_BEGUN));
        let inside = stage.clone();
        let done = self.db.write(move |conn| {
            inside.store(INSIDE, Ordering::SeqCst);
            let end = handler(conn, &ctx, &held.job);
            inside.store(RETURNED, Ordering::SeqCst);
            let closing = closing(end?, ctx.now)?;
            match sql::finish(conn, ctx.now, lease, &closing)? {
                true => Ok(closing),
                false => Err(lease_lost()),
            }
        });
        let error = match done.await {
            Ok(closing) => return tally(&closing),
            Err(error) if error.code() == LEASE_LOST => return lost(lease.0),
            Err(error) => error,
        };
        let closing = match stage.load(Ordering::SeqCst) {
            // It waited for a turn in vain: the database is busy, not the job at fault.
            NOT_BEGUN => {
                let at = self.clock.now().plus(BACKOFF);
                Closing::Again { at, why: error.to_string(), is_try: false }
            }
            INSIDE if !error.is_transient() => {
                self.judge(topic, lease.0, attempt, &panicked(&error.to_string()))
            }
            _ => self.judge(topic, lease.0, attempt, &error),
        };
        self.close(lease, closing, None).await
    }

    async fn work_outside(&self, topic: &Topic, held: Held, handler: Arc<NetHandler>) -> Tally {
        let (ctx, lease) = (self.ctx(held.job.id), (held.job.id, held.token));
        let attempt = held.job.attempts;
        let work = AssertUnwindSafe(async move { handler(ctx, held.job).await }).catch_unwind();
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
            Err(error) => self.judge(topic, lease.0, attempt, &error),
        };
        let tally = self.close(lease, closing, record).await;
        crash_point("ob.marked");
        tally
    }

    /// Writes the end of a try, again and again while the database is away: what was sent and is
    /// not marked would be sent again.
    async fn close(
        &self,
        lease: (JobId, i64),
        mut closing: Closing,
        record: Option<Record>,
    ) -> Tally {
        let mut record = record.map(|record| Arc::new(Mutex::new(record)));
        let mut pause = CLOSE_PAUSE;
        for _try in 0..CLOSE_TRIES {
            let error = match self.write_end(lease, &closing, record.clone()).await {
                Ok(()) => return tally(&closing),
                Err(error) if error.code() == LEASE_LOST => return lost(lease.0),
                Err(error) => error,
            };
            if error.is_transient() {
                tokio::time::sleep(pause).await;
                pause = CLOSE_PAUSE_MAX.min(pause * 2);
                continue;
            }
            // The record itself is at fault. Running the job again would repeat what was sent.
            tracing::error!(job = %lease.0, %error, "a job's record could not be written");
            let outcome = format!("已执行，但结果无法入库：{error}");
            closing = Closing::Over { state: State::Failed, outcome };
            record = None;
        }
        tracing::error!(job = %lease.0, "a job's end could not be written, its lease runs out");
        Tally::Lost
    }

    async fn write_end(
        &self,
        lease: (JobId, i64),
        closing: &Closing,
        record: Option<Arc<Mutex<Record>>>,
    ) -> Result<()> {
        let ctx = self.ctx(lease.0);
        let closing = closing.clone();
        let written = self.db.write(move |conn| {
            if !sql::finish(conn, ctx.now, lease, &closing)? {
                return Err(lease_lost());
            }
            match &record {
                Some(record) => record.lock().unwrap_or_else(PoisonError::into_inner)(conn, &ctx),
                None => Ok(()),
            }
        });
        written.await
    }

    /// What follows from an error: again after a pause, or the grave.
    fn judge(&self, topic: &Topic, id: JobId, attempt: i32, error: &Error) -> Closing {
        let outcome = error.to_string();
        if !error.is_transient() || attempt >= topic.tries {
            tracing::warn!(job = %id, topic = topic.name, attempt, %error, at = %error.at(), "job buried");
            return Closing::Over { state: State::Failed, outcome };
        }
        let at = self.clock.now().plus(backoff(id, attempt));
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

fn tally(closing: &Closing) -> Tally {
    match closing {
        Closing::Over { state: State::Failed, .. } => Tally::Failed,
        Closing::Over { state, .. } => Tally::Over(state.as_str()),
        Closing::Again { is_try: true, .. } => Tally::Retried,
        Closing::Again { is_try: false, .. } => Tally::Later,
    }
}

fn lost(id: JobId) -> Tally {
    tracing::warn!(job = %id, "a job ended after its lease was lost: without effect");
    Tally::Lost
}

fn lease_lost() -> Error {
    Error::new(Kind::Invalid, LEASE_LOST, "the lease of the job was lost")
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
