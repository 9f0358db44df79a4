//! Temporary files: three days, shared by all apps of the corp.

use bytes::Bytes;
use serde::Deserialize;

use crate::{
    client::{Call, Client, MEDIA_TIMEOUT, Payload},
    error::ApiError,
};

pub use crate::client::Download;

/// `media/upload`.
pub const UPLOAD: &str = "media/upload";
/// `media/get`.
pub const GET: &str = "media/get";

/// What a file is to the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// JPG or PNG, 10 MB.
    Image,
    /// AMR, 2 MB, 60 seconds.
    Voice,
    /// MP4, 10 MB.
    Video,
    /// Anything, 20 MB.
    File,
}

impl MediaType {
    /// The platform's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::File => "file",
        }
    }
}

/// A file to upload.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What it is.
    pub media_type: MediaType,
    /// The file, more than 5 bytes.
    pub bytes: Bytes,
    /// The name that people will see.
    pub file_name: String,
    /// Such as `image/jpeg`.
    pub content_type: String,
}

/// An uploaded file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Uploaded {
    /// Good for three days; no identity.
    pub media_id: String,
}

/// Uploads a file.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn upload(client: &Client, app: &str, upload: &Upload) -> Result<Uploaded, ApiError> {
    let Upload { media_type, bytes, file_name, content_type } = upload;
    let query = &[("type", media_type.word())];
    let payload = Payload::File { bytes, file_name, content_type };
    client.call(Call { app, path: UPLOAD, query, payload, timeout: MEDIA_TIMEOUT }).await
}

/// Fetches a file, up to the configured size.
///
/// # Errors
/// When it is gone or too large, or the platform refuses or cannot be reached.
pub async fn get(client: &Client, app: &str, media_id: &str) -> Result<Download, ApiError> {
    let query = &[("media_id", media_id)];
    client.download(Call { timeout: MEDIA_TIMEOUT, ..Call::get(app, GET, query) }).await
}
