//! 退回: back to an earlier step on the way, with the reason.

use flow::{Event, Verb};
use form::{Answers, Choice, Field, Form};
use kernel::{Error, Result};

use super::{Action, Case, Change, answer, noted};

pub(crate) struct Return;

impl Action for Return {
    fn name(&self) -> &'static str {
        "return"
    }

    fn label(&self) -> &'static str {
        "退回"
    }

    fn input(&self) -> Form {
        let to = Field::new("to", "text", "退回到的节点", false);
        Form { fields: vec![to, Field::new("note", "textarea", "原因", true)] }
    }

    /// The earlier steps are offered by name.
    fn dialog(&self, case: &Case<'_>) -> Form {
        let mut form = self.input();
        let Some(task) = case.task(Verb::Return) else { return form };
        let way = flow::earlier(case.flow, &case.ticket.flow, &task.step).into_iter();
        if let Some(to) = form.fields.first_mut() {
            to.kind = "single_select".to_owned();
            to.options = way
                .map(|step| Choice { value: step.key.clone(), label: step.name.as_str().into() })
                .collect();
        }
        form
    }

    fn verb(&self) -> Option<Verb> {
        Some(Verb::Return)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        case.task(Verb::Return).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let (step, by) = case.step_and_member(Verb::Return)?;
        let way = flow::earlier(case.flow, &case.ticket.flow, &step);
        let to = match answer(input, "to") {
            None => way.first(),
            Some(to) => way.iter().find(|earlier| earlier.key == to),
        };
        let Some(to) = to.map(|earlier| earlier.key.clone()) else {
            let names: Vec<_> =
                way.iter().map(|one| format!("{}（{}）", one.key, one.name)).collect();
            let detail = format!("不能退回到这个节点，可选：{}", names.join("、"));
            return Err(Error::field("to", "not_on_the_way", detail));
        };
        Ok(Change { facts: noted(input), flow: Some(Event::Return { step, by, to }) })
    }
}
