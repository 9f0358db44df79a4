//! Members. An app sees those in its visible range, and since 2022 few of their fields.

use serde::Deserialize;

use super::or_default;
use crate::{
    client::{Call, Client},
    error::ApiError,
};

/// `user/get`.
pub const GET: &str = "user/get";
/// `user/list`.
pub const LIST: &str = "user/list";
/// `user/simplelist`.
pub const SIMPLELIST: &str = "user/simplelist";

/// A member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct User {
    /// The userid, in its own case; compared without case.
    pub userid: String,
    /// Name.
    pub name: String,
    /// Departments.
    #[serde(deserialize_with = "or_default")]
    pub department: Vec<i64>,
    /// The main one.
    pub main_department: Option<i64>,
    /// Whether he leads each of `department`.
    #[serde(deserialize_with = "or_default")]
    pub is_leader_in_dept: Vec<i64>,
    /// Userids of his superiors.
    #[serde(deserialize_with = "or_default")]
    pub direct_leader: Vec<String>,
    /// Position.
    #[serde(deserialize_with = "or_default")]
    pub position: String,
    /// Mobile number; only for old apps.
    #[serde(deserialize_with = "or_default")]
    pub mobile: String,
    /// Mail; only for old apps.
    #[serde(deserialize_with = "or_default")]
    pub email: String,
    /// Picture; only for old apps.
    #[serde(deserialize_with = "or_default")]
    pub avatar: String,
    /// Alias.
    #[serde(deserialize_with = "or_default")]
    pub alias: String,
    /// Telephone.
    #[serde(deserialize_with = "or_default")]
    pub telephone: String,
    /// 1 active, 2 disabled, 4 not activated, 5 left.
    pub status: Option<i64>,
}

#[derive(Deserialize)]
struct Users {
    #[serde(default, deserialize_with = "or_default")]
    userlist: Vec<User>,
}

/// One member.
///
/// # Errors
/// When he is unknown or out of range, or the platform refuses or cannot be reached.
pub async fn get(client: &Client, app: &str, userid: &str) -> Result<User, ApiError> {
    client.call(Call::get(app, GET, &[("userid", userid)])).await
}

/// The members of a department, in full.
///
/// # Errors
/// When the platform refuses or cannot be reached; 45029 when there are too many.
pub async fn list(client: &Client, app: &str, department: i64) -> Result<Vec<User>, ApiError> {
    of_department(client, app, LIST, department).await
}

/// The members of a department, in brief: userid, name, departments.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn simplelist(
    client: &Client,
    app: &str,
    department: i64,
) -> Result<Vec<User>, ApiError> {
    of_department(client, app, SIMPLELIST, department).await
}

async fn of_department(
    client: &Client,
    app: &str,
    path: &'static str,
    department: i64,
) -> Result<Vec<User>, ApiError> {
    let query = [("department_id", &*department.to_string())];
    let Users { userlist } = client.call(Call::get(app, path, &query)).await?;
    Ok(userlist)
}
