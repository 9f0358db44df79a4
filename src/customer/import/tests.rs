//! Files, good and bad.

use db::Conn;
use kernel::{Error, Timestamp};

use super::{Imported, Reading, csv, import};
use crate::{
    Asset, Belonging, Opportunity, Order, find_belonging,
    mirror::{Contact, FollowRecord, upsert_contact},
    test_db::{ctx, on_each_database, on_sqlite},
};

fn with_customer(conn: &mut Conn) {
    let follow = FollowRecord { userid: "li".into(), ..FollowRecord::default() };
    let contact = Contact {
        external_userid: "wm1".into(),
        name: "何燕".into(),
        phone: "13800000001".into(),
        follows: vec![follow],
        ..Contact::default()
    };
    upsert_contact(conn, &ctx(1), &contact, Timestamp(1)).unwrap();
}

fn take<T: Belonging>(conn: &mut Conn, file: &str, is_dry_run: bool) -> kernel::Result<Imported> {
    let reading = Reading { bytes: file.as_bytes(), zone_minutes: 480, is_dry_run };
    import::<T>(conn, &ctx(100), &reading, &|_conn, userid| Ok(userid == "li"))
}

fn problems(error: &Error) -> Vec<(&str, &str)> {
    error.fields().iter().map(|one| (one.path.as_str(), one.code)).collect()
}

#[test]
fn csv_is_read_as_spreadsheets_write_it() {
    let rows = csv::parse("\u{FEFF}a,\"b,\"\"c\"\"\"\r\n\"x\ny\",\r\n\r\nlast".as_bytes(), 9);
    let rows = rows.unwrap();
    let cells: Vec<_> = rows.iter().map(|row| (row.line, row.cells.join("|"))).collect();
    let expected = [(1, "a|b,\"c\""), (2, "x\ny|"), (5, "last")];
    assert_eq!(cells, expected.map(|(line, text)| (line, text.to_owned())));
    assert_eq!(csv::parse(b"a,\"b\nc", 9).unwrap_err().0, 1);
    assert!(csv::parse(&[0xC9, 0xE8, 0xB1, 0xB8], 9).unwrap_err().1.contains("UTF-8"));
    // Of a file without end no more is read than shows that it is too long.
    assert_eq!(csv::parse(&b"a\n".repeat(1_000), 9).unwrap().len(), 10);
    assert_eq!(csv::parse(&b" ,\n\n".repeat(1_000), 9).unwrap(), []);
}

#[test]
fn a_file_of_devices_is_tried_then_taken_then_nothing_new() {
    on_each_database("import_assets", |_db, conn| {
        with_customer(conn);
        let file = "序列号,客户,设备名称,型号,安装日期,参数：冷媒\n\
                    SN-1,13800000001,客厅空调,KFR-72LW,2025/6/1,R32\n\
                    SN-2,wm1,新风机,,,\n";
        let done = |created, changed, unchanged, is_dry_run| Imported {
            rows: 2,
            created,
            changed,
            unchanged,
            is_dry_run,
        };
        assert_eq!(take::<Asset>(conn, file, true).unwrap(), done(2, 0, 0, true));
        assert_eq!(find_belonging::<Asset>(conn, "SN-1").unwrap(), None, "it was only tried");
        assert_eq!(take::<Asset>(conn, file, false).unwrap(), done(2, 0, 0, false));
        let found = find_belonging::<Asset>(conn, "SN-1").unwrap().unwrap();
        assert_eq!(found.it.external_userid, "wm1", "found by his telephone number");
        assert_eq!(found.it.installed_on.as_deref(), Some("2025-06-01"));
        assert_eq!(found.it.values["冷媒"], "R32");
        let renamed = file.replace("新风机", "新风主机");
        assert_eq!(take::<Asset>(conn, &renamed, false).unwrap(), done(0, 1, 1, false));
    });
}

#[test]
fn money_times_and_lines_are_read_in_the_zone() {
    on_sqlite("import_orders", |_db, conn| {
        with_customer(conn);
        let file = "订单号,客户,订单名称,金额,下单时间,明细\n\
                    Q1,wm1,两台空调,\"¥8,098.50\",2026-06-01 9:30,空调 × 2 @ 3999；支架*2@50.25\n";
        take::<Order>(conn, file, false).unwrap();
        let order = find_belonging::<Order>(conn, "Q1").unwrap().unwrap().it;
        assert_eq!(order.amount_cents, 809_850);
        assert_eq!(order.ordered_at.to_string(), "2026-06-01T01:30:00.000000Z");
        let lines: Vec<_> =
            order.lines.iter().map(|one| (&*one.name, one.quantity, one.price_cents)).collect();
        assert_eq!(lines, [("空调", 2, 399_900), ("支架", 2, 5_025)]);
    });
}

#[test]
fn every_wrong_line_is_told_at_once_with_its_column() {
    on_sqlite("import_wrong", |_db, conn| {
        with_customer(conn);
        let file = "商机编号,客户,商机名称,金额,负责人,预计成交日期\n\
                    A1,wm1,好的一行,100,li,2026-12-01\n\
                    A2,wm404,换机,一万,nobody,2026-13-01\n\
                    A1,wm1,,1.234,,\n";
        let error = take::<Opportunity>(conn, file, false).unwrap_err();
        let mut found = problems(&error);
        found.sort_unstable();
        let expected = [
            ("rows[3].amount_cents", "malformed"),
            ("rows[3].expected_on", "malformed"),
            ("rows[3].external_userid", "unknown_customer"),
            ("rows[3].owner", "unknown_member"),
            ("rows[4].amount_cents", "malformed"),
            ("rows[4].key", "duplicate"),
            ("rows[4].title", "required"),
        ];
        assert_eq!(found, expected);
        let amount = error.fields().iter().find(|one| one.path == "rows[3].amount_cents").unwrap();
        assert!(amount.detail.starts_with("第 3 行「金额」：须是以元为单位"), "{}", amount.detail);
        let head = take::<Opportunity>(conn, "编号,客户,商机名称\nA,wm1,x\n", false).unwrap_err();
        let expected = [("rows[1]", "unknown_column"), ("rows[1]", "missing_column")];
        assert_eq!(problems(&head), expected);
        let empty = take::<Opportunity>(conn, "商机编号,客户,商机名称\n", false).unwrap_err();
        assert_eq!(problems(&empty), [("rows", "length")]);
    });
}
