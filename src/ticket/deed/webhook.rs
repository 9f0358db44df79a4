//! 通知外部系统: the request, rendered once, so that every try sends the same bytes.

use catalog::deed::webhook::Webhook;
use db::Conn;
use kernel::{Ctx, Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Done, Run, Scene, said};

/// The topic of requests to other systems.
pub const TOPIC_WEBHOOK: &str = "outbox.webhook";

/// A request to another system, as its job carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Which action step it is for.
    pub run: Run,
    /// The endpoint's name in the configuration.
    pub endpoint: String,
    /// The JSON that is sent.
    pub body: String,
}

pub(super) fn carry_out(
    conn: &mut Conn,
    ctx: &Ctx,
    scene: &Scene<'_>,
    webhook: &Webhook,
) -> Result<Done> {
    let (ticket, run) = (scene.ticket, scene.run);
    let data = scene.form.derive(&webhook.data, &ticket.form).map_err(said)?;
    let body = json!({
        "idempotency_key": run.key(),
        "endpoint": webhook.endpoint,
        "step": run.step,
        "round": run.round,
        "sent_at": ctx.now,
        "ticket": {
            "id": ticket.id,
            "no": ticket.no,
            "title": ticket.title,
            "template": ticket.template,
            "priority": ticket.priority,
            "customer": ticket.customer,
            "created_at": ticket.created_at,
        },
        "data": data,
    });
    let (endpoint, body) = (webhook.endpoint.clone(), body.to_string());
    let request = Request { run: run.clone(), endpoint, body };
    let body = serde_json::to_string(&request)
        .map_err(|error| Error::bug("a request cannot be written").caused_by(error))?;
    let once = format!("webhook:{}", run.key());
    let new = queue::New {
        topic: TOPIC_WEBHOOK,
        body,
        order_key: None,
        once_key: Some(&once),
        due_at: ctx.now,
    };
    queue::put(conn, ctx, new)?;
    Ok(Done::Later)
}
