//! A number that is computed from other answers and never taken from an input.

use serde_json::Value;

use super::{Cell, FieldKind, Setting, Source, cell, money, number, refuse};
use crate::{
    answer::Problem,
    rules::Type,
    template::{Field, Reads},
    words::Reader,
};

/// The digits after the point, unless the field says otherwise.
const SCALE: u32 = 2;

pub(crate) struct Formula;

impl FieldKind for Formula {
    fn name(&self) -> &'static str {
        "formula"
    }

    fn label(&self) -> &'static str {
        "公式"
    }

    fn source(&self) -> Source {
        Source::Computed
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Formula, Setting::Scale, Setting::Unit, Setting::Reads]
    }

    fn rule_type(&self) -> Type {
        Type::Number
    }

    fn scale(&self, field: &Field) -> u32 {
        match field.reads {
            Reads::Money => 0,
            Reads::Number => field.scale.unwrap_or(SCALE),
        }
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        let mut problems = number::scale_problems(field);
        if field.formula.is_none() {
            problems.push(Problem::new("formula", "required", "请写公式"));
        }
        if field.reads == Reads::Money && field.scale.is_some() {
            let detail = "按金额显示的公式以分为单位，没有小数位，请去掉 scale";
            problems.push(Problem::new("scale", "unused_setting", detail));
        }
        problems
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let number = number::exact_in(field, value)?;
        match number.to_number(self.scale(field)) {
            Some(number) => Ok(Value::Number(number)),
            None => refuse(&field.key, "out_of_range", format!("{}超出范围", field.label)),
        }
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        match (field.reads, number::number_in(value)) {
            (_, None) => String::new(),
            (Reads::Money, Some(fen)) => money::in_yuan(fen.rounded()),
            (Reads::Number, Some(number)) => number::with_unit(field, number, reader),
        }
    }

    fn cell(&self, field: &Field, value: &Value, _reader: &Reader) -> Cell {
        match (field.reads, number::number_in(value)) {
            (_, None) => Cell::Number(String::new()),
            (Reads::Money, Some(fen)) => Cell::Money(fen.rounded()),
            (Reads::Number, Some(number)) => Cell::Number(cell::decimal(number)),
        }
    }
}
