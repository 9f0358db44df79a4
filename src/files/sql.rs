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
