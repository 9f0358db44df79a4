//! A ticket's progress page, and the page of a question to its customer: no login, nothing that needs
//! a script, only what the signed link is good for. Whoever the link was made for decides what is
//! shown: staff see the conversation, customers the way only, and what they can do themselves.

pub(crate) mod html;
mod posted;
pub(crate) mod question;
mod story;
pub(crate) mod take;
mod when;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue},
    },
    web::Data,
};
use catalog::Published;
use db::Conn;
use files::File;
use kernel::{Actor, Error, FileId, Kind, Micros, Result, TicketId, Timestamp, time};
use notify::{Link, customer::Preference};
use org::MemberStatus;
use serde::Deserialize;
use ticket::{Event, Status, Survey, Ticket};

use self::take::Deed;
use crate::{
    api::{Means, find_file, names_in, serve},
    read::{self, Query},
    reply::{Refusal, Reply, ok},
    shared::Server,
    watch,
};

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors";
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// The lines of the history that are shown: the latest ones.
const LINES_MAX: usize = 20;
/// The events that are looked through for them: many are none of the customer's.
const EVENTS_MAX: i64 = 200;
/// A line of the history.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) at: Timestamp,
}

/// Everything that the page shows.
pub(crate) struct Progress {
    pub(crate) signed: String,
    pub(crate) build: String,
    pub(crate) zone_minutes: i64,
    pub(crate) now: Timestamp,
    pub(crate) ticket: Ticket,
    pub(crate) template: std::sync::Arc<Published>,
    /// The names of the members in it, by userid.
    pub(crate) names: std::collections::BTreeMap<String, String>,
    /// The latest lines, newest first.
    pub(crate) lines: Vec<Line>,
    pub(crate) files: Vec<File>,
    /// What only the customer's own page has.
    pub(crate) own: Option<Own>,
}

/// What only the customer's own page has.
pub(crate) struct Own {
    /// Who works for him, and his number when he may call it.
    pub(crate) engineer: Option<(String, Option<String>)>,
    pub(crate) promise: when::Promise,
    /// The page of the question that waits for him.
    pub(crate) question: Option<String>,
    pub(crate) asks_solved: bool,
    pub(crate) survey: Survey,
    pub(crate) wish: Preference,
    /// Makes a form that is sent twice count once.
    pub(crate) key: String,
    pub(crate) said: Said,
}

/// What came of the form that was sent last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// The word of what was done.
    pub(crate) done: Option<String>,
    /// Which form was refused, and why.
    pub(crate) wrong: Option<(Deed, String)>,
    /// What was written in it.
    pub(crate) text: String,
}

/// What was done before the page was asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Done {
    done: Option<String>,
}

/// The page.
pub(crate) async fn progress(
    req: HttpRequest,
    Query(query): Query<Done>,
    server: Data<Server>,
) -> HttpResponse {
    let said = Said { done: query.done, ..Said::default() };
    match read_progress(&req, &server, said).await {
        Ok(progress) => respond(&req, StatusCode::OK, html::progress(&progress)),
        Err(error) => refuse(&req, &error),
    }
}

/// Which version a page shows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct After {
    after: i64,
}

/// Whether there is anything new for the customer since a version, as cheaply as it can be told.
pub(crate) async fn since(
    req: HttpRequest,
    Query(After { after }): Query<After>,
    server: Data<Server>,
) -> Reply {
    let link = link(&req, &server)?;
    let setup = server.setup.clone();
    let news = server.db.read(move |conn| {
        notify::customer::check(conn, &link)?;
        let version = ticket::version_of(conn, link.ticket)?;
        if version <= after {
            return Ok((version, false));
        }
        let ticket = ticket::get(conn, link.ticket)?;
        let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
        let events = ticket::events_latest(conn, ticket.id, after, EVENTS_MAX)?;
        let line = |event: &Event| story::line(event, &ticket, &template, &str::to_owned);
        Ok((version, events.iter().any(|event| line(event).is_some())))
    });
    let (version, is_news) = news.await?;
    let mut told = ok(&serde_json::json!({ "version": version, "news": is_news }))?;
    told.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(told)
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
    notify::customer::check(conn, link)?;
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

pub(super) async fn read_progress(
    req: &HttpRequest,
    server: &Data<Server>,
    said: Said,
) -> Result<Progress> {
    let link = link(req, server)?;
    let signed = req.match_info().get("signed").unwrap_or_default().to_owned();
    let (means, build, now) = (server.means(), server.build.clone(), server.clock.now());
    let key = server.entropy.hex::<8>()?;
    let progress = server.db.read(move |conn| {
        let ticket = open(conn, &link)?;
        let setup = &means.0;
        let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
        let ticket = ticket::seen_by(&reader(&link), ticket, &template);
        let events = ticket::events_latest(conn, ticket.id, 0, EVENTS_MAX)?;
        let names = names(conn, &ticket, &events)?;
        let own = match link.userid.as_str() {
            "" => Some(own(conn, &means, (&ticket, &template, now), (&key, &said))?),
            _staff => None,
        };
        let mut lines = match own {
            Some(_) => his_lines(&events, &ticket, &template, &names),
            None => lines(&events, &names),
        };
        lines.reverse();
        lines.truncate(LINES_MAX);
        let files = files::find_all(conn, &ticket::files_of(&ticket, &template))?;
        Ok(Progress {
            signed: signed.clone(),
            build: build.clone(),
            zone_minutes: setup.zone_minutes,
            now,
            ticket,
            template,
            names,
            lines,
            files,
            own,
        })
    });
    progress.await
}

fn lines(events: &[Event], names: &std::collections::BTreeMap<String, String>) -> Vec<Line> {
    let lines = ticket::timeline(events, names).into_iter();
    lines.map(|line| Line { text: line.text, at: line.at }).collect()
}

fn his_lines(
    events: &[Event],
    ticket: &Ticket,
    template: &Published,
    names: &std::collections::BTreeMap<String, String>,
) -> Vec<Line> {
    let name_of = |userid: &str| names.get(userid).cloned().unwrap_or_else(|| "同事".to_owned());
    let line = |event: &Event| {
        let text = story::line(event, ticket, template, &name_of)?;
        Some(Line { text, at: event.at })
    };
    events.iter().filter_map(line).collect()
}

/// What only the customer's own page has.
fn own(
    conn: &mut Conn,
    (_setup, links): &Means,
    (ticket, template, now): (&Ticket, &Published, Timestamp),
    (key, said): (&str, &Said),
) -> Result<Own> {
    let generation = notify::customer::generation(conn, ticket.id)?;
    let asked = ticket.flow.steps.iter().find_map(|run| run.asked.as_ref());
    let asked = asked.filter(|_asked| !ticket.is_ended());
    let owner = current(ticket, template).and_then(|task| task.owner.as_deref());
    let engineer = match owner {
        Some(userid) => org::find_member(conn, userid)?,
        None => None,
    };
    let engineer = engineer.map(|member| {
        let phone =
            Some(member.mobile).filter(|phone| template.customer.phone && !phone.is_empty());
        (member.name, phone)
    });
    let survey = match template.customer.survey {
        true => ticket::survey(ticket, now),
        false => Survey::None,
    };
    Ok(Own {
        engineer,
        promise: when::promise(ticket, template, now),
        question: asked.map(|asked| links.question_url(ticket.id, asked.id, generation, now)),
        asks_solved: asks_solved(ticket, template, now),
        survey,
        wish: notify::customer::preference(conn, ticket.id)?,
        key: key.to_owned(),
        said: said.clone(),
    })
}

/// The open task that the customer knows of.
pub(crate) fn current<'t>(ticket: &'t Ticket, template: &Published) -> Option<&'t ticket::Task> {
    let mut open = ticket.open_tasks().filter(|task| story::knows(template, &task.step));
    let first = open.next()?;
    Some(if first.owner.is_some() {
        first
    } else {
        open.find(|one| one.owner.is_some()).unwrap_or(first)
    })
}

