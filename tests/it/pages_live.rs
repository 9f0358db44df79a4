//! What pages hear while they are open, over the stream and its polling twin, from this replica or
//! another one.

use std::time::Duration;

use kernel::time::{MINUTE, SECOND};
use serde_json::{Value, json};

use crate::support::{Browser, DESKTOP, Desk, WECOM};

/// An open stream.
struct Ear {
    answer: reqwest::Response,
    text: String,
}

/// An event of a stream.
#[derive(Clone, Debug)]
struct Said {
    id: String,
    event: String,
    data: Value,
}

/// Longer than anything that is promised to happen may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

impl Ear {
    async fn open(desk: &Desk, url: &str, userid: &str, last: Option<&str>) -> Self {
        let answer = Self::ask(desk, url, userid, last).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, text: String::new() }
    }

    async fn ask(desk: &Desk, url: &str, userid: &str, last: Option<&str>) -> reqwest::Response {
        let mut ask = desk.http.get(format!("{url}/api/v1/live")).bearer_auth(&desk.token);
        if !userid.is_empty() {
            ask = ask.header("qidan-act-as", userid);
        }
        if let Some(last) = last {
            ask = ask.header("last-event-id", last);
        }
        ask.send().await.unwrap()
    }

    /// The next event; nothing at the end of the stream.
    async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let line = |name: &str| {
                    let found = block.lines().find_map(|line| line.strip_prefix(name));
                    found.map(str::to_owned)
                };
                let said = line("event: ").map(|event| Said {
                    id: line("id: ").unwrap_or_default(),
                    event,
                    data: serde_json::from_str(&line("data: ").unwrap()).unwrap(),
                });
                self.text = rest.to_owned();
                if said.is_some() {
                    return said;
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await;
            let Ok(chunk) = chunk else { panic!("nothing is heard") };
            let chunk = chunk.unwrap()?;
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    /// The next event of that name of which something holds.
    async fn hears(&mut self, event: &str, holds: impl Fn(&Value) -> bool) -> Said {
        loop {
            let Some(said) = self.next().await else { panic!("the stream has ended") };
            if said.event == event && holds(&said.data) {
                return said;
            }
        }
    }
}

impl Desk {
    async fn says_in(&self, userid: &str, ticket: &str, words: &str) {
        self.does(userid, "comment", ticket, json!({ "text": words })).await;
    }
}

