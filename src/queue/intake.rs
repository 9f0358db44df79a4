//! The way in for callbacks: many share one insert and one commit, and nobody is told before it.
//! While the database is away or silent, messages go to the spool instead, in time for the
//! platform's patience, and from there to the database, once, in order.

mod threads;

use std::{
    borrow::Cow,
    collections::VecDeque,
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use db::Db;
use futures_util::future::BoxFuture;
use kernel::{Clock, Error, Ids, JobId, Kind, Result};
use tokio::sync::oneshot;

use crate::{
    spool::{Row, Spool},
    sql::check_key,
    stop::Bell,
};

/// Messages, and bytes of theirs, that wait for the writer at most; more go to the spool.
const WAITING_MAX: usize = 8192;
const WAITING_BYTES_MAX: usize = 64 << 20;
/// How long a stop waits for the threads.
const STOP_MAX: Duration = Duration::from_secs(5);
const STOP_LOOK: Duration = Duration::from_millis(5);

/// A message to accept.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The topic that works on it.
    pub topic: &'static str,
    /// What tells a repeat.
    pub once_key: String,
    /// What it is in order with.
    pub order_key: Option<String>,
    /// The message.
    pub body: String,
}

/// Where an accepted message is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// In the database, from now or from an earlier delivery.
    Stored,
    /// On this machine's disk; it goes to the database later.
    Spooled,
}

/// What takes messages in: the [`Intake`], or what a measurement puts in its place.
pub trait Accept: Send + Sync {
    /// Takes a message. When this gives a place, the message may be acknowledged.
    fn accept(&self, message: Incoming) -> BoxFuture<'_, Result<Accepted>>;

    /// Whether messages go to the spool.
    fn is_away(&self) -> bool;
}

/// How patient the intake is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rung when there is something to work on.
    pub bell: Bell,
    /// How long a message waits for the database before it goes to the spool.
    pub patience: Duration,
    /// How long a message waits altogether.
    pub deadline: Duration,
    /// How long the database may hold up the writer before another takes over.
    pub stuck: Duration,
    /// How often an absent database is tried.
    pub retry: Duration,
}

impl Settings {
    /// What WeCom's five seconds ask for.
    pub fn new(bell: Bell) -> Self {
        Self {
            bell,
            patience: Duration::from_millis(3500),
            deadline: Duration::from_millis(4400),
            // Longer than the database room itself waits for a connection, tries included.
            stuck: Duration::from_secs(8),
            retry: Duration::from_secs(1),
        }
    }
}

/// Accepts messages. Two threads of its own do the work: a writer and a keeper of the spool.
#[derive(Debug)]
pub struct Intake {
    shared: Arc<Shared>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

/// What a waiting caller hears.
#[derive(Debug)]
enum Told {
    /// It is safe.
    Safe,
    /// The database is away: try the spool.
    Away,
    /// It cannot be kept.
    Refused(Error),
}

/// A message and who waits for it.
#[derive(Debug)]
struct Waiting {
    row: Arc<Row>,
    tell: oneshot::Sender<Told>,
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.row.body.len()
    }
}

#[derive(Debug)]
struct Shared {
    db: Db,
    clock: Clock,
    ids: Ids,
    spool: Spool,
    settings: Settings,
    lanes: Mutex<Lanes>,
    for_writer: Condvar,
    for_keeper: Condvar,
    /// Callers that wait for an answer.
    accepting: AtomicUsize,
}

/// Counts a caller for as long as it waits.
struct Accepting<'a>(&'a AtomicUsize);

impl<'a> Accepting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Accepting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug, Default)]
struct Lanes {
    /// Messages for the database.
    writing: VecDeque<Waiting>,
    writing_bytes: usize,
    /// Messages for the spool.
    keeping: VecDeque<Waiting>,
    /// The keeper has messages in hand that are in neither place.
    is_keeping: bool,
    /// Everything goes to the spool, until that is empty again.
    is_away: bool,
    /// Try the database now.
    is_nudged: bool,
    /// Since when the writer has been waiting for the database.
    busy_since: Option<Instant>,
    /// Which writer is the one. An earlier one ends when the database lets it go.
    generation: u64,
    /// How many writers there are, with those that the database holds.
    writers: usize,
    /// No more messages are taken.
    is_closed: bool,
    /// The keeper ends as well.
    is_over: bool,
}

