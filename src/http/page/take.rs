//! What a customer does on his page: says something, says whether it is solved, rates, says what he
//! wants to hear. Plain forms that work without script; the signed address is what makes them his,
//! so no other site can send them, and a form that is sent twice counts once.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use db::Conn;
use files::{NewFile, Stored};
use kernel::{Actor, Ctx, Error, Kind, Result};
use notify::{
    Link,
    customer::{Preference, Quiet, Stage},
};
use serde_json::{Map, Value, json};
use ticket::{Command, Setup, Ticket};

use super::{
    Said, asks_solved, brake, html, link, open,
    posted::{BYTES_MAX, PARTS_MAX, Posted},
    read_progress, refuse, refuse_with, respond,
};
use crate::{
    reply::{Answer, Once, ctx_of, without_reading},
    shared::Server,
    upload::{Parts, leave, store},
};

/// The most photos of one reply.
const PHOTOS_MAX: usize = 9;
/// Minutes of an hour and of a day.
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// Which form was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Words and photos.
    Reply,
    /// Whether it is solved.
    Verdict,
    /// Stars.
    Rating,
    /// What he wants to hear.
    Preference,
}

impl Deed {
    /// The last part of its address.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Verdict => "verdict",
            Self::Rating => "rating",
            Self::Preference => "preference",
        }
    }
}

/// The page that a form stands in, for who opens the form's address.
pub(crate) async fn back(req: HttpRequest) -> HttpResponse {
    let page = req.path().rsplit_once('/').map_or("/", |(page, _form)| page).to_owned();
    HttpResponse::SeeOther().insert_header((LOCATION, page)).finish()
}

/// A reply.
pub(crate) async fn reply(
    req: HttpRequest,
    server: Data<Server>,
    parts: Multipart,
) -> HttpResponse {
    take(&req, &server, parts, Deed::Reply).await
}

/// A verdict.
pub(crate) async fn verdict(
    req: HttpRequest,
    server: Data<Server>,
    parts: Multipart,
) -> HttpResponse {
    take(&req, &server, parts, Deed::Verdict).await
}

/// A rating.
pub(crate) async fn rating(
    req: HttpRequest,
    server: Data<Server>,
    parts: Multipart,
) -> HttpResponse {
    take(&req, &server, parts, Deed::Rating).await
}

/// A preference.
pub(crate) async fn preference(
    req: HttpRequest,
    server: Data<Server>,
    parts: Multipart,
) -> HttpResponse {
    take(&req, &server, parts, Deed::Preference).await
}

async fn take(
    req: &HttpRequest,
    server: &Data<Server>,
    parts: Multipart,
    deed: Deed,
) -> HttpResponse {
    let link = match link(req, server) {
        Ok(link) if link.userid.is_empty() => link,
        Ok(_staff) => {
            let detail = "这是同事的链接，请在企业微信中处理这张工单";
            return refuse(req, &Error::new(Kind::Forbidden, "link.not_customer", detail));
        }
        Err(error) => return refuse(req, &error),
    };
    let mut parts = Parts::new(parts, PARTS_MAX, BYTES_MAX);
    if let Err(refusal) = brake(server, link.ticket) {
        return without_reading(refuse_with(req, &refusal), Box::new(parts));
    }
    // Who has no right to say anything has nothing of his kept, not even for a moment.
    let (asked, photos) = (link.clone(), if deed == Deed::Reply { PHOTOS_MAX } else { 0 });
    if let Err(error) = server.db.read(move |conn| open(conn, &asked)).await {
        parts.skip().await;
        return without_reading(refuse(req, &error), Box::new(parts));
    }
    let posted = Posted::read(&mut parts, photos).await;
    let done = match &posted {
        Ok(Posted { trouble: Some(error), .. }) | Err(error) => Err(error.clone()),
        Ok(posted) => perform(req, server, &link, (deed, posted)).await,
    };
    let response = answer(req, server, (deed, &posted), done).await;
    without_reading(response, Box::new(parts))
}

/// The page that comes of a form: the ticket's, or the same again with what is wrong.
async fn answer(
    req: &HttpRequest,
    server: &Data<Server>,
    (deed, posted): (Deed, &Result<Posted>),
    done: Result<&'static str>,
) -> HttpResponse {
    let error = match done {
        Ok(word) => {
            let signed = req.match_info().get("signed").unwrap_or_default();
            let back = format!("/t/{signed}?done={word}#done");
            return HttpResponse::SeeOther().insert_header((LOCATION, back)).finish();
        }
        Err(error) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => error,
        Err(error) => return refuse(req, &error),
    };
    let status = match error.kind() {
        Kind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    };
    let text = posted.as_ref().map(|posted| posted.text("text").to_owned()).unwrap_or_default();
    let words: Vec<_> = error.fields().iter().map(|one| one.detail.clone()).collect();
    let words = if words.is_empty() { error.detail().to_owned() } else { words.join("；") };
    let said = Said { done: None, wrong: Some((deed, words)), text };
    match read_progress(req, server, said).await {
        Ok(progress) => respond(req, status, html::progress(&progress)),
        Err(error) => refuse(req, &error),
    }
}

