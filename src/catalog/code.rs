//! Entry codes: a printed QR code, a link or a form in somebody's page, each with the template that it
//! leads to, what it fills in beforehand, and where it came from.

use std::collections::BTreeMap;

use db::Conn;
use form::{Access, Context};
use kernel::{Error, FieldError, Kind, Result, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Part, Parts, Published, Template, sql};

/// The entries that a code can stand for.
const SOURCES: [&str; 7] =
    ["qr", "web_form", "embed", "moments", "video_channel", "short_video", "live"];
/// The most of anything in a code, and the longest text of one, in characters.
const MOST: usize = 50;
const TEXT_MAX: usize = 300;
/// The longest tag of a ticket, in characters: where the code hangs is one of them.
const TAG_MAX: usize = 32;

/// An entry code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// Its name in its address.
    pub key: String,
    /// What staff call it.
    pub name: String,
    /// The template of its tickets.
    pub template: String,
    /// The entry that its tickets come by.
    #[serde(default = "qr")]
    pub source: String,
    /// The entries that a link can name instead, with `?channel=`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// What is filled in beforehand, by field.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub defaults: Map<String, Value>,
    /// Which of these can be changed by who fills the form in; the others stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub editable: Vec<String>,
    /// What a link can fill in: the field, by the parameter's name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// The field with a telephone number by which a known customer is recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Where it hangs; a tag of its tickets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Further tags of its tickets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What people read above the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intro: Option<String>,
    /// Whether it can be used.
    #[serde(default = "yes")]
    pub is_enabled: bool,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The sites that may show its form inside their own pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frame_ancestors: Vec<String>,
}

fn qr() -> String {
    "qr".to_owned()
}

fn yes() -> bool {
    true
}

impl Code {
    /// Whether it can be used now.
    ///
    /// # Errors
    /// `code.disabled`, `code.expired`.
    pub fn check_open(&self, now: Timestamp) -> Result<()> {
        let refused = |code, detail: &str| Err(Error::new(Kind::NotFound, code, detail));
        if !self.is_enabled {
            return refused("code.disabled", "这个入口已停用，请联系工作人员");
        }
        if self.expires_at.is_some_and(|until| now >= until) {
            return refused("code.expired", "这个入口已过期，请联系工作人员");
        }
        Ok(())
    }

    /// The entry that tickets come by when the link names this channel.
    pub fn source_of(&self, channel: Option<&str>) -> &str {
        let named = channel.and_then(|named| self.channels.iter().find(|one| *one == named));
        named.unwrap_or(&self.source)
    }

    /// What the parameters of a link fill in, by field; those that the code does not know do nothing.
    pub fn filled_by<'p>(
        &self,
        params: impl Iterator<Item = (&'p str, &'p str)>,
    ) -> Map<String, Value> {
        let known = params.filter_map(|(name, text)| Some((self.params.get(name)?, text.trim())));
        let known =
            known.filter(|(_field, text)| !text.is_empty() && text.chars().count() <= TEXT_MAX);
        known.map(|(field, text)| (field.clone(), Value::from(text))).collect()
    }

    /// Whether who fills the form in can change the answer to a field.
    pub fn is_fixed(&self, field: &str) -> bool {
        self.defaults.contains_key(field) && !self.editable.iter().any(|one| one == field)
    }

    /// The tags of its tickets.
    pub fn all_tags(&self) -> Vec<String> {
        let mut tags: Vec<_> = self.place.iter().chain(&self.tags).cloned().collect();
        tags.dedup();
        tags
    }

    fn list_faults(&self) -> Vec<FieldError> {
        let mut faults = Vec::new();
        let mut add = |path: String, code, detail: String| {
            faults.push(FieldError { path, code, detail });
        };
        let lists = [
            ("channels", self.channels.len()),
            ("defaults", self.defaults.len()),
            ("editable", self.editable.len()),
            ("params", self.params.len()),
            ("tags", self.tags.len()),
            ("frame_ancestors", self.frame_ancestors.len()),
        ];
        for (path, len) in lists {
            if len > MOST {
                add(path.to_owned(), "too_many", format!("最多 {MOST} 个"));
            }
        }
        for (at, key) in self.editable.iter().enumerate() {
            if !self.defaults.contains_key(key) {
                let detail = format!("defaults 里没有 {key}，请补上或删除");
                add(format!("editable[{at}]"), "unknown_field", detail);
            }
        }
        for (at, origin) in self.frame_ancestors.iter().enumerate() {
            if !is_origin(origin) {
                let detail = "须是网站的来源，例如 https://www.example.com，不带路径".to_owned();
                add(format!("frame_ancestors[{at}]"), "malformed", detail);
            }
        }
        for (at, tag) in self.tags.iter().enumerate() {
            if tag.trim().is_empty() || tag.chars().count() > TAG_MAX {
                add(format!("tags[{at}]"), "length", format!("须为 1 到 {TAG_MAX} 个字"));
            }
        }
        faults
    }

    /// What its template does not have of what it names.
    fn lacks_in(&self, template: &Template) -> Vec<FieldError> {
        let fields = self.defaults.keys().map(|key| (format!("defaults.{key}"), key));
        let params = self.params.iter().map(|(name, key)| (format!("params.{name}"), key));
        let phone = self.phone.iter().map(|key| ("phone".to_owned(), key));
        let named = fields.chain(params).chain(phone);
        let unknown = named.filter(|(_path, key)| template.form.field(key).is_none());
        unknown
            .map(|(path, key)| {
                let detail = format!("模板 {} 的表单没有字段 {key}，请改正", template.key);
                FieldError { path, code: "unknown_field", detail }
            })
            .collect()
    }
}

