//! What the caller looked up before asking.

use std::collections::BTreeMap;

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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ticket {
    /// Who started it, when that is a member.
    pub starter: Option<String>,
    /// The members that answers of the form name, by field key.
    pub members: BTreeMap<String, Vec<String>>,
    /// Who works on it now, by userid.
    pub handlers: Vec<String>,
    /// Whom the handler before chose.
    pub chosen: Vec<String>,
    /// The member who owns the customer.
    pub customer_owner: Option<String>,
    /// Where it is, as a path such as `华东/上海/浦东`.
    pub region: Option<String>,
    /// What one has to be able to do.
    pub skills: Vec<String>,
    /// Where one has to go.
    pub point: Option<Point>,
    /// Whether the customer is important.
    pub is_vip: bool,
}

/// Everything that was looked up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// The present instant.
    pub now: Timestamp,
    /// The zone in which the record tells times, in minutes east of UTC.
    pub zone_minutes: i64,
    /// People by userid, those included who only stand in for others.
    pub people: BTreeMap<String, Person>,
    /// Departments by id.
    pub departments: BTreeMap<i64, Department>,
    /// The members of groups, by the group's key.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Who is on duty now, by the roster's key.
    pub on_duty: BTreeMap<String, Vec<String>>,
    /// The ticket's side.
    pub ticket: Ticket,
}

impl Facts {
    /// `李雷（li）`, or the bare userid of somebody unknown.
    pub(super) fn name(&self, userid: &str) -> String {
        match self.people.get(userid) {
            Some(person) if !person.name.is_empty() && person.name != userid => {
                format!("{}（{userid}）", person.name)
            }
            _ => userid.to_owned(),
        }
    }

    pub(super) fn names<T: AsRef<str>>(&self, userids: &[T]) -> String {
        let some = userids.iter().take(NAMES_MAX).map(|userid| self.name(userid.as_ref()));
        let some = some.collect::<Vec<_>>().join("、");
        if userids.len() > NAMES_MAX { format!("{some} 等 {} 人", userids.len()) } else { some }
    }

    pub(super) fn age(&self, at: Timestamp) -> Micros {
        // A phone's clock may be ahead of ours.
        self.now.since(at).max(0)
    }

    /// A department and those above it, nearest first; a loop in the data ends it.
    pub(super) fn upwards(&self, department: i64) -> Vec<(i64, &Department)> {
        let mut path: Vec<(i64, &Department)> = Vec::new();
        let mut next = Some(department);
        while let Some(id) = next {
            let Some(found) = self.departments.get(&id) else { break };
            if path.iter().any(|(seen, _)| *seen == id) {
                break;
            }
            path.push((id, found));
            next = found.parent;
        }
        path
    }
}
