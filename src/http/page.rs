//! A ticket's progress page, and the page of a question to its customer: no login, no script, only
//! what the signed link is good for. Whoever the
//! link was made for decides what is shown: staff see the conversation, customers the way only.

pub(crate) mod html;
pub(crate) mod question;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName},
    },
    web::Data,
};
use catalog::Published;
use db::Conn;
use files::File;
use kernel::{Actor, Error, FileId, Kind, Result};
use notify::Link;
use org::MemberStatus;
use ticket::{Event, Ticket, TimelineEntry};

use crate::{
    api::{find_file, names_in, serve},
    read,
    reply::{Refusal, Reply},
    shared::Server,
    watch,
};

const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// The lines of the history that are shown: the latest ones.
const LINES_MAX: usize = 20;
/// Everything that the page shows.
pub(crate) struct Progress {
    pub(crate) signed: String,
    pub(crate) build: String,
    pub(crate) zone_minutes: i64,
    pub(crate) is_staff: bool,
    pub(crate) ticket: Ticket,
    pub(crate) template: std::sync::Arc<Published>,
    /// The names of the members in it, by userid.
    pub(crate) names: std::collections::BTreeMap<String, String>,
    /// The latest lines, newest first.
    pub(crate) lines: Vec<TimelineEntry>,
    pub(crate) files: Vec<File>,
}

/// The page.
pub(crate) async fn progress(req: HttpRequest, server: Data<Server>) -> HttpResponse {
    match read_progress(&req, &server).await {
        Ok(progress) => respond(StatusCode::OK, html::progress(&progress)),
        Err(error) => refuse(&req, &error),
    }
}

/// A file of the ticket that the link is good for.
pub(crate) async fn file(req: HttpRequest, server: Data<Server>) -> HttpResponse {
    let found = async {
        let link = link(&req, &server)?;
        let id: FileId = read::id(&req, "files.not_found")?;
        let setup = server.setup.clone();
        let file = server.db.read(move |conn| {
            let ticket = open(conn, &link)?;
            find_file(conn, &setup, (&reader(&link), ticket), id)
        });
        file.await
    };
    let served: Reply = match found.await {
        Ok(file) => serve(&server.files, file).await,
        Err(error) => Err(error.into()),
    };
    served.unwrap_or_else(|refusal| refuse(&req, refusal.error()))
}

fn link(req: &HttpRequest, server: &Server) -> Result<Link> {
    let signed = req.match_info().get("signed").unwrap_or_default();
    server.links.read(signed, server.clock.now())
}

/// For whom a link was made. Customers see of a ticket what its page shows them, and no more.
fn reader(link: &Link) -> Actor {
    match link.userid.as_str() {
        "" => Actor::Customer { external_userid: String::new() },
        userid => Actor::member(userid),
    }
}

/// The ticket of a link, unless the member that it was made for is gone.
fn open(conn: &mut Conn, link: &Link) -> Result<Ticket> {
    let member = match link.userid.as_str() {
        "" => None,
        userid => org::find_member(conn, userid)?,
    };
    let is_gone = |status| matches!(status, MemberStatus::Left | MemberStatus::Disabled);
    if member.is_some_and(|member| is_gone(member.status)) {
        return Err(Error::new(Kind::NotFound, "link.expired", "链接已失效"));
    }
    ticket::get(conn, link.ticket)
}

async fn read_progress(req: &HttpRequest, server: &Data<Server>) -> Result<Progress> {
    let link = link(req, server)?;
    let signed = req.match_info().get("signed").unwrap_or_default().to_owned();
    let (setup, build) = (server.setup.clone(), server.build.clone());
    let progress = server.db.read(move |conn| {
        let ticket = open(conn, &link)?;
        let is_staff = !link.userid.is_empty();
        let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
        let ticket = ticket::seen_by(&reader(&link), ticket, &template);
        let mut events = ticket::events(conn, ticket.id)?;
        let names = names(conn, &ticket, &events)?;
        if !is_staff {
            events = events.into_iter().filter_map(ticket::for_customers).collect();
        }
        let mut lines = ticket::timeline(&events, &names);
        lines.reverse();
        lines.truncate(LINES_MAX);
        let files = files::find_all(conn, &ticket::files_of(&ticket, &template))?;
        Ok(Progress {
            signed: signed.clone(),
            build: build.clone(),
            zone_minutes: setup.zone_minutes,
            is_staff,
            ticket,
            template,
            names,
            lines,
            files,
        })
    });
    progress.await
}

fn names(
    conn: &mut Conn,
    ticket: &Ticket,
    events: &[Event],
) -> Result<std::collections::BTreeMap<String, String>> {
    let mut names = names_in(conn, events)?;
    let owners: Vec<_> = ticket.tasks.iter().filter_map(|task| task.owner.as_deref()).collect();
    let owners = org::members_by_ids(conn, &owners)?;
    names.extend(owners.into_iter().map(|(userid, member)| (userid, member.name)));
    Ok(names)
}

fn refuse(req: &HttpRequest, error: &Error) -> HttpResponse {
    let status = Refusal::from(error.clone()).status();
    let request_id = watch::request_id(req);
    if error.kind() == Kind::Bug {
        tracing::error!(request_id, %error, at = %error.at(), "a page met our own mistake");
    }
    let (title, advice) = match error.kind() {
        Kind::NotFound => ("链接无效或已过期", "请从企业微信的消息中重新打开"),
        Kind::Busy => ("服务暂时繁忙", "请稍后刷新本页"),
        Kind::Invalid => ("没有提交成功", error.detail()),
        _ => ("页面暂时打不开", "请稍后刷新本页；如果一直这样，请联系为您服务的同事"),
    };
    respond(status, html::refusal(title, advice, &request_id))
}

fn respond(status: StatusCode, html: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, CSP))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ROBOTS, "noindex, nofollow"))
        .body(html)
}
