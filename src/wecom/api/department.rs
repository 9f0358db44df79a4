//! Departments. The parent of a visible one may be missing, so they form a forest.

use serde::Deserialize;

use super::or_default;
use crate::{
    client::{Call, Client},
    error::ApiError,
};

/// `department/list`.
pub const LIST: &str = "department/list";

/// A department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Department {
    /// Its number; 1 is the root.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Userids of who leads it.
    #[serde(deserialize_with = "or_default")]
    pub department_leader: Vec<String>,
    /// The one above; 0 for the root.
    pub parentid: i64,
    /// Bigger comes first.
    pub order: i64,
}

/// A department with all below it, or all that the app can see.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn list(
    client: &Client,
    app: &str,
    below: Option<i64>,
) -> Result<Vec<Department>, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "or_default")]
        department: Vec<Department>,
    }
    let id = below.map(|id| id.to_string());
    let query: Vec<_> = id.iter().map(|id| ("id", id.as_str())).collect();
    let Answer { department } = client.call(Call::get(app, LIST, &query)).await?;
    Ok(department)
}
