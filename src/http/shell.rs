//! The pages inside WeCom: files of the web build, embedded. A page is served at once and to anybody:
//! what it holds is the same for all, and whoever opens it signs in from there. To one who is signed
//! in comes with it who he is, which saves a round trip; if the database is slow, it comes later.

mod boot;
mod dist;

use std::{collections::BTreeMap, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
            USER_AGENT,
        },
    },
    rt::time::timeout,
    web::Data,
};
use bytes::Bytes;
use kernel::{Error, text};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use wecom::login::Browser;

pub(crate) use boot::word;
pub(crate) use dist::asset;

use crate::{
    api, page,
    reply::{Reply, bare},
    session,
    shared::{Server, Shared},
};

/// The entries, each with the file of its page.
const ENTRIES: [(&str, &str); 5] = [
    ("sidebar", "sidebar.html"),
    ("profile", "profile.html"),
    ("group", "group.html"),
    ("workbench", "workbench.html"),
    ("public", "public.html"),
];
/// Where a page takes what it must know of the house.
const MARK: &str = "<!--boot-->";
/// How long a page waits for what comes with it.
const PATIENCE: Duration = Duration::from_millis(250);
/// A page for when the web build is missing.
const NOT_BUILT: &str = include_str!("shell/not_built.html");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
/// What a page may ask the browser for.
const PERMITTED: &str = "geolocation=(self), camera=(self), microphone=(self)";

/// What pages and logins must know of the house.
#[derive(Clone, Debug, Default)]
pub struct Pages {
    /// How people reach us, without a slash at the end.
    pub public_url: String,
    /// The corp.
    pub corp_id: String,
    /// The app whose pages these are.
    pub app: String,
    /// Its AgentId.
    pub agent_id: i64,
    /// Where WeCom's own browsers log in.
    pub oauth_base: String,
    /// Where all others log in.
    pub login_base: String,
    /// The origin of the simulator, in whose frames pages may stand.
    pub simulator: Option<String>,
    /// What people call the service.
    pub organisation: String,
    /// The largest attachment.
    pub max_file_bytes: usize,
}

impl Pages {
    /// Whether browsers come by https, so that cookies need not travel otherwise.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// What a page of ours may load, and who may show it in a frame.
    pub(crate) fn policy(&self) -> String {
        let simulator = self.simulator.as_deref().unwrap_or_default();
        let policy = format!(
            "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; \
             style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; \
             form-action 'self'; frame-ancestors 'self' {simulator}"
        );
        policy.trim_end().to_owned()
    }
}

/// A page as it is served to one kind of browser.
struct Shell {
    html: Bytes,
    etag: String,
    /// Where in it the answers stand that come with it.
    told_at: usize,
}

impl Shell {
    fn new(page: &str, boot: &str) -> Self {
        let told_at = page.find(MARK).map_or(0, |at| at + boot.len());
        let html = page.replacen(MARK, boot, 1);
        let hash = text::hex(&Sha256::digest(html.as_bytes()));
        let etag = format!("\"{}\"", hash.get(..20).unwrap_or_default());
        Self { html: html.into(), etag, told_at }
    }

    fn with(&self, answers: &Value) -> Vec<u8> {
        let (before, after) = self.html.split_at(self.told_at);
        [before, boot::told(answers).as_bytes(), after].concat()
    }
}

/// Every page, ready.
pub(crate) struct Shells {
    all: BTreeMap<(&'static str, &'static str), Shell>,
    policy: String,
}

impl Shells {
    /// Puts the pages together, once.
    pub(crate) fn new(shared: &Shared) -> Self {
        let mut all = BTreeMap::new();
        for (entry, file) in ENTRIES {
            let page = dist::text(file).unwrap_or_else(|| NOT_BUILT.to_owned());
            for browser in [Browser::WeCom, Browser::WeChat, Browser::Other] {
                let boot = boot::script(shared, entry, browser);
                all.insert((entry, word(browser)), Shell::new(&page, &boot));
            }
        }
        Self { all, policy: shared.pages.policy() }
    }
}

/// What opened a page.
pub(crate) fn browser(req: &HttpRequest) -> Browser {
    let agent = req.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Browser::of(agent.unwrap_or_default())
}

