//! What a job is, what may become of it, and who does it.

use std::{fmt, sync::Arc};

use db::Conn;
use futures_util::future::BoxFuture;
use kernel::{Ctx, Error, JobId, Result, Timestamp};

/// The longest once_key or order_key, in characters.
pub const KEY_CHARS_MAX: usize = 191;

/// A job to put.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Which [`Topic`] does it. `inbox…` and `outbox…` are shown on those sides to operators.
    pub topic: &'static str,
    /// What the handler reads, usually JSON. Rendered here once: every try sees the same bytes.
    pub body: String,
    /// Jobs with the same key run one after another, in the order of their due times.
    pub order_key: Option<&'a str>,
    /// A second job with the same key is a repeat, for as long as the first is kept.
    pub once_key: Option<&'a str>,
    /// Not before this instant: `ctx.now` for at once.
    pub due_at: Timestamp,
}

/// What became of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is in the queue.
    New(JobId),
    /// Its once_key was there before: nothing was added.
    Repeat,
}

/// A job as its handler sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id: the same on every try.
    pub id: JobId,
    /// Its topic.
    pub topic: String,
    /// What to do.
    pub body: String,
    /// Which try this is, from 1.
    pub attempts: i32,
    /// The key of its order.
    pub order_key: Option<String>,
    /// The key that tells repeats.
    pub once_key: Option<String>,
    /// When it was due, or due again.
    pub due_at: Timestamp,
    /// When it was put.
    pub created_at: Timestamp,
}

/// How a try ended. The texts are shown to operators.
#[derive(Clone, Debug)]
pub enum End {
    /// It is done.
    Done(String),
    /// There was nothing to do.
    Ignored(String),
    /// Its content went out with another job.
    Merged(String),
    /// It came too late to be of use.
    Expired(String),
    /// Not now: run it again at `at`. Does not count as a try; holds back its own order_key only.
    Later {
        /// When to run it again.
        at: Timestamp,
        /// What it waits for.
        why: String,
    },
    /// It went wrong: run again with back-off when the error is transient, buried otherwise.
    Failed(Error),
}

/// What must be written in the transaction that ends the job. May run more than once.
pub type Record = Box<dyn Fn(&mut Conn, &Ctx) -> Result<()> + Send>;

/// A handler inside the transaction that ends the job. May run more than once.
pub type TxHandler = dyn Fn(&mut Conn, &Ctx, &Job) -> Result<End> + Send + Sync;
/// A handler outside any transaction.
pub type NetHandler = dyn Fn(Ctx, Job) -> BoxFuture<'static, (End, Option<Record>)> + Send + Sync;

/// Who does a job.
#[derive(Clone)]
pub enum Handler {
    /// Works on our database only: effects and end are one transaction, so they happen once.
    Tx(Arc<TxHandler>),
    /// Talks to other systems: happens at least once, then its end is recorded.
    Net(Arc<NetHandler>),
}

/// A kind of work.
#[derive(Clone)]
pub struct Topic {
    /// Its stable name: letters, digits, `.`, `_` and `-`.
    pub name: &'static str,
    /// How many tries before a job is buried.
    pub tries: i32,
    /// How many of its jobs this replica holds at once.
    pub at_once: usize,
    /// Who does it.
    pub handler: Handler,
}

impl fmt::Debug for Topic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Topic({})", self.name)
    }
}

/// Where a job is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Waits for its time, its turn or its next try.
    Pending,
    /// Leased by a replica.
    Running,
    /// Done.
    Done,
    /// There was nothing to do.
    Ignored,
    /// Went out with another job.
    Merged,
    /// Came too late.
    Expired,
    /// Buried: a person must look.
    Failed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Running,
        Self::Done,
        Self::Ignored,
        Self::Merged,
        Self::Expired,
        Self::Failed,
    ];

    /// The word in the table, in URLs and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Merged => "merged",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}
