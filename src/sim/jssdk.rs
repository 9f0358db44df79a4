//! The tickets that pages are signed with, and the client's check of a page's signature. Tickets are
//! counted: so many fetches an hour for the company, and for each app.

use std::collections::BTreeMap;

use kernel::{
    Timestamp,
    time::{MINUTE, SECOND},
};
use serde::Deserialize;
use serde_json::{Value, json};
use wecom::jssdk;

use crate::{
    login::host_of,
    world::{App, Call, Refused, World},
};

const LIFE: i64 = 7200 * SECOND;
/// A ticket that is about to end is no longer handed out.
const MARGIN: i64 = 5 * MINUTE;

/// Whose rights a ticket is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Identity {
    Corp,
    App,
}

#[derive(Clone, Debug)]
struct Ticket {
    text: String,
    ends: Timestamp,
}

/// The tickets handed out, newest last.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    all: BTreeMap<(String, Identity), Vec<Ticket>>,
}

/// What a page hands to the client.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Shown {
    /// `config` or `agentConfig`.
    pub(crate) call: String,
    corp_id: String,
    agent_id: Value,
    timestamp: Value,
    nonce_str: String,
    signature: String,
    url: String,
    #[serde(rename = "userid")]
    userid: String,
}

impl World {
    pub(crate) fn corp_ticket(&mut self, call: &Call<'_>) -> Result<Value, Refused> {
        self.js_ticket(&call.app, Identity::Corp, call.now)
    }

    pub(crate) fn app_ticket(&mut self, call: &Call<'_>) -> Result<Value, Refused> {
        match call.query("type") {
            "agent_config" => self.js_ticket(&call.app, Identity::App, call.now),
            _ => Err(Refused::new(91040, "invalid ticket type")),
        }
    }

    fn js_ticket(
        &mut self,
        app: &str,
        identity: Identity,
        now: Timestamp,
    ) -> Result<Value, Refused> {
        self.meters.ticket(&self.limits, app, now)?;
        let fresh = Ticket {
            text: format!("{}{}", self.random(32), self.random(32)),
            ends: now.plus(LIFE),
        };
        let known = self.js_tickets.all.entry((app.to_owned(), identity)).or_default();
        known.retain(|ticket| ticket.ends > now);
        let ticket = match known.last().filter(|ticket| ticket.ends.since(now) > MARGIN) {
            Some(ticket) => ticket.clone(),
            None => {
                known.push(fresh.clone());
                fresh
            }
        };
        let left = ticket.ends.since(now).div_euclid(SECOND);
        Ok(json!({ "ticket": ticket.text, "expires_in": left }))
    }

    /// What the client says to a page that shows it a signature.
    pub(crate) fn check_page(&self, shown: &Shown, now: Timestamp) -> Value {
        let (call, verdict) = match shown.call.as_str() {
            "agentConfig" => ("agentConfig", self.try_page(shown, Identity::App, now)),
            _ => ("config", self.try_page(shown, Identity::Corp, now)),
        };
        match verdict {
            Ok(()) => json!({ "errMsg": format!("{call}:ok"), "errCode": 0 }),
            Err(Refused { code, text }) => {
                json!({ "errMsg": format!("{call}:{text}"), "errCode": code })
            }
        }
    }

    fn try_page(&self, shown: &Shown, identity: Identity, now: Timestamp) -> Result<(), Refused> {
        if shown.corp_id != self.corp_id {
            return Err(Refused::new(92002, "fail invalid corpid"));
        }
        let host = host_of(&shown.url).ok_or_else(|| Refused::new(80001, "invalid url domain"))?;
        let trusts = |app: &&App| app.trusted_domains.iter().any(|one| covers(one, &host));
        let apps: Vec<&App> = match identity {
            Identity::Corp => self.apps.values().filter(trusts).collect(),
            Identity::App => {
                let number = number(&shown.agent_id);
                let app = self.apps.values().find(|app| Some(app.agent_id) == number);
                let app = app.ok_or_else(|| Refused::new(40056, "fail invalid agentid"))?;
                let member = self.member(&shown.userid);
                if !shown.userid.is_empty() && !member.is_some_and(|one| self.sees(&app.name, one))
                {
                    return Err(Refused::new(60021, "fail the member is not in the app's range"));
                }
                Some(app).filter(trusts).into_iter().collect()
            }
        };
        if apps.is_empty() {
            return Err(Refused::new(80001, "invalid url domain"));
        }
        let timestamp = number(&shown.timestamp).unwrap_or_default();
        let mut tickets = apps
            .iter()
            .filter_map(|app| self.js_tickets.all.get(&(app.name.clone(), identity)))
            .flatten()
            .filter(|ticket| ticket.ends > now);
        let is_signed = tickets.any(|ticket| {
            let made = jssdk::sign(&ticket.text, &shown.url, timestamp, &shown.nonce_str);
            made.signature == shown.signature
        });
        if is_signed { Ok(()) } else { Err(Refused::new(40093, "invalid signature")) }
    }
}

/// A number, which pages also write as text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Whether a page's host is the trusted domain or below it.
fn covers(domain: &str, host: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
}
