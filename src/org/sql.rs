//! All the SQL of this room. Nothing here decides anything.

pub(crate) mod audit;
pub(crate) mod department;
pub(crate) mod group;
pub(crate) mod idempotency;
pub(crate) mod leave;
pub(crate) mod login;
pub(crate) mod member;
pub(crate) mod position;
pub(crate) mod profile;
pub(crate) mod session;
pub(crate) mod sweep;
pub(crate) mod token;
pub(crate) mod wecom_token;

use db::CLASH;
use kernel::{Error, Kind, Result};
use serde::{Serialize, de::DeserializeOwned};

/// Placeholders of one `IN (…)`.
const CHUNK: usize = 500;

/// Somebody was faster: the whole transaction is run again.
#[track_caller]
fn clash() -> Error {
    Error::new(Kind::Busy, CLASH, "数据库繁忙，请稍后重试")
}

fn from_json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::bug(format!("{what} is unreadable")).caused_by(error))
}

fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::bug("a value has no JSON").caused_by(error))
}

/// How many rows, for `LIMIT`.
fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
