use kernel::{
    Micros, Timestamp,
    time::{DAY, HOUR, MINUTE},
};
use proptest::prelude::*;
use serde_json::json;

use super::{date::day_text, *};

/// The State Council's arrangement of 2026 from September on, for an office with a lunch break.
fn china_2026() -> Calendar {
    let office = json!([{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "18:00"}]);
    serde_json::from_value(json!({
        "key": "cn_office_2026",
        "name": "总部作息",
        "zone_minutes": 480,
        "weekly": {"mon": office, "tue": office, "wed": office, "thu": office, "fri": office},
        "days_off": [
            {"name": "中秋节", "from": "2026-09-25", "to": "2026-09-27"},
            {"name": "国庆节", "from": "2026-10-01", "to": "2026-10-07"},
        ],
        "make_up": [
            {"date": "2026-09-20", "name": "国庆调休", "hours": office},
            {"date": "2026-10-10", "name": "国庆调休", "hours": [{"from": "09:00", "to": "12:00"}]},
        ],
    }))
    .unwrap()
}

/// An instant by the calendar's wall clock, such as `2026-10-01 09:30`.
fn at(text: &str) -> Timestamp {
    let (date, clock) = text.split_once(' ').unwrap();
    let minute = day_number(date).unwrap() * DAY_MINUTES + clock_minute(clock).unwrap();
    Timestamp((minute - 480) * MINUTE)
}

#[test]
fn the_national_day_of_2026_is_off_and_its_make_up_days_are_worked() {
    let time = china_2026().compile().unwrap();
    assert!(time.is_working(at("2026-09-30 17:59")));
    assert!(!time.is_working(at("2026-09-30 18:00")), "the end is no part of it");
    assert!(!time.is_working(at("2026-10-01 10:00")), "a Thursday, but a holiday");
    assert!(time.is_working(at("2026-09-20 10:00")), "a Sunday, but a make-up day");
    assert!(time.is_working(at("2026-10-10 11:59")));
    assert!(!time.is_working(at("2026-10-10 14:00")), "a make-up day has its own hours");
    assert!(!time.is_working(at("2026-10-11 10:00")));
    assert_eq!(time.day_off(at("2026-10-07 23:59")), Some("国庆节"));
    assert_eq!(time.day_off(at("2026-10-08 00:00")), None);
}

#[test]
fn a_deadline_jumps_lunch_nights_and_the_holiday() {
    let time = china_2026().compile().unwrap();
    for (from, minutes, due) in [
        ("2026-09-29 11:30", 60, "2026-09-29 13:30"),
        ("2026-09-29 17:00", 60, "2026-09-29 18:00"),
        ("2026-09-30 17:30", 60, "2026-10-08 09:30"),
        ("2026-10-03 12:00", 30, "2026-10-08 09:30"),
        ("2026-10-09 17:30", 60, "2026-10-10 09:30"),
        ("2026-10-10 11:00", 120, "2026-10-12 10:00"),
        ("2026-09-19 20:00", 8 * 60, "2026-09-20 18:00"),
        ("2026-10-03 12:00", 0, "2026-10-03 12:00"),
    ] {
        assert_eq!(time.add_working(at(from), minutes), Some(at(due)), "{from} + {minutes}");
    }
    let span = time.working_between(at("2026-09-28 00:00"), at("2026-10-12 00:00"));
    assert_eq!(span, (3 * 8 + 2 * 8 + 3) * HOUR);
    assert_eq!(time.next_working(at("2026-09-30 18:00")), Some(at("2026-10-08 09:00")));
    assert_eq!(time.next_working(at("2026-10-08 09:00")), Some(at("2026-10-08 09:00")));
    assert_eq!(time.sub_working(at("2026-10-08 09:30"), 60), Some(at("2026-09-30 17:30")));
    assert_eq!(time.sub_working(at("2026-10-08 09:30"), 30), Some(at("2026-10-08 09:00")));
}

