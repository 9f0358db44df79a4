//! The cells of one line, read by column.

use std::collections::BTreeMap;

use kernel::{Timestamp, text, time::MINUTE};

use super::PARTICULAR;
use crate::{
    OrderLine,
    belonging::{Wrong, begin_of},
};

/// The cells of one line; what cannot be read is kept as wrong.
#[derive(Debug)]
pub struct Cells<'r> {
    columns: &'r [String],
    cells: &'r [String],
    zone_minutes: i64,
    wrong: Wrong,
}

impl<'r> Cells<'r> {
    pub(crate) fn new(columns: &'r [String], cells: &'r [String], zone_minutes: i64) -> Self {
        Self { columns, cells, zone_minutes, wrong: Wrong::default() }
    }

    pub(crate) fn wrong(self) -> Wrong {
        self.wrong
    }

    fn cell(&self, key: &str) -> &'r str {
        let at = self.columns.iter().position(|column| column == key);
        at.and_then(|at| self.cells.get(at)).map_or("", |cell| cell.trim())
    }

    /// A text; empty when there is none.
    pub fn text(&self, key: &str) -> String {
        text::clean(self.cell(key))
    }

    /// An amount in yuan, as fen; 0 when there is none.
    pub fn cents(&mut self, key: &str) -> i64 {
        let cell = self.cell(key);
        if cell.is_empty() {
            return 0;
        }
        cents(cell).unwrap_or_else(|| {
            self.wrong.say(key, "malformed", "须是以元为单位的金额，例如 1280 或 1280.50");
            0
        })
    }

    /// A day, however spreadsheets write it.
    pub fn day(&mut self, key: &str) -> Option<String> {
        let cell = self.cell(key);
        if cell.is_empty() {
            return None;
        }
        let day = day(cell);
        if day.is_none() {
            self.wrong.say(key, "malformed", "须是日期，例如 2026-11-22");
        }
        day
    }

    /// A moment: a day, with or without the time of it in the organisation's zone.
    pub fn moment(&mut self, key: &str) -> Timestamp {
        let cell = self.cell(key);
        moment(cell, self.zone_minutes).unwrap_or_else(|| {
            let detail = "须是日期或时间，例如 2026-11-22 或 2026-11-22 09:30";
            self.wrong.say(key, "malformed", detail);
            Timestamp::default()
        })
    }

    /// The lines of an order: `空调 × 2 @ 3999.00；支架 × 2 @ 50`.
    pub fn lines(&mut self, key: &str) -> Vec<OrderLine> {
        let cell = self.cell(key);
        let parts = cell.split(['；', ';', '\n']).map(str::trim).filter(|part| !part.is_empty());
        let lines: Option<Vec<_>> = parts.map(order_line).collect();
        lines.unwrap_or_else(|| {
            let detail =
                "须写成「品名 × 数量 @ 单价」，多行用分号隔开，例如 空调 × 2 @ 3999；支架 × 2 @ 50";
            self.wrong.say(key, "malformed", detail);
            Vec::new()
        })
    }

    /// The particulars: what stands in columns of names of their own.
    pub fn others(&self) -> BTreeMap<String, String> {
        let named = self.columns.iter().zip(self.cells).filter_map(|(column, cell)| {
            let name = column.strip_prefix(PARTICULAR)?;
            Some((name.trim().to_owned(), text::clean(cell)))
        });
        named.filter(|(_name, value)| !value.is_empty()).collect()
    }
}

fn cents(cell: &str) -> Option<i64> {
    let number = cell.trim_start_matches(['¥', '￥']).trim_end_matches('元').trim();
    let number = number.replace([',', '，'], "");
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 13
        || part.len() > 2
        || !is_digits(whole)
        || !is_digits(part)
    {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 100 + part)
}

fn day(cell: &str) -> Option<String> {
    let parts: Vec<&str> = cell.split(['-', '/', '.', '年', '月']).collect();
    let [year, month, date] = parts.as_slice() else { return None };
    let date = date.trim_end_matches('日');
    let day = format!("{year:0>4}-{month:0>2}-{date:0>2}");
    begin_of(&day).map(|_known| day)
}

fn moment(cell: &str, zone_minutes: i64) -> Option<Timestamp> {
    if let Ok(at) = serde_json::from_value::<Timestamp>(cell.into()) {
        return Some(at);
    }
    let (date, hour) = cell.split_once([' ', 'T']).unwrap_or((cell, "00:00"));
    let hour = hour.trim();
    let hour = if hour.matches(':').count() == 1 { format!("{hour}:00") } else { hour.to_owned() };
    let text = format!("{}T{hour:0>8}Z", day(date)?);
    let at: Timestamp = serde_json::from_value(text.into()).ok()?;
    Some(at.plus(-zone_minutes * MINUTE))
}

fn order_line(part: &str) -> Option<OrderLine> {
    let (what, price) = part.rsplit_once('@').unwrap_or((part, "0"));
    let (name, quantity) = what.rsplit_once(['×', '*']).unwrap_or((what, "1"));
    let quantity = quantity.trim().parse().ok()?;
    Some(OrderLine { name: text::clean(name), quantity, price_cents: cents(price.trim())? })
}
