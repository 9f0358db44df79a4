//! A decimal number, and a number of stars.

use serde_json::Value;

use super::{Cell, FieldKind, Setting, cell, refuse};
use crate::{
    answer::Problem,
    rules::{Ratio, SCALE_MAX, Type},
    template::Field,
    words::Reader,
};

/// The digits after the point, unless the field says otherwise.
const SCALE: u32 = 6;
/// The stars, unless the field says otherwise.
const STARS: usize = 5;
/// The most stars.
const STARS_MAX: usize = 10;

pub(crate) struct Number;
pub(crate) struct Rating;

/// A number as rules see it, or the problem that it is none, or one with too many digits. The
/// problem has no path yet: most numbers are good, and paths cost more than numbers.
pub(super) fn exact(label: &str, value: &Value) -> Result<Ratio, Problem> {
    let Some(number) = value.as_number() else {
        return Err(Problem::new("", "wrong_type", format!("{label}须是数字")));
    };
    Ratio::of(number).ok_or_else(|| {
        let detail = format!("{label}最多 15 位有效数字、{SCALE_MAX} 位小数");
        Problem::new("", "too_precise", detail)
    })
}

/// The number that answers a field.
pub(super) fn exact_in(field: &Field, value: &Value) -> Result<Ratio, Vec<Problem>> {
    exact(&field.label, value).map_err(|problem| vec![problem.below(&field.key)])
}

/// The same value, if it is within the bounds of its field.
pub(super) fn bounded(
    field: &Field,
    value: Ratio,
    read: impl Fn(Ratio) -> String,
) -> Result<Ratio, Vec<Problem>> {
    let bound = |bound: &Option<Value>| bound.as_ref()?.as_number().and_then(Ratio::of);
    if let Some(lowest) = bound(&field.lowest).filter(|lowest| value < *lowest) {
        let detail = format!("{}不能小于 {}", field.label, read(lowest));
        return refuse(&field.key, "out_of_range", detail);
    }
    if let Some(highest) = bound(&field.highest).filter(|highest| value > *highest) {
        let detail = format!("{}不能大于 {}", field.label, read(highest));
        return refuse(&field.key, "out_of_range", detail);
    }
    Ok(value)
}

/// What is wrong with the bounds of a field of numbers.
pub(super) fn bound_problems(field: &Field, scale: u32) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut read = |name: &str, bound: &Option<Value>| {
        let bound = bound.as_ref()?;
        let number = bound.as_number().and_then(Ratio::of).filter(|number| number.fits(scale));
        if number.is_none() {
            let detail = format!("{name} 须是数字，小数最多 {scale} 位");
            problems.push(Problem::new(name, "bad_bound", detail));
        }
        number
    };
    let (lowest, highest) = (read("lowest", &field.lowest), read("highest", &field.highest));
    if let (Some(lowest), Some(highest)) = (lowest, highest)
        && lowest > highest
    {
        problems.push(Problem::new("lowest", "bad_bound", "lowest 不能大于 highest，请对调"));
    }
    problems
}

/// What is wrong with a number of digits.
pub(super) fn scale_problems(field: &Field) -> Vec<Problem> {
    let is_wrong = field.scale.is_some_and(|scale| scale > SCALE_MAX);
    let problem =
        is_wrong.then(|| Problem::new("scale", "bad_bound", format!("小数最多 {SCALE_MAX} 位")));
    problem.into_iter().collect()
}

pub(super) fn number_in(value: &Value) -> Option<Ratio> {
    value.as_number().and_then(Ratio::of)
}

/// `12.5 小时`
pub(super) fn with_unit(field: &Field, number: Ratio, reader: &Reader) -> String {
    let unit = field.unit.to(reader.locale);
    let number = cell::decimal(number);
    if unit.is_empty() { number } else { format!("{number} {unit}") }
}

impl FieldKind for Number {
    fn name(&self) -> &'static str {
        "number"
    }

    fn label(&self) -> &'static str {
        "数字"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Lowest, Setting::Highest, Setting::Scale, Setting::Unit]
    }

    fn rule_type(&self) -> Type {
        Type::Number
    }

    fn scale(&self, field: &Field) -> u32 {
        field.scale.unwrap_or(SCALE)
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        let mut problems = scale_problems(field);
        problems.extend(bound_problems(field, SCALE_MAX));
        problems
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let scale = self.scale(field);
        let number = bounded(field, exact_in(field, value)?, cell::decimal)?;
        match number.to_number(SCALE_MAX).filter(|_number| number.fits(scale)) {
            Some(number) => Ok(Value::Number(number)),
            None => {
                refuse(&field.key, "too_precise", format!("{}最多 {scale} 位小数", field.label))
            }
        }
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        number_in(value).map(|number| with_unit(field, number, reader)).unwrap_or_default()
    }

    fn cell(&self, _field: &Field, value: &Value, _reader: &Reader) -> Cell {
        Cell::Number(number_in(value).map(cell::decimal).unwrap_or_default())
    }
}

impl FieldKind for Rating {
    fn name(&self) -> &'static str {
        "rating"
    }

    fn label(&self) -> &'static str {
        "评分"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Max]
    }

    fn rule_type(&self) -> Type {
        Type::Number
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        let is_wrong = field.max.is_some_and(|max| !(2..=STARS_MAX).contains(&max));
        let detail = format!("评分的星数须在 2 与 {STARS_MAX} 之间");
        is_wrong.then(|| Problem::new("max", "bad_bound", detail)).into_iter().collect()
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let most = field.max.unwrap_or(STARS).min(STARS_MAX);
        let stars = exact_in(field, value)?.to_whole();
        let stars = stars.and_then(|stars| usize::try_from(stars).ok());
        match stars.filter(|stars| (1..=most).contains(stars)) {
            Some(stars) => Ok(stars.into()),
            None => {
                let detail = format!("{}须是 1 到 {most} 的整数", field.label);
                refuse(&field.key, "out_of_range", detail)
            }
        }
    }

    fn words(&self, field: &Field, value: &Value, _reader: &Reader) -> String {
        let most = field.max.unwrap_or(STARS).min(STARS_MAX);
        format!("{} / {most}", number_in(value).map(cell::decimal).unwrap_or_default())
    }

    fn cell(&self, field: &Field, value: &Value, reader: &Reader) -> Cell {
        Number.cell(field, value, reader)
    }
}
