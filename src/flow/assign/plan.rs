//! Rules as data: where candidates come from, who is preferred, how one is chosen.

use serde::{Deserialize, Serialize};

use crate::{Assign, Row, calendar::Problem};

/// How deep tables may lie in tables.
pub(super) const DEPTH_MAX: usize = 8;
/// The most rows of a table.
const ROWS_MAX: usize = 500;
/// How many levels a chain of leads can have.
pub(super) const LEVELS_MAX: u8 = 20;

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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Strategy {
    /// Everybody gets it.
    All,
    /// Whoever claims it first.
    #[default]
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

/// How somebody is chosen, as a step's `pick` says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pick {
    /// Who of the candidates is preferred, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub narrow: Vec<Narrow>,
    /// How one of those left is chosen.
    pub strategy: Strategy,
}

/// A whole assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Where candidates come from.
    pub rule: Assign,
    /// How one of them is chosen; a claim pool of all of them, when absent.
    #[serde(default)]
    pub pick: Pick,
}

impl Plan {
    /// Everything that forbids publishing it, each with its path below `path`.
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.rule.check(&format!("{path}.rule"), 0, &mut problems);
        self.pick.check(&format!("{path}.pick"), &mut problems);
        problems
    }
}

impl Pick {
    fn check(&self, path: &str, problems: &mut Vec<Problem>) {
        for (index, narrow) in self.narrow.iter().enumerate() {
            if let Narrow::Duty { roster, .. } = narrow {
                key(
                    &format!("{path}.narrow[{index}].roster"),
                    roster,
                    "请选择一个值班表",
                    problems,
                );
            }
        }
        if matches!(self.strategy, Strategy::Nearest { fresh_minutes: 0 }) {
            let path = format!("{path}.strategy.nearest.fresh_minutes");
            problems.push(Problem::new(path, "位置有效时间为 0", "请填写分钟数，如 15"));
        }
    }
}

impl Assign {
    /// What is wrong with it, wherever it stands.
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
            Self::Field { key: field } => {
                key(&format!("{path}.key"), field, "请选择表单里的成员字段", problems);
            }
            Self::Duty { roster } => {
                key(&format!("{path}.roster"), roster, "请选择一个值班表", problems);
            }
            Self::DepartmentLead { level, .. } | Self::StarterLead { level } => {
                if *level >= LEVELS_MAX {
                    let what = format!("没有往上第 {level} 级");
                    let mend = format!("请填写 0（本级）到 {}", LEVELS_MAX - 1);
                    problems.push(Problem::new(format!("{path}.level"), what, mend));
                }
            }
            Self::Table { rows, otherwise } => table(path, rows, otherwise, depth, problems),
            Self::Department { .. }
            | Self::Starter
            | Self::Supervisor
            | Self::Chosen
            | Self::CustomerOwner => {}
        }
    }
}

fn table(path: &str, rows: &[Row], otherwise: &Assign, depth: usize, problems: &mut Vec<Problem>) {
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
        row.assign.check(&format!("{path}.rows[{index}].assign"), depth + 1, problems);
    }
    otherwise.check(&format!("{path}.otherwise"), depth + 1, problems);
}

fn key(path: &str, text: &str, mend: &str, problems: &mut Vec<Problem>) {
    if text.trim().is_empty() {
        problems.push(Problem::new(path, "是空的", mend));
    }
}
