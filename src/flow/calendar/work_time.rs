//! A calendar ready for questions. Everything follows from one function that never falls: how much
//! was worked up to an instant. Its difference is the work between two instants, its inverse the
//! instant by which some work is done.

use kernel::{
    Micros, Timestamp,
    time::{DAY, MINUTE},
};

use super::{Weekday, weekday_of};

/// How many days ahead or back an answer is looked for: three years.
pub(crate) const SEARCH_DAYS: i64 = 3 * 366;

/// Days that can be counted in microseconds with room to spare.
const FIRST_DAY: i64 = -106_000_000;
const LAST_DAY: i64 = 106_000_000;

/// The working hours of one day: apart from each other and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hours {
    spans: Vec<(Micros, Micros)>,
    total: Micros,
}

impl Hours {
    /// From spans in minutes that do not overlap; those that touch become one.
    pub(super) fn new(mut minutes: Vec<(i64, i64)>) -> Self {
        minutes.sort_unstable();
        let mut spans: Vec<(Micros, Micros)> = Vec::new();
        for (from, to) in minutes {
            match spans.last_mut() {
                Some(last) if last.1 == from * MINUTE => last.1 = to * MINUTE,
                _ => spans.push((from * MINUTE, to * MINUTE)),
            }
        }
        let total = spans.iter().map(|(from, to)| to - from).sum();
        Self { spans, total }
    }

    /// How much was worked when so much of the day has passed.
    fn worked(&self, passed: Micros) -> Micros {
        self.spans.iter().map(|(from, to)| (passed.min(*to) - from).max(0)).sum()
    }

    /// The first moment by which `work` is done.
    fn first_with(&self, mut work: Micros) -> Micros {
        for (from, to) in &self.spans {
            if work <= to - from {
                return from + work;
            }
            work -= to - from;
        }
        DAY
    }

    /// The last moment at which no more than `work` is done.
    fn last_with(&self, mut work: Micros) -> Micros {
        for (from, to) in &self.spans {
            if work < to - from {
                return from + work;
            }
            work -= to - from;
        }
        DAY
    }
}

/// A day that is not as the week says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Special {
    day: i64,
    hours: Hours,
    /// How much more than the week says was worked on the special days before it.
    surplus_before: Micros,
}

/// A calendar ready for questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkTime {
    zone: Micros,
    /// Each day of the week, with what is worked in the week before it.
    week: [(Hours, Micros); 7],
    week_total: Micros,
    special: Vec<Special>,
    surplus: Micros,
    /// Holidays as first day, last day and name.
    days_off: Vec<(i64, i64, String)>,
    valid: (i64, i64),
}

impl WorkTime {
    /// From parts that were checked. `special` is in order of days, each once.
    pub(super) fn new(
        zone_minutes: i64,
        week: [Hours; 7],
        special: Vec<(i64, Hours)>,
        days_off: Vec<(i64, i64, String)>,
        valid: Option<(i64, i64)>,
    ) -> Self {
        let mut week_total = 0;
        let week = week.map(|hours| {
            let before = week_total;
            week_total += hours.total;
            (hours, before)
        });
        let mut built = Self {
            zone: zone_minutes * MINUTE,
            week,
            week_total,
            special: Vec::with_capacity(special.len()),
            surplus: 0,
            days_off,
            valid: valid.unwrap_or((FIRST_DAY, LAST_DAY)),
        };
        for (day, hours) in special {
            let more = hours.total - built.ordinary(day).0.total;
            built.special.push(Special { day, hours, surplus_before: built.surplus });
            built.surplus += more;
        }
        built
    }

    /// Whether work goes on at this instant; the end of an interval is no part of it.
    pub fn is_working(&self, at: Timestamp) -> bool {
        self.working_between(at, at.plus(1)) == 1
    }

    /// How much working time lies between two instants; none when they are the wrong way round.
    pub fn working_between(&self, from: Timestamp, to: Timestamp) -> Micros {
        (self.worked(self.local(to)) - self.worked(self.local(from))).max(0)
    }

    /// The first instant by which this many working minutes have passed. Nothing when that takes
    /// longer than three years, or longer than the calendar is valid.
    pub fn add_working(&self, at: Timestamp, minutes: u32) -> Option<Timestamp> {
        self.add_span(at, i64::from(minutes) * MINUTE)
    }

    /// As [`Self::add_working`], to the microsecond: what remained when a clock was suspended. A
    /// span that is not positive moves nothing.
    pub fn add_span(&self, at: Timestamp, span: Micros) -> Option<Timestamp> {
        if span <= 0 {
            return Some(at);
        }
        let local = self.local(at);
        let goal = self.worked(local).checked_add(span)?;
        let today = local.div_euclid(DAY);
        let day = first_day(today, today + SEARCH_DAYS, |day| self.before(day + 1) >= goal)?;
        let within = self.hours(day).first_with(goal - self.before(day));
        Some(self.instant(day, within))
    }

