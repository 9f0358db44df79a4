//! What somebody typed into the page of a question: the texts of its inputs, by their names, and how
//! they become answers. An input is named after its field, with a dot, so that no field is taken for
//! another input.

use std::collections::BTreeMap;

use bytes::Bytes;
use form::Field;
use kernel::{Error, FileId, Kind, Result, Timestamp};
use serde_json::{Map, Number, Value, json};
use ticket::Question;

use crate::upload::{FILE_MAX, Part, Parts, in_time};

/// Inputs of one page, and bytes that are read at all.
pub(super) const PARTS_MAX: usize = 1_000;
pub(super) const BYTES_MAX: usize = 4 * FILE_MAX;
/// Bytes of all its texts and files together.
const TEXTS_MAX: usize = 512 << 10;
const FILES_MAX: usize = 3 * FILE_MAX;
/// The input for words beside the fields.
pub(super) const NOTE: &str = "note";

/// What was typed, and the files that were chosen: field, name, content.
#[derive(Debug, Default)]
pub(super) struct Typed {
    texts: Texts,
    pub(super) files: Vec<(String, String, Bytes)>,
}

/// The texts of inputs; of several of one name all.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(BTreeMap<String, Vec<String>>);

/// The input of a field, or of one part of it.
pub(super) fn input(field: &Field, part: &str) -> String {
    format!("f.{}{part}", field.key)
}

/// Whether a field is answered with files.
pub(super) fn is_files(field: &Field) -> bool {
    matches!(field.kind.as_str(), "images" | "attachments")
}

/// The files that are stored as answers to a question.
pub(super) fn files_of(question: &Question) -> Vec<FileId> {
    let fields = question.fields.iter().filter(|field| is_files(field));
    let answers = fields.filter_map(|field| question.answers.get(&field.key)?.as_array());
    answers.flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
}

impl Typed {
    /// What the inputs of the page show at first: what is stored.
    pub(super) fn stored(question: &Question, zone_minutes: i64) -> Self {
        let mut texts = Texts::default();
        for field in &question.fields {
            if let Some(value) = question.answers.get(&field.key) {
                texts.show(field, value, zone_minutes);
            }
        }
        Self { texts, files: Vec::new() }
    }

    /// What was sent.
    pub(super) async fn read(parts: &mut Parts) -> Result<Self> {
        in_time(receive(parts)).await
    }

    pub(super) fn texts(&self) -> Texts {
        self.texts.clone()
    }

    /// The text of an input; empty when there is none.
    pub(super) fn text(&self, input: &str) -> &str {
        self.texts.first(input)
    }

    /// Whether this is among the texts of an input.
    pub(super) fn has(&self, input: &str, text: &str) -> bool {
        self.texts.all(input).iter().any(|one| one == text)
    }
}

async fn receive(parts: &mut Parts) -> Result<Typed> {
    let mut typed = Typed::default();
    let (mut texts, mut all) = (0, 0);
    while let Some(part) = parts
        .next(|is_file| match is_file {
            true => FILE_MAX.min(FILES_MAX - all),
            false => TEXTS_MAX - texts,
        })
        .await?
    {
        let Part { name, file, bytes, is_whole } = part;
        if !is_whole {
            let (one, together) = (FILE_MAX >> 20, FILES_MAX >> 20);
            let detail = format!("提交的内容太多，每个文件最多 {one} MiB，合计最多 {together} MiB");
            return Err(Error::new(Kind::Invalid, "http.too_large", detail));
        }
        match (file, name.strip_prefix("f.")) {
            // A browser sends an empty part where no file was chosen.
            (Some(_none), _) if bytes.is_empty() => {}
            (Some(file), Some(key)) => {
                all += bytes.len();
                typed.files.push((key.to_owned(), file, bytes));
            }
            (Some(_other), None) => {}
            (None, _) => {
                texts += bytes.len();
                let text = String::from_utf8_lossy(&bytes).into_owned();
                typed.texts.0.entry(name).or_default().push(text);
            }
        }
    }
    Ok(typed)
}

impl Texts {
    fn all(&self, input: &str) -> &[String] {
        self.0.get(input).map(Vec::as_slice).unwrap_or_default()
    }

    fn first(&self, input: &str) -> &str {
        self.all(input).first().map(String::as_str).unwrap_or_default()
    }

    fn set(&mut self, input: String, texts: Vec<String>) {
        self.0.insert(input, texts);
    }

    /// What was written beside the fields.
    pub(super) fn note(&self) -> &str {
        self.first(NOTE)
    }

