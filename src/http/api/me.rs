//! The member who is signed in: who he is, what waits for him, and what his page signs its requests
//! with.

use actix_web::web::Data;
use db::Conn;
use kernel::{Actor, Error, Kind, Result, Timestamp};
use org::{Department, Scope, session::SignedIn};
use serde::Serialize;
use serde_json::{Value, json};
use ticket::Counts;

use super::{Op, schema};
use crate::{
    guard::{By, Signed, may, no_session},
    reply::{Reply, ok},
    session::csrf::ME,
    shared::{Server, Shared},
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
    let (userid, zone_minutes) = (userid.clone(), server.setup.zone_minutes);
    let me = server.db.read(move |conn| find(conn, &userid, csrf.clone(), ctx.now, zone_minutes));
    ok(&me.await?)
}

/// The answers that a page is going to ask for first, by their paths: they come with it.
pub(crate) async fn with_page(
    shared: &Shared,
    signed_in: &SignedIn,
    now: Timestamp,
) -> Result<Option<Value>> {
    if !signed_in.allows(Scope::TicketsRead) {
        return Ok(None);
    }
    let (userid, csrf) = (signed_in.member.userid.clone(), signed_in.session.csrf.clone());
    let zone_minutes = shared.setup.zone_minutes;
    let me = move |conn: &mut Conn| find(conn, &userid, Some(csrf.clone()), now, zone_minutes);
    Ok(Some(json!({ ME: shared.db.read(me).await? })))
}

fn find(
    conn: &mut Conn,
    userid: &str,
    csrf: Option<String>,
    now: Timestamp,
    zone_minutes: i64,
) -> Result<Me> {
    let member = org::find_member(conn, userid)?;
    let member =
        member.ok_or_else(|| Error::new(Kind::NotFound, "member.not_found", "没有这个成员"))?;
    let mut departments = Vec::new();
    for id in &member.departments {
        departments.extend(org::find_department(conn, *id)?.map(named));
    }
    Ok(Me {
        counts: ticket::counts(conn, &member.userid, now, zone_minutes)?,
        roles: org::profile(conn, &member.userid)?.roles,
        userid: member.userid,
        name: member.name,
        avatar: member.avatar,
        departments,
        csrf,
    })
}

fn named(department: Department) -> DepartmentRef {
    DepartmentRef { id: department.id, name: department.name }
}
