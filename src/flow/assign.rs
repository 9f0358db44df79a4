//! Who gets a piece of work. A [`Plan`] says where candidates come from, who of them is preferred
//! and how one is chosen; [`assign`] takes it and the [`Facts`] that the caller looked up, and says
//! who it is and, line by line, why. The same facts always give the same answer: there is no clock,
//! no chance and no database here.

mod available;
mod choose;
mod facts;
mod narrow;
mod place;
mod plan;
mod priority;
mod resolve;
mod roster;
mod surge;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Assign;

pub use facts::{Department, Directory, Facts, Leave, Person, Position, Standing, Ticket};
pub use place::{Point, System, metres_between};
pub use plan::{Narrow, Pick, Plan, Strategy};
pub use priority::{Queued, by_turn, raised};
pub use resolve::{MapRow, responsibility_map};
pub use roster::{OnDuty, Override, Roster, Shift};
pub use surge::{Surge, Window, active};

/// How a condition of a rule table is decided: its JSON means nothing here. An error is told in the
/// record and counts as no match.
pub type Holds<'a> = &'a dyn Fn(&Value) -> Result<bool, String>;

/// What came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// These people get it.
    Chosen {
        /// By userid.
        people: Vec<String>,
        /// Whether one of them has to claim it.
        is_pool: bool,
    },
    /// Nobody can: the step's no-handler policy has to say what follows.
    Nobody {
        /// Why, for people to read.
        reasons: Vec<String>,
    },
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What came out.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Everybody who could have been chosen in the end.
    pub available: Vec<String>,
    /// Where round robin stands now; nothing when it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The decision record: who was considered, who dropped out and why, how the choice was made.
    pub lines: Vec<String>,
}

impl Decision {
    /// The people chosen; none when nobody was.
    pub fn people(&self) -> &[String] {
        match &self.outcome {
            Outcome::Chosen { people, .. } => people,
            Outcome::Nobody { .. } => &[],
        }
    }
}

/// The most lines of a record that tell of one person each: thousands on leave fill no row.
const PERSON_LINES_MAX: usize = 100;

/// The decision record while it is written.
#[derive(Debug, Default)]
struct Record {
    lines: Vec<String>,
    /// Those of them that say why somebody, or everybody, is out.
    reasons: Vec<String>,
    person_lines: usize,
}

impl Record {
    fn say(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Why everybody, or a whole lot, is out.
    fn drop_out(&mut self, line: String) {
        self.reasons.push(line.clone());
        self.say(line);
    }

    /// What befalls one person.
    fn say_of_one(&mut self, line: String) {
        self.person_lines += 1;
        if self.person_lines <= PERSON_LINES_MAX {
            self.say(line);
        }
    }

    /// Why one person is out.
    fn drop_one(&mut self, line: String) {
        if self.reasons.len() < PERSON_LINES_MAX {
            self.reasons.push(line.clone());
        }
        self.say_of_one(line);
    }

    fn end(&mut self, line: String) {
        if let Some(more @ 1..) = self.person_lines.checked_sub(PERSON_LINES_MAX) {
            self.say(format!("（关于其他人的 {more} 行从略）"));
        }
        self.say(line);
    }
}

/// Decides who gets a piece of work. `cursor` is what the last round robin of this step returned.
pub fn assign(
    (rule, pick): (&Assign, &Pick),
    facts: &Facts<'_>,
    cursor: Option<&str>,
    holds: Holds<'_>,
) -> Decision {
    let mut record = Record::default();
    let rule = resolve::plain(rule, holds, &mut record);
    let natural = || Strategy::natural(rule);
    let strategy = pick.strategy.clone().unwrap_or_else(natural);
    let needs_figures = strategy.compares() || !pick.narrow.is_empty();
    let facts = if needs_figures { &facts.with_figures() } else { facts };
    let named = resolve::resolve(rule, facts, &mut record);
    let able = available::available(&named, facts, &mut record);
    let able = narrow::narrow(&pick.narrow, able, facts, &mut record);
    let available: Vec<String> = able.iter().map(|person| person.userid.clone()).collect();
    let choice = choose::choose(&strategy, &able, facts, cursor, &mut record);
    let outcome = if choice.people.is_empty() {
        record.end("结果：无人可派，按本节点的「找不到处理人」设置处理".to_owned());
        Outcome::Nobody { reasons: record.reasons }
    } else {
        let whom = facts.names(&choice.people);
        record.end(if choice.is_pool {
            format!("结果：放入待认领，可认领的人：{whom}")
        } else {
            format!("结果：派给 {whom}")
        });
        Outcome::Chosen { people: choice.people, is_pool: choice.is_pool }
    };
    Decision { outcome, available, cursor: choice.cursor, lines: record.lines }
}

/// The userids, each once and in the order in which it was first named.
fn once<'a>(userids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    userids.into_iter().filter(|userid| seen.insert(*userid)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
