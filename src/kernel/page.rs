//! Pages of a list: a bounded limit, an opaque keyset cursor, never an offset.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How many rows a page may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(i64);

impl Limit {
    /// The largest page.
    pub const MAX: i64 = 200;
    /// The page when nobody says.
    pub const DEFAULT: i64 = 50;

    /// A limit from a query parameter.
    ///
    /// # Errors
    /// `field_invalid` on `limit` outside 1..=200.
    pub fn new(asked: Option<i64>) -> Result<Self> {
        match asked.unwrap_or(Self::DEFAULT) {
            rows @ 1..=Self::MAX => Ok(Self(rows)),
            _ => Err(Error::field("limit", "out_of_range", "limit 须在 1 到 200 之间")),
        }
    }

    /// Rows of the page.
    pub fn rows(self) -> i64 {
        self.0
    }

    /// One more than the page: the extra row tells whether there is a next page.
    pub fn probe(self) -> i64 {
        self.0 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// Where the next page begins: the sort key and id of the last row seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The sort key of the last row.
    pub key: i64,
    /// The id of the last row.
    pub id: i64,
}

impl Cursor {
    /// The cursor in a query parameter.
    ///
    /// # Errors
    /// `field_invalid` on `cursor` when it did not come from an earlier page.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = text.split_once('.').and_then(|(key, id)| {
            let key = i64::from_str_radix(key, 36).ok()?;
            Some(Self { key, id: i64::from_str_radix(id, 36).ok()? })
        });
        parts.ok_or_else(|| Error::field("cursor", "malformed", "cursor 须取自上一页的 next"))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}", base36(self.key), base36(self.id))
    }
}

fn base36(number: i64) -> String {
    let mut left = number.unsigned_abs();
    let mut digits = Vec::new();
    loop {
        let digit = u32::try_from(left % 36).unwrap_or_default();
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        left /= 36;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The cursor of the next page, or nothing at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page out of `limit.probe()` rows: the extra row is dropped and becomes `next`.
    pub fn cut(mut rows: Vec<T>, limit: Limit, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        let size = usize::try_from(limit.rows()).unwrap_or(usize::MAX);
        let more = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_row| more).map(|row| cursor_of(row).to_string());
        Self { items: rows, next }
    }

    /// The same page of other things.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(each).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for cursor in [
            Cursor { key: 0, id: 0 },
            Cursor { key: -5, id: 36 },
            Cursor { key: i64::MAX, id: i64::MIN },
        ] {
            assert_eq!(Cursor::parse(&cursor.to_string()).unwrap(), cursor);
        }
        for bad in ["", "x", "1.", ".1", "1.2.3", "é.1"] {
            assert_eq!(Cursor::parse(bad).unwrap_err().fields()[0].path, "cursor");
        }
    }

    #[test]
    fn the_probe_row_becomes_next() {
        let limit = Limit::new(Some(2)).unwrap();
        let page = Page::cut(vec![1, 2, 3], limit, |row| Cursor { key: *row, id: *row });
        assert_eq!((page.items, page.next), (vec![1, 2], Some("2.2".into())));
        let page = Page::cut(vec![1, 2], limit, |row| Cursor { key: *row, id: *row });
        assert_eq!(page.next, None);
    }

    #[test]
    fn a_limit_has_bounds() {
        assert!(Limit::new(Some(0)).is_err());
        assert!(Limit::new(Some(201)).is_err());
        assert_eq!(Limit::new(None).unwrap().rows(), 50);
    }
}
