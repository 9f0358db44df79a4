//! What is known about one department, field by field.

use db::Conn;
use kernel::{Ctx, Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::DepartmentPatch;
use crate::{Department, register::Register, sql};

/// Everything that was heard about a department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DepartmentShadow {
    name: Register<String>,
    parent: Register<i64>,
    order: Register<i64>,
    leaders: Register<Vec<String>>,
    seen: Register<()>,
    gone: Register<()>,
}

impl DepartmentShadow {
    /// The fields of a patch, and that it stands.
    pub(super) fn learn(&mut self, patch: &DepartmentPatch, stamp: Timestamp) {
        let patch = patch.clone();
        let fold = |userids: Vec<String>| userids.iter().map(|one| one.to_lowercase()).collect();
        self.name.put_some(patch.name, stamp);
        self.parent.put_some(patch.parent, stamp);
        self.order.put_some(patch.order, stamp);
        self.leaders.put_some(patch.leaders.map(fold), stamp);
        self.seen.put((), stamp);
    }

    /// It does not stand.
    pub(super) fn lose(&mut self, stamp: Timestamp) {
        self.gone.put((), stamp);
    }

    /// The last time when it was known whether it stands.
    pub(crate) fn settled_at(&self) -> Timestamp {
        self.seen.at.max(self.gone.at)
    }

    /// Whether it does not stand, as far as is known.
    pub(crate) fn is_removed(&self) -> bool {
        self.seen.at < self.gone.at
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DepartmentRow {
    pub(crate) id: i64,
    /// 0 while the row is not in the database.
    pub(crate) version: i64,
    pub(crate) updated_at: Timestamp,
    pub(crate) shadow: DepartmentShadow,
}

impl DepartmentRow {
    /// The department, unless it was only heard of as gone.
    pub(crate) fn department(&self) -> Option<Department> {
        let shadow = &self.shadow;
        let name = &shadow.name.value;
        (shadow.seen.at > Timestamp::default()).then(|| Department {
            id: self.id,
            name: if name.is_empty() { self.id.to_string() } else { name.clone() },
            parent: Some(shadow.parent.value).filter(|parent| *parent != 0),
            order: shadow.order.value,
            leaders: shadow.leaders.value.clone(),
            is_removed: shadow.is_removed(),
            updated_at: self.updated_at,
        })
    }
}

/// Changes departments, and makes those that are new. Gives the ids of those that stood before
/// and do no more.
pub(super) fn change(
    conn: &mut Conn,
    ctx: &Ctx,
    ids: &[i64],
    change: impl Fn(&mut DepartmentRow),
) -> Result<Vec<i64>> {
    let rows = sql::department::by_ids(conn, ids)?;
    let mut todo = ids.to_vec();
    todo.sort_unstable();
    todo.dedup();
    let mut removed = Vec::new();
    for id in todo {
        let before = rows.get(&id);
        let mut row = match before {
            Some(row) => row.clone(),
            None => unseen(conn, ctx, id)?,
        };
        change(&mut row);
        if before == Some(&row) {
            continue;
        }
        let (was, is) = (before.and_then(DepartmentRow::department), row.department());
        if was != is || before.is_none() {
            row.updated_at = ctx.now;
        }
        sql::department::save(conn, &row)?;
        if was.is_some_and(|one| !one.is_removed) && row.shadow.is_removed() {
            removed.push(id);
        }
    }
    Ok(removed)
}

fn unseen(conn: &mut Conn, ctx: &Ctx, id: i64) -> Result<DepartmentRow> {
    let mut shadow = DepartmentShadow::default();
    shadow.lose(sql::sweep::last(conn)?);
    Ok(DepartmentRow { id, version: 0, updated_at: ctx.now, shadow })
}
