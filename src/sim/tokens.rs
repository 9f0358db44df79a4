//! Access tokens: one per app, 7200 seconds, the same on every request within its life; wrong
//! secrets get an address banned for an hour.

use std::collections::BTreeMap;

use kernel::{
    Timestamp,
    time::{HOUR, MINUTE, SECOND},
};
use serde_json::{Value, json};

use crate::world::{ApiRequest, Refused, World};

const LIFE: i64 = 7200 * SECOND;
/// A token that is about to end is no longer handed out: a new one is, and both work.
const MARGIN: i64 = 5 * MINUTE;

#[derive(Clone, Debug)]
struct Token {
    app: String,
    ends: Timestamp,
    /// The error that a dead token earns.
    dead: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Wrongs {
    since: Timestamp,
    count: u64,
}

/// The tokens handed out and the addresses that gave wrong secrets.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    all: BTreeMap<String, Token>,
    wrongs: BTreeMap<String, Wrongs>,
}

impl Tokens {
    /// Whose token this is.
    pub(crate) fn app_of(&self, token: &str, now: Timestamp) -> Result<String, Refused> {
        if token.is_empty() {
            return Err(Refused::new(41001, "access_token missing"));
        }
        let found = self.all.get(token).ok_or(Refused::new(40014, "invalid access_token"))?;
        match found.dead {
            Some(42001) => Err(expired()),
            Some(code) => Err(Refused::new(code, "invalid access_token")),
            None if found.ends <= now => Err(expired()),
            None => Ok(found.app.clone()),
        }
    }

    /// Ends the tokens of one app, or of all; later calls with them earn `code`.
    pub(crate) fn kill(&mut self, app: Option<&str>, code: i64) -> usize {
        let mut killed = 0;
        for token in self.all.values_mut() {
            if token.dead.is_none() && app.is_none_or(|app| app == token.app) {
                token.dead = Some(code);
                killed += 1;
            }
        }
        killed
    }

    fn banned(&mut self, ip: &str, max: u64, now: Timestamp) -> bool {
        let Some(wrongs) = self.wrongs.get(ip).copied() else { return false };
        if now.since(wrongs.since) >= HOUR {
            self.wrongs.remove(ip);
            return false;
        }
        wrongs.count >= max
    }

    fn wrong(&mut self, ip: &str, now: Timestamp) {
        let wrongs = self.wrongs.entry(ip.to_owned()).or_insert(Wrongs { since: now, count: 0 });
        // The hour of the ban begins with the last wrong secret, not with the first.
        wrongs.since = now;
        wrongs.count += 1;
    }

    pub(crate) fn forgive(&mut self) {
        self.wrongs.clear();
    }
}

fn expired() -> Refused {
    Refused::new(42001, "access_token expired")
}

impl World {
    pub(crate) fn get_token(
        &mut self,
        request: &ApiRequest,
        now: Timestamp,
    ) -> Result<Value, Refused> {
        let query = |key: &str| request.query.get(key).map_or("", String::as_str);
        if self.tokens.banned(&request.from, self.limits.wrong_secrets, now) {
            return Err(Refused::new(45009, "api freq out of limit"));
        }
        self.meters.api(&self.limits, &request.path, now)?;
        let (corp_id, secret) = (query("corpid"), query("corpsecret"));
        if corp_id.is_empty() {
            return Err(Refused::new(41002, "corpid missing"));
        }
        if secret.is_empty() {
            return Err(Refused::new(41004, "corpsecret missing"));
        }
        if corp_id != self.corp_id {
            return Err(Refused::new(40013, "invalid corpid"));
        }
        let Some(app) = self.apps.values().find(|app| app.secret == secret) else {
            self.tokens.wrong(&request.from, now);
            return Err(Refused::new(40001, "invalid credential"));
        };
        if let Some(ips) = &app.trusted_ips
            && !ips.contains(&request.from)
        {
            return Err(Refused::new(60020, "not allow to access from your ip"));
        }
        let app = app.name.clone();
        Ok(self.token_of(&app, now))
    }

    fn token_of(&mut self, app: &str, now: Timestamp) -> Value {
        // A token stays known for a while after its end, so that it earns 42001 and not 40014.
        self.tokens.all.retain(|_text, token| now.since(token.ends) < 24 * HOUR);
        let living = self.tokens.all.iter().find(|(_text, token)| {
            token.app == app && token.dead.is_none() && token.ends.since(now) > MARGIN
        });
        let (text, ends) = if let Some((text, token)) = living {
            (text.clone(), token.ends)
        } else {
            let text = format!("{}{}", self.random(32), self.random(32));
            let ends = now.plus(LIFE);
            let token = Token { app: app.to_owned(), ends, dead: None };
            self.tokens.all.insert(text.clone(), token);
            (text, ends)
        };
        json!({ "access_token": text, "expires_in": ends.since(now).div_euclid(SECOND) })
    }
}
