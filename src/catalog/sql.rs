//! The SQL about templates. Nothing here decides anything.

pub(crate) mod count;
pub(crate) mod part;
pub(crate) mod pin;

use db::{Conn, OrDb as _, Unique, diesel, diesel::prelude::*, is_unique};
use kernel::{Ctx, Error, Kind, Result};
use serde::Serialize;

use crate::{draft::State, schema::catalog_template as t};

const VERSION: Unique = Unique {
    name: "catalog_template_version",
    columns: "catalog_template.template_key, catalog_template.version",
};

/// A version of a template without its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Queryable, Selectable)]
#[diesel(table_name = t)]
pub struct Summary {
    /// Its number.
    pub version: i64,
    /// `draft`, `published` or `archived`.
    pub state: String,
    /// What people read.
    pub name: String,
    /// When, in microseconds since 1970.
    pub updated_at: i64,
}

/// A version that was published once.
#[derive(Queryable)]
pub(crate) struct Released {
    pub(crate) id: i64,
    pub(crate) template_key: String,
    version: i64,
    pub(crate) state: String,
}

impl Released {
    pub(crate) fn version(&self) -> u32 {
        u32::try_from(self.version).unwrap_or(u32::MAX)
    }
}

/// Every version that was published once, the text left out.
pub(crate) fn released(conn: &mut Conn) -> Result<Vec<Released>> {
    let rows = t::table.filter(t::state.ne(State::Draft.word()));
    rows.select((t::id, t::template_key, t::version, t::state)).load(conn).or_db()
}

/// The texts of these versions.
pub(crate) fn bodies(conn: &mut Conn, ids: &[i64]) -> Result<Vec<String>> {
    t::table.filter(t::id.eq_any(ids)).select(t::body).load(conn).or_db()
}

/// The newest version of a template and whether that is a draft; nothing when there is none.
pub(crate) fn newest(conn: &mut Conn, key: &str) -> Result<Option<(u32, bool)>> {
    let rows = t::table.filter(t::template_key.eq(key)).order(t::version.desc());
    let row = rows.select((t::version, t::state)).first::<(i64, String)>(conn);
    let row = row.optional().or_db()?;
    Ok(row.map(|(version, state)| {
        (u32::try_from(version).unwrap_or(u32::MAX), state == State::Draft.word())
    }))
}

/// The text of one version in this state.
pub(crate) fn body(
    conn: &mut Conn,
    key: &str,
    version: u32,
    state: State,
) -> Result<Option<String>> {
    let row = t::table.filter(t::template_key.eq(key).and(t::version.eq(i64::from(version))));
    let row = row.filter(t::state.eq(state.word())).select(t::body);
    row.first(conn).optional().or_db()
}

/// The text of the version that is offered, and as it was written.
pub(crate) fn published(conn: &mut Conn, key: &str) -> Result<Option<(String, String)>> {
    let rows = t::table.filter(t::template_key.eq(key).and(t::state.eq(State::Published.word())));
    rows.order(t::version.desc()).select((t::body, t::source)).first(conn).optional().or_db()
}

/// The text of every version that is offered, as it was written.
pub(crate) fn sources(conn: &mut Conn) -> Result<Vec<String>> {
    let rows = t::table.filter(t::state.eq(State::Published.word()));
    rows.order((t::template_key, t::version)).select(t::source).load(conn).or_db()
}

/// Every version of a template, the newest first.
pub(crate) fn versions(conn: &mut Conn, key: &str) -> Result<Vec<Summary>> {
    let rows = t::table.filter(t::template_key.eq(key)).order(t::version.desc());
    rows.select(Summary::as_select()).load(conn).or_db()
}

/// Writes a version in this state, over the draft that may be there. A clash when that was
/// published meanwhile: what was published never changes.
pub(crate) fn put(
    conn: &mut Conn,
    ctx: &Ctx,
    (key, version, name): (&str, u32, &str),
    state: State,
    (body, source): (&str, &str),
) -> Result<()> {
    let content = (
        t::state.eq(state.word()),
        t::name.eq(name),
        t::body.eq(body),
        t::source.eq(source),
        t::updated_at.eq(ctx.now.0),
    );
    let draft = t::table.filter(t::template_key.eq(key).and(t::version.eq(i64::from(version))));
    let draft = draft.filter(t::state.eq(State::Draft.word()));
    if diesel::update(draft).set(content).execute(conn).or_db()? > 0 {
        return Ok(());
    }
    let born = (
        t::id.eq(ctx.id()),
        t::template_key.eq(key),
        t::version.eq(i64::from(version)),
        t::created_at.eq(ctx.now.0),
    );
    match diesel::insert_into(t::table).values((born, content)).execute(conn).or_db() {
        Err(error) if is_unique(&error, VERSION) => {
            Err(Error::new(Kind::Busy, db::CLASH, "模板正在被别人发布，请稍后重试"))
        }
        other => other.map(|_rows| ()),
    }
}

/// Gives the published versions of a template another state; tells how many there were.
pub(crate) fn archive(conn: &mut Conn, ctx: &Ctx, key: &str) -> Result<usize> {
    let rows = t::table.filter(t::template_key.eq(key).and(t::state.eq(State::Published.word())));
    let archived = (t::state.eq(State::Archived.word()), t::updated_at.eq(ctx.now.0));
    diesel::update(rows).set(archived).execute(conn).or_db()
}

/// Drops a draft; false when there is none.
pub(crate) fn drop_draft(conn: &mut Conn, key: &str) -> Result<bool> {
    let rows = t::table.filter(t::template_key.eq(key).and(t::state.eq(State::Draft.word())));
    Ok(diesel::delete(rows).execute(conn).or_db()? > 0)
}
