//! Writes XML as WeCom does: one `<xml>` root, texts in CDATA, numbers bare.

/// An XML document under construction.
#[derive(Clone, Debug)]
pub struct Writer {
    out: String,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An empty document.
    pub fn new() -> Self {
        Self { out: "<xml>".to_owned() }
    }

    /// A text in CDATA. `]]>` is split over two sections, and control characters that XML cannot
    /// hold are left out.
    pub fn text(&mut self, name: &str, value: &str) {
        self.tag("<", name);
        self.out.push_str("<![CDATA[");
        for (at, part) in value.split("]]>").enumerate() {
            if at > 0 {
                self.out.push_str("]]]]><![CDATA[>");
            }
            self.out.extend(part.chars().filter(|c| is_xml_char(*c)));
        }
        self.out.push_str("]]>");
        self.tag("</", name);
    }

    /// A text in CDATA, when there is one.
    pub fn text_if(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.text(name, value);
        }
    }

    /// A bare number.
    pub fn number(&mut self, name: &str, value: i64) {
        self.bare(name, &value.to_string());
    }

    /// A bare number, when there is one.
    pub fn number_if(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    /// A value that needs no CDATA: a number, `true`.
    pub(crate) fn bare(&mut self, name: &str, value: &str) {
        self.tag("<", name);
        self.out.push_str(value);
        self.tag("</", name);
    }

    /// An element with others inside.
    pub fn nest(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.tag("<", name);
        inside(self);
        self.tag("</", name);
    }

    /// The document.
    pub fn finish(mut self) -> String {
        self.out.push_str("</xml>");
        self.out
    }

    fn tag(&mut self, open: &str, name: &str) {
        self.out.push_str(open);
        self.out.push_str(name);
        self.out.push('>');
    }
}

fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
