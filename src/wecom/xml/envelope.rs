//! The outside of a callback: who it says it is for, and the ciphertext. Nothing of it but the
//! ciphertext is covered by the signature, so only what is decrypted may be trusted.

use std::borrow::Cow;

use super::{Element, TreeError, Writer};

/// The outside of a callback.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The corp or suite that it names; empty for bots. Not signed.
    pub to_user_name: Cow<'a, str>,
    /// The app that it names, unless missing or empty. Not signed.
    pub agent_id: Option<Cow<'a, str>>,
    /// The ciphertext.
    pub encrypt: Cow<'a, str>,
}

/// Why a body is no envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// There is nothing in it.
    #[error("the body is empty")]
    Empty,
    /// It is not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// It cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// It has no ciphertext.
    #[error("the body has no Encrypt")]
    NoCiphertext,
}

/// Reads the envelope of a callback: XML, or JSON for bots. Elements come in any order.
///
/// # Errors
/// When the body is empty, unreadable, or has no ciphertext.
pub fn envelope(body: &[u8]) -> Result<Envelope<'_>, EnvelopeError> {
    let text = str::from_utf8(body).map_err(|_utf8| EnvelopeError::NotUtf8)?;
    let text = text.trim_start_matches('\u{FEFF}').trim_ascii();
    let (mut root, [to_user_name, agent_id, encrypt]) = match text.as_bytes().first() {
        None => return Err(EnvelopeError::Empty),
        Some(b'{') => (Element::parse_json(text)?, ["tousername", "agentid", "encrypt"]),
        Some(_) => (Element::parse_xml(text)?, ["ToUserName", "AgentID", "Encrypt"]),
    };
    let encrypt = root.take(encrypt).filter(|text| !text.is_empty());
    Ok(Envelope {
        to_user_name: root.take(to_user_name).unwrap_or_default(),
        agent_id: root.take(agent_id).filter(|id| !id.trim_ascii().is_empty()),
        encrypt: encrypt.ok_or(EnvelopeError::NoCiphertext)?,
    })
}

/// The XML body of a callback as the platform posts it.
pub fn envelope_xml(to_user_name: &str, agent_id: Option<&str>, encrypt: &str) -> String {
    let mut xml = Writer::new();
    xml.text("ToUserName", to_user_name);
    if let Some(agent_id) = agent_id {
        xml.text("AgentID", agent_id);
    }
    xml.text("Encrypt", encrypt);
    xml.finish()
}
