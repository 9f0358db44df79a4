use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;
use crate::{
    template::{Branch, Choice, Reads},
    words::{Locale, Words},
};

/// A field of that kind, with the settings without which there is none.
fn field(kind: &str) -> Field {
    let plain = Field::new("f", kind, "字段", false);
    match kind {
        "single_select" | "multi_select" => {
            let options = [("low", "低"), ("mid", "中"), ("high", "高")];
            let options = options.map(|(value, label)| choice(value, label));
            Field { options: options.into(), ..plain }
        }
        "cascade" => Field { tree: vec![complaint()], ..plain },
        "table" => {
            let fault = Field::new("fault", "text", "故障", true);
            let hours =
                Field { unit: "小时".into(), ..Field::new("hours", "number", "工时", false) };
            let doer = Field::new("doer", "member", "人员", false);
            let photos = Field::new("photos", "images", "照片", false);
            Field { columns: vec![fault, hours, doer, photos], ..plain }
        }
        "formula" => Field { formula: Some(json!({"+": [1, 2]})), ..plain },
        "description" => Field { content: "请先断电".into(), ..plain },
        "serial_no" => Field { prefix: "BX-".into(), ..plain },
        _ => plain,
    }
}

fn choice(value: &str, label: &str) -> Choice {
    Choice { value: value.into(), label: label.into() }
}

fn branch(value: &str, label: &str, children: Vec<Branch>) -> Branch {
    Branch { value: value.into(), label: label.into(), children }
}

fn complaint() -> Branch {
    let dish = branch("dish", "菜品", vec![branch("cold", "太凉", vec![])]);
    branch("complaint", "投诉", vec![dish, branch("manner", "态度", vec![])])
}

fn kind(field: &Field) -> &'static dyn FieldKind {
    kind_of(&field.kind).unwrap()
}

/// What is given is stored so, and read so; what is stored is left as it is.
#[track_caller]
fn good_in(field: &Field, given: Value, stored: Value, words: &str) {
    let kind = kind(field);
    assert_eq!(kind.normalise(field, &given), Ok(stored.clone()), "{given}");
    assert_eq!(kind.normalise(field, &stored), Ok(stored.clone()), "{given} again");
    assert_eq!(kind.in_words(field, &stored), words);
    assert!(!kind.is_empty(&stored));
    assert!(!kind.cell(field, &stored, &Reader::default()).to_string().is_empty());
}

#[track_caller]
fn good(kind: &str, given: Value, stored: Value, words: &str) {
    good_in(&field(kind), given, stored, words);
}

#[track_caller]
fn bad_in(field: &Field, given: Value, expected: &[(&str, &str)]) {
    let problems = kind(field).normalise(field, &given).expect_err(&given.to_string());
    let found: Vec<_> = problems.iter().map(|one| (one.path.as_str(), one.code)).collect();
    assert_eq!(found, expected, "{given}");
    assert!(problems.iter().all(|one| !one.detail.is_empty()));
}

#[track_caller]
fn bad(kind: &str, given: Value, path: &str, code: &str) {
    bad_in(&field(kind), given, &[(path, code)]);
}

#[test]
fn the_registry_is_as_the_golden_file_says() {
    let describe = |kind: &&dyn FieldKind| {
        let parts = kind.parts(&field(kind.name())).into_iter();
        let parts: BTreeMap<_, _> = parts.map(|(part, ty)| (part, ty.name())).collect();
        let settings: Vec<_> = kind.settings().iter().map(|one| one.name()).collect();
        json!({
            "kind": kind.name(),
            "label": kind.label(),
            "source": kind.source().name(),
            "type": kind.rule_type().name(),
            "parts": parts,
            "settings": settings,
        })
    };
    let kinds: Vec<_> = FIELDS.iter().map(describe).collect();
    let lines: Vec<_> = kinds.iter().map(|kind| format!("  {kind}")).collect();
    let printed = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/fields.json");
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(golden == printed, "tests/golden/fields.json should be:\n{printed}");
}

