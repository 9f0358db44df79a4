//! All the SQL of this room. Nothing here decides anything.

use db::{CLASH, Conn, OrDb as _, Unique, is_unique};
use diesel::prelude::*;
use kernel::{Error, FileId, Kind, Result, Timestamp};

use crate::{File, schema::files_file as f};

const MEDIA: Unique = Unique { name: "files_file_media", columns: "files_file.source_media_id" };
/// Placeholders of one `IN (…)`.
const CHUNK: usize = 500;

#[derive(Queryable, Insertable)]
#[diesel(table_name = f)]
struct Row {
    id: i64,
    sha256: String,
    name: String,
    mime: String,
    size: i64,
    source_media_id: Option<String>,
    sent_by: Option<String>,
    created_at: i64,
}

fn read(row: Row) -> File {
    File {
        id: FileId(row.id),
        sha256: row.sha256,
        name: row.name,
        mime: row.mime,
        size: row.size,
        source_media_id: row.source_media_id,
        sent_by: row.sent_by,
        created_at: Timestamp(row.created_at),
    }
}

pub(crate) fn insert(conn: &mut Conn, file: &File) -> Result<()> {
    let row = Row {
        id: file.id.0,
        sha256: file.sha256.clone(),
        name: file.name.clone(),
        mime: file.mime.clone(),
        size: file.size,
        source_media_id: file.source_media_id.clone(),
        sent_by: file.sent_by.clone(),
        created_at: file.created_at.0,
    };
    match diesel::insert_into(f::table).values(&row).execute(conn).or_db() {
        Err(error) if is_unique(&error, MEDIA) => {
            Err(Error::new(Kind::Busy, CLASH, "数据库繁忙，请稍后重试"))
        }
        other => other.map(|_rows| ()),
    }
}

pub(crate) fn by_ids(conn: &mut Conn, ids: &[FileId]) -> Result<Vec<File>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let rows = f::table.filter(f::id.eq_any(chunk)).load::<Row>(conn).or_db()?;
        found.extend(rows.into_iter().map(read));
    }
    found.sort_by_key(|file| file.id);
    Ok(found)
}

pub(crate) fn by_media_id(conn: &mut Conn, media_id: &str) -> Result<Option<File>> {
    let query = f::table.filter(f::source_media_id.eq(media_id));
    Ok(query.first::<Row>(conn).optional().or_db()?.map(read))
}

/// How many files somebody sent.
pub(crate) fn count_by_sender(conn: &mut Conn, sender: &str) -> Result<i64> {
    f::table.filter(f::sent_by.eq(sender)).count().get_result(conn).or_db()
}

/// Says of these files of one sender that they are another one's.
pub(crate) fn resend(conn: &mut Conn, ids: &[FileId], (from, to): (&str, &str)) -> Result<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = f::table.filter(f::id.eq_any(ids).and(f::sent_by.eq(from)));
    diesel::update(rows).set(f::sent_by.eq(to)).execute(conn).map(|_rows| ()).or_db()
}

/// The oldest files before a time of senders whose name begins so: id and bytes.
pub(crate) fn old_of(
    conn: &mut Conn,
    sender: &str,
    before: Timestamp,
    most: i64,
) -> Result<Vec<(i64, String)>> {
    let rows = f::table.filter(f::sent_by.like(format!("{sender}%")));
    let rows = rows.filter(f::created_at.lt(before.0)).order(f::id).limit(most);
    rows.select((f::id, f::sha256)).load(conn).or_db()
}

/// Forgets files.
pub(crate) fn delete(conn: &mut Conn, ids: &[i64]) -> Result<()> {
    diesel::delete(f::table.filter(f::id.eq_any(ids))).execute(conn).map(|_rows| ()).or_db()
}

/// Those of these bytes that some file has.
pub(crate) fn used(conn: &mut Conn, bytes: &[String]) -> Result<Vec<String>> {
    f::table.filter(f::sha256.eq_any(bytes)).select(f::sha256).distinct().load(conn).or_db()
}
