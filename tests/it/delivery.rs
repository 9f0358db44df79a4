//! Cards on their way out while WeCom fails in every way it has: nothing is lost, nothing comes
//! twice, and what one person hears about one ticket stays in order.

use kernel::time;
use serde_json::{Value, json};

use crate::support::{Chat, Desk, Entry};

const SEND: &str = "/cgi-bin/message/send";
const UPDATE: &str = "/cgi-bin/message/update_template_card";
const GETTOKEN: &str = "/cgi-bin/gettoken";
const HANDLERS: [&str; 3] = ["liuyang", "zhaomin", "zhoujie"];

/// Every way of failing that may pass by itself.
fn failures() -> Vec<Value> {
    vec![
        json!({ "http": 500 }),
        json!({ "http": 502, "slow_ms": 300 }),
        json!({ "html": true }),
        json!({ "empty": true }),
        json!({ "reset_before": true }),
        json!({ "reset_after_apply": true }),
        json!({ "hang_s": 1 }),
        json!({ "slow_ms": 500 }),
        json!({ "drip_ms": 500 }),
        json!({ "big_mb": 3 }),
        json!({ "errcode": -1 }),
        json!({ "errcode": 45009 }),
        json!({ "errcode": 45033 }),
        json!({ "errcode": 42001 }),
        json!({ "errcode": 40014 }),
        json!({ "errcode": 60020 }),
    ]
}

/// Lets the time pass in which everything that waits is tried again.
async fn pass_time(desk: &Desk) {
    for minutes in [1, 1, 2, 4, 8, 16, 32, 64] {
        desk.advance(minutes * time::MINUTE).await;
    }
}

/// The cards about a ticket that can still be pressed.
fn working<'c>(chat: &'c Chat, title: &str) -> Vec<Vec<&'c str>> {
    let cards = chat.about(title).into_iter().map(|card| card.buttons());
    cards.filter(|buttons| !buttons.is_empty()).collect()
}

/// What must be seen once a ticket was claimed by the first of the handlers, however it went.
async fn check_claimed(desk: &Desk, title: &str, context: &str) {
    let chat = desk.chat("liuyang").await;
    assert_eq!(working(&chat, title), [["完成", "转办"]], "{context}: {chat:#?}");
    for other in ["zhaomin", "zhoujie"] {
        let chat = desk.chat(other).await;
        let cards = chat.about(title);
        assert!(cards.len() <= 1, "{context}, {other}: {chat:#?}");
        // Who never got the card needs not be told that it is void.
        assert!(
            cards.iter().all(|card| card.grey() == Some("已被 刘洋 认领")),
            "{context}, {other}: {chat:#?}"
        );
    }
    let chat = desk.chat("wangfang").await;
    let cards = chat.about(title);
    assert_eq!(cards.last().unwrap().emphasis(), "处理中", "{context}: {chat:#?}");
    assert!(cards.len() <= 2, "{context}: {chat:#?}");
}

