//! Configuration: default.toml, then the file, then `QIDAN__*`. An unknown key, a malformed value
//! or an unreadable secret is refused at start, by name. Prints itself masked.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use flow::calendar::{DaysOff, MakeUp, Weekly, WorkTime};
use kernel::{Error, Kind, Result};
use serde::Deserialize;
use toml::{Table, Value};

const DEFAULT: &str = include_str!("../config/default.toml");
const PREFIX: &str = "QIDAN__";

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// HTTP.
    pub server: Server,
    /// Where data is kept.
    pub database: Database,
    /// The platform.
    pub wecom: Wecom,
    /// Where attachments are kept.
    pub files: Files,
    /// How callbacks are taken in.
    pub intake: Intake,
    /// Who uses it.
    pub organisation: Organisation,
    /// When it works.
    pub calendar: Calendar,
    /// Who is important.
    pub customers: Customers,
    /// Who may claim.
    #[serde(default)]
    pub groups: BTreeMap<String, Group>,
    /// Where action steps send requests to.
    #[serde(default)]
    pub actions: BTreeMap<String, Endpoint>,
    /// How much may be sent.
    pub notify: Notify,
    /// Background work.
    pub workers: Workers,
    /// The WeCom simulator.
    pub simulator: Simulator,
    /// `qidan demo`.
    pub demo: Demo,
    /// What is logged, and how.
    pub log: Log,
}

/// HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where it listens.
    pub bind: SocketAddr,
    /// How people reach it.
    pub public_url: String,
    /// Threads that answer requests; 0 means one per core.
    pub workers: usize,
    /// Whether metrics need no token.
    pub metrics_public: bool,
}

/// Where data is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The URL.
    pub url: String,
    /// Connections.
    pub connections: u32,
    /// Milliseconds that a request or job waits for it.
    pub patience_ms: i64,
    /// Whether pending migrations are applied at start.
    pub migrate: bool,
}

/// The platform.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wecom {
    /// The corp.
    pub corp_id: String,
    /// Where its API is.
    pub api_base: String,
    /// Where WeCom's own browsers log in.
    pub oauth_base: String,
    /// Where all other browsers log in.
    pub login_base: String,
    /// The origin of the simulator; empty in production.
    pub simulator: String,
    /// The app whose conversation carries tickets.
    pub app: String,
    /// The apps.
    #[serde(default)]
    pub apps: BTreeMap<String, App>,
}

/// An app of the corp.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Its number.
    pub agent_id: i64,
    /// Its secret.
    pub secret: String,
    /// The callback's token.
    pub token: String,
    /// The callback's key.
    pub encoding_aes_key: String,
    /// Accepted receive ids; the corp id when empty.
    #[serde(default)]
    pub receivers: Vec<String>,
    /// Whether it shows key figures on the workbench: 自定义展示 must be on in the console.
    #[serde(default)]
    pub workbench: bool,
}

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "App {{ agent_id: {}, secret: ***, token: ***, encoding_aes_key: *** }}",
            self.agent_id
        )
    }
}

/// Where attachments are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// `fs:FOLDER`.
    pub store: String,
    /// The largest one, in bytes.
    pub max_bytes: usize,
}

/// How callbacks are taken in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Intake {
    /// Where they are kept while the database is away.
    pub spool: String,
}

/// Who uses it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// What people call the service.
    pub name: String,
    /// Where it is.
    pub time_zone: String,
    /// What it pays with.
    pub currency: String,
}

/// When the organisation works.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The ordinary week.
    pub weekly: Weekly,
    /// Holidays.
    #[serde(default)]
    pub days_off: Vec<DaysOff>,
    /// Days that are worked although they are not in the week (调休).
    #[serde(default)]
    pub make_up: Vec<MakeUp>,
}

/// What tells customers apart.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customers {
    /// The tags of important ones: their tickets come before others.
    pub vip_tags: Vec<String>,
    /// Where customer groups belong, by chat_id.
    #[serde(default)]
    pub places: BTreeMap<String, customer::Place>,
}

/// A handling group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What people call it.
    pub name: String,
    /// Its members' userids.
    pub members: Vec<String>,
}

/// Another system that action steps send requests to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Where it takes them.
    pub url: String,
    /// What they are signed with.
    pub secret: String,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Endpoint {{ url: {:?}, secret: *** }}", self.url)
    }
}

