//! 写一条沟通, carried out.

use catalog::deed::comment::Comment;

use super::{Done, Scene};
use crate::fact::Fact;

pub(super) fn carry_out(scene: &Scene<'_>, comment: &Comment) -> Done {
    let text = scene.form.text(&comment.text, &scene.ticket.form);
    Done::Facts(vec![Fact::Commented { text }])
}
