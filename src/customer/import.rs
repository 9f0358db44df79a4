//! What belongs to customers, read from a CSV file. Everything that is wrong is told at once, by
//! line and column and with the mend; one wrong line and nothing is written.

mod cells;
mod csv;

use std::collections::BTreeMap;

use db::Conn;
use kernel::{Ctx, Error, FieldError, Limit, Result};
use serde::Serialize;

pub use cells::Cells;

use crate::{
    CustomerFilter,
    belonging::{Belonging, Put, What, Wrong, check, write},
};

/// The most lines of a file.
pub const ROWS_MAX: usize = 5_000;
/// The most problems that are told at once.
const PROBLEMS_MAX: usize = 100;
/// Digits from which on something is a telephone number.
const PHONE_MIN: usize = 7;
/// With what the columns of particulars begin.
pub(crate) const PARTICULAR: &str = "参数:";

/// A column of a file.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name for programs: the field of the record.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Whether the file must have it.
    pub required: bool,
}

/// What came of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Lines that were read.
    pub rows: usize,
    /// Records that were new.
    pub created: usize,
    /// Records that said something else before.
    pub changed: usize,
    /// Records that said the same.
    pub unchanged: usize,
    /// Whether it was only tried.
    pub is_dry_run: bool,
}

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The file.
    pub bytes: &'a [u8],
    /// The organisation's zone, in which times without one are meant.
    pub zone_minutes: i64,
    /// Whether it is only tried.
    pub is_dry_run: bool,
}

/// Takes a file of records. `is_member` says whether a userid is somebody's. When it is only tried
/// the caller gives the transaction up.
///
/// # Errors
/// `field_invalid` with every wrong line and column.
pub fn import<T: Belonging>(
    conn: &mut Conn,
    ctx: &Ctx,
    reading: &Reading<'_>,
    is_member: &dyn Fn(&mut Conn, &str) -> Result<bool>,
) -> Result<Imported> {
    // The head is a line as well.
    let rows = csv::parse(reading.bytes, ROWS_MAX + 1).map_err(|(row, detail)| {
        Error::field(format!("rows[{row}]"), "malformed", format!("第 {row} 行：{detail}"))
    })?;
    let mut rows = rows.into_iter();
    let head = rows.next().map(|row| row.cells).unwrap_or_default();
    let columns = columns::<T>(&head)?;
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() || rows.len() > ROWS_MAX {
        let now = if rows.is_empty() { "现在没有数据" } else { "现在超过了" };
        let detail = format!("文件须有表头和 1 到 {ROWS_MAX} 行数据，{now}");
        return Err(Error::field("rows", "length", detail));
    }
    let mut wrong = Vec::new();
    let mut seen = BTreeMap::new();
    let (mut created, mut changed, mut unchanged) = (0, 0, 0);
    for row in &rows {
        let mut cells = Cells::new(&columns, &row.cells, reading.zone_minutes);
        let mut it = T::of_cells(&mut cells);
        let mut own = cells.wrong();
        find_customer(conn, &mut it)?;
        check(conn, &mut it, &mut own)?;
        if let Some((path, userid)) = it.member()
            && !is_member(conn, userid)?
        {
            own.say(path, "unknown_member", format!("没有成员 {userid}，请核对 userid"));
        }
        if let Some(first) = seen.insert(it.key().to_owned(), row.line) {
            let key = T::COLUMNS.first().map_or("", |one| one.key);
            own.say(key, "duplicate", format!("与第 {first} 行重复，请删除一行"));
        }
        if own.0.is_empty() {
            match write(conn, ctx, &it, !reading.is_dry_run)?.0 {
                Put::New => created += 1,
                Put::Changed => changed += 1,
                Put::Same => unchanged += 1,
            }
        }
        wrong.extend(own.0.into_iter().map(|one| at_line::<T>(row.line, one)));
        if wrong.len() >= PROBLEMS_MAX {
            break;
        }
    }
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    let is_dry_run = reading.is_dry_run;
    Ok(Imported { rows: rows.len(), created, changed, unchanged, is_dry_run })
}

/// The columns of a file, by the places in which they stand: by their names for people or programs,
/// or a particular's own.
fn columns<T: Belonging>(head: &[String]) -> Result<Vec<String>> {
    let mut wrong = Wrong::default();
    let mut found: Vec<String> = Vec::new();
    for name in head.iter().map(|name| name.trim()) {
        let known = T::COLUMNS.iter().find(|one| one.label == name || one.key == name);
        let particular = name.replace('：', ":");
        let key = match known {
            Some(column) => column.key.to_owned(),
            None if T::WHAT == What::Asset && particular.starts_with(PARTICULAR) => particular,
            None if name.is_empty() => String::new(),
            None => {
                let labels: Vec<_> = T::COLUMNS.iter().map(|one| one.label).collect();
                let detail = format!("没有「{name}」这一列，可用：{}", labels.join("、"));
                wrong.say("rows[1]", "unknown_column", detail);
                continue;
            }
        };
        if !key.is_empty() && found.contains(&key) {
            wrong.say("rows[1]", "duplicate", format!("列「{name}」出现了两次，请删除一列"));
        }
        found.push(key);
    }
    for column in T::COLUMNS.iter().filter(|one| one.required) {
        if !found.iter().any(|key| key == column.key) {
            let detail = format!("缺少列「{}」（或 {}），请加上", column.label, column.key);
            wrong.say("rows[1]", "missing_column", detail);
        }
    }
    if wrong.0.is_empty() { Ok(found) } else { Err(Error::invalid(wrong.0)) }
}

/// A customer may be named by a telephone number that is his alone.
fn find_customer<T: Belonging>(conn: &mut Conn, it: &mut T) -> Result<()> {
    let given = it.external_userid().trim().to_owned();
    let is_phone = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ');
    let found = if given.len() >= PHONE_MIN && given.chars().all(is_phone) {
        let filter = CustomerFilter { phone: Some(given.clone()), ..CustomerFilter::default() };
        let found = crate::list(conn, &filter, None, Limit::new(Some(2))?)?.items;
        match found.as_slice() {
            [one] => one.external_userid.clone(),
            _ => given,
        }
    } else {
        given
    };
    it.set_external_userid(found);
    Ok(())
}

/// The problem of a record as one of a line and a column.
fn at_line<T: Belonging>(line: usize, one: FieldError) -> FieldError {
    let root = one.path.split(['[', '.']).next().unwrap_or_default();
    let column = T::COLUMNS.iter().find(|column| column.key == root);
    let label = column.map_or(one.path.as_str(), |column| column.label);
    let detail = format!("第 {line} 行「{label}」：{}", one.detail);
    FieldError { path: format!("rows[{line}].{}", one.path), code: one.code, detail }
}

#[cfg(test)]
mod tests;
