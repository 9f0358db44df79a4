//! The menu below an app's conversation.

use serde::{Deserialize, Serialize};

use super::Done;
use crate::{
    client::{Call, Client},
    error::{ApiError, Class},
};

/// `menu/create`.
pub const CREATE: &str = "menu/create";
/// `menu/get`.
pub const GET: &str = "menu/get";
/// There is no menu.
const NO_MENU: i64 = 46003;

/// A menu: 1 to 3 buttons, each with up to 5 below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Menu {
    /// The buttons.
    pub button: Vec<MenuButton>,
}

/// A button of a menu.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MenuButton {
    /// `click`, `view`, `scancode_waitmsg`, `location_select`, …; empty for one with others below.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// 16 bytes, below another button 40.
    pub name: String,
    /// Comes back as `EventKey`, 128 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// Where it leads, 1024 bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The buttons below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sub_button: Vec<MenuButton>,
}

impl MenuButton {
    /// A button that comes back as an event.
    pub fn click(name: impl Into<String>, key: impl Into<String>) -> Self {
        Self { kind: "click".to_owned(), name: name.into(), key: key.into(), ..Self::default() }
    }

    /// A button that opens a page.
    pub fn view(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self { kind: "view".to_owned(), name: name.into(), url: url.into(), ..Self::default() }
    }
}

/// Sets the app's menu. Clients see it when they open the app again, up to a day later.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn create(client: &Client, app: &str, menu: &Menu) -> Result<(), ApiError> {
    let body = serde_json::to_string(menu)
        .map_err(|error| ApiError::ours(CREATE, Class::Data, error.to_string()))?;
    let agent_id = client.agent_id(app).unwrap_or_default().to_string();
    let query = &[("agentid", agent_id.as_str())];
    let call = Call { query, ..Call::post(app, CREATE, &body) };
    client.call::<Done>(call).await.map(|Done {}| ())
}

/// The app's menu, empty when it has none.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn get(client: &Client, app: &str) -> Result<Menu, ApiError> {
    let agent_id = client.agent_id(app).unwrap_or_default().to_string();
    match client.call(Call::get(app, GET, &[("agentid", &agent_id)])).await {
        Err(error) if error.errcode == NO_MENU => Ok(Menu::default()),
        outcome => outcome,
    }
}
