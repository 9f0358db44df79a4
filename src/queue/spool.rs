//! Where messages wait while the database is away: append-only segment files, synced before anyone
//! is told. A record is length, CRC-32 and JSON. What a crash or a bad disk damaged is set aside,
//! and everything else is found again.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use kernel::{Error, JobId, Kind, Result, Timestamp, crash_point};
use serde::{Deserialize, Serialize};

/// A segment that has grown to this size is followed by a new one.
const SEGMENT_BYTES_MAX: u64 = 8 << 20;
/// Bytes before the JSON of a record: length and CRC-32, both little-endian.
const HEAD_BYTES: usize = 8;

/// A message on its way into the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: JobId,
    pub(crate) topic: Cow<'static, str>,
    pub(crate) once_key: String,
    pub(crate) order_key: Option<String>,
    pub(crate) body: String,
    pub(crate) at: Timestamp,
}

/// The spool of one process, in a folder of its own.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    bytes_max: u64,
    inner: Mutex<Inner>,
    /// Held for as long as the spool is: two processes must not drain one folder.
    _lock: File,
}

#[derive(Debug, Default)]
struct Inner {
    /// The segment that is written to: always the last one.
    open: Option<File>,
    /// Every segment that is not drained, by number.
    segments: BTreeMap<u64, Segment>,
    next: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Segment {
    bytes: u64,
    records: u64,
}

/// The content of the oldest segment.
#[derive(Debug)]
pub(crate) struct Drawn {
    number: u64,
    pub(crate) rows: Vec<Row>,
    bad_bytes: usize,
    /// Messages that the database refused for their own sake.
    pub(crate) refused: usize,
}

impl Spool {
    /// The spool in a folder, which is made when it is not there. It takes at most `bytes_max`.
    ///
    /// # Errors
    /// `spool.locked` when another process has it; `spool.broken` when the folder cannot be used.
    pub fn open(folder: &Path, bytes_max: u64) -> Result<Self> {
        let broken = |error| broken(folder, error);
        fs::create_dir_all(folder).map_err(broken)?;
        let lock = File::create(folder.join("lock")).map_err(broken)?;
        lock.try_lock().map_err(|error| {
            let detail = format!("目录 {} 正被另一个进程使用", folder.display());
            Error::new(Kind::Busy, "spool.locked", detail).caused_by(error)
        })?;
        let mut inner = Inner::default();
        for entry in fs::read_dir(folder).map_err(broken)? {
            let path = entry.map_err(broken)?.path();
            let Some(number) = number_of(&path) else { continue };
            inner.next = inner.next.max(number + 1);
            if path.extension().is_some_and(|extension| extension == "seg") {
                let bytes = fs::read(&path).map_err(broken)?;
                let records = u64::try_from(read(&bytes).0.len()).unwrap_or_default();
                let bytes = u64::try_from(bytes.len()).unwrap_or_default();
                inner.segments.insert(number, Segment { bytes, records });
            }
        }
        let spool =
            Self { folder: folder.into(), bytes_max, inner: Mutex::new(inner), _lock: lock };
        spool.measure();
        Ok(spool)
    }

    /// How many messages wait here.
    pub fn records(&self) -> u64 {
        self.lock().segments.values().map(|segment| segment.records).sum()
    }

    /// Whether nothing is left to drain.
    pub fn is_empty(&self) -> bool {
        self.lock().segments.is_empty()
    }

    /// Writes messages and waits until they are on the disk: all of them, or an error.
    pub(crate) fn append<'r>(&self, rows: impl Iterator<Item = &'r Row>) -> Result<()> {
        let (mut bytes, mut records) = (Vec::new(), 0);
        for row in rows {
            write_record(&mut bytes, row)?;
            records += 1;
        }
        let written = self.write(&mut self.lock(), &bytes, records);
        self.measure();
        written
    }

