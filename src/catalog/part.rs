//! What templates share: business calendars, duty rosters, surge modes, fields and conditions.
//! Each is a piece of data with a key, kept by itself and named by the templates that use it.

mod kinds;

use std::{collections::BTreeMap, sync::Arc};

use db::Conn;
use flow::{
    assign::{Roster, Surge},
    calendar::{Calendar, WorkTime},
};
use form::Field;
use kernel::{Ctx, Error, FieldError, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{Code, Use, keep, sql, weave};

/// The fields that every installation has; one that is kept under the same key stands for it.
const BUILT_IN_FIELDS: &str = include_str!("../../config/fields.json");

/// A condition that templates name instead of writing it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Its name in data.
    pub key: String,
    /// What people read.
    pub name: String,
    /// The rule.
    pub rule: Value,
}

/// Everything that is shared, as it is now.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Business calendars, with what answers their questions.
    pub calendars: BTreeMap<String, (Calendar, Arc<WorkTime>)>,
    /// Duty rosters.
    pub rosters: BTreeMap<String, Roster>,
    /// Surge modes, by key: the first that is on counts.
    pub surges: BTreeMap<String, Surge>,
    /// The field library.
    pub fields: BTreeMap<String, Field>,
    /// Named conditions.
    pub conditions: BTreeMap<String, Condition>,
    /// Entry codes.
    pub codes: BTreeMap<String, Code>,
}

/// What every kind of what is shared can tell of itself. To add a kind, implement this and name it
/// in [`PartKind::ALL`].
pub trait Part: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its word in SQL, in JSON and in the audit log.
    const KIND: &'static str;
    /// What people call it.
    const LABEL: &'static str;
    /// The code of naming one that is not there.
    const UNKNOWN: &'static str;

    /// Its name in data.
    fn key(&self) -> &str;

    /// What people read.
    fn name(&self) -> &str;

    /// Everything that its own room forbids about it.
    fn faults(&self) -> Vec<FieldError>;

    /// The members that it names, each with its place.
    fn people(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The same with userids as they are kept everywhere: in lower case.
    #[must_use]
    fn tidied(self) -> Self {
        self
    }

    /// What it names of what is shared.
    fn uses(&self) -> Vec<Use> {
        Vec::new()
    }

    /// What it names of templates that is not there.
    ///
    /// # Errors
    /// The database's.
    fn lacks(&self, _conn: &mut Conn) -> Result<Vec<FieldError>> {
        Ok(Vec::new())
    }

    /// Those of this kind.
    fn all(parts: &Parts) -> BTreeMap<&str, &Self>;

    /// Puts it among the others.
    ///
    /// # Errors
    /// `field_invalid` when it cannot be used.
    fn put(self, parts: &mut Parts) -> Result<()>;
}

/// A kind by its word, for what treats all kinds alike.
#[derive(Debug)]
pub struct PartKind {
    /// Its word.
    pub word: &'static str,
    /// What people call it.
    pub label: &'static str,
    unknown: &'static str,
    has: fn(&Parts, &str) -> bool,
    put: fn(&str, &mut Parts) -> Result<()>,
    look: fn(&str) -> Result<Look>,
    save: fn(&mut Conn, &Ctx, &str) -> Result<()>,
}

/// A part that was looked at, whatever its kind.
#[derive(Clone, Debug)]
pub struct Look {
    /// Its key.
    pub key: String,
    /// Its JSON: the same text for the same part.
    pub text: String,
    /// Everything that is wrong with it by itself.
    pub problems: Vec<FieldError>,
    /// What it names of what is shared.
    pub uses: Vec<Use>,
    /// The members that it names, each with its place.
    pub people: Vec<(String, String)>,
}

impl PartKind {
    /// The kind of entry codes, which name templates and are kept after them.
    pub const CODE: &'static str = Code::KIND;

    /// Every kind; those that others name come first.
    pub const ALL: [Self; 6] = [
        Self::of::<Calendar>(),
        Self::of::<Roster>(),
        Self::of::<Surge>(),
        Self::of::<Field>(),
        Self::of::<Condition>(),
        Self::of::<Code>(),
    ];

