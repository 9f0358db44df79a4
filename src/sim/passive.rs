//! Passive replies: what an app answers to a callback within five seconds. What is wrong is
//! dropped without a word to the app, as on the platform; the page shows why.

use kernel::{Timestamp, text::cut_bytes};
use serde_json::{Map, Value, json};
use wecom::xml::Element;

use crate::{
    chats::Line,
    push::ReplyTo,
    world::{App, World},
};

/// Elements that are numbers in a card's JSON.
const NUMBERS: &[&str] = &["desc_color", "type", "style", "mode", "aspect_ratio"];
/// Elements that are `true` or `false` in a card's JSON.
const FLAGS: &[&str] = &["is_checked", "disable"];
/// Elements that repeat: a list in JSON, even of one.
const LISTS: &[&str] = &[
    "action_list",
    "horizontal_content_list",
    "vertical_content_list",
    "jump_list",
    "button_list",
    "option_list",
    "select_list",
];

impl World {
    /// Applies a decrypted reply; the error says why it was dropped.
    pub(crate) fn passive_reply(
        &mut self,
        app: &App,
        reply_to: &ReplyTo,
        plain: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let tree = if app.json { Element::parse_json(plain) } else { Element::parse_xml(plain) };
        let tree = tree.map_err(|error| error.to_string())?;
        if app.json {
            return Err("智能机器人的被动回复不在模拟范围内".to_owned());
        }
        let text = |name: &str| tree.child(name).map_or("", Element::text);
        if !text("ToUserName").eq_ignore_ascii_case(&reply_to.userid) {
            return Err("ToUserName 应为发消息的成员".to_owned());
        }
        if text("FromUserName") != self.corp_id {
            return Err("FromUserName 应为企业的 CorpID".to_owned());
        }
        match text("MsgType") {
            kind @ ("text" | "image" | "voice" | "video" | "news") => {
                let content = self.content_of_reply(kind, &tree, now)?;
                let msgid = self.random(12);
                let line = Line {
                    app: &app.name,
                    userid: &reply_to.userid,
                    direction: "in",
                    msgtype: kind,
                    msgid: &msgid,
                    content,
                    card_id: None,
                };
                self.say(line, now);
                Ok(())
            }
            "update_button" => {
                let name = tree.child("Button").and_then(|it| it.child("ReplaceName"));
                let name = name.map(Element::text).filter(|name| !name.is_empty());
                let name = name.ok_or("缺少 ReplaceName")?.to_owned();
                self.pressed(reply_to, |copy| copy.disable(&name))
            }
            "update_template_card" => {
                let card = tree.child("TemplateCard").ok_or("缺少 TemplateCard")?;
                let card = card_of(card);
                crate::api::check_update(&card).map_err(|refused| refused.text)?;
                self.pressed(reply_to, |copy| copy.replace(card))
            }
            other => Err(format!("不支持的 MsgType {other}")),
        }
    }

    /// Changes the card that was pressed, in the hands of the one who pressed it only.
    fn pressed(
        &mut self,
        reply_to: &ReplyTo,
        change: impl FnOnce(&mut crate::chats::CardCopy),
    ) -> Result<(), String> {
        let card_id = reply_to.card_id.as_ref().ok_or("这个回调不是来自卡片")?;
        let copy = self.chats.cards.get_mut(card_id).ok_or("卡片已不存在")?;
        change(copy);
        self.card_changed(&reply_to.userid);
        Ok(())
    }

    fn content_of_reply(
        &self,
        kind: &str,
        tree: &Element<'_>,
        now: Timestamp,
    ) -> Result<Value, String> {
        let text = |of: &Element<'_>, name: &str| {
            of.child(name).map(|child| child.text().to_owned()).unwrap_or_default()
        };
        match kind {
            "text" => match text(tree, "Content") {
                content if content.is_empty() => Err("Content 为空".to_owned()),
                content => Ok(json!({ "content": cut_bytes(&content, 2048) })),
            },
            "news" => {
                let articles = tree.child("Articles").ok_or("缺少 Articles")?;
                let article = |item: &Element<'_>| {
                    json!({
                        "title": text(item, "Title"),
                        "description": text(item, "Description"),
                        "url": text(item, "Url"),
                        "picurl": text(item, "PicUrl"),
                    })
                };
                Ok(json!({ "articles": articles.all("item").map(article).collect::<Vec<_>>() }))
            }
            kind => {
                let name = match kind {
                    "image" => "Image",
                    "voice" => "Voice",
                    _ => "Video",
                };
                let part = tree.child(name).ok_or_else(|| format!("缺少 {name}"))?;
                let media_id = text(part, "MediaId");
                let media = self.media.living(&media_id, now).ok_or("MediaId 无效")?;
                Ok(json!({
                    "media_id": media_id,
                    "filename": media.filename,
                    "url": format!("/_sim/media/{media_id}"),
                }))
            }
        }
    }
}

/// The JSON of a card out of its XML twin: CamelCase becomes snake_case, repeated elements a list.
fn card_of(element: &Element<'_>) -> Value {
    let mut object = Map::new();
    for child in element.children() {
        let name = snake(child.name());
        let value =
            if child.children().is_empty() { leaf(&name, child.text()) } else { card_of(child) };
        if LISTS.contains(&name.as_str()) {
            let list = object.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(value);
            }
        } else {
            object.insert(name, value);
        }
    }
    Value::Object(object)
}

fn leaf(name: &str, text: &str) -> Value {
    if NUMBERS.contains(&name) {
        return serde_json::from_str(text).unwrap_or(text.into());
    }
    if FLAGS.contains(&name) {
        return (text == "true").into();
    }
    text.into()
}

/// `HorizontalContentList` becomes `horizontal_content_list`. Four names are irregular.
fn snake(name: &str) -> String {
    match name {
        "KeyName" => return "keyname".into(),
        "AppId" => return "appid".into(),
        "PagePath" => return "pagepath".into(),
        "UserId" => return "userid".into(),
        "CheckBox" => return "checkbox".into(),
        _ => {}
    }
    let mut out = String::new();
    for (at, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_in_xml_becomes_the_card_in_json() {
        let xml = "<TemplateCard><CardType><![CDATA[vote_interaction]]></CardType>\
            <Source><DescColor>2</DescColor></Source>\
            <HorizontalContentList><KeyName>k</KeyName><UserId>u</UserId></HorizontalContentList>\
            <CheckBox><QuestionKey>q</QuestionKey><OptionList><Id>1</Id><IsChecked>true</IsChecked>\
            </OptionList><Mode>1</Mode></CheckBox></TemplateCard>";
        let tree = Element::parse_xml(xml).unwrap();
        assert_eq!(
            card_of(&tree),
            json!({
                "card_type": "vote_interaction",
                "source": { "desc_color": 2 },
                "horizontal_content_list": [{ "keyname": "k", "userid": "u" }],
                "checkbox": {
                    "question_key": "q",
                    "option_list": [{ "id": "1", "is_checked": true }],
                    "mode": 1,
                },
            })
        );
    }
}
