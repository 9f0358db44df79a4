//! A place: latitude, longitude, how exact, in which coordinate system, and its name.

use serde_json::{Value, json};

use super::FieldKind;
use crate::{answer::Problem, template::Field};

/// The longest name of a place, in characters.
const LABEL_MAX: usize = 200;

pub(crate) struct Location;

impl FieldKind for Location {
    fn name(&self) -> &'static str {
        "location"
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Problem> {
        let degrees = |name: &str, most: f64| match value.get(name).and_then(Value::as_f64) {
            Some(degrees) if degrees.abs() <= most => Ok(degrees),
            Some(_) => {
                let detail = format!("{}的 {name} 须在 ±{most} 之间", field.label);
                Err(Problem::new(format!("{}.{name}", field.key), "out_of_range", detail))
            }
            None => {
                let detail = format!("{}缺少 {name}", field.label);
                Err(Problem::new(format!("{}.{name}", field.key), "required", detail))
            }
        };
        let (lat, lng) = (degrees("lat", 90.0)?, degrees("lng", 180.0)?);
        let system = value.get("system").and_then(Value::as_str).unwrap_or("gcj02");
        if !matches!(system, "gcj02" | "wgs84") {
            let detail = format!("{}的坐标系须是 gcj02 或 wgs84", field.label);
            return Err(Problem::new(format!("{}.system", field.key), "not_an_option", detail));
        }
        let label = value.get("label").and_then(Value::as_str).unwrap_or_default();
        let label = kernel::text::cut_chars(&kernel::text::clean(label), LABEL_MAX);
        let mut place = json!({"lat": lat, "lng": lng, "system": system, "label": label});
        let accuracy =
            value.get("accuracy").and_then(Value::as_f64).filter(|metres| *metres >= 0.0);
        if let (Some(metres), Some(map)) = (accuracy, place.as_object_mut()) {
            map.insert("accuracy".to_owned(), json!(metres));
        }
        Ok(place)
    }

    fn in_words(&self, _field: &Field, value: &Value) -> String {
        let label = value.get("label").and_then(Value::as_str).unwrap_or_default();
        let number = |name| value.get(name).and_then(Value::as_f64).unwrap_or_default();
        match label {
            "" => format!("{:.5}, {:.5}", number("lat"), number("lng")),
            label => label.to_owned(),
        }
    }
}
