//! A ticket as it is shown: the contract's JSON, its timeline in words, the buttons of an actor.

use std::collections::BTreeMap;

use catalog::Published;
use flow::{Effect, Logged, Notice, StepState};
use form::Answers;
use kernel::{Actor, Ctx, TaskId, TicketId, Timestamp};
use serde::Serialize;

use crate::{
    actions::{ACTIONS, Case},
    fact::{Event, Fact},
    names::Names,
    origin::Origin,
    policy,
    row::{Row, row, step_name},
    ticket::{Attachment, Child, Link, TaskState, Ticket},
};

/// One step as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct StepView {
    /// The step's key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub state: StepState,
    /// How often it was opened.
    pub round: u32,
    /// Who may do it; the owner alone once it has one.
    pub handlers: Vec<String>,
    /// Who took it.
    pub owner: Option<String>,
    /// How far the tickets are that it raised and waits for; none when it raises none.
    pub progress: Option<Progress>,
}

/// How far the tickets are that a step waits for.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Progress {
    /// How many have ended.
    pub ended: usize,
    /// Of how many.
    pub of: usize,
}

/// One task as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct TaskView {
    /// The task's id.
    pub id: TaskId,
    /// Its step.
    pub step: String,
    /// The step's name.
    pub step_name: String,
    /// The step's round.
    pub round: u32,
    /// What it is doing.
    pub state: TaskState,
    /// Who took it.
    pub owner: Option<String>,
    /// Since when it is somebody's work.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
    /// When it is to be done, or was to be.
    pub due_at: Option<Timestamp>,
    /// Whether it asks for a yes or a no.
    pub is_approval: bool,
}

/// A question that waits for the customer, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct AskedView {
    /// Which question; an answer names it.
    pub ask: String,
    /// The step that waits.
    pub step: String,
    /// Who asked.
    pub by: String,
    /// Since when it waits.
    pub at: Timestamp,
    /// Which fields the customer is to fill in.
    pub fields: Vec<String>,
    /// The page on which he does, for whoever passes it on.
    pub url: Option<String>,
}

/// A ticket that another one raised, or that raised it, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct ChildView {
    /// Its id.
    pub id: TicketId,
    /// Its number.
    pub no: String,
    /// The step that raised it.
    pub step: String,
    /// What it is doing, as far as that step waits for it.
    pub state: Option<flow::SlotState>,
}

/// A ticket as it is shown: what lists show of it, and the rest.
#[derive(Clone, Debug, Serialize)]
pub struct TicketView {
    /// What a line of a list shows.
    #[serde(flatten)]
    pub row: Row,
    /// The group chat it came from.
    pub chat_id: Option<String>,
    /// What was answered.
    pub form: Answers,
    /// Who raised it.
    pub creator: Actor,
    /// Its way.
    pub steps: Vec<StepView>,
    /// Its tasks, oldest first.
    pub tasks: Vec<TaskView>,
    /// What the customer was asked for and has not answered.
    pub asked: Vec<AskedView>,
    /// What was added to it.
    pub attachments: Vec<Attachment>,
    /// Words that group it.
    pub tags: Vec<String>,
    /// What was known around it when it was raised; none for the customer himself.
    pub context: Option<Origin>,
    /// The ticket that raised it.
    pub parent: Option<TicketId>,
    /// The tickets that it raised, oldest first.
    pub children: Vec<ChildView>,
    /// The other tickets that have to do with it.
    pub links: Vec<Link>,
    /// How often it was urged.
    pub urged: u32,
    /// What the one who asks may do now.
    pub actions: Vec<&'static str>,
}

