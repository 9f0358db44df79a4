//! Answers: checked against a form, made uniform, or refused field by field.

use serde_json::{Map, Value};

use crate::{fields, template::Form};

/// Clean answers by field key.
pub type Answers = Map<String, Value>;

/// One wrong answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's path: `title`, `images[2]`.
    pub path: String,
    /// What is wrong, stable.
    pub code: &'static str,
    /// What is wrong and the mend, for the user.
    pub detail: String,
}

impl Problem {
    /// A problem of one field.
    pub fn new(path: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { path: path.into(), code, detail: detail.into() }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(rows) => rows.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Checks answers against a form: unknown fields are refused, absent ones take their default,
/// every value is brought to the one form in which its type is stored.
///
/// # Errors
/// Every problem at once, in the form's order.
pub fn check(form: &Form, given: &Map<String, Value>) -> Result<Answers, Vec<Problem>> {
    let mut problems: Vec<_> = given
        .keys()
        .filter(|key| form.field(key).is_none())
        .map(|key| Problem::new(key, "unknown_field", format!("表单中没有字段 {key}，请删除它")))
        .collect();
    let mut clean = Answers::new();
    for field in &form.fields {
        let value =
            given.get(&field.key).filter(|value| !is_empty(value)).or(field.default.as_ref());
        let Some(value) = value else {
            if field.required {
                let detail = format!("请填写{}", field.label);
                problems.push(Problem::new(&field.key, "required", detail));
            }
            continue;
        };
        let Some(kind) = fields::find(&field.kind) else {
            let detail = format!("模板的字段类型 {} 不存在", field.kind);
            problems.push(Problem::new(&field.key, "unknown_kind", detail));
            continue;
        };
        match kind.normalise(field, value) {
            Ok(value) => {
                clean.insert(field.key.clone(), value);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(clean) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Choice, Field};

    fn form() -> Form {
        let urgency = Field {
            options: ["normal", "urgent"]
                .map(|value| Choice { value: value.into(), label: value.into() })
                .into(),
            default: Some(json!("normal")),
            ..Field::new("urgency", "single_select", "紧急程度", true)
        };
        let title = Field { max: Some(10), ..Field::new("title", "text", "标题", true) };
        Form {
            fields: vec![
                title,
                Field::new("description", "textarea", "描述", false),
                Field::new("images", "images", "图片", false),
                Field::new("place", "location", "位置", false),
                urgency,
                Field::new("to", "member", "成员", false),
            ],
        }
    }

    fn verdict(given: &Value) -> Result<Value, Vec<(String, &'static str)>> {
        check(&form(), given.as_object().unwrap())
            .map(Value::Object)
            .map_err(|all| all.into_iter().map(|one| (one.path, one.code)).collect())
    }

    #[test]
    fn answers_are_brought_to_one_form() {
        let given = json!({"title": " 空调\u{0}坏了 ", "description": "", "to": "ZhangSan",
            "place": {"lat": 23.1, "lng": 113.3, "label": "广州"}, "images": ["7"]});
        let clean = json!({"title": "空调坏了", "urgency": "normal", "to": "zhangsan", "images": ["7"],
            "place": {"lat": 23.1, "lng": 113.3, "label": "广州", "system": "gcj02"}});
        assert_eq!(verdict(&given), Ok(clean));
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_path() {
        let given = json!({"title": "一二三四五六七八九十一", "urgency": "yesterday", "colour": 1,
            "images": ["1", 2], "place": {"lat": 91, "lng": 0}, "to": "bad id!"});
        let expected = [
            ("colour", "unknown_field"),
            ("title", "too_long"),
            ("images[1]", "wrong_type"),
            ("place.lat", "out_of_range"),
            ("urgency", "not_an_option"),
            ("to", "malformed"),
        ];
        assert_eq!(
            verdict(&given),
            Err(expected.map(|(path, code)| (path.to_owned(), code)).into())
        );
    }

    #[test]
    fn a_required_field_must_be_there() {
        assert_eq!(verdict(&json!({})), Err(vec![("title".into(), "required")]));
        assert_eq!(verdict(&json!({"title": "  "})), Err(vec![("title".into(), "required")]));
    }
}
