//! Files as they were sent: each with its name and where it came from.

use db::Conn;
use kernel::{Actor, Ctx, FileId, Result, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{Stored, clean_name, kind, sql};

/// What RFC 8187 lets stand in `filename*`.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Where its bytes lie in the store.
    pub sha256: String,
    /// Its name, cleaned.
    pub name: String,
    /// What it is, by its first bytes.
    pub mime: String,
    /// How many bytes it has.
    pub size: i64,
    /// The WeCom media that it was fetched from.
    pub source_media_id: Option<String>,
    /// The member or customer who sent it; nobody when a program did.
    pub sent_by: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// A file to note.
#[derive(Clone, Copy, Debug)]
pub struct NewFile<'a> {
    /// Its bytes, in the store already.
    pub stored: &'a Stored,
    /// The name that its sender gave it.
    pub name: &'a str,
    /// The WeCom media that it was fetched from.
    pub source_media_id: Option<&'a str>,
}

/// Notes a file whose bytes are stored. The same media is noted once: the second time gives the
/// file of the first.
///
/// # Errors
/// `db.clash` when the same media is being noted at this moment: run again.
pub fn put(conn: &mut Conn, ctx: &Ctx, new: NewFile<'_>) -> Result<File> {
    if let Some(media_id) = new.source_media_id
        && let Some(file) = sql::by_media_id(conn, media_id)?
    {
        return Ok(file);
    }
    let file = File {
        id: FileId::next(&ctx.ids, ctx.now),
        sha256: new.stored.sha256.clone(),
        name: clean_name(new.name),
        mime: new.stored.mime.to_owned(),
        size: new.stored.size,
        source_media_id: new.source_media_id.map(str::to_owned),
        sent_by: match &ctx.actor {
            Actor::Member { userid: id } | Actor::Customer { external_userid: id } => {
                Some(id.clone())
            }
            Actor::Token { .. } | Actor::System => None,
        },
        created_at: ctx.now,
    };
    sql::insert(conn, &file)?;
    Ok(file)
}

/// The file with this id.
pub fn find(conn: &mut Conn, id: FileId) -> Result<Option<File>> {
    Ok(sql::by_ids(conn, &[id])?.pop())
}

/// The files with these ids, in the order of the ids' making.
pub fn find_all(conn: &mut Conn, ids: &[FileId]) -> Result<Vec<File>> {
    sql::by_ids(conn, ids)
}

/// The file that was fetched from this WeCom media.
pub fn find_by_media_id(conn: &mut Conn, media_id: &str) -> Result<Option<File>> {
    sql::by_media_id(conn, media_id)
}

/// How many files somebody sent.
///
/// # Errors
/// The database's.
pub fn count_of(conn: &mut Conn, sender: &str) -> Result<i64> {
    sql::count_by_sender(conn, sender)
}

/// Says of these files of one sender that they are another one's.
///
/// # Errors
/// The database's.
pub fn hand_on(conn: &mut Conn, ids: &[FileId], senders: (&str, &str)) -> Result<()> {
    sql::resend(conn, ids, senders)
}

/// Forgets some old files of senders whose name begins so; gives the bytes that no file has any
/// more, once all are forgotten an empty list.
///
/// # Errors
/// The database's.
pub fn forget(
    conn: &mut Conn,
    sender: &str,
    before: Timestamp,
    most: i64,
) -> Result<(usize, Vec<String>)> {
    let old = sql::old_of(conn, sender, before, most)?;
    let ids: Vec<i64> = old.iter().map(|(id, _bytes)| *id).collect();
    sql::delete(conn, &ids)?;
    let mut bytes: Vec<String> = old.into_iter().map(|(_id, bytes)| bytes).collect();
    bytes.sort_unstable();
    bytes.dedup();
    let used = sql::used(conn, &bytes)?;
    bytes.retain(|one| !used.contains(one));
    Ok((ids.len(), bytes))
}

/// The `Content-Disposition` of a file: only plain pictures are shown inside of a page, everything
/// else is saved, for it may be a page or a program. Serve it with `X-Content-Type-Options:
/// nosniff`, or a browser decides for itself.
pub fn disposition(file: &File) -> String {
    let how = if kind::is_shown(&file.mime) { "inline" } else { "attachment" };
    let plain: String = file.name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let exact = utf8_percent_encode(&file.name, ATTR_CHAR);
    format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

/// Whether a character may stand in a quoted header value, unescaped (`%` confuses old browsers).
fn is_plain(c: char) -> bool {
    (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%')
}
