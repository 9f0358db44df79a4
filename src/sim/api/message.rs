//! What may stand in a message: the fields of each type and their lengths in bytes.

use kernel::text::cut_bytes;
use serde_json::{Value, json};
use wecom::card::{Card, Purpose};

use crate::world::{Call, Refused, World};

/// A message that may be sent, as the receiver will see it.
pub(super) struct Body {
    pub(super) msgtype: String,
    pub(super) content: Value,
    pub(super) card: Option<CardFacts>,
}

/// What the platform remembers of a card.
pub(super) struct CardFacts {
    pub(super) card_type: String,
    pub(super) task_id: String,
    /// Whether it can be updated: it has buttons, a question or an action menu.
    pub(super) is_interactive: bool,
}

pub(super) fn check(world: &mut World, call: &Call<'_>) -> Result<Body, Refused> {
    let msgtype = call.text("msgtype").to_owned();
    let mut content = call.body.get(&msgtype).cloned().unwrap_or(Value::Null);
    if msgtype == "template_card" {
        safe(call, &msgtype)?;
        let card = card(&content, Purpose::Send)?;
        if card.is_interactive
            && world.apps.get(&call.app).is_none_or(|it| it.callback_url.is_none())
        {
            return Err(Refused::new(43012, "require set receive message callback url"));
        }
        attachments(world, call, &content)?;
        return Ok(Body { msgtype, content, card: Some(card) });
    }
    let check: fn(&mut Checked<'_, '_>) -> Result<(), Refused> = match msgtype.as_str() {
        "text" => text,
        "markdown" => markdown,
        "image" | "voice" | "file" => stored,
        "video" => video,
        "textcard" => textcard,
        "news" => news,
        "mpnews" => mpnews,
        "miniprogram_notice" => {
            return Err(Refused::new(48002, "api forbidden"));
        }
        _ => return Err(Refused::new(40008, "invalid message type")),
    };
    if !content.is_object() {
        return Err(Refused::new(40063, format!("{msgtype} missing")));
    }
    safe(call, &msgtype)?;
    check(&mut Checked { world, call, msgtype: &msgtype, content: &mut content })?;
    Ok(Body { msgtype, content, card: None })
}

/// The card's hard rules, by the numbers of the platform.
pub(super) fn card(content: &Value, purpose: Purpose) -> Result<CardFacts, Refused> {
    let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    if content.get("template_card").is_some() {
        // Nested twice: what stands outside has no title.
        return Err(Refused::new(41016, "missing title"));
    }
    let card_type = text("card_type");
    let is_question = match card_type.as_str() {
        "text_notice" | "news_notice" => false,
        "button_interaction" | "vote_interaction" | "multiple_interaction" => true,
        _ => return Err(Refused::new(42031, "invalid card_type")),
    };
    let read: Result<Card, _> = serde_json::from_value(content.clone());
    let card =
        read.map_err(|error| Refused::new(40058, format!("invalid template_card: {error}")))?;
    if let Err(problems) = card.check_for(purpose)
        && let Some(problem) = problems.first()
    {
        return Err(Refused::new(problem.errcode, format!("invalid template_card, {problem}")));
    }
    let has_menu = content.get("action_menu").is_some_and(Value::is_object);
    Ok(CardFacts { card_type, task_id: text("task_id"), is_interactive: is_question || has_menu })
}

/// Rows of a card that name a file or a member name real ones.
fn attachments(world: &World, call: &Call<'_>, content: &Value) -> Result<(), Refused> {
    let rows = content.get("horizontal_content_list").and_then(Value::as_array);
    for row in rows.into_iter().flatten() {
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or("");
        match row.get("type").and_then(Value::as_i64) {
            Some(2) if world.media.living(text("media_id"), call.now).is_none() => {
                return Err(Refused::new(40007, "invalid media_id"));
            }
            Some(3) if world.member(text("userid")).is_none() => {
                return Err(Refused::new(42050, "invalid userid in horizontal_content_list"));
            }
            _ => {}
        }
    }
    Ok(())
}

fn safe(call: &Call<'_>, msgtype: &str) -> Result<(), Refused> {
    let safe = match call.body.get("safe") {
        None => 0,
        Some(value) => value.as_i64().unwrap_or(-1),
    };
    let has_none = matches!(msgtype, "textcard" | "news" | "markdown" | "template_card");
    match safe {
        0 => Ok(()),
        1 if !has_none => Ok(()),
        2 if msgtype == "mpnews" => Ok(()),
        1 | 2 => Err(Refused::new(40074, "this message type has no safe mode")),
        _ => Err(Refused::new(40058, "invalid safe")),
    }
}

/// A content under check; what is too long is cut in it.
struct Checked<'a, 'c> {
    world: &'a mut World,
    call: &'a Call<'c>,
    msgtype: &'a str,
    content: &'a mut Value,
}

