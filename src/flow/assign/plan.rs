//! Rules as data: where candidates come from, who is preferred, how one is chosen.

use serde::{Deserialize, Serialize};

use crate::{Assign, Row, calendar::Problem, definition::is_default};

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
        /// The field that says where: an address, a cascade, a choice or a text.
        field: String,
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
        /// The fields whose answers say what that is.
        fields: Vec<String>,
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

/// How somebody is chosen from the candidates. By itself, a rule that means one certain person (the
/// starter, somebody's lead, whom a field names) gives it to him, and any other lets people claim
/// it. Where two are equal, who has fewer open tasks comes
/// first, then who was given work longest ago, then the lesser userid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
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
        /// The field that says where one has to go: a location.
        field: String,
        /// How old a position may be, in minutes.
        #[serde(default = "fresh_minutes")]
        fresh_minutes: u32,
    },
    /// Who can do most of what the ticket needs; when nobody can do anything of it, who has the
    /// fewest open tasks.
    SkillMatch {
        /// The fields whose answers say what the ticket needs.
        fields: Vec<String>,
    },
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
    /// How one of those left is chosen; as the rule has it by itself, when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
}

/// A whole assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Where candidates come from.
    pub rule: Assign,
    /// How one of them is chosen.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pick: Pick,
}

impl Plan {
    /// Everything that forbids publishing it, each with its path below `path`.
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = self.rule.problems(&format!("{path}.rule"));
        problems.extend(self.pick.problems(&format!("{path}.pick")));
        problems
    }
}

impl Strategy {
    /// How a rule without tables has it by itself.
    pub(super) fn natural(rule: &Assign) -> Self {
        match rule {
            Assign::DepartmentLead { .. }
            | Assign::Starter
            | Assign::StarterLead { .. }
            | Assign::Supervisor
            | Assign::Field { .. }
            | Assign::Chosen
            | Assign::CustomerOwner => Self::All,
            Assign::Group { .. }
            | Assign::People { .. }
            | Assign::Role { .. }
            | Assign::Department { .. }
            | Assign::Duty { .. }
            | Assign::Table { .. } => Self::ClaimPool,
        }
    }

    /// Whether it compares loads, positions or who was given work last.
    pub(super) fn compares(&self) -> bool {
        match self {
            Self::All | Self::ClaimPool | Self::RoundRobin => false,
            Self::LeastLoaded | Self::Nearest { .. } | Self::SkillMatch { .. } => true,
        }
    }
}

impl Pick {
    /// The fields of the form that it reads.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let narrow = self.narrow.iter().flat_map(|narrow| match narrow {
            Narrow::Region { field, .. } => std::slice::from_ref(field),
            Narrow::Skill { fields, .. } => fields.as_slice(),
            Narrow::Vip { .. } | Narrow::Duty { .. } => &[],
        });
        let strategy = match &self.strategy {
            Some(Strategy::Nearest { field, .. }) => std::slice::from_ref(field),
            Some(Strategy::SkillMatch { fields }) => fields.as_slice(),
            _ => &[],
        };
        narrow.chain(strategy).map(String::as_str)
    }

    /// The rosters that it reads.
    pub fn rosters(&self) -> impl Iterator<Item = &str> {
        self.narrow.iter().filter_map(|narrow| match narrow {
            Narrow::Duty { roster, .. } => Some(roster.as_str()),
            _ => None,
        })
    }

    /// Everything that forbids publishing it, each with its path below `path`.
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, narrow) in self.narrow.iter().enumerate() {
            let path = format!("{path}.narrow[{index}]");
            match narrow {
                Narrow::Duty { roster, .. } => {
                    key(&format!("{path}.roster"), roster, "请选择一个值班表", &mut problems);
                }
                Narrow::Region { field, .. } => {
                    key(&format!("{path}.field"), field, "请选择写明地区的字段", &mut problems);
                }
                Narrow::Skill { fields, .. } => {
                    some(&format!("{path}.fields"), fields, &mut problems);
                }
                Narrow::Vip { .. } => {}
            }
        }
        match &self.strategy {
            Some(Strategy::Nearest { field, fresh_minutes }) => {
                let path = format!("{path}.strategy.nearest");
                key(&format!("{path}.field"), field, "请选择位置字段", &mut problems);
                if *fresh_minutes == 0 {
                    let path = format!("{path}.fresh_minutes");
                    problems.push(Problem::new(path, "位置有效时间为 0", "请填写分钟数，如 15"));
                }
            }
            Some(Strategy::SkillMatch { fields }) => {
                some(&format!("{path}.strategy.skill_match.fields"), fields, &mut problems);
            }
            _ => {}
        }
        problems
    }
}

fn some(path: &str, fields: &[String], problems: &mut Vec<Problem>) {
    if fields.is_empty() {
        problems.push(Problem::new(path, "没有写明技能的字段", "请至少选择一个字段"));
    }
}

impl Assign {
    /// Everything that is wrong with it wherever it stands, each with its path below `path`.
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.check(path, 0, &mut problems);
        problems
    }

    /// Whether a handler before may have to choose.
    pub(crate) fn can_be_chosen(&self) -> bool {
        match self {
            Self::Chosen => true,
            Self::Table { rows, otherwise } => {
                otherwise.can_be_chosen() || rows.iter().any(|row| row.assign.can_be_chosen())
            }
            _ => false,
        }
    }

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
    if rows.is_empty() {
        problems.push(Problem::new(format!("{path}.rows"), "是空的", "请添加一行或改用其他规则"));
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
