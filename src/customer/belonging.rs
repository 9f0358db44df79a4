//! What belongs to customers: opportunities (商机), orders (订单) and devices (设备), as other
//! systems tell of them. Each is known by its external key, which is unique and never changes.

mod asset;
mod opportunity;
mod order;

use db::Conn;
use kernel::{Ctx, Cursor, Error, FieldError, Limit, Page, Result, Timestamp, text};
use serde::{Serialize, de::DeserializeOwned};

pub use asset::Asset;
pub use opportunity::Opportunity;
pub use order::{Order, OrderLine};

use crate::{
    import::{Cells, Column},
    sql::{self, belonging::Row},
};

/// The longest external key: what a form's field of the type takes.
pub const KEY_MAX: usize = 64;
/// Characters of the search column.
const SEARCH_MAX: usize = 500;
/// The largest amount: a thousand billion yuan.
const CENTS_MAX: i64 = 100_000_000_000_000;

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// What may become an order.
    Opportunity,
    /// What was bought.
    Order,
    /// A device.
    Asset,
}

impl What {
    /// What people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Opportunity => "商机",
            Self::Order => "订单",
            Self::Asset => "设备",
        }
    }
}

/// Something that belongs to a customer.
pub trait Belonging: Clone + PartialEq + Serialize + DeserializeOwned + Send + 'static {
    /// Which of them.
    const WHAT: What;
    /// The columns of its CSV file.
    const COLUMNS: &'static [Column];

    /// Its external key.
    fn key(&self) -> &str;
    /// Gives it the key of its address.
    fn set_key(&mut self, key: &str);
    /// Whose it is.
    fn external_userid(&self) -> &str;
    /// Makes it another customer's.
    fn set_external_userid(&mut self, external_userid: String);
    /// When it was: what lists are ordered by, the newest first.
    fn happened_at(&self, now: Timestamp) -> Timestamp;
    /// The texts by which it is found.
    fn texts(&self) -> Vec<&str>;
    /// The member it names, with the path of it.
    fn member(&self) -> Option<(&'static str, &str)>;
    /// Cleans its texts and tells everything that is wrong, by path.
    fn clean(&mut self, wrong: &mut Wrong);
    /// What a line of a CSV file says.
    fn of_cells(cells: &mut Cells<'_>) -> Self;
}

/// One of them as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kept<T> {
    /// What is known.
    #[serde(flatten)]
    pub it: T,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which of them a list shows; what is `None` does not narrow it.
#[derive(Clone, Debug, Default)]
pub struct BelongingFilter {
    /// Of this customer.
    pub external_userid: Option<String>,
    /// A part of the key, the title, the name.
    pub text: Option<String>,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// There was none of this key.
    New,
    /// It said something else before.
    Changed,
    /// It said the same.
    Same,
}

/// What is wrong with a record, by path.
#[derive(Debug, Default)]
pub struct Wrong(pub(crate) Vec<FieldError>);

impl Wrong {
    pub(crate) fn say(&mut self, path: &str, code: &'static str, detail: impl Into<String>) {
        self.0.push(FieldError { path: path.to_owned(), code, detail: detail.into() });
    }

    /// A text, cleaned; `least` 1 when it must be there.
    fn text(&mut self, path: &str, value: &mut String, (least, most): (usize, usize)) {
        *value = text::clean(value);
        let length = value.chars().count();
        if length < least {
            self.say(path, "required", "不能为空，请填写");
        } else if length > most {
            self.say(path, "too_long", format!("最多 {most} 个字，现在有 {length} 个"));
        }
    }

    /// An external key, as a form's field takes it.
    fn key(&mut self, path: &str, value: &mut String) {
        *value = value.trim().to_owned();
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        if value.is_empty() || value.len() > KEY_MAX || !value.chars().all(is_allowed) {
            let detail = format!("须为 1 到 {KEY_MAX} 个字母、数字或 -_.@");
            self.say(path, "malformed", detail);
        }
    }

    fn cents(&mut self, path: &str, value: i64) {
        if !(0..=CENTS_MAX).contains(&value) {
            self.say(path, "out_of_range", "金额须在 0 到一万亿元之间，以分为单位");
        }
    }

    /// A day, `2026-11-22`.
    fn day(&mut self, path: &str, value: &mut Option<String>) {
        *value = value.take().map(|day| day.trim().to_owned()).filter(|day| !day.is_empty());
        if value.as_deref().is_some_and(|day| begin_of(day).is_none()) {
            self.say(path, "malformed", "须是日期，例如 2026-11-22");
        }
    }
}

/// The first moment of a day in UTC: what it is ordered by.
pub(crate) fn begin_of(day: &str) -> Option<Timestamp> {
    if day.len() != 10 {
        return None;
    }
    serde_json::from_value(format!("{day}T00:00:00Z").into()).ok()
}

fn kept<T: Belonging>(row: &Row) -> Result<Kept<T>> {
    let it = sql::from_json(&row.body, "a customer's belonging")?;
    Ok(Kept { it, updated_at: row.updated_at })
}

/// The one with this key.
///
/// # Errors
/// The database's.
pub fn find_belonging<T: Belonging>(conn: &mut Conn, key: &str) -> Result<Option<Kept<T>>> {
    sql::belonging::find(conn, T::WHAT, key)?.map(|row| kept(&row)).transpose()
}

/// A page of them, the newest first.
///
/// # Errors
/// The database's.
pub fn list_belongings<T: Belonging>(
    conn: &mut Conn,
    filter: &BelongingFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Kept<T>>> {
    let rows = sql::belonging::list(conn, T::WHAT, filter, cursor, limit)?;
    let page = Page::cut(rows, limit, |row| Cursor { key: row.happened_at, id: row.id });
    let items = page.items.iter().map(kept).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next })
}