impl Checked<'_, '_> {
    fn text(&self, key: &str) -> &str {
        self.content.get(key).and_then(Value::as_str).unwrap_or("")
    }

    fn articles(&self) -> Vec<Value> {
        self.content.get("articles").and_then(Value::as_array).cloned().unwrap_or_default()
    }

    /// Cuts a field to its bytes, as the platform does without a word.
    fn cut(&mut self, key: &str, max: usize) {
        let text = self.text(key);
        if text.len() <= max {
            return;
        }
        let cut = cut_bytes(text, max);
        let detail = format!("{}.{key} 超过 {max} 字节，被截断", self.msgtype);
        self.world.journal.problem(self.call.now, "/cgi-bin/message/send", 0, &detail);
        if let Some(object) = self.content.as_object_mut() {
            object.insert(key.to_owned(), cut.into());
        }
    }
}

fn text(it: &mut Checked<'_, '_>) -> Result<(), Refused> {
    if it.text("content").is_empty() {
        return Err(Refused::new(44004, "empty text content"));
    }
    it.cut("content", 2048);
    Ok(())
}

fn markdown(it: &mut Checked<'_, '_>) -> Result<(), Refused> {
    match it.text("content").len() {
        0 => Err(Refused::new(44004, "empty markdown content")),
        1..=2048 => Ok(()),
        _ => Err(Refused::new(45002, "markdown content exceeds max length 2048")),
    }
}

fn stored(it: &mut Checked<'_, '_>) -> Result<(), Refused> {
    let Some(media) = it.world.media.living(it.text("media_id"), it.call.now) else {
        return Err(Refused::new(40007, "invalid media_id"));
    };
    if media.kind != it.msgtype {
        return Err(Refused::new(40004, "invalid media type"));
    }
    let shown = json!({
        "media_id": it.text("media_id"),
        "filename": media.filename,
        "url": format!("/_sim/media/{}", it.text("media_id")),
    });
    if let (Some(object), Some(shown)) = (it.content.as_object_mut(), shown.as_object()) {
        object.extend(shown.clone());
    }
    Ok(())
}

fn video(it: &mut Checked<'_, '_>) -> Result<(), Refused> {
    it.cut("title", 128);
    it.cut("description", 512);
    stored(it)
}

fn textcard(it: &mut Checked<'_, '_>) -> Result<(), Refused> {
    if it.text("title").is_empty() {
        return Err(Refused::new(41016, "missing title"));
    }
    if it.text("description").is_empty() {
        return Err(Refused::new(40063, "description missing"));
    }
    link(it.text("url"), 2048)?;
    if it.text("btntxt").chars().count() > 4 {
        return Err(Refused::new(40058, "btntxt exceeds 4 characters"));
    }
    it.cut("title", 128);
    it.cut("description", 512);
    Ok(())
}

fn link(url: &str, max: usize) -> Result<(), Refused> {
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(Refused::new(40094, "invalid url, scheme missing"));
    }
    if url.len() > max { Err(Refused::new(40058, "url too long")) } else { Ok(()) }
}

fn news(it: &mut Checked<'_, '_>) -> Result<(), Refused> {
    let articles = it.articles();
    if !(1..=8).contains(&articles.len()) {
        return Err(Refused::new(45008, "article count out of limit, expected 1 to 8"));
    }
    for article in &articles {
        let text = |key: &str| article.get(key).and_then(Value::as_str).unwrap_or("");
        if text("title").is_empty() {
            return Err(Refused::new(41016, "missing title"));
        }
        if text("appid").is_empty() || text("pagepath").is_empty() {
            link(text("url"), 2048)?;
        } else if text("pagepath").len() > 128 {
            return Err(Refused::new(40058, "pagepath too long"));
        }
        for (key, max) in [("title", 128), ("description", 512)] {
            if text(key).len() > max {
                let detail = format!("news.{key} 超过 {max} 字节，会被截断");
                it.world.journal.problem(it.call.now, "/cgi-bin/message/send", 0, &detail);
            }
        }
    }
    Ok(())
}

fn mpnews(it: &mut Checked<'_, '_>) -> Result<(), Refused> {
    let articles = it.articles();
    if !(1..=8).contains(&articles.len()) {
        return Err(Refused::new(45008, "article count out of limit, expected 1 to 8"));
    }
    for article in &articles {
        let text = |key: &str| article.get(key).and_then(Value::as_str).unwrap_or("");
        if text("title").is_empty() {
            return Err(Refused::new(41016, "missing title"));
        }
        if it.world.media.living(text("thumb_media_id"), it.call.now).is_none() {
            return Err(Refused::new(40007, "invalid thumb_media_id"));
        }
        if text("author").len() > 64 {
            return Err(Refused::new(45032, "author exceeds 64 bytes"));
        }
        if text("content").is_empty() || text("content").len() > 666 * 1024 {
            return Err(Refused::new(45002, "content size out of limit"));
        }
    }
    Ok(())
}