#[test]
fn there_are_31_types_with_names_of_their_own() {
    let names: BTreeSet<_> = FIELDS.iter().map(|kind| kind.name()).collect();
    let labels: BTreeSet<_> = FIELDS.iter().map(|kind| kind.label()).collect();
    assert_eq!((names.len(), labels.len(), FIELDS.len()), (31, 31, 31));
    assert!(kind_of("location").is_some() && kind_of("colour").is_none());
    assert!(kind_of(crate::SECTION).is_none());
}

#[test]
fn no_type_falls_over_what_it_did_not_expect() {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("\u{0}"),
        json!([]),
        json!({}),
        json!([[]]),
        json!([{}]),
        json!([null]),
        json!({"rows": null}),
        json!({"rows": [{}]}),
        json!({"start": 1}),
        json!({"region": {}}),
    ];
    for kind in FIELDS {
        let field = field(kind.name());
        assert_eq!(kind.problems(&field), [], "{}", kind.name());
        for value in &odd {
            if let Ok(stored) = kind.normalise(&field, value) {
                assert_eq!(kind.normalise(&field, &stored), Ok(stored.clone()), "{value}");
            }
            kind.in_words(&field, value);
            kind.cell(&field, value, &Reader::default());
            kind.compare(&field, value, &json!("a"));
            kind.refers(&field, value, &mut Vec::new());
            for (part, ty) in kind.parts(&field) {
                let _either = kind.part(value, &part, ty);
            }
        }
    }
}

#[test]
fn text_is_cleaned_and_counted() {
    good("text", json!(" 空调\n坏了\u{0} "), json!("空调 坏了"), "空调 坏了");
    good("textarea", json!("一\r\n二"), json!("一\n二"), "一\n二");
    bad("text", json!(5), "f", "wrong_type");
    bad("text", json!("长".repeat(201)), "f", "too_long");
    bad("textarea", json!("长".repeat(5_001)), "f", "too_long");
    let code = Field { min: Some(3), max: Some(4), ..field("text") };
    good_in(&code, json!("😀😀😀"), json!("😀😀😀"), "😀😀😀");
    bad_in(&code, json!("ab"), &[("f", "too_short")]);
    bad_in(&code, json!("abcde"), &[("f", "too_long")]);
}

#[test]
fn a_number_is_exact_and_within_its_bounds() {
    good("number", json!(1.50), json!(1.5), "1.5");
    good("number", json!(-3.0), json!(-3), "-3");
    good("number", json!(0), json!(0), "0");
    bad("number", json!("1"), "f", "wrong_type");
    bad("number", json!(0.1 + 0.2), "f", "too_precise");
    bad("number", json!(0.000_000_1), "f", "too_precise");
    let (lowest, highest) = (Some(json!(0.5)), Some(json!(24)));
    let hours = Field { scale: Some(1), unit: "小时".into(), lowest, highest, ..field("number") };
    good_in(&hours, json!(24), json!(24), "24 小时");
    good_in(&hours, json!(0.5), json!(0.5), "0.5 小时");
    bad_in(&hours, json!(1.25), &[("f", "too_precise")]);
    bad_in(&hours, json!(0.4), &[("f", "out_of_range")]);
    bad_in(&hours, json!(24.1), &[("f", "out_of_range")]);
}

#[test]
fn money_is_whole_fen_and_not_negative_unless_said() {
    good("money", json!(1250), json!(1250), "¥12.50");
    good("money", json!(1250.0), json!(1250), "¥12.50");
    good("money", json!(10_000_000_000_000_i64), json!(10_000_000_000_000_i64), "¥100000000000.00");
    bad("money", json!(12.5), "f", "too_precise");
    bad("money", json!(-1), "f", "out_of_range");
    bad("money", json!(10_000_000_000_001_i64), "f", "out_of_range");
    bad("money", json!("12.50"), "f", "wrong_type");
    let refund = Field { lowest: Some(json!(-500)), highest: Some(json!(0)), ..field("money") };
    good_in(&refund, json!(-500), json!(-500), "-¥5.00");
    bad_in(&refund, json!(-501), &[("f", "out_of_range")]);
    bad_in(&refund, json!(1), &[("f", "out_of_range")]);
    let money = field("money");
    assert_eq!(kind(&money).cell(&money, &json!(5), &Reader::default()), Cell::Money(5));
}

