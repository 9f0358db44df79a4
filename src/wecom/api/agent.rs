//! The app itself, and where callbacks come from.

use serde::Deserialize;

use super::or_default;
use crate::{
    client::{Call, Client},
    error::ApiError,
};

/// `agent/get`.
pub const GET: &str = "agent/get";
/// `getcallbackip`.
pub const GETCALLBACKIP: &str = "getcallbackip";

/// An app as the console has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Agent {
    /// AgentId.
    pub agentid: i64,
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Members who see it.
    #[serde(deserialize_with = "or_default")]
    pub allow_userinfos: AllowedUsers,
    /// Departments that see it.
    #[serde(deserialize_with = "or_default")]
    pub allow_partys: AllowedParties,
    /// Tags that see it.
    #[serde(deserialize_with = "or_default")]
    pub allow_tags: AllowedTags,
    /// 1 when it is disabled.
    pub close: i64,
    /// The trusted domain.
    #[serde(deserialize_with = "or_default")]
    pub redirect_domain: String,
    /// 1 when opening it is reported.
    pub isreportenter: i64,
    /// The page behind its icon.
    #[serde(deserialize_with = "or_default")]
    pub home_url: String,
}

/// Members who see an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AllowedUsers {
    /// The members.
    #[serde(deserialize_with = "or_default")]
    pub user: Vec<AllowedUser>,
}

/// A member who sees an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AllowedUser {
    /// His userid.
    pub userid: String,
}

/// Departments that see an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AllowedParties {
    /// The departments.
    #[serde(deserialize_with = "or_default")]
    pub partyid: Vec<i64>,
}

/// Tags that see an app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AllowedTags {
    /// The tags.
    #[serde(deserialize_with = "or_default")]
    pub tagid: Vec<i64>,
}

/// The app.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn get(client: &Client, app: &str) -> Result<Agent, ApiError> {
    let agent_id = client.agent_id(app).unwrap_or_default().to_string();
    client.call(Call::get(app, GET, &[("agentid", &agent_id)])).await
}

/// Where callbacks come from: addresses, some with `*` or a prefix length. Changes; ask daily.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn get_callback_ip(client: &Client, app: &str) -> Result<Vec<String>, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "or_default")]
        ip_list: Vec<String>,
    }
    let Answer { ip_list } = client.call(Call::get(app, GETCALLBACKIP, &[])).await?;
    Ok(ip_list)
}
