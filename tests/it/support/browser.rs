//! A browser of somebody who signs in: it keeps cookies and goes where it is sent, one step at a time.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::Value;

use super::{Desk, Told, ask::Ask};

/// WeCom's own browser on a phone.
pub(crate) const WECOM: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) MicroMessenger/7.0.1 wxwork/4.1.10 MailPlugin_Electron";
/// A browser on a desk.
pub(crate) const DESKTOP: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36";

/// A browser.
pub(crate) struct Browser<'d> {
    desk: &'d Desk,
    agent: &'static str,
    cookies: RefCell<BTreeMap<String, String>>,
    /// What its page shows with each request.
    pub(crate) csrf: RefCell<String>,
}

impl<'d> Browser<'d> {
    /// A browser that holds nothing.
    pub(crate) fn new(desk: &'d Desk, agent: &'static str) -> Self {
        Self { desk, agent, cookies: RefCell::default(), csrf: RefCell::default() }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// Puts a cookie there, or takes it away.
    pub(crate) fn set_cookie(&self, name: &str, value: Option<String>) {
        let mut cookies = self.cookies.borrow_mut();
        match value {
            Some(value) => cookies.insert(name.to_owned(), value),
            None => cookies.remove(name),
        };
    }

    /// A request with what the browser holds, without what a page adds.
    pub(crate) fn bare(&self, method: &str, path: &str) -> Ask {
        let cookies = self.cookies.borrow();
        let held: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let ask = self.desk.visit(method, path).header("user-agent", self.agent);
        if held.is_empty() { ask } else { ask.header("cookie", &held.join("; ")) }
    }

    /// A request of a page.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        self.bare(method, path).header("qidan-csrf", &self.csrf.borrow())
    }

    /// Opens an address of ours and keeps the cookies that it gives.
    pub(crate) async fn open(&self, path: &str) -> Told {
        let told = self.bare("GET", path).send().await;
        for line in told.headers.get_all("set-cookie") {
            let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let is_gone = attributes.contains("Max-Age=0");
            self.set_cookie(name, (!is_gone).then(|| value.to_owned()));
        }
        told
    }

    /// Begins a login; gives where WeCom is to be asked.
    pub(crate) async fn begins(&self, next: &str) -> String {
        let next = next.replace('/', "%2F");
        let told = self.open(&format!("/auth/wecom/login?next={next}")).await;
        assert_eq!(told.status, 302, "{}", told.text());
        told.header("location").to_owned()
    }

    /// Is somebody at WeCom; gives the path of ours to which he is sent back.
    pub(crate) async fn passes(&self, location: &str, user: &str) -> String {
        let (url, _fragment) = location.split_once('#').unwrap_or((location, ""));
        let asked = self.desk.browser.get(format!("{url}&sim_user={user}")).send().await.unwrap();
        let status = asked.status();
        let to = asked.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let to = to.unwrap_or_else(|| panic!("{status}"));
        to.strip_prefix(&self.desk.config.server.public_url).unwrap().to_owned()
    }

    /// Signs in as somebody, the whole way; gives what `/me` says.
    pub(crate) async fn signs_in(&self, user: &str) -> Value {
        let location = self.begins("/h5/workbench").await;
        let back = self.passes(&location, user).await;
        let told = self.open(&back).await;
        assert_eq!((told.status, told.header("location")), (302, "/h5/workbench"), "{told:?}");
        self.me().await
    }

    /// What a page learns first.
    pub(crate) async fn me(&self) -> Value {
        let told = self.bare("GET", "/api/v1/me").send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        let me = told.json();
        *self.csrf.borrow_mut() = me["csrf"].as_str().unwrap().to_owned();
        me
    }
}
