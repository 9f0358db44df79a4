//! The link by which a customer answers a question. The service cannot write to him of itself: who
//! asked gets the link with the words around it, to pass on.

use db::Conn;
use kernel::{Ctx, Result};
use ticket::{Event, Fact, Ticket};

use crate::{Desk, answer, customer};

/// Bytes of what the customer is asked for: a text has at most 2048, and its link needs room.
const WORDS_BYTES: usize = 1_200;

/// Gives who asked the customer something the message that he can pass on.
pub(crate) fn pass_on(
    conn: &mut Conn,
    ctx: &Ctx,
    desk: &Desk,
    ticket: &Ticket,
    event: &Event,
) -> Result<()> {
    let Some(asker) = event.actor.userid() else { return Ok(()) };
    for fact in &event.facts {
        let Fact::Ordered { effect } = fact else { continue };
        let flow::Effect::AskCustomer { ask, fields, .. } = effect.as_ref() else { continue };
        let template = &ticket.template;
        let template = desk.setup.catalog.find(conn, &template.key, template.version)?;
        let labels = fields.iter().filter_map(|key| template.form.field(key));
        let labels: Vec<_> = labels.map(|field| field.label.to_string()).collect();
        let words = format!("您好，「{}」还需要您补充：{}", ticket.title, labels.join("、"));
        let words = kernel::text::cut_bytes(&words, WORDS_BYTES);
        let generation = customer::generation(conn, ticket.id)?;
        let url = desk.links.question_url(ticket.id, *ask, generation, ctx.now);
        let hint = format!("{}：请把下面这条消息转发给客户，链接 7 天内有效", ticket.no);
        answer::reply(conn, ctx, desk, asker, &hint)?;
        let words = format!("{words}\n点开链接即可填写，无需登录：\n{url}");
        answer::reply(conn, ctx, desk, asker, &words)?;
    }
    Ok(())
}
