//! The simulator over real HTTP, with a scripted receiver for its callbacks.

mod callbacks;
mod cards;
mod company;
mod failures;
mod logins;
mod receiver;
mod rooms;
mod sending;
mod tokens;
mod workbench;

use std::time::Duration;

use kernel::{Clock, Entropy, Timestamp};
use receiver::Receiver;
use serde_json::{Value, json};

use crate::{AppSeed, CorpSeed, Options, Pace, Running, start};

/// A running simulator and a client of it.
struct Bench {
    sim: Running,
    clock: Clock,
    client: reqwest::Client,
    corp: CorpSeed,
}

/// The second app of the test company: it must not touch the first one's messages.
const OTHER: i64 = 1_000_003;

impl Bench {
    async fn new() -> Self {
        Self::with(|_corp| {}).await
    }

    async fn with(change: impl FnOnce(&mut CorpSeed)) -> Self {
        let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
        let mut corp = CorpSeed::sample();
        corp.apps.push(AppSeed {
            name: "other".into(),
            agent_id: OTHER,
            secret: "other-secret".into(),
            hears_changes: false,
            ..AppSeed::sample()
        });
        change(&mut corp);
        let sim = start(Options {
            bind: "127.0.0.1:0".parse().unwrap(),
            clock: clock.clone(),
            entropy: Entropy::seeded(7),
            corp: corp.clone(),
            pace: Pace {
                answer_within: Duration::from_millis(200),
                check_within: Duration::from_millis(200),
                spacing: Duration::from_millis(250),
            },
        })
        .await
        .unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { sim, clock, client, corp }
    }

    /// The same with a receiver that answers every callback with an empty 200.
    async fn listening() -> (Self, Receiver) {
        let bench = Self::new().await;
        let receiver = Receiver::new();
        assert!(bench.sim.set_callback("desk", &receiver.url()));
        (bench, receiver)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sim.base_url())
    }

    async fn get(&self, path: &str) -> Value {
        let response = self.client.get(self.url(path)).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_post(path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    async fn try_post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = self.client.post(self.url(path)).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn token_of(&self, agent_id: i64) -> String {
        let app = self.corp.apps.iter().find(|app| app.agent_id == agent_id).unwrap();
        let path =
            format!("/cgi-bin/gettoken?corpid={}&corpsecret={}", self.corp.corp_id, app.secret);
        self.get(&path).await["access_token"].as_str().unwrap().to_owned()
    }

    /// A call of the API by the app `desk`.
    async fn api(&self, call: &str, body: &Value) -> Value {
        let token = self.token_of(1_000_002).await;
        self.post(&format!("/cgi-bin/{call}?access_token={token}"), body).await
    }

    async fn read(&self, call: &str, query: &str) -> Value {
        let token = self.token_of(1_000_002).await;
        self.get(&format!("/cgi-bin/{call}?access_token={token}&{query}")).await
    }

    async fn text(&self, to: &str, content: &str) -> Value {
        self.api("message/send", &text(to, content)).await
    }

    async fn chat(&self, userid: &str) -> Vec<Value> {
        self.get(&format!("/_sim/chats/{userid}?app=desk")).await["items"]
            .as_array()
            .unwrap()
            .clone()
    }

    async fn problems(&self) -> Vec<Value> {
        self.get("/_sim/problems").await["items"].as_array().unwrap().clone()
    }
}

fn text(to: &str, content: &str) -> Value {
    json!({
        "touser": to,
        "msgtype": "text",
        "agentid": 1_000_002,
        "text": { "content": content },
    })
}

fn code(answer: &Value) -> i64 {
    answer["errcode"].as_i64().unwrap()
}

/// An answer is a refusal with this number, worded as the platform words it.
#[track_caller]
fn refused(answer: &Value, errcode: i64) {
    assert_eq!(code(answer), errcode, "{answer}");
    let words = answer["errmsg"].as_str().unwrap();
    assert!(words.contains("hint: [") && words.contains("from ip: 127.0.0.1"), "{words}");
}
