//! The callback's cipher and signature: AES-256-CBC with PKCS#7 over 32-byte blocks, SHA-1 over
//! the sorted token, timestamp, nonce and ciphertext. The signature is checked before anything is
//! decrypted, every length before it is used, and what is opened names its receiver.

use std::fmt;

use aes::{Aes256Dec, Aes256Enc};
use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{
        DecodePaddingMode,
        general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD},
    },
};
use cbc::{
    Decryptor, Encryptor,
    cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, KeyInit, consts::U16},
};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::xml::Writer;

/// Letters and digits of an EncodingAESKey.
const KEY_CHARS: usize = 43;
/// The block of the padding, twice that of AES: pad values 17 to 32 are ordinary.
const PAD_BLOCK: usize = 32;
/// What stands before the message: 16 random bytes.
const RANDOM: usize = 16;
/// Random bytes and the big-endian length.
const HEAD: usize = RANDOM + 4;

/// 43 characters carry 258 bits: the two surplus ones are any for three keys in four, and strict
/// decoders refuse them.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The key of a callback, from the console's EncodingAESKey. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct AesKey([u8; 32]);

/// Why a text is no EncodingAESKey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 43 characters.
    #[error("an EncodingAESKey has 43 characters, this one has {0}")]
    Length(usize),
    /// A character that is neither letter nor digit.
    #[error("an EncodingAESKey has letters and digits only, character {0} is neither")]
    Character(usize),
}

impl AesKey {
    /// The key in the console's 43 characters.
    ///
    /// # Errors
    /// When the text has another length or another character; the text itself is not repeated.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let chars = text.chars().count();
        if chars != KEY_CHARS {
            return Err(KeyError::Length(chars));
        }
        if let Some(at) = text.chars().position(|c| !c.is_ascii_alphanumeric()) {
            return Err(KeyError::Character(at + 1));
        }
        let mut key = [0; 32];
        match KEY_BASE64.decode_slice(text, &mut key) {
            Ok(32) => Ok(Self(key)),
            Ok(_) | Err(_) => Err(KeyError::Length(chars)),
        }
    }
}

impl fmt::Debug for AesKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AesKey(…)")
    }
}

/// The three query parameters that WeCom signs a callback with, as they came after URL-decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'a> {
    /// `msg_signature`.
    pub msg_signature: &'a str,
    /// `timestamp`, as text: it is signed as it was written.
    pub timestamp: &'a str,
    /// `nonce`.
    pub nonce: &'a str,
}

/// What was inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The message: XML, JSON, or the digits of an echostr.
    pub message: Vec<u8>,
    /// Whom it was made for: a corp, a suite, or nobody (bots).
    pub receiver: String,
}

/// A message closed for the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The ciphertext in base64.
    pub encrypt: String,
    /// The signature, 40 hexadecimal digits.
    pub msg_signature: String,
    /// The timestamp that was signed.
    pub timestamp: String,
    /// The nonce that was signed.
    pub nonce: String,
}

impl Sealed {
    /// As the XML of a passive reply.
    pub fn to_xml(&self) -> String {
        let mut xml = Writer::new();
        xml.text("Encrypt", &self.encrypt);
        xml.text("MsgSignature", &self.msg_signature);
        match self.timestamp.parse() {
            Ok(seconds) => xml.number("TimeStamp", seconds),
            Err(_not_a_number) => xml.text("TimeStamp", &self.timestamp),
        }
        xml.text("Nonce", &self.nonce);
        xml.finish()
    }

    /// As the JSON of a passive reply to a bot's callback.
    pub fn to_json(&self) -> String {
        let timestamp: serde_json::Value = match self.timestamp.parse::<i64>() {
            Ok(seconds) => seconds.into(),
            Err(_not_a_number) => self.timestamp.as_str().into(),
        };
        serde_json::json!({
            "encrypt": self.encrypt,
            "msgsignature": self.msg_signature,
            "timestamp": timestamp,
            "nonce": self.nonce,
        })
        .to_string()
    }
}

/// Why a callback was not opened. The numbers are those of the platform's own samples.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CryptError {
    /// -40001: not signed by whoever knows the token.
    #[error("the signature does not match")]
    Signature,
    /// -40010: the ciphertext is no base64.
    #[error("the ciphertext is not base64")]
    Base64,
    /// -40008: empty, or no whole number of blocks.
    #[error("the ciphertext has {0} bytes, which is not a number of whole blocks")]
    Length(usize),
    /// -40007: made with another key, or damaged.
    #[error("the plaintext is not well formed: wrong EncodingAESKey or damaged data")]
    Plaintext,
    /// -40005: meant for somebody else.
    #[error("made for receiver {0:?}, which is not served here")]
    Receiver(String),
}

impl CryptError {
    /// The number that WeCom's own samples use for it.
    pub fn number(&self) -> i32 {
        match self {
            Self::Signature => -40001,
            Self::Receiver(_) => -40005,
            Self::Plaintext => -40007,
            Self::Length(_) => -40008,
            Self::Base64 => -40010,
        }
    }
}

/// Opens and closes the messages of one callback.
#[derive(Clone)]
pub struct Crypt {
    token: String,
    decrypt: Aes256Dec,
    encrypt: Aes256Enc,
    iv: Array<u8, U16>,
    receivers: Vec<String>,
}