#[test]
fn a_night_shift_is_two_intervals_that_meet_at_midnight() {
    let mut calendar = china_2026();
    let night = |from: &str, to: &str| Interval { from: from.into(), to: to.into() };
    calendar.weekly = Weekly {
        fri: vec![night("22:00", "24:00")],
        sat: vec![night("00:00", "06:00")],
        ..Weekly::default()
    };
    let time = calendar.compile().unwrap();
    assert!(time.is_working(at("2026-10-17 00:00")));
    assert_eq!(time.add_working(at("2026-10-16 23:00"), 120), Some(at("2026-10-17 01:00")));
    assert_eq!(time.add_working(at("2026-10-16 23:00"), 60), Some(at("2026-10-17 00:00")));
}

#[test]
fn outside_its_validity_nothing_is_worked() {
    let mut calendar = china_2026();
    calendar.valid = Some(Period { from: "2026-09-01".into(), to: "2026-12-31".into() });
    let time = calendar.compile().unwrap();
    assert!(time.is_valid(at("2026-12-31 23:59")) && !time.is_valid(at("2027-01-01 00:00")));
    assert!(!time.is_working(at("2027-01-04 10:00")));
    assert_eq!(time.add_working(at("2026-12-31 17:00"), 60), Some(at("2026-12-31 18:00")));
    assert_eq!(time.add_working(at("2026-12-31 17:00"), 61), None);
    assert_eq!(time.add_working(at("2020-01-01 00:00"), 1), None, "more than three years ahead");
    assert_eq!(time.next_working(at("2026-08-01 00:00")), Some(at("2026-09-01 09:00")));
    assert_eq!(time.sub_working(at("2026-09-01 10:00"), 61), None);
}

#[test]
fn three_years_are_the_end_of_the_search_and_the_ends_of_time_are_no_trap() {
    let mut calendar = china_2026();
    calendar.weekly = Weekly::default();
    let time = calendar.compile().unwrap();
    assert_eq!(time.next_working(at("2026-10-11 00:00")), None, "no make-up day follows");
    assert_eq!(time.add_working(at("2026-09-20 00:00"), 11 * 60 + 1), None);
    let time = china_2026().compile().unwrap();
    for end in [Timestamp(i64::MIN), Timestamp(i64::MAX)] {
        assert!(!time.is_working(end));
        let _ = (time.add_span(end, i64::MAX), time.sub_working(end, u32::MAX));
    }
    assert!(time.working_between(Timestamp(i64::MIN), Timestamp(i64::MAX)) > 0);
    assert_eq!(time.working_between(at("2026-10-09 12:00"), at("2026-10-09 09:00")), 0);
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_mend() {
    let calendar: Calendar = serde_json::from_value(json!({
        "key": " ", "name": "", "zone_minutes": 900,
        "weekly": {
            "mon": [{"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"}],
            "tue": [{"from": "22:00", "to": "06:00"}],
            "wed": [{"from": "9:00", "to": "24:30"}],
        },
        "days_off": [
            {"name": "国庆节", "from": "2026-10-07", "to": "2026-10-01"},
            {"name": "停业", "from": "2026-02-30", "to": "2026-10-01"},
            {"name": "元旦", "from": "2026-01-01", "to": "2026-01-03"},
            {"name": "装修", "from": "2026-01-01", "to": "2027-01-03"},
        ],
        "make_up": [
            {"date": "2026-01-02", "hours": []},
            {"date": "2026-03-01", "hours": [{"from": "09:00", "to": "10:00"}]},
            {"date": "2026-03-01", "hours": [{"from": "09:00", "to": "10:00"}]},
        ],
        "valid": {"from": "2026-01-02", "to": "2026-12-31"},
    }))
    .unwrap();
    let problems = calendar.problems();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "key",
            "name",
            "zone_minutes",
            "weekly.mon[1]",
            "weekly.tue[0]",
            "weekly.wed[0].from",
            "weekly.wed[0].to",
            "days_off[0]",
            "days_off[1].from",
            "days_off[3]",
            "make_up[0].hours",
            "make_up[0].date",
            "make_up[2].date",
            "days_off[2].from",
            "days_off[3].from",
            "days_off[3].to",
        ]
    );
    assert_eq!(problems[3].what, "周一 11:00–13:00 与 09:00–12:00 重叠");
    assert_eq!(problems[11].what, "2026-01-02 既是「元旦」假日又是调休上班日");
    assert!(problems.iter().all(|problem| !problem.mend.is_empty()));
}

