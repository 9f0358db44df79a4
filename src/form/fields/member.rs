//! A member of staff, by WeCom userid.

use serde_json::Value;

use super::{FieldKind, as_text};
use crate::{answer::Problem, template::Field};

/// The longest userid WeCom allows.
const USERID_MAX: usize = 64;

pub(crate) struct Member;

impl FieldKind for Member {
    fn name(&self) -> &'static str {
        "member"
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Problem> {
        let userid = as_text(field, value)?.trim().to_lowercase();
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
        if userid.len() > USERID_MAX || !userid.chars().all(is_allowed) {
            let detail = format!("{}须是企业微信的成员账号（userid）", field.label);
            return Err(Problem::new(&field.key, "malformed", detail));
        }
        Ok(Value::String(userid))
    }

    fn in_words(&self, _field: &Field, value: &Value) -> String {
        value.as_str().unwrap_or_default().to_owned()
    }
}
