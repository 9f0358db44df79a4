//! Why a ticket refuses: in words for the one who asked, with who was faster and when.

use db::Conn;
use flow::{Event, Refused};
use form::Form;
use kernel::{Actor, Ctx, Error, Kind, Result, TaskId};
use serde_json::Value;

use crate::{
    act::Setup,
    actions::{self, Action, By},
    ticket::{Status, Task, TaskState, Ticket},
};

/// The refusal of an action that is not allowed now.
pub(crate) fn refusal(
    conn: &mut Conn,
    setup: &Setup,
    ctx: &Ctx,
    ticket: &Ticket,
    (action, on): (&dyn Action, Option<TaskId>),
) -> Result<Error> {
    let no = &ticket.no;
    if ticket.is_ended() {
        return ended(conn, setup, ticket);
    }
    if ticket.status == Status::Suspended {
        let detail = format!("工单 {no} 已挂起，请先恢复");
        return Ok(conflict("ticket.suspended", detail));
    }
    if action.by() != By::Handler {
        return not_his(conn, ctx, ticket, action);
    }
    let Actor::Member { userid } = &ctx.actor else { return Ok(actions::needs_member()) };
    let task = on.and_then(|id| ticket.task(id)).or_else(|| his_task(ticket, userid));
    let Some(task) = task else {
        let detail = format!("您不是工单 {no} 当前的处理人");
        return Ok(Error::new(Kind::Forbidden, "ticket.not_handler", detail));
    };
    let is_asked = ticket.flow.run(&task.step).is_some_and(|run| run.asked.is_some());
    if is_asked && action.name() == "ask" {
        let detail = format!("工单 {no} 已请客户补充，正在等他回复");
        return Ok(conflict("ticket.asked_already", detail));
    }
    Ok(match (task.state, &task.owner) {
        (TaskState::Open, Some(owner)) if owner != userid => {
            let detail = format!("工单 {no} 已被 {} 认领", name(conn, owner)?);
            conflict("ticket.taken", detail)
        }
        (TaskState::Open, Some(_own)) => {
            conflict("ticket.claimed_already", format!("您已认领工单 {no}"))
        }
        (TaskState::Open, None) => {
            let detail = format!("工单 {no} 现在不能{}", action.label());
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

/// The refusal of what is not done by who works on the ticket.
fn not_his(conn: &mut Conn, ctx: &Ctx, ticket: &Ticket, action: &dyn Action) -> Result<Error> {
    let (no, label) = (&ticket.no, action.label());
    Ok(match action.by() {
        By::Customer if action.name() == "answer" => {
            conflict("ticket.not_asked", format!("工单 {no} 没有在等客户补充资料"))
        }
        By::Customer if matches!(ctx.actor, Actor::Customer { .. }) => {
            conflict("ticket.not_ended", format!("工单 {no} 还在处理中，现在不用{label}"))
        }
        By::Customer => {
            let detail = format!("只有客户本人可以{label}，请把进度链接发给他");
            Error::new(Kind::Forbidden, "ticket.customer_only", detail)
        }
        By::Starter => {
            let detail = match ticket.creator.userid() {
                Some(starter) => {
                    format!("只有提交人 {} 可以{label}工单 {no}", name(conn, starter)?)
                }
                None => format!("只有提交人可以{label}工单 {no}"),
            };
            Error::new(Kind::Forbidden, "ticket.not_starter", detail)
        }
        // Whoever may see a ticket may do this, so it is the ticket that is not ready.
        By::Anybody | By::Handler => {
            conflict("ticket.not_ended", format!("工单 {no} 还在处理中，无需{label}"))
        }
    })
}

/// What is to be filled in before a step can be done, by the names that people read.
fn unmet(setup: &Setup, ticket: &Ticket, event: &Event) -> String {
    let no = &ticket.no;
    let plain = format!("工单 {no} 还不满足完成这一步的条件，请先补全");
    let (Event::Complete { step, .. } | Event::Approve { step, .. } | Event::Resume { step, .. }) =
        event
    else {
        return plain;
    };
    let template = setup.catalog.get(&ticket.template.key, ticket.template.version);
    let Ok(template) = template else { return plain };
    let Some(step) = template.flow.step(step) else { return plain };
    let mut labels: Vec<String> = Vec::new();
    let exit = step.work().and_then(|work| work.exit.as_ref());
    exit.into_iter().for_each(|rule| name_fields(rule, &template.form, &mut labels));
    if labels.is_empty() {
        return plain;
    }
    let labels = labels.join("、");
    format!("工单 {no} 还不满足完成「{}」的条件，请先检查：{labels}", step.name)
}

/// The labels of the fields that a rule names, each once.
fn name_fields(rule: &Value, form: &Form, labels: &mut Vec<String>) {
    match rule {
        Value::Object(map) => {
            let named = map.get("var").and_then(Value::as_str);
            let key = named.and_then(|name| name.split('.').next());
            if let Some(field) = key.and_then(|key| form.field(key)) {
                let label = field.label.to_string();
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            map.values().for_each(|inside| name_fields(inside, form, labels));
        }
        Value::Array(all) => all.iter().for_each(|inside| name_fields(inside, form, labels)),
        _ => {}
    }
}

/// The refusal of an event by the flow.
pub(crate) fn refused(
    conn: &mut Conn,
    setup: &Setup,
    ctx: &Ctx,
    ticket: &Ticket,
    asked: (&dyn Action, Option<TaskId>),
    (event, why): (&Event, Refused),
) -> Result<Error> {
    let no = &ticket.no;
    let to = receiver(event);
    Ok(match why {
        Refused::Same => {
            let detail = format!("工单 {no} 已经由 {} 处理，请换一位", name(conn, to)?);
            Error::field("to", "same_handler", detail)
        }
        Refused::CannotWork => {
            let detail = format!("成员 {to} 不存在或已离职，请换一位");
            let is_next = matches!(event, Event::Complete { .. } | Event::Approve { .. });
            Error::field(if is_next { "next" } else { "to" }, "unknown_member", detail)
        }
        Refused::NotHandler if matches!(event, Event::RemoveSigner { .. }) => {
            let detail = format!("{} 不在等待的签核人之中，请换一位", name(conn, to)?);
            Error::field("to", "not_a_signer", detail)
        }
        Refused::LastSigner => Error::field("to", "last_signer", "至少要留一位签核人，请改用转办"),
        Refused::NoStep if matches!(event, Event::Jump { .. }) => {
            Error::field("to", "unknown_step", format!("没有节点 {to}，请填写流程里的节点编码"))
        }
        Refused::ExitUnmet => {
            Error::new(Kind::Invalid, "ticket.exit_unmet", unmet(setup, ticket, event))
        }
        Refused::BranchClosed => {
            let detail = "那条并行分支已经关闭，请退回到并行之前的节点";
            conflict("ticket.branch_closed", detail.to_owned())
        }
        Refused::TooManySigners => {
            Error::field("to", "too_many", "这一步的处理人已达上限，请先等他们处理")
        }
        Refused::TooLate => {
            conflict("ticket.too_late", "后续节点已经有人处理，不能拿回".to_owned())
        }
        _ => return refusal(conn, setup, ctx, ticket, asked),
    })
}

/// To whom, or to where, an event was to lead.
fn receiver(event: &Event) -> &str {
    match event {
        Event::Transfer { to, .. } | Event::Delegate { to, .. } | Event::Jump { to, .. } => to,
        Event::AddSigner { who, .. } | Event::RemoveSigner { who, .. } => who,
        Event::Complete { choose, .. } | Event::Approve { choose, .. } => {
            choose.first().map_or("", String::as_str)
        }
        _ => "",
    }
}

fn conflict(code: &'static str, detail: String) -> Error {
    Error::new(Kind::Conflict, code, detail)
}

fn ended(conn: &mut Conn, setup: &Setup, ticket: &Ticket) -> Result<Error> {
    let at = ticket.closed_at.unwrap_or(ticket.updated_at).local(setup.zone_minutes);
    let done = ticket.tasks.iter().rev().find(|task| task.state == TaskState::Done);
    // What was called off had no last handler, even if an earlier round of it was done.
    let done = done.filter(|_task| ticket.status == Status::Closed);
    let by = match done.and_then(|task| task.owner.as_deref()) {
        Some(userid) => format!("，处理人 {}", name(conn, userid)?),
        None => String::new(),
    };
    let detail = format!("工单 {} {}（{at}{by}）", ticket.no, ticket.status.label());
    Ok(conflict("ticket.ended", detail))
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
