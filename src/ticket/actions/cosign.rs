//! 加签: another member must agree, too.

use flow::{Event, Place, Verb};
use form::{Answers, Choice, Field, Form};
use kernel::Result;

use super::{Action, Case, Change, answer, noted};

pub(crate) struct Cosign;

impl Action for Cosign {
    fn name(&self) -> &'static str {
        "cosign"
    }

    fn label(&self) -> &'static str {
        "加签"
    }

    fn input(&self) -> Form {
        let places = [("before", "在我之前"), ("after", "在我之后"), ("parallel", "同时")];
        let places =
            places.map(|(value, label)| Choice { value: value.into(), label: label.into() });
        let place = Field {
            options: places.into(),
            default: Some("parallel".into()),
            ..Field::new("place", "single_select", "顺序", true)
        };
        let who = Field::new("to", "member", "加签给", true);
        Form { fields: vec![who, place, Field::new("note", "textarea", "说明", false)] }
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::AddSigner)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::AddSigner).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::AddSigner)?;
        let who = answer(input, "to").unwrap_or_default().to_owned();
        let place = match answer(input, "place") {
            Some("before") => Place::Before,
            Some("after") => Place::After,
            _ => Place::Parallel,
        };
        let flow = Some(Event::AddSigner { step, by, who, place });
        Ok(Change { facts: noted(input), flow })
    }
}
