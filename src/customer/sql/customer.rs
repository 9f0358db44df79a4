//! Customers, and which members they belong to.

use db::{Conn, OrDb as _, Unique, contains_pattern, insert_all};
use diesel::prelude::*;
use kernel::{Cursor, CustomerId, Limit, Result, Timestamp, text};

use super::{from_json, one_row, rows, to_json};
use crate::{
    CustomerFilter,
    mirror::CustomerRow,
    schema::{customer_customer as c, customer_follow as f},
};

const EXTERNAL: Unique =
    Unique { name: "customer_customer_external", columns: "customer_customer.external_userid" };
/// Characters of the search column: names, company, remarks.
const SEARCH_MAX: usize = 1000;
/// Characters of a telephone number; a longer one is none.
const PHONE_MAX: usize = 32;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = c)]
struct Stored {
    id: i64,
    external_userid: String,
    unionid: String,
    search: String,
    phone: String,
    is_lost: i32,
    shadow: String,
    listed_at: i64,
    version: i64,
    updated_at: i64,
}

impl Stored {
    fn of(row: &CustomerRow) -> Result<Self> {
        let customer = row.customer();
        let mut search = format!("{} {}", customer.name, customer.corp_name);
        for follow in &customer.follows {
            search.push(' ');
            search.push_str(&follow.remark);
        }
        Ok(Self {
            id: row.id,
            external_userid: row.external_userid.clone(),
            unionid: customer.unionid,
            search: text::cut_chars(&search.to_lowercase(), SEARCH_MAX),
            phone: digits(&customer.phone),
            is_lost: i32::from(customer.is_lost),
            shadow: to_json(&row.shadow)?,
            listed_at: row.shadow.listed_at().0,
            version: row.version + 1,
            updated_at: row.updated_at.0,
        })
    }

    fn read(self) -> Result<CustomerRow> {
        Ok(CustomerRow {
            id: self.id,
            external_userid: self.external_userid,
            version: self.version,
            updated_at: Timestamp(self.updated_at),
            shadow: from_json(&self.shadow, "customer_customer.shadow")?,
        })
    }
}

/// A telephone number without what people write between its digits.
fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    if digits.len() > PHONE_MAX { String::new() } else { digits }
}

fn read_one(found: QueryResult<Option<Stored>>) -> Result<Option<CustomerRow>> {
    found.or_db()?.map(Stored::read).transpose()
}

pub(crate) fn by_external(conn: &mut Conn, external_userid: &str) -> Result<Option<CustomerRow>> {
    read_one(c::table.filter(c::external_userid.eq(external_userid)).first(conn).optional())
}

/// Customers by their external_userids, as many as one page names.
pub(crate) fn by_externals(conn: &mut Conn, ids: &[&str]) -> Result<Vec<CustomerRow>> {
    let mut found = Vec::new();
    for some in ids.chunks(500) {
        let rows: Vec<Stored> =
            c::table.filter(c::external_userid.eq_any(some.iter().copied())).load(conn).or_db()?;
        found.extend(rows.into_iter().map(Stored::read).collect::<Result<Vec<_>>>()?);
    }
    Ok(found)
}

pub(crate) fn by_id(conn: &mut Conn, id: CustomerId) -> Result<Option<CustomerRow>> {
    read_one(c::table.find(id.0).first(conn).optional())
}

pub(crate) fn by_unionid(conn: &mut Conn, unionid: &str) -> Result<Option<CustomerRow>> {
    read_one(c::table.filter(c::unionid.eq(unionid)).order(c::id).first(conn).optional())
}

pub(crate) fn list(
    conn: &mut Conn,
    filter: &CustomerFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<CustomerRow>> {
    let mut query = c::table.into_boxed();
    if let Some(part) = &filter.text {
        let pattern = contains_pattern(&part.trim().to_lowercase());
        query = query.filter(c::search.like(pattern).escape('\\'));
    }
    if let Some(phone) = &filter.phone {
        query = query.filter(c::phone.eq(digits(phone)).and(c::phone.ne("")));
    }
    if let Some(follower) = &filter.follower {
        let theirs = f::table.filter(f::userid.eq(follower.to_lowercase())).select(f::customer_id);
        query = query.filter(c::id.eq_any(theirs));
    }
    if let Some(is_lost) = filter.is_lost {
        query = query.filter(c::is_lost.eq(i32::from(is_lost)));
    }
    if let Some(cursor) = cursor {
        query = query.filter(c::id.lt(cursor.id));
    }
    let stored = query.order(c::id.desc()).limit(limit.probe()).load::<Stored>(conn).or_db()?;
    stored.into_iter().map(Stored::read).collect()
}

/// External_userids of those about whom nobody was told since a time.
pub(crate) fn unlisted(conn: &mut Conn, since: Timestamp, max: usize) -> Result<Vec<String>> {
    c::table
        .filter(c::listed_at.lt(since.0))
        .order(c::listed_at)
        .limit(rows(max))
        .select(c::external_userid)
        .load(conn)
        .or_db()
}

pub(crate) fn save(conn: &mut Conn, row: &CustomerRow) -> Result<()> {
    let stored = Stored::of(row)?;
    let written = if row.version == 0 {
        diesel::insert_into(c::table).values(&stored).execute(conn).or_db()
    } else {
        let same = c::table.filter(c::id.eq(row.id).and(c::version.eq(row.version)));
        diesel::update(same).set(&stored).execute(conn).or_db()
    };
    one_row(written, EXTERNAL)
}

pub(crate) fn set_followers(conn: &mut Conn, id: CustomerId, userids: &[String]) -> Result<()> {
    diesel::delete(f::table.filter(f::customer_id.eq(id.0))).execute(conn).or_db()?;
    let rows: Vec<_> =
        userids.iter().map(|one| (f::customer_id.eq(id.0), f::userid.eq(one))).collect();
    insert_all!(conn, f::table, rows)
}
