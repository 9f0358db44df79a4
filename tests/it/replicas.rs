//! Several houses on one database share the work without doubling it, and go on without one
//! another.

use std::collections::BTreeSet;

use kernel::time;
use serde_json::{Value, json};

use crate::support::{Desk, Schema};

#[tokio::test(flavor = "multi_thread")]
async fn two_houses_share_the_work_and_everybody_gets_each_card_once() {
    let desk = Desk::open().await;
    let second = desk.second().await;
    let people = ["wangfang", "lijing", "zhangsan", "sunhao", "wuting", "chenlei"];
    for userid in people {
        desk.writes(userid, json!({ "msgtype": "text", "content": format!("来自 {userid}") }))
            .await;
    }
    for _round in 0..3 {
        tokio::join!(desk.queue.run_until_idle(), second.queue.run_until_idle());
    }
    assert_eq!(desk.tickets().await.len(), people.len());
    for handler in ["liuyang", "zhaomin", "zhoujie"] {
        let chat = desk.chat(handler).await;
        let titles: BTreeSet<_> = chat.cards().iter().map(|card| card.title().to_owned()).collect();
        assert_eq!((titles.len(), chat.cards().len()), (people.len(), people.len()), "{chat:#?}");
    }
    assert!(desk.problems().await.is_empty());
    second.close().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_reaches_either_house_and_only_one_claim_wins() {
    let desk = Desk::open().await;
    let second = desk.second().await;
    for number in 0..5 {
        let id = desk.raise("wangfang", &format!("第 {number} 张")).await;
        let (one, two) = (desk.chat("liuyang").await, desk.chat("zhaomin").await);
        desk.press("liuyang", one.with_button("认领"), "claim", json!({})).await;
        desk.sim.set_callback("desk", &format!("{}/wecom/callback/desk", second.url));
        desk.press("zhaomin", two.with_button("认领"), "claim", json!({})).await;
        desk.sim.set_callback("desk", &format!("{}/wecom/callback/desk", desk.url));
        for _round in 0..3 {
            tokio::join!(desk.queue.run_until_idle(), second.queue.run_until_idle());
        }
        let claims = desk.history(&id).await;
        assert_eq!(claims.iter().filter(|(verb, _text)| verb == "claim").count(), 1, "{claims:?}");
        let owner = desk.ticket(&id).await["steps"][0]["owner"].clone();
        let loser = if owner == "liuyang" { "zhaomin" } else { "liuyang" };
        assert!(desk.chat(loser).await.was_told("认领"), "{owner}");
        desk.does(owner.as_str().unwrap(), "complete", &id, json!({})).await;
    }
    second.close().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_two_houses_are_never_equal_and_numbers_of_tickets_neither() {
    let desk = Desk::open().await;
    let second = desk.second().await;
    // The clock stands still: nothing but the replica's own number tells the ids apart.
    let raise = |url: String| {
        let body = json!({ "template": "general_request", "source": "api",
            "form": { "title": "同时" } });
        let ask = desk.http.post(format!("{url}/api/v1/tickets")).bearer_auth(&desk.token);
        let ask = ask.header("qidan-act-as", "wangfang").json(&body).send();
        async move { ask.await.unwrap().json::<Value>().await.unwrap() }
    };
    let urls = (0..40).map(|n| if n % 2 == 0 { desk.url.clone() } else { second.url.clone() });
    let made = futures_util::future::join_all(urls.map(raise)).await;
    for key in ["id", "no"] {
        let all: BTreeSet<_> = made.iter().map(|one| one[key].to_string()).collect();
        assert_eq!(all.len(), 40, "{key}: {made:?}");
    }
    desk.settle().await;
    second.close().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_at_the_other_house_is_no_second_ticket() {
    let desk = Desk::open().await;
    let second = desk.second().await;
    let message = json!({ "msgtype": "text", "content": "空调坏了", "msgid": "7001" });
    desk.writes("wangfang", message.clone()).await;
    desk.sim.set_callback("desk", &format!("{}/wecom/callback/desk", second.url));
    desk.writes("wangfang", message).await;
    tokio::join!(desk.queue.run_until_idle(), second.queue.run_until_idle());
    assert_eq!(desk.tickets().await.len(), 1);
    let key = "k-7";
    let body =
        json!({ "template": "general_request", "source": "api", "form": { "title": "一次" } });
    let ask = |url: &str| {
        let ask = desk.http.post(format!("{url}/api/v1/tickets")).bearer_auth(&desk.token);
        ask.header("idempotency-key", key).json(&body).send()
    };
    let (one, two) = tokio::join!(ask(&desk.url), ask(&second.url));
    let (one, two) = (one.unwrap().text().await.unwrap(), two.unwrap().text().await.unwrap());
    assert_eq!(one, two);
    assert_eq!(desk.tickets().await.len(), 2);
    desk.settle().await;
    second.close().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_one_house_dies_the_other_does_what_it_had_begun() {
    let desk = Desk::open().await;
    let second = desk.second_with(1, |config| config.workers.enabled = true).await;
    // The dying one has taken the work and waits for WeCom.
    desk.fails("/cgi-bin/message/send", None, json!({ "hang_s": 5 })).await;
    let body =
        json!({ "template": "general_request", "source": "api", "form": { "title": "接手" } });
    let ask = desk.http.post(format!("{}/api/v1/tickets", second.url)).bearer_auth(&desk.token);
    let told = ask.header("qidan-act-as", "wangfang").json(&body).send().await.unwrap();
    assert_eq!(told.status(), 201);
    for _look in 0..200 {
        if !desk.jobs("outbox", "state=running").await.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!desk.jobs("outbox", "state=running").await.is_empty());
    second.dies().await;
    desk.heals().await;
    for _minute in 0..5 {
        desk.advance(time::MINUTE).await;
    }
    for handler in ["liuyang", "zhaomin", "zhoujie"] {
        assert_eq!(desk.chat(handler).await.about("接手").len(), 1, "{handler}");
    }
    assert!(desk.jobs("outbox", "state=pending").await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_started_by_several_at_once_are_applied_once() {
    let schema = Schema::fresh();
    let url = schema.url.clone();
    let all = (1..=4).map(|holder| {
        let url = url.clone();
        tokio::task::spawn_blocking(move || {
            let db = db::Db::new(db::Settings::parse(&url).unwrap());
            db::migrate(&db, &kernel::Clock::System, holder).unwrap()
        })
    });
    let reports: Vec<_> = futures_util::future::join_all(all).await;
    let applied: usize = reports.into_iter().map(|report| report.unwrap().applied.len()).sum();
    assert_eq!(applied, db::known().unwrap().len());
}
