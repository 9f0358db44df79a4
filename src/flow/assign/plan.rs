//! Rules as data: where candidates come from, who is preferred, how one is chosen.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::Problem;

/// How deep tables may lie in tables.
pub(super) const DEPTH_MAX: usize = 8;
/// The most rows of a table.
const ROWS_MAX: usize = 500;
/// The highest level of a lead chain.
pub(super) const LEVEL_MAX: u8 = 20;

/// Where candidates come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// These people.
    People {
        /// By userid.
        userids: Vec<String>,
    },
    /// Everybody who has a role.
    Role {
        /// The role's key.
        key: String,
    },
    /// Everybody of a department.
    Department {
        /// WeCom's id.
        id: i64,
        /// Whether the departments below it count.
        #[serde(default)]
        with_below: bool,
    },
    /// Who leads a department: level 1 leads it, level 2 the one above that, and so on.
    DepartmentLead {
        /// WeCom's id; the starter's main department when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<i64>,
        /// How far up, from 1.
        level: u8,
    },
    /// A handling group.
    Group {
        /// The group's key.
        key: String,
    },
    /// Who started the ticket.
    Starter,
    /// Who is above the starter: level 1 directly, level 2 above that, and so on.
    StarterLead {
        /// How far up, from 1.
        level: u8,
    },
    /// Who the previous handler chose.
    Chosen,
    /// Who an answer of the form names.
    Member {
        /// The field's key.
        field: String,
    },
    /// The member who owns the customer.
    CustomerOwner,
    /// Who is on duty.
    Duty {
        /// The roster's key.
        roster: String,
    },
    /// The first row whose condition holds, in order.
    Table {
        /// The rows.
        rows: Vec<Row>,
        /// When no row matches; nobody when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<Box<Rule>>,
    },
}

/// A row of a rule table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What people call it, such as 华东区域.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The condition.
    pub when: Value,
    /// Where candidates come from then.
    pub then: Rule,
}

/// Who of the candidates is preferred. `must` says that nobody else will do; otherwise everybody
/// stays when nobody fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "keep", rename_all = "snake_case", deny_unknown_fields)]
pub enum Narrow {
    /// Those who work in the ticket's region.
    Region {
        /// Whether nobody else will do.
        #[serde(default)]
        must: bool,
    },
    /// For an important customer: those who serve such.
    Vip {
        /// Whether nobody else will do.
        #[serde(default)]
        must: bool,
    },
    /// Those who can do all that the ticket needs.
    Skill {
        /// Whether nobody else will do.
        #[serde(default)]
        must: bool,
    },
    /// Those who are on duty.
    Duty {
        /// The roster's key.
        roster: String,
        /// Whether nobody else will do.
        #[serde(default)]
        must: bool,
    },
}

/// How somebody is chosen from the candidates. Where two are equal, who has fewer open tasks comes
/// first, then who was given work longest ago, then the lesser userid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "pick", rename_all = "snake_case", deny_unknown_fields)]
pub enum Strategy {
    /// Everybody gets it.
    All,
    /// Whoever claims it first.
    ClaimPool,
    /// One after the other.
    RoundRobin,
    /// Who has the fewest open tasks.
    LeastLoaded,
    /// Who is nearest to the ticket, of those whose position is fresh; without any, who has the
    /// fewest open tasks.
    Nearest {
        /// How old a position may be, in minutes.
        #[serde(default = "fresh_minutes")]
        fresh_minutes: u32,
    },
    /// Who can do most of what the ticket needs; when nobody can do anything of it, who has the
    /// fewest open tasks.
    SkillMatch,
}

fn fresh_minutes() -> u32 {
    15
}

/// A whole assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Where candidates come from.
    pub rule: Rule,
    /// Who of them is preferred, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub narrow: Vec<Narrow>,
    /// How somebody is chosen.
    pub strategy: Strategy,
}

impl Plan {
    /// Everything that forbids publishing it, each with its path below `path`.
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.rule.check(&format!("{path}.rule"), 0, &mut problems);
        for (index, narrow) in self.narrow.iter().enumerate() {
            if let Narrow::Duty { roster, .. } = narrow {
                let path = format!("{path}.narrow[{index}].roster");
                key(&path, roster, "请选择一个值班表", &mut problems);
            }
        }
        if matches!(self.strategy, Strategy::Nearest { fresh_minutes: 0 }) {
            let path = format!("{path}.strategy.fresh_minutes");
            problems.push(Problem::new(path, "位置有效时间为 0", "请填写分钟数，如 15"));
        }
        problems
    }
}

impl Rule {
    fn check(&self, path: &str, depth: usize, problems: &mut Vec<Problem>) {
        match self {
            Self::People { userids } => {
                if userids.is_empty() {
                    let path = format!("{path}.userids");
                    problems.push(Problem::new(path, "没有指定任何人", "请至少选择一位成员"));
                }
                for (index, userid) in userids.iter().enumerate() {
                    key(&format!("{path}.userids[{index}]"), userid, "请重新选择成员", problems);
                }
            }
            Self::Role { key: role } => {
                key(&format!("{path}.key"), role, "请选择一个角色", problems);
            }
            Self::Group { key: group } => {
                key(&format!("{path}.key"), group, "请选择一个处理组", problems);
            }
            Self::Member { field } => {
                key(&format!("{path}.field"), field, "请选择表单里的成员字段", problems);
            }
            Self::Duty { roster } => {
                key(&format!("{path}.roster"), roster, "请选择一个值班表", problems);
            }
            Self::DepartmentLead { level, .. } | Self::StarterLead { level } => {
                if !(1..=LEVEL_MAX).contains(level) {
                    let what = format!("没有第 {level} 级上级");
                    let mend = format!("请填写 1（直接上级）到 {LEVEL_MAX}");
                    problems.push(Problem::new(format!("{path}.level"), what, mend));
                }
            }
            Self::Table { rows, default } => table(path, rows, default.as_deref(), depth, problems),
            Self::Department { .. } | Self::Starter | Self::Chosen | Self::CustomerOwner => {}
        }
    }
}

fn table(
    path: &str,
    rows: &[Row],
    default: Option<&Rule>,
    depth: usize,
    problems: &mut Vec<Problem>,
) {
    if depth >= DEPTH_MAX {
        let what = format!("规则表嵌套超过 {DEPTH_MAX} 层");
        problems.push(Problem::new(path, what, "请把内层规则表的条件并入外层"));
        return;
    }
    if rows.len() > ROWS_MAX {
        let what = format!("规则表有 {} 行，超过 {ROWS_MAX} 行", rows.len());
        problems.push(Problem::new(format!("{path}.rows"), what, "请合并结果相同的行"));
    }
    for (index, row) in rows.iter().enumerate() {
        row.then.check(&format!("{path}.rows[{index}].then"), depth + 1, problems);
    }
    match default {
        Some(rule) => rule.check(&format!("{path}.default"), depth + 1, problems),
        None => {
            let mend = "请在最后加一行「其余情况」，如派给处理组";
            let what = "所有条件都不满足时没有人处理";
            problems.push(Problem::new(format!("{path}.default"), what, mend));
        }
    }
}

fn key(path: &str, text: &str, mend: &str, problems: &mut Vec<Problem>) {
    if text.trim().is_empty() {
        problems.push(Problem::new(path, "是空的", mend));
    }
}
