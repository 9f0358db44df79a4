//! Where the bytes lie: a folder of files named by their SHA-256. A file is written beside its
//! place, synced, and renamed into it, so that what stands in its place is whole, after a power cut
//! too, and two replicas that store the same bytes at once do not harm each other.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use kernel::{Error, Kind, Micros, Result, Timestamp, text, time};
use sha2::{Digest as _, Sha256};

use crate::kind;

/// Where files are written before they take their place.
const PARTS: &str = "parts";
/// How old a part is before it is taken for the rest of a crash.
const PART_AGE: Micros = time::HOUR;
/// Attachments are nobody's business but the service's.
const MODE: u32 = 0o600;

/// Bytes that are in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Their SHA-256, lower-case hexadecimal: how to get them back.
    pub sha256: String,
    /// How many they are.
    pub size: i64,
    /// What they are, by their first bytes.
    pub mime: &'static str,
}

/// A store of files. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
    bytes_max: usize,
    parts: Arc<AtomicU64>,
}

impl FileStore {
    /// The store that the configuration names: `fs:PATH`. Makes its folder.
    ///
    /// # Errors
    /// `config.files_store` for anything else; `files.full`, `files.disk` when the folder cannot
    /// be made.
    pub fn open(store: &str, bytes_max: usize) -> Result<Self> {
        let wrong = |detail: String| Error::new(Kind::Invalid, "config.files_store", detail);
        let folder = match store.split_once(':') {
            Some(("fs", path)) if !path.is_empty() => PathBuf::from(path),
            Some(("s3", _bucket)) => {
                let detail =
                    "files.store：本版本还不支持 s3://，请用 fs:目录（可为共享存储的挂载点）";
                return Err(wrong(detail.to_owned()));
            }
            _ => return Err(wrong(format!("files.store：不认识 {store}，写作 fs:data/files"))),
        };
        let parts = folder.join(PARTS);
        fs::create_dir_all(&parts).map_err(|error| disk_error(&parts, error))?;
        Ok(Self { folder, bytes_max, parts: Arc::new(AtomicU64::new(0)) })
    }

    /// Stores bytes. Storing them again changes nothing.
    ///
    /// # Errors
    /// `files.empty`, `files.too_large`; `files.full` when the disk is, `files.disk` when it
    /// refuses otherwise. Nothing half-written is left.
    pub fn save(&self, bytes: &[u8]) -> Result<Stored> {
        self.save_by(bytes, fs::File::write_all)
    }

