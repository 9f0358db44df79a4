//! Messages to members. Sending is not idempotent: after [`ApiError::outcome_unknown`] the same
//! bytes must be sent again with `enable_duplicate_check`, or not at all. So the body comes in
//! rendered ([`AppMessage::render`](crate::message::AppMessage::render)).

use serde::Deserialize;

use super::{Done, names};
use crate::{
    client::{Call, Client},
    error::ApiError,
};

/// `message/send`.
pub const SEND: &str = "message/send";
/// `message/update_template_card`.
pub const UPDATE_TEMPLATE_CARD: &str = "message/update_template_card";
/// `message/recall`.
pub const RECALL: &str = "message/recall";

/// What became of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// Userids that did not get it, in lower case whatever their own case is.
    #[serde(rename = "invaliduser", deserialize_with = "names")]
    pub invalid_users: Vec<String>,
    /// Departments that did not get it.
    #[serde(rename = "invalidparty", deserialize_with = "names")]
    pub invalid_parties: Vec<String>,
    /// Tags that did not get it.
    #[serde(rename = "invalidtag", deserialize_with = "names")]
    pub invalid_tags: Vec<String>,
    /// Userids without a licence.
    #[serde(rename = "unlicenseduser", deserialize_with = "names")]
    pub unlicensed_users: Vec<String>,
    /// For `recall`, 24 hours.
    pub msgid: Option<String>,
    /// For one update of the card, 72 hours; only of cards that can be pressed.
    pub response_code: Option<String>,
}

/// Who was not reached by an update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Updated {
    /// Userids whose card did not change, in lower case.
    #[serde(rename = "invaliduser", deserialize_with = "names")]
    pub invalid_users: Vec<String>,
}

/// Sends a rendered [`AppMessage`](crate::message::AppMessage).
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn send(client: &Client, app: &str, body: &str) -> Result<Sent, ApiError> {
    client.call(Call::post(app, SEND, body)).await
}

/// Sends a rendered [`CardUpdate`](crate::message::CardUpdate).
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn update_template_card(
    client: &Client,
    app: &str,
    body: &str,
) -> Result<Updated, ApiError> {
    client.call(Call::post(app, UPDATE_TEMPLATE_CARD, body)).await
}

/// Takes a message back.
///
/// # Errors
/// When it is older than 24 hours, or the platform refuses or cannot be reached.
pub async fn recall(client: &Client, app: &str, msgid: &str) -> Result<(), ApiError> {
    let body = serde_json::json!({ "msgid": msgid }).to_string();
    client.call::<Done>(Call::post(app, RECALL, &body)).await.map(|Done {}| ())
}