/// Does it; gives the word of what was done.
async fn perform(
    req: &HttpRequest,
    server: &Data<Server>,
    link: &Link,
    (deed, posted): (Deed, &Posted),
) -> Result<&'static str> {
    let ctx = ctx_of(server, req);
    let whose = format!("link:{}", link.ticket);
    let once = Once { key: posted.once(deed.word()), whose, what: deed.word().to_owned() };
    let (setup, link) = (server.setup.clone(), link.clone());
    if deed == Deed::Preference {
        let (wish, word) = wish(posted)?;
        let kept = server.command(&ctx, once, move |conn, ctx| {
            let ticket = open(conn, &link)?;
            notify::customer::prefer(conn, ctx, ticket.id, &wish)?;
            Ok(Answer::done())
        });
        return kept.await.map(|_done| word);
    }
    let (verb, input, word) = command(deed, posted)?;
    let stored = store_all(server, posted).await?;
    let photos = stored.clone();
    let acted = server.command(&ctx, once, move |conn, ctx| {
        let ticket = open(conn, &link)?;
        check(conn, &setup, (&ticket, ctx), deed)?;
        let external_userid = ticket.customer.clone().unwrap_or_default();
        let ctx = ctx.with_actor(Actor::Customer { external_userid });
        let mut input = input.clone();
        let photos: Vec<Value> = put(conn, &ctx, &photos)?;
        if !photos.is_empty() {
            input.insert("photos".to_owned(), Value::Array(photos));
        }
        ticket::act(conn, &ctx, &setup, ticket.id, &Command::new(verb, &input))?;
        Ok(Answer::done())
    });
    match acted.await {
        Ok(_done) => Ok(word),
        Err(error) => {
            leave(server, &ctx, stored.into_iter().map(|(_name, stored)| stored).collect()).await;
            Err(error)
        }
    }
}

/// Whether the template lets customers do that now.
fn check(conn: &mut Conn, setup: &Setup, (ticket, ctx): (&Ticket, &Ctx), deed: Deed) -> Result<()> {
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    let refused = |code, detail: &str| Err(Error::new(Kind::Conflict, code, detail));
    match deed {
        Deed::Verdict if !asks_solved(ticket, &template, ctx.now) => {
            refused("ticket.nothing_to_deny", "现在不用确认，请直接留言，处理人员会看到")
        }
        Deed::Rating if !template.customer.survey => {
            refused("ticket.survey_over", "这张工单不需要评价，谢谢您")
        }
        _ => Ok(()),
    }
}

/// The action of a form, its input, and the word of what was done.
fn command(
    deed: Deed,
    posted: &Posted,
) -> Result<(&'static str, Map<String, Value>, &'static str)> {
    let mut input = Map::new();
    let mut say = |name: &str, text: &str| {
        if !text.is_empty() {
            input.insert(name.to_owned(), json!(text));
        }
    };
    let (verb, word) = match deed {
        Deed::Verdict => {
            say("note", posted.text("text"));
            match posted.text("solved") {
                "yes" => ("confirm", "confirm"),
                "no" => ("deny", "deny"),
                _ => {
                    return Err(Error::field("solved", "required", "请选「已解决」或「没有解决」"));
                }
            }
        }
        Deed::Rating => {
            say("reasons", &posted.all("reason").join(","));
            say("text", posted.text("text"));
            let stars = posted.text("stars").parse::<u8>().ok();
            let stars = stars.ok_or_else(|| Error::field("stars", "required", "请选几颗星"))?;
            input.insert("stars".to_owned(), json!(stars));
            ("rate", "rate")
        }
        Deed::Reply | Deed::Preference => {
            say("text", posted.text("text"));
            ("reply", "reply")
        }
    };
    Ok((verb, input, word))
}

/// What he wants to hear, by the form of it.
fn wish(posted: &Posted) -> Result<(Preference, &'static str)> {
    match posted.text("all") {
        "off" => {
            return Ok((Preference { is_unsubscribed: true, ..Preference::default() }, "off"));
        }
        "on" => return Ok((Preference::default(), "preference")),
        _ => {}
    }
    let off = Stage::ALL.into_iter().filter(|stage| posted.text(stage.word()).is_empty());
    let quiet = match posted.text("quiet") {
        "" => None,
        _ => Some(Quiet { from: minutes(posted.text("from"))?, to: minutes(posted.text("to"))? }),
    };
    let wish = Preference { off: off.collect(), quiet, is_unsubscribed: false };
    Ok((wish, "preference"))
}

/// `22:30` as minutes since midnight.
fn minutes(clock: &str) -> Result<i64> {
    let read = |clock: &str| {
        let (hour, minute) = clock.split_once(':')?;
        let (hour, minute) = (hour.parse::<i64>().ok()?, minute.parse::<i64>().ok()?);
        let all = hour * HOUR + minute;
        ((0..HOUR).contains(&minute) && (0..DAY).contains(&all)).then_some(all)
    };
    read(clock)
        .ok_or_else(|| Error::field("quiet", "malformed", "请写明免打扰从几点到几点，如 22:00"))
}

/// A file in the store, and its name.
type Kept = (String, Stored);

async fn store_all(server: &Server, posted: &Posted) -> Result<Vec<Kept>> {
    let mut stored = Vec::new();
    for (name, bytes) in &posted.files {
        stored.push((name.clone(), store(server, bytes.clone()).await?));
    }
    Ok(stored)
}

fn put(conn: &mut Conn, ctx: &Ctx, stored: &[Kept]) -> Result<Vec<Value>> {
    let files = stored.iter().map(|(name, stored)| {
        let file = files::put(conn, ctx, NewFile { stored, name, source_media_id: None })?;
        Ok(json!(file.id))
    });
    files.collect()
}
