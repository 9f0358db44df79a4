//! From a rule to the people that it names, able to work or not.

use serde::Serialize;
use serde_json::Value;

use super::{
    Facts, Holds, Record, once,
    plan::{DEPTH_MAX, LEVELS_MAX},
};
use crate::{Assign, Row};

/// The rule without tables: of each the first row whose condition holds.
pub(super) fn plain<'r>(rule: &'r Assign, holds: Holds<'_>, record: &mut Record) -> &'r Assign {
    let mut rule = rule;
    for _ in 0..=DEPTH_MAX {
        let Assign::Table { rows, otherwise } = rule else { return rule };
        rule = first_row(rows, holds, record).unwrap_or(otherwise);
    }
    record.drop_out("规则表嵌套过深".to_owned());
    rule
}

/// The people that a rule without tables names, each once, in the rule's order.
pub(super) fn resolve(rule: &Assign, facts: &Facts<'_>, record: &mut Record) -> Vec<String> {
    let (people, words) = (people_of(rule, facts), words(rule, facts));
    if people.is_empty() {
        record.drop_out(format!("规则「{words}」没有找到任何人"));
    } else {
        let names = facts.names(&people);
        record.say(format!("规则「{words}」找到 {} 人：{names}", people.len()));
    }
    people
}

fn first_row<'r>(rows: &'r [Row], holds: Holds<'_>, record: &mut Record) -> Option<&'r Assign> {
    for (index, row) in rows.iter().enumerate() {
        let name = match row.name.as_str() {
            "" => format!("第 {} 行", index + 1),
            name => format!("第 {} 行「{name}」", index + 1),
        };
        match holds(&row.when) {
            Ok(true) => {
                record.say(format!("规则表：{name}的条件符合"));
                return Some(&row.assign);
            }
            Ok(false) => {}
            Err(error) => record.drop_out(format!("规则表：{name}的条件无法判断，跳过：{error}")),
        }
    }
    record.say(format!("规则表：{} 行条件都不符合，按「其余情况」", rows.len()));
    None
}

/// A row of a responsibility map (权责地图): under which conditions who answers for a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MapRow {
    /// The conditions on the way to it, outermost first; none for an unconditional rule.
    pub when: Vec<Value>,
    /// The names of the rows on the way to it.
    pub path: Vec<String>,
    /// What the rule says, in words.
    pub rule: String,
    /// Who that is now, by userid.
    pub people: Vec<String>,
}

/// Who answers for what, for every way through a rule and its tables.
pub fn responsibility_map(rule: &Assign, facts: &Facts<'_>) -> Vec<MapRow> {
    let mut map = Vec::new();
    draw(rule, facts, (&mut Vec::new(), &mut Vec::new()), &mut map);
    map
}

fn draw(
    rule: &Assign,
    facts: &Facts<'_>,
    (when, path): (&mut Vec<Value>, &mut Vec<String>),
    map: &mut Vec<MapRow>,
) {
    let Assign::Table { rows, otherwise } = rule else {
        map.push(MapRow {
            when: when.clone(),
            path: path.clone(),
            rule: words(rule, facts),
            people: people_of(rule, facts),
        });
        return;
    };
    if path.len() > DEPTH_MAX {
        return;
    }
    for row in rows {
        when.push(row.when.clone());
        path.push(row.name.clone());
        draw(&row.assign, facts, (when, path), map);
        when.pop();
        path.pop();
    }
    path.push("其余情况".to_owned());
    draw(otherwise, facts, (when, path), map);
    path.pop();
}

