//! Who stands behind a code, and the tickets that pages are signed with.

use serde::Deserialize;

use super::or_default;
use crate::{
    client::{Call, Client},
    error::ApiError,
};

/// `auth/getuserinfo`.
pub const GETUSERINFO: &str = "auth/getuserinfo";
/// `get_jsapi_ticket`: for pages of the corp.
pub const GET_JSAPI_TICKET: &str = "get_jsapi_ticket";
/// `ticket/get`: for pages of the app.
pub const TICKET_GET: &str = "ticket/get";

/// Who stands behind a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A member of the corp, whether or not he may see the app.
    Member {
        /// His userid.
        userid: String,
    },
    /// Somebody else.
    Outsider {
        /// What he is called within the corp.
        openid: String,
        /// His id when he is a customer of somebody who sees the app; else empty.
        external_userid: String,
    },
}

/// The answer in both spellings: the older path writes its names in capitals.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    #[serde(alias = "UserId", deserialize_with = "or_default")]
    userid: String,
    #[serde(alias = "OpenId", deserialize_with = "or_default")]
    openid: String,
    #[serde(alias = "ExternalUserId", deserialize_with = "or_default")]
    external_userid: String,
}

impl From<Answer> for Identity {
    fn from(answer: Answer) -> Self {
        let Answer { userid, openid, external_userid } = answer;
        match userid.is_empty() {
            false => Self::Member { userid },
            true => Self::Outsider { openid, external_userid },
        }
    }
}

/// Redeems the code of a login. A code is good once and for five minutes: 40029 is none, 42003 is
/// too old, 42022 was redeemed before.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn get_user_info(client: &Client, app: &str, code: &str) -> Result<Identity, ApiError> {
    let answer: Answer = client.call(Call::get(app, GETUSERINFO, &[("code", code)])).await?;
    Ok(answer.into())
}

/// The ticket with which pages are signed for what the corp may do.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn jsapi_ticket(client: &Client, app: &str) -> Result<String, ApiError> {
    client.ticket(Call::get(app, GET_JSAPI_TICKET, &[])).await
}

/// The ticket with which pages are signed for what the app may do.
///
/// # Errors
/// When the platform refuses or cannot be reached.
pub async fn agent_ticket(client: &Client, app: &str) -> Result<String, ApiError> {
    client.ticket(Call::get(app, TICKET_GET, &[("type", "agent_config")])).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_the_names_are_read() {
        let read = |text: &str| Identity::from(serde_json::from_str::<Answer>(text).unwrap());
        let member = Identity::Member { userid: "ZhengXin".to_owned() };
        for text in [
            r#"{"errcode":0,"userid":"ZhengXin","user_ticket":"x"}"#,
            r#"{"errcode":0,"UserId":"ZhengXin","OpenId":null,"DeviceId":"d"}"#,
        ] {
            assert_eq!(read(text), member, "{text}");
        }
        let outsider =
            Identity::Outsider { openid: "o1".to_owned(), external_userid: "wm1".to_owned() };
        for text in [
            r#"{"errcode":0,"openid":"o1","external_userid":"wm1"}"#,
            r#"{"errcode":0,"OpenId":"o1","external_userid":"wm1","DeviceId":""}"#,
        ] {
            assert_eq!(read(text), outsider, "{text}");
        }
        let nobody = Identity::Outsider { openid: "o1".to_owned(), external_userid: String::new() };
        assert_eq!(read(r#"{"OpenId":"o1"}"#), nobody);
    }
}