    /// The last instant from which this many working minutes are left until `at`: when to remind
    /// before a deadline. Nothing when that is more than three years back.
    pub fn sub_working(&self, at: Timestamp, minutes: u32) -> Option<Timestamp> {
        if minutes == 0 {
            return Some(at);
        }
        let local = self.local(at);
        let goal = self.worked(local).checked_sub(i64::from(minutes) * MINUTE)?;
        let today = local.div_euclid(DAY);
        let after = first_day(today - SEARCH_DAYS, today + 1, |day| self.before(day) > goal)?;
        let day = after - 1;
        let is_found = self.before(day) <= goal;
        is_found.then(|| self.instant(day, self.hours(day).last_with(goal - self.before(day))))
    }

    /// This instant when work goes on, or the next at which it begins; bounded as
    /// [`Self::add_working`] is.
    pub fn next_working(&self, at: Timestamp) -> Option<Timestamp> {
        self.add_span(at, 1).map(|after| after.plus(-1))
    }

    /// The holiday on whose days this instant falls.
    pub fn day_off(&self, at: Timestamp) -> Option<&str> {
        let day = self.local(at).div_euclid(DAY);
        let found = self.days_off.iter().find(|(first, last, _)| (*first..=*last).contains(&day));
        found.map(|(_, _, name)| name.as_str())
    }

    /// Whether the calendar says anything about this instant.
    pub fn is_valid(&self, at: Timestamp) -> bool {
        (self.valid.0..=self.valid.1).contains(&self.local(at).div_euclid(DAY))
    }

    /// The day, in days since 1970, and the minute of an instant on the calendar's clock.
    pub(crate) fn day_and_minute(&self, at: Timestamp) -> (i64, i64) {
        let local = self.local(at);
        (local.div_euclid(DAY), local.rem_euclid(DAY) / MINUTE)
    }

    /// Microseconds since 1970 on the calendar's clock.
    fn local(&self, at: Timestamp) -> Micros {
        at.0.saturating_add(self.zone).clamp(FIRST_DAY * DAY, LAST_DAY * DAY)
    }

    fn instant(&self, day: i64, within: Micros) -> Timestamp {
        Timestamp(day * DAY + within - self.zone)
    }

    /// How much was worked up to a moment of the calendar's clock. The zero is arbitrary.
    fn worked(&self, local: Micros) -> Micros {
        let local = local.clamp(self.valid.0 * DAY, (self.valid.1 + 1) * DAY);
        let day = local.div_euclid(DAY);
        self.before_day(day) + self.hours(day).worked(local.rem_euclid(DAY))
    }

    /// How much was worked before a day begins, validity included.
    fn before(&self, day: i64) -> Micros {
        self.before_day(day.clamp(self.valid.0, self.valid.1 + 1))
    }

    fn before_day(&self, day: i64) -> Micros {
        let weeks = (day + 3).div_euclid(7);
        let (_, before) = self.ordinary(day);
        let next = self.special.partition_point(|special| special.day < day);
        let surplus = self.special.get(next).map_or(self.surplus, |next| next.surplus_before);
        weeks * self.week_total + before + surplus
    }

    fn hours(&self, day: i64) -> &Hours {
        match self.special.binary_search_by_key(&day, |special| special.day) {
            Ok(found) => self.special.get(found).map_or(&self.ordinary(day).0, |one| &one.hours),
            Err(_) => &self.ordinary(day).0,
        }
    }

    fn ordinary(&self, day: i64) -> &(Hours, Micros) {
        let [mon, tue, wed, thu, fri, sat, sun] = &self.week;
        match weekday_of(day) {
            Weekday::Mon => mon,
            Weekday::Tue => tue,
            Weekday::Wed => wed,
            Weekday::Thu => thu,
            Weekday::Fri => fri,
            Weekday::Sat => sat,
            Weekday::Sun => sun,
        }
    }
}

/// The first day in `from..=to` of which `is_reached` holds; once it holds, it holds for good.
fn first_day(from: i64, to: i64, is_reached: impl Fn(i64) -> bool) -> Option<i64> {
    if !is_reached(to) {
        return None;
    }
    let (mut low, mut high) = (from, to);
    while low < high {
        // Rounds down also below zero, which `midpoint` does not: it would never end there.
        let middle = low + (high - low) / 2;
        if is_reached(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}
