//! The page on which a customer answers a question: exactly the fields that he was asked for, with
//! what is stored of them; no login, no script. What he sends goes through the tickets' one door.

mod html;
mod typed;

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::Data,
};
use db::Conn;
use files::{File, NewFile, Stored};
use kernel::{Actor, Ctx, Error, FileId, Kind, Result, TicketId};
use serde_json::{Map, Value, json};
use ticket::{Command, Inquiry, Question, Setup, Ticket};

use self::typed::{BYTES_MAX, PARTS_MAX, Texts, Typed};
use super::{brake, refuse, refuse_with, respond};
use crate::{
    reply::{Answer, Once, Refusal, ctx_of, without_reading},
    shared::Server,
    upload::{Parts, leave, store},
};

/// The most files of one answer.
const FILES_MAX: usize = 20;

/// A question as it stands, with everything that its page shows.
struct Page {
    build: String,
    zone_minutes: i64,
    ticket: Ticket,
    inquiry: Inquiry,
    /// What is stored of its fields of files.
    files: Vec<File>,
    /// The customer's progress page.
    progress: String,
}

/// The page.
pub(crate) async fn show(req: HttpRequest, server: Data<Server>) -> HttpResponse {
    match read(&req, &server).await {
        Ok(page) => shown(&req, &page),
        Err(error) => refuse(&req, &error),
    }
}

fn shown(req: &HttpRequest, page: &Page) -> HttpResponse {
    match &page.inquiry {
        Inquiry::Open(question) => {
            let typed = Typed::stored(question, page.zone_minutes);
            respond(req, StatusCode::OK, html::question(page, question, &typed, &[]))
        }
        Inquiry::Answered => respond(req, StatusCode::OK, html::answered(page)),
        Inquiry::Gone => respond(req, StatusCode::GONE, html::gone(page)),
    }
}

/// Takes an answer: the page again when something is wrong with it, with all that was typed.
pub(crate) async fn take(req: HttpRequest, server: Data<Server>, parts: Multipart) -> HttpResponse {
    let mut parts = Parts::new(parts, PARTS_MAX, BYTES_MAX);
    let response = match receive(&req, &server, &mut parts).await {
        Ok((page, typed)) => answer(&req, &server, page, &typed).await,
        Err(response) => response,
    };
    without_reading(response, Box::new(parts))
}

/// What was typed to an open question. Who has no right to answer, or whose question is not open, has
/// nothing of his kept.
async fn receive(
    req: &HttpRequest,
    server: &Data<Server>,
    parts: &mut Parts,
) -> std::result::Result<(Page, Typed), HttpResponse> {
    let (id, _ask, _generation) = which(req, server).map_err(|error| refuse(req, &error))?;
    brake(server, id).map_err(|refusal| refuse_with(req, &refusal))?;
    let page = match read(req, server).await {
        Ok(page) if matches!(page.inquiry, Inquiry::Open(_)) => page,
        other => {
            parts.skip().await;
            return Err(match other {
                Ok(page) if page.inquiry == Inquiry::Answered => {
                    respond(req, StatusCode::CONFLICT, html::repeated(&page))
                }
                Ok(page) => shown(req, &page),
                Err(error) => refuse(req, &error),
            });
        }
    };
    match Typed::read(parts).await {
        Ok(typed) => Ok((page, typed)),
        Err(error) => {
            let refusal = Refusal::with_status(error, StatusCode::UNPROCESSABLE_ENTITY);
            Err(refuse_with(req, &refusal))
        }
    }
}

async fn answer(
    req: &HttpRequest,
    server: &Data<Server>,
    page: Page,
    typed: &Typed,
) -> HttpResponse {
    let Inquiry::Open(question) = &page.inquiry else { return shown(req, &page) };
    match hand_in(req, server, typed, question).await {
        Ok(()) => HttpResponse::SeeOther().insert_header((LOCATION, req.path())).finish(),
        Err(error) if error.kind() == Kind::Invalid => {
            // What was typed may ask for more, or for less, than what is stored.
            let again = reread(req, server, typed).await.unwrap_or(page);
            match &again.inquiry {
                Inquiry::Open(question) => {
                    let html = html::question(&again, question, typed, error.fields());
                    respond(req, StatusCode::UNPROCESSABLE_ENTITY, html)
                }
                _ => shown(req, &again),
            }
        }
        // Somebody was faster; what the question is now says who.
        Err(error) if error.kind() == Kind::Conflict => match read(req, server).await {
            Ok(page) if page.inquiry == Inquiry::Answered => {
                respond(req, StatusCode::CONFLICT, html::repeated(&page))
            }
            Ok(page) => shown(req, &page),
            Err(error) => refuse(req, &error),
        },
        Err(error) => refuse(req, &error),
    }
}

/// Which question the address stands for.
fn which(req: &HttpRequest, server: &Server) -> Result<(TicketId, u64, i64)> {
    let signed = req.match_info().get("signed").unwrap_or_default();
    server.links.read_question(signed, server.clock.now())
}

