//! Many hands at two houses on one database act on the same tickets at the same moment, in an order
//! that a seed chooses. Whatever comes of it: nothing that was acknowledged is lost, nothing is done
//! twice, and the ticket stays one that people can work on.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{Desk, Second};

const PEOPLE: [&str; 5] = ["liuyang", "zhaomin", "zhoujie", "wangfang", "sunhao"];
const VERBS: [&str; 12] = [
    "claim", "claim", "complete", "complete", "approve", "reject", "transfer", "comment",
    "comment", "urge", "suspend", "resume",
];
const SEEDS: u64 = 6;
const TURNS: usize = 24;

/// Numbers that look random and come again with their seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let rolled = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(rolled).unwrap() % sides
    }

    fn of<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What somebody asks for, and of which house.
struct Deed {
    at_second: bool,
    by: &'static str,
    verb: &'static str,
    input: Value,
    expects: Option<i64>,
    /// The same request reaches both houses.
    is_sent_twice: bool,
}

/// What was acknowledged: the version, and by whom which verb with which words led to it.
type Acks = BTreeMap<i64, (String, String, Option<String>)>;

struct Crowd<'d> {
    desk: &'d Desk,
    second: &'d Second,
    dice: Dice,
    seed: u64,
    id: String,
    version: i64,
    said: usize,
    acks: Acks,
}

fn contract() -> Value {
    let work = |key: &str, who: &[&str], more: Value| {
        let mut step = json!({ "key": key, "name": key, "if_nobody": { "do": "hold" },
            "assign": { "by": "people", "userids": who } });
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        step
    };
    let three = ["liuyang", "zhaomin", "zhoujie"];
    json!({
        "key": "contract", "name": "合同",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true } ] },
        "flow": { "steps": [
            work("draft", &three, json!({})),
            { "key": "both", "name": "both", "type": "parallel", "lanes": [
                { "steps": [work("law", &["liuyang", "zhaomin"], json!({ "type": "approval",
                    "sign": { "mode": "all" }, "on_reject": { "do": "to_step", "key": "draft" } }))] },
                { "steps": [work("stock", &["zhoujie", "sunhao"], json!({}))] } ] },
            work("boss", &three, json!({ "type": "approval", "sign": { "mode": "vote", "share": 50 },
                "on_reject": { "do": "to_step", "key": "draft" } })),
        ] },
    })
}

