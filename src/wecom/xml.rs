//! A small tree of named texts, read from XML or JSON and written as XML. What reads it is reached
//! before any signature is checked, so document types and entities are refused, depth and size are
//! bounded, and no input makes it fail other than by an error.

mod envelope;
mod json;
mod write;

use std::borrow::Cow;

use quick_xml::{Reader, events::Event};

pub use envelope::{Envelope, EnvelopeError, envelope, envelope_xml};
pub use write::Writer;

/// The deepest nesting: approval events have seven levels, bot events too.
pub const MAX_DEPTH: usize = 12;
/// The most elements of one document: room for a change of thousands of group members.
pub const MAX_ELEMENTS: usize = 16_384;

/// Why a document was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// It is neither XML nor JSON, or breaks off.
    #[error("the document is not well formed")]
    Malformed,
    /// It declares a document type or uses an entity other than the five of XML itself.
    #[error("document types and entities are not accepted")]
    Entity,
    /// More than [`MAX_DEPTH`] levels.
    #[error("the document is nested more than {MAX_DEPTH} levels deep")]
    Deep,
    /// More than [`MAX_ELEMENTS`] elements.
    #[error("the document has more than {MAX_ELEMENTS} elements")]
    Large,
}

/// One element: a name, its text, and what is inside. Borrows from the document where it can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element<'a> {
    name: Cow<'a, str>,
    text: Cow<'a, str>,
    children: Vec<Element<'a>>,
}

impl<'a> Element<'a> {
    /// The root of an XML document.
    ///
    /// # Errors
    /// When it is not well formed, has entities, or is too deep or too large.
    pub fn parse_xml(document: &'a str) -> Result<Self, TreeError> {
        Builder::new(document).run()
    }

    /// A JSON object as the same tree: members are children, items of a list repeat its name,
    /// numbers keep their digits. The root has no name.
    ///
    /// # Errors
    /// When it is no JSON object, or too deep or too large.
    pub fn parse_json(document: &'a str) -> Result<Self, TreeError> {
        json::parse(document)
    }

    /// The element's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element's own text: CDATA as it stands, bare text without surrounding blanks.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is inside, in document order.
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child of this name.
    pub fn all<'t>(&'t self, name: &'t str) -> impl Iterator<Item = &'t Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Removes and answers the text of the first child of this name.
    fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let child = self.children.iter_mut().find(|child| child.name == name)?;
        Some(std::mem::take(&mut child.text))
    }
}

/// Text under construction: blanks around CDATA are layout, blanks inside it are content.
#[derive(Default)]
struct Open<'a> {
    element: Element<'a>,
    has_cdata: bool,
}

impl<'a> Open<'a> {
    fn push(&mut self, piece: Cow<'a, str>) {
        let text = &mut self.element.text;
        if text.is_empty() {
            *text = piece;
        } else {
            text.to_mut().push_str(&piece);
        }
    }

    fn bare(&mut self, piece: Cow<'a, str>) {
        // Layout between elements and around CDATA is never content.
        let blank = piece.trim_ascii().is_empty();
        if !blank || !(self.has_cdata || self.element.text.is_empty()) {
            self.push(piece);
        }
    }

    fn cdata(&mut self, piece: Cow<'a, str>) {
        self.has_cdata = true;
        self.push(piece);
    }

    fn close(self) -> Element<'a> {
        let mut element = self.element;
        if !self.has_cdata {
            element.text = match element.text {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim_ascii()),
                Cow::Owned(text) => Cow::Owned(text.trim_ascii().to_owned()),
            };
        }
        element
    }
}

struct Builder<'a> {
    document: &'a str,
    reader: Reader<&'a [u8]>,
    open: Vec<Open<'a>>,
    elements: usize,
}

impl<'a> Builder<'a> {
    fn new(document: &'a str) -> Self {
        let document = document.trim_start_matches('\u{FEFF}').trim_ascii_start();
        let mut reader = Reader::from_str(document);
        reader.config_mut().allow_dangling_amp = true;
        Self { document, reader, open: Vec::new(), elements: 0 }
    }

    fn run(mut self) -> Result<Element<'a>, TreeError> {
        loop {
            let at = self.reader.buffer_position();
            let event = self.reader.read_event().map_err(|_quick_xml| TreeError::Malformed)?;
            let closed = match event {
                Event::Start(start) => {
                    let name = self.name(at, start.name().as_ref());
                    self.enter(name)?;
                    None
                }
                Event::Empty(start) => {
                    let name = self.name(at, start.name().as_ref());
                    self.enter(name)?;
                    self.leave()?
                }
                Event::End(_) => self.leave()?,
                Event::Text(text) => {
                    self.text(text.into_inner())?;
                    None
                }
                Event::CData(text) => {
                    self.open.last_mut().ok_or(TreeError::Malformed)?.cdata(text.into_inner());
                    None
                }
                Event::GeneralRef(entity) => {
                    let resolved = resolve(&entity).ok_or(TreeError::Entity)?;
                    self.open.last_mut().ok_or(TreeError::Malformed)?.push(resolved.into());
                    None
                }
                Event::DocType(_) => return Err(TreeError::Entity),
                Event::Eof => return Err(TreeError::Malformed),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
            };
            if let Some(root) = closed {
                return Ok(root);
            }
        }
    }

    /// The name as it stands in the document, to be borrowed: right behind the `<` at `at`.
    fn name(&self, at: u64, name: &str) -> Cow<'a, str> {
        let start = usize::try_from(at).unwrap_or(usize::MAX).saturating_add(1);
        let there = self.document.get(start..start.saturating_add(name.len()));
        there.filter(|there| *there == name).map_or_else(|| name.to_owned().into(), Cow::Borrowed)
    }

    fn enter(&mut self, name: Cow<'a, str>) -> Result<(), TreeError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(TreeError::Large);
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(TreeError::Deep);
        }
        let element = Element { name, ..Element::default() };
        self.open.push(Open { element, has_cdata: false });
        Ok(())
    }

    /// Closes the innermost element; answers it when it was the root.
    fn leave(&mut self) -> Result<Option<Element<'a>>, TreeError> {
        let element = self.open.pop().ok_or(TreeError::Malformed)?.close();
        match self.open.last_mut() {
            Some(parent) => {
                parent.element.children.push(element);
                Ok(None)
            }
            None => Ok(Some(element)),
        }
    }

    fn text(&mut self, text: Cow<'a, str>) -> Result<(), TreeError> {
        match self.open.last_mut() {
            Some(open) => open.bare(text),
            None if text.trim_ascii().is_empty() => {}
            None => return Err(TreeError::Malformed),
        }
        Ok(())
    }
}

/// A character reference, or one of the five entities of XML itself.
fn resolve(entity: &quick_xml::events::BytesRef<'_>) -> Option<String> {
    if entity.is_char_ref() {
        return entity.resolve_char_ref().ok().flatten().map(String::from);
    }
    quick_xml::escape::resolve_predefined_entity(entity).map(str::to_owned)
}

#[cfg(test)]
mod tests;
