//! A ticket's history as its customer reads it: what concerns him, in words of his own, without what
//! colleagues say among themselves and without the steps that he does not know of.

use catalog::Published;
use kernel::Actor;
use ticket::{Event, Fact, Ticket};

/// Whether a customer knows of a step. Of a flow whose steps have no public names at all he knows
/// that somebody works, and no more.
pub(super) fn knows(template: &Published, step: &str) -> bool {
    let is_named =
        |key: &str| template.flow.step(key).is_some_and(|step| step.public_name.is_some());
    is_named(step) || template.flow.all().iter().all(|step| step.public_name.is_none())
}

/// What an event is to the customer, in words; nothing when it is none of his.
pub(super) fn line(
    event: &Event,
    ticket: &Ticket,
    template: &Published,
    name_of: &dyn Fn(&str) -> String,
) -> Option<String> {
    let is_his = matches!(event.actor, Actor::Customer { .. });
    let who = event.actor.userid().map(name_of).unwrap_or_else(|| "我们".to_owned());
    let step = step_of(event, ticket);
    let is_known = step.is_none_or(|step| knows(template, step));
    let words = match event.verb.as_str() {
        "create" if is_his => "您提交了诉求".to_owned(),
        "create" => "我们收到了您的诉求".to_owned(),
        "claim" if is_known => format!("{who}接手，正在为您处理"),
        "complete" | "approve" if is_known => done(step, template, &who),
        "transfer" if is_known => match receiver(event) {
            Some(userid) => format!("改由{}为您处理", name_of(userid)),
            None => return None,
        },
        "ask" => "请您补充资料".to_owned(),
        "answer" => "您补充了资料".to_owned(),
        "urge" if is_his => "您催了一下，我们会尽快".to_owned(),
        "urge" => "我们催促了处理人员".to_owned(),
        "suspend" => "暂停处理".to_owned(),
        "resume" => "继续处理".to_owned(),
        "withdraw" => "诉求已撤回".to_owned(),
        "terminate" => "处理已结束".to_owned(),
        "reopen" => "重新开始处理".to_owned(),
        "reply" => "您留言".to_owned(),
        "confirm" => "您确认已经解决".to_owned(),
        "deny" => "您反馈没有解决，我们继续处理".to_owned(),
        "rate" => rating(event)?,
        _ => return None,
    };
    // What he said himself is his to read; what colleagues said with it is not.
    let said = event.said().filter(|_text| is_his);
    let photos = match event.verb.as_str() {
        "reply" => event.facts.iter().filter(|fact| matches!(fact, Fact::Attached { .. })).count(),
        _ => 0,
    };
    Some(match (said, photos) {
        (Some(said), 0) => format!("{words}：{said}"),
        (Some(said), n) => format!("{words}：{said}（{n} 张照片）"),
        (None, 0) => words,
        (None, n) => format!("{words}：{n} 张照片"),
    })
}

/// The step whose work an event is.
fn step_of<'t>(event: &Event, ticket: &'t Ticket) -> Option<&'t str> {
    event.facts.iter().find_map(|fact| match fact {
        Fact::TaskOwned { task, .. } | Fact::TaskClosed { task, .. } => {
            ticket.task(*task).map(|task| task.step.as_str())
        }
        _ => None,
    })
}

fn done(step: Option<&str>, template: &Published, who: &str) -> String {
    let name = step.and_then(|step| template.flow.step(step)?.public_name.as_deref());
    match name {
        Some(name) => format!("「{name}」已完成"),
        None => format!("{who}完成了处理"),
    }
}

fn receiver(event: &Event) -> Option<&str> {
    event.facts.iter().find_map(|fact| match fact {
        Fact::TaskOwned { by, .. } => Some(by.as_str()),
        _ => None,
    })
}

fn rating(event: &Event) -> Option<String> {
    event.facts.iter().find_map(|fact| match fact {
        Fact::Rated { stars, .. } => Some(format!("您评价了 {stars} 星")),
        _ => None,
    })
}
