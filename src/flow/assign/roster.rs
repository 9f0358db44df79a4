//! Duty rosters (值班表) as data: who is on duty when, and what was swapped.

use kernel::{Timestamp, time::MINUTE};
use serde::{Deserialize, Serialize};

use super::once;
use crate::calendar::{DAY_MINUTES, Problem, Weekday, clock_minute, day_number, weekday_of};

/// A shift that comes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Its name in data.
    pub key: String,
    /// What people read, such as 夜班.
    pub name: String,
    /// On which days of the week it begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<Weekday>,
    /// On which dates besides it begins; on every day when neither is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<String>,
    /// When it begins, such as `20:00`.
    pub from: String,
    /// When it ends; on the next day when not later than it began.
    pub to: String,
    /// Who is on duty, by userid.
    pub people: Vec<String>,
}

/// A change for one shift of one date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The date on which the shift begins.
    pub date: String,
    /// The shift's key.
    pub shift: String,
    /// Who is on duty instead; nobody when empty.
    pub people: Vec<String>,
    /// Why, such as 与李雷换班.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// A duty roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// Its name in data.
    pub key: String,
    /// What people read.
    pub name: String,
    /// Its zone, in minutes east of UTC.
    pub zone_minutes: i64,
    /// The shifts.
    pub shifts: Vec<Shift>,
    /// What was changed for single dates; the last one written counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

/// A shift that is going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDuty<'r> {
    /// The shift.
    pub shift: &'r Shift,
    /// Who is on duty, changes included.
    pub people: &'r [String],
    /// When it ends.
    pub until: Timestamp,
}

impl Roster {
    /// The shifts that are going on; one that began yesterday may be among them.
    pub fn on_duty(&self, at: Timestamp) -> Vec<OnDuty<'_>> {
        let local = at.0.div_euclid(MINUTE).saturating_add(self.zone_minutes);
        let today = local.div_euclid(DAY_MINUTES);
        let shifts = self.shifts.iter().flat_map(|shift| [(shift, today - 1), (shift, today)]);
        shifts
            .filter_map(|(shift, day)| {
                let (from, length) = shift.span()?;
                let begin = day * DAY_MINUTES + from;
                let is_on = shift.begins_on(day) && (begin..begin + length).contains(&local);
                let until = Timestamp((begin + length - self.zone_minutes) * MINUTE);
                is_on.then(|| OnDuty { shift, people: self.people(shift, day), until })
            })
            .collect()
    }

    /// Who is on duty, each once: a fact of [`super::Directory::on_duty`].
    pub fn people_on_duty(&self, at: Timestamp) -> Vec<String> {
        let on_duty = self.on_duty(at);
        once(on_duty.iter().flat_map(|one| one.people).map(String::as_str))
    }

    /// Everything that forbids using it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |path: String, what: String, mend: &str| {
            problems.push(Problem::new(path, what, mend));
        };
        if self.shifts.is_empty() {
            say("shifts".to_owned(), "没有班次".to_owned(), "请至少添加一个班次");
        }
        for (index, shift) in self.shifts.iter().enumerate() {
            let path = format!("shifts[{index}]");
            if self.shifts.iter().take(index).any(|other| other.key == shift.key) {
                let what = format!("班次标识 {} 重复", shift.key);
                say(format!("{path}.key"), what, "请改成不同的标识");
            }
            for (name, text) in [("from", &shift.from), ("to", &shift.to)] {
                if clock_minute(text).is_none() {
                    let mend = "请写成 HH:MM，从 00:00 到 24:00";
                    say(format!("{path}.{name}"), format!("{text:?} 不是时刻"), mend);
                }
            }
            for (at, date) in shift.dates.iter().enumerate() {
                if day_number(date).is_none() {
                    let mend = "请写成年-月-日，如 2026-10-01";
                    say(format!("{path}.dates[{at}]"), format!("没有 {date:?} 这一天"), mend);
                }
            }
            if shift.people.is_empty() {
                let what = format!("「{}」没有值班人", shift.name);
                say(format!("{path}.people"), what, "请至少选择一位成员");
            }
        }
        for (index, one) in self.overrides.iter().enumerate() {
            let path = format!("overrides[{index}]");
            let shift = self.shifts.iter().find(|shift| shift.key == one.shift);
            let day = day_number(&one.date);
            if shift.is_none() {
                let what = format!("没有班次 {}", one.shift);
                say(format!("{path}.shift"), what, "请选择表中已有的班次");
            }
            if day.is_none() {
                let mend = "请写成年-月-日，如 2026-10-01";
                say(format!("{path}.date"), format!("没有 {:?} 这一天", one.date), mend);
            }
            if let (Some(shift), Some(day)) = (shift, day)
                && !shift.begins_on(day)
            {
                let what = format!("{} 没有「{}」这个班次", one.date, shift.name);
                say(format!("{path}.date"), what, "请改日期，或给班次加上这一天");
            }
        }
        problems
    }

    fn people<'r>(&'r self, shift: &'r Shift, day: i64) -> &'r [String] {
        let changed = self
            .overrides
            .iter()
            .rev()
            .find(|one| one.shift == shift.key && day_number(&one.date) == Some(day));
        changed.map_or(&shift.people, |one| &one.people)
    }
}

