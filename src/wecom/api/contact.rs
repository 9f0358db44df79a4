//! Customers and customer groups (客户联系). The app must be among the 可调用接口的应用.

use serde::Deserialize;
use serde_json::json;

use super::or_default;
use crate::{
    client::{Call, Client},
    error::ApiError,
};

/// `externalcontact/get_follow_user_list`.
pub const GET_FOLLOW_USER_LIST: &str = "externalcontact/get_follow_user_list";
/// `externalcontact/list`.
pub const LIST: &str = "externalcontact/list";
/// `externalcontact/get`.
pub const GET: &str = "externalcontact/get";
/// `externalcontact/batch/get_by_user`.
pub const BATCH_GET_BY_USER: &str = "externalcontact/batch/get_by_user";
/// `externalcontact/groupchat/list`.
pub const GROUPCHAT_LIST: &str = "externalcontact/groupchat/list";
/// `externalcontact/groupchat/get`.
pub const GROUPCHAT_GET: &str = "externalcontact/groupchat/get";

/// Members of one batch.
pub const BATCH_USERS_MAX: usize = 100;
const BATCH_LIMIT: i64 = 100;
const GROUPS_LIMIT: i64 = 1_000;
/// A member has no customers: an error to the platform, an empty list to us.
const NO_RELATION: i64 = 84061;

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ExternalContact {
    /// His id.
    pub external_userid: String,
    /// Name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Position; WeCom users only.
    #[serde(deserialize_with = "or_default")]
    pub position: String,
    /// Picture.
    #[serde(deserialize_with = "or_default")]
    pub avatar: String,
    /// His corp; WeCom users only.
    #[serde(deserialize_with = "or_default")]
    pub corp_name: String,
    /// His corp in full; WeCom users only.
    #[serde(deserialize_with = "or_default")]
    pub corp_full_name: String,
    /// 1 WeChat user, 2 WeCom user.
    #[serde(rename = "type")]
    pub kind: i64,
    /// 0 unknown, 1 male, 2 female.
    pub gender: i64,
    /// For WeChat users of corps that bound an open platform account.
    pub unionid: Option<String>,
}

/// A member's relation to a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FollowUser {
    /// The member.
    pub userid: String,
    /// What he calls him.
    #[serde(deserialize_with = "or_default")]
    pub remark: String,
    /// What he notes.
    #[serde(deserialize_with = "or_default")]
    pub description: String,
    /// Since when, in seconds since 1970.
    pub createtime: i64,
    /// The tags, as `get` tells them.
    #[serde(deserialize_with = "or_default")]
    pub tags: Vec<FollowTag>,
    /// The tags, as the batch tells them.
    #[serde(deserialize_with = "or_default")]
    pub tag_id: Vec<String>,
    /// The corp he notes.
    #[serde(deserialize_with = "or_default")]
    pub remark_corp_name: String,
    /// The numbers he notes.
    #[serde(deserialize_with = "or_default")]
    pub remark_mobiles: Vec<String>,
    /// How they met.
    pub add_way: i64,
    /// The channel's mark.
    #[serde(deserialize_with = "or_default")]
    pub state: String,
}

/// A tag on a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FollowTag {
    /// Its group.
    #[serde(deserialize_with = "or_default")]
    pub group_name: String,
    /// Its name.
    #[serde(deserialize_with = "or_default")]
    pub tag_name: String,
    /// Its id; the member's own tags have none.
    pub tag_id: Option<String>,
    /// 1 the corp's, 2 the member's, 3 of a rule group.
    #[serde(rename = "type")]
    pub kind: i64,
}

/// A customer with those who follow him.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// The customer.
    pub external_contact: ExternalContact,
    /// Who follows him, as far as the app can see.
    #[serde(deserialize_with = "or_default")]
    pub follow_user: Vec<FollowUser>,
    /// More followers, above 500; empty at the end.
    #[serde(deserialize_with = "or_default")]
    pub next_cursor: String,
}

/// A page of customers of several members: one row for each relation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CustomerPage {
    /// The rows.
    #[serde(deserialize_with = "or_default")]
    pub external_contact_list: Vec<CustomerRow>,
    /// The next page; empty at the end.
    #[serde(deserialize_with = "or_default")]
    pub next_cursor: String,
}

/// A customer and one who follows him.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CustomerRow {
    /// The customer.
    pub external_contact: ExternalContact,
    /// Who follows him.
    pub follow_info: FollowUser,
}

