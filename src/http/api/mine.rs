//! What belongs to the member who asks: how much he has to do, the templates that he can use, those
//! that he keeps at the top.

use actix_web::web::Data;
use kernel::{Ctx, Error, Kind, Result};

use super::{Op, schema};
use crate::{
    guard::{Signed, may},
    reply::{Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/me/counts", counts)
            .named("get_my_counts", "我的", "我的待办各有多少")
            .answers::<schema::Counts>(200, "各视图的数量"),
    ]
}

/// The member who asks; a program must say for whom it does.
fn member(ctx: &Ctx) -> Result<String> {
    ctx.actor.userid().map(str::to_owned).ok_or_else(|| {
        let detail = "这个接口只对成员有意义：请用 Qidan-Act-As 请求头指明成员";
        Error::new(Kind::Forbidden, "ticket.needs_member", detail)
    })
}

async fn counts(who: Signed<may::ReadTickets>, server: Data<Server>) -> Reply {
    let (userid, now) = (member(who.ctx())?, who.ctx().now);
    let zone_minutes = server.setup.zone_minutes;
    let counts = server.db.read(move |conn| ticket::counts(conn, &userid, now, zone_minutes));
    ok(&counts.await?)
}
