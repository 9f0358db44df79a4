//! What a form of the progress page sends. What is too large is read to its end and left out, so that
//! the browser, which has no ears before it has spoken, gets to hear why.

use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::{Error, Result, text};
use sha2::{Digest as _, Sha256};

use crate::upload::{FILE_MAX, Part, Parts, in_time};

/// Inputs of one form, and bytes that are read at all.
pub(super) const PARTS_MAX: usize = 100;
pub(super) const BYTES_MAX: usize = 200 << 20;
/// Bytes of all its texts, and of all its files, which are held in memory until they are stored.
const TEXTS_MAX: usize = 64 << 10;
const FILES_BYTES_MAX: usize = 3 * FILE_MAX;

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
    /// Reads a form in which so many files can be chosen.
    ///
    /// # Errors
    /// `http.too_slow`, `http.too_large`, `http.not_multipart`.
    pub(super) async fn read(parts: &mut Parts, files_max: usize) -> Result<Self> {
        in_time(receive(parts, files_max)).await
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

async fn receive(parts: &mut Parts, files_max: usize) -> Result<Posted> {
    let mut posted = Posted::default();
    let (mut texts, mut all) = (0, 0);
    while let Some(part) = parts
        .next(|is_file| match (is_file, posted.files.len() < files_max) {
            (true, true) => FILE_MAX.min(FILES_BYTES_MAX - all),
            (true, false) => 0,
            (false, _) => TEXTS_MAX - texts,
        })
        .await?
    {
        let Part { name, file, bytes, is_whole } = part;
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
            Some(_more) if posted.files.len() >= files_max => {
                posted.trouble = wrong("too_many", format!("一次最多 {files_max} 张照片"));
            }
            Some(_large) if !is_whole => {
                let (one, together) = (FILE_MAX >> 20, FILES_BYTES_MAX >> 20);
                let detail = format!("照片太大，每张最多 {one} MiB，合计最多 {together} MiB");
                posted.trouble = wrong("too_large", detail);
            }
            Some(_other) if !files::mime_of(&bytes).starts_with("image/") => {
                posted.trouble =
                    wrong("wrong_type", "只能发照片（JPG、PNG、GIF、WebP、HEIC）".to_owned());
            }
            Some(file) => {
                all += bytes.len();
                posted.files.push((file, bytes));
            }
        }
    }
    Ok(posted)
}
