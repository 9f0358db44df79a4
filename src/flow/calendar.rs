//! Business calendars as data: which minutes of which days are worked. What an administrator
//! writes is a [`Calendar`]; [`Calendar::compile`] either says everything that is wrong with it or
//! gives a [`WorkTime`], which answers exactly, to the microsecond, and without walking the days.
//! Zones are fixed offsets: the product refuses zones that change their clocks.

mod check;
mod date;
mod work_time;

use serde::{Deserialize, Serialize};

pub(crate) use date::{DAY_MINUTES, clock_minute, day_number, weekday_of};
pub use work_time::WorkTime;

/// A part of a day, from one clock time to a later one of the same day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// When it begins, such as `09:00`.
    pub from: String,
    /// When it ends, at the latest `24:00`; that moment is no part of it.
    pub to: String,
}

/// Some days in a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The first day, such as `2026-10-01`.
    pub from: String,
    /// The last day, itself included.
    pub to: String,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// 周一.
    Mon,
    /// 周二.
    Tue,
    /// 周三.
    Wed,
    /// 周四.
    Thu,
    /// 周五.
    Fri,
    /// 周六.
    Sat,
    /// 周日.
    Sun,
}

impl Weekday {
    /// All of them, from Monday.
    pub const ALL: [Self; 7] =
        [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mon => "周一",
            Self::Tue => "周二",
            Self::Wed => "周三",
            Self::Thu => "周四",
            Self::Fri => "周五",
            Self::Sat => "周六",
            Self::Sun => "周日",
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }
}

/// The hours of an ordinary week; a day without intervals is not worked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weekly {
    /// 周一.
    pub mon: Vec<Interval>,
    /// 周二.
    pub tue: Vec<Interval>,
    /// 周三.
    pub wed: Vec<Interval>,
    /// 周四.
    pub thu: Vec<Interval>,
    /// 周五.
    pub fri: Vec<Interval>,
    /// 周六.
    pub sat: Vec<Interval>,
    /// 周日.
    pub sun: Vec<Interval>,
}

impl Weekly {
    /// The intervals of one day of the week.
    pub fn on(&self, weekday: Weekday) -> &[Interval] {
        match weekday {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }
}

/// A holiday: days that are not worked, whatever the week says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysOff {
    /// What it is, such as 国庆节.
    pub name: String,
    /// The first day.
    pub from: String,
    /// The last day, itself included.
    pub to: String,
}

/// A make-up working day (调休): worked in these hours, whatever the week says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeUp {
    /// The day.
    pub date: String,
    /// What it makes up for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Its hours.
    pub hours: Vec<Interval>,
}

/// A business calendar as it is written and stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Its name in data; never changes once used.
    pub key: String,
    /// What people read.
    pub name: String,
    /// Its zone, in minutes east of UTC.
    pub zone_minutes: i64,
    /// The ordinary week.
    #[serde(default)]
    pub weekly: Weekly,
    /// Holidays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days_off: Vec<DaysOff>,
    /// Make-up working days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub make_up: Vec<MakeUp>,
    /// When it holds: outside of it nothing is worked, so that a summer table cannot be used in
    /// winter unnoticed. Always, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<Period>,
}

impl Calendar {
    /// An office of this zone: Monday to Friday, nine to six.
    pub fn office(zone_minutes: i64) -> Self {
        let day = || vec![Interval { from: "09:00".to_owned(), to: "18:00".to_owned() }];
        Self {
            key: "office".to_owned(),
            name: "办公时间".to_owned(),
            zone_minutes,
            weekly: Weekly {
                mon: day(),
                tue: day(),
                wed: day(),
                thu: day(),
                fri: day(),
                ..Weekly::default()
            },
            days_off: Vec::new(),
            make_up: Vec::new(),
            valid: None,
        }
    }

    /// The calendar ready for questions.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn compile(&self) -> Result<WorkTime, Vec<Problem>> {
        check::compile(self)
    }

    /// Everything that forbids using it.
    pub fn problems(&self) -> Vec<Problem> {
        self.compile().err().unwrap_or_default()
    }
}

/// What is wrong in a piece of data that somebody wrote, where, and what would mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where, such as `weekly.mon[1].to`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl Problem {
    /// A problem at a place.
    pub(crate) fn new(
        path: impl Into<String>,
        what: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), what: what.into(), mend: mend.into() }
    }
}

#[cfg(test)]
mod tests;