#[test]
fn a_choice_is_one_of_its_options() {
    good("single_select", json!("mid"), json!("mid"), "中");
    bad("single_select", json!("中"), "f", "not_an_option");
    bad("single_select", json!(["mid"]), "f", "wrong_type");
    good("multi_select", json!(["high", "low"]), json!(["low", "high"]), "低、高");
    bad("multi_select", json!("low"), "f", "wrong_type");
    bad("multi_select", json!(["low", "low"]), "f", "duplicate");
    let two = Field { min: Some(2), max: Some(2), ..field("multi_select") };
    bad_in(&two, json!(["low"]), &[("f", "too_few")]);
    bad_in(&two, json!(["low", "mid", "high"]), &[("f", "too_many")]);
    let expected = [("f[0]", "not_an_option"), ("f[2]", "not_an_option")];
    bad_in(&field("multi_select"), json!(["x", "low", 1]), &expected);
}

#[test]
fn choices_stand_in_the_order_of_their_options() {
    let field = field("single_select");
    let mut values = [json!("high"), json!("low"), json!("mid")];
    values.sort_by(|left, right| kind(&field).compare(&field, left, right));
    assert_eq!(values, [json!("low"), json!("mid"), json!("high")]);
}

#[test]
fn numbers_dates_and_truths_stand_in_their_order() {
    let sorted = |name: &str, values: &[Value]| {
        let field = field(name);
        values.is_sorted_by(|left, right| kind(&field).compare(&field, left, right).is_lt())
    };
    assert!(sorted("number", &[json!(-1), json!(2), json!(9.5), json!(10)]));
    assert!(sorted("money", &[json!(9), json!(10), json!(100)]));
    assert!(sorted("date", &[json!("2025-12-31"), json!("2026-01-01")]));
    assert!(sorted("switch", &[json!(false), json!(true)]));
    assert!(sorted("text", &[json!("a"), json!("b")]));
    assert!(sorted(
        "date_range",
        &[
            json!({"start": "2026-01-01", "end": "2026-01-02"}),
            json!({"start": "2026-01-02", "end": "2026-01-02"})
        ]
    ));
}

#[test]
fn a_cascade_is_a_path_of_its_tree() {
    let path = json!(["complaint", "dish", "cold"]);
    good("cascade", path.clone(), path, "投诉 / 菜品 / 太凉");
    good("cascade", json!(["complaint", "manner"]), json!(["complaint", "manner"]), "投诉 / 态度");
    bad("cascade", json!(["complaint", "dish"]), "f", "incomplete");
    bad("cascade", json!(["complaint", "cold"]), "f[1]", "not_an_option");
    bad("cascade", json!(["complaint", "manner", "cold"]), "f[2]", "not_an_option");
    bad("cascade", json!("complaint"), "f", "wrong_type");
    bad("cascade", json!(["complaint", 1]), "f", "wrong_type");
    let any = Field { any_level: true, ..field("cascade") };
    good_in(&any, json!(["complaint"]), json!(["complaint"]), "投诉");
}

#[test]
fn a_switch_is_yes_or_no_and_a_no_is_an_answer() {
    good("switch", json!(true), json!(true), "是");
    good("switch", json!(false), json!(false), "否");
    bad("switch", json!("true"), "f", "wrong_type");
    bad("switch", json!(1), "f", "wrong_type");
}

#[test]
fn a_rating_has_whole_stars() {
    good("rating", json!(5), json!(5), "5 / 5");
    good_in(&Field { max: Some(10), ..field("rating") }, json!(7.0), json!(7), "7 / 10");
    for wrong in [json!(0), json!(6), json!(2.5), json!(-1)] {
        bad("rating", wrong, "f", "out_of_range");
    }
    bad("rating", json!("5"), "f", "wrong_type");
}

#[test]
fn a_date_is_of_the_calendar_and_within_its_bounds() {
    good("date", json!(" 2024-02-29 "), json!("2024-02-29"), "2024-02-29");
    bad("date", json!("2023-02-29"), "f", "malformed");
    bad("date", json!("2026/11/22"), "f", "malformed");
    bad("date", json!("0226-11-22"), "f", "out_of_range");
    bad("date", json!(20_261_122), "f", "wrong_type");
    let (lowest, highest) = (Some(json!("2026-01-01")), Some(json!("2026-12-31")));
    let this_year = Field { lowest, highest, ..field("date") };
    good_in(&this_year, json!("2026-12-31"), json!("2026-12-31"), "2026-12-31");
    bad_in(&this_year, json!("2025-12-31"), &[("f", "out_of_range")]);
    bad_in(&this_year, json!("2027-01-01"), &[("f", "out_of_range")]);
}