impl Crowd<'_> {
    fn deed(&mut self) -> Deed {
        let (by, verb) = (self.dice.of(&PEOPLE), self.dice.of(&VERBS));
        let input = match verb {
            "comment" => {
                self.said += 1;
                json!({ "text": format!("第 {} 句", self.said) })
            }
            "transfer" => json!({ "to": self.dice.of(&PEOPLE) }),
            "reject" | "suspend" => json!({ "note": "再等等" }),
            _ => json!({}),
        };
        let expects = (self.dice.below(3) == 0).then_some(self.version);
        let (at_second, is_sent_twice) = (self.dice.below(2) == 1, self.dice.below(4) == 0);
        Deed { at_second, by, verb, input, expects, is_sent_twice }
    }

    async fn send(&self, deed: &Deed, key: &str, at_second: bool) -> (u16, Value) {
        let house = if at_second { &self.second.url } else { &self.desk.url };
        let url = format!("{house}/api/v1/tickets/{}/actions/{}", self.id, deed.verb);
        let ask = self.desk.http.post(url).bearer_auth(&self.desk.token).json(&deed.input);
        let ask = ask.header("qidan-act-as", deed.by).header("idempotency-key", key);
        let ask = match deed.expects {
            Some(version) => ask.header("if-match", format!("\"{version}\"")),
            None => ask,
        };
        let told = ask.send().await.unwrap();
        (told.status().as_u16(), told.json().await.unwrap_or_default())
    }

    /// Some people act at once, while the houses do their work.
    async fn turn(&mut self, number: usize) {
        let many = 1 + self.dice.below(4);
        let deeds: Vec<_> = (0..many).map(|_one| self.deed()).collect();
        let one = async |n: usize, deed: &Deed| {
            let key = format!("{}-{number}-{n}", self.seed);
            if !deed.is_sent_twice {
                return self.send(deed, &key, deed.at_second).await;
            }
            let (one, two) =
                tokio::join!(self.send(deed, &key, false), self.send(deed, &key, true));
            // A house that finds the other at it may say so; two answers are the same answer.
            match (one.0, two.0) {
                (200, 200) => assert_eq!(one.1, two.1, "seed {}: {}", self.seed, deed.verb),
                (200, _) => return one,
                _ => return two,
            }
            one
        };
        let told = join_all(deeds.iter().enumerate().map(|(n, deed)| one(n, deed)));
        let (told, _one, _two) = tokio::join!(
            told,
            self.desk.queue.run_until_idle(),
            self.second.queue.run_until_idle()
        );
        let seed = self.seed;
        for (deed, (status, answer)) in deeds.iter().zip(told) {
            let (by, verb) = (deed.by, deed.verb);
            assert!(
                [200, 403, 404, 409, 422].contains(&status),
                "seed {seed}: {verb} by {by}: {answer}"
            );
            if status != 200 {
                continue;
            }
            let version = answer["version"].as_i64().unwrap();
            if let Some(expected) = deed.expects {
                assert_eq!(version, expected + 1, "seed {seed}: {verb} of a newer version");
            }
            let words = deed.input["text"].as_str().map(str::to_owned);
            let other = self.acks.insert(version, (verb.into(), by.into(), words));
            assert_eq!(other, None, "seed {seed}: version {version} was given twice");
            assert!(version > self.version, "seed {seed}: versions only rise");
        }
        self.check().await;
    }

    async fn check(&mut self) {
        let seed = self.seed;
        let ticket = self.desk.ticket(&self.id).await;
        let version = ticket["version"].as_i64().unwrap();
        let newest = self.acks.keys().next_back().copied().unwrap_or_default();
        assert!(version >= newest.max(self.version), "seed {seed}: {version} after {newest}");
        self.version = version;
        let tasks = ticket["tasks"].as_array().unwrap();
        let open: Vec<_> = tasks.iter().filter(|task| task["state"] == "open").collect();
        let is_ended = ticket["status"] == "closed" || ticket["status"] == "cancelled";
        assert_eq!(is_ended, open.is_empty(), "seed {seed}: nobody is trapped: {ticket}");
        for task in open {
            let steps = ticket["steps"].as_array().unwrap();
            let step = steps.iter().find(|step| step["key"] == task["step"]).unwrap();
            assert_ne!(step["handlers"], json!([]), "seed {seed}: {ticket}");
        }
        let id = kernel::TicketId(self.id.parse().unwrap());
        self.desk.db.read(move |conn| ticket::check_replay(conn, id)).await.unwrap();
    }

    /// Everything that was acknowledged is in the log once, and nothing else is.
    async fn audit(&self) {
        let seed = self.seed;
        let path = format!("/api/v1/tickets/{}/timeline?limit=200", self.id);
        let log = self.desk.ask("GET", &path).send().await.json();
        let log = log["items"].as_array().unwrap();
        let mut words = BTreeSet::new();
        for line in log {
            let seq = line["seq"].as_i64().unwrap();
            let (verb, text) = (line["verb"].as_str().unwrap(), line["text"].as_str().unwrap());
            if verb == "create" {
                continue;
            }
            let ack = self.acks.get(&seq);
            let (done, by, said) =
                ack.unwrap_or_else(|| panic!("seed {seed}: {line} was acknowledged to nobody"));
            assert_eq!(
                (done.as_str(), by.as_str()),
                (verb, line["actor"]["userid"].as_str().unwrap())
            );
            if let Some(said) = said {
                assert!(text.ends_with(said.as_str()), "seed {seed}: {line}");
                assert!(words.insert(said.clone()), "seed {seed}: {said} was said twice");
            }
        }
        assert_eq!(log.len(), self.acks.len() + 1, "seed {seed}: what was acknowledged is there");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_crowd_does_at_two_houses_at_once_nothing_is_lost_or_done_twice() {
    let desk = Desk::open().await;
    let second = desk.second().await;
    let path = "/api/v1/templates/contract";
    desk.ask("PUT", path).json(&contract()).send().await;
    let told = desk.ask("POST", &format!("{path}/publish")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    for seed in 1..=SEEDS {
        let new = json!({ "template": "contract", "form": { "title": format!("第 {seed} 份") } });
        let made = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new);
        let made = made.send().await.json();
        let mut crowd = Crowd {
            desk: &desk,
            second: &second,
            dice: Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
            seed,
            id: made["id"].as_str().unwrap().to_owned(),
            version: made["version"].as_i64().unwrap(),
            said: 0,
            acks: Acks::new(),
        };
        for number in 0..TURNS {
            crowd.turn(number).await;
        }
        crowd.audit().await;
        assert!(crowd.acks.len() >= TURNS / 3, "seed {seed} did too little: {:?}", crowd.acks);
    }
    for _round in 0..3 {
        tokio::join!(desk.queue.run_until_idle(), second.queue.run_until_idle());
    }
    // WeCom knows each card by its number and refuses one that comes again.
    let sent = desk.calls("/cgi-bin/message/send").await;
    assert!(!sent.is_empty() && sent.iter().all(|call| call["errcode"] == 0), "{sent:?}");
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    assert!(desk.jobs("outbox", "state=failed").await.is_empty());
    second.close().await;
    desk.close().await;
}
