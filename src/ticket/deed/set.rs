//! 填写字段, carried out: the form takes what it would take from a person, and nothing else.

use catalog::deed::set::Set;
use db::Conn;
use kernel::{Ctx, Result};
use serde_json::Map;

use super::{Done, Scene, said};
use crate::{answers, fact::Fact};

pub(super) fn carry_out(conn: &mut Conn, ctx: &Ctx, scene: &Scene<'_>, set: &Set) -> Result<Done> {
    let mut given = Map::new();
    for (key, value) in &set.form {
        let value = scene.form.derive_one(value, &scene.ticket.form).map_err(said)?;
        given.insert(key.clone(), value);
    }
    let keys: Vec<_> = set.form.keys().cloned().collect();
    let part = (scene.ticket, keys.as_slice());
    let changed = answers::fill_only(conn, ctx, scene.template, part, &given)?;
    let filled = (!changed.is_empty()).then_some(Fact::Filled { changed });
    Ok(Done::Facts(filled.into_iter().collect()))
}