#[test]
fn a_time_is_kept_in_utc_and_read_on_the_wall() {
    let stored = json!("2026-11-22T07:04:00Z");
    good("datetime", json!("2026-11-22T15:04:00+08:00"), stored.clone(), "2026-11-22 15:04");
    bad("datetime", json!("2026-11-22 15:04"), "f", "malformed");
    bad("datetime", json!("1800-01-01T00:00:00Z"), "f", "out_of_range");
    bad("datetime", json!(1_700_000_000), "f", "wrong_type");
    let (field, reader) = (field("datetime"), Reader { zone_minutes: 0, ..Reader::default() });
    assert_eq!(kind(&field).words(&field, &stored, &reader), "2026-11-22 07:04");
}

#[test]
fn a_span_of_days_does_not_end_before_it_starts() {
    let one_day = json!({"start": "2026-11-22", "end": "2026-11-22"});
    good("date_range", one_day.clone(), one_day, "2026-11-22 至 2026-11-22");
    let span = |start: &str, end: &str| json!({"start": start, "end": end});
    bad("date_range", span("2026-11-23", "2026-11-22"), "f.end", "out_of_order");
    bad("date_range", span("2026-11-31", "2026-12-01"), "f.start", "malformed");
    bad("date_range", json!({"start": "2026-11-22"}), "f.end", "required");
    bad("date_range", json!("2026-11-22"), "f", "wrong_type");
    let extra = json!({"start": "2026-11-22", "end": "2026-11-22", "days": 1});
    bad("date_range", extra, "f.days", "unknown_field");
}

#[test]
fn a_person_has_one_telephone_number() {
    for given in
        ["138 0013 8000", "+86-138-0013-8000", "0086 13800138000", "１３８００１３８０００"]
    {
        good("phone", json!(given), json!("13800138000"), "13800138000");
    }
    good("phone", json!("020-8765 4321"), json!("02087654321"), "02087654321");
    good("phone", json!("+852 9123 4567"), json!("+85291234567"), "+85291234567");
    good("phone", json!("95588"), json!("95588"), "95588");
    for wrong in ["12345678901", "1380013800a", "1234", "+", "++8613800138000", "1234567890123456"]
    {
        bad("phone", json!(wrong), "f", "malformed");
    }
    bad("phone", json!(13_800_138_000_i64), "f", "wrong_type");
}

#[test]
fn an_email_address_can_be_written_to() {
    good(
        "email",
        json!(" Li.Si+a@Mail.Example.COM "),
        json!("Li.Si+a@mail.example.com"),
        "Li.Si+a@mail.example.com",
    );
    for wrong in [
        "li",
        "li@",
        "@a.cn",
        "li@a",
        "li@a..cn",
        "li..si@a.cn",
        "li@-a.cn",
        "李@a.cn",
        "a@b@c.cn",
        "li si@a.cn",
    ] {
        bad("email", json!(wrong), "f", "malformed");
    }
    bad("email", json!(format!("{}@a.cn", "x".repeat(65))), "f", "malformed");
}