fn has(words: &str) -> impl Fn(&Value) -> bool {
    move |data| data["text"].as_str().unwrap().contains(words)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_hears_what_happens_to_tickets_that_its_reader_may_see_and_of_no_other() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let other = desk.raise("lijing", "打印机坏了").await;
    desk.clock.advance(MINUTE);
    let mut page = Ear::open(&desk, &desk.url, "wangfang", None).await;
    let counts = page.next().await.unwrap();
    assert_eq!((counts.event.as_str(), &counts.data["mine"]), ("counts", &json!(0)));
    desk.says_in("lijing", &other, "这是别人的事").await;
    desk.does("zhaomin", "claim", &id, json!({})).await;
    // Both were heard of at once: what came first would have been told first.
    let said = page.next().await.unwrap();
    assert_eq!(said.event, "ticket");
    assert_eq!(said.data["text"], "赵敏 认领了工单");
    assert_eq!((&said.data["id"], &said.data["by_name"]), (&json!(id), &json!("赵敏")));
    assert_eq!(said.data["version"], said.data["seq"]);

    let mut worker = Ear::open(&desk, &desk.url, "zhaomin", None).await;
    assert_eq!(worker.hears("counts", |_| true).await.data["mine"], 1);
    desk.does("zhaomin", "complete", &id, json!({})).await;
    let counts = worker.hears("counts", |counts| counts["mine"] == 0).await;
    assert_eq!(counts.data["overdue"], 0);

    // Who was away for a while hears what he missed.
    drop(page);
    desk.clock.advance(MINUTE);
    desk.does("wangfang", "reopen", &id, json!({ "note": "又坏了" })).await;
    desk.clock.advance(MINUTE);
    let mut page = Ear::open(&desk, &desk.url, "wangfang", Some(&said.id)).await;
    page.hears("ticket", has("完成了处理")).await;
    page.hears("ticket", has("又坏了")).await;
    // Who was away for long reads anew.
    desk.clock.advance(30 * MINUTE);
    let mut late = Ear::open(&desk, &desk.url, "wangfang", Some(&said.id)).await;
    assert_eq!(late.next().await.unwrap().event, "reset");
    drop((page, late, worker));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_replica_did_is_heard_and_a_stream_ends_with_the_service() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let second = desk.second().await;
    let mut page = Ear::open(&desk, &second.url, "wangfang", None).await;
    desk.says_in("zhaomin", &id, "我看看").await;
    page.hears("ticket", has("我看看")).await;

    let come = |editing: bool| {
        let ask = desk.ask("POST", &format!("/api/v1/tickets/{id}/presence"));
        ask.acting_as("zhaomin").json(&json!({ "editing": editing })).send()
    };
    assert_eq!(come(true).await.status, 200);
    let said = page.hears("presence", |_| true).await;
    assert_eq!(said.data["ticket"], id.as_str());
    let here = json!([{ "userid": "zhaomin", "name": "赵敏", "editing": true }]);
    assert_eq!(said.data["people"], here);
    desk.clock.advance(46 * SECOND);
    let said = page.hears("presence", |_| true).await;
    assert_eq!(said.data["people"], json!([]), "who says nothing any more is gone");

    second.close().await;
    assert!(page.next().await.is_none(), "the stream has an end");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_cannot_stream_polls_and_nobody_holds_more_streams_than_he_has_pages() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let since = async |userid: &str, after: &str| {
        let path = format!("/api/v1/live/since?after={after}");
        let told = desk.ask("GET", &path).acting_as(userid).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()
    };
    let first = since("wangfang", "").await;
    assert_eq!(first["items"], json!([]));
    desk.clock.advance(MINUTE);
    desk.does("zhaomin", "claim", &id, json!({})).await;
    let next = first["next"].as_str().unwrap();
    let told = since("wangfang", next).await;
    let items = told["items"].as_array().unwrap();
    assert_eq!(items.last().unwrap()["text"], "赵敏 认领了工单");
    let others = since("lijing", next).await;
    assert_eq!(others["items"], json!([]), "of what one may not see nothing is told");
    assert_eq!(since("zhaomin", next).await["counts"]["mine"], 1);
    desk.clock.advance(11 * MINUTE);
    let late = since("wangfang", next).await;
    assert_eq!((&late["is_reset"], &late["items"]), (&json!(true), &json!([])));
    let wrong = desk.ask("GET", "/api/v1/live/since?after=yesterday").send().await;
    assert_eq!((wrong.status, &wrong.json()["errors"][0]["path"]), (400, &json!("after")));

    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Ear::open(&desk, &desk.url, "wangfang", None).await);
    }
    let ninth = Ear::ask(&desk, &desk.url, "wangfang", None).await;
    assert_eq!(ninth.status(), 503);
    assert_eq!(Ear::ask(&desk, &desk.url, "zhaomin", None).await.status(), 200);
    let anybody = desk.http.get(format!("{}/api/v1/live", desk.url)).send().await.unwrap();
    assert_eq!(anybody.status(), 401);
    drop(open);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_the_session_or_the_token_that_it_was_opened_with() {
    let desk = Desk::open().await;
    let second = desk.second().await;
    let (left, stays) = (Browser::new(&desk, WECOM), Browser::new(&desk, DESKTOP));
    left.signs_in("wangfang").await;
    stays.signs_in("wangfang").await;
    let listen = async |browser: &Browser<'_>| {
        let path = format!("{}/api/v1/live?csrf={}", second.url, browser.csrf.borrow());
        let cookie = format!("qidan_session={}", browser.cookie("qidan_session").unwrap());
        let answer = desk.http.get(path).header("cookie", cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        Ear { answer, text: String::new() }
    };
    let (mut gone, mut page) = (listen(&left).await, listen(&stays).await);
    let new = json!({ "name": "board", "scopes": ["tickets:read"] });
    let token = desk.ask("POST", "/api/v1/tokens").json(&new).send().await.json();
    let ask = desk.http.get(format!("{}/api/v1/live", second.url));
    let answer = ask.bearer_auth(token["token"].as_str().unwrap()).send().await.unwrap();
    let mut board = Ear { answer, text: String::new() };
    // Signed out and revoked on one replica, they end on the other.
    assert_eq!(left.ask("POST", "/auth/logout").send().await.status, 204);
    let path = format!("/api/v1/tokens/{}", token["id"].as_str().unwrap());
    assert_eq!(desk.ask("DELETE", &path).send().await.status, 204);
    for ended in [&mut gone, &mut board] {
        while let Some(said) = ended.next().await {
            assert_ne!(said.event, "ticket");
        }
    }
    let id = desk.raise("wangfang", "空调坏了").await;
    desk.says_in("zhaomin", &id, "我看看").await;
    page.hears("ticket", has("我看看")).await;
    drop(page);
    second.close().await;
    desk.close().await;
}
