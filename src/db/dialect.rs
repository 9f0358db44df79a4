//! The few words that the databases spell differently. Macros, because a multi-row insert has a
//! type of its own on each backend; the `match` on the connection stands here and nowhere else.

use diesel::{define_sql_function, sql_types::BigInt};

define_sql_function! {
    /// `SUM` of a BIGINT column, exact on both databases (Diesel's own goes through a float on
    /// SQLite).
    #[aggregate]
    #[sql_name = "sum"]
    fn sum_big(x: BigInt) -> Nullable<BigInt>;
}

/// The LIKE pattern that finds `part` anywhere, with `\` as the escape character: use it as
/// `.like(contains_pattern(x)).escape('\\')`.
pub fn contains_pattern(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// `insert_all!(conn, table, rows)`: inserts a slice of `Insertable` rows, in chunks that stay
/// under both databases' limits on placeholders. Gives `kernel::Result<()>`.
#[macro_export]
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        use $crate::{OrDb as _, diesel::RunQueryDsl as _};
        $rows.chunks(500).try_for_each(|chunk| match $conn {
            $crate::Conn::Mysql(c) => {
                $crate::diesel::insert_into($table).values(chunk).execute(c).map(|_rows| ()).or_db()
            }
            $crate::Conn::Sqlite(c) => {
                $crate::diesel::insert_into($table).values(chunk).execute(c).map(|_rows| ()).or_db()
            }
        })
    }};
}

/// `execute!(conn, query)`: runs a query that was written for each backend by itself. Gives
/// `kernel::Result<usize>`, the rows that it touched.
#[macro_export]
macro_rules! execute {
    ($conn:expr, $query:expr) => {{
        use $crate::{OrDb as _, diesel::RunQueryDsl as _};
        match $conn {
            $crate::Conn::Mysql(c) => $query.execute(c).or_db(),
            $crate::Conn::Sqlite(c) => $query.execute(c).or_db(),
        }
    }};
}

/// `insert_ignore!(conn, table, rows)`: inserts the rows that break no uniqueness, in one statement
/// on MySQL. Only for rows that were validated before: MySQL's IGNORE also swallows data errors.
/// Gives `kernel::Result<usize>`, the rows that were new.
#[macro_export]
macro_rules! insert_ignore {
    ($conn:expr, $table:expr, $rows:expr) => {{
        use $crate::{OrDb as _, diesel::RunQueryDsl as _};
        match $conn {
            $crate::Conn::Mysql(c) => {
                $crate::diesel::insert_or_ignore_into($table).values($rows).execute(c).or_db()
            }
            $crate::Conn::Sqlite(c) => {
                $crate::diesel::insert_or_ignore_into($table).values($rows).execute(c).or_db()
            }
        }
    }};
}

/// `upsert!(conn, table, key, row, changes)`: inserts a row, or applies `changes` to the one that
/// has the same `key` (a column or tuple of columns with a uniqueness). Never ask it whether the
/// row was new. Gives `kernel::Result<()>`.
#[macro_export]
macro_rules! upsert {
    ($conn:expr, $table:expr, $key:expr, $row:expr, $changes:expr) => {{
        use $crate::{OrDb as _, diesel::RunQueryDsl as _};
        match $conn {
            $crate::Conn::Mysql(c) => $crate::diesel::insert_into($table)
                .values($row)
                .on_conflict($crate::diesel::dsl::DuplicatedKeys)
                .do_update()
                .set($changes)
                .execute(c)
                .map(|_rows| ())
                .or_db(),
            $crate::Conn::Sqlite(c) => $crate::diesel::insert_into($table)
                .values($row)
                .on_conflict($key)
                .do_update()
                .set($changes)
                .execute(c)
                .map(|_rows| ())
                .or_db(),
        }
    }};
}
