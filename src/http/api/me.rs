//! The member who is signed in: who he is, what waits for him, and what his page signs its requests
//! with.

use actix_web::web::Data;
use kernel::{Actor, Error, Kind};
use org::Department;
use serde::Serialize;
use ticket::Counts;

use super::{Op, schema};
use crate::{
    guard::{By, Signed, may, no_session},
    reply::{Reply, ok},
    shared::Server,
};

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/me", me)
            .named("get_me", "当前成员", "登录的成员，和等着他的事")
            .explained(
                "页面打开时先调用：401 auth.no_session 表示没有登录，请转到 \
                 /auth/wecom/login?next=…。以会话调用其他接口时须带请求头 Qidan-Csrf。",
            )
            .answers::<schema::Me>(200, "当前成员"),
    ]
}

#[derive(Serialize)]
struct DepartmentRef {
    id: i64,
    name: String,
}

#[derive(Serialize)]
struct Me {
    userid: String,
    name: String,
    avatar: String,
    departments: Vec<DepartmentRef>,
    roles: Vec<String>,
    csrf: Option<String>,
    counts: Counts,
}

async fn me(who: Signed<may::ReadTickets>, server: Data<Server>) -> Reply {
    let ctx = who.ctx().clone();
    let Actor::Member { userid } = &ctx.actor else { return Err(no_session()) };
    let csrf = match &who.caller.by {
        By::Session(signed_in) => Some(signed_in.session.csrf.clone()),
        By::Token(_) => None,
    };
    let (userid, setup) = (userid.clone(), server.setup.clone());
    let me = server.db.read(move |conn| {
        let member = org::find_member(conn, &userid)?;
        let member =
            member.ok_or_else(|| Error::new(Kind::NotFound, "member.not_found", "没有这个成员"))?;
        let mut departments = Vec::new();
        for id in &member.departments {
            departments.extend(org::find_department(conn, *id)?.map(named));
        }
        Ok(Me {
            counts: ticket::counts(conn, &member.userid, ctx.now, setup.zone_minutes)?,
            roles: org::profile(conn, &member.userid)?.roles,
            userid: member.userid,
            name: member.name,
            avatar: member.avatar,
            departments,
            csrf: csrf.clone(),
        })
    });
    ok(&me.await?)
}

fn named(department: Department) -> DepartmentRef {
    DepartmentRef { id: department.id, name: department.name }
}