fn people_of(rule: &Assign, facts: &Facts<'_>) -> Vec<String> {
    let (ticket, directory) = (&facts.ticket, facts.directory);
    let found = match rule {
        Assign::People { userids } => userids.clone(),
        Assign::Role { key } => directory.role(key),
        Assign::Department { id, with_below } => directory.members(*id, *with_below),
        Assign::DepartmentLead { id, level } => {
            let own = || main_department(ticket.starter.as_deref()?, facts);
            id.or_else(own).map(|id| department_lead(id, *level, facts)).unwrap_or_default()
        }
        Assign::Group { key } => directory.group(key),
        Assign::Starter => ticket.starter.iter().cloned().collect(),
        Assign::StarterLead { level } => {
            ticket.starter.as_deref().map(|one| lead_of(one, *level, facts)).unwrap_or_default()
        }
        Assign::Supervisor => {
            ticket.handlers.iter().flat_map(|one| lead_of(one, 0, facts)).collect()
        }
        Assign::Chosen => ticket.chosen.clone(),
        Assign::Field { key } => directory.answer(key),
        Assign::CustomerOwner => directory.customer_owner().into_iter().collect(),
        Assign::Duty { roster } => directory.on_duty(roster),
        Assign::Table { .. } => Vec::new(),
    };
    let found = directory.current(found);
    once(found.iter().map(String::as_str))
}

fn main_department(userid: &str, facts: &Facts<'_>) -> Option<i64> {
    facts.person(userid)?.departments.first().copied()
}

/// Departments that nobody leads are no level.
fn department_lead(id: i64, level: u8, facts: &Facts<'_>) -> Vec<String> {
    let mut led = facts.upwards(id).into_iter().filter(|one| !one.leads.is_empty());
    led.nth(usize::from(level)).map(|one| one.leads).unwrap_or_default()
}

/// Climbs level by level: to the direct leaders, or where none are set to who leads the nearest
/// department. Who was passed on the way is no lead of a higher level, so a boss who leads two
/// departments counts once and a loop ends.
fn lead_of(userid: &str, level: u8, facts: &Facts<'_>) -> Vec<String> {
    let mut passed = vec![userid.to_owned()];
    let mut level_now = passed.clone();
    for _ in 0..=level.min(LEVELS_MAX) {
        let Some(person) = level_now.first().and_then(|userid| facts.person(userid)) else {
            return Vec::new();
        };
        let is_new = |userid: &&str| !passed.iter().any(|seen| seen == userid);
        let direct = once(person.leaders.iter().map(String::as_str).filter(is_new));
        level_now = if direct.is_empty() {
            let path = person.departments.first().map(|own| facts.upwards(*own));
            let leads = path.iter().flatten();
            let leads = leads.map(|one| once(one.leads.iter().map(String::as_str).filter(is_new)));
            leads.into_iter().find(|leads| !leads.is_empty()).unwrap_or_default()
        } else {
            direct
        };
        passed.extend(level_now.iter().cloned());
    }
    level_now
}

fn words(rule: &Assign, facts: &Facts<'_>) -> String {
    let department = |id: &i64| {
        let name = facts.directory.department(*id).map(|one| one.name).unwrap_or_default();
        if name.is_empty() { format!("部门 {id}") } else { name }
    };
    match rule {
        Assign::People { .. } => "指定成员".to_owned(),
        Assign::Role { key } => format!("角色 {key}"),
        Assign::Department { id, with_below: false } => department(id),
        Assign::Department { id, with_below: true } => format!("{}及下级部门", department(id)),
        Assign::DepartmentLead { id, level } => {
            let whose = id.as_ref().map_or_else(|| "发起人的部门".to_owned(), department);
            format!("{whose}的负责人{}", levels(*level))
        }
        Assign::Group { key } => format!("处理组 {key}"),
        Assign::Starter => "发起人".to_owned(),
        Assign::StarterLead { level } => format!("发起人的直属上级{}", levels(*level)),
        Assign::Supervisor => "当前处理人的上级".to_owned(),
        Assign::Chosen => "上一处理人指定".to_owned(),
        Assign::Field { key } => format!("表单字段 {key}"),
        Assign::CustomerOwner => "客户的负责人".to_owned(),
        Assign::Duty { roster } => format!("值班表 {roster}"),
        Assign::Table { .. } => "规则表".to_owned(),
    }
}

fn levels(level: u8) -> String {
    if level == 0 { String::new() } else { format!("往上 {level} 级") }
}