/// A ticket for whoever asks; `link` makes the address of the page of a question.
pub fn view(
    ctx: &Ctx,
    ticket: &Ticket,
    template: &Published,
    names: &Names,
    link: &dyn Fn(u64) -> String,
) -> TicketView {
    let steps = ticket.flow.steps.iter().map(|run| StepView {
        key: run.key.clone(),
        name: template.flow.step(&run.key).map(|step| step.name.clone()).unwrap_or_default(),
        state: run.state,
        round: run.round,
        handlers: run.handlers(),
        owner: run.owner().map(str::to_owned),
        progress: match run.progress() {
            (_none, 0) => None,
            (ended, of) => Some(Progress { ended, of }),
        },
    });
    let tasks = ticket.tasks.iter().map(|task| TaskView {
        id: task.id,
        step: task.step.clone(),
        round: task.round,
        state: task.state,
        step_name: step_name(template, &task.step).name,
        owner: task.owner.clone(),
        opened_at: task.opened_at,
        closed_at: task.closed_at,
        due_at: task.due_at,
        is_approval: task.is_approval,
    });
    let actions = allowed(ctx, ticket, template);
    // Whoever has the address can answer.
    let may_answer = actions.contains(&"answer");
    let asked = ticket.flow.steps.iter().filter_map(|run| {
        let asked = run.asked.as_ref()?;
        Some(AskedView {
            ask: asked.id.to_string(),
            step: run.key.clone(),
            by: asked.by.clone(),
            at: asked.at,
            fields: asked.fields.clone(),
            url: may_answer.then(|| link(asked.id)),
        })
    });
    TicketView {
        row: row(ctx, ticket, template, names),
        chat_id: ticket.chat_id.clone(),
        form: policy::readable(&ctx.actor, ticket, template),
        creator: ticket.creator.clone(),
        steps: steps.collect(),
        tasks: tasks.collect(),
        asked: asked.collect(),
        attachments: ticket.attachments.clone(),
        tags: ticket.tags.clone(),
        context: policy::context(&ctx.actor, ticket),
        parent: ticket.parent.as_ref().map(|parent| parent.ticket),
        children: ticket.children.iter().map(|child| child_view(ticket, child)).collect(),
        links: ticket.links.clone(),
        urged: ticket.urged,
        actions,
    }
}

fn child_view(ticket: &Ticket, child: &Child) -> ChildView {
    let run = ticket.flow.run(&child.step).filter(|run| run.round == child.round);
    ChildView {
        id: child.ticket,
        no: child.no.clone(),
        step: child.step.clone(),
        state: run.and_then(|run| run.children.get(child.n).copied()),
    }
}

/// The actions that whoever asks may do now, in the order of their buttons.
pub fn allowed(ctx: &Ctx, ticket: &Ticket, template: &Published) -> Vec<&'static str> {
    let (form, flow) = (template.compiled(), &template.flow);
    let case = Case { ctx, ticket, form, flow, on: None };
    ACTIONS.iter().filter(|action| action.allows(&case)).map(|action| action.name()).collect()
}

/// One line of a ticket's history.
#[derive(Clone, Debug, Serialize)]
pub struct TimelineEntry {
    /// The event's number.
    pub seq: i64,
    /// What was done.
    pub verb: String,
    /// Who did it.
    pub actor: Actor,
    /// The doer's name.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// What happened, in words.
    pub text: String,
    /// What was decided by rule, and why.
    pub decisions: Vec<DecisionView>,
}

/// A decision by rule.
#[derive(Clone, Debug, Serialize)]
pub struct DecisionView {
    /// The step that it was about; the ticket's priority when absent.
    pub step: Option<String>,
    /// The record: who was considered, who dropped out and why, how the choice was made.
    pub lines: Vec<String>,
}

fn decisions(event: &Event) -> Vec<DecisionView> {
    let decided = |fact: &Fact| match fact {
        Fact::Decided { step, lines } => {
            Some(DecisionView { step: step.clone(), lines: lines.clone() })
        }
        _ => None,
    };
    event.facts.iter().filter_map(decided).collect()
}

/// The history in words; `names` gives the names of the members in it.
pub fn timeline(events: &[Event], names: &BTreeMap<String, String>) -> Vec<TimelineEntry> {
    let name_of = |userid: &str| names.get(userid).cloned().unwrap_or_else(|| userid.to_owned());
    let entry = |event: &Event| {
        let name = match &event.actor {
            Actor::Member { userid } => name_of(userid),
            Actor::Token { name } => name.clone(),
            Actor::Customer { .. } => "客户".to_owned(),
            Actor::System => "系统".to_owned(),
        };
        TimelineEntry {
            seq: event.seq,
            verb: event.verb.clone(),
            actor: event.actor.clone(),
            text: in_words(event, &name, &name_of),
            decisions: decisions(event),
            name,
            at: event.at,
        }
    };
    events.iter().map(entry).collect()
}

/// What somebody did, of the verbs of which no more is to be told.
const DONE: [(&str, &str); 21] = [
    ("create", "创建了工单"),
    ("claim", "认领了工单"),
    ("complete", "完成了处理"),
    ("urge", "催办"),
    ("withdraw", "撤销了工单"),
    ("terminate", "终止了工单"),
    ("reopen", "重启了工单"),
    ("approve", "同意"),
    ("reject", "驳回"),
    ("return", "退回"),
    ("resubmit", "处理后直接送回"),
    ("release", "减签"),
    ("recall", "拿回了工单"),
    ("ask", "请客户补充资料"),
    ("answer", "补充了资料"),
    ("suspend", "挂起了工单"),
    ("resume", "恢复了工单"),
    ("jump", "人工介入"),
    ("reply", "回复"),
    ("confirm", "确认已经解决"),
    ("deny", "表示没有解决"),
];

