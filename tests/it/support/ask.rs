//! Requests to our API, and what stories ask of the simulator besides talking.

use std::path::PathBuf;

use qidan::{House, Parts};
use queue::{Queue, Stopper};
use serde_json::{Value, json};

use super::{Desk, desk::start};

/// A request to our service that is being put together.
pub(crate) struct Ask(reqwest::RequestBuilder);

/// What the service answered.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Ask {
    /// For a member.
    pub(crate) fn acting_as(self, userid: &str) -> Self {
        self.header("qidan-act-as", userid)
    }

    /// With a header.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    /// With a JSON body.
    pub(crate) fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }

    /// With any body.
    pub(crate) fn body(self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", kind).body(body))
    }

    /// With a file.
    pub(crate) fn file(self, name: &str, bytes: Vec<u8>) -> Self {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        Self(self.0.multipart(reqwest::multipart::Form::new().part("file", part)))
    }

    /// With a form.
    pub(crate) fn form(self, form: reqwest::multipart::Form) -> Self {
        Self(self.0.multipart(form))
    }

    /// Sends it.
    pub(crate) async fn send(self) -> Told {
        let answer = self.0.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Told { status, headers, bytes: answer.bytes().await.unwrap().to_vec() }
    }
}

impl std::fmt::Debug for Told {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {:?} {}", self.status, self.headers, self.text())
    }
}

impl Told {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// A header; empty without it.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Status, stable code and words of a refusal, which has the form of every refusal.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{problem}");
        let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        (self.status, text("code"), text("detail"))
    }
}

