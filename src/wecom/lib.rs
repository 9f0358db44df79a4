//! WeCom (企业微信) the platform: callback crypto, messages and events, template cards, access
//! tokens, and the calls of its API. Nothing here knows what a ticket is, and nothing here decides
//! when a message is sent; a secret, a token or a query string is never logged or shown.

pub mod card;
pub mod crypt;
pub mod event;
pub mod message;
pub mod xml;

pub use crypt::{AesKey, Crypt, CryptError, Opened, Sealed, Signed};
pub use event::{Event, Message, ParseError};
