//! All the SQL of this room. Nothing here decides anything.

pub(crate) mod belonging;
pub(crate) mod customer;
pub(crate) mod group;
pub(crate) mod place;
pub(crate) mod sweep;

use db::{CLASH, Unique, is_unique};
use kernel::{Error, Kind, Result};
use serde::{Serialize, de::DeserializeOwned};

/// Somebody was faster: the whole transaction is run again.
#[track_caller]
fn clash() -> Error {
    Error::new(Kind::Busy, CLASH, "数据库繁忙，请稍后重试")
}

/// Whether one row was written: by an insert, or by an update of the version that we knew.
fn one_row(written: Result<usize>, key: Unique) -> Result<()> {
    match written {
        Ok(1) => Ok(()),
        Ok(_) => Err(clash()),
        Err(error) if is_unique(&error, key) => Err(clash()),
        Err(error) => Err(error),
    }
}

pub(crate) fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::bug(format!("{what} is unreadable")).caused_by(error))
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::bug("a value has no JSON").caused_by(error))
}

/// How many rows, for `LIMIT`.
fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
