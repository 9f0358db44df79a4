//! Customer groups.

use db::{Conn, OrDb as _, Unique, contains_pattern};
use diesel::prelude::*;
use kernel::{Cursor, Limit, Result, Timestamp, text};

use super::{from_json, one_row, rows, to_json};
use crate::{GroupFilter, mirror::GroupRow, schema::customer_chat_group as g};

const CHAT: Unique =
    Unique { name: "customer_chat_group_chat", columns: "customer_chat_group.chat_id" };
/// Characters of the search column.
const SEARCH_MAX: usize = 255;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = g)]
struct Stored {
    id: i64,
    chat_id: String,
    search: String,
    owner: String,
    is_dismissed: i32,
    shadow: String,
    settled_at: i64,
    version: i64,
    updated_at: i64,
}

impl Stored {
    fn of(row: &GroupRow) -> Result<Self> {
        let group = row.group();
        Ok(Self {
            id: row.id,
            chat_id: row.chat_id.clone(),
            search: text::cut_chars(&group.name.to_lowercase(), SEARCH_MAX),
            owner: group.owner,
            is_dismissed: i32::from(group.dismissed),
            shadow: to_json(&row.shadow)?,
            settled_at: row.shadow.settled_at().0,
            version: row.version + 1,
            updated_at: row.updated_at.0,
        })
    }

    fn read(self) -> Result<GroupRow> {
        Ok(GroupRow {
            id: self.id,
            chat_id: self.chat_id,
            version: self.version,
            updated_at: Timestamp(self.updated_at),
            shadow: from_json(&self.shadow, "customer_chat_group.shadow")?,
        })
    }
}

pub(crate) fn by_chat(conn: &mut Conn, chat_id: &str) -> Result<Option<GroupRow>> {
    let query = g::table.filter(g::chat_id.eq(chat_id));
    query.first::<Stored>(conn).optional().or_db()?.map(Stored::read).transpose()
}

pub(crate) fn list(
    conn: &mut Conn,
    filter: &GroupFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<GroupRow>> {
    let mut query = g::table.into_boxed();
    if let Some(part) = &filter.text {
        let pattern = contains_pattern(&part.trim().to_lowercase());
        query = query.filter(g::search.like(pattern).escape('\\'));
    }
    if let Some(owner) = &filter.owner {
        query = query.filter(g::owner.eq(owner.to_lowercase()));
    }
    if let Some(dismissed) = filter.dismissed {
        query = query.filter(g::is_dismissed.eq(i32::from(dismissed)));
    }
    if let Some(cursor) = cursor {
        query = query.filter(g::id.lt(cursor.id));
    }
    let stored = query.order(g::id.desc()).limit(limit.probe()).load::<Stored>(conn).or_db()?;
    stored.into_iter().map(Stored::read).collect()
}

/// Ids of groups about which nothing was heard since a time.
pub(crate) fn unsettled(conn: &mut Conn, since: Timestamp, max: usize) -> Result<Vec<String>> {
    g::table
        .filter(g::settled_at.lt(since.0))
        .order(g::settled_at)
        .limit(rows(max))
        .select(g::chat_id)
        .load(conn)
        .or_db()
}

pub(crate) fn save(conn: &mut Conn, row: &GroupRow) -> Result<()> {
    let stored = Stored::of(row)?;
    let written = if row.version == 0 {
        diesel::insert_into(g::table).values(&stored).execute(conn).or_db()
    } else {
        let same = g::table.filter(g::id.eq(row.id).and(g::version.eq(row.version)));
        diesel::update(same).set(&stored).execute(conn).or_db()
    };
    one_row(written, CHAT)
}
