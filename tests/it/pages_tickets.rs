//! Tickets as pages show them: rows, buttons with their dialogs, the one thing to do next, how much
//! time is left, and who is there.

use kernel::time::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};

use crate::support::{Desk, Told};

/// A repair with a claim pool, a form that is filled in on the way, and an approval.
fn repair() -> Value {
    json!({
        "key": "repair", "name": "上门维修",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true },
            { "key": "where", "kind": "section", "label": "地点" },
            { "key": "site", "kind": "location", "label": "位置" },
            { "key": "seller", "kind": "member", "label": "销售" },
            { "key": "done", "kind": "section", "label": "处理情况" },
            { "key": "fee", "kind": "money", "label": "费用",
              "access": { "*": "read", "create": "hidden", "fix": "edit" } },
            { "key": "margin", "kind": "money", "label": "毛利",
              "access": { "*": "hidden", "check": "read", "fix": "hidden" } },
        ] },
        "flow": { "steps": [
            { "key": "fix", "name": "维修", "if_nobody": { "do": "hold" },
              "limit": { "minutes": 120, "escalate": [{ "minutes": 14_400,
                "to": { "by": "people", "userids": ["chenlei"] } }] },
              "assign": { "by": "people", "userids": ["zhaomin", "liuyang"] } },
            { "key": "check", "name": "审核", "type": "approval", "if_nobody": { "do": "hold" },
              "assign": { "by": "people", "userids": ["wuting"] } },
        ] },
    })
}

impl Desk {
    async fn raises_as(&self, userid: &str, new: Value) -> Value {
        let told = self.ask("POST", "/api/v1/tickets").acting_as(userid).json(&new).send().await;
        assert_eq!(told.status, 201, "{}", told.text());
        self.settle().await;
        told.json()
    }

    async fn sees(&self, userid: &str, path: &str) -> Value {
        let told = self.asks(userid, path).await;
        assert_eq!(told.status, 200, "{path}: {}", told.text());
        told.json()
    }

    async fn asks(&self, userid: &str, path: &str) -> Told {
        self.ask("GET", &format!("/api/v1{path}")).acting_as(userid).send().await
    }

    async fn counts(&self, userid: &str) -> Vec<i64> {
        let counts = self.sees(userid, "/me/counts").await;
        let each = ["mine", "claimable", "overdue", "today", "approvals"];
        each.map(|one| counts[one].as_i64().unwrap()).into()
    }

    /// The numbers of the tickets of a member's to-do list.
    async fn list(&self, userid: &str, view: &str) -> Vec<String> {
        let page = self.sees(userid, &format!("/tasks?view={view}")).await;
        let rows = page["items"].as_array().unwrap();
        rows.iter().map(|row| row["ticket"]["title"].as_str().unwrap().to_owned()).collect()
    }
}

fn id(ticket: &Value) -> String {
    ticket["id"].as_str().unwrap().to_owned()
}

fn verbs(ticket: &Value) -> Vec<&str> {
    let buttons = ticket["buttons"].as_array().unwrap();
    buttons.iter().map(|one| one["verb"].as_str().unwrap()).collect()
}

