//! What an app sends to members: the bodies of `message/send` and `message/update_template_card`,
//! their limits, and their JSON, which is rendered once so that a retry is byte-identical.

mod check;

use serde::{Deserialize, Serialize};

use crate::card::Card;

/// The longest text and markdown in bytes; what is longer is cut by the platform.
pub const TEXT_MAX: usize = 2048;

/// A message of an app to members, departments or tags.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppMessage {
    /// Userids joined by `|`, at most 1000, or `@all`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub touser: String,
    /// Departments joined by `|`, at most 100.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub toparty: String,
    /// Tags joined by `|`, at most 100.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub totag: String,
    /// The app: a number, quoted ones are refused.
    pub agentid: i64,
    /// `msgtype` and the body under the same name.
    #[serde(flatten)]
    pub body: Body,
    /// 1: no forwarding, watermark. Not for textcard, news, markdown and cards.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub safe: i64,
    /// 1: the same JSON is not delivered again within the interval.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub enable_duplicate_check: i64,
    /// Seconds, at most four hours; 1800 when not given.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub duplicate_check_interval: i64,
}

/// The most members that one message may name.
pub const RECEIVERS_MAX: usize = 1000;
/// The longest duplicate check in seconds.
pub const DUPLICATE_CHECK_MAX: i64 = 14_400;

impl AppMessage {
    /// A message to these members, which the platform does not deliver twice within four hours:
    /// sending is not idempotent by itself, and a lost answer must be followed by a second try.
    pub fn to_users(userids: &[&str], agentid: i64, body: Body) -> Self {
        Self {
            touser: userids.join("|"),
            toparty: String::new(),
            totag: String::new(),
            agentid,
            body,
            safe: 0,
            enable_duplicate_check: 1,
            duplicate_check_interval: DUPLICATE_CHECK_MAX,
        }
    }

    /// The JSON to send: raw UTF-8, the same bytes for equal messages.
    ///
    /// # Errors
    /// Never for a message that was checked.
    pub fn render(&self) -> kernel::Result<String> {
        render(self)
    }
}

/// The kind of a message and its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "msgtype", rename_all = "snake_case")]
pub enum Body {
    /// Words, with line breaks and `<a href>`.
    Text {
        /// The words.
        text: Words,
    },
    /// A picture.
    Image {
        /// The picture.
        image: Media,
    },
    /// A voice message.
    Voice {
        /// The voice.
        voice: Media,
    },
    /// A video.
    Video {
        /// The video.
        video: Video,
    },
    /// A file.
    File {
        /// The file.
        file: Media,
    },
    /// A card of words.
    Textcard {
        /// The card.
        textcard: Textcard,
    },
    /// 1 to 8 articles that lead elsewhere.
    News {
        /// The articles.
        news: News,
    },
    /// 1 to 8 articles kept by WeCom.
    Mpnews {
        /// The articles.
        mpnews: Mpnews,
    },
    /// Words with markdown; shown in the WeCom client only.
    Markdown {
        /// The words.
        markdown: Words,
    },
    /// A notice of a mini program.
    MiniprogramNotice {
        /// The notice.
        miniprogram_notice: MiniprogramNotice,
    },
    /// A template card.
    TemplateCard {
        /// The card.
        template_card: Box<Card>,
    },
}

impl Body {
    /// Words, cut to what the platform takes.
    pub fn text(content: &str) -> Self {
        Self::Text { text: Words { content: kernel::text::cut_bytes(content, TEXT_MAX) } }
    }

    /// Markdown, cut to what the platform takes.
    pub fn markdown(content: &str) -> Self {
        Self::Markdown { markdown: Words { content: kernel::text::cut_bytes(content, TEXT_MAX) } }
    }

    /// A template card.
    pub fn card(card: Card) -> Self {
        Self::TemplateCard { template_card: Box::new(card) }
    }
}

/// Words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Words {
    /// At most 2048 bytes.
    pub content: String,
}

/// Something that was uploaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// From `media/upload`; three days.
    pub media_id: String,
}

