//! Surge mode (爆单应急模式): while one of its windows is open, other plans hold. It opens and shuts
//! by the calendar alone, so nobody has to remember it.

use std::collections::BTreeMap;

use kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::calendar::{
    Interval, Period, Problem, Weekday, WorkTime, clock_minute, day_number, weekday_of,
};

/// When a mode is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case", deny_unknown_fields)]
pub enum Window {
    /// On the holidays of the business calendar.
    DaysOff {
        /// Only in these hours of them; all day when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Interval>,
    },
    /// On some dates, such as a sales campaign.
    Dates {
        /// The dates.
        period: Period,
        /// Only in these hours of them; all day when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Interval>,
    },
    /// On days of the week, such as every lunch time.
    Weekdays {
        /// The days; all when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        weekdays: Vec<Weekday>,
        /// Only in these hours of them; all day when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hours: Option<Interval>,
    },
}

/// A rule set that replaces the usual one for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surge {
    /// Its name in data.
    pub key: String,
    /// What people read, such as 国庆爆单模式.
    pub name: String,
    /// When it is on: in any of these windows.
    pub windows: Vec<Window>,
    /// The keys of the templates that it concerns; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<String>,
    /// The plans that hold then, by step key; other steps keep theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub plans: BTreeMap<String, Plan>,
    /// By how much every reminder comes earlier, in minutes.
    #[serde(default)]
    pub remind_earlier_minutes: u32,
}

/// The first mode that is on for a template, in the order in which they are listed.
pub fn active<'s>(
    surges: impl IntoIterator<Item = &'s Surge>,
    template: &str,
    at: Timestamp,
    calendar: &WorkTime,
) -> Option<&'s Surge> {
    surges.into_iter().find(|surge| surge.concerns(template) && surge.is_on(at, calendar))
}

impl Surge {
    /// Whether it is on, by the clock of the business calendar.
    pub fn is_on(&self, at: Timestamp, calendar: &WorkTime) -> bool {
        self.windows.iter().any(|window| window.is_open(at, calendar))
    }

    fn concerns(&self, template: &str) -> bool {
        self.templates.is_empty() || self.templates.iter().any(|one| one == template)
    }

    /// Everything that forbids using it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.windows.is_empty() {
            let mend = "请选择节假日、日期或星期";
            problems.push(Problem::new("windows", "没有设置何时启动", mend));
        }
        for (index, window) in self.windows.iter().enumerate() {
            let path = format!("windows[{index}]");
            if let Window::Dates { period, .. } = window {
                match (day_number(&period.from), day_number(&period.to)) {
                    (Some(from), Some(to)) if from <= to => {}
                    _ => {
                        let what = format!("{} 至 {} 不是一段日期", period.from, period.to);
                        let mend = "请写成年-月-日，结束日不早于开始日";
                        problems.push(Problem::new(format!("{path}.period"), what, mend));
                    }
                }
            }
            if window.hours().is_some_and(|hours| minutes(hours).is_none()) {
                let mend = "请写成 HH:MM，结束晚于开始；跨零点的请拆成两个";
                problems.push(Problem::new(format!("{path}.hours"), "不是一段时间", mend));
            }
        }
        for (step, plan) in &self.plans {
            problems.extend(plan.problems(&format!("plans.{step}")));
        }
        problems
    }
}

impl Window {
    fn hours(&self) -> Option<&Interval> {
        match self {
            Self::DaysOff { hours } | Self::Dates { hours, .. } | Self::Weekdays { hours, .. } => {
                hours.as_ref()
            }
        }
    }

    fn is_open(&self, at: Timestamp, calendar: &WorkTime) -> bool {
        let (day, minute) = calendar.day_and_minute(at);
        let is_day = match self {
            Self::DaysOff { .. } => calendar.day_off(at).is_some(),
            Self::Dates { period, .. } => {
                let days = day_number(&period.from).zip(day_number(&period.to));
                days.is_some_and(|(first, last)| (first..=last).contains(&day))
            }
            Self::Weekdays { weekdays, .. } => {
                weekdays.is_empty() || weekdays.contains(&weekday_of(day))
            }
        };
        let is_hour = self.hours().is_none_or(|hours| {
            minutes(hours).is_some_and(|(from, to)| (from..to).contains(&minute))
        });
        is_day && is_hour
    }
}

