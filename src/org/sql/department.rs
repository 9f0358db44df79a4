//! Departments.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _};
use diesel::prelude::*;
use kernel::{Kind, Result, Timestamp};

use super::{CHUNK, clash, from_json, rows, to_json};
use crate::{mirror::DepartmentRow, schema::org_department as d};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = d)]
struct Stored {
    id: i64,
    is_removed: i32,
    shadow: String,
    settled_at: i64,
    version: i64,
    updated_at: i64,
}

impl Stored {
    fn read(self) -> Result<DepartmentRow> {
        Ok(DepartmentRow {
            id: self.id,
            version: self.version,
            updated_at: Timestamp(self.updated_at),
            shadow: from_json(&self.shadow, "org_department.shadow")?,
        })
    }
}

pub(crate) fn by_ids(conn: &mut Conn, ids: &[i64]) -> Result<BTreeMap<i64, DepartmentRow>> {
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(CHUNK) {
        let stored = d::table.filter(d::id.eq_any(chunk)).load::<Stored>(conn).or_db()?;
        for row in stored {
            found.insert(row.id, row.read()?);
        }
    }
    Ok(found)
}

pub(crate) fn standing(conn: &mut Conn) -> Result<Vec<DepartmentRow>> {
    let stored = d::table.filter(d::is_removed.eq(0)).load::<Stored>(conn).or_db()?;
    stored.into_iter().map(Stored::read).collect()
}

/// Ids of rows about which nothing was heard since a time.
pub(crate) fn unsettled(conn: &mut Conn, since: Timestamp, max: usize) -> Result<Vec<i64>> {
    d::table
        .filter(d::settled_at.lt(since.0))
        .order(d::settled_at)
        .limit(rows(max))
        .select(d::id)
        .load(conn)
        .or_db()
}

pub(crate) fn save(conn: &mut Conn, row: &DepartmentRow) -> Result<()> {
    let stored = Stored {
        id: row.id,
        is_removed: i32::from(row.shadow.is_removed()),
        shadow: to_json(&row.shadow)?,
        settled_at: row.shadow.settled_at().0,
        version: row.version + 1,
        updated_at: row.updated_at.0,
    };
    if row.version == 0 {
        let done = diesel::insert_into(d::table).values(&stored).execute(conn).or_db();
        return match done {
            // The id is the platform's: two changes may meet a new department at once.
            Err(error) if error.kind() == Kind::Conflict => Err(clash()),
            other => other.map(|_rows| ()),
        };
    }
    let same = d::table.filter(d::id.eq(row.id).and(d::version.eq(row.version)));
    match diesel::update(same).set(&stored).execute(conn).or_db()? {
        1 => Ok(()),
        _ => Err(clash()),
    }
}
