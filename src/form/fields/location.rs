//! A place: latitude, longitude, how exact, in which coordinate system, and its name.

use serde_json::{Value, json};

use super::{FieldKind, refuse};
use crate::{
    answer::Problem,
    rules::Type,
    template::Field,
    words::{Locale, Reader},
};

/// The longest name of a place, in characters.
const LABEL_MAX: usize = 200;
/// Degrees are kept to seven digits after the point, a centimetre: what a receiver adds is noise.
const PER_DEGREE: f64 = 1e7;
/// The least exact place that is one: half the way around the earth, in metres.
const ACCURACY_MAX: f64 = 20_000_000.0;

pub(crate) struct Location;

fn degrees(field: &Field, value: &Value, name: &str, most: f64) -> Result<f64, Vec<Problem>> {
    let path = format!("{}.{name}", field.key);
    match value.get(name).and_then(Value::as_f64) {
        Some(degrees) if degrees.abs() <= most => {
            // Adding nothing makes a negative zero a plain one.
            Ok((degrees * PER_DEGREE).round() / PER_DEGREE + 0.0)
        }
        Some(_) => {
            let detail = format!("{}的 {name} 须在 ±{most} 之间", field.label);
            refuse(path, "out_of_range", detail)
        }
        None => refuse(path, "required", format!("{}缺少 {name}", field.label)),
    }
}

impl FieldKind for Location {
    fn name(&self) -> &'static str {
        "location"
    }

    fn label(&self) -> &'static str {
        "位置"
    }

    fn rule_type(&self) -> Type {
        Type::Object
    }

    fn parts(&self, _field: &Field) -> Vec<(String, Type)> {
        [
            ("lat", Type::Number),
            ("lng", Type::Number),
            ("system", Type::Text),
            ("label", Type::Text),
        ]
        .map(|(part, ty)| (part.to_owned(), ty))
        .into()
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let lat = degrees(field, value, "lat", 90.0)?;
        let lng = degrees(field, value, "lng", 180.0)?;
        // Phones call it `coords`.
        let told = value.get("system").or_else(|| value.get("coords"));
        let system = told.and_then(Value::as_str).unwrap_or("gcj02");
        if !matches!(system, "gcj02" | "wgs84") {
            let detail = format!("{}的坐标系须是 gcj02 或 wgs84", field.label);
            return refuse(format!("{}.system", field.key), "not_an_option", detail);
        }
        let label = value.get("label").and_then(Value::as_str).unwrap_or_default();
        let label = kernel::text::cut_chars(&kernel::text::clean(label), LABEL_MAX);
        let mut place = json!({"lat": lat, "lng": lng, "system": system, "label": label});
        let is_accuracy = |metres: &f64| (0.0..=ACCURACY_MAX).contains(metres);
        let accuracy = value.get("accuracy").and_then(Value::as_f64).filter(is_accuracy);
        if let (Some(metres), Some(map)) = (accuracy, place.as_object_mut()) {
            map.insert("accuracy".to_owned(), json!(metres));
        }
        Ok(place)
    }

    fn words(&self, _field: &Field, value: &Value, reader: &Reader) -> String {
        let label = value.get("label").and_then(Value::as_str).unwrap_or_default();
        let number = |name| value.get(name).and_then(Value::as_f64).unwrap_or_default();
        let place = match label {
            "" => format!("{:.5}, {:.5}", number("lat"), number("lng")),
            label => label.to_owned(),
        };
        let Some(metres) = value.get("accuracy").and_then(Value::as_f64) else { return place };
        let system = match value.get("system").and_then(Value::as_str) {
            Some("wgs84") => "WGS-84",
            _ => "GCJ-02",
        };
        match reader.locale {
            Locale::En => format!("{place} ({system}, within {metres:.0} m)"),
            Locale::ZhCn => format!("{place}（{system}，误差约 {metres:.0} 米）"),
            Locale::ZhHk => format!("{place}（{system}，誤差約 {metres:.0} 米）"),
        }
    }
}
