//! Callbacks of a bot (智能机器人): JSON with its own names.

use super::{card::CardClick, fields::Fields};

/// Something said to a bot, or an event of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotMessage {
    /// The bot.
    pub bot_id: String,
    /// `single` or `group`.
    pub chat_type: String,
    /// The group, in groups.
    pub chat_id: Option<String>,
    /// Takes one answer within an hour; secret, because it needs no token.
    pub response_url: Option<String>,
    /// The message that was quoted.
    pub quote: Option<BotQuote>,
    /// What.
    pub content: BotContent,
}

/// A message that a bot's message quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotQuote {
    /// `text`, `image`, `mixed`, `voice`, `file`.
    pub msg_type: String,
    /// The words, for text and voice.
    pub content: Option<String>,
    /// The bytes, for images and files: encrypted, five minutes.
    pub url: Option<String>,
}

/// What was said to a bot. Every URL lives for five minutes and leads to encrypted bytes
/// ([`crate::Crypt::open_file`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BotContent {
    /// A text; in groups it begins with `@Bot `.
    Text {
        /// The text.
        content: String,
    },
    /// A picture.
    Image {
        /// Where.
        url: String,
    },
    /// Texts and pictures.
    Mixed {
        /// In their order.
        items: Vec<MixedItem>,
    },
    /// A voice message, already in words.
    Voice {
        /// The words.
        content: String,
    },
    /// A video.
    Video {
        /// Where.
        url: String,
    },
    /// A file.
    File {
        /// Where.
        url: String,
    },
    /// The client asks for the rest of a streamed answer.
    Stream {
        /// Which.
        id: String,
    },
    /// Somebody opened the chat for the first time today.
    EnterChat,
    /// A card was pressed.
    CardClick(CardClick),
    /// Somebody rated an answer.
    Feedback {
        /// The answer.
        id: String,
        /// 1 accurate, 2 not, 3 taken back.
        rating: Option<i64>,
        /// In words.
        content: String,
    },
    /// Something newer.
    Unknown {
        /// `msgtype`.
        msg_type: String,
        /// `event.eventtype`.
        event_type: String,
    },
}

/// A part of a mixed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MixedItem {
    /// A text.
    Text(String),
    /// A picture's URL.
    Image(String),
}

impl BotMessage {
    pub(super) fn read(from: Fields<'_>) -> Self {
        Self {
            bot_id: from.text("aibotid"),
            chat_type: from.text("chattype"),
            chat_id: from.some("chatid"),
            response_url: from.some("response_url"),
            quote: from.has("quote").then(|| BotQuote::read(from.inside("quote"))),
            content: BotContent::read(from),
        }
    }

    pub(super) fn kind(&self) -> String {
        let known = match &self.content {
            BotContent::Text { .. } => "text",
            BotContent::Image { .. } => "image",
            BotContent::Mixed { .. } => "mixed",
            BotContent::Voice { .. } => "voice",
            BotContent::Video { .. } => "video",
            BotContent::File { .. } => "file",
            BotContent::Stream { .. } => "stream",
            BotContent::EnterChat => "event.enter_chat",
            BotContent::CardClick(_) => "event.template_card_event",
            BotContent::Feedback { .. } => "event.feedback_event",
            BotContent::Unknown { msg_type, event_type } => {
                let parts = [msg_type.as_str(), event_type];
                return parts.iter().filter(|part| !part.is_empty()).fold("bot".into(), join);
            }
        };
        format!("bot.{known}")
    }
}

fn join(start: String, part: &&str) -> String {
    format!("{start}.{part}")
}

impl BotQuote {
    fn read(from: Fields<'_>) -> Self {
        let body = from.inside(from.str("msgtype"));
        let (content, url) = (body.some("content"), body.some("url"));
        Self { msg_type: from.text("msgtype"), content, url }
    }
}

impl BotContent {
    fn read(from: Fields<'_>) -> Self {
        let msg_type = from.str("msgtype");
        let body = from.inside(msg_type);
        match msg_type {
            "text" => Self::Text { content: body.text("content") },
            "image" => Self::Image { url: body.text("url") },
            "voice" => Self::Voice { content: body.text("content") },
            "video" => Self::Video { url: body.text("url") },
            "file" => Self::File { url: body.text("url") },
            "stream" => Self::Stream { id: body.text("id") },
            "mixed" => Self::Mixed { items: body.each("msg_item").map(MixedItem::read).collect() },
            "event" => Self::read_event(body),
            other => Self::Unknown { msg_type: other.to_owned(), event_type: String::new() },
        }
    }

    fn read_event(from: Fields<'_>) -> Self {
        let event_type = from.str("eventtype");
        let body = from.inside(event_type);
        match event_type {
            "enter_chat" => Self::EnterChat,
            "template_card_event" => Self::CardClick(CardClick::read_bot(body)),
            "feedback_event" => Self::Feedback {
                id: body.text("id"),
                rating: body.number("type"),
                content: body.text("content"),
            },
            other => Self::Unknown { msg_type: "event".to_owned(), event_type: other.to_owned() },
        }
    }
}

impl MixedItem {
    fn read(from: Fields<'_>) -> Self {
        match from.str("msgtype") {
            "image" => Self::Image(from.inside("image").text("url")),
            _ => Self::Text(from.inside("text").text("content")),
        }
    }
}