    /// The bytes with this SHA-256.
    ///
    /// # Errors
    /// `files.not_found`; `files.damaged` when the disk gives back other bytes.
    pub fn read(&self, sha256: &str) -> Result<Vec<u8>> {
        let path = self.path(sha256)?;
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => not_found(),
            _ => disk_error(&path, error),
        })?;
        if digest(&bytes) != sha256 {
            let detail = format!("文件内容已损坏：{}", path.display());
            return Err(Error::new(Kind::Bug, "files.damaged", detail));
        }
        Ok(bytes)
    }

    /// Where the bytes with this SHA-256 lie, for streaming.
    ///
    /// # Errors
    /// `files.not_found` for what is no SHA-256.
    pub fn path(&self, sha256: &str) -> Result<PathBuf> {
        let is_digest = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        match (sha256.get(..2), sha256.get(2..4)) {
            (Some(one), Some(two)) if sha256.len() == 64 && sha256.chars().all(is_digest) => {
                Ok(self.folder.join(one).join(two).join(sha256))
            }
            _ => Err(not_found()),
        }
    }

    /// Drops what crashes left half-written. Gives how many.
    ///
    /// # Errors
    /// `files.disk` when the disk refuses.
    pub fn drop_rests(&self, now: Timestamp) -> Result<usize> {
        let folder = self.folder.join(PARTS);
        let refused = |error| disk_error(&folder, error);
        let mut dropped = 0;
        for entry in fs::read_dir(&folder).map_err(refused)? {
            let entry = entry.map_err(refused)?;
            // Gone meanwhile: another replica drops rests too, or the part has taken its place.
            let Ok(about) = entry.metadata() else { continue };
            if age(&about, now) > PART_AGE && fs::remove_file(entry.path()).is_ok() {
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    /// Drops bytes that no file has any more, unless somebody stored them again within the hour: his
    /// file may be about to be noted. Says whether they are gone.
    ///
    /// # Errors
    /// `files.disk` when the disk refuses.
    pub fn discard(&self, sha256: &str, now: Timestamp) -> Result<bool> {
        let place = self.path(sha256)?;
        // Out of the way first: who stores the same bytes at this moment finds nothing and writes.
        let aside = self.folder.join(PARTS).join(format!(
            "{sha256}.{}.{}",
            std::process::id(),
            self.parts.fetch_add(1, Ordering::Relaxed)
        ));
        match fs::rename(&place, &aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(disk_error(&place, error)),
        }
        let refused = |error| disk_error(&aside, error);
        if age(&fs::metadata(&aside).map_err(refused)?, now) > PART_AGE {
            fs::remove_file(&aside).map_err(refused)?;
            return Ok(true);
        }
        fs::rename(&aside, &place).map_err(refused)?;
        Ok(false)
    }

    pub(crate) fn save_by(
        &self,
        bytes: &[u8],
        write: impl Fn(&mut fs::File, &[u8]) -> io::Result<()>,
    ) -> Result<Stored> {
        if bytes.is_empty() {
            return Err(Error::new(Kind::Invalid, "files.empty", "文件是空的"));
        }
        if bytes.len() > self.bytes_max {
            let most = self.bytes_max / (1 << 20);
            let detail = format!("文件太大，最多 {most} MiB");
            return Err(Error::new(Kind::Invalid, "files.too_large", detail));
        }
        let sha256 = digest(bytes);
        let place = self.path(&sha256)?;
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let stored = Stored { sha256, size, mime: kind::mime_of(bytes) };
        // Only a whole file can stand there; one of another length was damaged afterwards. It is made
        // young again, so that nobody takes it for unused; one that goes meanwhile is written anew.
        let stands = || fs::metadata(&place).is_ok_and(|it| i64::try_from(it.len()) == Ok(size));
        if stands() && renew(&place).is_ok() && stands() {
            return Ok(stored);
        }
        let part = self.folder.join(PARTS).join(format!(
            "{}.{}.{}",
            stored.sha256,
            std::process::id(),
            self.parts.fetch_add(1, Ordering::Relaxed)
        ));
        let done = place_whole(&part, &place, |file| write(file, bytes));
        if done.is_err() {
            // The rest of a failure; when even this fails, `drop_rests` finds it.
            let _already_failed = fs::remove_file(&part);
        }
        done.map(|()| stored).map_err(|error| disk_error(&place, error))
    }
}

fn place_whole(
    part: &Path,
    place: &Path,
    write: impl Fn(&mut fs::File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = place.parent().unwrap_or(place);
    fs::create_dir_all(folder)?;
    // A part of this name can only be the rest of a process that had our number before a crash.
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(part)?;
    write(&mut file)?;
    file.sync_all()?;
    drop(file);
    fs::rename(part, place)?;
    // The name is in its folder, and the folder in its own, only when those are synced.
    for folder in folder.ancestors().take(3) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn digest(bytes: &[u8]) -> String {
    text::hex(&Sha256::digest(bytes))
}

fn not_found() -> Error {
    Error::new(Kind::NotFound, "files.not_found", "没有这个文件")
}

/// How long ago a file was written; none when the disk does not say.
fn age(about: &fs::Metadata, now: Timestamp) -> Micros {
    let Ok(changed) = about.modified() else { return 0 };
    let since = changed.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.since(Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)))
}

/// Makes a file as young as one that was written now.
#[expect(
    clippy::disallowed_methods,
    reason = "what the disk's clock says is told by the machine's"
)]
fn renew(place: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).open(place)?;
    file.set_modified(std::time::SystemTime::now())
}

/// A full disk is told apart: it has a mend, and what it refused is to be tried again after it.
fn disk_error(path: &Path, error: io::Error) -> Error {
    let (code, detail) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ("files.full", "附件磁盘已满，请联系管理员清理空间")
        }
        _ => ("files.disk", "附件无法存取，请联系管理员检查 files.store"),
    };
    // Who sent the file reads the words; where it was to go is for the log.
    tracing::error!(path = %path.display(), %error, code, "the file store refuses");
    Error::new(Kind::Busy, code, detail).caused_by(error)
}