    const fn of<T: Part>() -> Self {
        Self {
            word: T::KIND,
            label: T::LABEL,
            unknown: T::UNKNOWN,
            has: |parts, key| T::all(parts).contains_key(key),
            put: |text, parts| read::<T>(text)?.put(parts),
            look: |text| look(&read::<T>(text)?.tidied()),
            save: |conn, ctx, text| {
                keep::save_part(conn, ctx, &read::<T>(text)?, None).map(|_kept| ())
            },
        }
    }

    pub(crate) fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word == word)
    }

    /// Looks at a part in JSON.
    ///
    /// # Errors
    /// `field_invalid` when it is none.
    pub fn look(&self, text: &str) -> Result<Look> {
        (self.look)(text)
    }

    /// Puts a part in JSON among others.
    ///
    /// # Errors
    /// `field_invalid` when it cannot be used.
    pub fn put(&self, text: &str, parts: &mut Parts) -> Result<()> {
        (self.put)(text, parts)
    }

    /// Keeps a part in JSON, as [`crate::save_part`] does.
    ///
    /// # Errors
    /// As there.
    pub fn save(&self, conn: &mut Conn, ctx: &Ctx, text: &str) -> Result<()> {
        (self.save)(conn, ctx, text)
    }
}

pub(crate) fn read<T: Part>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::field(T::KIND, "malformed", format!("读不懂{}：{error}", T::LABEL)))
}

fn look<T: Part>(part: &T) -> Result<Look> {
    let text = serde_json::to_string_pretty(part)
        .map_err(|error| Error::bug("a part cannot be written").caused_by(error))?;
    let problems = keep::problems(part, text.len());
    Ok(Look {
        key: part.key().to_owned(),
        text,
        problems,
        uses: part.uses(),
        people: part.people(),
    })
}

/// Every part that is kept, with its kind.
///
/// # Errors
/// The database's.
pub fn kept_parts(conn: &mut Conn) -> Result<Vec<(PartKind, Look)>> {
    let rows = sql::part::all(conn)?.into_iter();
    let rows = rows.filter_map(|row| Some((PartKind::find(&row.kind)?, row.body)));
    rows.map(|(kind, body)| kind.look(&body).map(|look| (kind, look))).collect()
}

impl Parts {
    /// What every installation has.
    ///
    /// # Errors
    /// `internal` when that is wrong, which a test of this room rules out.
    pub fn built_in() -> Result<Self> {
        let fields: Vec<Field> = serde_json::from_str(BUILT_IN_FIELDS)
            .map_err(|error| Error::bug("config/fields.json cannot be read").caused_by(error))?;
        let mut parts = Self::default();
        fields.into_iter().try_for_each(|field| field.put(&mut parts))?;
        Ok(parts)
    }

    /// What is kept now, and what every installation has.
    ///
    /// # Errors
    /// The database's.
    pub fn load(conn: &mut Conn) -> Result<Self> {
        let mut parts = Self::built_in()?;
        for row in sql::part::all(conn)? {
            let put = PartKind::find(&row.kind).map(|kind| kind.put(&row.body, &mut parts));
            if let Some(Err(error)) = put {
                // A newer build wrote it; this one goes on with what it understands.
                let (kind, key) = (row.kind, row.part_key);
                tracing::error!(%error, kind, key, "what templates share cannot be read");
            }
        }
        // Surge modes are published by nobody: what they name holds as it is now.
        for surge in parts.surges.values_mut() {
            *surge = weave::plans_with(surge, &parts.conditions)?;
        }
        Ok(parts)
    }

    /// Those of what is named that are not there.
    pub fn unknown(&self, uses: &[Use]) -> Vec<FieldError> {
        let tell = |one: &Use| {
            let kind = PartKind::find(one.kind)?;
            let detail = format!("没有{} {}，请先建立它，或改用已有的", kind.label, one.key);
            let is_there = (kind.has)(self, &one.key);
            let path = one.path.clone();
            (!is_there).then_some(FieldError { path, code: kind.unknown, detail })
        };
        uses.iter().filter_map(tell).collect()
    }
}
