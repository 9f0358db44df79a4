//! 拿回: a member takes back what he has just done, while nobody has touched what followed.

use flow::{Event, Verb};
use form::{Answers, Form};
use kernel::{Error, Kind, Result};

use super::{Action, Case, Change, note, noted};
use crate::ticket::{Task, TaskState};

pub(crate) struct Recall;

/// The latest task that he did and can take back.
fn done<'c>(case: &'c Case<'_>) -> Option<&'c Task> {
    let userid = case.ctx.actor.userid()?;
    let is_his =
        |task: &&Task| task.state == TaskState::Done && task.owner.as_deref() == Some(userid);
    let mut his = case.ticket.tasks.iter().rev().filter(is_his);
    his.find(|task| case.may(&task.step, Verb::TakeBack))
}

impl Action for Recall {
    fn name(&self) -> &'static str {
        "recall"
    }

    fn label(&self) -> &'static str {
        "拿回"
    }

    fn input(&self) -> Form {
        note("原因", false)
    }

    fn allows(&self, case: &Case<'_>) -> bool {
        done(case).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let by = case.member()?.to_owned();
        let Some(task) = done(case) else {
            let detail = "后续节点已经有人处理，不能拿回";
            return Err(Error::new(Kind::Conflict, "ticket.too_late", detail));
        };
        let flow = Some(Event::TakeBack { step: task.step.clone(), by });
        Ok(Change { facts: noted(input), flow })
    }
}
