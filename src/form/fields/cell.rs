//! An answer as a cell of an export: typed, so that a spreadsheet can sum it.

use std::fmt;

use crate::rules::Ratio;

/// A cell of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// An exact decimal, written out.
    Number(String),
    /// An amount of fen.
    Money(i64),
    /// A date as `2026-11-22`, or a time on the reader's wall clock as `2026-11-22 15:04`.
    Time(String),
}

/// The cell as CSV writes it; money in yuan.
impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Time(text) => out.write_str(text),
            Self::Money(fen) => out.write_str(&yuan(*fen)),
        }
    }
}

/// `-12.05`
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// A stored number with all its digits.
pub(crate) fn decimal(number: Ratio) -> String {
    number.to_text(crate::rules::SCALE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_in_yuan_to_the_fen() {
        let written = [0, 5, -5, 120, 123_456].map(|fen| Cell::Money(fen).to_string());
        assert_eq!(written, ["0.00", "0.05", "-0.05", "1.20", "1234.56"]);
    }
}
