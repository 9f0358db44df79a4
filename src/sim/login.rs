//! Logging in: the checks of an authorize link and of a web login, the codes that they lead to, and
//! who stands behind a code. A code is good once and for five minutes.

use std::collections::BTreeMap;

use kernel::{
    Timestamp,
    time::{DAY, MINUTE},
};
use serde_json::{Value, json};

use crate::{
    model::ACTIVE,
    world::{App, Call, Refused, World, fold},
};

const LIFE: i64 = 5 * MINUTE;
/// How long an ended code is remembered, so that it earns its own error.
const KEPT: i64 = DAY;
/// The longest state, in bytes.
const STATE_MAX: usize = 128;

/// Whose browser it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Person {
    Member(String),
    Outsider(String),
}

#[derive(Clone, Debug)]
struct Code {
    app: String,
    person: Person,
    ends: Timestamp,
    is_used: bool,
}

/// The codes that were handed out.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    all: BTreeMap<String, Code>,
}

/// By which link somebody comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// `/connect/oauth2/authorize`, within WeCom's and WeChat's browsers.
    Client,
    /// `/wwlogin/sso/login`, in any other browser.
    Web,
}

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Back to the app.
    Back(String),
    /// To the question who is in front of the screen.
    Who,
    /// To a page that says what is wrong.
    Wrong { code: i64, words: String },
}

