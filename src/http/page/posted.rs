//! What a form of the progress page sends. What is too large is read to its end and left out, so that
//! the browser, which has no ears before it has spoken, gets to hear why.

use std::collections::BTreeMap;

use actix_multipart::{Multipart, MultipartError};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use kernel::{Error, Kind, Result, text};
use sha2::{Digest as _, Sha256};

use crate::api::{FILE_MAX, UPLOAD_TIME};

/// Inputs of one form, bytes of all their texts, files, and bytes that are read at all.
const PARTS_MAX: usize = 100;
const TEXTS_MAX: usize = 64 << 10;
const FILES_MAX: usize = 9;
const BYTES_MAX: usize = 200 << 20;

/// What was sent.
#[derive(Debug, Default)]
pub(super) struct Posted {
    texts: BTreeMap<String, Vec<String>>,
    /// The files that were chosen: name, content.
    pub(super) files: Vec<(String, Bytes)>,
    /// What cannot be taken of it; the rest is kept, so that nobody writes it twice.
    pub(super) trouble: Option<Error>,
}

impl Posted {
    /// Reads it.
    ///
    /// # Errors
    /// `http.too_slow`, `http.too_large`, `http.not_multipart`.
    pub(super) async fn read(parts: Multipart) -> Result<Self> {
        match tokio::time::timeout(UPLOAD_TIME, receive(parts)).await {
            Ok(read) => read,
            Err(_late) => {
                Err(Error::new(Kind::Invalid, "http.too_slow", "内容没有及时发完，请重试"))
            }
        }
    }

    /// The text of an input; empty when there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.all(name).first().map(|text| text.trim()).unwrap_or_default()
    }

    /// All texts of the inputs of this name.
    pub(super) fn all(&self, name: &str) -> &[String] {
        self.texts.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Tells this sending from others: the same form sent twice is one.
    pub(super) fn once(&self, what: &str) -> Option<String> {
        let key = self.text("key");
        if key.is_empty() {
            return None;
        }
        let mut hash = Sha256::new().chain_update(what);
        for (name, texts) in &self.texts {
            for text in std::iter::once(name).chain(texts) {
                hash.update(text);
                hash.update([0]);
            }
        }
        for (_name, bytes) in &self.files {
            hash.update(Sha256::digest(bytes));
        }
        Some(text::hex(&hash.finalize()))
    }
}

async fn receive(mut parts: Multipart) -> Result<Posted> {
    let mut posted = Posted::default();
    let (mut texts, mut all) = (0, 0);
    for _ in 0..PARTS_MAX {
        let Some(part) = parts.next().await else { return Ok(posted) };
        let mut part = part.map_err(broken)?;
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.content_disposition().and_then(|it| it.get_filename()).map(str::to_owned);
        let most = if file.is_some() { FILE_MAX } else { TEXTS_MAX - texts };
        let (mut bytes, mut is_whole) = (BytesMut::new(), true);
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(broken)?;
            all += chunk.len();
            if all > BYTES_MAX {
                return Err(Error::new(
                    Kind::Invalid,
                    "http.too_large",
                    "发来的内容太多，请分几次发",
                ));
            }
            is_whole = is_whole && bytes.len() + chunk.len() <= most;
            if is_whole {
                bytes.extend_from_slice(&chunk);
            }
        }
        let wrong = |code, detail: String| Some(Error::field("photos", code, detail));
        match file {
            None if is_whole => {
                texts += bytes.len();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                posted.texts.entry(name).or_default().push(text);
            }
            None => posted.trouble = Some(Error::field("text", "too_long", "写得太长了，请短一些")),
            // A browser sends an empty part where no file was chosen.
            Some(_none) if bytes.is_empty() && is_whole => {}
            Some(_large) if !is_whole => {
                let detail = format!("照片太大，每张最多 {} MiB", FILE_MAX >> 20);
                posted.trouble = wrong("too_large", detail);
            }
            Some(_other) if !files::mime_of(&bytes).starts_with("image/") => {
                posted.trouble =
                    wrong("wrong_type", "只能发照片（JPG、PNG、GIF、WebP、HEIC）".to_owned());
            }
            Some(_more) if posted.files.len() >= FILES_MAX => {
                posted.trouble = wrong("too_many", format!("一次最多 {FILES_MAX} 张照片"));
            }
            Some(file) => posted.files.push((file, bytes.freeze())),
        }
    }
    Err(Error::new(Kind::Invalid, "http.too_large", "发来的内容太多，请分几次发"))
}

fn broken(error: MultipartError) -> Error {
    Error::new(Kind::Invalid, "http.not_multipart", "表单没有完整发送，请重试")
        .caused_by(std::io::Error::other(error.to_string()))
}
