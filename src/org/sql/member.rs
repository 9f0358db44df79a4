//! Members.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _, Unique, contains_pattern, is_unique};
use diesel::prelude::*;
use kernel::{Cursor, Limit, Result, Timestamp, text};

use super::{CHUNK, clash, from_json, rows, to_json};
use crate::{MemberFilter, MemberStatus, list, mirror::MemberRow, schema::org_member as m};

const USERID: Unique = Unique { name: "org_member_userid", columns: "org_member.userid" };
/// Characters of the search column, which holds name and userid.
const SEARCH_MAX: usize = 255;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = m)]
struct Stored {
    id: i64,
    userid: String,
    search: String,
    departments: String,
    status: String,
    is_visible: i32,
    shadow: String,
    settled_at: i64,
    version: i64,
    updated_at: i64,
}

impl Stored {
    fn of(row: &MemberRow) -> Result<Self> {
        let member = row.member();
        let search = member.as_ref().map(|one| format!("{} {}", one.name, one.display_userid));
        Ok(Self {
            id: row.id,
            userid: row.userid.clone(),
            search: text::cut_chars(&search.unwrap_or_default().to_lowercase(), SEARCH_MAX),
            departments: member
                .as_ref()
                .map_or_else(String::new, |one| list::join(&one.departments)),
            status: member.as_ref().map_or(MemberRow::NOBODY, |one| one.status.as_str()).to_owned(),
            is_visible: i32::from(member.is_some_and(|one| one.visible)),
            shadow: to_json(&row.shadow)?,
            settled_at: row.shadow.settled_at().0,
            version: row.version + 1,
            updated_at: row.updated_at.0,
        })
    }

    fn read(self) -> Result<MemberRow> {
        Ok(MemberRow {
            id: self.id,
            shadow: from_json(&self.shadow, "org_member.shadow")?,
            userid: self.userid,
            version: self.version,
            updated_at: Timestamp(self.updated_at),
        })
    }
}

fn read_all(stored: Vec<Stored>) -> Result<Vec<MemberRow>> {
    stored.into_iter().map(Stored::read).collect()
}

pub(crate) fn by_userids(
    conn: &mut Conn,
    userids: &[String],
) -> Result<BTreeMap<String, MemberRow>> {
    let mut found = BTreeMap::new();
    for chunk in userids.chunks(CHUNK) {
        let stored = m::table.filter(m::userid.eq_any(chunk)).load::<Stored>(conn).or_db()?;
        for row in read_all(stored)? {
            found.insert(row.userid.clone(), row);
        }
    }
    Ok(found)
}

pub(crate) fn list(
    conn: &mut Conn,
    filter: &MemberFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<MemberRow>> {
    let mut query = m::table.filter(m::status.ne(MemberRow::NOBODY)).into_boxed();
    if let Some(part) = &filter.text {
        let pattern = contains_pattern(&part.trim().to_lowercase());
        query = query.filter(m::search.like(pattern).escape('\\'));
    }
    if let Some(department) = filter.department {
        query = query.filter(m::departments.like(contains_pattern(&list::entry(department))));
    }
    if let Some(status) = filter.status {
        query = query.filter(m::status.eq(status.as_str()));
    }
    if let Some(visible) = filter.visible {
        query = query.filter(m::is_visible.eq(i32::from(visible)));
    }
    if let Some(cursor) = cursor {
        query = query.filter(m::id.gt(cursor.id));
    }
    read_all(query.order(m::id).limit(limit.probe()).load(conn).or_db()?)
}

pub(crate) fn visible(conn: &mut Conn) -> Result<Vec<MemberRow>> {
    let query = m::table
        .filter(m::status.eq(MemberStatus::Active.as_str()).and(m::is_visible.eq(1)))
        .order(m::userid);
    read_all(query.load(conn).or_db()?)
}

/// Userids of rows about which nothing was heard since a time.
pub(crate) fn unsettled(conn: &mut Conn, since: Timestamp, max: usize) -> Result<Vec<String>> {
    m::table
        .filter(m::settled_at.lt(since.0))
        .order(m::settled_at)
        .limit(rows(max))
        .select(m::userid)
        .load(conn)
        .or_db()
}

pub(crate) fn save(conn: &mut Conn, row: &MemberRow) -> Result<()> {
    let stored = Stored::of(row)?;
    if row.version == 0 {
        let done = diesel::insert_into(m::table).values(&stored).execute(conn).or_db();
        return match done {
            Err(error) if is_unique(&error, USERID) => Err(clash()),
            other => other.map(|_rows| ()),
        };
    }
    let same = m::table.filter(m::id.eq(row.id).and(m::version.eq(row.version)));
    match diesel::update(same).set(&stored).execute(conn).or_db()? {
        1 => Ok(()),
        _ => Err(clash()),
    }
}