/// How much may be sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// To one member in a minute.
    pub member_minute: i64,
    /// To one member in an hour.
    pub member_hour: i64,
    /// By the app in a day.
    pub app_day: i64,
}

/// Background work.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workers {
    /// Whether this replica does it.
    pub enabled: bool,
    /// The hour of the nightly repair.
    pub repair_hour: i64,
    /// Days for which finished jobs are kept.
    pub keep_days: i64,
    /// Seconds after which others take over the jobs of a process that died.
    pub lease_seconds: i64,
}

/// The WeCom simulator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulator {
    /// Where it listens.
    pub bind: SocketAddr,
}

/// `qidan demo`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demo {
    /// Where it keeps everything.
    pub dir: String,
    /// The database to use instead of a SQLite file in that folder; empty for that file.
    pub database: String,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `json` or `text`.
    pub format: String,
    /// A filter.
    pub level: String,
}

fn wrong(place: &str, detail: impl std::fmt::Display) -> Error {
    Error::new(Kind::Invalid, "config.invalid", format!("{place}: {detail}"))
}

impl Config {
    /// The configuration of this process: defaults, the file, the environment.
    ///
    /// # Errors
    /// `config.invalid`, naming the file or variable and the key.
    pub fn load(file: Option<&Path>) -> Result<Self> {
        Self::build(file, std::env::vars_os().filter_map(text_pair))
    }

    fn build(file: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self> {
        let mut all: Table = DEFAULT.parse().map_err(|error| wrong("default.toml", error))?;
        let mut place = "config/default.toml".to_owned();
        if let Some(path) = file {
            place = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| wrong(&place, error))?;
            let table: Table = text.parse().map_err(|error| wrong(&place, error))?;
            merge(&mut all, table);
        }
        let mut names = Vec::new();
        for (name, text) in env {
            let Some(path) = name.strip_prefix(PREFIX) else { continue };
            let path = path.to_lowercase();
            set(&mut all, &path.split("__").collect::<Vec<_>>(), &text)
                .map_err(|detail| wrong(&name, detail))?;
            names.push(name);
        }
        read_secret_files(&mut all)?;
        let config: Self =
            serde_path_to_error::deserialize(Value::Table(all)).map_err(|error| {
                let key = error.path().to_string();
                let variable = format!("{PREFIX}{}", key.replace('.', "__").to_uppercase());
                let variables = names.into_iter().filter(|name| name.starts_with(&variable));
                let places =
                    std::iter::once(place).chain(variables).collect::<Vec<_>>().join(" + ");
                wrong(&places, format!("{key}: {}", error.inner().message()))
            })?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        for (name, app) in &self.wecom.apps {
            wecom::AesKey::parse(&app.encoding_aes_key)
                .map_err(|error| wrong(&format!("wecom.apps.{name}.encoding_aes_key"), error))?;
            if app.token.is_empty() || app.secret.is_empty() {
                return Err(wrong(&format!("wecom.apps.{name}"), "token 与 secret 都须填写"));
            }
        }
        let endpoints = self.actions.iter();
        let mut urls: Vec<_> =
            endpoints.map(|(name, one)| (format!("actions.{name}.url"), &one.url)).collect();
        urls.push(("server.public_url".to_owned(), &self.server.public_url));
        urls.push(("wecom.api_base".to_owned(), &self.wecom.api_base));
        urls.push(("wecom.oauth_base".to_owned(), &self.wecom.oauth_base));
        urls.push(("wecom.login_base".to_owned(), &self.wecom.login_base));
        if !self.wecom.simulator.is_empty() {
            urls.push(("wecom.simulator".to_owned(), &self.wecom.simulator));
        }
        for (name, endpoint) in &self.actions {
            if endpoint.secret.is_empty() {
                return Err(wrong(&format!("actions.{name}.secret"), "须填写，请求用它签名"));
            }
        }
        for (key, url) in &urls {
            let host = url.strip_prefix("https://").or(url.strip_prefix("http://"));
            if host.is_none_or(str::is_empty) {
                return Err(wrong(key, format!("{url:?} 须以 http:// 或 https:// 开头")));
            }
        }
        db::Settings::parse(&self.database.url)?;
        self.work_time()?;
        if !(0..24).contains(&self.workers.repair_hour) {
            return Err(wrong("workers.repair_hour", "须在 0 到 23 之间"));
        }
        if !(100..=60_000).contains(&self.database.patience_ms) {
            return Err(wrong("database.patience_ms", "须在 100 到 60000 之间"));
        }
        if !(2..=3600).contains(&self.workers.lease_seconds) {
            return Err(wrong("workers.lease_seconds", "须在 2 到 3600 之间"));
        }
        Ok(())
    }