/// A page of customer groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupPage {
    /// The groups.
    #[serde(deserialize_with = "or_default")]
    pub group_chat_list: Vec<GroupRow>,
    /// The next page; empty at the end.
    #[serde(deserialize_with = "or_default")]
    pub next_cursor: String,
}

/// A customer group in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupRow {
    /// The group.
    pub chat_id: String,
    /// 0 normal, 1 its owner left, 2 being handed over, 3 handed over.
    pub status: i64,
}

/// A customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Group {
    /// The group.
    pub chat_id: String,
    /// Its name; may be empty.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// The owner's userid.
    #[serde(deserialize_with = "or_default")]
    pub owner: String,
    /// In seconds since 1970.
    pub create_time: i64,
    /// The notice.
    #[serde(deserialize_with = "or_default")]
    pub notice: String,
    /// Members and customers in it.
    #[serde(deserialize_with = "or_default")]
    pub member_list: Vec<GroupMember>,
    /// Changes with the member list.
    #[serde(deserialize_with = "or_default")]
    pub member_version: String,
}

/// Somebody in a customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct GroupMember {
    /// A userid or an external userid.
    pub userid: String,
    /// 1 a member of the corp, 2 somebody else.
    #[serde(rename = "type")]
    pub kind: i64,
    /// In seconds since 1970.
    pub join_time: i64,
    /// 1 invited, 2 by link, 3 by QR code.
    pub join_scene: i64,
    /// His name in the group.
    #[serde(deserialize_with = "or_default")]
    pub group_nickname: String,
    /// His name.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
}

/// Userids of the members who may have customers.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn get_follow_user_list(client: &Client, app: &str) -> Result<Vec<String>, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "or_default")]
        follow_user: Vec<String>,
    }
    let call = Call::get(app, GET_FOLLOW_USER_LIST, &[]);
    let Answer { follow_user } = client.call(call).await?;
    Ok(follow_user)
}

/// External userids of a member's customers.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn list(client: &Client, app: &str, userid: &str) -> Result<Vec<String>, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default, deserialize_with = "or_default")]
        external_userid: Vec<String>,
    }
    match client.call(Call::get(app, LIST, &[("userid", userid)])).await {
        Ok(Answer { external_userid }) => Ok(external_userid),
        Err(error) if error.errcode == NO_RELATION => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A customer; an empty `cursor` begins.
///
/// # Errors
/// When he is unknown, or the platform refuses or cannot be reached.
pub async fn get(
    client: &Client,
    app: &str,
    external_userid: &str,
    cursor: &str,
) -> Result<Customer, ApiError> {
    let query = [("external_userid", external_userid), ("cursor", cursor)];
    let used = if cursor.is_empty() { query.get(..1) } else { None };
    client.call(Call::get(app, GET, used.unwrap_or(&query))).await
}

/// A page of the customers of at most [`BATCH_USERS_MAX`] members; an empty `cursor` begins.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn batch_get_by_user(
    client: &Client,
    app: &str,
    userids: &[&str],
    cursor: &str,
) -> Result<CustomerPage, ApiError> {
    let body = json!({ "userid_list": userids, "cursor": cursor, "limit": BATCH_LIMIT });
    match client.call(Call::post(app, BATCH_GET_BY_USER, &body.to_string())).await {
        Err(error) if error.errcode == NO_RELATION => Ok(CustomerPage::default()),
        outcome => outcome,
    }
}

/// A page of the customer groups of these owners; an empty `cursor` begins. Without owners all
/// groups that the app can see, if there are no more than 1000 members.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn groupchat_list(
    client: &Client,
    app: &str,
    owners: &[&str],
    cursor: &str,
) -> Result<GroupPage, ApiError> {
    let mut body = json!({ "status_filter": 0, "cursor": cursor, "limit": GROUPS_LIMIT });
    if let (Some(body), false) = (body.as_object_mut(), owners.is_empty()) {
        body.insert("owner_filter".to_owned(), json!({ "userid_list": owners }));
    }
    client.call(Call::post(app, GROUPCHAT_LIST, &body.to_string())).await
}

/// A customer group with its members' names. After an event the data may be two seconds old.
///
/// # Errors
/// When it is dissolved or out of range, or the platform refuses or cannot be reached.
pub async fn groupchat_get(client: &Client, app: &str, chat_id: &str) -> Result<Group, ApiError> {
    #[derive(Deserialize)]
    struct Answer {
        group_chat: Group,
    }
    let body = json!({ "chat_id": chat_id, "need_name": 1 }).to_string();
    let Answer { group_chat } = client.call(Call::post(app, GROUPCHAT_GET, &body)).await?;
    Ok(group_chat)
}
