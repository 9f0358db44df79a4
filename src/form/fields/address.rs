//! A postal address: the region, level by level, and the rest of it.

use serde_json::{Value, json};

use super::{
    FieldKind, Setting,
    cascade::{labels, path_in, tree_problems},
    each_row, is_empty, object, only, refuse,
};
use crate::{answer::Problem, rules::Type, template::Field, words::Reader};

/// The most levels of a region that is not chosen from a tree: province, city, district, street.
const LEVELS_MAX: usize = 4;
/// The longest name of a region, in characters.
const REGION_MAX: usize = 50;
/// The longest rest of an address, in characters.
const DETAIL_MAX: usize = 300;

pub(crate) struct Address;

/// The region as it is given: the names from the province down, or a path of the field's tree.
fn region(field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
    let (at, label) = (format!("{}.region", field.key), format!("{}的地区", field.label));
    if !field.tree.is_empty() {
        return path_in(&field.tree, field.any_level, &at, &label, value);
    }
    let Some(rows) = value.as_array().filter(|rows| rows.len() <= LEVELS_MAX) else {
        let detail = format!("{label}须是从省起的名称列表，最多 {LEVELS_MAX} 级");
        return refuse(at, "wrong_type", detail);
    };
    let names = each_row(
        rows,
        || at.clone(),
        |row| {
            let name = row.as_str().map(kernel::text::clean).filter(|name| !name.is_empty());
            match name.filter(|name| name.chars().count() <= REGION_MAX) {
                Some(name) => Ok(Value::String(name)),
                None => refuse("", "malformed", format!("{label}须是地区名称")),
            }
        },
    )?;
    Ok(Value::Array(names))
}

fn detail(field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
    let at = format!("{}.detail", field.key);
    let Some(text) = value.as_str() else {
        return refuse(at, "wrong_type", format!("{}的详细地址须是文字", field.label));
    };
    let text = kernel::text::clean(text);
    if text.chars().count() > DETAIL_MAX {
        let detail = format!("{}的详细地址最多 {DETAIL_MAX} 个字", field.label);
        return refuse(at, "too_long", detail);
    }
    Ok(Value::String(text))
}

impl FieldKind for Address {
    fn name(&self) -> &'static str {
        "address"
    }

    fn label(&self) -> &'static str {
        "地址"
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Tree, Setting::AnyLevel]
    }

    fn rule_type(&self) -> Type {
        Type::Object
    }

    fn parts(&self, _field: &Field) -> Vec<(String, Type)> {
        vec![("region".to_owned(), Type::Texts), ("detail".to_owned(), Type::Text)]
    }

    fn problems(&self, field: &Field) -> Vec<Problem> {
        tree_problems(&field.tree)
    }

    fn is_empty(&self, value: &Value) -> bool {
        let is_empty_part = |name| value.get(name).is_none_or(is_empty);
        match value {
            Value::Object(map)
                if map.keys().all(|key| matches!(key.as_str(), "region" | "detail")) =>
            {
                is_empty_part("region") && is_empty_part("detail")
            }
            value => is_empty(value),
        }
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let Some(map) = value.as_object() else {
            let detail = format!("{}须有 region 与 detail", field.label);
            return refuse(&field.key, "wrong_type", detail);
        };
        only(field, map, &["region", "detail"])?;
        let given = |name| map.get(name).filter(|value| !is_empty(value));
        let region = given("region").map_or(Ok(json!([])), |value| region(field, value))?;
        let detail = given("detail").map_or(Ok(json!("")), |value| detail(field, value))?;
        if field.required && is_empty(&region) {
            let at = format!("{}.region", field.key);
            return refuse(at, "required", format!("请选择{}的地区", field.label));
        }
        Ok(object([("region", region), ("detail", detail)]))
    }

    /// `广东省 广州市 天河区 体育西路 1 号`: what ends like a region is one.
    fn read(&self, _field: &Field, text: &str, _reader: &Reader) -> Option<Value> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        let is_region = |part: &&&str| part.ends_with(['省', '市', '区', '县', '州', '盟', '旗']);
        let regions = parts.iter().take(LEVELS_MAX).take_while(is_region).count();
        let (region, detail) = parts.split_at_checked(regions)?;
        Some(json!({ "region": region, "detail": detail.join(" ") }))
    }

    fn words(&self, field: &Field, value: &Value, reader: &Reader) -> String {
        let region = value.get("region").unwrap_or(&Value::Null);
        let detail = value.get("detail").and_then(Value::as_str).unwrap_or_default();
        let mut words = labels(&field.tree, region, reader).concat();
        if !words.is_empty() && !detail.is_empty() {
            words.push(' ');
        }
        words + detail
    }
}
