//! What fits which field.

use form::{Choice, Field};
use serde_json::json;

use super::{of_asset, of_place};
use customer::{Asset, Place};

fn campus() -> Place {
    Place {
        kind: "campus".into(),
        key: "c2".into(),
        name: "城西校区".into(),
        values: [("region".to_owned(), json!("华东/杭州"))].into(),
    }
}

fn choice(options: [(&str, &str); 2]) -> Field {
    let option = |(value, label): (&str, &str)| Choice { value: value.into(), label: label.into() };
    Field {
        options: options.map(option).into(),
        ..Field::new("campus", "single_select", "校区", true)
    }
}

#[test]
fn a_place_answers_the_field_of_its_kind_by_name_or_key() {
    let text = Field::new("campus", "text", "校区", true);
    assert_eq!(of_place(&text, &campus()), Some(json!("城西校区")));
    let by_label = choice([("east", "城东校区"), ("west", "城西校区")]);
    assert_eq!(of_place(&by_label, &campus()), Some(json!("west")));
    let by_key = choice([("c1", "一校"), ("c2", "二校")]);
    assert_eq!(of_place(&by_key, &campus()), Some(json!("c2")));
    let neither = choice([("c8", "八校"), ("c9", "九校")]);
    assert_eq!(of_place(&neither, &campus()), None, "what is no option is no answer");
    let region = Field::new("region", "text", "区域", false);
    assert_eq!(of_place(&region, &campus()), Some(json!("华东/杭州")));
    assert_eq!(of_place(&Field::new("store", "text", "门店", false), &campus()), None);
}

#[test]
fn a_device_answers_what_is_asked_of_it() {
    let asset = Asset {
        serial_no: "SN-1".into(),
        external_userid: "wm1".into(),
        model: "KFR-72LW".into(),
        name: "客厅空调".into(),
        installed_on: Some("2025-06-01".into()),
        values: [("冷媒".to_owned(), "R32".to_owned())].into(),
        ..Asset::default()
    };
    let asked =
        |key: &str, kind: &str, label: &str| of_asset(&Field::new(key, kind, label, false), &asset);
    assert_eq!(asked("which", "asset", "设备"), Some(json!("SN-1")));
    assert_eq!(asked("device_model", "text", "型号"), Some(json!("KFR-72LW")));
    assert_eq!(asked("installed_on", "date", "安装日期"), Some(json!("2025-06-01")));
    assert_eq!(asked("refrigerant", "text", "冷媒"), Some(json!("R32")));
    assert_eq!(asked("site", "text", "位置"), None, "nobody knows where it stands");
    assert_eq!(asked("title", "text", "标题"), None);
}
