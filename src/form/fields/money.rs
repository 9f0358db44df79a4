//! An amount of money: a whole number of fen.

use serde_json::Value;

use super::{
    Cell, FieldKind, Setting,
    cell::yuan,
    number::{bound_problems, bounded, exact},
    refuse,
};
use crate::{
    answer::Problem,
    rules::{Ratio, SCALE_MAX, Type},
    template::Field,
    words::Reader,
};

/// The greatest amount, in fen: a hundred billion yuan.
pub(super) const FEN_MAX: i64 = 10_000_000_000_000;

pub(crate) struct Money;

/// An amount of fen, or the problem that it is none, without a path.
pub(super) fn fen(label: &str, value: &Value) -> Result<Ratio, Problem> {
    let amount = exact(label, value)?;
    match amount.to_whole() {
        Some(fen) if fen.abs() <= FEN_MAX => Ok(amount),
        Some(_) => {
            let detail = format!("{label}超出范围，最多一千亿元");
            Err(Problem::new("", "out_of_range", detail))
        }
        None => {
            let detail = format!("{label}须是整数分，例如 12.50 元写成 1250");
            Err(Problem::new("", "too_precise", detail))
        }
    }
}

pub(super) fn fen_in(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

/// `¥12.50`
pub(super) fn in_yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}¥{}", yuan(fen.saturating_abs()))
}

impl FieldKind for Money {
    fn name(&self) -> &'static str {
        "money"
    }

    fn label(&self) -> &'static str {
        "金额"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Lowest, Setting::Highest]
    }

    fn rule_type(&self) -> Type {
        Type::Number
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        bound_problems(field, 0)
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let amount = fen(&field.label, value).map_err(|one| vec![one.below(&field.key)])?;
        if field.lowest.is_none() && amount < Ratio::ZERO {
            return refuse(&field.key, "out_of_range", format!("{}不能是负数", field.label));
        }
        let amount = bounded(field, amount, |bound| in_yuan(bound.rounded()))?;
        Ok(amount.rounded().into())
    }

    /// `1,280.50` is an amount of yuan, as people write it.
    fn read(&self, _field: &Field, text: &str, _reader: &Reader) -> Option<Value> {
        let plain: String = text.chars().filter(|c| !",，￥¥元 ".contains(*c)).collect();
        let yuan = plain.parse().ok().and_then(|number| Ratio::of(&number));
        let fen = Ratio::whole(100).zip(yuan).and_then(|(hundred, yuan)| yuan.times(hundred));
        let fen = fen.and_then(|fen| fen.to_number(SCALE_MAX));
        Some(fen.map_or_else(|| text.into(), Into::into))
    }

    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        in_yuan(fen_in(value))
    }

    fn cell(&self, _field: &Field, value: &Value, _reader: &Reader) -> Cell {
        Cell::Money(fen_in(value))
    }
}