fn button<'t>(ticket: &'t Value, verb: &str) -> &'t Value {
    let buttons = ticket["buttons"].as_array().unwrap();
    buttons.iter().find(|one| one["verb"] == verb).unwrap_or_else(|| panic!("no {verb}: {ticket}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_names_template_customer_step_and_people_and_says_until_when() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let new = json!({ "template": "repair", "form": { "title": "空调不冷" } });
    let ticket = desk.raises_as("wangfang", new).await;
    let page = desk.sees("zhaomin", "/tickets").await;
    let row = &page["items"][0];
    assert_eq!(row["template"], json!({ "key": "repair", "version": 1, "name": "上门维修" }));
    assert_eq!(row["step"], json!({ "key": "fix", "name": "维修" }));
    let handlers =
        json!([{ "userid": "zhaomin", "name": "赵敏" }, { "userid": "liuyang", "name": "刘洋" }]);
    assert_eq!(row["handlers"], handlers);
    assert_eq!(row["due_at"], "2026-11-23T03:00:00.000000Z");
    let flags = ["is_overdue", "is_paused", "is_mine"].map(|flag| row[flag].as_bool().unwrap());
    assert_eq!(flags, [false, false, false]);
    assert_eq!(row["customer"], Value::Null);

    desk.does("zhaomin", "claim", &id(&ticket), json!({})).await;
    desk.advance(2 * HOUR).await;
    let row = desk.sees("zhaomin", "/tickets").await["items"][0].clone();
    assert_eq!(row["handlers"], json!([{ "userid": "zhaomin", "name": "赵敏" }]));
    let flags = ["is_overdue", "is_paused", "is_mine"].map(|flag| row[flag].as_bool().unwrap());
    assert_eq!(flags, [true, false, true], "{row}");
    assert_eq!(row["due_at"], "2026-11-23T03:00:00.000000Z", "what was missed is still said");

    // Who takes over what is late has it late.
    desk.does("zhaomin", "transfer", &id(&ticket), json!({ "to": "liuyang" })).await;
    let row = desk.sees("liuyang", "/tickets").await["items"][0].clone();
    assert_eq!(
        (&row["is_overdue"], &row["due_at"]),
        (&json!(true), &json!("2026-11-23T03:00:00.000000Z"))
    );
    desk.does("liuyang", "suspend", &id(&ticket), json!({ "note": "等备件" })).await;
    let row = desk.sees("liuyang", "/tickets").await["items"][0].clone();
    assert_eq!(row["is_paused"], true);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_ticket_offers_what_one_may_do_and_what_comes_next() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let form = json!({ "title": "空调不冷", "seller": "lijing" });
    let new = json!({ "template": "repair", "form": form });
    let ticket = desk.raises_as("wangfang", new).await;
    let path = format!("/tickets/{}", id(&ticket));
    assert_eq!(ticket["next_action"], "urge", "who raised it waits");
    assert_eq!(ticket["row"]["template"]["name"], "上门维修");

    let ticket = desk.sees("zhaomin", &path).await;
    assert_eq!(ticket["next_action"], "claim");
    assert_eq!(button(&ticket, "claim")["tone"], "primary");
    assert_eq!(button(&ticket, "terminate")["tone"], "danger");
    assert!(!verbs(&ticket).contains(&"approve"), "{:?}", verbs(&ticket));
    let names = &ticket["names"];
    assert_eq!((&names["zhaomin"], &names["wangfang"]), (&json!("赵敏"), &json!("王芳")));
    assert_eq!(ticket["waiting"][0]["who"], json!(["zhaomin", "liuyang"]));
    assert_eq!(ticket["waiting"][0]["since"], "2026-11-23T01:00:00.000000Z");

    let ticket = desk.does("zhaomin", "claim", &id(&ticket), json!({})).await;
    assert_eq!(ticket["next_action"], "complete");
    let complete = button(&ticket, "complete");
    assert_eq!(complete["step"], "fix");
    assert_eq!(complete["task"], ticket["tasks"][0]["id"]);
    let asked = |form: &Value| {
        let fields = form["fields"].as_array().unwrap().iter();
        fields.map(|field| field["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&complete["dialog"]), ["note", "next"]);
    assert_eq!(complete["fills"]["fields"], json!(["fee"]));
    let shown = asked(&complete["fills"]["form"]);
    assert!(!shown.contains(&"margin".to_owned()), "what is hidden is not in the form: {shown:?}");
    assert_eq!(complete["fills"]["values"]["seller"], "lijing");
    let sections = ticket["form_view"]["sections"].as_array().unwrap();
    let labels: Vec<_> = sections.iter().map(|one| one["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["", "地点", "处理情况"]);
    let seller = &sections[1]["fields"][0];
    assert_eq!((&seller["value"], &seller["text"]), (&json!("lijing"), &json!("李静")));
    assert_eq!(seller["access"], "read");
    assert_eq!(sections[2]["fields"][0]["access"], "edit");

    let done = json!({ "note": "换了电容", "form": { "fee": 12_000 } });
    let task = ticket["tasks"][0]["id"].as_str().unwrap();
    let act = format!("/api/v1{path}/actions/complete?task={task}");
    let told = desk.ask("POST", &act).acting_as("zhaomin").json(&done).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let again = desk.ask("POST", &act).acting_as("zhaomin").json(&done).send().await;
    assert_eq!(
        again.status,
        409,
        "the button of a task that is over does nothing: {}",
        again.text()
    );
    let wrong = desk.ask("POST", &format!("/api/v1{path}/actions/complete?task=x"));
    assert_eq!(wrong.acting_as("zhaomin").json(&done).send().await.refusal().0, 400);
    desk.settle().await;

    let ticket = desk.sees("wuting", &path).await;
    assert_eq!(ticket["next_action"], "approve");
    assert_eq!(ticket["sla"]["state"], "none");
    assert_eq!(button(&ticket, "reject")["tone"], "danger");
    let back = &button(&ticket, "return")["dialog"]["fields"][0];
    assert_eq!(back["options"], json!([{ "value": "fix", "label": "维修" }]));
    let ticket = desk.does("wuting", "approve", &id(&ticket), json!({})).await;
    assert_eq!((&ticket["status"], &ticket["next_action"]), (&json!("closed"), &Value::Null));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_that_is_left_runs_out_stands_still_and_is_told_in_shares() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let new = json!({ "template": "repair", "form": { "title": "空调不冷" } });
    let ticket = desk.raises_as("wangfang", new).await;
    let (key, path) = (id(&ticket), format!("/tickets/{}", id(&ticket)));
    let sla = async || desk.sees("zhaomin", &path).await["sla"].clone();
    let told = sla().await;
    assert_eq!((&told["state"], &told["left_seconds"]), (&json!("ok"), &json!(7200)));
    assert_eq!(told["share_left"], 1.0);
    desk.advance(30 * MINUTE).await;
    assert_eq!(sla().await["share_left"], 0.75);

    desk.does("zhaomin", "claim", &key, json!({})).await;
    desk.does("zhaomin", "suspend", &key, json!({ "note": "等备件" })).await;
    desk.advance(HOUR).await;
    let told = sla().await;
    assert_eq!((&told["state"], &told["due_at"]), (&json!("paused"), &Value::Null));
    assert_eq!((&told["left_seconds"], &told["share_left"]), (&json!(5400), &json!(0.75)));
    assert_eq!(told["paused_reason"], "工单已挂起");
    desk.does("zhaomin", "resume", &key, json!({})).await;
    desk.advance(70 * MINUTE).await;
    assert_eq!(sla().await["state"], "soon");
    desk.advance(20 * MINUTE).await;
    let told = sla().await;
    assert_eq!((&told["state"], &told["left_seconds"]), (&json!("overdue"), &json!(0)));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_do_lists_and_their_counts_agree() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let mut slow = repair();
    slow["key"] = json!("slow");
    slow["flow"]["steps"][0]["limit"]["minutes"] = json!(3 * 24 * 60);
    desk.publishes(&slow).await;
    let mut ids = Vec::new();
    for (template, title) in [("repair", "甲"), ("slow", "乙"), ("repair", "丙"), ("slow", "丁")]
    {
        desk.clock.advance(SECOND);
        let new = json!({ "template": template, "form": { "title": title } });
        ids.push(id(&desk.raises_as("wangfang", new).await));
    }
    assert_eq!(desk.counts("zhaomin").await, [0, 4, 0, 2, 0]);
    desk.does("zhaomin", "claim", &ids[0], json!({})).await;
    desk.does("zhaomin", "claim", &ids[1], json!({})).await;
    desk.does("liuyang", "claim", &ids[3], json!({})).await;
    assert_eq!(desk.list("zhaomin", "mine").await, ["甲", "乙"]);
    assert_eq!(desk.list("zhaomin", "claimable").await, ["丙"]);
    assert_eq!(desk.list("zhaomin", "today").await, ["甲", "丙"]);
    assert_eq!(desk.counts("zhaomin").await, [2, 1, 0, 2, 0]);

    desk.advance(3 * HOUR).await;
    assert_eq!(desk.list("zhaomin", "overdue").await, ["甲", "丙"]);
    assert_eq!(desk.list("zhaomin", "today").await, Vec::<String>::new());
    assert_eq!(desk.counts("zhaomin").await, [2, 1, 2, 0, 0]);
    let page = desk.sees("zhaomin", "/tasks?view=overdue&limit=1").await;
    let next = page["next"].as_str().unwrap();
    let page = desk.sees("zhaomin", &format!("/tasks?view=overdue&limit=1&cursor={next}")).await;
    assert_eq!((&page["items"][0]["ticket"]["title"], &page["next"]), (&json!("丙"), &Value::Null));
    assert_eq!(page["items"][0]["task"]["step_name"], "维修");

    let day = 2 * DAY;
    desk.advance(day).await;
    assert_eq!(desk.list("zhaomin", "today").await, Vec::<String>::new(), "tomorrow is not today");
    desk.advance(DAY - 6 * HOUR).await;
    assert_eq!(desk.list("zhaomin", "today").await, ["乙"]);

    for ticket in &ids[..2] {
        desk.clock.advance(SECOND);
        desk.does("zhaomin", "complete", ticket, json!({ "form": { "fee": 1 } })).await;
    }
    assert_eq!(desk.list("zhaomin", "done").await, ["乙", "甲"]);
    assert_eq!(desk.counts("wuting").await, [0, 2, 0, 0, 2]);
    desk.does("wuting", "reject", &ids[0], json!({ "note": "贵了" })).await;
    assert_eq!(desk.counts("wuting").await, [0, 1, 0, 0, 1]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_at_a_ticket_is_seen_by_the_others_until_he_is_gone() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let new = json!({ "template": "repair", "form": { "title": "空调不冷" } });
    let ticket = desk.raises_as("wangfang", new).await;
    let path = format!("/tickets/{}", id(&ticket));
    let come = async |userid: &str, editing: bool| {
        let ask = desk.ask("POST", &format!("/api/v1{path}/presence")).acting_as(userid);
        ask.json(&json!({ "editing": editing })).send().await
    };
    assert_eq!(come("zhaomin", true).await.json()["people"][0]["editing"], true);
    desk.clock.advance(30 * SECOND);
    let two = come("liuyang", false).await.json();
    let here = json!([{ "userid": "liuyang", "name": "刘洋", "editing": false },
        { "userid": "zhaomin", "name": "赵敏", "editing": true }]);
    assert_eq!(two["people"], here);
    assert_eq!(desk.sees("wangfang", &path).await["people_here"], here);
    desk.clock.advance(16 * SECOND);
    let left = desk.sees("wangfang", &path).await["people_here"].clone();
    assert_eq!(left, json!([{ "userid": "liuyang", "name": "刘洋", "editing": false }]));
    assert_eq!(come("sunhao", false).await.refusal().0, 404, "who may not see it is not there");
    let told =
        desk.ask("POST", &format!("/api/v1{path}/presence")).json(&json!({ "editing": true }));
    assert_eq!(told.send().await.refusal().1, "ticket.needs_member");
    desk.close().await;
}