impl Shift {
    /// When it begins and how long it is, in minutes. One from 08:00 to 08:00 is a whole day.
    fn span(&self) -> Option<(i64, i64)> {
        let (from, to) = (clock_minute(&self.from)?, clock_minute(&self.to)?);
        Some((from, if to > from { to - from } else { to + DAY_MINUTES - from }))
    }

    fn begins_on(&self, day: i64) -> bool {
        (self.weekdays.is_empty() && self.dates.is_empty())
            || self.weekdays.contains(&weekday_of(day))
            || self.dates.iter().any(|date| day_number(date) == Some(day))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn roster() -> Roster {
        serde_json::from_value(json!({
            "key": "nutrition", "name": "营养师值班", "zone_minutes": 480,
            "shifts": [
                {"key": "day", "name": "白班", "weekdays": ["mon", "tue", "wed", "thu", "fri"],
                 "from": "08:00", "to": "20:00", "people": ["li"]},
                {"key": "night", "name": "夜班", "from": "20:00", "to": "08:00",
                 "people": ["wang", "li"]},
                {"key": "holiday", "name": "国庆白班", "dates": ["2026-10-01"],
                 "from": "08:00", "to": "08:00", "people": ["zhao"]},
            ],
            "overrides": [
                {"date": "2026-10-01", "shift": "night", "people": ["sun"], "reason": "与王芳换班"},
                {"date": "2026-10-01", "shift": "day", "people": []},
            ],
        }))
        .unwrap()
    }

    fn at(date: &str, clock: &str) -> Timestamp {
        let minute = day_number(date).unwrap() * DAY_MINUTES + clock_minute(clock).unwrap();
        Timestamp((minute - 480) * MINUTE)
    }

    #[test]
    fn a_question_at_two_in_the_night_goes_to_the_shift_that_began_yesterday() {
        let roster = roster();
        assert_eq!(roster.problems(), []);
        assert_eq!(roster.people_on_duty(at("2026-09-22", "02:00")), ["wang", "li"]);
        assert_eq!(roster.people_on_duty(at("2026-09-22", "08:00")), ["li"]);
        assert_eq!(roster.people_on_duty(at("2026-09-26", "12:00")), Vec::<String>::new());
        let on_duty = roster.on_duty(at("2026-09-22", "02:00"));
        assert_eq!(on_duty[0].until, at("2026-09-22", "08:00"));
    }

    #[test]
    fn a_swap_changes_the_shift_that_begins_on_its_date() {
        let roster = roster();
        assert_eq!(roster.people_on_duty(at("2026-10-01", "10:00")), ["zhao"], "no day shift");
        assert_eq!(roster.people_on_duty(at("2026-10-01", "21:00")), ["sun", "zhao"]);
        assert_eq!(roster.people_on_duty(at("2026-10-02", "07:59")), ["sun", "zhao"]);
        assert_eq!(roster.people_on_duty(at("2026-10-02", "08:00")), ["li"]);
        assert_eq!(roster.people_on_duty(at("2026-10-01", "07:00")), ["wang", "li"]);
    }

    #[test]
    fn every_mistake_of_a_roster_has_its_place() {
        let mut roster = roster();
        roster.shifts[1].key = "day".into();
        roster.shifts[1].to = "8".into();
        roster.shifts[2].people.clear();
        roster.shifts[2].dates[0] = "2026-02-30".into();
        roster.overrides[1].date = "2026-10-03".into();
        let problems = roster.problems();
        let paths: Vec<_> = problems.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "shifts[1].key",
                "shifts[1].to",
                "shifts[2].dates[0]",
                "shifts[2].people",
                "overrides[0].shift",
                "overrides[1].date",
            ]
        );
        roster.shifts.clear();
        assert_eq!(roster.problems()[0].what, "没有班次");
    }
}
