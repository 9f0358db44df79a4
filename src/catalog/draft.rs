//! The life of a template: a draft is changed until it fits, is published as the next version, and
//! archived in the end. Running tickets keep the version that they began with.

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Ctx, Error, FieldError, Kind, Result};

use crate::{
    Catalog, Parts, Template,
    shelf::{built_in, not_found},
    sql::{self, Summary},
};

/// Where a version of a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being written: nobody can use it.
    Draft,
    /// New tickets are made from it.
    Published,
    /// Only the tickets that were made from it use it.
    Archived,
}

impl State {
    /// The word in SQL and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }
}

/// Writes the draft of a template, over the one that may be there. It need not fit yet: that is
/// asked when it is published.
///
/// # Errors
/// `field_invalid` for a key that cannot be one; the database's.
pub fn save_draft(conn: &mut Conn, ctx: &Ctx, template: &Template) -> Result<Template> {
    let of_key = template.problems().into_iter().filter(|one| one.path == "key");
    let of_key: Vec<_> = of_key.collect();
    if !of_key.is_empty() {
        return Err(Error::invalid(of_key));
    }
    let version = next_version(conn, &template.key)?;
    let draft = Template { version, ..template.clone() };
    put(conn, ctx, &draft, &draft, State::Draft)?;
    Ok(draft)
}

/// The number that the draft of a template has or will have.
fn next_version(conn: &mut Conn, key: &str) -> Result<u32> {
    Ok(match sql::newest(conn, key)? {
        Some((version, true)) => version,
        Some((version, false)) => version.saturating_add(1),
        None => built_in(key)?.map_or(0, |built_in| built_in.version) + 1,
    })
}

/// Everything that forbids publishing a template today.
///
/// # Errors
/// The database's.
pub fn problems(conn: &mut Conn, template: &Template) -> Result<Vec<FieldError>> {
    Ok(template.resolve(&Parts::load(conn)?).err().unwrap_or_default())
}

fn put(
    conn: &mut Conn,
    ctx: &Ctx,
    template: &Template,
    source: &Template,
    state: State,
) -> Result<()> {
    let text = |template: &Template| {
        serde_json::to_string(template)
            .map_err(|error| Error::bug("a template cannot be written").caused_by(error))
    };
    let (body, source) = (text(template)?, text(source)?);
    let head = (template.key.as_str(), template.version, template.name.as_str());
    sql::put(conn, ctx, head, state, (&body, &source))
}

/// The draft of a template.
///
/// # Errors
/// `template.no_draft`; the database's.
pub fn draft(conn: &mut Conn, key: &str) -> Result<Template> {
    let newest = sql::newest(conn, key)?;
    let version = newest.and_then(|(version, is_draft)| is_draft.then_some(version));
    let body = match version {
        Some(version) => sql::body(conn, key, version, State::Draft)?,
        None => None,
    };
    match body {
        Some(body) => Template::parse(&body),
        None => Err(Error::new(
            Kind::NotFound,
            "template.no_draft",
            format!("模板 {key} 没有草稿，请先保存草稿"),
        )),
    }
}

/// Drops the draft of a template.
///
/// # Errors
/// `template.no_draft`; the database's.
pub fn drop_draft(conn: &mut Conn, key: &str) -> Result<()> {
    match sql::drop_draft(conn, key)? {
        true => Ok(()),
        false => draft(conn, key).map(|_draft| ()),
    }
}

/// Publishes the draft of a template as its next version, in place of the present one. Refresh the
/// catalog after the commit.
///
/// # Errors
/// `template.no_draft`; `field_invalid` with everything that forbids it.
pub fn publish(conn: &mut Conn, ctx: &Ctx, key: &str) -> Result<Template> {
    let template = draft(conn, key)?;
    release(conn, ctx, &template)
}

/// Makes a template what it is to be: published as its next version, unless its present one was
/// written the same. Gives the present one, and whether that is new.
///
/// # Errors
/// `field_invalid` with everything that forbids it; the database's.
pub fn ensure(conn: &mut Conn, ctx: &Ctx, template: &Template) -> Result<(Template, bool)> {
    // Asked of the database, not of the catalog: what this transaction did may yet be undone.
    let present = match sql::published(conn, &template.key)? {
        Some((body, source)) => Some((Template::parse(&body)?, Template::parse(&source)?)),
        None => built_in(&template.key)?.map(|built_in| (built_in.clone(), built_in)),
    };
    if let Some((present, source)) = present
        && source == (Template { version: source.version, ..template.clone() })
    {
        return Ok((present, false));
    }
    Ok((renew(conn, ctx, template)?, true))
}

/// Publishes a template as its next version, though its present one may be written the same: what
/// it shares with others has changed.
///
/// # Errors
/// `field_invalid` with everything that forbids it; the database's.
pub fn renew(conn: &mut Conn, ctx: &Ctx, template: &Template) -> Result<Template> {
    let version = next_version(conn, &template.key)?;
    release(conn, ctx, &Template { version, ..template.clone() })
}

/// Publishes what was written, with everything shared written out as it is today.
fn release(conn: &mut Conn, ctx: &Ctx, source: &Template) -> Result<Template> {
    let template = source.resolve(&Parts::load(conn)?).map_err(Error::invalid)?;
    sql::archive(conn, ctx, &template.key)?;
    put(conn, ctx, &template, source, State::Published)?;
    Ok(template)
}

/// The template on offer as it was written: what it shares with others is named in it, not
/// written out.
///
/// # Errors
/// `template.not_found`; the database's.
pub fn source(conn: &mut Conn, key: &str) -> Result<Template> {
    match sql::published(conn, key)? {
        Some((_body, source)) => Template::parse(&source),
        None => built_in(key)?.ok_or_else(|| not_found(key)),
    }
}

/// Every template on offer, as it was written, by key.
///
/// # Errors
/// The database's.
pub fn written(conn: &mut Conn) -> Result<BTreeMap<String, Template>> {
    let built_in = Catalog::built_in()?.list();
    let mut all: BTreeMap<_, _> =
        built_in.iter().map(|one| (one.key.clone(), Template::clone(one))).collect();
    for source in sql::sources(conn)? {
        let template = Template::parse(&source)?;
        all.insert(template.key.clone(), template);
    }
    Ok(all)
}

/// Offers a template no more. Its tickets go on.
///
/// # Errors
/// `template.built_in`, `template.not_found`; the database's.
pub fn archive(conn: &mut Conn, ctx: &Ctx, key: &str) -> Result<()> {
    if sql::archive(conn, ctx, key)? > 0 {
        return Ok(());
    }
    Err(match built_in(key)? {
        None => not_found(key),
        Some(_) => Error::new(Kind::Conflict, "template.built_in", "内置模板不能归档"),
    })
}

/// Every stored version of a template, the newest first.
///
/// # Errors
/// The database's.
pub fn versions(conn: &mut Conn, key: &str) -> Result<Vec<Summary>> {
    sql::versions(conn, key)
}
