//! Why a ticket refuses: in words for the one who asked, with who was faster and when.

use db::Conn;
use kernel::{Actor, Ctx, Error, Kind, Result, TaskId};

use crate::{
    act::Setup,
    ticket::{Task, TaskState, Ticket},
};

/// The refusal of an action that is not allowed now.
pub(crate) fn refusal(
    conn: &mut Conn,
    setup: &Setup,
    ctx: &Ctx,
    ticket: &Ticket,
    on: Option<TaskId>,
) -> Result<Error> {
    let conflict = |code, detail: String| Error::new(Kind::Conflict, code, detail);
    let no = &ticket.no;
    if ticket.is_ended() {
        let at = ticket.closed_at.unwrap_or(ticket.updated_at).local(setup.zone_minutes);
        let by = ticket.tasks.iter().rev().find(|task| task.state == TaskState::Done);
        let by = match by.and_then(|task| task.owner.as_deref()) {
            Some(userid) => format!("，处理人 {}", name(conn, userid)?),
            None => String::new(),
        };
        let detail = format!("工单 {no} {}（{at}{by}）", ticket.status.label());
        return Ok(conflict("ticket.ended", detail));
    }
    let Actor::Member { userid } = &ctx.actor else {
        let detail = format!("工单 {no} 现在不能执行这个动作");
        return Ok(Error::new(Kind::Forbidden, "ticket.action_not_allowed", detail));
    };
    let task = on.and_then(|id| ticket.task(id)).or_else(|| his_task(ticket, userid));
    let Some(task) = task else {
        let detail = format!("您不是工单 {no} 当前的处理人");
        return Ok(Error::new(Kind::Forbidden, "ticket.not_handler", detail));
    };
    Ok(match (task.state, &task.owner) {
        (TaskState::Open, Some(owner)) if owner != userid => {
            let detail = format!("工单 {no} 已被 {} 认领", name(conn, owner)?);
            conflict("ticket.taken", detail)
        }
        (TaskState::Open, _) => {
            let detail = format!("工单 {no} 现在不能执行这个动作");
            Error::new(Kind::Forbidden, "ticket.action_not_allowed", detail)
        }
        (TaskState::Done, owner) => {
            let at = task.closed_at.unwrap_or(ticket.updated_at).local(setup.zone_minutes);
            let who = match owner {
                Some(owner) => name(conn, owner)?,
                None => String::new(),
            };
            conflict("ticket.step_closed", format!("这项待办已由 {who} 于 {at} 完成"))
        }
        (TaskState::Cancelled, _) => {
            let now = ticket.open_tasks().find_map(|open| open.owner.as_deref());
            let detail = match now {
                Some(owner) => format!("工单 {no} 已转给 {}", name(conn, owner)?),
                None => format!("工单 {no} 的这项待办已失效，请查看最新卡片"),
            };
            conflict("ticket.step_closed", detail)
        }
    })
}

fn his_task<'t>(ticket: &'t Ticket, userid: &str) -> Option<&'t Task> {
    let is_his = |task: &&Task| {
        task.owner.as_deref() == Some(userid) || task.handlers.iter().any(|one| one == userid)
    };
    ticket.open_tasks().find(is_his).or_else(|| ticket.tasks.iter().rev().find(is_his))
}

fn name(conn: &mut Conn, userid: &str) -> Result<String> {
    Ok(org::find_member(conn, userid)?.map_or_else(|| userid.to_owned(), |member| member.name))
}
