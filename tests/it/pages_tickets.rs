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

/// A business that these people may use, by these entries.
fn business(key: &str, visible: Value) -> Value {
    let mut template = repair();
    template["key"] = json!(key);
    template["name"] = json!(key);
    template["category"] = json!("售后");
    template["description"] = json!("上门服务");
    template["visible"] = visible;
    template
}

impl Desk {
    /// The templates that a member may use, in their order.
    async fn is_offered(&self, userid: &str, query: &str) -> Vec<String> {
        let page = self.sees(userid, &format!("/me/templates{query}")).await;
        let items = page["items"].as_array().unwrap().iter();
        items.map(|one| one["key"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_sees_and_uses_the_templates_that_are_for_him_by_this_entry() {
    let desk = Desk::open().await;
    for (key, visible) in [
        ("open", Value::Null),
        ("roles", json!({ "roles": ["quality"] })),
        ("service", json!({ "departments": [2] })),
        ("company", json!({ "departments": [1] })),
        ("own", json!({ "members": ["zhangsan"] })),
        ("sidebar", json!({ "entries": ["chat_sidebar"] })),
    ] {
        desk.publishes(&business(key, visible)).await;
    }
    let everybodys = ["general_request", "company", "open", "sidebar"];
    assert_eq!(desk.is_offered("zhaomin", "").await, everybodys);
    let at_the_bench = ["general_request", "company", "open"];
    assert_eq!(desk.is_offered("zhaomin", "?source=workbench").await, at_the_bench);
    let zhangsans = ["general_request", "company", "open", "own", "service", "sidebar"];
    assert_eq!(desk.is_offered("zhangsan", "?source=chat_sidebar").await, zhangsans);
    let profile = json!({ "roles": ["quality"] });
    desk.ask("PUT", "/api/v1/members/zhaomin/profile").json(&profile).send().await;
    assert!(desk.is_offered("zhaomin", "").await.contains(&"roles".to_owned()));
    assert_eq!(desk.asks("zhaomin", "/me/templates?source=door").await.refusal().0, 400);

    // What is not shown cannot be used either.
    for (userid, template, source, status) in [
        ("lijing", "own", "workbench", 403),
        ("zhangsan", "own", "workbench", 201),
        ("lijing", "sidebar", "workbench", 403),
        ("lijing", "sidebar", "chat_sidebar", 201),
        ("zhaomin", "service", "workbench", 403),
        ("lijing", "roles", "workbench", 403),
        ("zhaomin", "roles", "workbench", 201),
    ] {
        let new = json!({ "template": template, "source": source, "form": { "title": "一" } });
        let told = desk.ask("POST", "/api/v1/tickets").acting_as(userid).json(&new).send().await;
        assert_eq!(told.status, status, "{userid} {template} {source}: {}", told.text());
        if status == 403 {
            assert_eq!(told.refusal().1, "template.not_yours");
        }
    }
    let mut wrong = business("wrong", json!({ "entries": ["door"] }));
    wrong["description"] = json!("长".repeat(201));
    let saved = desk.ask("PUT", "/api/v1/templates/wrong").json(&wrong).send().await.json();
    let paths = saved["problems"].as_array().unwrap().iter();
    let paths: Vec<_> = paths.map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["description", "visible.entries[0]"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_come_in_the_order_in_which_a_member_needs_them_and_he_pins_what_he_likes() {
    let desk = Desk::open().await;
    for key in ["company", "open", "own"] {
        desk.publishes(&business(key, Value::Null)).await;
    }
    // Most used first: for this customer, by himself, by all.
    let guo = "wmQFAAAA0002guofeng";
    for (template, customer, times) in [("company", None, 2), ("open", Some(guo), 1)] {
        for _ in 0..times {
            let new =
                json!({ "template": template, "customer": customer, "form": { "title": "二" } });
            desk.raises_as("zhangsan", new).await;
        }
    }
    let told = desk.sees("zhangsan", "/me/templates").await["items"][0].clone();
    assert_eq!((&told["key"], &told["uses"]), (&json!("company"), &json!(2)));
    assert_eq!((&told["category"], &told["description"]), (&json!("售后"), &json!("上门服务")));
    assert_eq!(told["last_used_at"], "2026-11-23T01:00:00.000000Z");
    assert_eq!(desk.is_offered("zhangsan", &format!("?customer={guo}")).await[0], "open");
    assert_eq!(
        desk.is_offered("wuting", "").await[0],
        "company",
        "who used none sees what others use"
    );

    let pin = async |method: &str, key: &str| {
        let ask = desk.ask(method, &format!("/api/v1/me/pins/{key}")).acting_as("zhangsan");
        ask.send().await.status
    };
    assert_eq!((pin("PUT", "own").await, pin("PUT", "own").await), (204, 204));
    assert_eq!(pin("PUT", "nothing").await, 404);
    let pinned = async || {
        let page = desk.sees("zhangsan", "/me/templates").await;
        let items = page["items"].as_array().unwrap().clone();
        items.into_iter().filter(|one| one["is_pinned"] == true).count()
    };
    assert_eq!(pinned().await, 1);
    assert_eq!((pin("DELETE", "own").await, pinned().await), (204, 0));
    let told = desk.ask("GET", "/api/v1/me/templates").send().await;
    assert_eq!(told.refusal().1, "ticket.needs_member");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_somebody_was_is_kept_as_his_phone_told_it_with_the_distance_to_the_site() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let site = json!({ "lat": 31.1753039836, "lng": 121.5315418592, "system": "gcj02",
        "label": "陆家嘴", "accuracy": 30 });
    let form = json!({ "title": "空调不冷", "site": site });
    let ticket = desk.raises_as("wangfang", json!({ "template": "repair", "form": form })).await;
    let key = id(&ticket);
    let shown = &ticket["form_view"]["sections"][1]["fields"][0];
    assert_eq!(shown["text"], "陆家嘴（GCJ-02，误差约 30 米）");
    assert_eq!(shown["value"]["accuracy"], 30.0);

    let photo = desk.ask("POST", "/api/v1/files").acting_as("zhaomin");
    let photo = photo.file("现场.png", png()).send().await;
    assert_eq!(photo.status, 201, "{}", photo.text());
    let photo = photo.json()["id"].as_str().unwrap().to_owned();
    desk.does("zhaomin", "claim", &key, json!({})).await;
    // The same place in the other system, a hundred times less exact, is no reason to refuse.
    let here =
        json!({ "lat": 31.1774276, "lng": 121.5272106, "accuracy": 3000, "coords": "wgs84" });
    let input = json!({ "location": here, "note": "到了", "photos": [photo] });
    let ticket = desk.does("zhaomin", "check_in", &key, input).await;
    let told = &ticket["check_ins"][0];
    assert_eq!(told["distance_metres"], 0, "{told}");
    assert_eq!((&told["accuracy"], &told["place"]["system"]), (&json!(3000.0), &json!("wgs84")));
    let away = json!({ "lat": 31.1853039836, "lng": 121.5315418592 });
    let ticket = desk.does("zhaomin", "check_in", &key, json!({ "location": away })).await;
    let metres = ticket["check_ins"][1]["distance_metres"].as_i64().unwrap();
    assert!((1_100..1_125).contains(&metres), "a hundredth of a degree: {metres}");
    let page = desk.sees("zhaomin", &format!("/tickets/{key}/timeline")).await;
    let line = page["items"].as_array().unwrap().iter().find(|one| one["kind"] == "checkin");
    let line = line.unwrap();
    let words = "赵敏 签到 31.17743, 121.52721（WGS-84，误差约 3000 米），距工单位置 0 米：到了";
    assert_eq!(line["text"], words);
    assert_eq!(line["files"][0]["id"], photo.as_str());
    let served = desk.asks("wangfang", &format!("/files/{photo}?ticket={key}")).await;
    assert_eq!(served.status, 200, "who sees the ticket sees its photos");

    let nobody = desk.act(&key, "check_in", &json!({ "location": away })).acting_as("wangfang");
    assert_eq!(nobody.send().await.refusal().0, 403);
    let nowhere = desk.act(&key, "check_in", &json!({ "location": {} })).acting_as("zhaomin");
    assert_eq!(nowhere.send().await.refusal().0, 422);
    desk.close().await;
}

/// The smallest picture.
fn png() -> Vec<u8> {
    let hex = "89504e470d0a1a0a0000000d4948445200000001000000010806000000\
        1f15c4890000000d49444154789c636060606000000005000 1a5f645400000000049454e44ae426082";
    let hex: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    hex.chunks_exact(2).map(byte).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_tells_what_kind_each_line_is_and_what_the_customer_hears() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let new = json!({ "template": "repair", "form": { "title": "空调不冷" } });
    let key = id(&desk.raises_as("wangfang", new).await);
    desk.does("zhaomin", "claim", &key, json!({})).await;
    desk.does("zhaomin", "comment", &key, json!({ "text": "客户很急" })).await;
    desk.does("wangfang", "urge", &key, json!({})).await;
    let done = json!({ "note": "换了电容，客户讲价", "form": { "fee": 1 } });
    desk.does("zhaomin", "complete", &key, done).await;
    desk.does("wuting", "reject", &key, json!({ "note": "贵了" })).await;
    let lines = async |kind: &str| {
        let page = desk.sees("wangfang", &format!("/tickets/{key}/timeline?kind={kind}")).await;
        let items = page["items"].as_array().unwrap().clone();
        let of = |one: Value| {
            assert_eq!(one["by_name"], one["name"]);
            (one["kind"].as_str().unwrap().to_owned(), one["text"].as_str().unwrap().to_owned())
        };
        items.into_iter().map(of).collect::<Vec<_>>()
    };
    let all = lines("all").await;
    let kinds: Vec<_> = all.iter().map(|(kind, _text)| kind.as_str()).collect();
    assert_eq!(kinds, ["state", "state", "comment", "notice", "state", "approval"]);
    let ours: Vec<_> = lines("ours").await.into_iter().map(|(_kind, text)| text).collect();
    assert_eq!(ours, ["赵敏：客户很急", "吴婷 驳回：贵了"]);
    let customer = lines("customer").await;
    assert_eq!(customer.len(), 4);
    assert_eq!(customer[3].1, "赵敏 完成了处理", "what was said among staff is left out");
    let wrong = desk.asks("wangfang", &format!("/tickets/{key}/timeline?kind=x")).await;
    assert_eq!(wrong.refusal().0, 400);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_by_mistake_is_taken_back() {
    let desk = Desk::open().await;
    desk.publishes(&repair()).await;
    let new = json!({ "template": "repair", "form": { "title": "空调不冷" } });
    let key = id(&desk.raises_as("wangfang", new.clone()).await);
    let workers = |ticket: &Value| {
        let handlers = ticket["row"]["handlers"].as_array().unwrap().clone();
        handlers.iter().map(|one| one["userid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // A claim goes back to all who could, with the same deadline.
    let ticket = desk.does("zhaomin", "claim", &key, json!({})).await;
    assert!(verbs(&ticket).contains(&"recall"));
    let due_at = ticket["row"]["due_at"].clone();
    desk.advance(5 * SECOND).await;
    let ticket = desk.does("zhaomin", "recall", &key, json!({})).await;
    assert_eq!(workers(&ticket), ["zhaomin", "liuyang"]);
    assert_eq!(ticket["row"]["due_at"], due_at);
    assert!(!verbs(&ticket).contains(&"recall"), "there is nothing more to take back");
    assert_eq!(desk.counts("liuyang").await, [0, 1, 0, 1, 0]);

    // What was handed on comes back, until it is done or handed on again.
    desk.does("liuyang", "claim", &key, json!({})).await;
    desk.does("liuyang", "transfer", &key, json!({ "to": "zhoujie" })).await;
    let ticket = desk.does("liuyang", "recall", &key, json!({})).await;
    assert_eq!(workers(&ticket), ["liuyang"]);
    desk.does("liuyang", "transfer", &key, json!({ "to": "zhoujie" })).await;
    desk.does("zhoujie", "transfer", &key, json!({ "to": "sunhao" })).await;
    let told = desk.act(&key, "recall", &json!({})).acting_as("liuyang").send().await;
    assert_eq!(told.refusal().0, 409, "{}", told.text());
    let ticket = desk.does("zhoujie", "recall", &key, json!({})).await;
    assert_eq!(workers(&ticket), ["zhoujie"]);

    // What was raised by mistake is withdrawn.
    let ticket = desk.does("wangfang", "withdraw", &key, json!({})).await;
    assert_eq!(ticket["status"], "cancelled");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_there_already_is_shown_before_it_is_raised_again() {
    let desk = Desk::open().await;
    let mut template = repair();
    template["form"]["fields"][3] = json!({ "key": "device", "kind": "asset", "label": "设备" });
    desk.publishes(&template).await;
    let guo = "wmQFAAAA0002guofeng";
    for (userid, title, customer, device) in [
        ("zhangsan", "三楼空调不制冷", Some(guo), Some("AC-1")),
        ("zhangsan", "漏水", Some(guo), None),
        ("zhangsan", "别的事", None, Some("AC-1")),
        ("lijing", "三楼空调不制冷", None, None),
    ] {
        desk.clock.advance(SECOND);
        let form = match device {
            Some(device) => json!({ "title": title, "device": device }),
            None => json!({ "title": title }),
        };
        let new = json!({ "template": "repair", "customer": customer, "form": form });
        desk.raises_as(userid, new).await;
    }
    let found = async |userid: &str, query: &str| {
        let page = desk.sees(userid, &format!("/tickets/similar?{query}")).await;
        let items = page["items"].as_array().unwrap().clone();
        let of = |one: &Value| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            assert_eq!(one["template"]["name"], "上门维修");
            format!("{}：{}", text("title"), text("why"))
        };
        items.iter().map(of).collect::<Vec<_>>()
    };
    let query = format!("template=repair&customer={guo}&asset=AC-1&title=漏水了");
    let three =
        ["三楼空调不制冷：同一客户的同一设备", "别的事：同一设备", "漏水：同一客户，标题相近"];
    assert_eq!(found("zhangsan", &query).await, three);
    assert_eq!(
        found("lijing", &query).await,
        Vec::<String>::new(),
        "what one may not see is not told"
    );
    let titled = found("lijing", "title=三楼的空调不制冷").await;
    assert_eq!(titled, ["三楼空调不制冷：标题相近"]);
    assert_eq!(found("zhangsan", "customer=nobody").await, Vec::<String>::new());
    let first = desk.sees("zhangsan", &format!("/tickets/similar?customer={guo}&asset=AC-1")).await;
    let first = id(&first["items"][0]);
    desk.does("zhangsan", "withdraw", &first, json!({})).await;
    assert_eq!(found("zhangsan", &query).await.len(), 2, "what has ended is not the same");
    let long = "长".repeat(101);
    let wrong = desk.asks("zhangsan", &format!("/tickets/similar?title={long}")).await;
    assert_eq!(wrong.refusal().0, 400);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_every_entry_stand_in_one_list_and_can_be_told_apart() {
    let desk = Desk::open().await;
    let mut nos = Vec::new();
    // The other two are no entries: a flow and a trigger raise those tickets.
    let entries = ticket::SOURCES.into_iter().filter(|one| !["subticket", "trigger"].contains(one));
    for source in entries.clone() {
        let new = json!({ "template": "general_request", "source": source,
            "form": { "title": source } });
        let told = desk.ask("POST", "/api/v1/tickets").json(&new).send().await;
        assert_eq!(told.status, 201, "{source}: {}", told.text());
        nos.push(told.json()["no"].as_str().unwrap().to_owned());
    }
    let listed = async |query: &str| -> Vec<(String, String)> {
        let page = desk.ask("GET", &format!("/api/v1/tickets?limit=50{query}")).send().await.json();
        let items = page["items"].as_array().unwrap().iter();
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        items.map(|one| (text(one, "no"), text(one, "source"))).collect()
    };
    let mut all: Vec<_> = listed("").await.into_iter().map(|(no, _source)| no).collect();
    all.sort();
    nos.sort();
    assert_eq!(all, nos, "one list");
    for source in entries {
        let found = listed(&format!("&source={source}")).await;
        let sources: Vec<_> = found.iter().map(|(_no, source)| source.as_str()).collect();
        assert_eq!(sources, [source]);
    }
    desk.close().await;
}