    fn write(&self, inner: &mut Inner, bytes: &[u8], records: u64) -> Result<()> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let used: u64 = inner.segments.values().map(|segment| segment.bytes).sum();
        if used.saturating_add(size) > self.bytes_max {
            return Err(full(io::Error::from(io::ErrorKind::QuotaExceeded)));
        }
        if inner.last().is_none_or(|segment| segment.bytes >= SEGMENT_BYTES_MAX) {
            inner.open = None;
        }
        let file = match inner.open.take() {
            Some(file) => file,
            None => self.begin(inner).map_err(full)?,
        };
        let good = inner.last().map_or(0, |segment| segment.bytes);
        let synced = (&file).write_all(bytes).and_then(|()| {
            crash_point("spool.written");
            file.sync_data()
        });
        match synced {
            Ok(()) => {
                crash_point("spool.synced");
                if let Some(mut last) = inner.segments.last_entry() {
                    last.get_mut().bytes += size;
                    last.get_mut().records += records;
                }
                inner.open = Some(file);
                Ok(())
            }
            Err(error) => {
                // Half a record would be read as damage; a file that cannot be cut is left behind.
                if file.set_len(good).is_ok() {
                    inner.open = Some(file);
                }
                Err(full(error))
            }
        }
    }

    fn begin(&self, inner: &mut Inner) -> io::Result<File> {
        let number = inner.next;
        let file = OpenOptions::new().create_new(true).append(true).open(self.path(number))?;
        inner.next += 1;
        inner.segments.insert(number, Segment::default());
        self.sync_folder()?;
        Ok(file)
    }

    /// The oldest segment, which gets no more records from here on. A segment that cannot be read
    /// stays on the disk for the next start.
    pub(crate) fn oldest(&self) -> Option<Drawn> {
        loop {
            let number = {
                let mut inner = self.lock();
                let (number, _segment) = inner.segments.first_key_value()?;
                let number = *number;
                if inner.segments.len() == 1 {
                    inner.open = None;
                }
                number
            };
            match fs::read(self.path(number)) {
                Ok(bytes) => {
                    let (rows, bad_bytes) = read(&bytes);
                    return Some(Drawn { number, rows, bad_bytes, refused: 0 });
                }
                Err(error) => {
                    let file = self.path(number);
                    tracing::error!(%error, file = %file.display(), "a spool segment is unreadable");
                    self.lock().segments.remove(&number);
                    self.measure();
                }
            }
        }
    }

    /// Removes a segment whose messages are in the database. One with damage, or with a message
    /// that the database refused, is kept under the name `.bad` for a person to look at.
    pub(crate) fn remove(&self, drawn: &Drawn) {
        let path = self.path(drawn.number);
        let Drawn { bad_bytes, refused, .. } = *drawn;
        let gone = if bad_bytes == 0 && refused == 0 {
            fs::remove_file(&path)
        } else {
            let aside = path.with_extension("bad");
            let file = aside.display().to_string();
            tracing::error!(
                file,
                bad_bytes,
                refused,
                "a spool segment was not wholly readable: the rest was stored, it is set aside"
            );
            fs::rename(&path, aside)
        };
        if let Err(error) = gone.and_then(|()| self.sync_folder()) {
            // It will be drained again at the next start, which adds nothing.
            tracing::error!(%error, file = %path.display(), "a spool segment was not removed");
        }
        self.lock().segments.remove(&drawn.number);
        self.measure();
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:012}.seg"))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn measure(&self) {
        let records = u32::try_from(self.records()).unwrap_or(u32::MAX);
        metrics::gauge!("spool_records").set(f64::from(records));
    }
}

impl Inner {
    fn last(&self) -> Option<&Segment> {
        self.open.as_ref().and_then(|_open| self.segments.values().last())
    }
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_stem()?.to_str()?.parse().ok()
}

fn broken(folder: &Path, error: io::Error) -> Error {
    let detail = format!("暂存目录 {} 无法使用", folder.display());
    Error::new(Kind::Busy, "spool.broken", detail).caused_by(error)
}

fn full(error: io::Error) -> Error {
    Error::new(Kind::Busy, "spool.full", "暂存目录无法写入").caused_by(error)
}

fn write_record(out: &mut Vec<u8>, row: &Row) -> Result<()> {
    let unwritable = |error| Error::bug("a spool record cannot be written").caused_by(error);
    let json = serde_json::to_vec(row).map_err(unwritable)?;
    let length = u32::try_from(json.len())
        .map_err(|error| Error::bug("a spool record is too long").caused_by(error))?;
    out.reserve(HEAD_BYTES + json.len());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&json).to_le_bytes());
    out.extend_from_slice(&json);
    Ok(())
}

/// Every whole record, and how many bytes belong to none. After damage it looks for the next
/// record byte by byte: a head holds a zero byte (no record is 16 MiB long) and JSON never does, so
/// nothing inside a message is taken for a record.
fn read(mut bytes: &[u8]) -> (Vec<Row>, usize) {
    let (mut rows, mut bad) = (Vec::new(), 0);
    while !bytes.is_empty() {
        let skip = match record(bytes) {
            Some((row, length)) => {
                rows.push(row);
                length
            }
            None => {
                bad += 1;
                1
            }
        };
        bytes = bytes.get(skip..).unwrap_or_default();
    }
    (rows, bad)
}

fn record(bytes: &[u8]) -> Option<(Row, usize)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let json = rest.get(..length)?;
    let looks_right = json.starts_with(b"{") && json.ends_with(b"}");
    if !looks_right || crc32fast::hash(json) != u32::from_le_bytes(*sum) {
        return None;
    }
    Some((serde_json::from_slice(json).ok()?, HEAD_BYTES + length))
}

#[cfg(test)]
mod tests;