/// A video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Video {
    /// From `media/upload`.
    pub media_id: String,
    /// 128 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// 512 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A card of words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Textcard {
    /// 128 bytes.
    pub title: String,
    /// 512 bytes; `<br>` and `<div class="gray|normal|highlight">`.
    pub description: String,
    /// 2048 bytes, with its scheme.
    pub url: String,
    /// 4 characters; 详情 when not given.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub btntxt: String,
}

/// Articles that lead elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct News {
    /// 1 to 8.
    pub articles: Vec<Article>,
}

/// An article that leads elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Article {
    /// 128 bytes; required.
    pub title: String,
    /// 512 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// 2048 bytes; this or a mini program.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The picture, 2048 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub picurl: String,
    /// A mini program; then `url` is ignored.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub appid: String,
    /// Its page, 128 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pagepath: String,
}

/// Articles kept by WeCom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mpnews {
    /// 1 to 8.
    pub articles: Vec<MpArticle>,
}

/// An article kept by WeCom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MpArticle {
    /// 128 bytes; required.
    pub title: String,
    /// The still picture; required.
    pub thumb_media_id: String,
    /// 64 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Where 阅读原文 leads.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub content_source_url: String,
    /// HTML, 666 kB; required.
    pub content: String,
    /// 512 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// A notice of a mini program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MiniprogramNotice {
    /// Bound to the corp.
    pub appid: String,
    /// Its page; without one a tap does nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
    /// 4 to 12 characters.
    pub title: String,
    /// 4 to 12 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Shows the first item big.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub emphasis_first_item: bool,
    /// At most 10.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content_item: Vec<NoticeItem>,
}

/// A row of a mini program's notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeItem {
    /// 10 characters.
    pub key: String,
    /// 30 characters.
    pub value: String,
}

/// The body of `message/update_template_card`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardUpdate {
    /// Whose copies: at most 1000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userids: Vec<String>,
    /// Departments, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partyids: Vec<i64>,
    /// Tags, at most 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tagids: Vec<i64>,
    /// 1: every copy.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub atall: i64,
    /// The app.
    pub agentid: i64,
    /// From `message/send` or a press; good once, for 72 hours.
    #[serde(default)]
    pub response_code: String,
    /// All buttons become one grey text: button, vote and multiple cards only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button: Option<ReplaceButton>,
    /// A whole new card of any type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_card: Option<Box<Card>>,
}

/// The grey text that replaces a card's buttons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReplaceButton {
    /// The text.
    pub replace_name: String,
}

impl CardUpdate {
    /// A new card in the place of the one that these members have.
    pub fn replace(userids: Vec<String>, agentid: i64, response_code: &str, card: Card) -> Self {
        let template_card = Some(Box::new(card));
        Self { template_card, ..Self::bare(userids, agentid, response_code) }
    }

    /// A new card in the place of every copy that was sent.
    pub fn replace_all(agentid: i64, response_code: &str, card: Card) -> Self {
        Self { atall: 1, ..Self::replace(Vec::new(), agentid, response_code, card) }
    }

    /// A grey text in the place of the buttons of the card that these members have.
    pub fn grey(userids: Vec<String>, agentid: i64, response_code: &str, text: &str) -> Self {
        let button = Some(ReplaceButton { replace_name: text.to_owned() });
        Self { button, ..Self::bare(userids, agentid, response_code) }
    }

    fn bare(userids: Vec<String>, agentid: i64, response_code: &str) -> Self {
        Self {
            userids,
            partyids: Vec::new(),
            tagids: Vec::new(),
            atall: 0,
            agentid,
            response_code: response_code.to_owned(),
            button: None,
            template_card: None,
        }
    }

    /// The JSON to send: raw UTF-8, the same bytes for equal updates.
    ///
    /// # Errors
    /// Never for an update that was checked.
    pub fn render(&self) -> kernel::Result<String> {
        render(self)
    }
}

fn render<T: Serialize>(value: &T) -> kernel::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| kernel::Error::bug("a message could not be rendered").caused_by(error))
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests;