#[test]
fn an_address_has_a_region_and_the_rest() {
    let given = json!({"region": ["广东省", " 广州市 "], "detail": " 天河路 1 号 "});
    let stored = json!({"region": ["广东省", "广州市"], "detail": "天河路 1 号"});
    good("address", given, stored, "广东省广州市 天河路 1 号");
    good("address", json!({"detail": "x"}), json!({"region": [], "detail": "x"}), "x");
    bad("address", json!("广州"), "f", "wrong_type");
    bad("address", json!({"region": "广州"}), "f.region", "wrong_type");
    bad("address", json!({"region": ["a", "b", "c", "d", "e"]}), "f.region", "wrong_type");
    bad("address", json!({"region": ["a", 1]}), "f.region[1]", "malformed");
    bad("address", json!({"detail": "x".repeat(301)}), "f.detail", "too_long");
    bad("address", json!({"detail": "x", "zip": "510000"}), "f.zip", "unknown_field");
    let must = Field { required: true, ..field("address") };
    bad_in(&must, json!({"detail": "x"}), &[("f.region", "required")]);
    let city = branch("4401", "广州市", vec![]);
    let tree = vec![branch("44", "广东省", vec![city])];
    let chosen = Field { tree, ..field("address") };
    let stored = json!({"region": ["44", "4401"], "detail": ""});
    good_in(&chosen, json!({"region": ["44", "4401"]}), stored, "广东省广州市");
    bad_in(&chosen, json!({"region": ["44", "31"]}), &[("f.region[1]", "not_an_option")]);
    assert!(kind(&chosen).is_empty(&json!({"region": [], "detail": " "})));
}

#[test]
fn a_place_is_on_the_earth() {
    let stored =
        json!({"lat": 23.1291631, "lng": -0.5, "system": "wgs84", "label": "", "accuracy": 15.5});
    let given = json!({"lat": 23.129_163_149, "lng": -0.5, "system": "wgs84", "accuracy": 15.5});
    good("location", given, stored, "23.12916, -0.50000（WGS-84，误差约 16 米）");
    let pole = json!({"lat": -90, "lng": 180, "label": "南极"});
    good(
        "location",
        pole,
        json!({"lat": -90.0, "lng": 180.0, "system": "gcj02", "label": "南极"}),
        "南极",
    );
    bad("location", json!({"lat": 90.1, "lng": 0}), "f.lat", "out_of_range");
    bad("location", json!({"lat": 0, "lng": -180.5}), "f.lng", "out_of_range");
    bad("location", json!({"lat": 0}), "f.lng", "required");
    bad("location", json!({"lat": "23", "lng": 0}), "f.lat", "required");
    bad("location", json!({"lat": 0, "lng": 0, "system": "bd09"}), "f.system", "not_an_option");
    bad("location", json!("广州"), "f.lat", "required");
}

#[test]
fn files_are_named_by_their_ids() {
    good("images", json!(["7", "8"]), json!(["7", "8"]), "2 张图片");
    good("attachments", json!(["7"]), json!(["7"]), "1 个附件");
    good("signature", json!("7"), json!("7"), "已签名");
    bad("images", json!("7"), "f", "wrong_type");
    bad("attachments", json!(["7", "../etc"]), "f[1]", "wrong_type");
    bad("signature", json!("-7"), "f", "wrong_type");
    bad("signature", json!(["7"]), "f", "wrong_type");
    bad_in(&Field { max: Some(1), ..field("images") }, json!(["1", "2"]), &[("f", "too_many")]);
    bad_in(&Field { min: Some(2), ..field("attachments") }, json!(["1"]), &[("f", "too_few")]);
    bad("images", json!(vec!["1"; 31]), "f", "too_many");
}

#[test]
fn a_reference_is_an_id() {
    good("member", json!("ZhangSan"), json!("zhangsan"), "zhangsan");
    good("department", json!("12"), json!("12"), "12");
    good("customer", json!("wmABC_-1"), json!("wmABC_-1"), "wmABC_-1");
    for name in ["asset", "opportunity", "order"] {
        good(name, json!(" A-17 "), json!("A-17"), "A-17");
        bad(name, json!("A 17"), "f", "malformed");
        bad(name, json!(17), "f", "wrong_type");
    }
    bad("member", json!("张三"), "f", "malformed");
    bad("department", json!("sales"), "f", "malformed");
    bad("customer", json!("x".repeat(65)), "f", "malformed");
}

