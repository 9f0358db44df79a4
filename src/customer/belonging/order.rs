//! What was bought.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Belonging, What, Wrong};
use crate::import::{Cells, Column};

/// The most lines of an order.
const LINES_MAX: usize = 100;
/// The most pieces of a line.
const QUANTITY_MAX: u32 = 1_000_000;

/// An order (订单) of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Its number in the system that it comes from.
    #[serde(default)]
    pub no: String,
    /// The customer, by external_userid.
    pub external_userid: String,
    /// What was bought, in one line.
    pub title: String,
    /// What it comes to, in fen.
    #[serde(default)]
    pub amount_cents: i64,
    /// Where it stands: 已付款, 已发货, 已完成.
    #[serde(default)]
    pub state: String,
    /// When it was made.
    pub ordered_at: Timestamp,
    /// What it is made of.
    #[serde(default)]
    pub lines: Vec<OrderLine>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// What.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// What one costs, in fen.
    #[serde(default)]
    pub price_cents: i64,
}

impl Belonging for Order {
    const WHAT: What = What::Order;
    const COLUMNS: &'static [Column] = &[
        Column { key: "no", label: "订单号", required: true },
        Column { key: "external_userid", label: "客户", required: true },
        Column { key: "title", label: "订单名称", required: true },
        Column { key: "amount_cents", label: "金额", required: false },
        Column { key: "state", label: "状态", required: false },
        Column { key: "ordered_at", label: "下单时间", required: true },
        Column { key: "lines", label: "明细", required: false },
    ];

    fn key(&self) -> &str {
        &self.no
    }

    fn set_key(&mut self, key: &str) {
        key.clone_into(&mut self.no);
    }

    fn external_userid(&self) -> &str {
        &self.external_userid
    }

    fn set_external_userid(&mut self, external_userid: String) {
        self.external_userid = external_userid;
    }

    fn happened_at(&self, _now: Timestamp) -> Timestamp {
        self.ordered_at
    }

    fn texts(&self) -> Vec<&str> {
        let lines = self.lines.iter().map(|line| line.name.as_str());
        [self.no.as_str(), &self.title, &self.state].into_iter().chain(lines).collect()
    }

    fn member(&self) -> Option<(&'static str, &str)> {
        None
    }

    fn clean(&mut self, wrong: &mut Wrong) {
        wrong.key("no", &mut self.no);
        wrong.text("title", &mut self.title, (1, 100));
        wrong.cents("amount_cents", self.amount_cents);
        wrong.text("state", &mut self.state, (0, 32));
        if self.lines.len() > LINES_MAX {
            wrong.say("lines", "too_many", format!("最多 {LINES_MAX} 行明细，请减少"));
        }
        for (at, line) in self.lines.iter_mut().enumerate() {
            wrong.text(&format!("lines[{at}].name"), &mut line.name, (1, 100));
            wrong.cents(&format!("lines[{at}].price_cents"), line.price_cents);
            if !(1..=QUANTITY_MAX).contains(&line.quantity) {
                let detail = format!("数量须在 1 到 {QUANTITY_MAX} 之间");
                wrong.say(&format!("lines[{at}].quantity"), "out_of_range", detail);
            }
        }
    }

    fn of_cells(cells: &mut Cells<'_>) -> Self {
        Self {
            no: cells.text("no"),
            external_userid: cells.text("external_userid"),
            title: cells.text("title"),
            amount_cents: cells.cents("amount_cents"),
            state: cells.text("state"),
            ordered_at: cells.moment("ordered_at"),
            lines: cells.lines("lines"),
        }
    }
}
