//! Priced rows: services done, parts used. Each row's amount and the total are computed here,
//! whatever is given for them.

use serde_json::{Map, Value, json};

use super::{
    Cell, FieldKind, Setting, as_rows, each_row, is_empty,
    money::{FEN_MAX, fen, fen_in, in_yuan},
    number::{exact, number_in},
    only, refuse,
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

/// One row, being read.
struct Row<'v> {
    at: String,
    field: &'v Field,
    map: &'v Map<String, Value>,
}

impl<'v> Row<'v> {
    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.at)
    }

    fn given(&self, name: &str) -> Option<&'v Value> {
        self.map.get(name).filter(|value| !is_empty(value))
    }

    fn needed(&self, name: &str, what: &str) -> Result<&'v Value, Vec<Problem>> {
        match self.given(name) {
            Some(value) => Ok(value),
            None => refuse(self.path(name), "required", format!("请填写{what}")),
        }
    }

    fn text(&self, name: &str, what: &str, value: &Value) -> Result<String, Vec<Problem>> {
        let Some(text) = value.as_str() else {
            return refuse(self.path(name), "wrong_type", format!("{what}须是文字"));
        };
        let text = kernel::text::clean(text).replace(['\n', '\t'], " ");
        if text.chars().count() > TEXT_MAX {
            let detail = format!("{what}最多 {TEXT_MAX} 个字");
            return refuse(self.path(name), "too_long", detail);
        }
        if text.is_empty() {
            return refuse(self.path(name), "required", format!("请填写{what}"));
        }
        Ok(text)
    }

    fn quantity(&self) -> Result<Ratio, Vec<Problem>> {
        let path = self.path("quantity");
        let quantity = exact(&path, "数量", self.needed("quantity", "数量")?)?;
        if quantity <= Ratio::ZERO {
            return refuse(path, "out_of_range", "数量须大于零");
        }
        if !quantity.fits(QUANTITY_SCALE) {
            return refuse(path, "too_precise", format!("数量最多 {QUANTITY_SCALE} 位小数"));
        }
        Ok(quantity)
    }

    fn price(&self) -> Result<Ratio, Vec<Problem>> {
        let path = self.path("price");
        let price = fen(&path, "单价", self.needed("price", "单价")?)?;
        if price < Ratio::ZERO {
            return refuse(path, "out_of_range", "单价不能是负数");
        }
        Ok(price)
    }

    /// The row as it is stored. Every member's problem is told at once.
    fn clean(&self) -> Result<Value, Vec<Problem>> {
        let name = self.needed("name", "名称").and_then(|value| self.text("name", "名称", value));
        let (quantity, price) = (self.quantity(), self.price());
        let mut row = Map::new();
        let mut problems = Vec::new();
        for (member, what) in [("code", "编码"), ("unit", "单位")] {
            let Some(value) = self.given(member) else { continue };
            match self.text(member, what, value) {
                Ok(text) => drop(row.insert(member.to_owned(), text.into())),
                Err(more) => problems.extend(more),
            }
        }
        match (name, quantity, price) {
            (Ok(name), Ok(quantity), Ok(price)) if problems.is_empty() => {
                let amount = quantity.times(price).map(Ratio::rounded);
                let Some(amount) = amount.filter(|fen| *fen <= FEN_MAX) else {
                    let detail = format!("{}的一行金额超出范围", self.field.label);
                    return refuse(self.path("amount"), "out_of_range", detail);
                };
                row.insert("name".to_owned(), name.into());
                let number = quantity.to_number(QUANTITY_SCALE).map(Value::Number);
                row.insert("quantity".to_owned(), number.unwrap_or_default());
                row.insert("price".to_owned(), price.rounded().into());
                row.insert("amount".to_owned(), amount.into());
                Ok(Value::Object(row))
            }
            (name, quantity, price) => {
                problems.extend(name.err().into_iter().flatten());
                problems.extend(quantity.err().into_iter().flatten());
                problems.extend(price.err().into_iter().flatten());
                Err(problems)
            }
        }
    }
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
        let rows = each_row(rows, |at, row| {
            let at = format!("{}.rows[{at}]", field.key);
            let Some(map) = row.as_object() else {
                return refuse(at, "wrong_type", format!("{}的每一行须是对象", field.label));
            };
            if let Some(other) = map.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
                return super::unknown(&at, other);
            }
            Row { at, field, map }.clean()
        })?;
        let amounts = rows.iter().map(|row| row.get("amount").map_or(0, fen_in));
        let total = amounts.fold(0_i64, i64::saturating_add);
        if total > FEN_MAX {
            let detail = format!("{}的合计超出范围，最多一千亿元", field.label);
            return refuse(format!("{}.total", field.key), "out_of_range", detail);
        }
        Ok(json!({"rows": rows, "total": total}))
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
