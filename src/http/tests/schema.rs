//! Holds an answer against the OpenAPI document: as much of JSON Schema as the document uses, and
//! stricter than that: a property that the document does not know is a mistake.

use reqwest::Method;
use serde_json::{Map, Value};

use super::desk::Told;

fn document() -> Value {
    serde_json::from_str(&crate::openapi()).unwrap()
}

/// Checks an answer of the API. Addresses that the document does not know must be refused.
pub(super) fn check(path: &str, method: &Method, told: &Told) {
    let document = document();
    let Some(operation) = find(&document, path, method) else {
        assert!(told.status.is_client_error() || told.status.is_server_error(), "{method} {path}");
        return;
    };
    let responses = &operation["responses"];
    let response = match &responses[told.status.as_str()] {
        Value::Null => &responses["default"],
        known => known,
    };
    let Some(content) = response.get("content") else {
        assert!(told.bytes.is_empty(), "{method} {path} answers more than is documented");
        return;
    };
    let kind = told.header("content-type");
    let schema = content.get(kind).and_then(|content| content.get("schema"));
    if let Some(schema) = schema.filter(|schema| schema["format"] != "binary") {
        validate(&document, schema, &told.json(), &format!("{method} {path}"));
    } else {
        assert!(content.get("application/octet-stream").is_some(), "{method} {path} gives {kind}");
    }
}

fn find<'d>(document: &'d Value, path: &str, method: &Method) -> Option<&'d Value> {
    let method = method.as_str().to_lowercase();
    let fits = |template: &str| {
        let (template, path) = (template.split('/'), path.split('/'));
        template.clone().count() == path.clone().count()
            && template.zip(path).all(|(part, given)| part == given || part.starts_with('{'))
    };
    let paths = document["paths"].as_object().unwrap();
    let known = paths.iter().find(|(path, _item)| fits(path.trim_start_matches("/api/v1")));
    known.and_then(|(_path, item)| item.get(&method))
}

fn validate(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).expect(reference);
        return validate(document, target, value, at);
    }
    if let Some(some) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        let fits = |one: &&Value| one["type"] == "null" && value.is_null();
        if some.iter().any(|one| fits(&one)) {
            return;
        }
        let one = some.iter().find(|one| one["type"] != "null").expect("more than null");
        return validate(document, one, value, at);
    }
    if let Some(all) = schema["allOf"].as_array() {
        return validate(document, &merged(document, all), value, at);
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::Null => return,
        one => vec![one.clone()],
    };
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{at}: the document uses {other}"),
    };
    assert!(types.iter().any(is), "{at}: {value} is not {types:?}");
    if let (Some(known), false) = (schema["enum"].as_array(), value.is_null()) {
        assert!(known.contains(value), "{at}: {value} is none of {known:?}");
    }
    if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str()) {
        let read: Result<kernel::Timestamp, _> = serde_json::from_value(text.into());
        assert!(read.is_ok(), "{at}: {text} is no time");
    }
    if let Some(items) = value.as_array() {
        for (n, item) in items.iter().enumerate() {
            validate(document, &schema["items"], item, &format!("{at}[{n}]"));
        }
    }
    if let (Some(object), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        properties(document, schema, (object, known), at);
    }
}

/// One object that has the properties of several.
fn merged(document: &Value, all: &[Value]) -> Value {
    let (mut known, mut required) = (Map::new(), Vec::new());
    for one in all {
        let one = match one["$ref"].as_str() {
            Some(reference) => {
                document.pointer(reference.trim_start_matches('#')).expect(reference)
            }
            None => one,
        };
        let own = one["properties"].as_object().expect("only objects are merged");
        known.extend(own.iter().map(|(name, schema)| (name.clone(), schema.clone())));
        required.extend(one["required"].as_array().into_iter().flatten().cloned());
    }
    serde_json::json!({ "type": "object", "properties": known, "required": required })
}

fn properties(
    document: &Value,
    schema: &Value,
    (object, known): (&Map<String, Value>, &Map<String, Value>),
    at: &str,
) {
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(object.contains_key(required.as_str().unwrap()), "{at}: {required} is missing");
    }
    for (name, value) in object {
        let schema = known.get(name).unwrap_or_else(|| panic!("{at}: {name} is not documented"));
        validate(document, schema, value, &format!("{at}.{name}"));
    }
}
