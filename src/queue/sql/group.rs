//! The group insert of the intake. Diesel prepares its own multi-row inserts anew each time,
//! because their number of rows is open; this one is kept, one statement for each number of rows,
//! which spares the database a parse and us a round trip for every group.

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    mysql::Mysql,
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::ToSql,
    sql_types::{BigInt, Nullable, Text},
    sqlite::Sqlite,
};

use crate::spool::Row;

const COLUMNS: [&str; 8] =
    ["id", "topic", "once_key", "order_key", "turn", "due_at", "body", "created_at"];

/// `INSERT IGNORE` of some rows: those whose once_key is there already are passed over.
pub(super) struct GroupInsert<'a>(pub(super) &'a [&'a Row]);

/// Statements are told apart by their text, for it depends on the number of rows.
impl QueryId for GroupInsert<'_> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Conn> RunQueryDsl<Conn> for GroupInsert<'_> {}

impl QueryFragment<Mysql> for GroupInsert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        out.push_sql("INSERT IGNORE INTO ");
        rows(self.0, out)
    }
}

impl QueryFragment<Sqlite> for GroupInsert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("INSERT OR IGNORE INTO ");
        rows(self.0, out)
    }
}

fn rows<'b, DB>(rows: &'b [&'b Row], mut out: AstPass<'_, 'b, DB>) -> QueryResult<()>
where
    DB: Backend,
    i64: ToSql<BigInt, DB>,
    str: ToSql<Text, DB>,
    Option<String>: ToSql<Nullable<Text>, DB>,
{
    out.push_identifier("queue_job")?;
    for (at, column) in COLUMNS.into_iter().enumerate() {
        out.push_sql(if at == 0 { " (" } else { ", " });
        out.push_identifier(column)?;
    }
    for (at, row) in rows.iter().enumerate() {
        out.push_sql(if at == 0 { ") VALUES (" } else { "), (" });
        out.push_bind_param::<BigInt, _>(&row.id.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(&*row.topic)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(row.once_key.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<Nullable<Text>, _>(&row.order_key)?;
        out.push_sql(", ");
        // Its turn is its id: it waits for nothing.
        out.push_bind_param::<BigInt, _>(&row.id.0)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&row.at.0)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(row.body.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&row.at.0)?;
    }
    out.push_sql(")");
    Ok(())
}
