//! Ordinary messages. A media id lives for three days and is no identity: fetch it at once.

use super::fields::Fields;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Where it can be seen.
    pub pic_url: String,
    /// For `media/get`.
    pub media_id: String,
}

/// A voice message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// For `media/get`.
    pub media_id: String,
    /// `amr`, `speex`.
    pub format: String,
}

/// A video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// For `media/get`.
    pub media_id: String,
    /// The still picture's media id.
    pub thumb_media_id: String,
}

/// A place that a member sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// `Location_X`.
    pub latitude: Option<f64>,
    /// `Location_Y`.
    pub longitude: Option<f64>,
    /// The zoom of the map.
    pub scale: Option<i64>,
    /// The address in words.
    pub label: String,
    /// `wxwork` when it came from the WeCom client, nothing when from WeChat.
    pub app_type: Option<String>,
}

/// A link that a member sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The title.
    pub title: String,
    /// The description.
    pub description: String,
    /// Where it leads.
    pub url: String,
    /// Its picture.
    pub pic_url: String,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// For `media/get`.
    pub media_id: String,
    /// Its name, if it says so.
    pub file_name: Option<String>,
}

impl Image {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self { pic_url: from.text("PicUrl"), media_id: from.text("MediaId") }
    }
}

impl Voice {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self { media_id: from.text("MediaId"), format: from.text("Format") }
    }
}

impl Video {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self { media_id: from.text("MediaId"), thumb_media_id: from.text("ThumbMediaId") }
    }
}

impl Location {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self {
            latitude: from.decimal("Location_X"),
            longitude: from.decimal("Location_Y"),
            scale: from.number("Scale"),
            label: from.text("Label"),
            app_type: from.some("AppType"),
        }
    }
}

impl Link {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self {
            title: from.text("Title"),
            description: from.text("Description"),
            url: from.text("Url"),
            pic_url: from.text("PicUrl"),
        }
    }
}

impl File {
    pub(super) fn read(from: Fields<'_>) -> Self {
        let file_name = from.some("FileName").or_else(|| from.some("Title"));
        Self { media_id: from.text("MediaId"), file_name }
    }
}
