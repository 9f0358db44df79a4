//! What the app shows of itself on the workbench: up to four key figures, of each member his own.
//! Custom display must be switched on in the console first (94000 until then).

use serde::{Deserialize, Serialize};

use super::Done;
use crate::{
    client::{Call, Client},
    error::{ApiError, Class},
};

/// `agent/set_workbench_template`.
pub const SET_TEMPLATE: &str = "agent/set_workbench_template";
/// `agent/batch_set_workbench_data`.
pub const BATCH_SET_DATA: &str = "agent/batch_set_workbench_data";
/// The most figures.
pub const ITEMS_MAX: usize = 4;
/// The most members of one call.
pub const MEMBERS_MAX: usize = 1000;

/// A key figure.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyFigure {
    /// What it counts, 64 characters.
    pub key: String,
    /// How many, 64 characters.
    pub data: String,
    /// The page behind it, 1024 bytes.
    pub jump_url: String,
}

/// Makes the app show key figures: these to everybody who has none of his own. What members have of
/// their own stays.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn set_template(
    client: &Client,
    app: &str,
    figures: &[KeyFigure],
) -> Result<(), ApiError> {
    let body = serde_json::json!({
        "agentid": client.agent_id(app).unwrap_or_default(),
        "type": "keydata",
        "keydata": { "items": figures },
        "replace_user_data": false,
    });
    client.call::<Done>(Call::post(app, SET_TEMPLATE, &body.to_string())).await.map(|Done {}| ())
}

/// Shows these figures to these members, at most [`MEMBERS_MAX`].
///
/// # Errors
/// When there are more, and when the platform refuses or cannot be reached.
pub async fn batch_set_data(
    client: &Client,
    app: &str,
    userids: &[String],
    figures: &[KeyFigure],
) -> Result<(), ApiError> {
    if userids.len() > MEMBERS_MAX || figures.len() > ITEMS_MAX {
        let what = format!("at most {MEMBERS_MAX} members and {ITEMS_MAX} figures");
        return Err(ApiError::ours(BATCH_SET_DATA, Class::Data, what));
    }
    let body = serde_json::json!({
        "agentid": client.agent_id(app).unwrap_or_default(),
        "userid_list": userids,
        "data": { "type": "keydata", "keydata": { "items": figures } },
    });
    client.call::<Done>(Call::post(app, BATCH_SET_DATA, &body.to_string())).await.map(|Done {}| ())
}
