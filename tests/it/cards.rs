//! The main job: a text becomes a ticket, its progress comes back as cards that live.

use serde_json::json;

use crate::support::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn a_text_becomes_a_ticket_and_its_progress_comes_back_as_cards() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;

    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0]["title"], "空调坏了");
    assert_eq!(tickets[0]["source"], "app_message");
    let starter = desk.chat("wangfang").await;
    assert_eq!(starter.last_card().emphasis(), "已受理");
    for handler in ["liuyang", "zhaomin", "zhoujie"] {
        let chat = desk.chat(handler).await;
        assert_eq!(chat.with_button("认领").title(), "空调坏了");
    }

    let card = desk.chat("liuyang").await.with_button("认领").clone();
    desk.presses("liuyang", &card, "claim").await;
    assert_eq!(desk.chat("liuyang").await.last_card().buttons(), ["完成", "转办"]);
    for other in ["zhaomin", "zhoujie"] {
        assert_eq!(desk.chat(other).await.last_card().grey(), Some("已被 刘洋 认领"));
    }
    assert_eq!(desk.chat("wangfang").await.last_card().emphasis(), "处理中");

    let card = desk.chat("liuyang").await.with_button("完成").clone();
    desk.presses("liuyang", &card, "complete").await;
    let ticket = &desk.tickets().await[0];
    assert_eq!(ticket["status"], "closed");
    assert_eq!(ticket["steps"][0]["state"], "done");
    assert_eq!(desk.chat("liuyang").await.last_card().grey(), Some("刘洋 已完成"));
    for other in ["zhaomin", "zhoujie"] {
        let chat = desk.chat(other).await;
        assert_eq!(chat.last_card().grey(), Some("刘洋 已完成"), "every copy says so");
        assert_eq!(chat.cards().len(), 1, "one card a task and member: {chat:#?}");
    }
    let news = desk.chat("wangfang").await;
    assert_eq!(news.last_card().emphasis(), "已完成");
    for nobody in ["chenlei", "lijing", "sunhao"] {
        assert!(desk.chat(nobody).await.of_app().is_empty(), "{nobody} has nothing to do with it");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_claim_at_the_same_moment_one_wins_and_the_other_is_told_who() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    let (one, two) = (desk.chat("liuyang").await, desk.chat("zhaomin").await);
    tokio::join!(
        desk.press("liuyang", one.with_button("认领"), "claim", json!({})),
        desk.press("zhaomin", two.with_button("认领"), "claim", json!({})),
    );
    desk.settle().await;
    let owner = desk.tickets().await[0]["steps"][0]["owner"].as_str().unwrap().to_owned();
    let (loser, name) = match owner.as_str() {
        "liuyang" => ("zhaomin", "刘洋"),
        "zhaomin" => ("liuyang", "赵敏"),
        other => panic!("{other} claimed"),
    };
    let chat = desk.chat(loser).await;
    assert!(
        chat.texts().iter().any(|text| text.contains(&format!("已被 {name} 认领"))),
        "{chat:#?}"
    );
    assert_eq!(chat.last_card().grey(), Some(format!("已被 {name} 认领").as_str()));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_decided_on_its_card_and_a_refusal_says_why() {
    let desk = Desk::open().await;
    let step = |key: &str, name: &str, kind: &str, by: &str| {
        json!({ "key": key, "name": name, "type": kind, "if_nobody": { "do": "hold" },
            "assign": { "by": "people", "userids": [by] } })
    };
    let template = json!({
        "key": "leave", "name": "请假",
        "form": { "fields": [{ "key": "title", "kind": "text", "label": "事由", "required": true }] },
        "flow": { "steps": [step("ask", "主管审批", "approval", "zhaomin"), step("file", "归档", "task", "liuyang")] },
    });
    let saved = desk.ask("PUT", "/api/v1/templates/leave").json(&template).send().await;
    assert_eq!(saved.json()["problems"], json!([]), "{}", saved.text());
    let told = desk.ask("POST", "/api/v1/templates/leave/publish").send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let raise = async |title: &str| {
        let new = json!({ "template": "leave", "form": { "title": title } });
        let made = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new);
        let made = made.send().await.json();
        desk.settle().await;
        made["id"].as_str().unwrap().to_owned()
    };
    let id = raise("请假一天").await;
    claim_if_asked(&desk, "zhaomin").await;
    let card = desk.chat("zhaomin").await.with_button("同意").clone();
    assert_eq!(card.buttons(), ["同意", "驳回"]);
    desk.presses("zhaomin", &card, "approve").await;
    assert_eq!(desk.chat("zhaomin").await.last_card().grey(), Some("赵敏 已审批"));
    assert_eq!(desk.ticket(&id).await["steps"][1]["state"], "open");
    claim_if_asked(&desk, "liuyang").await;
    let card = desk.chat("liuyang").await.with_button("完成").clone();
    desk.presses("liuyang", &card, "complete").await;
    assert_eq!(desk.ticket(&id).await["status"], "closed");

    let id = raise("请假一月").await;
    claim_if_asked(&desk, "zhaomin").await;
    let card = desk.chat("zhaomin").await.with_button("驳回").clone();
    desk.press("zhaomin", &card, "reject", json!({ "note": ["不符合规定"] })).await;
    desk.settle().await;
    let ticket = desk.ticket(&id).await;
    assert_eq!(ticket["status"], "cancelled", "{ticket}");
    let lines = desk.ask("GET", &format!("/api/v1/tickets/{id}/timeline")).send().await.text();
    assert!(lines.contains("驳回：不符合规定"), "{lines}");
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

/// Somebody who shares his work with others claims it first.
async fn claim_if_asked(desk: &Desk, userid: &str) {
    let chat = desk.chat(userid).await;
    let card =
        chat.cards().into_iter().rev().find(|card| card.buttons().contains(&"认领")).cloned();
    if let Some(card) = card {
        desk.presses(userid, &card, "claim").await;
    }
}
