//! Priced rows: services done, parts used. Each row's amount and the total are computed here,
//! whatever is given for them.

use serde_json::{Map, Value};

use super::{
    Cell, FieldKind, Setting, as_rows, each_row, is_empty,
    money::{FEN_MAX, fen, fen_in, in_yuan},
    number::{exact, number_in},
    object, only, refuse, unknown,
};
use crate::{
    answer::Problem,
    rules::{Datum, Ratio, Trap, Type},
    template::Field,
    words::Reader,
};

/// The most rows, unless the field says less.
const ROWS_MAX: usize = 200;
/// The longest name, code or unit, in characters.
const TEXT_MAX: usize = 100;
/// The digits of a quantity after the point: grams of a kilogram.
const QUANTITY_SCALE: u32 = 3;
/// What a row can have. `amount` is computed; `code` names the entry of a price book.
const MEMBERS: &[&str] = &["code", "name", "quantity", "unit", "price", "amount"];

/// A list of priced rows.
pub(crate) struct Priced {
    name: &'static str,
    label: &'static str,
}

pub(crate) const ITEMS: Priced = Priced { name: "items", label: "服务项目" };
pub(crate) const PARTS: Priced = Priced { name: "parts", label: "备件" };

/// One row, being read. Problems have paths from the row: `quantity`.
struct Row<'v>(&'v Map<String, Value>);

impl<'v> Row<'v> {
    fn given(&self, name: &str) -> Option<&'v Value> {
        self.0.get(name).filter(|value| !is_empty(value))
    }

    fn needed(&self, name: &str, what: &str) -> Result<&'v Value, Problem> {
        let missing = || Problem::new(name, "required", format!("请填写{what}"));
        self.given(name).ok_or_else(missing)
    }

    fn quantity(&self) -> Result<Ratio, Problem> {
        let refuse = |code, detail: String| Err(Problem::new("quantity", code, detail));
        let quantity = exact("数量", self.needed("quantity", "数量")?);
        let quantity = quantity.map_err(|problem| problem.below("quantity"))?;
        if quantity <= Ratio::ZERO {
            return refuse("out_of_range", "数量须大于零".to_owned());
        }
        if !quantity.fits(QUANTITY_SCALE) {
            return refuse("too_precise", format!("数量最多 {QUANTITY_SCALE} 位小数"));
        }
        Ok(quantity)
    }

    fn price(&self) -> Result<Ratio, Problem> {
        let price = fen("单价", self.needed("price", "单价")?);
        let price = price.map_err(|problem| problem.below("price"))?;
        if price < Ratio::ZERO {
            return Err(Problem::new("price", "out_of_range", "单价不能是负数"));
        }
        Ok(price)
    }

    /// The row as it is stored. Every member's problem is told at once.
    fn clean(&self) -> Result<Value, Vec<Problem>> {
        if let Some(other) = self.0.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(vec![unknown(other)]);
        }
        let mut row = Map::new();
        let mut problems = Vec::new();
        for (member, what) in [("name", "名称"), ("code", "编码"), ("unit", "单位")] {
            let value = match self.given(member) {
                None if member != "name" => continue,
                value => value.map_or_else(|| self.needed(member, what), Ok),
            };
            match value.and_then(|value| text(member, what, value)) {
                Ok(text) => drop(row.insert(member.to_owned(), text.into())),
                Err(problem) => problems.push(problem),
            }
        }
        match (self.quantity(), self.price()) {
            (Ok(quantity), Ok(price)) if problems.is_empty() => {
                let amount = quantity.times(price).map(Ratio::rounded);
                let Some(amount) = amount.filter(|fen| *fen <= FEN_MAX) else {
                    let detail = "一行的金额最多一千亿元，请检查数量与单价";
                    return Err(vec![Problem::new("amount", "out_of_range", detail)]);
                };
                let number = quantity.to_number(QUANTITY_SCALE).map(Value::Number);
                row.insert("quantity".to_owned(), number.unwrap_or_default());
                row.insert("price".to_owned(), price.rounded().into());
                row.insert("amount".to_owned(), amount.into());
                Ok(Value::Object(row))
            }
            (quantity, price) => {
                problems.extend(quantity.err());
                problems.extend(price.err());
                Err(problems)
            }
        }
    }
}