#[test]
fn priced_rows_reckon_their_amounts_and_their_total() {
    let given = json!({"rows": [
        {"name": "上门检测", "quantity": 1, "price": 5000, "amount": 1},
        {"name": "铜管", "code": "P-7", "unit": "米", "quantity": 2.5, "price": 3333},
    ], "total": 2});
    let stored = json!({"rows": [
        {"name": "上门检测", "quantity": 1, "price": 5000, "amount": 5000},
        {"name": "铜管", "code": "P-7", "unit": "米", "quantity": 2.5, "price": 3333, "amount": 8333},
    ], "total": 13333});
    good("items", given, stored.clone(), "上门检测 ×1、铜管 ×2.5 米，合计 ¥133.33");
    let parts = field("parts");
    assert_eq!(kind(&parts).cell(&parts, &stored, &Reader::default()), Cell::Money(13_333));
    assert_eq!(kind(&parts).part(&stored, "count", Type::Number), Ok(Datum::count(2)));
    let row = |row: Value| json!({"rows": [row]});
    let wrong = [("f.rows[0].quantity", "out_of_range"), ("f.rows[0].price", "too_precise")];
    bad_in(&parts, row(json!({"name": "a", "quantity": 0, "price": 0.5})), &wrong);
    let short = [
        ("f.rows[0].name", "required"),
        ("f.rows[0].quantity", "required"),
        ("f.rows[0].price", "required"),
    ];
    bad_in(&parts, row(json!({})), &short);
    bad(
        "items",
        row(json!({"name": "a", "quantity": 1, "price": -1})),
        "f.rows[0].price",
        "out_of_range",
    );
    bad(
        "items",
        row(json!({"name": "a", "quantity": 0.0001, "price": 1})),
        "f.rows[0].quantity",
        "too_precise",
    );
    bad(
        "items",
        row(json!({"name": "a", "quantity": 1, "price": 1, "colour": 1})),
        "f.rows[0].colour",
        "unknown_field",
    );
    bad(
        "items",
        row(json!({"name": 1, "quantity": 1, "price": 1})),
        "f.rows[0].name",
        "wrong_type",
    );
    bad(
        "items",
        row(json!({"name": "a", "quantity": 999_999_999, "price": 9_999_999_999_i64})),
        "f.rows[0].amount",
        "out_of_range",
    );
    bad("items", json!([]), "f", "wrong_type");
    bad("items", json!({"rows": [1]}), "f.rows[0]", "wrong_type");
    let much = json!({"name": "a", "quantity": 1, "price": 9_000_000_000_000_i64});
    bad("items", json!({"rows": [much, much]}), "f.total", "out_of_range");
    assert!(kind(&parts).is_empty(&json!({"rows": [], "total": 0})));
}

#[test]
fn a_table_checks_every_cell() {
    let given = json!([{"fault": " 灯具 ", "hours": 2, "doer": "LiSi"}, {"fault": "线路", "hours": 1.5, "photos": ["9"]}]);
    let stored = json!([{"fault": "灯具", "hours": 2, "doer": "lisi"}, {"fault": "线路", "hours": 1.5, "photos": ["9"]}]);
    good("table", given, stored.clone(), "灯具 2 小时 lisi；线路 1.5 小时 1 张图片");
    let table = field("table");
    let sum = kind(&table).part(&stored, "sum.hours", Type::Number).unwrap();
    assert_eq!(sum, Datum::read(Type::Number, Some(&json!(3.5))).unwrap());
    let mut found = Vec::new();
    kind(&table).refers(&table, &stored, &mut found);
    let found: Vec<_> =
        found.iter().map(|one| (one.path.as_str(), one.what, one.id.as_str())).collect();
    assert_eq!(
        found,
        [("f[0].doer", Referred::Member, "lisi"), ("f[1].photos[0]", Referred::File, "9")]
    );
    let wrong = json!([{"hours": "2", "doer": "li si"}, 5, {"fault": "x", "colour": 1}, {}]);
    bad_in(
        &table,
        wrong,
        &[
            ("f[0].fault", "required"),
            ("f[0].hours", "wrong_type"),
            ("f[0].doer", "malformed"),
            ("f[1]", "wrong_type"),
            ("f[2].colour", "unknown_field"),
            ("f[3].fault", "required"),
        ],
    );
    bad_in(
        &Field { max: Some(1), ..table.clone() },
        json!([{"fault": "a"}, {"fault": "b"}]),
        &[("f", "too_many")],
    );
    let loose = Field { columns: vec![Field::new("a", "text", "甲", false)], ..table };
    bad_in(&loose, json!([{"a": "x"}, {"a": " "}]), &[("f[1]", "required")]);
}

