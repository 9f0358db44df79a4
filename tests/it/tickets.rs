//! What can be done to a ticket, by whom, and what everybody else is told: over the API, and over
//! cards where cards have it.

use kernel::time;
use serde_json::{Value, json};

use crate::support::Desk;

fn verbs(history: &[(String, String)]) -> Vec<&str> {
    history.iter().map(|(verb, _text)| verb.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_verb_works_over_the_api_for_the_member_that_it_is_done_for() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let ticket = desk.does("liuyang", "claim", &id, json!({})).await;
    assert_eq!(ticket["steps"][0]["owner"], "liuyang");
    assert_eq!(ticket["version"], 2);
    desk.does("wangfang", "comment", &id, json!({ "text": "三楼会议室" })).await;
    let to = json!({ "to": "zhaomin", "note": "我今天外出" });
    let ticket = desk.does("liuyang", "transfer", &id, to).await;
    assert_eq!(ticket["steps"][0]["owner"], "zhaomin");
    assert_eq!(ticket["steps"][0]["round"], 2);
    let link = json!({ "kind": "link", "name": "说明书", "target": "https://example.com/m" });
    let ticket = desk.does("zhaomin", "attach", &id, link).await;
    assert_eq!(ticket["attachments"][0]["name"], "说明书");
    desk.advance(2 * time::MINUTE).await;
    assert_eq!(desk.does("wangfang", "urge", &id, json!({})).await["urged"], 1);
    let ticket = desk.does("zhaomin", "complete", &id, json!({ "note": "已更换电容" })).await;
    assert_eq!(ticket["status"], "closed");
    assert!(ticket["closed_at"].is_string(), "{ticket}");
    let ticket = desk.does("wangfang", "reopen", &id, json!({ "note": "又坏了" })).await;
    assert_eq!((&ticket["status"], &ticket["closed_at"]), (&json!("open"), &Value::Null));
    assert_eq!(ticket["steps"][0]["round"], 3);
    let why = json!({ "note": "设备已报废" });
    let ticket = desk.does("zhoujie", "terminate", &id, why).await;
    assert_eq!(ticket["status"], "cancelled");
    desk.does("wangfang", "reopen", &id, json!({})).await;
    let ticket = desk.does("wangfang", "withdraw", &id, json!({ "note": "不用了" })).await;
    assert_eq!(ticket["status"], "cancelled");
    let history = desk.history(&id).await;
    assert_eq!(
        verbs(&history),
        [
            "create",
            "claim",
            "comment",
            "transfer",
            "attach",
            "urge",
            "complete",
            "reopen",
            "terminate",
            "reopen",
            "withdraw"
        ]
    );
    for words in [
        "王芳 创建了工单",
        "刘洋 认领了工单",
        "刘洋 转办给 赵敏：我今天外出",
        "赵敏 添加了 说明书",
        "王芳 催办",
        "赵敏 完成了处理：已更换电容",
        "王芳 重启了工单：又坏了",
        "周杰 终止了工单：设备已报废",
        "王芳 撤销了工单：不用了",
    ] {
        assert!(history.iter().any(|(_verb, text)| text == words), "{words}: {history:?}");
    }
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_told_why_by_a_stable_code_and_in_words() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let to = |userid: &str| json!({ "to": userid });
    let refused = async |userid: &str, verb: &str, input: Value| {
        desk.act(&id, verb, &input).acting_as(userid).send().await.refusal()
    };
    let check = async |cases: &[(&str, &str, Value, u16, &str, &str)]| {
        for (userid, verb, input, status, code, words) in cases {
            let (was, by, said) = refused(userid, verb, input.clone()).await;
            assert_eq!((was, by.as_str()), (*status, *code), "{userid} {verb}: {said}");
            assert!(said.contains(words), "{userid} {verb}: {said}");
        }
    };
    check(&[
        ("sunhao", "claim", json!({}), 404, "ticket.not_found", "没有工单"),
        ("sunhao", "comment", json!({ "text": "x" }), 404, "ticket.not_found", "没有工单"),
        ("wangfang", "claim", json!({}), 403, "ticket.not_handler", "不是"),
        ("wangfang", "complete", json!({}), 403, "ticket.not_handler", "不是"),
        ("wangfang", "transfer", to("liuyang"), 403, "ticket.not_handler", "不是"),
        ("wangfang", "terminate", json!({ "note": "x" }), 403, "ticket.not_handler", "不是"),
        ("liuyang", "withdraw", json!({}), 403, "ticket.not_starter", "王芳"),
        ("liuyang", "urge", json!({}), 403, "ticket.not_starter", "王芳"),
        ("wangfang", "reopen", json!({}), 409, "ticket.not_ended", "处理中"),
        ("liuyang", "terminate", json!({}), 422, "field_invalid", "原因"),
        ("liuyang", "comment", json!({}), 422, "field_invalid", "内容"),
        ("liuyang", "comment", json!({ "text": "x", "y": 1 }), 422, "field_invalid", "y"),
        ("liuyang", "transfer", to("nobody"), 422, "field_invalid", "nobody"),
        ("liuyang", "dance", json!({}), 404, "ticket.unknown_action", "claim"),
        ("nobody", "claim", json!({}), 403, "auth.act_as_unknown", "不存在"),
    ])
    .await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    check(&[
        ("zhaomin", "claim", json!({}), 409, "ticket.taken", "已被 刘洋 认领"),
        ("zhaomin", "complete", json!({}), 409, "ticket.taken", "已被 刘洋 认领"),
        ("zhaomin", "transfer", to("zhoujie"), 409, "ticket.taken", "已被 刘洋 认领"),
        ("liuyang", "claim", json!({}), 409, "ticket.claimed_already", "您已认领"),
        ("liuyang", "transfer", to("liuyang"), 422, "field_invalid", "刘洋"),
    ])
    .await;
    desk.does("liuyang", "complete", &id, json!({})).await;
    check(&[
        ("zhaomin", "claim", json!({}), 409, "ticket.ended", "刘洋"),
        ("liuyang", "complete", json!({}), 409, "ticket.ended", "2026-11-23"),
        ("wangfang", "urge", json!({}), 409, "ticket.ended", "已完成"),
        ("wangfang", "withdraw", json!({}), 409, "ticket.ended", "已完成"),
    ])
    .await;
    let id = desk.raise("wangfang", "灯不亮").await;
    let nobody = desk.act(&id, "claim", &json!({})).send().await.refusal();
    assert_eq!((nobody.0, nobody.1.as_str()), (403, "ticket.needs_member"), "{}", nobody.2);
    assert!(nobody.2.contains("Qidan-Act-As"));
    assert_eq!(desk.ticket(&id).await["version"], 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_version_changes_nothing_and_is_answered_with_the_newer_state() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let seen = desk.ask("GET", &format!("/api/v1/tickets/{id}")).send().await;
    let etag = seen.header("etag").to_owned();
    assert_eq!(etag, "\"1\"");
    desk.does("liuyang", "claim", &id, json!({})).await;
    let stale = desk.act(&id, "terminate", &json!({ "note": "过时" })).acting_as("liuyang");
    let told = stale.header("if-match", &etag).send().await;
    assert_eq!(told.refusal().1, "ticket.changed");
    let current = &told.json()["current"];
    assert_eq!((&current["version"], &current["status"]), (&json!(2), &json!("open")));
    assert_eq!(current["steps"][0]["owner"], "liuyang");
    let fresh = desk.act(&id, "terminate", &json!({ "note": "确实" })).acting_as("liuyang");
    let told = fresh.header("if-match", "\"2\"").send().await;
    assert_eq!((told.status, told.header("etag")), (200, "\"3\""));
    assert_eq!(desk.history(&id).await.len(), 3);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_twenty_times_at_once_is_one_change_and_one_answer() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let input = json!({ "text": "只说一次" });
    let once = || {
        let ask = desk.act(&id, "comment", &input).acting_as("wangfang");
        ask.header("idempotency-key", "k-1").send()
    };
    let answers = futures_util::future::join_all((0..20).map(|_| once())).await;
    let done: Vec<_> = answers.iter().filter(|told| told.status == 200).collect();
    assert!(!done.is_empty());
    // Those that came while the first was still under way may be told to wait, never more.
    for told in &answers {
        assert!(matches!(told.status, 200 | 409 | 503), "{}", told.text());
    }
    assert!(done.iter().all(|told| told.bytes == done[0].bytes));
    assert_eq!(once().await.bytes, done[0].bytes);
    desk.does("liuyang", "claim", &id, json!({})).await;
    assert_eq!(once().await.bytes, done[0].bytes, "the answer of then, whatever came since");
    assert_eq!(verbs(&desk.history(&id).await), ["create", "comment", "claim"]);
    let other = desk.act(&id, "comment", &json!({ "text": "另一句" })).acting_as("wangfang");
    let told = other.header("idempotency-key", "k-1").send().await;
    assert_eq!((told.status, told.refusal().1.as_str()), (422, "idempotency.mismatch"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_completion_and_a_transfer_at_the_same_moment_exactly_one_happens() {
    let desk = Desk::open().await;
    for round in 0..5 {
        let id = desk.raise("wangfang", &format!("第 {round} 次")).await;
        desk.does("liuyang", "claim", &id, json!({})).await;
        let (empty, to) = (json!({}), json!({ "to": "zhaomin" }));
        let (done, moved) = tokio::join!(
            desk.act(&id, "complete", &empty).acting_as("liuyang").send(),
            desk.act(&id, "transfer", &to).acting_as("liuyang").send(),
        );
        desk.settle().await;
        let ticket = desk.ticket(&id).await;
        match (done.status, moved.status) {
            (200, 409) => {
                assert_eq!(ticket["status"], "closed");
                assert_eq!(moved.refusal().1, "ticket.ended");
            }
            (409, 200) => {
                assert_eq!(ticket["steps"][0]["owner"], "zhaomin");
                assert!(done.refusal().2.contains("赵敏"), "{}", done.text());
            }
            other => panic!("{other:?}: {} {}", done.text(), moved.text()),
        }
        assert_eq!(desk.history(&id).await.len(), 3);
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_on_the_card_of_an_older_round_says_who_has_it_now() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    let card = desk.chat("liuyang").await.with_button("完成").clone();
    // The card on his screen is still the old one when he presses.
    let told = desk.act(&id, "transfer", &json!({ "to": "zhaomin" })).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.presses("liuyang", &card, "complete").await;
    let chat = desk.chat("liuyang").await;
    assert!(chat.was_told("已转给 赵敏"), "{chat:#?}");
    // Changed by the fresh code of his press, or taken back before it came: it acts no more.
    assert!(chat.cards().iter().all(|card| card.buttons().is_empty()), "{chat:#?}");
    let own = chat.cards().into_iter().find(|one| one.card_id() == card.card_id());
    assert!(own.is_none_or(|own| own.grey() == Some("已转给 赵敏")), "{chat:#?}");
    let ticket = desk.ticket(&id).await;
    assert_eq!(
        (&ticket["status"], &ticket["steps"][0]["owner"]),
        (&json!("open"), &json!("zhaomin"))
    );
    assert_eq!(desk.chat("zhaomin").await.with_button("完成").title(), "空调坏了");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_after_somebody_else_completed_it_says_who_and_when() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let card = desk.chat("zhaomin").await.with_button("认领").clone();
    let done = desk.act(&id, "complete", &json!({})).acting_as("liuyang").send().await;
    assert_eq!(done.status, 200, "{}", done.text());
    desk.presses("zhaomin", &card, "claim").await;
    let chat = desk.chat("zhaomin").await;
    assert!(chat.was_told("已完成（2026-11-23") && chat.was_told("刘洋"), "{chat:#?}");
    assert_eq!(chat.last_card().grey(), Some("刘洋 已完成"));
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urging_brings_the_card_back_to_the_top_and_has_its_limits() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    let old = desk.chat("liuyang").await.with_button("完成").clone();
    let card = desk.chat("wangfang").await.with_button("催办").clone();
    desk.presses("wangfang", &card, "urge").await;
    let chat = desk.chat("liuyang").await;
    let cards = chat.about("空调坏了");
    let newest = cards.last().unwrap();
    assert_ne!(newest.card_id(), old.card_id());
    assert_eq!(newest.buttons(), ["完成", "转办"]);
    let replaced = cards.iter().find(|one| one.card_id() == old.card_id()).unwrap();
    assert_eq!(replaced.grey(), Some("见最新卡片"), "{chat:#?}");
    let again = desk.act(&id, "urge", &json!({})).acting_as("wangfang").send().await;
    let (status, code, words) = again.refusal();
    assert_eq!((status, code.as_str()), (409, "ticket.urged_just_now"), "{words}");
    desk.advance(time::MINUTE).await;
    // A comment is no urge: it does not begin the minute anew.
    desk.does("liuyang", "comment", &id, json!({ "text": "在路上" })).await;
    let ticket = desk.does("wangfang", "urge", &id, json!({})).await;
    assert_eq!(ticket["urged"], 2);
    let chat = desk.chat("liuyang").await;
    let newest = chat.about("空调坏了").last().map(|card| card.card_id()).unwrap();
    let working: Vec<_> =
        chat.cards().into_iter().filter(|card| !card.buttons().is_empty()).collect();
    assert_eq!(working.len(), 1, "{chat:#?}");
    assert_eq!(working[0].card_id(), newest);
    desk.presses("liuyang", working[0], "complete").await;
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_on_a_card_that_an_urge_just_replaced_still_does_what_it_says() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let card = desk.chat("zhaomin").await.with_button("认领").clone();
    let urged = desk.act(&id, "urge", &json!({})).acting_as("wangfang").send().await;
    assert_eq!(urged.status, 200, "{}", urged.text());
    desk.presses("zhaomin", &card, "claim").await;
    assert_eq!(desk.ticket(&id).await["steps"][0]["owner"], "zhaomin");
    let chat = desk.chat("zhaomin").await;
    let working: Vec<_> =
        chat.cards().into_iter().filter(|card| !card.buttons().is_empty()).collect();
    assert_eq!(working.len(), 1, "{chat:#?}");
    assert_eq!(working[0].buttons(), ["完成", "转办"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopened_ticket_is_a_new_round_with_new_cards() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    desk.does("liuyang", "complete", &id, json!({})).await;
    let card = desk.chat("wangfang").await.with_button("重启工单").clone();
    desk.presses("wangfang", &card, "reopen").await;
    let ticket = desk.ticket(&id).await;
    assert_eq!((&ticket["status"], &ticket["steps"][0]["round"]), (&json!("open"), &json!(2)));
    assert_eq!(ticket["tasks"].as_array().unwrap().len(), 2);
    for handler in ["liuyang", "zhaomin", "zhoujie"] {
        let chat = desk.chat(handler).await;
        let working: Vec<_> =
            chat.cards().into_iter().filter(|card| !card.buttons().is_empty()).collect();
        assert_eq!(working.len(), 1, "{handler}: {chat:#?}");
        assert_eq!(working[0].buttons(), ["认领"]);
    }
    assert_eq!(desk.chat("wangfang").await.last_card().emphasis(), "已受理");
    let card = desk.chat("zhoujie").await.with_button("认领").clone();
    desk.presses("zhoujie", &card, "claim").await;
    assert_eq!(desk.ticket(&id).await["steps"][0]["owner"], "zhoujie");
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_over_the_card_hands_the_work_on() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let card = desk.chat("liuyang").await.with_button("认领").clone();
    desk.presses("liuyang", &card, "claim").await;
    let card = desk.chat("liuyang").await.with_button("转办").clone();
    desk.press("liuyang", &card, "transfer", json!({ "to": ["zhoujie"] })).await;
    desk.settle().await;
    assert_eq!(desk.ticket(&id).await["steps"][0]["owner"], "zhoujie");
    assert_eq!(desk.chat("liuyang").await.last_card().grey(), Some("已转给 周杰"));
    let card = desk.chat("zhoujie").await.with_button("完成").clone();
    desk.presses("zhoujie", &card, "complete").await;
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    assert_eq!(desk.chat("wangfang").await.last_card().emphasis(), "已完成");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_raised_it_withdraws_it_over_the_card_and_nobody_can_act_any_more() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let card = desk.chat("wangfang").await.with_button("撤销工单").clone();
    desk.presses("wangfang", &card, "withdraw").await;
    assert_eq!(desk.ticket(&id).await["status"], "cancelled");
    for handler in ["liuyang", "zhaomin", "zhoujie"] {
        let chat = desk.chat(handler).await;
        assert_eq!(chat.last_card().grey(), Some("工单已取消"), "{chat:#?}");
    }
    assert_eq!(desk.chat("wangfang").await.last_card().buttons(), ["重启工单"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_nobody_can_do_is_a_visible_alarm_until_it_is_handed_out() {
    let desk = Desk::with(|config| {
        let group = config.groups.get_mut("handlers").unwrap();
        group.members = vec!["gone".to_owned()];
    })
    .await;
    let id = desk.raise("wangfang", "空调坏了").await;
    let ticket = desk.ticket(&id).await;
    assert_eq!((&ticket["status"], &ticket["steps"][0]["state"]), (&json!("open"), &json!("held")));
    assert!(desk.chat("wangfang").await.was_told("暂时没有可用的处理人"));
    let told = desk.act(&id, "transfer", &json!({ "to": "sunhao" })).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.settle().await;
    let card = desk.chat("sunhao").await.with_button("完成").clone();
    desk.presses("sunhao", &card, "complete").await;
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_who_left_is_found_out_at_the_transfer() {
    let desk = Desk::open().await;
    let id = desk.raise("wangfang", "空调坏了").await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    desk.clock.advance(time::SECOND);
    desk.company("DELETE", "/members/zhaomin", json!({})).await;
    let to = json!({ "to": "zhaomin" });
    let told = desk.act(&id, "transfer", &to).acting_as("liuyang").send().await;
    let (status, _code, words) = told.refusal();
    assert_eq!((status, told.json()["errors"][0]["code"].as_str()), (422, Some("unknown_member")));
    assert!(words.contains("离职"), "{words}");
    let told = desk.act(&id, "comment", &json!({ "text": "x" })).acting_as("zhaomin").send().await;
    assert_eq!(told.refusal().1, "auth.act_as_unknown");
    desk.close().await;
}