#[test]
fn an_empty_calendar_and_an_unknown_key_are_refused() {
    let mut calendar = china_2026();
    assert_eq!(calendar.problems(), []);
    (calendar.weekly, calendar.make_up) = (Weekly::default(), Vec::new());
    assert_eq!(calendar.problems()[0].what, "没有任何工作时间");
    calendar.weekly.sat = vec![Interval { from: "09:00".into(), to: "09:00".into() }];
    assert_eq!(calendar.problems()[0].what, "09:00–09:00 的结束不晚于开始");
    let text = json!({"key": "a", "name": "a", "zone_minutes": 0, "weekly": {"monday": []}});
    assert!(serde_json::from_value::<Calendar>(text).is_err());
}

#[test]
fn a_day_has_at_most_twenty_four_intervals() {
    let mut calendar = china_2026();
    let half = |hour: i64| Interval { from: format!("{hour:02}:00"), to: format!("{hour:02}:30") };
    calendar.weekly.sun = (0..24).map(half).collect();
    assert_eq!(calendar.problems(), []);
    calendar.weekly.sun.push(Interval { from: "00:40".into(), to: "00:50".into() });
    assert_eq!(calendar.problems()[0].path, "weekly.sun");
}

/// Which minutes are worked, read off the written calendar with nothing but comparisons of texts:
/// slow, and sharing no arithmetic with what it checks.
struct Slow {
    first: i64,
    is_worked: Vec<bool>,
}

impl Slow {
    fn new(calendar: &Calendar) -> Self {
        let clocks = (0..DAY_MINUTES).map(|clock| format!("{:02}:{:02}", clock / 60, clock % 60));
        let clocks: Vec<_> = clocks.collect();
        let mut is_worked = Vec::new();
        for number in FIRST - 2..FIRST + 40 {
            let day = day_text(number);
            let valid = calendar.valid.as_ref();
            let is_valid = valid.is_none_or(|valid| valid.from <= day && day <= valid.to);
            let is_off = calendar.days_off.iter().any(|off| off.from <= day && day <= off.to);
            let make_up = calendar.make_up.iter().find(|make_up| make_up.date == day);
            let hours = match make_up {
                _ if !is_valid => &[][..],
                Some(make_up) => &make_up.hours,
                None if is_off => &[],
                None => calendar.weekly.on(weekday_of(number)),
            };
            is_worked.extend(
                clocks
                    .iter()
                    .map(|clock| hours.iter().any(|one| one.from <= *clock && *clock < one.to)),
            );
        }
        Self { first: (FIRST - 2) * DAY_MINUTES - calendar.zone_minutes, is_worked }
    }

