//! The audit log.

use db::{Conn, OrDb as _};
use diesel::prelude::*;
use kernel::{Ctx, Cursor, Limit, Result, Timestamp, text};

use super::{from_json, to_json};
use crate::{AuditEntry, AuditFilter, schema::org_audit as a};

/// Bytes of the columns that may be longer than we thought.
const SUBJECT_MAX: usize = 191;
const TRACE_MAX: usize = 64;

pub(crate) fn insert(
    conn: &mut Conn,
    ctx: &Ctx,
    what: &str,
    subject: &str,
    detail: &serde_json::Value,
) -> Result<()> {
    let row = (
        a::id.eq(ctx.id()),
        a::what.eq(what),
        a::subject.eq(text::cut_bytes(subject, SUBJECT_MAX)),
        a::actor.eq(to_json(&ctx.actor)?),
        a::detail.eq(detail.to_string()),
        a::trace.eq(text::cut_bytes(&ctx.trace, TRACE_MAX)),
        a::created_at.eq(ctx.now.0),
    );
    diesel::insert_into(a::table).values(row).execute(conn).map(|_rows| ()).or_db()
}

pub(crate) fn list(
    conn: &mut Conn,
    filter: &AuditFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<AuditEntry>> {
    type Stored = (i64, String, String, String, String, String, i64);
    let mut query = a::table.into_boxed();
    if let Some(what) = &filter.what {
        query = query.filter(a::what.eq(what));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(a::subject.eq(subject));
    }
    if let Some(cursor) = cursor {
        query = query.filter(a::id.lt(cursor.id));
    }
    let stored = query.order(a::id.desc()).limit(limit.probe()).load::<Stored>(conn).or_db()?;
    let read = |(id, what, subject, actor, detail, trace, created_at): Stored| {
        Ok(AuditEntry {
            id,
            what,
            subject,
            actor: from_json(&actor, "org_audit.actor")?,
            detail: from_json(&detail, "org_audit.detail")?,
            trace,
            created_at: Timestamp(created_at),
        })
    };
    stored.into_iter().map(read).collect()
}
