//! 评价: the customer says what he thought of it. Once for each end of a ticket; for a day he may
//! change his mind.

use form::{Answers, Field, Form};
use kernel::{Error, Kind, Result};
use serde_json::Value;

use super::{Action, By, Case, Change, answer, confirm::is_his};
use crate::{
    fact::Fact,
    survey::{self, Survey},
    ticket::Status,
};

/// The most reasons, and the characters of one.
const REASONS_MAX: usize = 10;
const REASON_MAX: usize = 20;

pub(crate) struct Rate;

impl Action for Rate {
    fn name(&self) -> &'static str {
        "rate"
    }

    fn label(&self) -> &'static str {
        "评价"
    }

    fn input(&self) -> Form {
        let stars = Field { max: Some(5), ..Field::new("stars", "rating", "几颗星", true) };
        let text =
            Field { max: Some(500), ..Field::new("text", "textarea", "想说的话", false) };
        Form {
            fields: vec![stars, Field::new("reasons", "text", "原因，用逗号分开", false), text]
        }
    }

    fn by(&self) -> By {
        By::Customer
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.ticket.status == Status::Closed && is_his(case)
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        match survey::survey(case.ticket, case.ctx.now) {
            Survey::Asked | Survey::Editable { .. } => {}
            Survey::Answered => {
                let detail = "评价已经超过 24 小时，不能再修改，谢谢您";
                return Err(Error::new(Kind::Conflict, "ticket.rated_already", detail));
            }
            Survey::None => {
                let detail = "评价的时间已经过了，谢谢您";
                return Err(Error::new(Kind::Conflict, "ticket.survey_over", detail));
            }
        }
        let stars = input.get("stars").and_then(Value::as_u64).unwrap_or_default();
        let stars = u8::try_from(stars).ok().filter(|stars| (1..=5).contains(stars));
        let stars =
            stars.ok_or_else(|| Error::field("stars", "out_of_range", "请选 1 到 5 颗星"))?;
        let reasons = answer(input, "reasons").unwrap_or_default().split([',', '，']);
        let mut reasons: Vec<_> =
            reasons.map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
        reasons.dedup();
        if reasons.len() > REASONS_MAX || reasons.iter().any(|one| one.chars().count() > REASON_MAX)
        {
            let detail = format!("最多 {REASONS_MAX} 个原因，每个最多 {REASON_MAX} 个字");
            return Err(Error::field("reasons", "too_long", detail));
        }
        let text = answer(input, "text").map(str::to_owned);
        Ok(Change { facts: vec![Fact::Rated { stars, reasons, text }], ..Change::default() })
    }
}
