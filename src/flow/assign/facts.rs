//! What the caller knows, and what he looks up while he is asked.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use kernel::{Micros, Timestamp};
use serde::{Deserialize, Serialize};

use super::Point;

/// How many people a line of the record names.
const NAMES_MAX: usize = 20;

/// Whether a member can work at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// 已激活.
    #[default]
    Active,
    /// 未激活: has not joined yet.
    Inactive,
    /// 已禁用.
    Disabled,
    /// 已离职.
    Left,
    /// Outside of what the app may see, so that no card reaches him.
    OutOfSight,
}

/// A leave that is going on now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// When it ends, where that is known.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Who takes over, by userid.
    #[serde(default)]
    pub backup: Option<String>,
}

/// Where somebody was, and when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// Where.
    pub point: Point,
    /// When he was there.
    pub at: Timestamp,
}

/// A person and what is known about him.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    /// The key.
    pub userid: String,
    /// What people read.
    pub name: String,
    /// His departments, the main one first.
    pub departments: Vec<i64>,
    /// 直属上级, by userid.
    pub leaders: Vec<String>,
    /// Keys of his roles.
    pub roles: Vec<String>,
    /// What he can do, such as `空调`.
    pub skills: Vec<String>,
    /// Where he works, as paths such as `华东/上海`.
    pub regions: Vec<String>,
    /// Whether he serves important customers.
    pub serves_vip: bool,
    /// Whether he can work at all.
    pub standing: Standing,
    /// The leave that is going on now.
    pub leave: Option<Leave>,
    /// How many open tasks he has.
    pub open_tasks: u32,
    /// When he was last given work automatically.
    pub last_assigned_at: Option<Timestamp>,
    /// Where he was last seen.
    pub position: Option<Position>,
}

impl Person {
    /// Somebody able to work of whom nothing else is known.
    pub fn new(userid: &str, name: &str) -> Self {
        Self { userid: userid.to_owned(), name: name.to_owned(), ..Self::default() }
    }

    /// Whether he works in a region: in it or in one that it lies in.
    pub(super) fn covers(&self, region: &str) -> bool {
        self.regions.iter().any(|own| {
            let rest = region.strip_prefix(own.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// A department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Department {
    /// What people read.
    pub name: String,
    /// The department above.
    pub parent: Option<i64>,
    /// 部门负责人, by userid.
    pub leads: Vec<String>,
}

/// The ticket's side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticket {
    /// Who started it, when that is a member.
    pub starter: Option<String>,
    /// Who works on it now, by userid.
    pub handlers: Vec<String>,
    /// Whom the handler before chose.
    pub chosen: Vec<String>,
}

/// Where people and answers are looked up. Each question is asked when its answer is needed, and no more than
/// that: a company has tens of thousands of people.
pub trait Directory {
    /// Those of these people whom anybody knows. What they can do, their loads, positions and last
    /// assignments only where `with_figures` asks for them.
    fn people(&self, userids: &[String], with_figures: bool) -> Vec<Person>;

    /// The userids that these people have now, who may be named by older ones or in another
    /// spelling.
    fn current(&self, userids: Vec<String>) -> Vec<String>;

    /// A department.
    fn department(&self, id: i64) -> Option<Department>;

    /// The members of a department.
    fn members(&self, department: i64, with_below: bool) -> Vec<String>;

    /// Who has a role.
    fn role(&self, key: &str) -> Vec<String>;

    /// The members of a group.
    fn group(&self, key: &str) -> Vec<String>;

    /// Who is on duty now.
    fn on_duty(&self, roster: &str) -> Vec<String>;

    /// What was answered to a field of the form: the members that it names, the options that were
    /// chosen, a path level by level.
    fn answer(&self, field: &str) -> Vec<String>;

    /// The place that was answered to a field of the form.
    fn place(&self, field: &str) -> Option<Point>;

    /// The member who looks after the ticket's customer.
    fn customer_owner(&self) -> Option<String>;

    /// Whether the ticket's customer is important.
    fn is_vip(&self) -> bool;
}

/// Everything that a decision rests on.
pub struct Facts<'d> {
    /// The present instant.
    pub now: Timestamp,
    /// The zone in which the record tells times, in minutes east of UTC.
    pub zone_minutes: i64,
    /// The ticket's side.
    pub ticket: Ticket,
    /// Where the rest is looked up.
    pub directory: &'d dyn Directory,
    with_figures: bool,
    known: RefCell<BTreeMap<String, Option<Rc<Person>>>>,
}

impl<'d> Facts<'d> {
    /// The facts of one decision.
    pub fn new(
        now: Timestamp,
        zone_minutes: i64,
        ticket: Ticket,
        directory: &'d dyn Directory,
    ) -> Self {
        let known = RefCell::default();
        Self { now, zone_minutes, ticket, directory, with_figures: false, known }
    }

    /// The same with the figures that a strategy compares.
    pub(super) fn with_figures(&self) -> Self {
        let ticket = self.ticket.clone();
        let plain = Self::new(self.now, self.zone_minutes, ticket, self.directory);
        Self { with_figures: true, ..plain }
    }

    /// Looks these people up at once, those who are not known yet.
    pub(super) fn learn(&self, userids: &[String]) {
        let mut known = self.known.borrow_mut();
        let is_new = |userid: &&String| !known.contains_key(*userid);
        let asked: Vec<_> = userids.iter().filter(is_new).cloned().collect();
        if asked.is_empty() {
            return;
        }
        for person in self.directory.people(&asked, self.with_figures) {
            known.insert(person.userid.clone(), Some(Rc::new(person)));
        }
        for userid in asked {
            known.entry(userid).or_default();
        }
    }

    pub(super) fn person(&self, userid: &str) -> Option<Rc<Person>> {
        self.learn(&[userid.to_owned()]);
        self.known.borrow().get(userid).cloned().flatten()
    }

    /// `李雷（li）`, or the bare userid of somebody unknown.
    pub(super) fn name(&self, userid: &str) -> String {
        match self.person(userid) {
            Some(person) if !person.name.is_empty() && person.name != userid => {
                format!("{}（{userid}）", person.name)
            }
            _ => userid.to_owned(),
        }
    }

    pub(super) fn names(&self, userids: &[String]) -> String {
        let some = userids.get(..NAMES_MAX).unwrap_or(userids);
        self.learn(some);
        let some: Vec<_> = some.iter().map(|userid| self.name(userid)).collect();
        let some = some.join("、");
        if userids.len() > NAMES_MAX { format!("{some} 等 {} 人", userids.len()) } else { some }
    }

    /// What one has to be able to do, by these fields.
    pub(super) fn needed(&self, fields: &[String]) -> Vec<String> {
        fields.iter().flat_map(|field| self.directory.answer(field)).collect()
    }

    pub(super) fn age(&self, at: Timestamp) -> Micros {
        // A phone's clock may be ahead of ours.
        self.now.since(at).max(0)
    }

    /// A department and those above it, nearest first; a loop in the data ends it.
    pub(super) fn upwards(&self, department: i64) -> Vec<Department> {
        let mut path: Vec<(i64, Department)> = Vec::new();
        let mut next = Some(department);
        while let Some(id) = next {
            let Some(found) = self.directory.department(id) else { break };
            if path.iter().any(|(seen, _)| *seen == id) {
                break;
            }
            next = found.parent;
            path.push((id, found));
        }
        path.into_iter().map(|(_id, department)| department).collect()
    }
}