fn minutes(hours: &Interval) -> Option<(i64, i64)> {
    let (from, to) = (clock_minute(&hours.from)?, clock_minute(&hours.to)?);
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::calendar::{Calendar, DAY_MINUTES};

    fn at(date: &str, clock: &str) -> Timestamp {
        let minute = day_number(date).unwrap() * DAY_MINUTES + clock_minute(clock).unwrap();
        Timestamp((minute - 480) * kernel::time::MINUTE)
    }

    fn calendar() -> WorkTime {
        let calendar: Calendar = serde_json::from_value(json!({
            "key": "shop", "name": "门店", "zone_minutes": 480,
            "weekly": {"sat": [{"from": "10:00", "to": "22:00"}]},
            "days_off": [{"name": "国庆节", "from": "2026-10-01", "to": "2026-10-07"}],
        }))
        .unwrap();
        calendar.compile().unwrap()
    }

    fn surges() -> Vec<Surge> {
        let plan =
            |by: &str| json!({"rule": {"by": "duty", "roster": by}, "pick": {"strategy": "all"}});
        serde_json::from_value(json!([
            {"key": "holiday", "name": "节假日爆单", "windows": [{"on": "days_off"}],
             "plans": {"handle": plan("managers")}, "remind_earlier_minutes": 30},
            {"key": "noon", "name": "午高峰", "windows": [
                {"on": "weekdays", "weekdays": ["sat", "sun"], "hours": {"from": "11:00", "to": "13:00"}},
                {"on": "dates", "period": {"from": "2026-11-10", "to": "2026-11-11"}},
            ]},
        ]))
        .unwrap()
    }

    #[test]
    fn a_holiday_turns_it_on_at_midnight_and_off_after_its_last_day() {
        let (surges, calendar) = (surges(), calendar());
        let key = |date: &str, clock: &str| {
            active(&surges, "order", at(date, clock), &calendar).map(|surge| surge.key.as_str())
        };
        assert_eq!(key("2026-09-30", "23:59"), None);
        assert_eq!(key("2026-10-01", "00:00"), Some("holiday"));
        assert_eq!(key("2026-10-03", "12:00"), Some("holiday"), "the first listed counts");
        assert_eq!(key("2026-10-07", "23:59"), Some("holiday"));
        assert_eq!(key("2026-10-08", "00:00"), None);
        assert_eq!(key("2026-10-10", "12:59"), Some("noon"));
        assert_eq!(key("2026-10-10", "13:00"), None);
        assert_eq!(key("2026-11-11", "03:00"), Some("noon"));
    }

    #[test]
    fn it_concerns_the_templates_that_it_names() {
        let (mut surges, calendar) = (surges(), calendar());
        surges[0].templates = vec!["booking".to_owned()];
        let key = |template: &str| {
            let on = active(&surges, template, at("2026-10-03", "12:00"), &calendar);
            on.map(|surge| surge.key.as_str())
        };
        assert_eq!((key("booking"), key("order")), (Some("holiday"), Some("noon")));
        assert_eq!(surges[0].remind_earlier_minutes, 30);
        assert!(surges.iter().all(|surge| surge.problems().is_empty()));
    }

    #[test]
    fn every_mistake_of_a_mode_has_its_place() {
        let surge: Surge = serde_json::from_value(json!({
            "key": "a", "name": "a",
            "windows": [
                {"on": "dates", "period": {"from": "2026-11-11", "to": "2026-11-10"}},
                {"on": "days_off", "hours": {"from": "22:00", "to": "02:00"}},
            ],
            "plans": {"handle": {"rule": {"by": "people", "userids": []}, "pick": {"strategy": "all"}}},
        }))
        .unwrap();
        let paths: Vec<_> = surge.problems().into_iter().map(|one| one.path).collect();
        assert_eq!(paths, ["windows[0].period", "windows[1].hours", "plans.handle.rule.userids"]);
    }
}