impl World {
    /// What a link leads to; `sim_user` says whose browser it is: a userid, or
    /// `customer:<external_userid>`.
    pub(crate) fn gate(
        &mut self,
        gate: Gate,
        query: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Way {
        let asked = self.check_link(gate, query).and_then(|app| {
            let user = query.get("sim_user").map(String::as_str).filter(|user| !user.is_empty());
            Ok((user.map(|user| self.person(gate, &app, user)).transpose()?, app))
        });
        match asked {
            Ok((None, _app)) => Way::Who,
            Ok((Some(person), app)) => {
                self.codes.all.retain(|_text, code| now.since(code.ends) < KEPT);
                let text = format!("{}{}", self.random(24), self.random(8));
                let code = Code { app: app.name, person, ends: now.plus(LIFE), is_used: false };
                self.codes.all.insert(text.clone(), code);
                let get = |key: &str| query.get(key).map_or("", String::as_str);
                Way::Back(back(get("redirect_uri"), &text, get("state")))
            }
            Err(refused) => {
                let path = match gate {
                    Gate::Client => "/connect/oauth2/authorize",
                    Gate::Web => "/wwlogin/sso/login",
                };
                self.journal.problem(now, path, refused.code, &refused.text);
                Way::Wrong { code: refused.code, words: refused.text }
            }
        }
    }

    fn check_link(&self, gate: Gate, query: &BTreeMap<String, String>) -> Result<App, Refused> {
        let get = |key: &str| query.get(key).map_or("", String::as_str);
        let wrong = |code, name: &str| Refused::new(code, format!("{name} 参数错误"));
        if get("appid") != self.corp_id {
            return Err(wrong(40013, "appid"));
        }
        let by_number = get("agentid")
            .parse()
            .ok()
            .and_then(|id: i64| self.apps.values().find(|app| app.agent_id == id));
        let app = match gate {
            // Without a number, the link is the company's: its first app answers.
            Gate::Client if get("agentid").is_empty() => self.apps.values().next(),
            Gate::Client | Gate::Web => by_number,
        };
        let app = app.ok_or_else(|| wrong(40056, "agentid"))?;
        match gate {
            Gate::Client => {
                if get("response_type") != "code" {
                    return Err(wrong(40013, "response_type"));
                }
                if !matches!(get("scope"), "snsapi_base" | "snsapi_userinfo" | "snsapi_privateinfo")
                {
                    return Err(wrong(40013, "scope"));
                }
                let state = get("state");
                if state.len() > STATE_MAX
                    || !state.bytes().all(|byte| byte.is_ascii_alphanumeric())
                {
                    return Err(wrong(84025, "state"));
                }
            }
            Gate::Web if get("login_type") != "CorpApp" => return Err(wrong(-31040, "login_type")),
            Gate::Web => {}
        }
        let host = host_of(get("redirect_uri"));
        match host {
            Some(host) if app.trusted_domains.contains(&host) => Ok(app.clone()),
            _ => Err(wrong(50001, "redirect_uri")),
        }
    }

    fn person(&self, gate: Gate, app: &App, user: &str) -> Result<Person, Refused> {
        if let Some(id) = user.strip_prefix("customer:") {
            return match gate {
                Gate::Client => Ok(Person::Outsider(id.to_owned())),
                Gate::Web => Err(Refused::new(50002, "只有企业成员可以扫码登录")),
            };
        }
        let member = self.members.get(&fold(user));
        let member = member.ok_or_else(|| Refused::new(60111, format!("没有成员 {user}")))?;
        if member.status != ACTIVE {
            return Err(Refused::new(50002, format!("{} 已被禁用或没有激活", member.name)));
        }
        // Within the client everybody gets a code; the web login looks at the range.
        if gate == Gate::Web && !self.sees(&app.name, member) {
            return Err(Refused::new(60021, "无权限：不在应用的可见范围内"));
        }
        Ok(Person::Member(member.userid.clone()))
    }

    /// Redeems a code.
    pub(crate) fn user_of_code(&mut self, call: &Call<'_>) -> Result<Value, Refused> {
        let text = call.query("code").to_owned();
        if text.is_empty() {
            return Err(Refused::new(41008, "missing code"));
        }
        let code = self.codes.all.get_mut(&text).filter(|code| code.app == call.app);
        let code = code.ok_or_else(|| Refused::new(40029, "invalid code"))?;
        if code.is_used {
            return Err(Refused::new(42022, "code already used"));
        }
        if code.ends <= call.now {
            return Err(Refused::new(42003, "code expired"));
        }
        code.is_used = true;
        Ok(match code.person.clone() {
            Person::Member(userid) => json!({ "userid": userid }),
            Person::Outsider(id) => {
                let mut answer = json!({ "openid": format!("oSIM{id}") });
                if let (true, Some(answer)) =
                    (self.is_served(&call.app, &id), answer.as_object_mut())
                {
                    answer.insert("external_userid".to_owned(), id.into());
                }
                answer
            }
        })
    }

    /// Whether a customer is followed by somebody whom the app may see.
    fn is_served(&self, app: &str, external_userid: &str) -> bool {
        let follows = self.customers.get(external_userid).map(|customer| &customer.follows);
        let mut members = follows.into_iter().flatten().filter_map(|it| self.member(&it.userid));
        members.any(|member| self.sees(app, member))
    }

    /// Which hosts may ask for logins and carry an app's pages; false when there is no such app.
    pub fn set_trusted_domains(&mut self, app: &str, domains: Vec<String>) -> bool {
        let Some(app) = self.apps.get_mut(app) else { return false };
        app.trusted_domains = domains;
        self.changed();
        true
    }
}

/// Host and port of an address, as a trusted domain names them.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    (!host.is_empty() && !host.contains('@')).then(|| host.to_lowercase())
}

/// The app's address with code and state behind what it asks for already.
fn back(redirect_uri: &str, code: &str, state: &str) -> String {
    let (page, rest) = redirect_uri.split_once('#').unwrap_or((redirect_uri, ""));
    let mark = if page.contains('?') { '&' } else { '?' };
    // The state of a web login is free text.
    let state = state.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    let state: String = state.collect();
    let fragment = if rest.is_empty() { String::new() } else { format!("#{rest}") };
    format!("{page}{mark}code={code}&state={state}{fragment}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_state_stand_behind_what_the_address_has() {
        assert_eq!(back("http://a/b", "c", "s"), "http://a/b?code=c&state=s");
        assert_eq!(back("http://a/b?x=1#f", "c", "a b&"), "http://a/b?x=1&code=c&state=a%20b%26#f");
        assert_eq!(back("http://a/b", "c", ""), "http://a/b?code=c&state=");
    }

    #[test]
    fn a_host_is_read_with_its_port_and_never_from_user_names() {
        assert_eq!(
            host_of("https://Desk.example.com:8443/x?y"),
            Some("desk.example.com:8443".into())
        );
        for bad in ["", "/x", "ftp://a/", "https://", "https://a@b/", "javascript:alert(1)"] {
            assert_eq!(host_of(bad), None, "{bad}");
        }
    }
}