impl Desk {
    /// A request to our service, as the program that may do everything.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Ask {
        self.ask_with(&self.token, method, path)
    }

    /// A request to our service with this token.
    pub(crate) fn ask_with(&self, token: &str, method: &str, path: &str) -> Ask {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        Ask(self.http.request(method, format!("{}{path}", self.url)).bearer_auth(token))
    }

    /// A request of somebody with a browser, who is nobody in particular and follows no redirect.
    pub(crate) fn visit(&self, method: &str, path: &str) -> Ask {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        Ask(self.browser.request(method, format!("{}{path}", self.url)))
    }

    /// Writes and publishes a template.
    pub(crate) async fn publishes(&self, template: &Value) {
        let path = format!("/api/v1/templates/{}", template["key"].as_str().unwrap());
        let saved = self.ask("PUT", &path).json(template).send().await;
        assert_eq!(saved.json()["problems"], json!([]), "{}", saved.text());
        let published = self.ask("POST", &format!("{path}/publish")).send().await;
        assert_eq!(published.status, 200, "{}", published.text());
    }

    /// 王芳 raises a ticket of that template over the API, and what follows of it happens.
    pub(crate) async fn raises(&self, template: &str, form: Value) -> Value {
        let new = json!({ "template": template, "form": form });
        let told = self.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new);
        let told = told.send().await;
        assert_eq!(told.status, 201, "{template}: {}", told.text());
        self.settle().await;
        told.json()
    }

    /// A member raises a ticket over the API; gives its id.
    pub(crate) async fn raise(&self, userid: &str, title: &str) -> String {
        let body =
            json!({ "template": "general_request", "source": "api", "form": { "title": title } });
        let told = self.ask("POST", "/api/v1/tickets").acting_as(userid).json(&body).send().await;
        assert_eq!(told.status, 201, "{}", told.text());
        self.settle().await;
        told.json()["id"].as_str().unwrap().to_owned()
    }

    /// A ticket as programs see it.
    pub(crate) async fn ticket(&self, id: &str) -> Value {
        let told = self.ask("GET", &format!("/api/v1/tickets/{id}")).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()
    }

    /// A request to act on a ticket.
    pub(crate) fn act(&self, ticket: &str, verb: &str, input: &Value) -> Ask {
        self.ask("POST", &format!("/api/v1/tickets/{ticket}/actions/{verb}")).json(input)
    }

    /// A member acts on a ticket, which goes well, and everything that follows has happened.
    #[track_caller]
    pub(crate) fn does(
        &self,
        userid: &str,
        verb: &str,
        ticket: &str,
        input: Value,
    ) -> impl Future<Output = Value> {
        let place = std::panic::Location::caller();
        let ask = self.act(ticket, verb, &input).acting_as(userid);
        async move {
            let told = ask.send().await;
            assert_eq!(told.status, 200, "{verb} at {place}: {}", told.text());
            self.settle().await;
            told.json()
        }
    }

    /// A ticket's history: verb and words.
    pub(crate) async fn history(&self, ticket: &str) -> Vec<(String, String)> {
        let told = self.ask("GET", &format!("/api/v1/tickets/{ticket}/timeline")).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        let page = told.json();
        let lines = page["items"].as_array().cloned().unwrap_or_default();
        let text = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
        lines.iter().map(|line| (text(line, "verb"), text(line, "text"))).collect()
    }

    /// Everything on one side of the queue, newest first.
    pub(crate) async fn jobs(&self, side: &str, query: &str) -> Vec<Value> {
        let told = self.ask("GET", &format!("/api/v1/{side}?limit=200&{query}")).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()["items"].as_array().cloned().unwrap_or_default()
    }

    /// WeCom answers the next calls of a path wrongly; all of them when no number is given.
    pub(crate) async fn fails(&self, path: &str, times: Option<u64>, effect: Value) {
        let fault = json!({ "path": path, "times": times, "effect": effect });
        self.sim_post("/_sim/faults", fault).await;
    }

    /// WeCom works again.
    pub(crate) async fn heals(&self) {
        let answer = self.http.delete(format!("{}/_sim/faults", self.sim_url)).send().await;
        assert!(answer.unwrap().status().is_success());
    }

    /// The calls that WeCom got on this path, oldest first.
    pub(crate) async fn calls(&self, path: &str) -> Vec<Value> {
        let calls = self.sim_get("/_sim/calls?after=0").await;
        let calls = calls["items"].as_array().cloned().unwrap_or_default();
        calls.into_iter().filter(|call| call["path"] == path).collect()
    }

    /// What a real WeCom would have refused or dropped.
    pub(crate) async fn problems(&self) -> Vec<Value> {
        let problems = self.sim_get("/_sim/problems").await;
        problems["items"].as_array().cloned().unwrap_or_default()
    }

    /// A member sends a file; everything that follows has happened.
    pub(crate) async fn sends(&self, userid: &str, kind: &str, name: &str, bytes: &[u8]) {
        self.uploads(userid, kind, name, bytes).await;
        self.settle().await;
    }

    /// A member sends a file; the callback is delivered, and nothing more.
    pub(crate) async fn uploads(&self, userid: &str, kind: &str, name: &str, bytes: &[u8]) {
        let part = reqwest::multipart::Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new()
            .text("app", "desk")
            .text("msgtype", kind.to_owned())
            .part("media", part);
        let url = format!("{}/_sim/chats/{userid}/messages?wait=1", self.sim_url);
        let answer = self.http.post(url).multipart(form).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status} {text}");
    }

    /// The company changes; WeCom tells us, and everything that follows has happened.
    pub(crate) async fn company(&self, method: &str, path: &str, body: Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!("{}/_sim{path}{mark}wait=1", self.sim_url);
        let answer = self.http.request(method, url).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        self.settle().await;
    }

    /// The path of the signed page on the newest card with one, as this member got it.
    pub(crate) async fn page_of(&self, userid: &str) -> String {
        let chat = self.chat(userid).await;
        let card = chat.last_card().card().unwrap();
        let url = card["card_action"]["url"].as_str().unwrap();
        let (_before, signed) = url.split_once("/t/").unwrap();
        format!("/t/{signed}")
    }

    /// How many files lie in the store.
    pub(crate) fn stored_files(&self) -> usize {
        fn count(folder: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
        }
        count(&self.schema.folder.join("files"))
    }

    /// Another house on the same database, files and WeCom.
    pub(crate) async fn second(&self) -> Second {
        self.second_with(0, |_config| {}).await
    }

    /// The same with another configuration, and random bytes of its own.
    pub(crate) async fn second_with(
        &self,
        number: u64,
        change: impl FnOnce(&mut qidan::Config),
    ) -> Second {
        let mut config = self.config.clone();
        let folder: PathBuf = self.schema.folder.join(format!("spool-{number}-2"));
        config.intake.spool = folder.display().to_string();
        change(&mut config);
        let parts = Parts {
            clock: self.clock.clone(),
            entropy: kernel::Entropy::seeded(1_000 + number),
            metrics: std::sync::Arc::new(String::new),
        };
        let house = House::open(config, parts).await.unwrap();
        let queue = house.queue().clone();
        let (stopper, stop) = queue::stop();
        let (tell, told) = tokio::sync::oneshot::channel();
        let served = start(house.serve(stop, move |addr| tell.send(addr).unwrap()));
        let url = format!("http://{}", told.await.unwrap());
        Second { url, queue, stopper, served }
    }
}

/// Another house of the same desk.
pub(crate) struct Second {
    pub(crate) url: String,
    pub(crate) queue: Queue,
    stopper: Stopper,
    served: tokio::task::JoinHandle<kernel::Result<()>>,
}

impl Second {
    /// Ends it as SIGTERM does.
    pub(crate) async fn close(self) {
        self.stopper.stop();
        self.served.await.unwrap().unwrap();
    }

    /// Ends it as SIGKILL does: nothing is finished, nothing given back.
    pub(crate) async fn dies(self) {
        self.served.abort();
        let _gone = self.served.await;
    }
}

/// What a step of a ticket is doing.
pub(crate) fn step_state<'t>(ticket: &'t Value, step: &str) -> &'t str {
    let mut steps = ticket["steps"].as_array().unwrap().iter();
    steps.find(|one| one["key"] == step).unwrap()["state"].as_str().unwrap()
}
