//! Lanes: how many may use the database at once. Callers queue on an async gate before they take a
//! thread, wait at most [`Settings::wait`] for a turn and [`Settings::deadline`] altogether, so
//! that a database that hangs holds up a bounded number of threads and nobody else.

use std::{sync::Arc, time::Duration};

use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use kernel::{Error, Kind, Micros, Result};
use r2d2::ManageConnection;
use tokio::sync::Semaphore;

use crate::{
    conn::Conn,
    error::{AWAY, CLASH, OrDb as _, is_away},
    settings::{Engine, Settings},
};

/// How often a transaction is run before its clash is reported.
const TRIES: u32 = 8;
/// Connections of the lane that only the intake of callbacks uses.
const INTAKE_CONNECTIONS: u32 = 2;

struct Manager {
    settings: Settings,
    read_only: bool,
}

/// A connection that remembers that it must not be used again.
struct Held {
    conn: Conn,
    is_broken: bool,
}

impl ManageConnection for Manager {
    type Connection = Held;
    type Error = Error;

    fn connect(&self) -> Result<Held> {
        let mut conn = Conn::open(&self.settings)?;
        if let (Conn::Sqlite(sqlite), true) = (&mut conn, self.read_only) {
            use diesel::connection::SimpleConnection as _;
            sqlite.batch_execute("PRAGMA query_only = ON").or_db()?;
        }
        Ok(Held { conn, is_broken: false })
    }

    fn is_valid(&self, _held: &mut Held) -> Result<()> {
        Ok(())
    }

    fn has_broken(&self, held: &mut Held) -> bool {
        held.is_broken || std::thread::panicking()
    }
}

#[derive(Clone)]
struct Lane {
    pool: r2d2::Pool<Manager>,
    gate: Arc<Semaphore>,
}

impl Lane {
    fn new(settings: &Settings, connections: u32, read_only: bool) -> Self {
        let pool = r2d2::Pool::builder()
            .max_size(connections)
            .min_idle(Some(0))
            .connection_timeout(span(settings.wait))
            .max_lifetime(Some(Duration::from_secs(300)))
            .idle_timeout(Some(Duration::from_secs(60)))
            .test_on_check_out(false)
            .error_handler(Box::new(r2d2::NopErrorHandler))
            .build_unchecked(Manager { settings: settings.clone(), read_only });
        let permits = usize::try_from(connections).unwrap_or(1);
        Self { pool, gate: Arc::new(Semaphore::new(permits)) }
    }
}

/// The database. Cheap to clone; opening it makes no connection.
#[derive(Clone)]
pub struct Db {
    settings: Settings,
    reads: Lane,
    writes: Lane,
    intake: Lane,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Db({})", self.settings.masked())
    }
}

fn span(micros: Micros) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

fn busy(detail: &'static str) -> Error {
    Error::new(Kind::Busy, AWAY, detail)
}

impl Db {
    /// The database behind these settings.
    pub fn new(settings: Settings) -> Self {
        let (reads, writes, intake) = match settings.engine() {
            // One writer, for SQLite has one; readers never wait for it.
            Engine::Sqlite => {
                let writes = Lane::new(&settings, 1, false);
                (Lane::new(&settings, settings.connections, true), writes.clone(), writes)
            }
            Engine::Mysql => {
                let both = Lane::new(&settings, settings.connections, false);
                (both.clone(), both, Lane::new(&settings, INTAKE_CONNECTIONS, false))
            }
        };
        Self { settings, reads, writes, intake }
    }

