//! Keeping what templates share: each part has a version, so that nobody overwrites what he has
//! not seen, and what is used cannot be taken away.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Ctx, Error, FieldError, Kind, Result, Timestamp};
use serde::Serialize;

use crate::{
    Part, Parts, Template, Use,
    draft::written,
    part,
    sql::{self, part::Row},
    template::{KEY_CHARS_MAX, NAME_CHARS_MAX, is_key},
};

/// The largest part, in bytes of JSON.
const BYTES_MAX: usize = 256 << 10;

/// A part and how it is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kept<T> {
    /// The part.
    #[serde(flatten)]
    pub part: T,
    /// Grows with every change; 0 is what every installation has.
    pub version: i64,
    /// When it was last changed; never, when it came with the product.
    pub updated_at: Option<Timestamp>,
}

/// Every part of a kind, by key.
///
/// # Errors
/// The database's.
pub fn list_parts<T: Part>(conn: &mut Conn) -> Result<Vec<Kept<T>>> {
    let built_in = Parts::built_in()?;
    let mut all: Vec<_> = T::all(&built_in).into_values().map(came_with_us).collect();
    for row in sql::part::all(conn)?.iter().filter(|row| row.kind == T::KIND) {
        let kept = kept::<T>(row)?;
        all.retain(|one| one.part.key() != kept.part.key());
        all.push(kept);
    }
    all.sort_by(|a, b| a.part.key().cmp(b.part.key()));
    Ok(all)
}

/// One part.
///
/// # Errors
/// `part.not_found`; the database's.
pub fn find_part<T: Part>(conn: &mut Conn, key: &str) -> Result<Kept<T>> {
    match sql::part::find(conn, T::KIND, key)? {
        Some(row) => kept(&row),
        None => built_in(key)?.ok_or_else(|| {
            Error::new(Kind::NotFound, "part.not_found", format!("没有{} {key}", T::LABEL))
        }),
    }
}

/// Creates or replaces a part; `seen` is the version that is replaced, when only that may be.
/// Refresh the catalog after the commit.
///
/// # Errors
/// `field_invalid` with everything that is wrong with it; `part.changed`; the database's.
pub fn save_part<T: Part>(
    conn: &mut Conn,
    ctx: &Ctx,
    part: &T,
    seen: Option<i64>,
) -> Result<Kept<T>> {
    let part = part.clone().tidied();
    let body = serde_json::to_string(&part)
        .map_err(|error| Error::bug("a part cannot be written").caused_by(error))?;
    let mut problems = problems(&part, body.len());
    problems.extend(Parts::load(conn)?.unknown(&part.uses()));
    problems.extend(part.lacks(conn)?);
    if !problems.is_empty() {
        return Err(Error::invalid(problems));
    }
    let (key, name) = (part.key(), part.name());
    let present = sql::part::find(conn, T::KIND, key)?;
    let version = present.as_ref().map_or(0, |row| row.version);
    check_seen::<T>(key, seen, version)?;
    let is_done = match &present {
        Some(row) => sql::part::update(conn, ctx, row, name, &body)?,
        None => sql::part::insert(conn, ctx, T::KIND, (key, name), &body).map(|()| true)?,
    };
    if !is_done {
        return Err(changed::<T>(key));
    }
    Ok(Kept { part, version: version + 1, updated_at: Some(ctx.now) })
}

