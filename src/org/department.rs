//! Departments: a forest and not a tree, for the app may see the branches and not the root.

use db::Conn;
use kernel::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{mirror::DepartmentRow, sql};

/// A department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    /// WeCom's id.
    pub id: i64,
    /// 名称; the id while WeCom has not told the name.
    pub name: String,
    /// The department above, which the app may not see; nothing at the top.
    pub parent: Option<i64>,
    /// Its place among its sisters: the greater comes first.
    pub order: i64,
    /// 部门负责人, by userid.
    pub leaders: Vec<String>,
    /// Whether it was dissolved, or is out of the app's sight.
    pub is_removed: bool,
    /// When something above last changed.
    pub updated_at: Timestamp,
}

/// The department with this id, also when it was removed.
pub fn find_department(conn: &mut Conn, id: i64) -> Result<Option<Department>> {
    let rows = sql::department::by_ids(conn, &[id])?;
    Ok(rows.values().next().and_then(DepartmentRow::department))
}

/// All departments that stand, sisters together and in the order in which WeCom shows them.
pub fn list_departments(conn: &mut Conn) -> Result<Vec<Department>> {
    let rows = sql::department::standing(conn)?;
    let mut all: Vec<_> = rows.iter().filter_map(DepartmentRow::department).collect();
    all.sort_by_key(|one| (one.parent, std::cmp::Reverse(one.order), one.id));
    Ok(all)
}
