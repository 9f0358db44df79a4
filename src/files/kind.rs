//! What a file is, by its first bytes: what its name or its sender says decides nothing.

/// What is not one of the known kinds.
pub(crate) const UNKNOWN: &str = "application/octet-stream";

/// Kinds that begin with fixed bytes.
const MAGIC: [(&[u8], &str); 12] = [
    (b"\xFF\xD8\xFF", "image/jpeg"),
    (b"\x89PNG\r\n\x1A\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"ID3", "audio/mpeg"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\x1F\x8B\x08", "application/gzip"),
    (b"7z\xBC\xAF\x27\x1C", "application/x-7z-compressed"),
];

/// Brands of the ISO media container (`….ftyp<brand>`): pictures and films of telephones.
const BRANDS: [(&[u8], &str); 6] = [
    (b"heic", "image/heic"),
    (b"heix", "image/heic"),
    (b"mif1", "image/heif"),
    (b"avif", "image/avif"),
    (b"M4A ", "audio/mp4"),
    (b"qt  ", "video/quicktime"),
];

/// The MIME type of these bytes, or `application/octet-stream`.
pub fn mime_of(bytes: &[u8]) -> &'static str {
    if let Some((_magic, mime)) = MAGIC.iter().find(|(magic, _mime)| bytes.starts_with(magic)) {
        return mime;
    }
    if bytes.starts_with(b"RIFF") {
        return match bytes.get(8..12) {
            Some(b"WEBP") => "image/webp",
            Some(b"WAVE") => "audio/wav",
            _ => UNKNOWN,
        };
    }
    match (bytes.get(4..8), bytes.get(8..12)) {
        (Some(b"ftyp"), Some(brand)) => {
            BRANDS.iter().find(|(known, _mime)| *known == brand).map_or("video/mp4", |one| one.1)
        }
        _ => UNKNOWN,
    }
}

/// Whether a page may show it: pictures that no browser takes for a page or a program.
pub(crate) fn is_shown(mime: &str) -> bool {
    matches!(mime, "image/jpeg" | "image/png" | "image/gif" | "image/webp")
}
