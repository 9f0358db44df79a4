//! Attachments: what is sent is stored by its content, under a name that was cleaned, and given back
//! so that no browser takes it for a page.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{self, Data},
};
use bytes::Bytes;
use db::Conn;
use files::{File, FileStore, NewFile, Stored};
use kernel::{Actor, Error, FileId, Kind, Result, text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use ticket::{Setup, Ticket};
use utoipa::{IntoParams, ToSchema};

use super::{Op, schema, tickets};
use crate::{
    guard::{Signed, may},
    read::{self, Query},
    reply::{Answer, Once, Refusal, Reply},
    shared::Server,
    upload::{FILE_MAX, Parts, in_time, store},
};

/// Parts of an upload, and the bytes of them that are read to refuse more in words.
const PARTS_MAX: usize = 8;
const BYTES_MAX: usize = 2 * FILE_MAX;
/// A file's bytes never change.
const CACHED: &str = "private, max-age=86400, immutable";
/// Should a browser show the file in spite of all, it may do nothing.
const CSP: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

pub(crate) fn operations() -> Vec<Op> {
    let form = json!({
        "type": "object",
        "required": ["file"],
        "properties": { "file": { "type": "string", "format": "binary" } },
    });
    vec![
        Op::post("/tickets/{id}/attachments", attach)
            .named("attach_file_to_ticket", "工单", "上传附件")
            .explained("一个名为 file 的文件部分，最多 20 MiB。")
            .where_path("id", "工单的 id 或单号")
            .takes_file(form.clone())
            .answers::<schema::TicketDetail>(200, "加上附件之后的工单"),
        Op::post("/files", put)
            .named("upload_file", "工单", "上传文件")
            .explained(
                "先上传，再把得到的编号填入工单的表单；只有上传者自己能用它。\
                 一个名为 file 的文件部分，最多 20 MiB。",
            )
            .takes_file(form)
            .answers::<UploadedFile>(201, "存下的文件"),
        Op::get("/files/{id}", get)
            .named("get_file", "工单", "下载附件")
            .explained("图片可以直接显示，其他类型一律作为下载；代表成员时必须给出 ticket。")
            .where_path("id", "文件编号")
            .takes_query::<OfTicket>()
            .answers_bytes("文件内容"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfTicket {
    /// 文件所属工单的 id 或单号
    ticket: Option<String>,
}

async fn attach(
    who: Signed<may::WriteTickets>,
    req: HttpRequest,
    server: Data<Server>,
    parts: Multipart,
) -> Reply {
    let expects = read::if_match(&req)?;
    let (name, stored) = receive(&server, parts).await?;
    let once = Once::of(&req, &who.caller, format!("{}\n{name}", stored.sha256).as_bytes())?;
    let deed = tickets::Deed { verb: "attach".to_owned(), input: Map::new(), expects, on: None };
    tickets::perform(&req, &who, &server, once, deed, move |conn, ctx, input| {
        let new = NewFile { stored: &stored, name: &name, source_media_id: None };
        let file = files::put(conn, ctx, new)?;
        input.insert("kind".to_owned(), json!(kind_of(&file.mime)));
        input.insert("file".to_owned(), json!(file.id));
        input.insert("name".to_owned(), json!(file.name));
        Ok(())
    })
    .await
}

/// 存下的文件
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UploadedFile {
    #[schema(value_type = String)]
    id: FileId,
    /// 整理过的文件名
    name: String,
    /// 由内容判断的类型
    mime: String,
    /// 字节数
    size: i64,
}

async fn put(
    who: Signed<may::WriteTickets>,
    req: HttpRequest,
    server: Data<Server>,
    parts: Multipart,
) -> Reply {
    let (name, stored) = receive(&server, parts).await?;
    let once = Once::of(&req, &who.caller, format!("{}\n{name}", stored.sha256).as_bytes())?;
    let answer = server.command(who.ctx(), once, move |conn, ctx| {
        let new = NewFile { stored: &stored, name: &name, source_media_id: None };
        let File { id, name, mime, size, .. } = files::put(conn, ctx, new)?;
        Answer::json(StatusCode::CREATED, &UploadedFile { id, name, mime, size })
    });
    Ok(answer.await?.respond(&req))
}

/// The name of the uploaded file, and its bytes in the store.
async fn receive(
    server: &Server,
    parts: Multipart,
) -> std::result::Result<(String, Stored), Refusal> {
    let mut parts = Parts::new(parts, PARTS_MAX, BYTES_MAX);
    let (name, bytes) = match in_time(upload(&mut parts)).await {
        Ok(uploaded) => uploaded,
        Err(refusal) => return Err(refusal.with_unread(parts)),
    };
    Ok((name, store(server, bytes).await?))
}

/// What a ticket calls a file of this type.
fn kind_of(mime: &str) -> &'static str {
    match mime.split('/').next() {
        Some("image") => "image",
        Some("audio") => "voice",
        Some("video") => "video",
        _ => "file",
    }
}

/// The name and the bytes of the part that is called `file`.
async fn upload(parts: &mut Parts) -> std::result::Result<(String, Bytes), Refusal> {
    while let Some(part) = parts.next(|_is_file| FILE_MAX).await? {
        if !part.is_whole {
            let detail = format!("文件太大，最多 {} MiB", FILE_MAX >> 20);
            return Err(Error::new(Kind::Invalid, "files.too_large", detail).into());
        }
        if part.name == "file" {
            return Ok((part.file.unwrap_or_default(), part.bytes));
        }
    }
    Err(Refusal::unreadable(Error::field("file", "required", "缺少名为 file 的文件部分")))
}

async fn get(
    who: Signed<may::ReadTickets>,
    Query(query): Query<OfTicket>,
    req: HttpRequest,
    server: Data<Server>,
) -> Reply {
    let id: FileId = read::id(&req, "files.not_found")?;
    let ctx = who.ctx().clone();
    let (setup, of_ticket, member) =
        (server.setup.clone(), query.ticket.is_some(), ctx.actor.userid().map(str::to_owned));
    let file = server.db.read(move |conn| {
        if let Some(key) = &query.ticket {
            let ticket = tickets::find(conn, &ctx, key)?;
            return find_file(conn, &setup, (&ctx.actor, ticket), id).map(Some);
        }
        files::find(conn, id)
    });
    let file = file.await?;
    // A form that is being filled shows what its member uploaded, before there is a ticket.
    let is_own = |file: &File| member.is_none() || file.sent_by == member;
    if !of_ticket && !file.as_ref().is_some_and(is_own) && member.is_some() {
        let detail = "成员查看别人的文件时，请用 ticket 参数指明文件所属的工单";
        return Err(Refusal::unreadable(Error::field("ticket", "required", detail)));
    }
    serve(&server.files, file.ok_or_else(not_found)?).await
}

/// A file's bytes, as safe as they can be made.
pub(crate) async fn serve(store: &FileStore, file: File) -> Reply {
    let (store, sha256) = (store.clone(), file.sha256.clone());
    let bytes = web::block(move || store.read(&sha256)).await;
    let bytes = bytes.map_err(|gone| Error::bug("a file was not read").caused_by(gone))??;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, file.mime.as_str()))
        .insert_header((header::CONTENT_DISPOSITION, files::disposition(&file)))
        .insert_header((header::CONTENT_SECURITY_POLICY, CSP))
        .insert_header((header::CACHE_CONTROL, CACHED))
        .insert_header((header::ETAG, format!("\"{}\"", text::cut_bytes(&file.sha256, 64))))
        .body(bytes))
}

/// A file, if it belongs to this ticket and this reader may see it there.
pub(crate) fn find_file(
    conn: &mut Conn,
    setup: &Setup,
    (reader, ticket): (&Actor, Ticket),
    id: FileId,
) -> Result<File> {
    let template = setup.catalog.find(conn, &ticket.template.key, ticket.template.version)?;
    let ticket = ticket::seen_by(reader, ticket, &template);
    if !ticket::files_of(&ticket, &template).contains(&id) {
        return Err(not_found());
    }
    files::find(conn, id)?.ok_or_else(not_found)
}

fn not_found() -> Error {
    Error::new(Kind::NotFound, "files.not_found", "没有这个文件")
}
