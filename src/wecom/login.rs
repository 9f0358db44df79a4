//! The addresses to which people are sent to say who they are, and what their browser is.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a query value keeps as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Who asks people to log in.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// The corp.
    pub corp_id: &'a str,
    /// The app.
    pub agent_id: i64,
    /// Where the answer goes. Its host and port must be a trusted domain of the app.
    pub redirect_uri: &'a str,
    /// Comes back with the answer: letters and digits only, at most 128.
    pub state: &'a str,
}

/// The silent login within WeCom's and WeChat's own browsers. `base` is
/// `https://open.weixin.qq.com`.
pub fn authorize_url(base: &str, asker: &Asker<'_>) -> String {
    let Asker { corp_id, agent_id, redirect_uri, state } = asker;
    let encode = |text| utf8_percent_encode(text, KEPT);
    format!(
        "{}/connect/oauth2/authorize?appid={}&redirect_uri={}&response_type=code\
         &scope=snsapi_base&state={}&agentid={agent_id}#wechat_redirect",
        base.trim_end_matches('/'),
        encode(corp_id),
        encode(redirect_uri),
        encode(state),
    )
}

/// The login by QR code in any other browser. `base` is `https://login.work.weixin.qq.com`.
pub fn web_login_url(base: &str, asker: &Asker<'_>) -> String {
    let Asker { corp_id, agent_id, redirect_uri, state } = asker;
    let encode = |text| utf8_percent_encode(text, KEPT);
    format!(
        "{}/wwlogin/sso/login?login_type=CorpApp&appid={}&agentid={agent_id}&redirect_uri={}\
         &state={}",
        base.trim_end_matches('/'),
        encode(corp_id),
        encode(redirect_uri),
        encode(state),
    )
}

/// What somebody opened a page with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    /// WeCom's own.
    WeCom,
    /// WeChat's own.
    WeChat,
    /// Any other.
    Other,
}

impl Browser {
    /// Read off the user agent: WeCom's carries WeChat's mark beside its own.
    pub fn of(user_agent: &str) -> Self {
        let agent = user_agent.to_ascii_lowercase();
        if agent.contains("wxwork/") {
            Self::WeCom
        } else if agent.contains("micromessenger/") {
            Self::WeChat
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKER: Asker<'_> = Asker {
        corp_id: "ww1",
        agent_id: 1_000_002,
        redirect_uri: "https://desk.example.com:8443/auth/wecom/callback",
        state: "0aZ9",
    };

    #[test]
    fn the_addresses_have_the_documented_form_and_order() {
        assert_eq!(
            authorize_url("https://open.weixin.qq.com/", &ASKER),
            "https://open.weixin.qq.com/connect/oauth2/authorize?appid=ww1\
             &redirect_uri=https%3A%2F%2Fdesk.example.com%3A8443%2Fauth%2Fwecom%2Fcallback\
             &response_type=code&scope=snsapi_base&state=0aZ9&agentid=1000002#wechat_redirect"
        );
        assert_eq!(
            web_login_url("https://login.work.weixin.qq.com", &ASKER),
            "https://login.work.weixin.qq.com/wwlogin/sso/login?login_type=CorpApp&appid=ww1\
             &agentid=1000002\
             &redirect_uri=https%3A%2F%2Fdesk.example.com%3A8443%2Fauth%2Fwecom%2Fcallback\
             &state=0aZ9"
        );
    }

    #[test]
    fn browsers_are_told_apart_by_their_marks() {
        let wecom =
            "Mozilla/5.0 (iPhone) AppleWebKit/605 MicroMessenger/7.0.1 wxwork/4.1.10 MailPlugin";
        let wechat = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 MicroMessenger/8.0.47";
        assert_eq!(Browser::of(wecom), Browser::WeCom);
        assert_eq!(Browser::of(wechat), Browser::WeChat);
        for other in ["", "Mozilla/5.0 (X11; Linux) Chrome/120", "wxwork", "curl/8"] {
            assert_eq!(Browser::of(other), Browser::Other, "{other}");
        }
    }
}
