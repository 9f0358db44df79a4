//! 调整优先级, carried out.

use catalog::deed::priority::Priority as Wanted;
use kernel::{Error, Result};

use super::{Done, Scene};
use crate::{fact::Fact, ticket::Priority};

pub(super) fn carry_out(scene: &Scene<'_>, wanted: &Wanted) -> Result<Done> {
    let priority = serde_json::from_value::<Priority>(wanted.to.clone().into())
        .map_err(|_unknown| Error::field("to", "not_an_option", "没有这个优先级"))?;
    let changed = (priority != scene.ticket.priority).then_some(Fact::Prioritised { priority });
    Ok(Done::Facts(changed.into_iter().collect()))
}
