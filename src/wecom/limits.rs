//! The platform's limits as numbers, and the arithmetic to stay below them. Pure: whoever sends
//! keeps the counts. Beyond a member's limits messages are dropped without an error, so the
//! sender must count.

use kernel::{
    Micros, Timestamp,
    time::{DAY, HOUR, MINUTE},
};
use serde::{Deserialize, Serialize};

/// At most so many in any span of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub most: i64,
    /// In how long.
    pub span: Micros,
}

/// Messages of one app to one member in a minute; the excess is dropped silently.
pub const MEMBER_PER_MINUTE: Limit = Limit { most: 30, span: MINUTE };
/// Messages of one app to one member in an hour; the excess is dropped silently.
pub const MEMBER_PER_HOUR: Limit = Limit { most: 1_000, span: HOUR };
/// Person-times of an app in a day, for each account that the corp may have.
pub const APP_PER_DAY_AND_ACCOUNT: i64 = 200;
/// Calls of one API by one corp in a minute; sending messages does not count.
pub const API_PER_MINUTE: Limit = Limit { most: 10_000, span: MINUTE };
/// Calls of one API by one corp in an hour.
pub const API_PER_HOUR: Limit = Limit { most: 150_000, span: HOUR };
/// Receivers of one message.
pub const RECEIVERS_PER_MESSAGE: usize = 1_000;

/// Into how many slots a span is divided.
const SLOTS: usize = 12;

/// Counts uses over a sliding span. A span is divided into slots, and one slot more than the span
/// is counted: so no span of this length, wherever it begins, ever holds more than the limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The number of the newest slot since 1970.
    newest: i64,
    /// Uses per slot, newest first.
    used: [i64; SLOTS + 1],
}

impl Window {
    /// Takes `count` uses if the limit allows them all.
    ///
    /// # Errors
    /// How long to wait before asking again, when it does not; the whole span when `count` is more
    /// than the limit will ever allow. Nothing is taken then.
    pub fn take(&mut self, limit: Limit, now: Timestamp, count: i64) -> Result<(), Micros> {
        self.slide(limit, now);
        let total = self.used.iter().sum::<i64>();
        let excess = total.saturating_add(count) - limit.most;
        if excess <= 0 {
            if let Some(newest) = self.used.first_mut() {
                *newest += count;
            }
            return Ok(());
        }
        Err(self.wait(limit, now, excess))
    }

    /// How many uses are left now.
    pub fn left(&mut self, limit: Limit, now: Timestamp) -> i64 {
        self.slide(limit, now);
        (limit.most - self.used.iter().sum::<i64>()).max(0)
    }

    fn slide(&mut self, limit: Limit, now: Timestamp) {
        let slot = now.0.div_euclid(slot_length(limit));
        // A clock that went back finds the counts of the later slot and waits for it.
        let passed = slot.saturating_sub(self.newest).max(0);
        let shift = usize::try_from(passed).unwrap_or(usize::MAX).min(SLOTS + 1);
        self.used.rotate_right(shift % (SLOTS + 1));
        let emptied = if shift > SLOTS { SLOTS + 1 } else { shift };
        self.used.iter_mut().take(emptied).for_each(|used| *used = 0);
        self.newest = self.newest.max(slot);
    }

    /// Until enough of the oldest slots have left the span to make room for `excess`.
    fn wait(&self, limit: Limit, now: Timestamp, excess: i64) -> Micros {
        let mut freed = 0;
        for (age, used) in self.used.iter().enumerate().rev() {
            freed += used;
            if freed >= excess {
                let slots = i64::try_from(SLOTS + 1 - age).unwrap_or(i64::MAX);
                return (self.newest + slots) * slot_length(limit) - now.0;
            }
        }
        limit.span
    }
}

fn slot_length(limit: Limit) -> Micros {
    let slots = i64::try_from(SLOTS).unwrap_or(1);
    (limit.span / slots).max(1)
}

/// Counts uses in a natural day of the corp's zone: the app's daily limit ends at midnight.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Daily {
    day: i64,
    used: i64,
}

impl Daily {
    /// Takes `count` uses if `most` a day allows them all.
    ///
    /// # Errors
    /// How long until the day ends, when it does not. Nothing is taken then.
    pub fn take(
        &mut self,
        most: i64,
        offset_minutes: i64,
        now: Timestamp,
        count: i64,
    ) -> Result<(), Micros> {
        let local = now.0.saturating_add(offset_minutes * MINUTE);
        let day = local.div_euclid(DAY);
        if day > self.day {
            *self = Self { day, used: 0 };
        }
        let used = self.used.saturating_add(count);
        if used > most {
            return Err(DAY - local.rem_euclid(DAY));
        }
        self.used = used;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::time::SECOND;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000 + seconds)
    }

    #[test]
    fn the_thirty_first_message_of_a_minute_waits_until_the_first_has_left_it() {
        let mut window = Window::default();
        for second in 0..30 {
            assert_eq!(window.take(MEMBER_PER_MINUTE, at(second), 1), Ok(()));
        }
        assert_eq!(window.left(MEMBER_PER_MINUTE, at(30)), 0);
        let wait = window.take(MEMBER_PER_MINUTE, at(30), 1).unwrap_err();
        assert!((30 * SECOND..=35 * SECOND).contains(&wait), "{wait}");
        assert_eq!(window.take(MEMBER_PER_MINUTE, at(30).plus(wait), 1), Ok(()));
    }

    #[test]
    fn a_long_pause_empties_the_window_and_a_clock_that_went_back_does_not() {
        let mut window = Window::default();
        window.take(MEMBER_PER_MINUTE, at(0), 30).unwrap();
        assert!(window.take(MEMBER_PER_MINUTE, at(-600), 1).is_err());
        assert_eq!(window.left(MEMBER_PER_MINUTE, at(66)), 30);
        assert_eq!(window.take(MEMBER_PER_MINUTE, at(1_000_000), 30), Ok(()));
        assert_eq!(window.take(MEMBER_PER_MINUTE, at(1_000_001), 31), Err(MINUTE));
    }

    #[test]
    fn a_day_ends_at_midnight_of_the_zone() {
        // 2023-11-14T22:13:20Z is 06:13:20 in Shanghai: the day there has 17 h 46 m 40 s left.
        let mut daily = Daily::default();
        assert_eq!(daily.take(200, 480, at(0), 200), Ok(()));
        assert_eq!(daily.take(200, 480, at(0), 1), Err((17 * 3600 + 46 * 60 + 40) * SECOND));
        assert_eq!(daily.take(200, 480, at(17 * 3600 + 46 * 60 + 40), 1), Ok(()));
    }

    proptest! {
        #[test]
        fn no_span_ever_holds_more_than_the_limit(
            steps in proptest::collection::vec((0_i64..20_000_000, 1_i64..8), 1..200),
        ) {
            let limit = MEMBER_PER_MINUTE;
            let (mut window, mut now, mut taken) = (Window::default(), at(0), Vec::new());
            for (pause, count) in steps {
                now = now.plus(pause);
                match window.take(limit, now, count) {
                    Ok(()) => taken.push((now, count)),
                    Err(wait) => {
                        prop_assert!(wait > 0 && wait <= limit.span + limit.span / 12);
                        let mut later = window.clone();
                        prop_assert_eq!(later.take(limit, now.plus(wait), count), Ok(()));
                    }
                }
                let since = now.plus(-limit.span);
                let held: i64 = taken.iter().filter(|(at, _)| *at > since).map(|(_, n)| n).sum();
                prop_assert!(held <= limit.most, "{held} in a minute");
            }
        }
    }
}
