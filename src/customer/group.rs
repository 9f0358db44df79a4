//! Customer groups (客户群) as the house sees them.

use db::Conn;
use kernel::{Cursor, Limit, Page, Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::sql;

/// A chat group of customers and staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatGroup {
    /// WeCom's id: the key.
    pub chat_id: String,
    /// Its name; empty when nobody gave one.
    pub name: String,
    /// The member who owns it, in lower case.
    pub owner: String,
    /// Userids and external_userids of those in it.
    pub members: Vec<String>,
    /// Whether it was dissolved.
    pub dismissed: bool,
    /// When something above last changed.
    pub updated_at: Timestamp,
}

/// Which groups a list shows; what is `None` does not narrow it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct GroupFilter {
    /// A part of the name, in any case.
    pub text: Option<String>,
    /// Owned by this member.
    pub owner: Option<String>,
    /// Dissolved ones, or those that are not.
    pub dismissed: Option<bool>,
}

/// The group with this id.
pub fn find_group(conn: &mut Conn, chat_id: &str) -> Result<Option<ChatGroup>> {
    Ok(sql::group::by_chat(conn, chat_id)?.map(|row| row.group()))
}

/// A page of groups, those first which we have known for the shortest time.
pub fn list_groups(
    conn: &mut Conn,
    filter: &GroupFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<ChatGroup>> {
    let rows = sql::group::list(conn, filter, cursor, limit)?;
    let page = Page::cut(rows, limit, |row| Cursor { key: row.id, id: row.id });
    Ok(page.map(|row| row.group()))
}
