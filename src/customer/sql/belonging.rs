//! Opportunities, orders and assets: three tables of one shape.

use db::{Conn, OrDb as _, Unique, contains_pattern};
use diesel::prelude::*;
use kernel::{Ctx, Cursor, Limit, Result, Timestamp};

use super::one_row;
use crate::{
    belonging::{BelongingFilter, What},
    schema::{customer_asset, customer_opportunity, customer_order},
};

/// A row of any of the three.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) external_key: String,
    pub(crate) external_userid: String,
    pub(crate) search: String,
    pub(crate) happened_at: i64,
    pub(crate) body: String,
    pub(crate) updated_at: Timestamp,
}

macro_rules! register {
    ($module:ident, $table:ident, $unique:expr) => {
        mod $module {
            use super::*;

            const KEY: Unique = $unique;

            #[derive(Queryable, Insertable, AsChangeset)]
            #[diesel(table_name = $table)]
            struct Stored {
                id: i64,
                external_key: String,
                external_userid: String,
                search: String,
                happened_at: i64,
                body: String,
                updated_at: i64,
            }

            impl Stored {
                fn of(row: &Row) -> Self {
                    let row = row.clone();
                    Self {
                        id: row.id,
                        external_key: row.external_key,
                        external_userid: row.external_userid,
                        search: row.search,
                        happened_at: row.happened_at,
                        body: row.body,
                        updated_at: row.updated_at.0,
                    }
                }

                fn read(self) -> Row {
                    Row {
                        id: self.id,
                        external_key: self.external_key,
                        external_userid: self.external_userid,
                        search: self.search,
                        happened_at: self.happened_at,
                        body: self.body,
                        updated_at: Timestamp(self.updated_at),
                    }
                }
            }

            pub(super) fn find(conn: &mut Conn, key: &str) -> Result<Option<Row>> {
                let query = $table::table.filter($table::external_key.eq(key));
                Ok(query.first::<Stored>(conn).optional().or_db()?.map(Stored::read))
            }

            pub(super) fn is_kept(conn: &mut Conn) -> Result<bool> {
                let any = $table::table.select($table::id).limit(1);
                Ok(any.first::<i64>(conn).optional().or_db()?.is_some())
            }

            pub(super) fn list(
                conn: &mut Conn,
                filter: &BelongingFilter,
                cursor: Option<Cursor>,
                limit: Limit,
            ) -> Result<Vec<Row>> {
                let mut query = $table::table.into_boxed();
                if let Some(customer) = &filter.external_userid {
                    query = query.filter($table::external_userid.eq(customer));
                }
                if let Some(part) = &filter.text {
                    let pattern = contains_pattern(&part.trim().to_lowercase());
                    query = query.filter($table::search.like(pattern).escape('\\'));
                }
                if let Some(Cursor { key, id }) = cursor {
                    let same = $table::happened_at.eq(key).and($table::id.lt(id));
                    query = query.filter($table::happened_at.lt(key).or(same));
                }
                let rows = query
                    .order(($table::happened_at.desc(), $table::id.desc()))
                    .limit(limit.probe())
                    .load::<Stored>(conn)
                    .or_db()?;
                Ok(rows.into_iter().map(Stored::read).collect())
            }

            pub(super) fn put(conn: &mut Conn, row: &Row, is_new: bool) -> Result<()> {
                let stored = Stored::of(row);
                let written = if is_new {
                    diesel::insert_into($table::table).values(&stored).execute(conn).or_db()
                } else {
                    diesel::update($table::table.find(row.id)).set(&stored).execute(conn).or_db()
                };
                one_row(written, KEY)
            }

            pub(super) fn delete(conn: &mut Conn, key: &str) -> Result<bool> {
                let rows = $table::table.filter($table::external_key.eq(key));
                Ok(diesel::delete(rows).execute(conn).or_db()? > 0)
            }
        }
    };
}

register!(
    opportunity,
    customer_opportunity,
    Unique { name: "customer_opportunity_key", columns: "customer_opportunity.external_key" }
);
register!(
    order,
    customer_order,
    Unique { name: "customer_order_key", columns: "customer_order.external_key" }
);
register!(
    asset,
    customer_asset,
    Unique { name: "customer_asset_key", columns: "customer_asset.external_key" }
);

pub(crate) fn find(conn: &mut Conn, what: What, key: &str) -> Result<Option<Row>> {
    match what {
        What::Opportunity => opportunity::find(conn, key),
        What::Order => order::find(conn, key),
        What::Asset => asset::find(conn, key),
    }
}

/// Whether there is any.
pub(crate) fn is_kept(conn: &mut Conn, what: What) -> Result<bool> {
    match what {
        What::Opportunity => opportunity::is_kept(conn),
        What::Order => order::is_kept(conn),
        What::Asset => asset::is_kept(conn),
    }
}

pub(crate) fn list(
    conn: &mut Conn,
    what: What,
    filter: &BelongingFilter,
    cursor: Option<Cursor>,
    limit: Limit,
) -> Result<Vec<Row>> {
    match what {
        What::Opportunity => opportunity::list(conn, filter, cursor, limit),
        What::Order => order::list(conn, filter, cursor, limit),
        What::Asset => asset::list(conn, filter, cursor, limit),
    }
}

/// Writes a row; one of no id yet is new.
pub(crate) fn put(conn: &mut Conn, ctx: &Ctx, what: What, mut row: Row) -> Result<()> {
    let is_new = row.id == 0;
    if is_new {
        row.id = ctx.id();
    }
    match what {
        What::Opportunity => opportunity::put(conn, &row, is_new),
        What::Order => order::put(conn, &row, is_new),
        What::Asset => asset::put(conn, &row, is_new),
    }
}

/// Forgets one; false when there was none.
pub(crate) fn delete(conn: &mut Conn, what: What, key: &str) -> Result<bool> {
    match what {
        What::Opportunity => opportunity::delete(conn, key),
        What::Order => order::delete(conn, key),
        What::Asset => asset::delete(conn, key),
    }
}