async fn read(req: &HttpRequest, server: &Server) -> Result<Page> {
    read_with(req, server, None).await
}

/// The page with the questions that follow from what was typed.
async fn reread(req: &HttpRequest, server: &Server, typed: &Typed) -> Result<Page> {
    read_with(req, server, Some(typed.texts())).await
}

async fn read_with(req: &HttpRequest, server: &Server, typed: Option<Texts>) -> Result<Page> {
    let (id, ask, generation) = which(req, server)?;
    let (setup, build) = (server.setup.clone(), server.build.clone());
    let (progress, _until) = server.links.customer_url(id, generation, server.clock.now());
    let page = server.db.read(move |conn| {
        notify::customer::check_generation(conn, id, generation)?;
        let (ticket, inquiry) = inquire(conn, &setup, (id, ask), typed.as_ref())?;
        let files = match &inquiry {
            Inquiry::Open(question) => files::find_all(conn, &typed::files_of(question))?,
            _ => Vec::new(),
        };
        Ok(Page {
            build: build.clone(),
            zone_minutes: setup.zone_minutes,
            ticket,
            inquiry,
            files,
            progress: progress.clone(),
        })
    });
    page.await
}

fn inquire(
    conn: &mut Conn,
    setup: &Setup,
    (id, ask): (TicketId, u64),
    typed: Option<&Texts>,
) -> Result<(Ticket, Inquiry)> {
    let ticket = ticket::get(conn, id)?;
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    let events = ticket::events(conn, id)?;
    let inquiry = ticket::inquire(&ticket, &template.form, &events, ask);
    if let (Some(typed), Inquiry::Open(question)) = (typed, &inquiry) {
        let mut seen = ticket.clone();
        seen.form.extend(typed.answers(question, &[], setup.zone_minutes));
        let inquiry = ticket::inquire(&seen, &template.form, &events, ask);
        return Ok((ticket, inquiry));
    }
    Ok((ticket, inquiry))
}

/// Stores what was sent and answers the question with it, in one transaction.
async fn hand_in(
    req: &HttpRequest,
    server: &Data<Server>,
    typed: &Typed,
    question: &Question,
) -> Result<()> {
    let (id, ask, generation) = which(req, server)?;
    let mut stored = Vec::new();
    let is_asked = |key: &str| question.fields.iter().any(|field| field.key == key);
    let asked = typed.files.iter().filter(|(key, _name, _bytes)| is_asked(key));
    for (key, name, bytes) in asked.take(FILES_MAX) {
        let saved = store(server, bytes.clone()).await.map_err(|error| at_field(key, error))?;
        stored.push((key.clone(), name.clone(), saved));
    }
    let ctx = ctx_of(server, req);
    let (setup, texts, given) = (server.setup.clone(), typed.texts(), stored.clone());
    let answered = server.command(&ctx, Once::never(), move |conn, ctx| {
        notify::customer::check_generation(conn, id, generation)?;
        let (ticket, inquiry) = inquire(conn, &setup, (id, ask), None)?;
        let Inquiry::Open(question) = inquiry else {
            return Err(Error::new(Kind::Conflict, "ticket.not_asked", "这份资料已经提交过"));
        };
        let external_userid = ticket.customer.unwrap_or_default();
        let ctx = ctx.with_actor(Actor::Customer { external_userid });
        let files = put(conn, &ctx, &question, &given)?;
        let mut input = Map::new();
        input.insert("ask".to_owned(), json!(ask.to_string()));
        input.insert("note".to_owned(), json!(texts.note()));
        let form = texts.answers(&question, &files, setup.zone_minutes);
        input.insert("form".to_owned(), Value::Object(form));
        ticket::act(conn, &ctx, &setup, id, &Command::new("answer", &input))?;
        Ok(Answer::done())
    });
    if let Err(error) = answered.await {
        let stored = stored.into_iter().map(|(_key, _name, stored)| stored);
        leave(server, &ctx, stored.collect()).await;
        return Err(error);
    }
    Ok(())
}

/// What is wrong with a file, said at its field.
fn at_field(key: &str, error: Error) -> Error {
    match error.kind() {
        Kind::Invalid => Error::field(format!("form.{key}"), error.code(), error.detail()),
        _ => error,
    }
}

/// Notes the files that were sent, by field.
fn put(
    conn: &mut Conn,
    ctx: &Ctx,
    question: &Question,
    stored: &[(String, String, Stored)],
) -> Result<Vec<(String, FileId)>> {
    let is_asked = |key: &str| question.fields.iter().any(|field| field.key == key);
    let mut files = Vec::new();
    for (key, name, stored) in stored.iter().filter(|(key, _name, _stored)| is_asked(key)) {
        let file = files::put(conn, ctx, NewFile { stored, name, source_media_id: None })?;
        files.push((key.clone(), file.id));
    }
    Ok(files)
}
