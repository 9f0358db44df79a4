//! Where customer groups belong.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _, upsert};
use diesel::prelude::*;
use kernel::{Ctx, Result};

use super::{from_json, to_json};
use crate::{place::Place, schema::customer_group_place as p};

pub(crate) fn find(conn: &mut Conn, chat_ids: &[String]) -> Result<BTreeMap<String, Place>> {
    let rows = p::table.filter(p::chat_id.eq_any(chat_ids)).select((p::chat_id, p::body));
    let rows = rows.load::<(String, String)>(conn).or_db()?;
    let read = |(chat_id, body): (String, String)| {
        Ok((chat_id, from_json(&body, "customer_group_place.body")?))
    };
    rows.into_iter().map(read).collect()
}

pub(crate) fn put(conn: &mut Conn, ctx: &Ctx, chat_id: &str, place: &Place) -> Result<()> {
    let changes = (p::body.eq(to_json(place)?), p::updated_at.eq(ctx.now.0));
    let row = (p::chat_id.eq(chat_id), changes.clone());
    upsert!(conn, p::table, p::chat_id, row, changes)
}

pub(crate) fn delete(conn: &mut Conn, chat_id: &str) -> Result<bool> {
    Ok(diesel::delete(p::table.find(chat_id)).execute(conn).or_db()? > 0)
}
