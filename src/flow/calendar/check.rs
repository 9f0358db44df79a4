//! From what was written to what can be asked, or to everything that is wrong with it.

use std::collections::BTreeMap;

use super::{
    Calendar, Interval, Problem, Weekday, WorkTime,
    date::{clock_minute, day_number, day_text},
    work_time::Hours,
};

/// The most intervals of one day.
const INTERVALS_MAX: usize = 24;
/// The most holidays, and the most make-up days, of one calendar.
const SPECIAL_MAX: usize = 1000;
/// The longest holiday.
const DAYS_OFF_MAX: i64 = 366;
/// The zones on earth, in minutes east of UTC.
const ZONES: std::ops::RangeInclusive<i64> = -12 * 60..=14 * 60;

pub(super) fn compile(calendar: &Calendar) -> Result<WorkTime, Vec<Problem>> {
    let mut check = Check { problems: Vec::new() };
    check.head(calendar);
    let week = Weekday::ALL.map(|weekday| {
        let path = format!("weekly.{}", weekday.key());
        check.hours(&path, weekday.label(), calendar.weekly.on(weekday))
    });
    let valid =
        calendar.valid.as_ref().and_then(|valid| check.period("valid", &valid.from, &valid.to));
    let days_off = check.days_off(calendar);
    let special = check.special(calendar, &days_off);
    check.inside(calendar, valid);
    if calendar.make_up.is_empty()
        && Weekday::ALL.iter().all(|day| calendar.weekly.on(*day).is_empty())
    {
        check.say("weekly", "没有任何工作时间", "请至少给一天填写一个时段，如周一 09:00–18:00");
    }
    if check.problems.is_empty() {
        Ok(WorkTime::new(calendar.zone_minutes, week, special, days_off, valid))
    } else {
        Err(check.problems)
    }
}

struct Check {
    problems: Vec<Problem>,
}

impl Check {
    fn say(&mut self, path: impl Into<String>, what: impl Into<String>, mend: impl Into<String>) {
        self.problems.push(Problem::new(path, what, mend));
    }

    fn head(&mut self, calendar: &Calendar) {
        if calendar.key.trim().is_empty() {
            self.say("key", "标识为空", "请填写英文标识，如 cn_office");
        }
        if calendar.name.trim().is_empty() {
            self.say("name", "名称为空", "请填写名称，如「总部作息」");
        }
        if !ZONES.contains(&calendar.zone_minutes) {
            let what = format!("没有偏移 {} 分钟的时区", calendar.zone_minutes);
            self.say("zone_minutes", what, "请填写与 UTC 相差的分钟数，北京时间为 480");
        }
        for (path, len) in
            [("days_off", calendar.days_off.len()), ("make_up", calendar.make_up.len())]
        {
            if len > SPECIAL_MAX {
                let mend = "请删去往年的日期，或按年份分成几个日历";
                self.say(path, format!("共 {len} 条，超过 {SPECIAL_MAX} 条"), mend);
            }
        }
    }

