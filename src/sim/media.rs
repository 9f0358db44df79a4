//! Stored files: three days, shared by all apps of the company.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use kernel::{Timestamp, time::DAY};

/// How long a media_id lives.
pub(crate) const LIFE: i64 = 3 * DAY;
/// How much is kept: beyond it the oldest files go.
const BYTES: usize = 256 << 20;

/// A stored file.
#[derive(Clone, Debug)]
pub struct Media {
    /// `image`, `voice`, `video` or `file`.
    pub kind: String,
    /// The name that receivers see.
    pub filename: String,
    /// The type that goes with it on download.
    pub content_type: String,
    /// What is in it.
    pub bytes: Bytes,
    /// When it came.
    pub at: Timestamp,
}

/// A part of a file: first byte, one past the last, and the whole length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// The length of the whole file.
    pub total: usize,
}

impl Span {
    /// The part that a range asks for; nothing when it begins behind the end.
    pub(crate) fn of(range: (u64, Option<u64>), total: usize) -> Option<Self> {
        let start = usize::try_from(range.0).ok()?;
        let last = range.1.and_then(|last| usize::try_from(last).ok()).unwrap_or(usize::MAX);
        let end = last.saturating_add(1).min(total);
        (start < end).then_some(Self { start, end, total })
    }
}

/// All stored files.
#[derive(Debug, Default)]
pub(crate) struct MediaStore {
    files: BTreeMap<String, Media>,
    order: VecDeque<String>,
    bytes: usize,
}

impl MediaStore {
    pub(crate) fn put(&mut self, media_id: &str, media: Media) {
        self.bytes += media.bytes.len();
        self.files.insert(media_id.to_owned(), media);
        self.order.push_back(media_id.to_owned());
        while self.bytes > BYTES {
            let Some(oldest) = self.order.pop_front() else { break };
            let gone = self.files.remove(&oldest).map_or(0, |media| media.bytes.len());
            self.bytes = self.bytes.saturating_sub(gone);
        }
    }

    /// A file, even one that has ended: people's own pictures stay in their chats.
    pub(crate) fn find(&self, media_id: &str) -> Option<&Media> {
        self.files.get(media_id)
    }

    /// A file that has not ended.
    pub(crate) fn living(&self, media_id: &str, now: Timestamp) -> Option<&Media> {
        self.find(media_id).filter(|media| now.since(media.at) < LIFE)
    }
}
