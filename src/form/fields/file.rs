//! Pictures, other files, a signature: ids of stored files.

use serde_json::Value;

use super::{FieldKind, Reference, Referred, Setting, as_rows, each_row, refuse, texts};
use crate::{
    answer::Problem,
    rules::Type,
    template::Field,
    words::{Locale, Reader},
};

/// Several files.
pub(crate) struct Files {
    name: &'static str,
    label: &'static str,
    /// The most, unless the field says less.
    most: usize,
    measure: &'static str,
    read: [&'static str; 2],
}

pub(crate) const IMAGES: Files =
    Files {
        name: "images", label: "图片", most: 30, measure: "张", read: ["张图片", "pictures"]
    };

pub(crate) const ATTACHMENTS: Files = Files {
    name: "attachments",
    label: "附件",
    most: 50,
    measure: "个",
    read: ["个附件", "files"],
};

pub(crate) struct Signature;

fn file_id(field: &Field, path: &str, value: &Value) -> Result<Value, Vec<Problem>> {
    let is_id =
        |id: &str| id.bytes().all(|byte| byte.is_ascii_digit()) && id.parse::<i64>().is_ok();
    if value.as_str().is_some_and(is_id) {
        return Ok(value.clone());
    }
    refuse(path, "wrong_type", format!("{}须是文件编号，先上传再引用", field.label))
}

impl FieldKind for Files {
    fn name(&self) -> &'static str {
        self.name
    }

    fn label(&self) -> &'static str {
        self.label
    }

    fn settings(&self) -> &'static [Setting] {
        &[Setting::Min, Setting::Max]
    }

    fn rule_type(&self) -> Type {
        Type::Texts
    }

    fn parts(&self, _field: &Field) -> Vec<(String, Type)> {
        vec![("count".to_owned(), Type::Number)]
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        let rows = as_rows(field, value, self.most, self.measure)?;
        each_row(rows, || field.key.clone(), |row| file_id(field, "", row)).map(Value::Array)
    }

    fn words(&self, _field: &Field, value: &Value, reader: &Reader) -> String {
        let [chinese, english] = self.read;
        let read = if reader.locale == Locale::En { english } else { chinese };
        format!("{} {read}", value.as_array().map_or(0, Vec::len))
    }

    fn refers(&self, field: &Field, value: &Value, found: &mut Vec<Reference>) {
        found.extend(texts(value).enumerate().map(|(at, id)| Reference {
            path: format!("{}[{at}]", field.key),
            what: Referred::File,
            id: id.to_owned(),
        }));
    }
}

impl FieldKind for Signature {
    fn name(&self) -> &'static str {
        "signature"
    }

    fn label(&self) -> &'static str {
        "手写签名"
    }

    fn rule_type(&self) -> Type {
        Type::Text
    }

    fn normalise(&self, field: &Field, value: &Value) -> Result<Value, Vec<Problem>> {
        file_id(field, &field.key, value)
    }

    fn read(&self, _field: &Field, _text: &str, _reader: &Reader) -> Option<Value> {
        None
    }

    fn words(&self, _field: &Field, _value: &Value, reader: &Reader) -> String {
        if reader.locale == Locale::En { "signed" } else { "已签名" }.to_owned()
    }

    fn refers(&self, field: &Field, value: &Value, found: &mut Vec<Reference>) {
        found.extend(value.as_str().map(|id| Reference {
            path: field.key.clone(),
            what: Referred::File,
            id: id.to_owned(),
        }));
    }
}
