//! Dates and instants as they are stored: `2026-11-22` and `2026-11-22T07:04:00Z`, at one width,
//! so that they stand in their order as texts.

use std::ops::Range;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

/// The years that a date of business can have; outside of them somebody mistyped.
const YEARS: Range<i32> = 1900..2200;

fn digits(text: &str, range: Range<usize>) -> Option<u32> {
    let text = text.get(range).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

fn has(text: &str, at: usize, mark: &str) -> Option<()> {
    (text.get(at..at + mark.len())? == mark).then_some(())
}

fn date(text: &str) -> Option<NaiveDate> {
    has(text, 4, "-")?;
    has(text, 7, "-")?;
    let (year, month, day) = (digits(text, 0..4)?, digits(text, 5..7)?, digits(text, 8..10)?);
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// Whether a text is a day of the calendar.
pub(crate) fn is_date(text: &str) -> bool {
    text.len() == 10 && date(text).is_some()
}

/// A day as people write it, `2026/1/5` or `2026年1月5日`, as it is stored; any other text as it is.
pub(crate) fn plain(text: &str) -> String {
    let parts: Vec<&str> = text.trim().split(['-', '/', '.', '年', '月', '日']).collect();
    match parts.as_slice() {
        [year, month, day] | [year, month, day, ""] => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => text.to_owned(),
    }
}

/// Whether a day is of a year in which business is done.
pub(crate) fn is_near(text: &str) -> bool {
    date(text).is_some_and(|date| YEARS.contains(&date.year()))
}

/// Whether a text is an instant in UTC to the second, as it is stored.
pub(crate) fn is_instant(text: &str) -> bool {
    let is_it = || {
        has(text, 10, "T")
            .and(has(text, 13, ":"))
            .and(has(text, 16, ":"))
            .and(has(text, 19, "Z"))?;
        date(text)?;
        let clock = [(11..13, 24), (14..16, 60), (17..19, 60)];
        clock.into_iter().try_for_each(|(at, most)| (digits(text, at)? < most).then_some(()))
    };
    text.len() == 20 && is_it().is_some()
}

/// An instant with any offset as it is stored: in UTC, to the second.
pub(crate) fn instant(text: &str) -> Option<String> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    let text = at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    is_instant(&text).then_some(text)
}

/// A stored instant on the wall clock of a zone, such as `2026-11-22 15:04`.
pub(crate) fn local(text: &str, zone_minutes: i64) -> Option<String> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(kernel::Timestamp(at.timestamp_micros()).local(zone_minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        assert!(is_date("2024-02-29") && is_date("0001-01-01"));
        for wrong in
            ["2023-02-29", "2026-1-1", "2026/01/01", "+026-01-01", "2026-01-01 ", "今天", ""]
        {
            assert!(!is_date(wrong), "{wrong}");
        }
        assert!(is_near("2199-12-31") && !is_near("2200-01-01") && !is_near("0226-01-01"));
    }

    #[test]
    fn an_instant_is_kept_in_utc_to_the_second() {
        assert_eq!(instant("2026-11-22T15:04:59.9+08:00").unwrap(), "2026-11-22T07:04:59Z");
        assert_eq!(local("2026-11-22T07:04:59Z", 480).unwrap(), "2026-11-22 15:04");
        assert!(is_instant("2026-11-22T07:04:59Z"));
        for wrong in ["2026-11-22T24:00:00Z", "2026-11-22 07:04:59Z", "2026-02-30T07:04:59Z"] {
            assert!(!is_instant(wrong), "{wrong}");
        }
        assert_eq!(instant("2026-11-22T15:04"), None);
        assert_eq!(instant("0000-01-01T00:00:00+08:00"), None);
    }
}
