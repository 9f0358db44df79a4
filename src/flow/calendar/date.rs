//! Days and clock times as whole numbers, and their texts.

use super::Weekday;

/// How many minutes a day has.
pub(crate) const DAY_MINUTES: i64 = 24 * 60;

/// Days of 400 years of the Gregorian calendar.
const ERA_DAYS: i64 = 146_097;
/// From 0000-03-01, where eras begin, to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;

/// Days since 1970-01-01 of a text such as `2026-10-01`; nothing when there is no such day.
pub(crate) fn day_number(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let number = from_civil(year, month, day);
    // A day that does not exist, such as 02-30, comes back as another one.
    (parts.next().is_none() && year >= 1970 && day_text(number) == text).then_some(number)
}

/// The text of a day, such as `2026-10-01`.
pub(crate) fn day_text(number: i64) -> String {
    let since = number + EPOCH_DAYS;
    let (era, in_era) = (since.div_euclid(ERA_DAYS), since.rem_euclid(ERA_DAYS));
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Minutes since midnight of a text such as `09:30`, up to `24:00`; nothing when it is none.
pub(crate) fn clock_minute(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (digits(hour, 2)?, digits(minute, 2)?);
    let whole = hour * 60 + minute;
    (minute < 60 && whole <= DAY_MINUTES).then_some(whole)
}

/// The day of the week of a day.
pub(crate) fn weekday_of(number: i64) -> Weekday {
    // 1970-01-01 was a Thursday.
    match (number + 3).rem_euclid(7) {
        0 => Weekday::Mon,
        1 => Weekday::Tue,
        2 => Weekday::Wed,
        3 => Weekday::Thu,
        4 => Weekday::Fri,
        5 => Weekday::Sat,
        _ => Weekday::Sun,
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Years begin in March here, so that the leap day is the last one.
fn from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let in_year = (153 * from_march + 2) / 5 + day - 1;
    era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + in_year - EPOCH_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970_and_know_leap_years() {
        for (text, number) in [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2024-02-29", 19_782),
            ("2026-10-01", 20_727),
        ] {
            assert_eq!(day_number(text), Some(number), "{text}");
            assert_eq!(day_text(number), text);
        }
        for wrong in ["2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-04-31"] {
            assert_eq!(day_number(wrong), None, "{wrong}");
        }
        for wrong in ["2026-1-1", "20261001", "2026-10-01-", "+026-10-01", "", "1969-12-31"] {
            assert_eq!(day_number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_of_a_century_comes_back_and_the_week_goes_round() {
        for number in 0..36_525 {
            assert_eq!(day_number(&day_text(number)), Some(number));
        }
        assert_eq!(weekday_of(20_727), Weekday::Thu);
        assert_eq!(weekday_of(20_727 + 3), Weekday::Sun);
    }

    #[test]
    fn clock_times_end_at_midnight() {
        assert_eq!(clock_minute("00:00"), Some(0));
        assert_eq!(clock_minute("24:00"), Some(1440));
        for wrong in ["24:01", "9:00", "09:60", "0900", "09:00:00", "-1:00"] {
            assert_eq!(clock_minute(wrong), None, "{wrong}");
        }
    }
}
