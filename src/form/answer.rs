//! Answers and what can be wrong with them.

use serde_json::{Map, Value};

use crate::{check::Context, compile::Compiled, template::Form};

/// Clean answers by field key.
pub type Answers = Map<String, Value>;

/// One wrong answer, or one fault of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field's path: `title`, `images[2]`; of a form's fault `fields[3].rules.show`.
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

    /// The same problem as seen from further out.
    #[must_use]
    pub(crate) fn below(self, path: &str) -> Self {
        let path = match self.path.as_str() {
            "" => path.to_owned(),
            inner if inner.starts_with('[') => format!("{path}{inner}"),
            inner => format!("{path}.{inner}"),
        };
        Self { path, ..self }
    }
}

/// Checks the answers of a creation against a form: unknown fields are refused, absent ones take
/// their default, every value is brought to the one form in which its type is stored. Who checks
/// against the same form again and again compiles it once.
///
/// # Errors
/// Every problem at once, in the form's order; those of the form itself, if it has any.
pub fn check(form: &Form, given: &Map<String, Value>) -> Result<Answers, Vec<Problem>> {
    Compiled::new(form)?.check(given, &Context::default())
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