/// Takes a part away; one that came with the product is as it came then. Refresh the catalog after
/// the commit.
///
/// # Errors
/// `part.in_use` with the published templates and the surge modes that name it; `part.built_in`,
/// `part.changed`, `part.not_found`; the database's.
pub fn delete_part<T: Part>(conn: &mut Conn, key: &str, seen: Option<i64>) -> Result<()> {
    let built_in = built_in::<T>(key)?;
    let Some(row) = sql::part::find(conn, T::KIND, key)? else {
        find_part::<T>(conn, key)?;
        let detail = format!("{} {key} 是内置的，不能删除；可以另存为同一 key 来替换它", T::LABEL);
        return Err(Error::new(Kind::Conflict, "part.built_in", detail));
    };
    check_seen::<T>(key, seen, row.version)?;
    let users = users(conn, T::KIND, key)?;
    if !users.is_empty() && built_in.is_none() {
        let users = users.join("、");
        let detail = format!("{} {key} 正在使用：{users}；请先改它们再删除", T::LABEL);
        return Err(Error::new(Kind::Conflict, "part.in_use", detail));
    }
    if sql::part::delete(conn, &row)? { Ok(()) } else { Err(changed::<T>(key)) }
}

/// What names a part or a group, in words: published templates, as they were written, and what
/// templates share.
///
/// # Errors
/// The database's.
pub fn users(conn: &mut Conn, kind: &str, key: &str) -> Result<Vec<String>> {
    let names = |uses: &[Use]| uses.iter().any(|one| one.kind == kind && one.key == key);
    let mut users = Vec::new();
    for (key, template) in written(conn)? {
        if names(&template.uses()) {
            users.push(format!("模板 {key}"));
        }
    }
    for (kind, look) in part::kept_parts(conn)? {
        if names(&look.uses) {
            users.push(format!("{} {}", kind.label, look.key));
        }
    }
    Ok(users)
}

/// The versions that were ever published, by template, that name a part or a group.
///
/// # Errors
/// The database's.
pub fn released_with(conn: &mut Conn, kind: &str, key: &str) -> Result<BTreeMap<String, Vec<u32>>> {
    let mut found: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for row in sql::released(conn)? {
        let bodies = sql::bodies(conn, &[row.id])?;
        let Some(body) = bodies.first() else { continue };
        let uses = Template::parse(body)?.uses();
        if uses.iter().any(|one| one.kind == kind && one.key == key) {
            found.entry(row.template_key.clone()).or_default().push(row.version());
        }
    }
    Ok(found)
}

/// Everything that is wrong with a part by itself.
pub(crate) fn problems<T: Part>(part: &T, bytes: usize) -> Vec<FieldError> {
    let mut problems = part.faults();
    let mut add = |path: &str, code, detail: String| {
        if problems.iter().all(|one| one.path != path) {
            problems.push(FieldError { path: path.to_owned(), code, detail });
        }
    };
    if !is_key(part.key()) {
        let detail = format!("须为 1 到 {KEY_CHARS_MAX} 个小写字母、数字或下划线，以字母开头");
        add("key", "malformed", detail);
    }
    let name = part.name().trim().chars().count();
    if name == 0 || name > NAME_CHARS_MAX {
        add("name", "length", format!("须为 1 到 {NAME_CHARS_MAX} 个字"));
    }
    if bytes > BYTES_MAX {
        add("", "too_large", format!("太大，最多 {} KiB", BYTES_MAX >> 10));
    }
    problems
}

fn check_seen<T: Part>(key: &str, seen: Option<i64>, version: i64) -> Result<()> {
    if seen.is_none_or(|seen| seen == version) { Ok(()) } else { Err(changed::<T>(key)) }
}

fn changed<T: Part>(key: &str) -> Error {
    let detail = format!("{} {key} 已被别人修改，请重新读取后再改", T::LABEL);
    Error::new(Kind::Conflict, "part.changed", detail)
}

fn kept<T: Part>(row: &Row) -> Result<Kept<T>> {
    let updated_at = Some(Timestamp(row.updated_at));
    Ok(Kept { part: part::read(&row.body)?, version: row.version, updated_at })
}

fn built_in<T: Part>(key: &str) -> Result<Option<Kept<T>>> {
    let parts = Parts::built_in()?;
    Ok(T::all(&parts).get(key).copied().map(came_with_us))
}

fn came_with_us<T: Part>(part: &T) -> Kept<T> {
    Kept { part: part.clone(), version: 0, updated_at: None }
}
