use super::*;

fn row(n: i64) -> Row {
    Row {
        id: JobId(n),
        topic: "inbox".into(),
        once_key: format!("key-{n}"),
        order_key: (n % 2 == 0).then(|| "张三".to_owned()),
        body: format!("<xml>第 {n} 条\0\u{1F600}\n{{}}</xml>"),
        at: Timestamp::from_seconds(1_800_000_000 + n),
    }
}

fn rows(range: std::ops::Range<i64>) -> Vec<Row> {
    range.map(row).collect()
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("qidan-spool-{}-{name}", std::process::id()));
    let _ignored = fs::remove_dir_all(&folder);
    folder
}

fn bytes_of(rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::new();
    rows.iter().for_each(|row| write_record(&mut bytes, row).unwrap());
    bytes
}

fn drain(spool: &Spool) -> Vec<Row> {
    let mut all = Vec::new();
    while let Some(drawn) = spool.oldest() {
        all.extend(drawn.rows.iter().cloned());
        spool.remove(&drawn);
    }
    all
}

fn names(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|one| one == extension)).collect()
}

#[test]
fn what_was_spooled_comes_back_in_order_also_after_a_restart() {
    let folder = folder("order");
    let spool = Spool::open(&folder, 1 << 20).unwrap();
    spool.append(rows(0..3).iter()).unwrap();
    spool.append(rows(3..4).iter()).unwrap();
    assert_eq!(spool.records(), 4);
    drop(spool);
    let spool = Spool::open(&folder, 1 << 20).unwrap();
    assert_eq!(spool.records(), 4);
    spool.append(rows(4..6).iter()).unwrap();
    assert_eq!(drain(&spool), rows(0..6));
    assert!(spool.is_empty());
    assert!(names(&folder, "seg").is_empty() && names(&folder, "bad").is_empty());
}

#[test]
fn records_written_while_the_oldest_is_drained_are_in_another_segment() {
    let spool = Spool::open(&folder("while"), 1 << 20).unwrap();
    spool.append(rows(0..2).iter()).unwrap();
    let drawn = spool.oldest().unwrap();
    spool.append(rows(2..3).iter()).unwrap();
    spool.remove(&drawn);
    assert_eq!(drain(&spool), rows(2..3));
}

#[test]
fn a_segment_torn_at_any_byte_gives_every_whole_record() {
    let all = rows(0..3);
    let bytes = bytes_of(&all);
    let ends: Vec<_> = (0..=3).map(|n| bytes_of(&all[..n]).len()).collect();
    for cut in 0..=bytes.len() {
        let (read, bad) = read(&bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        assert_eq!(read, all[..whole], "cut at {cut}");
        assert_eq!(bad, cut - ends[whole], "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_anywhere_costs_one_record_and_no_other() {
    let all = rows(0..3);
    let bytes = bytes_of(&all);
    let ends: Vec<_> = (1..=3).map(|n| bytes_of(&all[..n]).len()).collect();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << bit;
            let hit = ends.iter().filter(|end| **end <= at).count();
            let mut expected = all.clone();
            expected.remove(hit);
            let (read, bad) = read(&damaged);
            assert_eq!(read, expected, "bit {bit} of byte {at}");
            assert!(bad > 0);
        }
    }
}

#[test]
fn a_damaged_segment_is_drained_and_set_aside() {
    let folder = folder("damaged");
    let spool = Spool::open(&folder, 1 << 20).unwrap();
    spool.append(rows(0..3).iter()).unwrap();
    drop(spool);
    let path = names(&folder, "seg").remove(0);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&path, bytes).unwrap();
    let spool = Spool::open(&folder, 1 << 20).unwrap();
    assert_eq!(drain(&spool), [row(0), row(2)]);
    assert_eq!(names(&folder, "bad").len(), 1);
    spool.append(rows(7..8).iter()).unwrap();
    drop(spool);
    let spool = Spool::open(&folder, 1 << 20).unwrap();
    assert_eq!(drain(&spool), rows(7..8), "what was set aside is not read again");
}

#[test]
fn a_full_spool_says_so_and_keeps_what_it_has() {
    let spool = Spool::open(&folder("full"), 1000).unwrap();
    spool.append(rows(0..2).iter()).unwrap();
    let error = spool.append(rows(2..9).iter()).unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Busy, "spool.full"));
    assert_eq!(drain(&spool), rows(0..2));
    spool.append(rows(2..3).iter()).unwrap();
    assert_eq!(drain(&spool), rows(2..3), "it takes messages again once there is room");
}

#[test]
fn a_vanished_folder_is_an_error_and_no_loss_of_what_comes_later() {
    let folder = folder("vanished");
    let spool = Spool::open(&folder, 1 << 20).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(spool.append(rows(0..1).iter()).unwrap_err().code(), "spool.full");
    fs::create_dir_all(&folder).unwrap();
    spool.append(rows(1..2).iter()).unwrap();
    assert_eq!(drain(&spool), rows(1..2));
}

#[test]
fn a_large_spool_is_cut_into_segments() {
    let folder = folder("large");
    let spool = Spool::open(&folder, 64 << 20).unwrap();
    let big = |n| Row { body: "x".repeat(3 << 20), ..row(n) };
    for n in 0..5 {
        spool.append([big(n)].iter()).unwrap();
    }
    assert_eq!(names(&folder, "seg").len(), 2);
    let ids: Vec<_> = drain(&spool).into_iter().map(|row| row.id.0).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4]);
}

#[test]
fn two_processes_do_not_share_a_spool() {
    let folder = folder("shared");
    let _first = Spool::open(&folder, 1000).unwrap();
    assert_eq!(Spool::open(&folder, 1000).unwrap_err().code(), "spool.locked");
}