/// Whether it is the origin of a site: what may stand in a policy of who frames a page.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '*');
    host.is_some_and(|host| !host.is_empty() && host.len() <= 200 && host.chars().all(is_plain))
}

impl Part for Code {
    const KIND: &'static str = "code";
    const LABEL: &'static str = "入口码";
    const UNKNOWN: &'static str = "unknown_code";

    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn faults(&self) -> Vec<FieldError> {
        let mut faults = self.list_faults();
        let mut add = |path: &str, code, detail: String| {
            faults.push(FieldError { path: path.to_owned(), code, detail });
        };
        let sources = SOURCES.join("、");
        if !SOURCES.contains(&self.source.as_str()) {
            add("source", "not_an_option", format!("须是其中之一：{sources}"));
        }
        if self.channels.iter().any(|one| !SOURCES.contains(&one.as_str())) {
            add("channels", "not_an_option", format!("须是其中之一：{sources}"));
        }
        let place = self.place.as_ref().map(|place| place.trim().chars().count());
        if place.is_some_and(|chars| chars == 0 || chars > TAG_MAX) {
            add("place", "length", format!("须为 1 到 {TAG_MAX} 个字"));
        }
        if self.intro.as_ref().is_some_and(|intro| intro.chars().count() > TEXT_MAX) {
            add("intro", "too_long", format!("最多 {TEXT_MAX} 个字"));
        }
        faults
    }

    fn lacks(&self, conn: &mut Conn) -> Result<Vec<FieldError>> {
        let template = match sql::published(conn, &self.template)? {
            Some((body, _source)) => Template::parse(&body)?,
            None => match crate::shelf::built_in(&self.template)? {
                Some(template) => template,
                None => {
                    let path = "template".to_owned();
                    let detail = format!("没有已发布的模板 {}，请先发布它", self.template);
                    return Ok(vec![FieldError { path, code: "unknown_template", detail }]);
                }
            },
        };
        Ok(self.lacks_in(&template))
    }

    fn all(parts: &Parts) -> BTreeMap<&str, &Self> {
        parts.codes.iter().map(|(key, one)| (key.as_str(), one)).collect()
    }

    fn put(self, parts: &mut Parts) -> Result<()> {
        parts.codes.insert(self.key.clone(), self);
        Ok(())
    }
}

/// How often a code was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How often its form was opened.
    pub scans: i64,
    /// How many tickets came of it.
    pub submits: i64,
    /// When it was last used.
    pub last_at: Option<Timestamp>,
}

/// How often a code was used.
///
/// # Errors
/// The database's.
pub fn counts(conn: &mut Conn, code: &str) -> Result<Count> {
    let found = sql::count::of(conn, code)?;
    Ok(found.map_or_else(Count::default, |(scans, submits, at)| Count {
        scans,
        submits,
        last_at: Some(Timestamp(at)),
    }))
}

/// Counts that its form was opened.
///
/// # Errors
/// The database's.
pub fn scanned(conn: &mut Conn, code: &str, now: Timestamp) -> Result<()> {
    sql::count::add(conn, code, (1, 0), now)
}

/// Counts a ticket that came of it.
///
/// # Errors
/// The database's.
pub fn submitted(conn: &mut Conn, code: &str, now: Timestamp) -> Result<()> {
    sql::count::add(conn, code, (0, 1), now)
}

impl Published {
    /// The fields that anybody can be asked for when a ticket is made: those of these types that are
    /// filled in then and are hidden from nobody.
    pub fn asked_of_anybody<'p>(
        &'p self,
        kinds: &'p [&str],
    ) -> impl Iterator<Item = &'p form::Field> {
        let access = |key: &str, step: Option<&str>| {
            self.compiled().access_to(key, &Context { step, ..Context::default() })
        };
        let is_asked = move |field: &&form::Field| {
            kinds.contains(&field.kind.as_str())
                && access(&field.key, None) == Some(Access::Edit)
                && access(&field.key, Some("*")).is_some_and(|access| access > Access::Hidden)
        };
        self.form.fields.iter().filter(is_asked)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_code_is_told_with_its_place() {
        let code: Code = serde_json::from_value(json!({
            "key": "shop", "name": "门店", "template": "repair", "source": "fax",
            "channels": ["moments", "tv"], "editable": ["city"], "place": "",
            "frame_ancestors": ["https://a.example", "https://a.example/x", "*", "https://a; script-src *"],
        }))
        .unwrap();
        let paths: Vec<_> = code.faults().into_iter().map(|one| one.path).collect();
        let expected = [
            "editable[0]",
            "frame_ancestors[1]",
            "frame_ancestors[2]",
            "frame_ancestors[3]",
            "source",
            "channels",
            "place",
        ];
        assert_eq!(paths, expected);
    }
}
