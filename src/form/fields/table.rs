//! A table: rows of a small form of their own.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{FieldKind, Reference, Setting, Source, as_rows, each_row, kind_of, refuse, unknown};
use crate::{
    answer::Problem,
    publish,
    rules::{Datum, Ratio, Trap, Type},
    template::{Access, Field, Rules},
    words::Reader,
};

/// The most columns.
const COLUMNS_MAX: usize = 30;
/// The most rows, unless the field says less.
const ROWS_MAX: usize = 200;
/// The longest reading of a table, in characters.
const WORDS_MAX: usize = 500;
/// The part of a table that sums a column: `visits.sum.hours`.
const SUM: &str = "sum.";

pub(crate) struct Table;

/// The types that a column cannot have: rows within rows could not be read on a phone.
fn may_be_column(kind: &dyn FieldKind) -> bool {
    kind.source() == Source::Input && !matches!(kind.name(), "table" | "items" | "parts")
}

fn column_problems(column: &Field) -> Vec<Problem> {
    let mut problems = publish::settings_problems(column);
    match kind_of(&column.kind) {
        Some(kind) if may_be_column(kind) => {}
        _ => {
            let detail = format!("表格的列不能是 {} 类型，请改用单个值的类型", column.kind);
            problems.push(Problem::new("kind", "unknown_kind", detail));
        }
    }
    let is_plain = column.rules == Rules::default()
        && column.access.values().all(|access| *access == Access::Edit)
        && column.default.is_none();
    if !is_plain {
        let detail = "表格的列没有联动规则、权限和缺省值，请写在表格上";
        problems.push(Problem::new("rules", "unused_setting", detail));
    }
    problems
}

/// One row as it is stored. Every cell's problem is told at once, with its path from the row.
fn row_of(field: &Field, row: &Value) -> Result<Value, Vec<Problem>> {
    let Some(given) = row.as_object() else {
        return refuse("", "wrong_type", format!("{}的每一行须是对象", field.label));
    };
    if let Some(other) = given.keys().find(|key| field.columns.iter().all(|one| one.key != **key)) {
        return Err(vec![unknown(other)]);
    }
    let mut clean = Map::new();
    let mut problems = Vec::new();
    for column in &field.columns {
        let Some(kind) = kind_of(&column.kind) else { continue };
        let value = given.get(&column.key).filter(|value| !kind.is_empty(value));
        let value = value.map(|value| kind.normalise(column, value)).transpose();
        match value.map(|value| value.filter(|value| !kind.is_empty(value))) {
            Ok(Some(value)) => drop(clean.insert(column.key.clone(), value)),
            Ok(None) if column.required => {
                let detail = format!("请填写{}的{}", field.label, column.label);
                problems.push(Problem::new(&column.key, "required", detail));
            }
            Ok(None) => {}
            Err(more) => problems.extend(more),
        }
    }
    match (problems.is_empty(), clean.is_empty()) {
        (true, false) => Ok(Value::Object(clean)),
        (true, true) => refuse("", "required", format!("{}有空行，请填写或删除", field.label)),
        (false, _) => Err(problems),
    }
}

impl FieldKind for Table {
    fn name(&self) -> &'static str {
        "table"
    }

    fn label(&self) -> &'static str {
        "表格"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Columns, Setting::Min, Setting::Max]
    }

    fn rule_type(&self) -> Type {
        Type::Object
    }

    fn parts(&self, field: &Field) -> Vec<(String, Type)> {
        let is_number =
            |one: &&Field| kind_of(&one.kind).is_some_and(|kind| kind.rule_type() == Type::Number);
        let sums = field.columns.iter().filter(is_number);
        let sums = sums.map(|one| (format!("{SUM}{}", one.key), Type::Number));
        std::iter::once(("count".to_owned(), Type::Number)).chain(sums).collect()
    }

    fn part<'v>(&self, value: &'v Value, part: &str, _ty: Type) -> Result<Datum<'v>, Trap> {
        let rows = value.as_array().ok_or(Trap::TypeClash)?;
        let Some(column) = part.strip_prefix(SUM) else { return Ok(Datum::count(rows.len())) };
        let mut sum = Ratio::ZERO;
        for row in rows {
            if let Datum::Number(number) = Datum::read(Type::Number, row.get(column))? {
                sum = sum.plus(number).ok_or(Trap::Overflow)?;
            }
        }
        Ok(Datum::Number(sum))
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        let columns = &field.columns;
        if columns.is_empty() || columns.len() > COLUMNS_MAX {
            let detail = format!("表格须有 1 到 {COLUMNS_MAX} 列");
            return vec![Problem::new("columns", "too_many", detail)];
        }
        let mut seen = BTreeSet::new();
        let mut problems = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let path = format!("columns[{at}]");
            problems.extend(column_problems(column).into_iter().map(|one| one.below(&path)));
            if !seen.insert(&column.key) {
                let detail = format!("两列都叫 {}，请改名", column.key);
                problems.push(Problem::new(format!("{path}.key"), "duplicate_key", detail));
            }
        }
        problems
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let rows = as_rows(field, value, ROWS_MAX, "行")?;
        each_row(rows, || field.key.clone(), |row| row_of(field, row)).map(Value::Array)
    }

    /// `灯具 2；线路 1.5 小时`
    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        let cell = |row: &Value, column: &Field| {
            let kind = kind_of(&column.kind)?;
            Some(kind.words(column, row.get(&column.key)?, reader))
        };
        let row = |row: &Value| {
            let cells = field.columns.iter().filter_map(|column| cell(row, column));
            cells.collect::<Vec<_>>().join(" ")
        };
        let rows: Vec<_> = value.as_array().into_iter().flatten().map(row).collect();
        kernel::text::cut_chars(&rows.join("；"), WORDS_MAX)
    }

    fn refers(&self, field: &Field, value: &Value, found: &mut Vec<Reference>) {
        for (at, row) in value.as_array().into_iter().flatten().enumerate() {
            for column in &field.columns {
                let (Some(kind), Some(value)) = (kind_of(&column.kind), row.get(&column.key))
                else {
                    continue;
                };
                let mut inner = Vec::new();
                kind.refers(column, value, &mut inner);
                let path = |path: String| format!("{}[{at}].{path}", field.key);
                found
                    .extend(inner.into_iter().map(|one| Reference { path: path(one.path), ..one }));
            }
        }
    }
}
