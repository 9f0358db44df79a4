//! Words for people, in the languages that the product speaks. A plain text is Chinese; a language
//! that is not there is read in Chinese too.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};

/// A language of the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Locale {
    /// Simplified Chinese.
    #[default]
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// Traditional Chinese, as written in Hong Kong.
    #[serde(rename = "zh-HK")]
    ZhHk,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Locale {
    /// The language that serves a browser's or a member's language tag best.
    pub fn of(tag: &str) -> Self {
        let tag = tag.to_lowercase();
        let traditional = ["zh-hk", "zh-mo", "zh-tw", "zh-hant"];
        match tag.as_str() {
            tag if traditional.iter().any(|start| tag.starts_with(start)) => Self::ZhHk,
            tag if tag == "en" || tag.starts_with("en-") => Self::En,
            _ => Self::ZhCn,
        }
    }
}

/// A label or a text in one or several languages. Reads as its Chinese.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Raw", into = "Raw")]
pub struct Words {
    zh_cn: String,
    zh_hk: Option<String>,
    en: Option<String>,
}

impl Words {
    /// What a reader of that language reads.
    pub fn to(&self, locale: Locale) -> &str {
        match locale {
            Locale::ZhCn => &self.zh_cn,
            Locale::ZhHk => self.zh_hk.as_deref().unwrap_or(&self.zh_cn),
            Locale::En => self.en.as_deref().unwrap_or(&self.zh_cn),
        }
    }

    /// Every text that is there.
    pub(crate) fn all(&self) -> impl Iterator<Item = &str> {
        [Some(self.zh_cn.as_str()), self.zh_hk.as_deref(), self.en.as_deref()].into_iter().flatten()
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Words {
    fn from(zh_cn: String) -> Self {
        Self { zh_cn, zh_hk: None, en: None }
    }
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        &self.zh_cn
    }
}

impl fmt::Display for Words {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.zh_cn)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a text, or texts by zh-CN, zh-HK and en")]
enum Raw {
    Plain(String),
    Each(Each),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    #[serde(rename = "zh-CN")]
    zh_cn: String,
    #[serde(rename = "zh-HK", default, skip_serializing_if = "Option::is_none")]
    zh_hk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    en: Option<String>,
}

impl From<Raw> for Words {
    fn from(raw: Raw) -> Self {
        match raw {
            Raw::Plain(text) => text.into(),
            Raw::Each(Each { zh_cn, zh_hk, en }) => Self { zh_cn, zh_hk, en },
        }
    }
}

impl From<Words> for Raw {
    fn from(words: Words) -> Self {
        match words {
            Words { zh_cn, zh_hk: None, en: None } => Self::Plain(zh_cn),
            Words { zh_cn, zh_hk, en } => Self::Each(Each { zh_cn, zh_hk, en }),
        }
    }
}

/// For whom an answer is put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// In which language.
    pub locale: Locale,
    /// The reader's zone, in minutes east of UTC.
    pub zone_minutes: i64,
}

/// A Chinese reader in China's one zone.
impl Default for Reader {
    fn default() -> Self {
        Self { locale: Locale::ZhCn, zone_minutes: 480 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plain_text_is_chinese_and_stays_a_plain_text() {
        let words: Words = serde_json::from_value(json!("标题")).unwrap();
        assert_eq!((words.to(Locale::En), &*words), ("标题", "标题"));
        assert_eq!(serde_json::to_value(&words).unwrap(), json!("标题"));
    }

    #[test]
    fn each_reader_reads_his_language_and_chinese_where_it_is_missing() {
        let raw = json!({"zh-CN": "设备", "en": "Device"});
        let words: Words = serde_json::from_value(raw.clone()).unwrap();
        let read = ["en-GB", "zh-Hant-TW", "fr"].map(|tag| words.to(Locale::of(tag)));
        assert_eq!(read, ["Device", "设备", "设备"]);
        assert_eq!(serde_json::to_value(&words).unwrap(), raw);
    }

    #[test]
    fn a_language_that_the_product_does_not_speak_is_refused() {
        assert!(serde_json::from_value::<Words>(json!({"zh-CN": "a", "fr": "b"})).is_err());
        assert!(serde_json::from_value::<Words>(json!({"en": "a"})).is_err());
    }
}
