//! Pictures: ids of stored files.

use serde_json::Value;

use super::FieldKind;
use crate::{answer::Problem, template::Field};

/// The most pictures, unless the field says less.
const MOST: usize = 30;

pub(crate) struct Images;

impl FieldKind for Images {
    fn name(&self) -> &'static str {
        "images"
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Problem> {
        let wrong = |path: String| {
            let detail = format!("{}须是文件编号的列表，先上传再引用", field.label);
            Problem::new(path, "wrong_type", detail)
        };
        let rows = value.as_array().ok_or_else(|| wrong(field.key.clone()))?;
        let most = field.max.unwrap_or(MOST).min(MOST);
        if rows.len() > most {
            let detail = format!("{}最多 {most} 张", field.label);
            return Err(Problem::new(&field.key, "too_many", detail));
        }
        for (at, row) in rows.iter().enumerate() {
            if row.as_str().is_none_or(|id| id.parse::<i64>().is_err()) {
                return Err(wrong(format!("{}[{at}]", field.key)));
            }
        }
        Ok(value.clone())
    }

    fn in_words(&self, _field: &Field, value: &Value) -> String {
        format!("{} 张图片", value.as_array().map_or(0, Vec::len))
    }
}
