//! WeCom (企业微信) the platform: callback crypto, messages and events, template cards, access
//! tokens, and the calls of its API. Nothing here knows what a ticket is, and nothing here decides
//! when a message is sent; a secret, a token or a query string is never logged or shown.

pub mod api;
pub mod card;
pub mod client;
pub mod crypt;
pub mod error;
pub mod event;
pub mod jssdk;
pub mod limits;
pub mod login;
pub mod message;
pub mod token;
pub mod xml;

pub use client::{App, Client, Corp};
pub use crypt::{AesKey, Crypt, CryptError, Opened, Sealed, Signed};
pub use error::{ApiError, Class, class_of};
pub use event::{Event, Message, ParseError};
pub use token::{Ban, MemoryTokens, StoredToken, TokenStore, Tokens};
