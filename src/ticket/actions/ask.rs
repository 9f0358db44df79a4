//! 请客户补充: the customer gets a link to a page with some fields of the form, and the step waits.

use flow::{Event, Verb};
use form::{Answers, Choice, Field, Form};
use kernel::Result;
use serde_json::Value;

use super::{Action, Case, Change, noted};
use crate::question::askable;

pub(crate) struct Ask;

fn dialog(fields: Vec<Choice>) -> Form {
    let fields =
        Field { options: fields, ..Field::new("fields", "multi_select", "请客户填写", true) };
    Form { fields: vec![fields, Field::new("note", "textarea", "给客户的说明", false)] }
}

impl Action for Ask {
    fn name(&self) -> &'static str {
        "ask"
    }

    fn label(&self) -> &'static str {
        "请客户补充"
    }

    fn input(&self) -> Form {
        dialog(Vec::new())
    }

    fn dialog(&self, case: &Case<'_>) -> Form {
        let task = case.task(Verb::AskCustomer);
        let Some(task) = task else { return self.input() };
        let offered = askable(case.form, case.ticket, &task.step).into_iter();
        dialog(
            offered
                .map(|field| Choice { value: field.key.clone(), label: field.label.clone() })
                .collect(),
        )
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::AskCustomer)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::AskCustomer).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::AskCustomer)?;
        let fields = input.get("fields").and_then(Value::as_array).into_iter().flatten();
        let fields = fields.filter_map(Value::as_str).map(str::to_owned).collect();
        Ok(Change { facts: noted(input), flow: Some(Event::AskCustomer { step, by, fields }) })
    }
}
