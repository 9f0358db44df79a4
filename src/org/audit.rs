//! The audit log: who did what to the house itself (tokens, replays, syncs, settings). Append-only;
//! what was done to a ticket stands in the ticket's own log.

use db::Conn;
use kernel::{Actor, Ctx, Cursor, Limit, Page, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sql;

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Our row; rises with time. Text in JSON, as every id.
    #[serde(serialize_with = "as_text")]
    pub id: i64,
    /// What was done: `token.created`.
    pub what: String,
    /// To what: `token:1234`.
    pub subject: String,
    /// By whom.
    pub actor: Actor,
    /// Particulars; never a secret.
    pub detail: serde_json::Value,
    /// The request or job that did it.
    pub trace: String,
    /// When.
    pub created_at: Timestamp,
}

/// Which lines a list shows; what is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct AuditFilter {
    /// Only this deed.
    pub what: Option<String>,
    /// Only about this.
    pub subject: Option<String>,
}

/// Writes a line, in the transaction of the deed.
pub fn audit(
    conn: &mut Conn,
    ctx: &Ctx,
    what: &str,
    subject: &str,
    detail: &serde_json::Value,
) -> Result<()> {
    sql::audit::insert(conn, ctx, what, subject, detail)
}

/// A page of the log, the newest first.
pub fn list_audit(
    conn: &mut Conn,
    filter: &AuditFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<AuditEntry>> {
    let entries = sql::audit::list(conn, filter, cursor, limit)?;
    Ok(Page::cut(entries, limit, |entry| Cursor { key: entry.id, id: entry.id }))
}

fn as_text<S: serde::Serializer>(id: &i64, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_str(id)
}