    fn is_worked(&self, minute: i64) -> bool {
        self.is_worked[usize::try_from(minute - self.first).unwrap()]
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> Micros {
        let minutes = from.0.div_euclid(MINUTE)..=to.0.div_euclid(MINUTE);
        minutes
            .filter(|minute| self.is_worked(*minute))
            .map(|minute| (to.0.min((minute + 1) * MINUTE) - from.0.max(minute * MINUTE)).max(0))
            .sum()
    }

    fn add(&self, at: Timestamp, mut span: Micros) -> Timestamp {
        let mut now = at;
        while span > 0 {
            let minute = now.0.div_euclid(MINUTE);
            let rest = (minute + 1) * MINUTE - now.0;
            let is_worked = self.is_worked(minute);
            let step = if is_worked { rest.min(span) } else { rest };
            span -= if is_worked { step } else { 0 };
            now = now.plus(step);
        }
        now
    }
}

fn hours() -> impl Strategy<Value = Vec<Interval>> {
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    prop::collection::btree_set(0..=DAY_MINUTES, 0..6).prop_map(move |cuts| {
        let cuts: Vec<_> = cuts.into_iter().collect();
        cuts.chunks_exact(2)
            .map(|pair| Interval { from: clock(pair[0]), to: clock(pair[1]) })
            .collect()
    })
}

const FIRST: i64 = 20_700;

fn calendars() -> impl Strategy<Value = Calendar> {
    let week = prop::collection::vec(hours(), 7);
    let off = prop::collection::vec((0..30i64, 0..3i64), 0..4);
    let on = prop::collection::btree_map(0..30i64, hours(), 0..4);
    let zone = prop::sample::select(vec![-720, -210, 0, 330, 480, 840]);
    let valid = prop::option::of((-5..5i64, 20..40i64));
    (week, off, on, zone, valid).prop_map(|(week, off, on, zone_minutes, valid)| {
        let mut week = week.into_iter();
        let mut day = || week.next().unwrap();
        let always = vec![Interval { from: "10:00".into(), to: "10:07".into() }];
        let weekly = Weekly {
            mon: always,
            tue: day(),
            wed: day(),
            thu: day(),
            fri: day(),
            sat: day(),
            sun: day(),
        };
        let is_off = |day: i64| off.iter().any(|(from, more)| (*from..=from + more).contains(&day));
        let make_up = on
            .into_iter()
            .filter(|(day, hours)| !hours.is_empty() && !is_off(*day))
            .map(|(day, hours)| MakeUp { date: day_text(FIRST + day), name: String::new(), hours })
            .collect();
        let days_off = off
            .iter()
            .map(|(from, more)| DaysOff {
                name: "假".into(),
                from: day_text(FIRST + from),
                to: day_text(FIRST + from + more),
            })
            .collect();
        let mut calendar = Calendar {
            key: "any".into(),
            name: "任意".into(),
            zone_minutes,
            weekly,
            days_off,
            make_up,
            valid: None,
        };
        if let Some((from, to)) = valid {
            let (from, to) = (day_text(FIRST + from), day_text(FIRST + to));
            calendar.days_off.retain(|off| from <= off.from && off.to <= to);
            calendar.make_up.retain(|on| from <= on.date && on.date <= to);
            calendar.valid = Some(Period { from, to });
        }
        calendar
    })
}

fn instants() -> impl Strategy<Value = Timestamp> {
    (FIRST * DAY..(FIRST + 25) * DAY).prop_map(Timestamp)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn the_answers_are_those_of_stepping_through_the_minutes(
        calendar in calendars(), a in instants(), b in instants(), span in 1..3 * DAY,
    ) {
        let time = calendar.compile().unwrap();
        let (a, b) = (a.min(b), a.max(b));
        let slow = Slow::new(&calendar);
        prop_assert_eq!(time.is_working(a), slow.is_worked(a.0.div_euclid(MINUTE)));
        let worked = slow.between(a, b);
        prop_assert_eq!(time.working_between(a, b), worked);
        if worked > 0 {
            let span = (span % worked).max(1);
            prop_assert_eq!(time.add_span(a, span), Some(slow.add(a, span)));
        }
    }

    #[test]
    fn deadlines_add_up_and_never_run_backwards(
        calendar in calendars(), at in instants(), later in 0..3 * DAY,
        a in 0..900u32, b in 0..900u32,
    ) {
        let time = calendar.compile().unwrap();
        let first = time.add_working(at, a);
        let both = time.add_working(at, a + b);
        // How far it looks ahead counts from each beginning: two steps may reach farther than one.
        if both.is_some() {
            prop_assert_eq!(first.and_then(|first| time.add_working(first, b)), both);
        }
        if let (Some(first), Some(both)) = (first, both) {
            prop_assert!(at <= first && first <= both);
        }
        let of_later = time.add_working(at.plus(later), a);
        if let (Some(first), Some(of_later)) = (first, of_later) {
            prop_assert!(first <= of_later);
        }
    }

    #[test]
    fn between_undoes_add_and_sub(calendar in calendars(), at in instants(), minutes in 1..3000u32) {
        let time = calendar.compile().unwrap();
        let span = i64::from(minutes) * MINUTE;
        if let Some(due) = time.add_working(at, minutes) {
            prop_assert_eq!(time.working_between(at, due), span);
            prop_assert_eq!(time.working_between(at, due.plus(-1)), span - 1, "no earlier one does");
        }
        if let Some(start) = time.sub_working(at, minutes) {
            prop_assert_eq!(time.working_between(start, at), span);
            prop_assert_eq!(time.working_between(start.plus(1), at), span - 1, "no later one does");
        }
        if let Some(next) = time.next_working(at) {
            prop_assert!(next >= at && time.is_working(next));
            prop_assert_eq!(time.working_between(at, next), 0);
        }
    }
}
