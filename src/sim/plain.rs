//! What stands inside a callback, as an ordered tree: written as XML the way WeCom writes it, or
//! in the other ways that it has been seen to.

use serde_json::{Map, Value};

/// A value of a callback.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A text, in CDATA.
    Text(String),
    /// A number or another word that stands bare.
    Bare(String),
    /// Elements inside the element.
    Tree(Vec<(String, Node)>),
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Self::Bare(number.to_string())
    }
}

/// The plaintext of a callback.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// Fields in their order.
    Fields(Vec<(String, Node)>),
    /// Any text, delivered as it stands.
    Raw(String),
}

/// How fields are written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    pub(crate) json: bool,
    pub(crate) no_cdata: bool,
    pub(crate) bom: bool,
    /// Turns the order of the fields; nothing keeps it.
    pub(crate) shuffle: Option<u64>,
}

impl Plain {
    /// The fields that every message and event begins with.
    pub(crate) fn head(corp_id: &str, from: &str, at_seconds: i64, msg_type: &str) -> Self {
        Self::Fields(Vec::new())
            .with("ToUserName", corp_id)
            .with("FromUserName", from)
            .with("CreateTime", at_seconds)
            .with("MsgType", msg_type)
    }

    /// The same with one more field.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, node: impl Into<Node>) -> Self {
        if let Self::Fields(fields) = &mut self {
            fields.push((name.to_owned(), node.into()));
        }
        self
    }

    /// The same with one more field, unless its text is empty.
    #[must_use]
    pub(crate) fn with_text(self, name: &str, text: &str) -> Self {
        if text.is_empty() { self } else { self.with(name, text) }
    }

    /// The same with a field that stands bare.
    #[must_use]
    pub(crate) fn with_bare(self, name: &str, text: &str) -> Self {
        self.with(name, Node::Bare(text.to_owned()))
    }

    /// As it goes into the cipher.
    pub(crate) fn write(&self, style: Style) -> String {
        let fields = match self {
            Self::Raw(text) => return text.clone(),
            Self::Fields(fields) => fields,
        };
        let mut fields = fields.clone();
        if let Some(mut seed) = style.shuffle {
            for at in (1..fields.len()).rev() {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let bound = u64::try_from(at).unwrap_or(0) + 1;
                let other = usize::try_from((seed >> 33) % bound).unwrap_or(0);
                fields.swap(at, other);
            }
        }
        let mut out = String::from(if style.bom { "\u{FEFF}" } else { "" });
        if style.json {
            out.push_str(&json(&fields).to_string());
        } else {
            out.push_str("<xml>");
            xml(&fields, style, &mut out);
            out.push_str("</xml>");
        }
        out
    }
}

fn xml(fields: &[(String, Node)], style: Style, out: &mut String) {
    for (name, node) in fields {
        out.extend(["<", name, ">"]);
        match node {
            Node::Bare(text) => out.push_str(text),
            Node::Text(text) if style.no_cdata => escape(text, out),
            Node::Text(text) => {
                out.push_str("<![CDATA[");
                out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
                out.push_str("]]>");
            }
            Node::Tree(inside) => xml(inside, style, out),
        }
        out.extend(["</", name, ">"]);
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

/// As JSON: the names of XML as keys, repeated elements as a list.
fn json(fields: &[(String, Node)]) -> Value {
    let mut object = Map::new();
    for (name, node) in fields {
        let value = match node {
            Node::Text(text) => Value::from(text.as_str()),
            Node::Bare(text) => serde_json::from_str(text).unwrap_or(Value::from(text.as_str())),
            Node::Tree(inside) => json(inside),
        };
        match object.get_mut(name) {
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
            None => {
                object.insert(name.clone(), value);
            }
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Plain {
        Plain::head("ww1", "zhangsan", 7, "text")
            .with("Content", "a]]>b&<c")
            .with_bare("MsgId", "12")
    }

    #[test]
    fn a_message_is_written_as_wecom_writes_it() {
        assert_eq!(
            sample().write(Style::default()),
            "<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[zhangsan]]>\
             </FromUserName><CreateTime>7</CreateTime><MsgType><![CDATA[text]]></MsgType>\
             <Content><![CDATA[a]]]]><![CDATA[>b&<c]]></Content><MsgId>12</MsgId></xml>"
        );
        assert!(
            sample()
                .write(Style { no_cdata: true, ..Style::default() })
                .contains("<Content>a]]&gt;b&amp;&lt;c</Content>")
        );
    }

    #[test]
    fn every_style_reads_back_to_the_same_fields() {
        for seed in 0..50 {
            let style = Style {
                shuffle: Some(seed),
                bom: seed % 2 == 0,
                no_cdata: seed % 3 == 0,
                json: seed % 5 == 0,
            };
            let text = sample().write(style);
            let read = if style.json {
                wecom::xml::Element::parse_json(&text)
            } else {
                wecom::xml::Element::parse_xml(&text)
            };
            let read = read.unwrap();
            let get = |name| read.child(name).unwrap().text();
            assert_eq!((get("Content"), get("MsgId"), get("CreateTime")), ("a]]>b&<c", "12", "7"));
        }
    }

    #[test]
    fn repeated_elements_become_a_list_in_json() {
        let items = Node::Tree(vec![("Item".into(), "a".into()), ("Item".into(), "b".into())]);
        let plain = Plain::Fields(vec![("List".into(), items)]);
        let style = Style { json: true, ..Style::default() };
        assert_eq!(plain.write(style), r#"{"List":{"Item":["a","b"]}}"#);
    }
}
