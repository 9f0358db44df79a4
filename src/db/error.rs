//! What a failed statement means. Diesel shows no error numbers for MySQL, and gives most of what
//! matters (deadlock at commit, fail-over, read-only) only as text, so the text decides.

use diesel::result::{DatabaseErrorKind, Error as Sql};
use kernel::{Error, Kind, Result};

/// Code of an error after which the same transaction should be run again at once.
pub const CLASH: &str = "db.clash";
/// Code of an error that means the database is not there, or not for writing.
pub const AWAY: &str = "db.away";
/// Code of a broken uniqueness; [`is_unique`] tells which.
const UNIQUE: &str = "db.unique";

/// Texts of errors that ask for the whole transaction again: deadlocks and lost certification.
const CLASHES: [&str; 9] = [
    "Deadlock found",
    "Lock deadlock",
    "Lock wait timeout exceeded",
    "Plugin instructed the server to rollback",
    "Error on observer while running replication hook",
    "Record has changed since last read",
    "database is locked",
    "database table is locked",
    "Information schema is changed",
];

/// Texts of errors of a database that is down, failing over or read-only.
const AWAYS: [&str; 14] = [
    "server has gone away",
    "Server has gone away",
    "Lost connection to",
    "Can't connect to",
    "super-read-only",
    "--read-only",
    "WSREP has not yet prepared",
    "Not connected to Primary Component",
    "Too many connections",
    "shutdown in progress",
    "Connection was killed",
    "Query execution was interrupted",
    "unable to open database file",
    "Commands out of sync",
];

/// Turns Diesel's error into ours.
pub trait OrDb<T> {
    /// The value, or the house's error.
    ///
    /// # Errors
    /// `db.clash`, `db.away`, `db.unique`, or `internal` for anything that is our own mistake.
    fn or_db(self) -> Result<T>;
}

impl<T> OrDb<T> for Result<T, Sql> {
    #[track_caller]
    fn or_db(self) -> Result<T> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(classify(error)),
        }
    }
}

#[track_caller]
fn classify(error: Sql) -> Error {
    if let Sql::RollbackErrorOnCommit { commit_error, .. } = error {
        return classify(*commit_error);
    }
    let text = error.to_string();
    let says = |marks: &[&str]| marks.iter().any(|mark| text.contains(mark));
    match &error {
        Sql::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Error::new(Kind::Conflict, UNIQUE, "同时有人做了同样的操作，请重试").caused_by(error)
        }
        Sql::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => {
            Error::new(Kind::Busy, CLASH, "数据库繁忙，请稍后重试").caused_by(error)
        }
        Sql::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
        | Sql::BrokenTransactionManager => {
            Error::new(Kind::Busy, AWAY, "数据库暂时无法连接").caused_by(error)
        }
        _ if says(&CLASHES) => {
            Error::new(Kind::Busy, CLASH, "数据库繁忙，请稍后重试").caused_by(error)
        }
        _ if says(&AWAYS) => Error::new(Kind::Busy, AWAY, "数据库暂时无法连接").caused_by(error),
        Sql::DatabaseError(..) if says(&["disk is full", "No space left"]) => {
            Error::new(Kind::Busy, "db.full", "数据库磁盘已满，请联系管理员").caused_by(error)
        }
        _ => Error::bug(text).caused_by(error),
    }
}

/// A uniqueness as each database names it: MySQL by the constraint, SQLite by the columns.
#[derive(Clone, Copy, Debug)]
pub struct Unique {
    /// The constraint's name in the migration.
    pub name: &'static str,
    /// `table.column[, table.column]` as SQLite prints it.
    pub columns: &'static str,
}

/// Whether an error says that this uniqueness was broken.
pub fn is_unique(error: &Error, unique: Unique) -> bool {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let says = |mark: &str| cause.contains(mark);
    error.code() == UNIQUE && (says(unique.name) || says(unique.columns))
}

/// Whether an error says that the database is away: the connection is not to be used again.
pub fn is_away(error: &Error) -> bool {
    error.code() == AWAY
}