/// Whether the customer is asked if it is solved: for two weeks once it is done, and at the step that
/// the template names.
fn asks_solved(ticket: &Ticket, template: &Published, now: Timestamp) -> bool {
    if !ticket::may_judge(ticket, now) {
        return false;
    }
    let asked_at = template.customer.solved_at.as_deref();
    ticket.status == Status::Closed || ticket.open_tasks().any(|task| asked_at == Some(&task.step))
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

/// What to do about a link that works no more.
const REVOKED: &str = "请联系为您服务的同事要一个新的链接";
const EXPIRED: &str = "请联系为您服务的同事要一个新的链接，或从企业微信的消息中重新打开";

fn refuse(req: &HttpRequest, error: &Error) -> HttpResponse {
    refuse_with(req, &Refusal::from(error.clone()))
}

fn refuse_with(req: &HttpRequest, refusal: &Refusal) -> HttpResponse {
    let error = refusal.error();
    let request_id = watch::request_id(req);
    if error.kind() == Kind::Bug {
        tracing::error!(request_id, %error, at = %error.at(), "a page met our own mistake");
    }
    let (title, advice) = match error.kind() {
        Kind::NotFound if error.code() == "link.revoked" => ("链接已被收回", REVOKED),
        Kind::NotFound if error.code() == "link.expired" => ("链接已过期", EXPIRED),
        Kind::Forbidden => ("这里不能操作", error.detail()),
        Kind::NotFound => ("链接无效或已过期", "请从企业微信的消息中重新打开"),
        Kind::Busy if error.code() == "code.too_often" => ("没有提交成功", error.detail()),
        Kind::Busy => ("服务暂时繁忙", "请稍后刷新本页"),
        Kind::Invalid => ("没有提交成功", error.detail()),
        _ => ("页面暂时打不开", "请稍后刷新本页；如果一直这样，请联系为您服务的同事"),
    };
    let html = html::refusal(title, advice, &request_id);
    let mut response = respond(req, refusal.status(), html);
    if let Some((name, value)) = refusal.header() {
        response.headers_mut().insert(name, value);
    }
    response
}

/// How often something may be said on one ticket in a span: whoever has its link has it from us, and
/// each word of his is told to those who work on it.
const SAYS_MAX: u32 = 30;
const SPAN: Micros = 10 * time::MINUTE;

/// Counts one more form that is sent to a ticket's pages.
fn brake(server: &Server, ticket: TicketId) -> std::result::Result<(), Refusal> {
    server.brakes.count_of(&ticket.to_string(), "say", (SAYS_MAX, SPAN), server.clock.now())
}

/// A page that says why an entry cannot be used.
pub(crate) fn refuse_entry(req: &HttpRequest, error: &Error) -> HttpResponse {
    if error.kind() != Kind::NotFound {
        return refuse(req, error);
    }
    let (title, advice) = error.detail().split_once('，').unwrap_or((error.detail(), ""));
    respond(req, StatusCode::NOT_FOUND, html::refusal(title, advice, &watch::request_id(req)))
}

/// Nobody shows these pages in a frame, but for the simulator, which is the customer's phone.
fn respond(req: &HttpRequest, status: StatusCode, html: String) -> HttpResponse {
    let server = req.app_data::<Data<Server>>();
    let simulator = server.and_then(|server| server.pages.simulator.as_deref());
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((
            CONTENT_SECURITY_POLICY,
            format!("{CSP} {}", simulator.unwrap_or("'none'")),
        ))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ROBOTS, "noindex, nofollow"))
        .body(html)
}
