//! The room against a real disk and real databases.

use std::{fs, io, io::Write as _, path::PathBuf};

use kernel::{FileId, Kind, Timestamp, time};
use proptest::prelude::*;

use crate::{
    File, FileStore, NAME_MAX, NewFile, Stored, clean_name, disposition, find, find_all,
    find_by_media_id, mime_of, put,
    test_db::{ctx, on_each_database},
};

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n, more or less";

/// A folder that is dropped with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _in_the_way_of_nobody = fs::remove_dir_all(&self.0);
    }
}

impl std::ops::Deref for Folder {
    type Target = std::path::Path;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A store in a folder of its own.
fn store(name: &str) -> (FileStore, Folder) {
    let folder = std::env::temp_dir().join(format!("qidan_store_{}_{name}", std::process::id()));
    let _not_there = fs::remove_dir_all(&folder);
    (FileStore::open(&format!("fs:{}", folder.display()), 1 << 20).unwrap(), Folder(folder))
}

fn parts(folder: &std::path::Path) -> usize {
    fs::read_dir(folder.join("parts")).unwrap().count()
}

#[test]
fn bytes_come_back_by_their_digest_and_lie_there_once() {
    let (store, folder) = store("back");
    let stored = store.save(PNG).unwrap();
    assert_eq!(store.save(PNG).unwrap(), stored);
    assert_eq!((stored.size, stored.mime), (i64::try_from(PNG.len()).unwrap(), "image/png"));
    assert_eq!(store.read(&stored.sha256).unwrap(), PNG);
    let path = store.path(&stored.sha256).unwrap();
    assert!(path.starts_with(&*folder) && path.ends_with(&stored.sha256));
    assert_eq!(parts(&folder), 0);
}

#[test]
fn the_same_bytes_from_many_threads_are_whole() {
    let (store, folder) = store("threads");
    let bytes = vec![7; 300_000];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| store.save(&bytes).unwrap());
        }
    });
    let stored = store.save(&bytes).unwrap();
    assert_eq!(store.read(&stored.sha256).unwrap(), bytes);
    assert_eq!(parts(&folder), 0);
}

#[test]
fn a_full_disk_is_told_and_leaves_nothing_half_written() {
    let (store, folder) = store("full");
    for full in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded] {
        let error = store
            .save_by(PNG, |file, bytes| {
                file.write_all(&bytes[..5])?;
                Err(io::Error::from(full))
            })
            .unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Busy, "files.full"));
        assert_eq!(parts(&folder), 0);
    }
    let error = store.save_by(PNG, |_file, _bytes| Err(io::Error::other("torn"))).unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Busy, "files.disk"));
    let stored = store.save(PNG).unwrap();
    assert_eq!(store.read(&stored.sha256).unwrap(), PNG, "it goes on when there is room again");
}

#[test]
fn damage_is_noticed_and_mended_by_storing_again() {
    let (store, _folder) = store("damage");
    let stored = store.save(PNG).unwrap();
    fs::write(store.path(&stored.sha256).unwrap(), b"half").unwrap();
    assert_eq!(store.read(&stored.sha256).unwrap_err().code(), "files.damaged");
    store.save(PNG).unwrap();
    assert_eq!(store.read(&stored.sha256).unwrap(), PNG);
}

#[test]
fn what_is_empty_too_large_or_not_a_digest_is_refused() {
    let (store, _folder) = store("refused");
    assert_eq!(store.save(b"").unwrap_err().code(), "files.empty");
    assert_eq!(store.save(&vec![0; (1 << 20) + 1]).unwrap_err().code(), "files.too_large");
    store.save(&vec![0; 1 << 20]).unwrap();
    let upper = "A".repeat(64);
    let absent = "0".repeat(64);
    for sha256 in ["", "..", "../../etc/passwd", "éé", &upper, &absent] {
        assert_eq!(store.read(sha256).unwrap_err().kind(), Kind::NotFound, "{sha256}");
    }
}

#[test]
fn rests_of_crashes_are_dropped_when_they_are_old() {
    let (store, folder) = store("rests");
    fs::write(folder.join("parts/abc.1.0"), b"half").unwrap();
    let written = fs::metadata(folder.join("parts/abc.1.0")).unwrap().modified().unwrap();
    let written = written.duration_since(std::time::UNIX_EPOCH).unwrap().as_micros();
    let written = Timestamp(i64::try_from(written).unwrap());
    assert_eq!(store.drop_rests(written.plus(time::MINUTE)).unwrap(), 0);
    assert_eq!(store.drop_rests(written.plus(2 * time::HOUR)).unwrap(), 1);
    assert_eq!(parts(&folder), 0);
}

#[test]
fn a_store_that_is_not_there_yet_is_refused_by_name() {
    for (store, mark) in
        [("s3://bucket/x", "s3"), ("data/files", "fs:"), ("fs:", "fs:"), ("", "fs:")]
    {
        let error = FileStore::open(store, 1).unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Invalid, "config.files_store"));
        assert!(error.detail().contains(mark), "{error}");
    }
}

