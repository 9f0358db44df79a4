//! A member's to-do lists.

use actix_web::web::Data;
use kernel::{Error, Page, Result};
use serde::{Deserialize, Serialize};
use ticket::{TaskView, TicketView, ToDo, TodoRow};
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema, tickets};
use crate::{
    guard::{Signed, may},
    read::{self, Query, Window},
    reply::{Refusal, Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/tasks", list)
            .named(
                "list_tasks",
                "待办",
                "成员的待办，最紧急的在前，同级最早的在前；有期限的视图先到期的在前",
            )
            .takes_query::<ListTasks>()
            .lists::<schema::ToDo>(),
    ]
}

/// Which list.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum View {
    Mine,
    Claimable,
    Overdue,
    Today,
    Done,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListTasks {
    /// mine：已认领的；claimable：可以认领的；overdue：两者中已超时的；today：两者中今天稍后到期的；
    /// done：已完成的，最近的在前
    #[param(inline)]
    view: View,
    /// 哪位成员（userid）；用 Qidan-Act-As 代表成员时可以省略
    member: Option<String>,
    /// 上一页的 next
    cursor: Option<String>,
    /// 一页多少行，最多 200
    limit: Option<i64>,
}

#[derive(Serialize)]
struct Row {
    task: TaskView,
    ticket: TicketView,
}

async fn list(
    who: Signed<may::ReadTickets>,
    Query(query): Query<ListTasks>,
    server: Data<Server>,
) -> Reply {
    let Window { cursor, limit } = read::window(query.cursor.as_deref(), query.limit)?;
    let ctx = who.ctx().clone();
    let asked = query.member.map(|userid| userid.trim().to_lowercase());
    let member = match (ctx.actor.userid(), asked) {
        (Some(own), Some(asked)) if own != asked => {
            let detail = "代表成员时只能查看他自己的待办";
            return Err(Refusal::unreadable(Error::field("member", "not_yours", detail)));
        }
        (Some(own), _) => own.to_owned(),
        (None, Some(asked)) => asked,
        (None, None) => {
            let detail = "请用 member 参数指明成员";
            return Err(Refusal::unreadable(Error::field("member", "required", detail)));
        }
    };
    let means = server.means();
    let which = match query.view {
        View::Mine => ToDo::Mine,
        View::Claimable => ToDo::Claimable,
        View::Overdue => ToDo::Overdue(ctx.now),
        View::Today => ToDo::Today(ctx.now, means.0.zone_minutes),
        View::Done => ToDo::Done,
    };
    let page = server.db.read(move |conn| {
        let page = ticket::to_do(conn, &member, which, cursor, limit)?;
        let tickets = page.items.iter().map(|row| &row.ticket);
        let views = tickets::listed(conn, &ctx, &means, tickets)?;
        let row = |(TodoRow { task, .. }, ticket): (&TodoRow, TicketView)| {
            let task = ticket.tasks.iter().find(|one| one.id == *task).cloned();
            let lost = || Error::bug(format!("ticket {} lost a task", ticket.row.no));
            Ok(Row { task: task.ok_or_else(lost)?, ticket })
        };
        let items: Result<Vec<_>> = page.items.iter().zip(views).map(row).collect();
        Ok(Page { items: items?, next: page.next })
    });
    ok(&page.await?)
}