    fn show(&mut self, field: &Field, value: &Value, zone_minutes: i64) {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let many = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().map(text).collect()
        };
        match field.kind.as_str() {
            "money" => {
                self.set(input(field, ""), vec![in_yuan(value.as_i64().unwrap_or_default())]);
            }
            "switch" => {
                let on = value.as_bool().unwrap_or_default().then(|| "on".to_owned());
                self.set(input(field, ""), on.into_iter().collect());
            }
            "datetime" => {
                let at = serde_json::from_value::<Timestamp>(value.clone()).unwrap_or_default();
                self.set(input(field, ""), vec![at.local(zone_minutes).replacen(' ', "T", 1)]);
            }
            "date_range" => {
                for part in ["start", "end"] {
                    let day = value.get(part).map(text).unwrap_or_default();
                    self.set(input(field, &format!(".{part}")), vec![day]);
                }
            }
            "address" => {
                let region = many(value.get("region").unwrap_or(&Value::Null));
                self.set(input(field, ".region"), vec![region.join(" ")]);
                let detail = value.get("detail").map(text).unwrap_or_default();
                self.set(input(field, ".detail"), vec![detail]);
            }
            "multi_select" => self.set(input(field, ""), many(value)),
            "images" | "attachments" => self.set(input(field, ".keep"), many(value)),
            _ => self.set(input(field, ""), vec![text(value)]),
        }
    }

    /// The answers that these texts and these files are. What cannot be one stays as it was typed:
    /// the form says what is wrong with it.
    pub(super) fn answers(
        &self,
        question: &Question,
        files: &[(String, FileId)],
        zone_minutes: i64,
    ) -> Map<String, Value> {
        let answer = |field: &Field| {
            let value = if is_files(field) {
                let stored = question.answers.get(&field.key).and_then(Value::as_array);
                let kept = stored.into_iter().flatten().filter(|id| {
                    let kept = self.all(&input(field, ".keep"));
                    id.as_str().is_some_and(|id| kept.iter().any(|one| one == id))
                });
                let fresh = files.iter().filter(|(key, _id)| *key == field.key);
                kept.cloned().chain(fresh.map(|(_key, id)| json!(id))).collect()
            } else {
                self.answer(field, zone_minutes)
            };
            (field.key.clone(), value)
        };
        question.fields.iter().map(answer).collect()
    }

    fn answer(&self, field: &Field, zone_minutes: i64) -> Value {
        let text = self.first(&input(field, "")).trim();
        match field.kind.as_str() {
            "switch" => Value::Bool(!text.is_empty()),
            "multi_select" => json!(self.all(&input(field, ""))),
            "date_range" => {
                let day = |part: &str| self.first(&input(field, part)).trim();
                match (day(".start"), day(".end")) {
                    ("", "") => Value::Null,
                    (start, end) => json!({ "start": start, "end": end }),
                }
            }
            "address" => {
                let region: Vec<_> =
                    self.first(&input(field, ".region")).split_whitespace().collect();
                json!({ "region": region, "detail": self.first(&input(field, ".detail")).trim() })
            }
            _ if text.is_empty() => Value::Null,
            "number" | "rating" => {
                serde_json::from_str::<Number>(text).map_or_else(|_other| json!(text), Value::from)
            }
            "money" => fen(text).map_or_else(|| json!(text), Value::from),
            "datetime" => json!(format!("{text}:00{}", offset(zone_minutes))),
            _ => json!(text),
        }
    }
}

/// `12.50`
fn in_yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

/// An amount in yuan as fen.
fn fen(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    let whole = whole.parse::<i64>().ok()?.checked_mul(100)?;
    whole.checked_add(format!("{part:0<2}").parse().ok()?)
}

/// `+08:00`
fn offset(zone_minutes: i64) -> String {
    let sign = if zone_minutes < 0 { '-' } else { '+' };
    let minutes = zone_minutes.abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_typed_in_yuan_and_kept_in_fen() {
        for (text, amount) in [
            ("12", Some(1_200)),
            ("12.5", Some(1_250)),
            ("12.50", Some(1_250)),
            ("0.05", Some(5)),
            ("12.505", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("1e3", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(fen(text), amount, "{text}");
        }
        assert_eq!((in_yuan(1_205), in_yuan(-5)), ("12.05".to_owned(), "-0.05".to_owned()));
        assert_eq!((offset(480), offset(-330)), ("+08:00".to_owned(), "-05:30".to_owned()));
    }

    #[test]
    fn what_is_stored_is_shown_and_comes_back_the_same() {
        let field = |kind: &str| Field::new(kind, kind, kind, false);
        let stored = json!({
            "text": "甲", "number": 2.5, "money": 1_250, "single_select": "a",
            "multi_select": ["a", "b"], "switch": true, "rating": 4, "date": "2026-11-23",
            "datetime": "2026-11-23T02:00:00Z", "date_range": { "start": "2026-11-23", "end": "2026-11-24" },
            "phone": "13800000000",
            "address": { "region": ["广东省", "广州市"], "detail": "天河路 1 号" }, "email": "a@example.com", "textarea": "一\n二",
        });
        let answers = stored.as_object().unwrap().clone();
        let fields = ticket::CUSTOMER_KINDS.iter().map(|kind| field(kind)).collect();
        let question = Question { fields, answers, note: None, at: Timestamp(0) };
        let typed = Typed::stored(&question, 480);
        let mut expected = stored;
        expected["datetime"] = json!("2026-11-23T10:00:00+08:00");
        expected["images"] = json!([]);
        expected["attachments"] = json!([]);
        let again = typed.texts().answers(&question, &[], 480);
        assert_eq!(Value::Object(again), expected);
    }
}