/// What WeCom stopped because we had done it before is allowed, and tokens and secrets that ended
/// before we could know; anything else is a message that a real WeCom would have dropped.
async fn check_problems(desk: &Desk) {
    for problem in desk.problems().await {
        let is_stopped = problem["detail"] == "duplicate, not delivered";
        let is_known =
            matches!(problem["errcode"].as_i64(), Some(40001 | 40014 | 42001 | 42014 | 42022));
        assert!(is_stopped || is_known, "{problem}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_while_cards_are_sent_everybody_gets_each_card_once() {
    let desk = Desk::open().await;
    for (number, effect) in failures().into_iter().enumerate() {
        let (title, context) = (format!("第 {number} 号"), effect.to_string());
        desk.fails(SEND, Some(3), effect).await;
        let id = desk.raise("wangfang", &title).await;
        desk.does("liuyang", "claim", &id, json!({})).await;
        desk.heals().await;
        pass_time(&desk).await;
        check_claimed(&desk, &title, &context).await;
    }
    assert!(desk.jobs("outbox", "state=failed").await.is_empty());
    check_problems(&desk).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_while_cards_are_changed_every_copy_is_right_in_the_end() {
    let desk = Desk::open().await;
    for (number, effect) in failures().into_iter().enumerate() {
        let (title, context) = (format!("第 {number} 号"), effect.to_string());
        let id = desk.raise("wangfang", &title).await;
        desk.fails(UPDATE, Some(3), effect).await;
        desk.does("liuyang", "claim", &id, json!({})).await;
        desk.heals().await;
        pass_time(&desk).await;
        check_claimed(&desk, &title, &context).await;
        let done = desk.chat("liuyang").await.with_button("完成").clone();
        desk.presses("liuyang", &done, "complete").await;
        for handler in HANDLERS {
            let chat = desk.chat(handler).await;
            assert!(working(&chat, &title).is_empty(), "{context}, {handler}: {chat:#?}");
        }
    }
    assert!(desk.jobs("outbox", "state=failed").await.is_empty());
    check_problems(&desk).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_wecom_is_away_for_six_hours_work_goes_on_and_the_news_come_in_order() {
    let desk = Desk::open().await;
    let early = desk.raise("wangfang", "早来的").await;
    desk.fails("*", None, json!({ "http": 503 })).await;
    desk.does("liuyang", "claim", &early, json!({})).await;
    let late = desk.raise("wangfang", "后来的").await;
    desk.does("zhaomin", "claim", &late, json!({})).await;
    for number in 0..3 {
        let words = json!({ "text": format!("第 {number} 句") });
        desk.does("zhaomin", "comment", &late, words).await;
    }
    for _hour in 0..6 {
        desk.advance(time::HOUR).await;
    }
    desk.does("zhaomin", "complete", &late, json!({})).await;
    assert_eq!(desk.ticket(&late).await["status"], "closed");
    desk.heals().await;
    pass_time(&desk).await;
    check_claimed(&desk, "早来的", "").await;
    let chat = desk.chat("wangfang").await;
    let said: Vec<_> = chat.texts().into_iter().filter(|text| text.contains("句")).collect();
    let at = |words: &str| said.iter().position(|text| text.contains(words));
    assert!(at("第 0 句") < at("第 1 句") && at("第 1 句") < at("第 2 句"), "{chat:#?}");
    let news = chat.about("后来的");
    assert_eq!(news.last().unwrap().emphasis(), "已完成", "{chat:#?}");
    for handler in HANDLERS {
        let chat = desk.chat(handler).await;
        assert!(working(&chat, "后来的").is_empty(), "{handler}: {chat:#?}");
    }
    assert!(desk.jobs("outbox", "state=failed").await.is_empty());
    assert!(desk.jobs("outbox", "state=pending").await.is_empty());
    check_problems(&desk).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_is_fetched_for_many_calls_and_one_more_when_it_is_refused() {
    let desk = Desk::open().await;
    let before = desk.calls(GETTOKEN).await.len();
    assert_eq!(before, 1, "the first sync needed one");
    for number in 0..5 {
        desk.raise("wangfang", &format!("第 {number} 张")).await;
    }
    assert_eq!(desk.calls(GETTOKEN).await.len(), 1);
    for errcode in [42001, 40014] {
        desk.sim_post("/_sim/tokens/expire", json!({ "errcode": errcode })).await;
        desk.raise("wangfang", &format!("换 {errcode}")).await;
        for handler in HANDLERS {
            assert_eq!(desk.chat(handler).await.last_card().title(), format!("换 {errcode}"));
        }
    }
    assert_eq!(desk.calls(GETTOKEN).await.len(), 3, "one for each that was refused");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_houses_use_one_token() {
    let desk = Desk::open().await;
    let second = desk.second().await;
    for number in 0..4 {
        let body = json!({ "template": "general_request", "source": "api",
            "form": { "title": format!("第 {number} 张") } });
        let told =
            desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&body).send().await;
        assert_eq!(told.status, 201);
    }
    desk.sim_post("/_sim/tokens/expire", json!({})).await;
    let before = desk.calls(GETTOKEN).await.len();
    tokio::join!(desk.settle(), second.queue.run_until_idle());
    desk.settle().await;
    assert_eq!(desk.calls(GETTOKEN).await.len(), before + 1);
    for handler in HANDLERS {
        assert_eq!(desk.chat(handler).await.cards().len(), 4);
    }
    check_problems(&desk).await;
    second.close().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_not_asked_with_again_and_again() {
    let desk = Desk::open().await;
    let secret = desk.config.wecom.apps["desk"].secret.clone();
    let rotate = |secret: &str| json!({ "app": "desk", "secret": secret });
    desk.sim_post("/_sim/tokens/rotate", rotate("another")).await;
    let before = desk.calls(GETTOKEN).await.len();
    for number in 0..5 {
        desk.raise("wangfang", &format!("第 {number} 张")).await;
    }
    for _minute in 0..30 {
        desk.advance(time::MINUTE).await;
    }
    let asked = desk.calls(GETTOKEN).await.len() - before;
    // A thousand wrong tries in an hour would ban the address; one every few minutes never does.
    assert!((1..=8).contains(&asked), "asked {asked} times in half an hour");
    assert!(desk.chat("liuyang").await.cards().is_empty());
    desk.sim_post("/_sim/tokens/rotate", rotate(&secret)).await;
    for _try in 0..4 {
        desk.advance(time::HOUR).await;
    }
    assert_eq!(desk.chat("liuyang").await.cards().len(), 5, "nothing was lost meanwhile");
    check_problems(&desk).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_can_be_changed_no_more_is_taken_back_and_sent_anew() {
    for (way, errcode) in [("used", 42022), ("expired", 60140)] {
        let desk = Desk::open().await;
        let id = desk.raise("wangfang", "空调坏了").await;
        // One code for two looks: all copies say who took it, and he gets a card of his own.
        desk.does("liuyang", "claim", &id, json!({})).await;
        let first = desk.chat("liuyang").await.with_button("完成").clone();
        for handler in HANDLERS {
            let chat = desk.chat(handler).await;
            assert_eq!(chat.about("空调坏了")[0].grey(), Some("已被 刘洋 认领"), "{chat:#?}");
        }
        // WeCom forgot the codes that we still hold: of his card and of the requester's.
        desk.fails(UPDATE, Some(2), json!({ "errcode": errcode })).await;
        desk.does("liuyang", "transfer", &id, json!({ "to": "zhaomin" })).await;
        desk.heals().await;
        pass_time(&desk).await;
        let chat = desk.chat("zhaomin").await;
        assert_eq!(working(&chat, "空调坏了"), [["完成"]], "{way}: {chat:#?}");
        if way == "used" {
            // That looks as if we had changed it ourselves. Whoever presses it learns better.
            desk.presses("liuyang", &first, "complete").await;
            assert!(desk.chat("liuyang").await.was_told("赵敏"));
        }
        let chat = desk.chat("liuyang").await;
        assert!(working(&chat, "空调坏了").is_empty(), "{way}: {chat:#?}");
        let is_it = |one: &&Entry| one.card_id() == first.card_id();
        let gone = chat.0.iter().find(is_it).unwrap();
        assert_eq!(gone.is_recalled(), way == "expired", "{way}: {chat:#?}");
        desk.does("zhaomin", "complete", &id, json!({})).await;
        for handler in HANDLERS {
            let chat = desk.chat(handler).await;
            assert!(working(&chat, "空调坏了").is_empty(), "{way}: {chat:#?}");
        }
        assert!(desk.jobs("outbox", "state=failed").await.is_empty());
        desk.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_older_than_their_codes_are_renewed_rather_than_left_wrong() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    desk.advance(80 * time::HOUR).await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    // Neither the code nor the time for taking back is left: the owner gets a new card.
    let chat = desk.chat("liuyang").await;
    let newest = chat.last_card();
    assert_eq!(newest.buttons(), ["完成", "转办"], "{chat:#?}");
    assert_eq!(desk.chat("wangfang").await.last_card().emphasis(), "处理中");
    // What is left on the others' screens explains itself when pressed.
    let old = desk.chat("zhaomin").await.with_button("认领").clone();
    desk.presses("zhaomin", &old, "claim").await;
    let chat = desk.chat("zhaomin").await;
    assert!(chat.was_told("已被 刘洋 认领"), "{chat:#?}");
    assert_eq!(chat.last_card().grey(), Some("已被 刘洋 认领"), "{chat:#?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_wecom_already_has_counts_as_sent() {
    let desk = Desk::open().await;
    desk.fails(SEND, Some(4), json!({ "reset_after_apply": true })).await;
    desk.raise("wangfang", "空调坏了").await;
    desk.fails(SEND, None, json!({ "errcode": 42014 })).await;
    pass_time(&desk).await;
    assert!(desk.jobs("outbox", "state=failed").await.is_empty());
    assert!(desk.jobs("outbox", "state=pending").await.is_empty());
    for handler in HANDLERS {
        assert_eq!(desk.chat(handler).await.cards().len(), 1);
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_cannot_be_reached_is_a_failure_with_its_reason_and_the_others_get_theirs() {
    let desk = Desk::open().await;
    // The mirror does not know yet that he left.
    let url = format!("{}/_sim/members/zhoujie?silent=1", desk.sim_url);
    assert!(desk.http.delete(url).send().await.unwrap().status().is_success());
    desk.raise("wangfang", "空调坏了").await;
    for handler in ["liuyang", "zhaomin"] {
        assert_eq!(desk.chat(handler).await.last_card().title(), "空调坏了");
    }
    let failed = desk.jobs("outbox", "state=failed").await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    let outcome = failed[0]["outcome"].as_str().unwrap();
    assert!(outcome.contains("81013") || outcome.contains("不可达"), "{outcome}");
    let id = failed[0]["id"].as_str().unwrap();
    // He is back; the operator tries again.
    let back = json!({ "userid": "zhoujie", "name": "周杰", "department": [3], "status": 1 });
    desk.company("POST", "/members", back).await;
    let told = desk.ask("POST", &format!("/api/v1/outbox/{id}/retry")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.settle().await;
    assert_eq!(desk.chat("zhoujie").await.last_card().title(), "空调坏了");
    assert!(desk.jobs("outbox", "state=failed").await.is_empty());
    desk.close().await;
}

/// Of how many pieces of news somebody heard: one by one, and in digests.
fn heard(chat: &Chat) -> usize {
    let in_digest = |text: &&str| {
        let (_before, rest) = text.split_once("您有 ")?;
        rest.split_once(" 条工单进展")?.0.parse::<usize>().ok()
    };
    chat.texts().iter().map(|text| in_digest(text).unwrap_or(1)).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_budget_notices_are_told_together_and_cards_wait() {
    let desk = Desk::with(|config| config.notify.member_minute = 5).await;
    desk.sim_post("/_sim/limits", json!({ "member_minute": 5 })).await;
    let id = desk.raise("wangfang", "空调坏了").await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    for number in 0..12 {
        desk.does("liuyang", "comment", &id, json!({ "text": format!("第 {number} 句。") })).await;
    }
    for _minute in 0..6 {
        desk.advance(time::MINUTE).await;
    }
    let chat = desk.chat("wangfang").await;
    assert_eq!(heard(&chat), 12, "{chat:#?}");
    assert!(chat.was_told("条工单进展") && chat.was_told("第 11 句"), "{chat:#?}");
    // Nine tickets at once: every handler has every card a few minutes later.
    for number in 0..9 {
        desk.raise("lijing", &format!("第 {number} 张")).await;
    }
    for _minute in 0..6 {
        desk.advance(time::MINUTE).await;
    }
    for handler in ["zhaomin", "zhoujie"] {
        let chat = desk.chat(handler).await;
        for number in 0..9 {
            let title = format!("第 {number} 张");
            assert_eq!(working(&chat, &title).len(), 1, "{handler} {title}: {chat:#?}");
        }
    }
    assert!(desk.jobs("outbox", "state=pending").await.is_empty());
    assert!(desk.problems().await.is_empty(), "WeCom never had to drop anything");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_gets_one_message_and_who_is_over_his_limit_holds_up_nobody() {
    let desk = Desk::with(|config| config.notify.member_minute = 3).await;
    // Three answers to what he asks fill his minute.
    for key in ["my_tasks", "my_tickets", "new_ticket"] {
        desk.opens_menu("zhaomin", key).await;
    }
    let before = desk.calls(SEND).await.len();
    let id = desk.raise("wangfang", "空调坏了").await;
    for other in ["liuyang", "zhoujie"] {
        assert_eq!(desk.chat(other).await.with_button("认领").title(), "空调坏了");
    }
    assert!(desk.chat("zhaomin").await.about("空调坏了").is_empty());
    assert_eq!(desk.calls(SEND).await.len() - before, 2, "one to the pool, one to the requester");
    desk.advance(time::MINUTE).await;
    let chat = desk.chat("zhaomin").await;
    assert_eq!(working(&chat, "空调坏了"), [["认领"]], "{chat:#?}");
    // His copy lives like all others.
    let card = chat.with_button("认领").clone();
    desk.presses("zhaomin", &card, "claim").await;
    assert_eq!(desk.ticket(&id).await["steps"][0]["owner"], "zhaomin");
    for other in ["liuyang", "zhoujie"] {
        assert_eq!(desk.chat(other).await.last_card().grey(), Some("已被 赵敏 认领"));
    }
    let card = desk.chat("zhaomin").await.with_button("完成").clone();
    desk.presses("zhaomin", &card, "complete").await;
    let chat = desk.chat("zhaomin").await;
    assert!(working(&chat, "空调坏了").is_empty(), "{chat:#?}");
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_pieces_of_news_in_a_minute_stay_under_the_limit_of_the_platform() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let say = |number: usize| {
        let words = json!({ "text": format!("〔{number}〕") });
        desk.act(&id, "comment", &words).acting_as("liuyang").send()
    };
    for number in 0..200 {
        assert_eq!(say(number).await.status, 200);
    }
    desk.settle().await;
    for _minute in 0..20 {
        desk.advance(time::MINUTE).await;
    }
    let chat = desk.chat("wangfang").await;
    assert_eq!(heard(&chat), 200, "{chat:#?}");
    assert!(desk.jobs("outbox", "state=pending").await.is_empty());
    assert!(desk.problems().await.is_empty(), "WeCom never had to drop anything");
    desk.close().await;
}