impl Intake {
    /// Starts the threads. What an earlier run left in the spool is drained first.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(db: Db, clock: Clock, ids: Ids, spool: Spool, settings: Settings) -> Result<Self> {
        let is_away = !spool.is_empty();
        let shared = Arc::new(Shared {
            db,
            clock,
            ids,
            spool,
            settings,
            lanes: Mutex::new(Lanes { is_away, ..Lanes::default() }),
            for_writer: Condvar::new(),
            for_keeper: Condvar::new(),
            accepting: AtomicUsize::new(0),
        });
        threads::start_writer(&shared)?;
        let keeper = threads::start_keeper(&shared)?;
        Ok(Self { shared, keeper: Mutex::new(Some(keeper)) })
    }

    /// Takes a message. When this returns it is on a disk: it may be acknowledged.
    ///
    /// # Errors
    /// `spool.full`, `spool.late` when nothing can keep it: then nobody may acknowledge it, and the
    /// platform's own time-out brings it again. `queue.key_too_long`; `intake.stopped`.
    pub async fn accept(&self, message: Incoming) -> Result<Accepted> {
        check_key(Some(&message.once_key))?;
        check_key(message.order_key.as_deref())?;
        let _counted = Accepting::new(&self.shared.accepting);
        let began = tokio::time::Instant::now();
        let (row, settings) = (Arc::new(self.shared.stamp(message)), &self.shared.settings);
        if let Some(told) = self.shared.offer(&row)? {
            match tokio::time::timeout_at(began + settings.patience, told).await {
                Ok(Ok(Told::Safe)) => return Ok(Accepted::Stored),
                Ok(Ok(Told::Refused(error))) => return Err(error),
                Ok(Ok(Told::Away) | Err(_)) => {}
                Err(_late) => self.shared.leave("the database did not answer in time"),
            }
        }
        let told = self.shared.keep(&row)?;
        match tokio::time::timeout_at(began + settings.deadline, told).await {
            Ok(Ok(Told::Safe)) => Ok(Accepted::Spooled),
            Ok(Ok(Told::Refused(error))) => Err(error),
            Ok(Ok(Told::Away) | Err(_)) | Err(_) => {
                Err(Error::new(Kind::Busy, "spool.late", "暂存目录没有及时写完"))
            }
        }
    }

    /// Has the spool drained now rather than within the second.
    pub fn drain(&self) {
        self.shared.lock().is_nudged = true;
        self.shared.for_writer.notify_all();
    }

    /// Whether messages go to the spool.
    pub fn is_away(&self) -> bool {
        self.shared.lock().is_away
    }

    /// How many messages wait in the spool.
    pub fn spooled(&self) -> u64 {
        self.shared.spool.records()
    }

    /// Takes no more messages, and returns when those that wait are safe, or after five seconds.
    pub async fn stop(&self) {
        self.shared.lock().is_closed = true;
        self.shared.for_writer.notify_all();
        let deadline = tokio::time::Instant::now() + STOP_MAX;
        let is_late = || tokio::time::Instant::now() > deadline;
        while self.shared.accepting.load(Ordering::SeqCst) > 0 && !is_late() {
            tokio::time::sleep(STOP_LOOK).await;
        }
        self.shared.lock().is_over = true;
        self.shared.for_keeper.notify_all();
        let keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner).take();
        while keeper.as_ref().is_some_and(|keeper| !keeper.is_finished()) && !is_late() {
            tokio::time::sleep(STOP_LOOK).await;
        }
    }
}

impl Accept for Intake {
    fn accept(&self, message: Incoming) -> BoxFuture<'_, Result<Accepted>> {
        Box::pin(Self::accept(self, message))
    }

    fn is_away(&self) -> bool {
        Self::is_away(self)
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        let mut lanes = self.shared.lock();
        (lanes.is_closed, lanes.is_over) = (true, true);
        drop(lanes);
        self.shared.for_writer.notify_all();
        self.shared.for_keeper.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stamp(&self, message: Incoming) -> Row {
        let at = self.clock.now();
        let Incoming { topic, once_key, order_key, body } = message;
        let id = JobId::next(&self.ids, at);
        Row { id, topic: Cow::Borrowed(topic), once_key, order_key, body, at }
    }

    /// Queues a message for the database; nothing when it should go to the spool at once.
    fn offer(&self, row: &Arc<Row>) -> Result<Option<oneshot::Receiver<Told>>> {
        let mut lanes = self.lock();
        if lanes.is_closed {
            return Err(stopped());
        }
        let is_full =
            lanes.writing.len() >= WAITING_MAX || lanes.writing_bytes >= WAITING_BYTES_MAX;
        if lanes.is_away || is_full {
            return Ok(None);
        }
        let (tell, told) = oneshot::channel();
        let waiting = Waiting { row: row.clone(), tell };
        lanes.writing_bytes += waiting.bytes();
        lanes.writing.push_back(waiting);
        drop(lanes);
        self.for_writer.notify_one();
        Ok(Some(told))
    }

    fn keep(&self, row: &Arc<Row>) -> Result<oneshot::Receiver<Told>> {
        let mut lanes = self.lock();
        if lanes.is_over {
            return Err(stopped());
        }
        let (tell, told) = oneshot::channel();
        lanes.keeping.push_back(Waiting { row: row.clone(), tell });
        drop(lanes);
        self.for_keeper.notify_one();
        Ok(told)
    }

    /// From here on everything goes to the spool, at once, with what waits for the database.
    fn leave(&self, why: &str) {
        let mut lanes = self.lock();
        let waiting = mem::take(&mut lanes.writing);
        lanes.writing_bytes = 0;
        if !mem::replace(&mut lanes.is_away, true) {
            tracing::warn!(why, waiting = waiting.len(), "messages go to the spool");
        }
        drop(lanes);
        for one in waiting {
            // Who no longer waits has gone to the spool already.
            let _gone = one.tell.send(Told::Away);
        }
        self.for_writer.notify_all();
        self.for_keeper.notify_all();
    }
}

fn stopped() -> Error {
    Error::new(Kind::Busy, "intake.stopped", "服务正在停止")
}