#[test]
fn a_type_is_read_off_the_bytes() {
    for (bytes, mime) in [
        (&b"\xFF\xD8\xFF\xE0\0\x10JFIF"[..], "image/jpeg"),
        (PNG, "image/png"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\0\0\0AVI LIST", "application/octet-stream"),
        (b"#!AMR\n\x3C", "audio/amr"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04\x14\0", "application/zip"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "application/octet-stream"),
        (b"<html>", "application/octet-stream"),
        (b"\x89PN", "application/octet-stream"),
        (b"RIFF", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ] {
        assert_eq!(mime_of(bytes), mime, "{bytes:?}");
    }
}

#[test]
fn names_lose_what_harms_and_keep_what_tells() {
    for (name, clean) in [
        ("现场照片 1.jpg", "现场照片 1.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\li\\报价.xlsx", "报价.xlsx"),
        ("a\u{202E}gpj.exe", "agpj.exe"),
        ("a\0b\r\nc.txt", "abc.txt"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("x/", "file"),
        (" . ", "file"),
        ("con", "_con"),
        ("LPT1.txt", "_LPT1.txt"),
        ("COM10.txt", "COM10.txt"),
        ("console.txt", "console.txt"),
        ("what?<b>.html", "what__b_.html"),
        ("trailing. ", "trailing"),
        ("😀.png", "😀.png"),
    ] {
        assert_eq!(clean_name(name), clean, "{name:?}");
    }
    let long = clean_name(&format!("{}.tar.gz", "长".repeat(300)));
    assert_eq!(long.chars().count(), NAME_MAX);
    assert!(long.ends_with("….gz"), "{long}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]
    #[test]
    fn a_clean_name_is_safe_and_stays_as_it_is(
        name in prop_oneof!["\\PC{0,300}", "[a./\\\\ :\u{202E}\u{0}\r\nCON1-9长]{0,200}", any::<String>()],
    ) {
        let clean = clean_name(&name);
        prop_assert!(!clean.is_empty());
        prop_assert!(clean.chars().count() <= NAME_MAX);
        prop_assert!(!clean.starts_with('.') && !clean.ends_with(['.', ' ']));
        prop_assert!(!clean.contains(['/', '\\', ':', '"', '<', '>', '|', '?', '*']));
        let turns = |c: char| ('\u{202A}'..='\u{202E}').contains(&c);
        prop_assert!(!clean.chars().any(|c| c.is_control() || turns(c)));
        prop_assert_eq!(clean_name(&clean), clean);
    }
}

#[test]
fn only_plain_pictures_are_shown_inside_of_a_page() {
    let file = |name: &str, mime: &str| File {
        id: FileId(1),
        sha256: String::new(),
        name: name.to_owned(),
        mime: mime.to_owned(),
        size: 1,
        source_media_id: None,
        sent_by: None,
        created_at: Timestamp(0),
    };
    for (name, mime, header) in [
        ("a b.png", "image/png", "inline; filename=\"a b.png\"; filename*=UTF-8''a%20b.png"),
        (
            "报价\"1'.pdf",
            "application/pdf",
            "attachment; filename=\"___1'.pdf\"; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%221%27.pdf",
        ),
        (
            "x.svg",
            "application/octet-stream",
            "attachment; filename=\"x.svg\"; filename*=UTF-8''x.svg",
        ),
        (
            "100%.heic",
            "image/heic",
            "attachment; filename=\"100_.heic\"; filename*=UTF-8''100%25.heic",
        ),
    ] {
        assert_eq!(disposition(&file(name, mime)), header);
    }
}

#[test]
fn a_file_is_noted_once_for_one_media_and_each_time_without() {
    on_each_database("files", |db, conn| {
        let stored = Stored { sha256: "a".repeat(64), size: 9, mime: "image/png" };
        let ctx = ctx(7);
        let sent = NewFile { stored: &stored, name: "../现场.png", source_media_id: Some("m-1") };
        let file = put(conn, &ctx, sent).unwrap();
        assert_eq!((file.name.as_str(), file.created_at), ("现场.png", Timestamp(7)));
        assert_eq!(put(conn, &ctx, sent).unwrap(), file);
        assert_eq!(find(conn, file.id).unwrap().as_ref(), Some(&file));
        assert_eq!(find_by_media_id(conn, "m-1").unwrap().as_ref(), Some(&file));
        assert_eq!(find_by_media_id(conn, "M-1").unwrap(), None);
        let upload = NewFile { source_media_id: None, ..sent };
        let (one, two) = (put(conn, &ctx, upload).unwrap(), put(conn, &ctx, upload).unwrap());
        assert_ne!(one.id, two.id);
        let ids = [two.id, FileId(-1), one.id];
        assert_eq!(find_all(conn, &ids).unwrap(), [one, two]);
        let again = NewFile { source_media_id: Some("m-2"), ..sent };
        let together: Vec<_> = std::thread::scope(|scope| {
            let note = || db.write_here(|conn| put(conn, &ctx, again)).unwrap().id;
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(note)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(together.iter().all(|id| *id == together[0]), "{together:?}");
    });
}
