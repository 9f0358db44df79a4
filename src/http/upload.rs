//! What is sent as `multipart/form-data`: read here and nowhere else, part by part, with an end to
//! everything. A part that is too large is read on for a while and left out, for a browser has no
//! ears before it has spoken; what lies behind that nobody reads.

use std::time::Duration;

use actix_multipart::{Multipart, MultipartError};
use actix_web::web::{self, Data};
use bytes::{Bytes, BytesMut};
use files::{NewFile, Stored};
use futures_util::StreamExt as _;
use kernel::{Actor, Ctx, Error, Kind, Result};

use crate::{api::VISIT, shared::Server};

/// The largest file.
pub(crate) const FILE_MAX: usize = 20 << 20;
/// How long an upload may take.
const UPLOAD_TIME: Duration = Duration::from_secs(120);

/// The parts of a form.
pub(crate) struct Parts {
    parts: Multipart,
    /// How many more are taken, and how many more bytes are read, kept or not.
    parts_left: usize,
    bytes_left: usize,
}

/// One part of a form.
pub(crate) struct Part {
    /// Its name; empty when it has none.
    pub(crate) name: String,
    /// What its file is called, when it is one.
    pub(crate) file: Option<String>,
    /// What it holds; nothing when that is not all of it.
    pub(crate) bytes: Bytes,
    /// Whether it was not too large.
    pub(crate) is_whole: bool,
}

impl Parts {
    /// A form of so many parts, of which so many bytes are read.
    pub(crate) fn new(parts: Multipart, parts_max: usize, bytes_max: usize) -> Self {
        Self { parts, parts_left: parts_max, bytes_left: bytes_max }
    }

    /// The next part, of which `most` bytes are kept, by whether it is a file; nothing at the end.
    ///
    /// # Errors
    /// `http.too_large` behind the last part and the last byte that are taken, `http.not_multipart`.
    pub(crate) async fn next(&mut self, most: impl FnOnce(bool) -> usize) -> Result<Option<Part>> {
        if self.bytes_left == 0 {
            return Err(too_large());
        }
        let Some(part) = self.parts.next().await else { return Ok(None) };
        let mut part = part.map_err(broken)?;
        self.parts_left = self.parts_left.checked_sub(1).ok_or_else(too_large)?;
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.content_disposition().and_then(|it| it.get_filename()).map(str::to_owned);
        let most = most(file.is_some());
        let (mut bytes, mut is_whole) = (BytesMut::new(), true);
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(broken)?;
            is_whole = is_whole && bytes.len() + chunk.len() <= most;
            if is_whole {
                bytes.extend_from_slice(&chunk);
            } else {
                // What was kept of it is of no use to anybody.
                bytes = BytesMut::new();
            }
            self.bytes_left = self.bytes_left.saturating_sub(chunk.len());
            if self.bytes_left == 0 {
                is_whole = false;
                break;
            }
        }
        let bytes = if is_whole { bytes.freeze() } else { Bytes::new() };
        Ok(Some(Part { name, file, bytes, is_whole }))
    }

    /// Reads the rest and keeps nothing of it, so that who sends it hears the answer.
    pub(crate) async fn skip(&mut self) {
        let rest = in_time(async {
            while self.next(|_is_file| 0).await?.is_some() {}
            Ok::<_, Error>(())
        });
        if let Err(error) = rest.await {
            tracing::debug!(%error, "a form that nobody wanted was not read to its end");
        }
    }
}

/// Reads a form, unless it takes for ever.
///
/// # Errors
/// `http.too_slow`, and those of the reading.
pub(crate) async fn in_time<T, E: From<Error>>(
    reading: impl Future<Output = std::result::Result<T, E>>,
) -> std::result::Result<T, E> {
    let late = || Error::new(Kind::Invalid, "http.too_slow", "内容没有及时发完，请重试");
    tokio::time::timeout(UPLOAD_TIME, reading).await.unwrap_or_else(|_late| Err(late().into()))
}

fn too_large() -> Error {
    Error::new(Kind::Invalid, "http.too_large", "发来的内容太多，请分几次发")
}

fn broken(error: MultipartError) -> Error {
    let detail = "内容须为 multipart/form-data，并完整发送，请重试";
    Error::new(Kind::Invalid, "http.not_multipart", detail)
        .caused_by(std::io::Error::other(error.to_string()))
}

/// Puts the bytes of a file into the store.
///
/// # Errors
/// The store's.
pub(crate) async fn store(server: &Server, bytes: Bytes) -> Result<Stored> {
    let store = server.files.clone();
    let stored = web::block(move || store.save(&bytes)).await;
    stored.map_err(|gone| Error::bug("a file was not stored").caused_by(gone))?
}

/// What was stored for a command that was refused then: noted as what a visitor left behind, which
/// the nightly repair forgets with its bytes. They cannot go at once, for somebody else may be
/// sending the same bytes.
pub(crate) async fn leave(server: &Data<Server>, ctx: &Ctx, stored: Vec<Stored>) {
    if stored.is_empty() {
        return;
    }
    let left = Actor::Customer { external_userid: format!("{VISIT}refused") };
    let ctx = ctx.with_actor(left);
    let noted = server.db.write(move |conn| {
        for stored in &stored {
            files::put(conn, &ctx, NewFile { stored, name: "", source_media_id: None })?;
        }
        Ok(())
    });
    if let Err(error) = noted.await {
        tracing::warn!(%error, "the files of a refused form were not noted and stay on the disk");
    }
}
