//! What may become an order.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Belonging, What, Wrong, begin_of, clean_member, member_of};
use crate::import::{Cells, Column};

/// An opportunity (商机) with a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opportunity {
    /// Its key in the system that it comes from.
    #[serde(default)]
    pub key: String,
    /// The customer, by external_userid.
    pub external_userid: String,
    /// What it is about.
    pub title: String,
    /// How far it is: 初步接洽, 报价, 谈判.
    #[serde(default)]
    pub stage: String,
    /// What it is worth, in fen.
    #[serde(default)]
    pub amount_cents: i64,
    /// The member who pursues it, by userid.
    #[serde(default)]
    pub owner: Option<String>,
    /// The day on which it is to be won.
    #[serde(default)]
    pub expected_on: Option<String>,
    /// Where it came from: 老客户介绍, 展会.
    #[serde(default)]
    pub source: String,
}

impl Belonging for Opportunity {
    const WHAT: What = What::Opportunity;
    const COLUMNS: &'static [Column] = &[
        Column { key: "key", label: "商机编号", required: true },
        Column { key: "external_userid", label: "客户", required: true },
        Column { key: "title", label: "商机名称", required: true },
        Column { key: "stage", label: "阶段", required: false },
        Column { key: "amount_cents", label: "金额", required: false },
        Column { key: "owner", label: "负责人", required: false },
        Column { key: "expected_on", label: "预计成交日期", required: false },
        Column { key: "source", label: "来源", required: false },
    ];

    fn key(&self) -> &str {
        &self.key
    }

    fn set_key(&mut self, key: &str) {
        key.clone_into(&mut self.key);
    }

    fn external_userid(&self) -> &str {
        &self.external_userid
    }

    fn set_external_userid(&mut self, external_userid: String) {
        self.external_userid = external_userid;
    }

    /// The day on which it is to be won; one that is open stands first.
    fn happened_at(&self, now: Timestamp) -> Timestamp {
        self.expected_on.as_deref().and_then(begin_of).unwrap_or(now)
    }

    fn texts(&self) -> Vec<&str> {
        vec![&self.key, &self.title, &self.stage, &self.source]
    }

    fn member(&self) -> Option<(&'static str, &str)> {
        member_of("owner", self.owner.as_ref())
    }

    fn clean(&mut self, wrong: &mut Wrong) {
        wrong.key("key", &mut self.key);
        wrong.text("title", &mut self.title, (1, 100));
        wrong.text("stage", &mut self.stage, (0, 32));
        wrong.cents("amount_cents", self.amount_cents);
        clean_member(&mut self.owner);
        wrong.day("expected_on", &mut self.expected_on);
        wrong.text("source", &mut self.source, (0, 100));
    }

    fn of_cells(cells: &mut Cells<'_>) -> Self {
        Self {
            key: cells.text("key"),
            external_userid: cells.text("external_userid"),
            title: cells.text("title"),
            stage: cells.text("stage"),
            amount_cents: cells.cents("amount_cents"),
            owner: Some(cells.text("owner")),
            expected_on: cells.day("expected_on"),
            source: cells.text("source"),
        }
    }
}