fn text(name: &str, what: &str, value: &Value) -> Result<String, Problem> {
    let refuse = |code, detail| Err(Problem::new(name, code, detail));
    let Some(text) = value.as_str() else {
        return refuse("wrong_type", format!("{what}须是文字"));
    };
    let text = kernel::text::clean(text).replace(['\n', '\t'], " ");
    if text.chars().count() > TEXT_MAX {
        return refuse("too_long", format!("{what}最多 {TEXT_MAX} 个字"));
    }
    if text.is_empty() {
        return refuse("required", format!("请填写{what}"));
    }
    Ok(text)
}

fn rows_of(value: &Value) -> &[Value] {
    value.get("rows").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

impl FieldKind for Priced {
    fn name(&self) -> &'static str {
        self.name
    }

    fn label(&self) -> &'static str {
        self.label
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Min, Setting::Max]
    }

    fn rule_type(&self) -> Type {
        Type::Object
    }

    fn parts(&self, _field: &Field) -> Vec<(String, Type)> {
        ["total", "count"].map(|part| (part.to_owned(), Type::Number)).into()
    }

    fn part<'v>(&self, value: &'v Value, part: &str, ty: Type) -> Result<Datum<'v>, Trap> {
        match part {
            "count" => Ok(Datum::count(rows_of(value).len())),
            part => Datum::read(ty, value.get(part)),
        }
    }

    fn is_empty(&self, value: &Value) -> bool {
        match value {
            Value::Object(map)
                if map.keys().all(|key| matches!(key.as_str(), "rows" | "total")) =>
            {
                map.get("rows").is_none_or(is_empty)
            }
            value => is_empty(value),
        }
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let Some(map) = value.as_object() else {
            return refuse(&field.key, "wrong_type", format!("{}须有 rows", field.label));
        };
        only(field, map, &["rows", "total"])?;
        let rows = as_rows(field, map.get("rows").unwrap_or(&Value::Null), ROWS_MAX, "行")?;
        let path = || format!("{}.rows", field.key);
        let rows = each_row(rows, path, |row| match row.as_object() {
            Some(map) => Row(map).clean(),
            None => refuse("", "wrong_type", format!("{}的每一行须是对象", field.label)),
        })?;
        let amounts = rows.iter().map(|row| row.get("amount").map_or(0, fen_in));
        let total = amounts.fold(0_i64, i64::saturating_add);
        if total > FEN_MAX {
            let detail = format!("{}的合计超出范围，最多一千亿元", field.label);
            return refuse(format!("{}.total", field.key), "out_of_range", detail);
        }
        Ok(object([("rows", rows.into()), ("total", total.into())]))
    }

    /// `上门检测 ×1、灯管 ×2 支，合计 ¥150.00`
    fn words(&self, _field: &Field, value: &Value, _reader: &Reader) -> String {
        let row = |row: &Value| {
            let text = |name| row.get(name).and_then(Value::as_str).unwrap_or_default();
            let quantity = row.get("quantity").and_then(number_in).map(super::cell::decimal);
            let words =
                format!("{} ×{} {}", text("name"), quantity.unwrap_or_default(), text("unit"));
            words.trim_end().to_owned()
        };
        let rows: Vec<_> = rows_of(value).iter().map(row).collect();
        let total = value.get("total").map_or(0, fen_in);
        format!("{}，合计 {}", rows.join("、"), in_yuan(total))
    }

    fn cell(&self, _field: &Field, value: &Value, _reader: &Reader) -> Cell {
        Cell::Money(value.get("total").map_or(0, fen_in))
    }
}
