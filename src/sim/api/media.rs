//! Files: upload, download, permanent pictures.

use serde_json::{Value, json};

use crate::{
    media::{Media, Span},
    world::{ApiResponse, Call, Refused, Upload, World},
};

const MIB: usize = 1 << 20;
/// A part of a file may be asked for up to this size; whole files above it must be.
const PART: usize = 20 * MIB;

pub(super) fn upload(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let kind = call.query("type");
    let max = match kind {
        "image" | "video" => 10 * MIB,
        "voice" => 2 * MIB,
        "file" => 20 * MIB,
        _ => return Err(Refused::new(40004, "invalid media type")),
    };
    let upload = file_of(call)?;
    if upload.field != "media" {
        return Err(Refused::new(41005, "media data missing"));
    }
    let Some(filename) = upload.filename.clone().filter(|name| !name.is_empty()) else {
        return Err(Refused::new(44001, "empty media data: no filename"));
    };
    if upload.bytes.len() > max {
        return Err(Refused::new(45001, "media size out of limit"));
    }
    let fits = match kind {
        "image" => picture(&upload.bytes).is_some(),
        "voice" => upload.bytes.starts_with(b"#!AMR"),
        "video" => upload.bytes.get(4..8) == Some(b"ftyp"),
        _ => true,
    };
    if !fits {
        let code = if kind == "image" { 40123 } else { 40005 };
        return Err(Refused::new(code, "invalid file type"));
    }
    let content_type = match kind {
        "image" => picture(&upload.bytes).unwrap_or_default().to_owned(),
        _ => upload.content_type.clone(),
    };
    let media_id = store(world, call, kind, filename, content_type, upload);
    Ok(json!({
        "errmsg": "",
        "type": kind,
        "media_id": media_id,
        "created_at": call.now.seconds().to_string(),
    }))
}

pub(super) fn uploadimg(world: &mut World, call: &Call<'_>) -> Result<Value, Refused> {
    let upload = file_of(call)?;
    if upload.bytes.len() > 2 * MIB {
        return Err(Refused::new(45001, "media size out of limit"));
    }
    let Some(content_type) = picture(&upload.bytes) else {
        return Err(Refused::new(40123, "invalid picture"));
    };
    world.meters.picture(&world.limits, call.now)?;
    let filename = upload.filename.clone().unwrap_or_default();
    let media_id = store(world, call, "image", filename, content_type.to_owned(), upload);
    Ok(json!({ "errmsg": "", "url": format!("{}/_sim/media/{media_id}", world.base_url) }))
}

fn file_of<'c>(call: &'c Call<'_>) -> Result<&'c Upload, Refused> {
    let upload = call.request.upload.as_ref();
    let upload = upload.ok_or_else(|| Refused::new(41005, "media data missing"))?;
    if upload.bytes.len() <= 5 {
        return Err(Refused::new(44001, "empty media data"));
    }
    Ok(upload)
}

fn store(
    world: &mut World,
    call: &Call<'_>,
    kind: &str,
    filename: String,
    content_type: String,
    upload: &Upload,
) -> String {
    let media = Media {
        kind: kind.to_owned(),
        filename,
        content_type,
        bytes: upload.bytes.clone(),
        at: call.now,
    };
    world.keep_media(media)
}

impl World {
    /// Stores a file and tells its media_id.
    pub fn keep_media(&mut self, media: Media) -> String {
        let media_id = format!("3{}_{}", self.random(24), media.kind);
        self.media.put(&media_id, media);
        media_id
    }
}

/// The type of a JPEG or PNG, by its first bytes.
fn picture(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else {
        None
    }
}

pub(super) fn get(world: &mut World, call: &Call<'_>) -> Result<ApiResponse, Refused> {
    let media = world
        .media
        .living(call.query("media_id"), call.now)
        .ok_or_else(|| Refused::new(40007, "invalid media_id"))?
        .clone();
    let total = media.bytes.len();
    let span = match call.request.range {
        None if total > PART => {
            return Err(Refused::new(830_002, "file too large, use Range"));
        }
        None => None,
        Some(range) => {
            let span = Span::of(range, total);
            Some(span.ok_or_else(|| Refused::new(40058, "invalid range"))?)
        }
    };
    Ok(ApiResponse::File { media, span })
}