#[test]
fn a_computed_number_is_rounded_to_its_digits() {
    good("formula", json!(1.005), json!(1.01), "1.01");
    let hours = Field { scale: Some(0), unit: "次".into(), ..field("formula") };
    good_in(&hours, json!(2.5), json!(3), "3 次");
    let money = Field { reads: Reads::Money, ..field("formula") };
    good_in(&money, json!(1249.5), json!(1250), "¥12.50");
    assert_eq!(kind(&money).cell(&money, &json!(1250), &Reader::default()).to_string(), "12.50");
    bad("formula", json!("1"), "f", "wrong_type");
}

#[test]
fn nobody_answers_a_description_and_a_serial_number_is_issued() {
    bad("description", json!("x"), "f", "wrong_type");
    assert_eq!(kind_of("description").unwrap().source(), Source::Nothing);
    let serial = field("serial_no");
    assert_eq!(serial_number(&serial, "2026-11-22", 7), "BX-20261122-0007");
    good_in(&serial, json!("BX-20261122-0007"), json!("BX-20261122-0007"), "BX-20261122-0007");
    bad("serial_no", json!("x".repeat(65)), "f", "malformed");
    assert_eq!(kind(&serial).source(), Source::Issued);
}

#[test]
fn each_reader_reads_answers_in_his_language() {
    let label: Words = serde_json::from_value(json!({"zh-CN": "高", "en": "High"})).unwrap();
    let options = vec![Choice { value: "high".into(), label }];
    let english = Reader { locale: Locale::En, ..Reader::default() };
    let field = Field { options, ..field("single_select") };
    assert_eq!(kind(&field).words(&field, &json!("high"), &english), "High");
    assert_eq!(kind(&field).in_words(&field, &json!("high")), "高");
    let switch = super::tests::field("switch");
    assert_eq!(kind(&switch).words(&switch, &json!(true), &english), "Yes");
}

#[test]
fn what_is_written_in_a_conversation_becomes_an_answer_or_is_refused_in_the_types_own_words() {
    let options = vec![choice("cold", "冷饮"), choice("hot", "热饮")];
    let choice = Field { options: options.clone(), ..field("single_select") };
    let many = Field { options, ..field("multi_select") };
    let read = |field: &Field, text: &str| {
        let value = kind(field).read(field, text, &Reader::default());
        value.map(|value| kind(field).normalise(field, &value).map_err(|found| found[0].code))
    };
    for (field, text, stored) in [
        (field("text"), "漏水", json!("漏水")),
        (field("number"), "12.5", json!(12.5)),
        (field("money"), "￥1,280.50", json!(128_050)),
        (field("money"), "100000.01元", json!(10_000_001)),
        (field("switch"), "否", json!(false)),
        (field("date"), "2026年1月5日", json!("2026-01-05")),
        (field("date"), "2026/11/23", json!("2026-11-23")),
        (field("datetime"), "2026-11-23 15:00", json!("2026-11-23T07:00:00Z")),
        (field("datetime"), "2026年1月5日 09:30", json!("2026-01-05T01:30:00Z")),
        (choice.clone(), "冷饮", json!("cold")),
        (choice.clone(), "cold", json!("cold")),
        (many, "热饮、冷饮", json!(["cold", "hot"])),
        (
            field("address"),
            "广东省 广州市 体育西路 1 号",
            json!({"region": ["广东省", "广州市"], "detail": "体育西路 1 号"}),
        ),
    ] {
        assert_eq!(read(&field, text), Some(Ok(stored)), "{}: {text}", field.kind);
    }
    for (field, text, code) in [
        (field("number"), "十二", "wrong_type"),
        (field("money"), "1.234", "too_precise"),
        (field("money"), "很多", "wrong_type"),
        (field("switch"), "也许", "wrong_type"),
        (field("date"), "明天", "malformed"),
        (field("datetime"), "明天三点", "malformed"),
        (choice, "温饮", "not_an_option"),
    ] {
        assert_eq!(read(&field, text), Some(Err(code)), "{}: {text}", field.kind);
    }
    for kind in ["images", "signature", "table", "items", "location"] {
        assert_eq!(read(&field(kind), "有"), None, "no text is one: {kind}");
    }
}