/// Whether the house keeps such a register at all: where it is empty, the numbers that answers name
/// are those of another system and are taken as they are.
///
/// # Errors
/// The database's.
pub fn is_register_kept(conn: &mut Conn, what: What) -> Result<bool> {
    sql::belonging::is_kept(conn, what)
}

/// Whether there is one with this key.
///
/// # Errors
/// The database's.
pub fn has_belonging(conn: &mut Conn, what: What, key: &str) -> Result<bool> {
    Ok(sql::belonging::find(conn, what, key)?.is_some())
}

/// Writes one: a new one, or what is now known of the one with its key.
///
/// # Errors
/// `field_invalid` with everything that is wrong, also for a customer who is not known.
pub fn put_belonging<T: Belonging>(
    conn: &mut Conn,
    ctx: &Ctx,
    mut it: T,
) -> Result<(Kept<T>, Put)> {
    let mut wrong = Wrong::default();
    check(conn, &mut it, &mut wrong)?;
    if !wrong.0.is_empty() {
        return Err(Error::invalid(wrong.0));
    }
    let (put, updated_at) = write(conn, ctx, &it, true)?;
    Ok((Kept { it, updated_at }, put))
}

/// Cleans a record and tells what is wrong with it.
pub(crate) fn check<T: Belonging>(conn: &mut Conn, it: &mut T, wrong: &mut Wrong) -> Result<()> {
    it.clean(wrong);
    if sql::customer::by_external(conn, it.external_userid())?.is_none() {
        let detail = "没有这个客户，请核对 external_userid";
        wrong.say("external_userid", "unknown_customer", detail);
    }
    Ok(())
}

/// Writes a record that was found good, or tells only what that would do; and when it last changed.
pub(crate) fn write<T: Belonging>(
    conn: &mut Conn,
    ctx: &Ctx,
    it: &T,
    is_meant: bool,
) -> Result<(Put, Timestamp)> {
    let body = sql::to_json(it)?;
    let before = sql::belonging::find(conn, T::WHAT, it.key())?;
    if let Some(row) = before.as_ref().filter(|row| row.body == body) {
        return Ok((Put::Same, row.updated_at));
    }
    let put = if before.is_some() { Put::Changed } else { Put::New };
    if is_meant {
        let row = Row {
            id: before.map_or(0, |row| row.id),
            external_key: it.key().to_owned(),
            external_userid: it.external_userid().to_owned(),
            search: text::cut_chars(&it.texts().join(" ").to_lowercase(), SEARCH_MAX),
            happened_at: it.happened_at(ctx.now).0,
            body,
            updated_at: ctx.now,
        };
        sql::belonging::put(conn, ctx, T::WHAT, row)?;
    }
    Ok((put, ctx.now))
}

/// Forgets one; false when there was none. Tickets go on naming its key.
///
/// # Errors
/// The database's.
pub fn delete_belonging(conn: &mut Conn, what: What, key: &str) -> Result<bool> {
    sql::belonging::delete(conn, what, key)
}

/// A member's userid of a record.
fn member_of<'a>(
    path: &'static str,
    userid: Option<&'a String>,
) -> Option<(&'static str, &'a str)> {
    userid.map(|userid| (path, userid.as_str()))
}

/// What is said of a member: his userid in lower case, nothing when it is empty.
fn clean_member(value: &mut Option<String>) {
    *value = value.take().map(|one| one.trim().to_lowercase()).filter(|one| !one.is_empty());
}