    /// Where it is.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Reads. Run again once on a fresh connection when the old one turns out to be lost.
    ///
    /// # Errors
    /// Those of `f`; `db.away` when no answer came in time.
    pub async fn read<T, F>(&self, f: F) -> Result<T>
    where
        F: Fn(&mut Conn) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.queue(&self.reads, move |pool| retrying(pool, &f, Mode::Read)).await
    }

    /// One transaction: BEGIN IMMEDIATE on SQLite, READ COMMITTED on MySQL. `f` is run again as a
    /// whole after a clash, so it must be free of effects other than on the connection.
    ///
    /// # Errors
    /// Those of `f`, rolled back; `db.away` when no answer came in time (the outcome is then
    /// unknown); `db.clash` after the eighth try.
    pub async fn write<T, F>(&self, f: F) -> Result<T>
    where
        F: Fn(&mut Conn) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.queue(&self.writes, move |pool| retrying(pool, &f, Mode::Write)).await
    }

    /// A transaction on the calling thread, which may block. For threads of our own: no gate.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_here<T>(&self, f: impl Fn(&mut Conn) -> Result<T>) -> Result<T> {
        retrying(&self.writes.pool, &f, Mode::Write)
    }

    /// One statement of the callbacks' intake, on the calling thread, on connections that nothing
    /// else can use up (on SQLite: the one writer). On MySQL a statement is a transaction of its
    /// own, so BEGIN and COMMIT need not travel; SQLite inserts row by row and gets a real one.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_intake<T>(&self, f: impl Fn(&mut Conn) -> Result<T>) -> Result<T> {
        retrying(&self.intake.pool, &f, Mode::Statement)
    }

    async fn queue<T, J>(&self, lane: &Lane, job: J) -> Result<T>
    where
        J: FnOnce(&r2d2::Pool<Manager>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let late = tokio::time::Instant::now() + span(self.settings.deadline);
        let turn =
            tokio::time::timeout(span(self.settings.wait), lane.gate.clone().acquire_owned());
        let Ok(Ok(permit)) = turn.await else {
            return Err(busy("数据库繁忙，请稍后重试"));
        };
        let pool = lane.pool.clone();
        // The permit travels with the job: a caller who gives up does not free the turn.
        let work = tokio::task::spawn_blocking(move || {
            let done = job(&pool);
            drop(permit);
            done
        });
        match tokio::time::timeout_at(late, work).await {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => Err(Error::bug("a database job panicked").caused_by(panic)),
            Err(_late) => Err(busy("数据库没有及时应答，请稍后重试")),
        }
    }
}

/// What is done on a connection.
#[derive(Clone, Copy)]
enum Mode {
    Read,
    Write,
    Statement,
}

fn retrying<T>(
    pool: &r2d2::Pool<Manager>,
    f: &impl Fn(&mut Conn) -> Result<T>,
    mode: Mode,
) -> Result<T> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut held = pool
            .get()
            .map_err(|error| Error::new(Kind::Busy, AWAY, "数据库暂时无法连接").caused_by(error))?;
        let done = match (mode, &held.conn) {
            (Mode::Read, _) | (Mode::Statement, Conn::Mysql(_)) => f(&mut held.conn),
            (Mode::Write, _) | (Mode::Statement, Conn::Sqlite(_)) => transaction(&mut held.conn, f),
        };
        let error = match done {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        held.is_broken = is_away(&error);
        drop(held);
        // A lost connection is met once per idle connection; a clash is met until somebody wins.
        let again = match error.code() {
            AWAY => tries <= 2,
            CLASH => tries < TRIES,
            _ => false,
        };
        if !again {
            return Err(error);
        }
        metrics::counter!("db_retries_total", "code" => error.code()).increment(1);
        std::thread::sleep(Duration::from_millis(u64::from(tries * tries)));
    }
}

fn transaction<T>(conn: &mut Conn, f: &impl Fn(&mut Conn) -> Result<T>) -> Result<T> {
    type Manager = <Conn as diesel::Connection>::TransactionManager;
    match conn {
        // A deferred transaction that reads and then writes fails with BUSY whatever the timeout.
        Conn::Sqlite(sqlite) => {
            AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")
        }
        Conn::Mysql(mysql) => AnsiTransactionManager::begin_transaction(mysql),
    }
    .or_db()?;
    match f(conn) {
        Ok(value) => Manager::commit_transaction(conn).or_db().map(|()| value),
        Err(error) => {
            if let Err(rollback) = Manager::rollback_transaction(conn) {
                tracing::debug!(%rollback, "rollback failed");
            }
            Err(error)
        }
    }
}