    /// When the organisation works, for the deadlines that count working time.
    ///
    /// # Errors
    /// `config.invalid` with everything that is wrong with the calendar or the zone.
    pub fn work_time(&self) -> Result<WorkTime> {
        let Calendar { weekly, days_off, make_up } = self.calendar.clone();
        let office = flow::calendar::Calendar::office(self.zone_minutes()?);
        let calendar = flow::calendar::Calendar { weekly, days_off, make_up, ..office };
        calendar.compile().map_err(|problems| {
            let told =
                problems.iter().map(|one| format!("{}：{}，{}", one.path, one.what, one.mend));
            wrong("calendar", told.collect::<Vec<_>>().join("；"))
        })
    }

    /// Whether the app that talks to members shows figures on the workbench, too.
    pub fn shows_figures(&self) -> bool {
        self.wecom.apps.get(&self.wecom.app).is_some_and(|app| app.workbench)
    }

    /// The organisation's zone, in minutes east of UTC. Zones that change their clocks twice a
    /// year are refused rather than shown wrong.
    ///
    /// # Errors
    /// `config.invalid` on `organisation.time_zone`.
    pub fn zone_minutes(&self) -> Result<i64> {
        match self.organisation.time_zone.as_str() {
            "UTC" | "Etc/UTC" => Ok(0),
            "Asia/Bangkok" | "Asia/Ho_Chi_Minh" | "Asia/Jakarta" => Ok(7 * 60),
            "Asia/Shanghai" | "Asia/Chongqing" | "Asia/Hong_Kong" | "Asia/Macau"
            | "Asia/Taipei" | "Asia/Singapore" | "Asia/Kuala_Lumpur" | "Asia/Manila" => Ok(8 * 60),
            "Asia/Tokyo" | "Asia/Seoul" => Ok(9 * 60),
            "Asia/Dubai" => Ok(4 * 60),
            "Asia/Kolkata" => Ok(5 * 60 + 30),
            other => Err(wrong(
                "organisation.time_zone",
                format!(
                    "{other:?} 不受支持：请用没有夏令时的时区，如 Asia/Shanghai、Asia/Tokyo、UTC"
                ),
            )),
        }
    }
}

fn text_pair((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}

fn merge(into: &mut Table, from: Table) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(table)) => merge(inner, table),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

/// Sets one key from the environment: as the type of what it replaces, as a number where only a
/// number fits, else as text.
fn set(all: &mut Table, path: &[&str], text: &str) -> Result<(), String> {
    let Some((key, folders)) = path.split_last() else { return Ok(()) };
    let mut table = all;
    for folder in folders {
        let inner = table.entry(*folder).or_insert_with(|| Value::Table(Table::new()));
        table = inner.as_table_mut().ok_or_else(|| format!("{folder} 不是一节配置"))?;
    }
    let value = match (table.get(*key), *key) {
        (Some(Value::Integer(_)), _) | (None, "agent_id") => {
            Value::Integer(text.parse().map_err(|_not_a_number| format!("{text:?} 不是整数"))?)
        }
        (Some(Value::Boolean(_)), _) => {
            Value::Boolean(text.parse().map_err(|_neither| format!("{text:?} 不是 true 或 false"))?)
        }
        (Some(Value::Array(_)), _) | (None, "members" | "receivers") => {
            Value::Array(text.split(',').map(|one| Value::String(one.trim().to_owned())).collect())
        }
        _ => Value::String(text.to_owned()),
    };
    table.insert((*key).to_owned(), value);
    Ok(())
}

