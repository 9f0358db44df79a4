//! A day, an instant, and a span of days.

use serde_json::{Value, json};

use super::{Cell, FieldKind, Setting, as_text, refuse};
use crate::{answer::Problem, calendar, rules::Type, template::Field, words::Reader};

pub(crate) struct Date;
pub(crate) struct DateTime;
pub(crate) struct DateRange;

fn bound(bound: &Option<Value>) -> Option<&str> {
    bound.as_ref().and_then(Value::as_str)
}

fn bound_problems(field: &Field) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, bound) in [("lowest", &field.lowest), ("highest", &field.highest)] {
        if bound.as_ref().is_some_and(|day| !day.as_str().is_some_and(calendar::is_date)) {
            let detail = format!("{name} 须是日期，例如 2026-11-22");
            problems.push(Problem::new(name, "bad_bound", detail));
        }
    }
    if let (Some(lowest), Some(highest)) = (bound(&field.lowest), bound(&field.highest))
        && lowest > highest
    {
        problems.push(Problem::new("lowest", "bad_bound", "lowest 不能晚于 highest，请对调"));
    }
    problems
}

/// A day within the bounds of its field, or the problem that it is none.
fn day(field: &Field, path: &str, value: &Value) -> Result<String, Vec<Problem>> {
    let Some(text) = value.as_str() else {
        return refuse(path, "wrong_type", format!("{}须是日期，例如 2026-11-22", field.label));
    };
    let text = text.trim();
    if !calendar::is_date(text) {
        let detail = format!("{}须是日历上的日期，例如 2026-11-22", field.label);
        return refuse(path, "malformed", detail);
    }
    if !calendar::is_near(text) {
        return refuse(
            path,
            "out_of_range",
            format!("{}的年份须在 1900 与 2199 之间", field.label),
        );
    }
    if let Some(lowest) = bound(&field.lowest).filter(|lowest| text < *lowest) {
        return refuse(path, "out_of_range", format!("{}不能早于 {lowest}", field.label));
    }
    if let Some(highest) = bound(&field.highest).filter(|highest| text > *highest) {
        return refuse(path, "out_of_range", format!("{}不能晚于 {highest}", field.label));
    }
    Ok(text.to_owned())
}

impl FieldKind for Date {
    fn name(&self) -> &'static str {
        "date"
    }

    fn label(&self) -> &'static str {
        "日期"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Lowest, Setting::Highest]
    }

    fn rule_type(&self) -> Type {
        Type::Date
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        bound_problems(field)
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        day(field, &field.key, value).map(Value::String)
    }

    /// `2026/11/23`, `2026年11月23日`
    fn read(&self, _field: &Field, text: &str, _reader: &Reader) -> Option<Value> {
        Some(calendar::plain(text).into())
    }

    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }

    fn cell(&self, field: &Field, value: &Value, reader: &Reader) -> Cell {
        Cell::Time(self.words(field, value, reader))
    }
}

impl FieldKind for DateTime {
    fn name(&self) -> &'static str {
        "datetime"
    }

    fn label(&self) -> &'static str {
        "日期时间"
    }

    fn rule_type(&self) -> Type {
        Type::DateTime
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        match calendar::instant(as_text(field, value)?.trim()) {
            Some(instant) if calendar::is_near(&instant) => Ok(Value::String(instant)),
            Some(_) => {
                let detail = format!("{}的年份须在 1900 与 2199 之间", field.label);
                refuse(&field.key, "out_of_range", detail)
            }
            None => {
                let example = "2026-11-22T15:04:00+08:00";
                let detail = format!("{}须是带时区的时间，例如 {example}", field.label);
                refuse(&field.key, "malformed", detail)
            }
        }
    }

    /// `2026-11-23 15:00`, on the reader's wall clock.
    fn read(&self, _field: &Field, text: &str, reader: &Reader) -> Option<Value> {
        let (day, clock) = text.split_once([' ', 'T', '日']).unwrap_or((text, ""));
        let (sign, zone) = if reader.zone_minutes < 0 { ('-', -1) } else { ('+', 1) };
        let zone = zone * reader.zone_minutes;
        let offset = format!("{sign}{:02}:{:02}", zone / 60, zone % 60);
        let instant = format!("{}T{}:00{offset}", calendar::plain(day), clock.trim());
        let is_one = calendar::instant(&instant).is_some();
        Some(if is_one { instant.into() } else { text.into() })
    }

    fn words(&self, _field: &Field, value: &Value, reader: &Reader) -> String {
        let local = value.as_str().and_then(|text| calendar::local(text, reader.zone_minutes));
        local.unwrap_or_default()
    }

    fn cell(&self, field: &Field, value: &Value, reader: &Reader) -> Cell {
        Cell::Time(self.words(field, value, reader))
    }
}

impl FieldKind for DateRange {
    fn name(&self) -> &'static str {
        "date_range"
    }

    fn label(&self) -> &'static str {
        "日期区间"
    }

    fn settings(&self) -> &'static [Setting] {
        Date.settings()
    }

    fn rule_type(&self) -> Type {
        Type::Object
    }

    fn parts(&self, _field: &Field) -> Vec<(String, Type)> {
        ["start", "end"].map(|part| (part.to_owned(), Type::Date)).into()
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        bound_problems(field)
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let Some(map) = value.as_object() else {
            let detail = format!("{}须有 start 与 end 两个日期", field.label);
            return refuse(&field.key, "wrong_type", detail);
        };
        super::only(field, map, &["start", "end"])?;
        let end_of = |name: &str| {
            let path = format!("{}.{name}", field.key);
            match map.get(name).filter(|value| !super::is_empty(value)) {
                Some(value) => day(field, &path, value),
                None => refuse(path, "required", format!("{}缺少 {name}", field.label)),
            }
        };
        let (start, end) = (end_of("start")?, end_of("end")?);
        if start > end {
            let detail = format!("{}的结束日期不能早于开始日期", field.label);
            return refuse(format!("{}.end", field.key), "out_of_order", detail);
        }
        Ok(json!({"start": start, "end": end}))
    }

    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        let day = |name| value.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("{} 至 {}", day("start"), day("end"))
    }
}
