//! 拿回: a member takes back what he has just done, while nobody has touched what followed: what he
//! completed, what he handed on, and what he claimed, which goes back to all who could.

use flow::{Event, Verb};
use form::{Answers, Form};
use kernel::{Error, Kind, Result};

use super::{Action, Case, Change, note, noted};
use crate::ticket::{Task, TaskState};

pub(crate) struct Recall;

/// The step that he claimed or handed on, or else the latest that he did, and can take back.
fn step<'c>(case: &'c Case<'_>) -> Option<&'c str> {
    let can = |step: &str| case.may(step, Verb::TakeBack);
    let mut open = case.ticket.open_tasks().filter(|task| can(&task.step));
    if let Some(task) = open.next() {
        return Some(&task.step);
    }
    done(case).map(|task| task.step.as_str())
}

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
        step(case).is_some()
    }

    fn apply(&self, case: &Case<'_>, input: &Answers) -> Result<Change> {
        let by = case.member()?.to_owned();
        let Some(step) = step(case).map(str::to_owned) else {
            let detail = "后续节点已经有人处理，不能拿回";
            return Err(Error::new(Kind::Conflict, "ticket.too_late", detail));
        };
        let flow = Some(Event::TakeBack { step, by });
        Ok(Change { facts: noted(input), flow })
    }
}