/// `secret_file = PATH` becomes `secret = <the file's content>`.
fn read_secret_files(table: &mut Table) -> Result<()> {
    let files: Vec<_> = table
        .iter()
        .filter_map(|(key, value)| {
            Some((key.strip_suffix("_file")?.to_owned(), value.as_str()?.to_owned()))
        })
        .collect();
    for (key, path) in files {
        let text = std::fs::read_to_string(&path)
            .map_err(|error| wrong(&format!("{key}_file = {path:?}"), error))?;
        table.remove(&format!("{key}_file"));
        table.insert(key, Value::String(text.trim().to_owned()));
    }
    for (_key, value) in table.iter_mut() {
        if let Value::Table(inner) = value {
            read_secret_files(inner)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";

    fn build(env: &[(&str, &str)]) -> Result<Config> {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::build(None, env)
    }

    #[test]
    fn the_defaults_are_complete() {
        let config = build(&[]).unwrap();
        assert_eq!(config.server.bind.port(), 8080);
        assert_eq!(config.zone_minutes().unwrap(), 480);
    }

    #[test]
    fn the_environment_overrides_with_the_right_types() {
        let app = |name: &str| format!("QIDAN__WECOM__APPS__DESK__{name}");
        let config = build(&[
            ("QIDAN__SERVER__BIND", "127.0.0.1:9"),
            ("QIDAN__WORKERS__ENABLED", "false"),
            ("QIDAN__GROUPS__HANDLERS__NAME", "服务台"),
            ("QIDAN__GROUPS__HANDLERS__MEMBERS", "li, wang"),
            (&app("AGENT_ID"), "1000002"),
            (&app("SECRET"), "123"),
            (&app("TOKEN"), "t"),
            (&app("ENCODING_AES_KEY"), KEY),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert!(!config.workers.enabled);
        assert_eq!(config.groups["handlers"].members, ["li", "wang"]);
        assert_eq!(
            (config.wecom.apps["desk"].agent_id, config.wecom.apps["desk"].secret.as_str()),
            (1_000_002, "123")
        );
        assert!(!format!("{config:?}").contains(KEY), "secrets are masked");
    }

    #[test]
    fn what_is_wrong_is_refused_by_name() {
        let app = |name: &str| format!("QIDAN__WECOM__APPS__DESK__{name}");
        let (agent, secret, token, key) =
            (app("AGENT_ID"), app("SECRET"), app("TOKEN"), app("ENCODING_AES_KEY"));
        let short = KEY.get(..42).unwrap();
        let cases: [(&[(&str, &str)], &str); 8] = [
            (
                &[("QIDAN__ACTIONS__COUPON__URL", "shop"), ("QIDAN__ACTIONS__COUPON__SECRET", "s")],
                "actions.coupon.url",
            ),
            (
                &[
                    ("QIDAN__ACTIONS__COUPON__URL", "http://a"),
                    ("QIDAN__ACTIONS__COUPON__SECRET", ""),
                ],
                "actions.coupon.secret",
            ),
            (&[("QIDAN__SERVER__BINDD", "x")], "bindd"),
            (&[("QIDAN__SERVER__WORKERS", "many")], "QIDAN__SERVER__WORKERS"),
            (&[("QIDAN__DATABASE__URL", "oracle://x")], "database.url"),
            (&[("QIDAN__SERVER__PUBLIC_URL", "desk")], "server.public_url"),
            (&[("QIDAN__ORGANISATION__TIME_ZONE", "Europe/Berlin")], "organisation.time_zone"),
            (
                &[(&agent, "1"), (&secret, "s"), (&token, "t"), (&key, short)],
                "wecom.apps.desk.encoding_aes_key",
            ),
        ];
        for (env, mark) in cases {
            let error = build(env).unwrap_err();
            assert!(error.detail().contains(mark), "{mark}: {error}");
        }
    }

    #[test]
    fn a_file_overrides_and_is_named_in_errors() {
        let folder = std::env::temp_dir().join(format!("qidan-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (file, secret) = (folder.join("q.toml"), folder.join("secret"));
        std::fs::write(&secret, "s3cret\n").unwrap();
        let text = format!(
            "[wecom.apps.desk]\nagent_id = 1\nsecret_file = {secret:?}\ntoken = \"t\"\nencoding_aes_key = \"{KEY}\"\n"
        );
        std::fs::write(&file, text).unwrap();
        let config = Config::build(Some(&file), std::iter::empty()).unwrap();
        assert_eq!(config.wecom.apps["desk"].secret, "s3cret");
        std::fs::write(&file, "[server]\nport = 1\n").unwrap();
        let error = Config::build(Some(&file), std::iter::empty()).unwrap_err();
        assert!(error.detail().contains("q.toml") && error.detail().contains("port"), "{error}");
    }
}