fn in_words(event: &Event, name: &str, name_of: &impl Fn(&str) -> String) -> String {
    let said = event.said();
    let plain = DONE.iter().find(|(verb, _words)| *verb == event.verb);
    let done = match event.verb.as_str() {
        _ if let Some((_verb, words)) = plain => format!("{name} {words}"),
        "handover" => "成员已离职，工作已交接".to_owned(),
        "migrate" => {
            let to = event.facts.iter().find_map(|fact| match fact {
                Fact::Migrated { version, .. } => Some(*version),
                _ => None,
            });
            format!("{name} 把工单升级到模板第 {} 版", to.unwrap_or_default())
        }
        "prioritise" => {
            let to = event.facts.iter().find_map(|fact| match fact {
                Fact::Prioritised { priority } => Some(priority.label()),
                _ => None,
            });
            format!("{name} 把优先级调整为{}", to.unwrap_or_default())
        }
        "subticket" => {
            let no = event.facts.iter().find_map(|fact| match fact {
                Fact::ChildRaised { child } => Some(child.no.as_str()),
                _ => None,
            });
            format!("发起子工单 {}", no.unwrap_or_default())
        }
        "subticket_ended" => "一张子工单已结束".to_owned(),
        "timer" => by_itself(event).to_owned(),
        "action" if is_alarmed(event) => "自动动作没有成功".to_owned(),
        "action" => "自动动作已完成".to_owned(),
        "trigger" => name.to_owned(),
        "link" => {
            let no = event.facts.iter().filter_map(|fact| match fact {
                Fact::Linked { link } => Some(link.no.as_str()),
                _ => None,
            });
            format!("关联工单 {}", no.collect::<Vec<_>>().join("、"))
        }
        "rate" => format!("{name} {}", rating(event)),
        "transfer" => format!("{name} 转办给 {}", receiver(event, name_of)),
        "delegate" => format!("{name} 委派给 {}", receiver(event, name_of)),
        "cosign" => match receiver(event, name_of) {
            later if later.is_empty() => format!("{name} 加签"),
            who => format!("{name} 加签给 {who}"),
        },
        "attach" => {
            let what = event.facts.iter().find_map(|fact| match fact {
                Fact::Attached { attachment } => Some(attachment.name.as_str()),
                _ => None,
            });
            format!("{name} 添加了 {}", what.unwrap_or("附件"))
        }
        _ => name.to_owned(),
    };
    match said {
        Some(text) => format!("{done}：{text}"),
        None => done,
    }
}

/// What the customer thought of it.
fn rating(event: &Event) -> String {
    let rated = event.facts.iter().find_map(|fact| match fact {
        Fact::Rated { stars, reasons, text } => Some((stars, reasons, text)),
        _ => None,
    });
    let Some((stars, reasons, text)) = rated else { return "作了评价".to_owned() };
    let mut words = format!("评价 {stars} 星");
    if !reasons.is_empty() {
        words = format!("{words}（{}）", reasons.join("、"));
    }
    match text {
        Some(text) => format!("{words}：{text}"),
        None => words,
    }
}

/// Who got the work.
fn receiver(event: &Event, name_of: &impl Fn(&str) -> String) -> String {
    let to = event.facts.iter().find_map(|fact| match fact {
        Fact::TaskOwned { by, .. } => Some(name_of(by)),
        _ => None,
    });
    to.unwrap_or_default()
}

/// Whether it left a step that cannot go on by itself.
fn is_alarmed(event: &Event) -> bool {
    event.facts.iter().any(|fact| matches!(fact, Fact::Alarmed { .. }))
}

/// What a timer did, the most telling thing first.
fn by_itself(event: &Event) -> &'static str {
    let has = |is_it: &dyn Fn(&Effect) -> bool| {
        event.facts.iter().any(|fact| matches!(fact, Fact::Ordered { effect } if is_it(effect)))
    };
    let notice = |wanted: &dyn Fn(&Notice) -> bool| {
        has(&|effect| matches!(effect, Effect::Notify { what, .. } if wanted(what)))
    };
    if has(&|effect| matches!(effect, Effect::Log { what: Logged::Overdue, .. })) {
        "处理超时"
    } else if is_alarmed(event) {
        "自动动作迟迟没有结果"
    } else if notice(&|what| matches!(what, Notice::Escalation { .. })) {
        "处理超时，已通知上级"
    } else if notice(&|what| *what == Notice::Overdue) {
        "处理仍超时，已再次提醒"
    } else if notice(&|what| *what == Notice::Reminder) {
        "期限将至，已提醒处理人"
    } else if event.facts.contains(&Fact::Continued) {
        "挂起期满，工单自动恢复"
    } else {
        "等待结束"
    }
}
