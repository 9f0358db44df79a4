//! Who of the people named can work now; who is on leave is stood in for.

use std::rc::Rc;

use super::{Facts, Person, Record, Standing, once};

/// The people who can work, each once: those named, or whoever stands in for them.
pub(super) fn available(
    named: &[String],
    facts: &Facts<'_>,
    record: &mut Record,
) -> Vec<Rc<Person>> {
    facts.learn(named);
    let able: Vec<_> = named.iter().filter_map(|userid| stand_in(userid, facts, record)).collect();
    let userids = once(able.iter().map(|person| person.userid.as_str()));
    userids.iter().filter_map(|userid| facts.person(userid)).collect()
}

/// The person, or the first of his chain of backups who can work. A chain that comes back to
/// somebody ends there.
fn stand_in(userid: &str, facts: &Facts<'_>, record: &mut Record) -> Option<Rc<Person>> {
    let mut passed: Vec<String> = Vec::new();
    let mut userid = userid.to_owned();
    loop {
        let Some(person) = facts.person(&userid) else {
            record.drop_one(format!("{userid}不在通讯录可见范围内，不参与"));
            return None;
        };
        let name = facts.name(&userid);
        if let Some(why) = out_of_work(person.standing) {
            record.drop_one(format!("{name}{why}，不参与"));
            return None;
        }
        let Some(leave) = &person.leave else { return Some(person) };
        passed.push(userid.clone());
        let until = leave.until.map(|until| format!("至 {}", until.local(facts.zone_minutes)));
        let until = until.unwrap_or_default();
        match &leave.backup {
            None => {
                record.drop_one(format!("{name}请假{until}，没有设置备选处理人"));
                return None;
            }
            Some(backup) if passed.contains(backup) => {
                let backup = facts.name(backup);
                record.drop_one(format!("{name}请假{until}，备选处理人又轮到 {backup}，无人接替"));
                return None;
            }
            Some(backup) => {
                let whom = facts.name(backup);
                record.say_of_one(format!("{name}请假{until}，由备选处理人 {whom} 接替"));
                userid.clone_from(backup);
            }
        }
    }
}

fn out_of_work(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Active => None,
        Standing::Inactive => Some("尚未激活企业微信"),
        Standing::Disabled => Some("已被禁用"),
        Standing::Left => Some("已离职"),
        Standing::OutOfSight => Some("不在应用可见范围内"),
    }
}
