//! The signatures with which a page shows WeCom's client that it is one of ours.

use actix_web::web::Data;
use kernel::{Error, Result};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use wecom::{api::auth, jssdk::sign};

use super::Op;
use crate::{
    guard::{Signed, may},
    read::Query,
    reply::{Refusal, Reply, ok},
    shared::Server,
};

/// The longest address of a page.
const URL_MAX: usize = 2048;

pub(crate) fn operations() -> Vec<Op> {
    vec![
        Op::get("/jssdk", signatures)
            .named("get_jssdk", "当前成员", "JS-SDK 的签名")
            .explained("只为本站（server.public_url）的页面签名。")
            .takes_query::<Page>()
            .answers::<JsSdk>(200, "签名"),
    ]
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// 页面的地址，即 location.href；# 及之后的部分不计入签名
    url: String,
}

/// JS-SDK 的签名
#[derive(Serialize, ToSchema)]
pub(crate) struct JsSdk {
    /// 企业的 corp_id
    corp_id: String,
    /// 应用的 agent_id
    agent_id: i64,
    /// 企业身份（config）
    config: Signature,
    /// 应用身份（agentConfig）
    agent_config: Signature,
}

/// 一个签名
#[derive(Serialize, ToSchema)]
pub(crate) struct Signature {
    /// 秒
    timestamp: i64,
    #[serde(rename = "nonceStr")]
    nonce: String,
    signature: String,
}

async fn signatures(
    who: Signed<may::ReadTickets>,
    Query(Page { url }): Query<Page>,
    server: Data<Server>,
) -> Reply {
    if url.len() > URL_MAX || !is_ours(&url, &server.pages.public_url) {
        let detail = format!("只能为 {} 的页面签名", server.pages.public_url);
        return Err(Refusal::unreadable(Error::field("url", "not_ours", detail)));
    }
    let app = server.pages.app.as_str();
    let corp_ticket = auth::jsapi_ticket(&server.wecom, app).await.map_err(Error::from)?;
    let app_ticket = auth::agent_ticket(&server.wecom, app).await.map_err(Error::from)?;
    let signed = |ticket: &str| -> Result<Signature> {
        let nonce = server.entropy.hex::<8>()?;
        let signed = sign(ticket, &url, who.ctx().now.seconds(), &nonce);
        let (timestamp, signature) = (signed.timestamp, signed.signature);
        Ok(Signature { timestamp, nonce: signed.nonce, signature })
    };
    ok(&JsSdk {
        corp_id: server.pages.corp_id.clone(),
        agent_id: server.pages.agent_id,
        config: signed(&corp_ticket)?,
        agent_config: signed(&app_ticket)?,
    })
}

/// Whether a page is one of ours: its scheme, host and port are those by which people reach us. A
/// signature for another site would let that site speak for us.
fn is_ours(url: &str, public_url: &str) -> bool {
    let is_plain = url.chars().all(|c| !c.is_control() && !c.is_whitespace() && c != '\\');
    is_plain && origin(url).is_some_and(|origin_of| Some(origin_of) == origin(public_url))
}

/// Host and port of an address of ours, as WeCom's console wants a trusted domain.
pub fn host_of(url: &str) -> Option<String> {
    origin(url)?.split_once("://").map(|(_scheme, host)| host.to_owned())
}

/// `scheme://host:port` in lower case, without the port that the scheme means by itself.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let host = host.strip_suffix(port).unwrap_or(&host);
    (!host.is_empty() && !host.contains('@')).then(|| format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_ours_are_told_from_those_of_others() {
        let ours = "https://desk.example.com";
        for good in [
            "https://desk.example.com/h5/sidebar?x=1#at",
            "https://DESK.example.com:443/h5/sidebar",
            "https://desk.example.com?x",
            "https://desk.example.com/%E5%B7%A5/工单",
        ] {
            assert!(is_ours(good, ours), "{good}");
        }
        for bad in [
            "",
            "/h5/sidebar",
            "http://desk.example.com/",
            "https://desk.example.com:8443/",
            "https://desk.example.com.evil.example/",
            "https://evil.example/?https://desk.example.com/",
            "https://desk.example.com@evil.example/",
            "https://evil.example\\@desk.example.com/",
            "https://desk.example.com\\.evil.example/",
            "https://desk.example.com /",
            "javascript://desk.example.com/",
        ] {
            assert!(!is_ours(bad, ours), "{bad}");
        }
        assert!(is_ours("http://127.0.0.1:8080/h5/group", "http://127.0.0.1:8080"));
        assert!(!is_ours("http://127.0.0.1:8090/", "http://127.0.0.1:8080"));
    }
}
