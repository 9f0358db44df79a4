//! Where a customer group belongs: the campus, store or region of those in it, and the answers that
//! tickets from there have by themselves.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Ctx, Error, FieldError, Result, text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sql;

/// Characters of a key, of a name and of an answer.
const KEY_MAX: usize = 64;
const NAME_MAX: usize = 100;
const ANSWER_MAX: usize = 500;
/// The most answers.
const VALUES_MAX: usize = 50;

/// Where a group belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What it is: `campus`, `store`, `region`. A field of that key takes the place as its answer.
    pub kind: String,
    /// Its key in the organisation's other systems.
    pub key: String,
    /// What people call it.
    pub name: String,
    /// The answers it brings, by the keys of fields.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, Value>,
}

impl Place {
    /// The place with its texts cleaned.
    ///
    /// # Errors
    /// `field_invalid` with everything that is wrong.
    pub fn clean(mut self) -> Result<Self> {
        let mut wrong = Vec::new();
        let mut say = |path: String, code, detail: String| {
            wrong.push(FieldError { path, code, detail });
        };
        let is_key = |key: &str| {
            let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            !key.is_empty() && key.len() <= KEY_MAX && key.chars().all(is_allowed)
        };
        if !is_key(&self.kind) {
            let detail = format!("须为 1 到 {KEY_MAX} 个字母、数字、_ 或 -，例如 campus");
            say("kind".to_owned(), "malformed", detail);
        }
        if self.key.trim().is_empty() || self.key.chars().count() > KEY_MAX {
            say("key".to_owned(), "length", format!("须有 1 到 {KEY_MAX} 个字"));
        }
        self.name = text::clean(&self.name);
        if self.name.is_empty() || self.name.chars().count() > NAME_MAX {
            say("name".to_owned(), "length", format!("须有 1 到 {NAME_MAX} 个字"));
        }
        if self.values.len() > VALUES_MAX {
            say("values".to_owned(), "too_many", format!("最多 {VALUES_MAX} 项，请减少"));
        }
        for (key, value) in &self.values {
            if !is_key(key) {
                say(format!("values.{key}"), "malformed", "须是表单字段的标识".to_owned());
            }
            if value.is_null() || value.to_string().chars().count() > ANSWER_MAX {
                let detail = format!("须有内容，最多 {ANSWER_MAX} 个字");
                say(format!("values.{key}"), "length", detail);
            }
        }
        if wrong.is_empty() { Ok(self) } else { Err(Error::invalid(wrong)) }
    }
}

/// Where a group belongs.
///
/// # Errors
/// The database's.
pub fn find_place(conn: &mut Conn, chat_id: &str) -> Result<Option<Place>> {
    Ok(sql::place::find(conn, &[chat_id.to_owned()])?.remove(chat_id))
}

/// Where these groups belong, by their ids; those that belong nowhere are not in the map.
///
/// # Errors
/// The database's.
pub fn places(conn: &mut Conn, chat_ids: &[String]) -> Result<BTreeMap<String, Place>> {
    sql::place::find(conn, chat_ids)
}

/// Says where a group belongs.
///
/// # Errors
/// `field_invalid`.
pub fn put_place(conn: &mut Conn, ctx: &Ctx, chat_id: &str, place: Place) -> Result<Place> {
    let place = place.clean()?;
    sql::place::put(conn, ctx, chat_id, &place)?;
    Ok(place)
}

/// A group belongs nowhere in particular any more; false when it did not before.
///
/// # Errors
/// The database's.
pub fn delete_place(conn: &mut Conn, chat_id: &str) -> Result<bool> {
    sql::place::delete(conn, chat_id)
}