    fn hours(&mut self, path: &str, day: &str, intervals: &[Interval]) -> Hours {
        if intervals.len() > INTERVALS_MAX {
            let what = format!("{day}有 {} 个时段，超过 {INTERVALS_MAX} 个", intervals.len());
            self.say(path, what, "请合并相连的时段");
        }
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for (index, interval) in intervals.iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some((from, to)) = self.interval(&path, interval) else { continue };
            if let Some(other) = spans.iter().find(|span| from < span.1 && span.0 < to) {
                let other = format!("{}–{}", clock_text(other.0), clock_text(other.1));
                let what = format!("{day} {}–{} 与 {other} 重叠", interval.from, interval.to);
                self.say(path, what, "请合并这两个时段，或改动其中一个的起止时间");
            } else {
                spans.push((from, to));
            }
        }
        Hours::new(spans)
    }

    fn interval(&mut self, path: &str, interval: &Interval) -> Option<(i64, i64)> {
        let mut minute = |name: &str, text: &str| {
            let found = clock_minute(text);
            if found.is_none() {
                let mend = "请写成 HH:MM，从 00:00 到 24:00";
                self.say(format!("{path}.{name}"), format!("{text:?} 不是时刻"), mend);
            }
            found
        };
        let (from, to) = (minute("from", &interval.from), minute("to", &interval.to));
        let (from, to) = (from?, to?);
        if from < to {
            return Some((from, to));
        }
        let what = format!("{}–{} 的结束不晚于开始", interval.from, interval.to);
        self.say(path, what, "跨零点的请拆成两段：当天到 24:00，次日从 00:00 起");
        None
    }

    fn day(&mut self, path: String, text: &str) -> Option<i64> {
        let found = day_number(text);
        if found.is_none() {
            self.say(path, format!("没有 {text:?} 这一天"), "请写成年-月-日，如 2026-10-01");
        }
        found
    }

    fn period(&mut self, path: &str, from: &str, to: &str) -> Option<(i64, i64)> {
        let first = self.day(format!("{path}.from"), from);
        let last = self.day(format!("{path}.to"), to);
        let (first, last) = (first?, last?);
        if first <= last {
            return Some((first, last));
        }
        self.say(path, format!("结束日 {to} 早于开始日 {from}"), "请对调这两个日期");
        None
    }

    fn days_off(&mut self, calendar: &Calendar) -> Vec<(i64, i64, String)> {
        let mut days_off = Vec::new();
        for (index, holiday) in calendar.days_off.iter().enumerate() {
            let path = format!("days_off[{index}]");
            let Some((first, last)) = self.period(&path, &holiday.from, &holiday.to) else {
                continue;
            };
            if last - first >= DAYS_OFF_MAX {
                let what = format!("「{}」长达 {} 天", holiday.name, last - first + 1);
                self.say(path, what, "请核对年份；长期不营业请改用有效期");
            } else {
                days_off.push((first, last, holiday.name.clone()));
            }
        }
        days_off
    }

    /// Every day that is not as the week says, in order.
    fn special(
        &mut self,
        calendar: &Calendar,
        days_off: &[(i64, i64, String)],
    ) -> Vec<(i64, Hours)> {
        let mut special: BTreeMap<i64, Hours> = BTreeMap::new();
        for (index, make_up) in calendar.make_up.iter().enumerate() {
            let path = format!("make_up[{index}]");
            if make_up.hours.is_empty() {
                let mend = "请填写当天的时段；当天休息则删去这一条";
                self.say(format!("{path}.hours"), format!("{} 没有时段", make_up.date), mend);
            }
            let hours = self.hours(&format!("{path}.hours"), &make_up.date, &make_up.hours);
            let Some(day) = self.day(format!("{path}.date"), &make_up.date) else { continue };
            let off = days_off.iter().find(|(first, last, _)| (*first..=*last).contains(&day));
            if let Some((_, _, name)) = off {
                let what = format!("{} 既是「{name}」假日又是调休上班日", make_up.date);
                self.say(format!("{path}.date"), what, "请缩短假日，或删去这个上班日");
            }
            if special.insert(day, hours).is_some() {
                let what = format!("{} 写了两次", make_up.date);
                self.say(format!("{path}.date"), what, "请把两条的时段合并成一条");
            }
        }
        for day in days_off.iter().flat_map(|(first, last, _)| *first..=*last) {
            special.entry(day).or_default();
        }
        special.into_iter().collect()
    }

    /// Dates outside the validity would have no effect, which nobody who writes them means.
    fn inside(&mut self, calendar: &Calendar, valid: Option<(i64, i64)>) {
        let Some((first, last)) = valid else { return };
        let off = calendar.days_off.iter().enumerate().flat_map(|(index, one)| {
            [
                (format!("days_off[{index}].from"), &one.from),
                (format!("days_off[{index}].to"), &one.to),
            ]
        });
        let on = calendar.make_up.iter().enumerate();
        let on = on.map(|(index, one)| (format!("make_up[{index}].date"), &one.date));
        let outside: Vec<_> = off
            .chain(on)
            .filter(|(_, text)| day_number(text).is_some_and(|day| !(first..=last).contains(&day)))
            .collect();
        for (path, text) in outside {
            let span = format!("{} 至 {}", day_text(first), day_text(last));
            let mend = "请延长有效期，或删去这个日期";
            self.say(path, format!("{text} 不在有效期 {span} 之内"), mend);
        }
    }
}

fn clock_text(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