impl Crypt {
    /// For a callback with this token and key that serves these receivers: the corp id, and `""`
    /// for a bot.
    pub fn new(token: String, key: AesKey, receivers: Vec<String>) -> Self {
        let AesKey(key) = key;
        let mut iv = Array::default();
        iv.iter_mut().zip(key).for_each(|(to, from)| *to = from);
        let (decrypt, encrypt) = (Aes256Dec::new(&key.into()), Aes256Enc::new(&key.into()));
        Self { token, decrypt, encrypt, iv, receivers }
    }

    /// Checks the signature, then decrypts. For a POST `encrypt` is the envelope's ciphertext, for
    /// the GET check it is the echostr.
    ///
    /// # Errors
    /// When the signature, the form or the receiver is not right; see [`CryptError`].
    pub fn open(&self, signed: &Signed<'_>, encrypt: &str) -> Result<Opened, CryptError> {
        let ours = self.digits(signed.timestamp, signed.nonce, encrypt);
        if !bool::from(ours.as_slice().ct_eq(signed.msg_signature.as_bytes())) {
            return Err(CryptError::Signature);
        }
        let mut bytes = STANDARD.decode(encrypt).map_err(|_not_base64| CryptError::Base64)?;
        let plain = self.decrypt(&mut bytes)?;
        let receiver = cut_message(plain, &mut bytes).ok_or(CryptError::Plaintext)?;
        if self.receivers.contains(&receiver) {
            Ok(Opened { message: bytes, receiver })
        } else {
            Err(CryptError::Receiver(receiver))
        }
    }

    /// Encrypts and signs a message. The random bytes come from the caller, so that a test can
    /// repeat a ciphertext.
    pub fn seal(
        &self,
        message: &[u8],
        receiver: &str,
        timestamp: &str,
        nonce: &str,
        random: [u8; RANDOM],
    ) -> Sealed {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEAD + message.len() + receiver.len() + PAD_BLOCK);
        bytes.extend_from_slice(&random);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(message);
        bytes.extend_from_slice(receiver.as_bytes());
        let pad = PAD_BLOCK - bytes.len() % PAD_BLOCK;
        bytes.resize(bytes.len() + pad, u8::try_from(pad).unwrap_or_default());
        let (blocks, _rest) = Array::<u8, U16>::slice_as_chunks_mut(&mut bytes);
        Encryptor::inner_iv_init(&self.encrypt, &self.iv).encrypt_blocks(blocks);
        let encrypt = STANDARD.encode(&bytes);
        Sealed {
            msg_signature: self.sign(timestamp, nonce, &encrypt),
            encrypt,
            timestamp: timestamp.to_owned(),
            nonce: nonce.to_owned(),
        }
    }

    /// The signature over a ciphertext: 40 lower-case hexadecimal digits.
    pub fn sign(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        self.digits(timestamp, nonce, encrypt).iter().copied().map(char::from).collect()
    }

    /// Decrypts a file of a bot's message: the same key and padding, and no frame inside.
    ///
    /// # Errors
    /// When the bytes are no whole number of blocks or end in no padding.
    pub fn open_file(&self, mut bytes: Vec<u8>) -> Result<Vec<u8>, CryptError> {
        let plain = self.decrypt(&mut bytes)?;
        bytes.truncate(plain);
        Ok(bytes)
    }

    /// Decrypts in place and answers how many bytes stand before the padding.
    fn decrypt(&self, bytes: &mut [u8]) -> Result<usize, CryptError> {
        let length = bytes.len();
        let (blocks, rest) = Array::<u8, U16>::slice_as_chunks_mut(bytes);
        if blocks.is_empty() || !rest.is_empty() {
            return Err(CryptError::Length(length));
        }
        Decryptor::inner_iv_init(&self.decrypt, &self.iv).decrypt_blocks(blocks);
        let pad = bytes.last().copied().unwrap_or_default();
        let end = length.checked_sub(usize::from(pad)).ok_or(CryptError::Plaintext)?;
        let padding = bytes.get(end..).unwrap_or_default();
        let whole = padding.iter().all(|byte| *byte == pad);
        let known = (1..=PAD_BLOCK).contains(&usize::from(pad));
        if whole && known { Ok(end) } else { Err(CryptError::Plaintext) }
    }

    fn digits(&self, timestamp: &str, nonce: &str, encrypt: &str) -> [u8; 40] {
        let mut parts = [&self.token, timestamp, nonce, encrypt];
        parts.sort_unstable();
        let mut sha1 = Sha1::new();
        parts.iter().for_each(|part| sha1.update(part));
        let mut digits = [0; 40];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(sha1.finalize()) {
            pair.copy_from_slice(&[hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
        digits
    }
}

impl fmt::Debug for Crypt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Crypt").field("receivers", &self.receivers).finish_non_exhaustive()
    }
}

/// Takes the frame off: leaves the message in `bytes` and answers the receiver behind it.
fn cut_message(plain: usize, bytes: &mut Vec<u8>) -> Option<String> {
    let length = bytes.get(RANDOM..HEAD)?.try_into().ok().map(u32::from_be_bytes)?;
    let end = HEAD.checked_add(usize::try_from(length).ok()?)?;
    let receiver = str::from_utf8(bytes.get(end..plain)?).ok()?.to_owned();
    bytes.truncate(end);
    bytes.drain(..HEAD);
    Some(receiver)
}

fn hex_digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + (nibble - 10),
    }
}

#[cfg(test)]
mod tests;