/// A page for staff, by its name in the path.
pub(crate) async fn staff(req: HttpRequest, server: Data<Server>) -> Reply {
    let entry = req.match_info().get("entry").unwrap_or_default();
    if entry == "public" {
        return Err(bare(StatusCode::NOT_FOUND));
    }
    let answers = match session::secret_of(&server, &req) {
        None => None,
        // Without them the page asks for itself, and shows what failed.
        Some(secret) => timeout(PATIENCE, answers(&server, secret)).await.unwrap_or_default(),
    };
    serve(&req, &server, entry, &server.shells.policy, answers.as_ref())
}

/// What the page of the member with this secret is going to ask for first.
async fn answers(server: &Data<Server>, secret: String) -> Option<Value> {
    let now = server.clock.now();
    let told = async {
        match session::find(server, secret, now).await? {
            Some(signed_in) => api::with_page(server, &signed_in, now).await,
            None => Ok(None),
        }
    };
    told.await.unwrap_or_else(|error: Error| {
        tracing::debug!(%error, "a page goes out without who opens it");
        None
    })
}

/// The page of an entry code, for everybody; it may stand in the pages of the sites that the code
/// names. What cannot be used says so at once.
pub(crate) async fn public(req: HttpRequest, server: Data<Server>) -> Reply {
    let key = req.match_info().get("code").unwrap_or_default().to_owned();
    let now = server.clock.now();
    let code = server.db.read(move |conn| api::open_code(conn, &key, now)).await;
    match code {
        Ok(code) => {
            let policy = &server.shells.policy;
            let policy =
                code.frame_ancestors.iter().fold(policy.clone(), |all, one| all + " " + one);
            serve(&req, &server, "public", &policy, None)
        }
        Err(error) => Ok(page::refuse_entry(&req, &error)),
    }
}

fn serve(
    req: &HttpRequest,
    server: &Server,
    entry: &str,
    policy: &str,
    answers: Option<&Value>,
) -> Reply {
    let Some(shell) = server.shells.all.get(&(entry, word(browser(req)))) else {
        return Err(bare(StatusCode::NOT_FOUND));
    };
    let known = req.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = answers.is_none()
        && known.is_some_and(|known| known.split(',').any(|one| is_tag(one, &shell.etag)));
    let status = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, policy))
        .insert_header((PERMISSIONS, PERMITTED));
    if let Some(answers) = answers {
        // What one person may know, and his proof, are nothing to be kept on a disk.
        response.insert_header((CACHE_CONTROL, "no-store"));
        return Ok(response.body(shell.with(answers)));
    }
    response
        .insert_header((ETAG, shell.etag.as_str()))
        .insert_header((CACHE_CONTROL, "private, no-cache"));
    Ok(if is_known { response.finish() } else { response.body(shell.html.clone()) })
}

/// Whether a tag of `If-None-Match` is this one; a proxy that compresses marks it as weak.
fn is_tag(given: &str, etag: &str) -> bool {
    let given = given.trim();
    given.strip_prefix("W/").unwrap_or(given) == etag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_be_framed_by_ourselves_and_the_simulator_only() {
        let real = Pages { public_url: "https://desk.example.com".into(), ..Pages::default() };
        assert!(real.policy().ends_with("; frame-ancestors 'self'"), "{}", real.policy());
        assert!(real.is_https());
        let simulator = Some("http://127.0.0.1:8090".to_owned());
        let demo = Pages { simulator, ..Pages::default() };
        assert!(demo.policy().ends_with("; frame-ancestors 'self' http://127.0.0.1:8090"));
        assert!(!demo.policy().contains("unsafe-eval") && !demo.policy().contains("script-src"));
    }

    #[test]
    fn a_tag_is_known_as_it_is_and_as_a_weak_one() {
        assert!(is_tag("\"a\"", "\"a\"") && is_tag(" W/\"a\"", "\"a\""));
        assert!(!is_tag("\"b\"", "\"a\"") && !is_tag("*", "\"a\""));
    }

    #[test]
    fn the_page_for_a_missing_web_build_takes_its_place_and_says_how_to_build_it() {
        assert!(NOT_BUILT.contains(MARK) && NOT_BUILT.contains("npm run build"));
    }
}
