//! 发起关联工单, carried out: a child that its step does not wait for.

use catalog::deed::ticket::Raise;
use db::Conn;
use kernel::{Ctx, Result};

use super::{Done, Scene, said};
use crate::{fact::Fact, family, ticket::Parent};

pub(super) fn carry_out(
    conn: &mut Conn,
    ctx: &Ctx,
    scene: &Scene<'_>,
    raise: &Raise,
) -> Result<Done> {
    let parent = scene.ticket;
    let of = Parent {
        ticket: parent.id,
        step: scene.run.step.clone(),
        round: scene.run.round,
        child: 0,
        depth: family::depth_below(parent),
    };
    let title = scene.form.text(&raise.title, &parent.form);
    let form = scene.form.derive(&raise.form, &parent.form).map_err(said)?;
    let wanted = (&of, raise.template.as_str(), title.as_str(), form);
    let child = family::raise(conn, ctx, scene.setup, parent, wanted)?;
    Ok(Done::Facts(vec![Fact::ChildRaised { child }]))
}
