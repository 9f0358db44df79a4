//! What templates share: calendars, rosters, surge modes, fields and conditions, written and read
//! over the API, used by templates, and kept as files.

use serde_json::{Value, json};

use crate::support::{Desk, Schema, Told, qidan};

fn calendar(name: &str) -> Value {
    json!({
        "key": "shop", "name": name, "zone_minutes": 480,
        "weekly": { "mon": [{ "from": "09:00", "to": "12:00" }, { "from": "13:00", "to": "18:00" }] },
        "days_off": [{ "name": "国庆节", "from": "2026-10-01", "to": "2026-10-07" }],
    })
}

fn roster(people: &[&str]) -> Value {
    json!({
        "key": "nutrition", "name": "营养师值班", "zone_minutes": 480,
        "shifts": [
            { "key": "day", "name": "白班", "from": "08:00", "to": "20:00", "people": ["zhaomin"] },
            { "key": "night", "name": "夜班", "from": "20:00", "to": "08:00", "people": people },
        ],
    })
}

/// A template with these fields and this step before its last.
fn template(key: &str, fields: Value, step: Option<Value>) -> Value {
    let last = json!({ "key": "fix", "name": "处理", "assign": { "by": "group", "key": "menders" },
        "if_nobody": { "do": "hold" } });
    let steps: Vec<_> = step.into_iter().chain([last]).collect();
    json!({ "key": key, "name": key, "form": { "fields": fields }, "flow": { "steps": steps } })
}

impl Desk {
    async fn put(&self, path: &str, body: &Value) -> Told {
        self.ask("PUT", &format!("/api/v1{path}")).json(body).send().await
    }

    async fn get(&self, path: &str) -> Told {
        self.ask("GET", &format!("/api/v1{path}")).send().await
    }

    async fn delete(&self, path: &str) -> Told {
        self.ask("DELETE", &format!("/api/v1{path}")).send().await
    }

    /// Drafts a template and asks to publish it.
    pub(crate) async fn publish(&self, template: &Value) -> Told {
        let path = format!("/templates/{}", template["key"].as_str().unwrap());
        let saved = self.put(&path, template).await;
        assert_eq!(saved.status, 200, "{}", saved.text());
        self.ask("POST", &format!("/api/v1{path}/publish")).send().await
    }

    async fn create(&self, template: &str, form: Value) -> Told {
        let new = json!({ "template": template, "form": form });
        self.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await
    }
}

/// Place and code of every refused field.
fn refused(told: &Told) -> Vec<(String, String)> {
    let errors = told.json()["errors"].as_array().cloned().unwrap_or_default();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    errors.iter().map(|one| (text(one, "path"), text(one, "code"))).collect()
}

fn places(told: &Told) -> Vec<String> {
    refused(told).into_iter().map(|(path, _code)| path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_is_written_asked_and_not_overwritten_by_who_has_not_seen_it() {
    let desk = Desk::open().await;
    let told = desk.put("/calendars/shop", &calendar("门店")).await;
    assert_eq!((told.status, told.header("etag")), (200, "\"1\""), "{}", told.text());
    // What was read can be written back as it is.
    let read = desk.get("/calendars/shop").await;
    assert_eq!((read.json()["version"].clone(), read.header("etag")), (json!(1), "\"1\""));
    let change = |version: &str, name: &str| {
        let mut changed = read.json();
        changed["name"] = json!(name);
        let ask = desk.ask("PUT", "/api/v1/calendars/shop").header("if-match", version);
        ask.json(&changed).send()
    };
    assert_eq!(change("\"1\"", "门店甲").await.json()["version"], 2);
    let late = change("\"1\"", "门店乙").await.refusal();
    assert_eq!((late.0, late.1.as_str()), (409, "part.changed"));
    let listed = desk.get("/calendars").await.json();
    assert_eq!(listed["items"][0]["name"], "门店甲", "{listed}");
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);

    // Monday 11:30 in Shanghai, and an hour of work with lunch between.
    let due = async |query: &str| desk.get(&format!("/calendars/shop/due?{query}")).await;
    let told = due("from=2026-11-23T03:30:00Z&minutes=60").await;
    assert_eq!(told.json()["due"], "2026-11-23T05:30:00.000000Z", "{}", told.text());
    assert_eq!((&told.json()["is_working"], &told.json()["day_off"]), (&json!(true), &json!(null)));
    let told = due("from=2026-10-03T03:30:00Z&minutes=60").await;
    assert_eq!(told.json()["due"], "2026-10-12T02:00:00.000000Z", "the first Monday after");
    assert_eq!(told.json()["day_off"], "国庆节");
    assert_eq!(due("minutes=4000000").await.json()["due"], Value::Null);
    assert_eq!(due("from=yesterday&minutes=1").await.refusal().0, 400);
    let missing = desk.get("/calendars/other/due?minutes=1").await.refusal();
    assert_eq!((missing.0, missing.1.as_str()), (404, "part.not_found"));

    let reader = json!({ "name": "reader", "scopes": ["tickets:read", "tickets:write"] });
    let token = desk.ask("POST", "/api/v1/tokens").json(&reader).send().await.json();
    let token = token["token"].as_str().unwrap().to_owned();
    let path = "/api/v1/calendars/shop";
    assert_eq!(desk.ask_with(&token, "GET", path).send().await.status, 200);
    for method in ["PUT", "DELETE"] {
        let told = desk.ask_with(&token, method, path).json(&calendar("门店")).send().await;
        assert_eq!(told.status, 403, "{method}");
    }
    assert_eq!(desk.delete("/calendars/shop").await.status, 204);
    assert_eq!(desk.get("/calendars/shop").await.status, 404);
    assert_eq!(desk.delete("/calendars/shop").await.status, 404);
    let audit = desk.get("/audit").await.text();
    assert!(audit.contains("calendar.saved") && audit.contains("calendar.deleted"), "{audit}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_shared_part_is_told_with_its_place_and_its_mend() {
    let desk = Desk::open().await;
    let mut overlapping = calendar("门店");
    overlapping["weekly"]["mon"][1]["from"] = json!("11:00");
    overlapping["days_off"][0]["to"] = json!("2026-09-01");
    let told = desk.put("/calendars/shop", &overlapping).await;
    assert_eq!(told.refusal().0, 422);
    assert_eq!(places(&told), ["weekly.mon[1]", "days_off[0]"]);
    let detail = told.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("重叠") && detail.contains("请合并"), "{detail}");

    let mut wrong = roster(&["liuyang", "nobody"]);
    wrong["shifts"][0]["from"] = json!("8点");
    wrong["shifts"][1]["key"] = json!("day");
    let told = desk.put("/rosters/nutrition", &wrong).await;
    assert_eq!(told.refusal().0, 422);
    assert_eq!(refused(&told), [("shifts[1].people[1]".to_owned(), "unknown_member".to_owned())]);
    wrong["shifts"][1]["people"] = json!(["liuyang"]);
    let told = desk.put("/rosters/nutrition", &wrong).await;
    assert_eq!(places(&told), ["shifts[0].from", "shifts[1].key"], "{}", told.text());

    let surge = json!({ "key": "holiday", "name": "", "windows": [],
        "plans": { "fix": { "rule": { "by": "duty", "roster": "managers" } } } });
    let told = desk.put("/surges/holiday", &surge).await;
    assert_eq!(places(&told), ["windows", "name", "plans.fix.rule.roster"], "{}", told.text());
    let table = |when: Value| {
        json!({ "key": "holiday", "name": "节假日", "windows": [{ "on": "days_off" }], "plans": {
            "fix": { "rule": { "by": "table", "rows": [{ "when": when,
                "assign": { "by": "people", "userids": ["nobody"] } }], "otherwise": { "by": "starter" } } } } })
    };
    let rule = "plans.fix.rule.rows[0]";
    let told = desk.put("/surges/holiday", &table(json!({ "==": [1, 1] }))).await;
    assert_eq!(places(&told), [format!("{rule}.assign.userids[0]")]);
    let mut known = table(json!({ "and": [{ "use": "urgent" }, { "xor": [1, 1] }] }));
    known["plans"]["fix"]["rule"]["rows"][0]["assign"] = json!({ "by": "supervisor" });
    let told = desk.put("/surges/holiday", &known).await;
    assert_eq!(
        places(&told),
        [format!("{rule}.when.and[1].xor"), format!("{rule}.when.and[0]")],
        "{}",
        told.text()
    );
    let field = json!({ "key": "level", "kind": "single_select", "label": "级别" });
    assert_eq!(places(&desk.put("/fields/level", &field).await), ["options"]);
    for (rule, place, code) in [
        (json!({ "xor": [1, 2] }), "rule.xor", "unknown_operator"),
        (json!({ "and": [{ "==": [{ "var": "a" }] }] }), "rule.and[0].==", "wrong_arity"),
        (json!({ "==": [{ "var": "a" }, { "use": "b" }] }), "rule.==[1].use", "unknown_operator"),
        (json!(true), "rule", "malformed"),
    ] {
        let condition = json!({ "key": "urgent", "name": "紧急", "rule": rule });
        let told = desk.put("/conditions/urgent", &condition).await;
        assert_eq!(refused(&told), [(place.to_owned(), code.to_owned())], "{rule}");
    }

    assert_eq!(desk.get("/rosters").await.json()["items"], json!([]), "nothing of it was kept");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_no_calendar_is_refused_with_the_place_of_the_mistake() {
    let desk = Desk::open().await;
    let mut other = calendar("门店");
    other["key"] = json!("other");
    assert_eq!(places(&desk.put("/calendars/shop", &other).await), ["key"]);
    other["key"] = json!("Shop-1");
    assert_eq!(places(&desk.put("/calendars/Shop-1", &other).await), ["key"]);
    let mut shapeless = calendar("门店");
    shapeless["weekly"]["mon"][0]["from"] = json!(9);
    let told = desk.put("/calendars/shop", &shapeless).await;
    assert_eq!((told.status, places(&told)), (400, vec!["weekly.mon[0].from".to_owned()]));
    shapeless["weekly"] = json!({ "monday": [] });
    let told = desk.put("/calendars/shop", &shapeless).await;
    assert_eq!((told.status, places(&told)), (400, vec!["weekly.monday".to_owned()]));
    assert_eq!(desk.put("/calendars/shop", &json!([])).await.status, 400);
    assert_eq!(desk.get("/calendars").await.json()["items"], json!([]), "nothing of it was kept");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_says_who_is_on_duty_and_stays_as_long_as_it_is_used() {
    let desk = Desk::open().await;
    let mut changed = roster(&["LiuYang", "zhoujie"]);
    changed["overrides"] = json!([{ "date": "2026-11-24", "shift": "night", "people": ["zhoujie"],
        "reason": "与刘洋换班" }]);
    let told = desk.put("/rosters/nutrition", &changed).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let on_duty =
        async |at: &str| desk.get(&format!("/rosters/nutrition/on-duty?at={at}")).await.json();
    // Two in the night: the shift that began yesterday.
    let night = on_duty("2026-11-23T18:00:00Z").await;
    assert_eq!(night["people"], json!(["liuyang", "zhoujie"]), "{night}");
    assert_eq!(night["shifts"][0]["until"], "2026-11-24T00:00:00.000000Z");
    assert_eq!(on_duty("2026-11-24T18:00:00Z").await["people"], json!(["zhoujie"]), "swapped");
    assert_eq!(on_duty("2026-11-24T00:00:00Z").await["people"], json!(["zhaomin"]));
    let now = desk.get("/rosters/nutrition/on-duty").await.json();
    assert_eq!(now["shifts"][0]["name"], "白班", "Monday morning: {now}");

    let surge = json!({ "key": "holiday", "name": "节假日", "windows": [{ "on": "days_off" }],
        "plans": { "fix": { "rule": { "by": "duty", "roster": "nutrition" } } } });
    assert_eq!(desk.put("/surges/holiday", &surge).await.status, 200);
    let kept = desk.delete("/rosters/nutrition").await.refusal();
    assert_eq!((kept.0, kept.1.as_str()), (409, "part.in_use"));
    assert!(kept.2.contains("应急模式 holiday"), "{}", kept.2);
    assert_eq!(desk.delete("/surges/holiday").await.status, 204);
    assert_eq!(desk.delete("/rosters/nutrition").await.status, 204);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_names_only_what_is_there_and_what_it_names_stays() {
    let desk = Desk::open().await;
    let title = json!([{ "key": "title", "kind": "text", "label": "标题" }]);
    let mut wanted = template("visit", title.clone(), None);
    wanted["calendar"] = json!("shop");
    wanted["flow"]["steps"][0]["assign"] = json!({ "by": "table",
        "rows": [{ "when": { "use": "urgent" }, "assign": { "by": "duty", "roster": "nutrition" } }],
        "otherwise": { "by": "starter" } });
    wanted["form"]["fields"][0]["rules"] = json!({ "require": { "use": "urgent" } });
    wanted["form"]["fields"][0]["library"] = json!("subject");
    let told = desk.publish(&wanted).await;
    assert_eq!(told.refusal().0, 422);
    for (place, code) in [
        ("calendar", "unknown_calendar"),
        ("form.fields[0].library", "unknown_library_field"),
        ("form.fields[0].rules.require", "unknown_condition"),
        ("flow.fix.assign.rows[0].when", "unknown_condition"),
        ("flow.fix.assign.rows[0].assign.roster", "unknown_roster"),
    ] {
        let is_told = refused(&told).contains(&(place.to_owned(), code.to_owned()));
        assert!(is_told, "{place} {code}: {}", told.text());
    }
    let told = desk.put("/templates/visit", &wanted).await.json();
    assert_eq!(told["problems"].as_array().unwrap().len(), 5, "saving tells the same: {told}");

    assert_eq!(desk.put("/calendars/shop", &calendar("门店")).await.status, 200);
    let mut plain = template("visit", title, None);
    plain["calendar"] = json!("shop");
    let told = desk.publish(&plain).await;
    assert_eq!((told.status, &told.json()["calendar"]), (200, &json!("shop")), "{}", told.text());
    let kept = desk.delete("/calendars/shop").await.refusal();
    assert_eq!((kept.0, kept.1.as_str()), (409, "part.in_use"));
    assert!(kept.2.contains("模板 visit"), "{}", kept.2);
    assert_eq!(desk.ask("POST", "/api/v1/templates/visit/archive").send().await.status, 204);
    assert_eq!(desk.delete("/calendars/shop").await.status, 204);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_templates_share_a_field_of_the_library_and_one_says_it_differently() {
    let desk = Desk::open().await;
    let level = |label: &str| {
        json!({ "key": "level", "kind": "single_select", "label": label,
            "options": [{ "value": "a", "label": "甲" }, { "value": "b", "label": "乙" }] })
    };
    assert_eq!(desk.put("/fields/level", &level("级别")).await.status, 200);
    let shared = template("repair", json!([{ "library": "level" }]), None);
    let own = json!([{ "key": "grade", "library": "level", "label": "等级", "required": true }]);
    let own = template("visit", own, None);
    for one in [&shared, &own] {
        let told = desk.publish(one).await;
        assert_eq!(told.status, 200, "{}", told.text());
    }
    let field = async |template: &str| {
        desk.get(&format!("/templates/{template}")).await.json()["form"]["fields"][0].clone()
    };
    let (one, other) = (field("repair").await, field("visit").await);
    assert_eq!(
        (&one["key"], &one["label"], &one["required"]),
        (&json!("level"), &json!("级别"), &json!(false))
    );
    assert_eq!(
        (&other["key"], &other["label"], &other["required"]),
        (&json!("grade"), &json!("等级"), &json!(true))
    );
    assert_eq!((&one["options"], &one["kind"]), (&other["options"], &other["kind"]));
    let source = desk.get("/templates/repair?source=true").await.json();
    assert_eq!(source["form"]["fields"][0], json!({ "required": false, "library": "level" }));
    assert_eq!(desk.create("visit", json!({})).await.refusal().0, 422, "required here");
    assert_eq!(desk.create("visit", json!({ "grade": "c" })).await.refusal().0, 422);
    assert_eq!(desk.create("visit", json!({ "grade": "b" })).await.status, 201);
    let first = desk.create("repair", json!({ "level": "a" })).await.json();

    // The library changes: what is published stays, what is published anew shares it.
    let mut changed = level("紧要程度");
    changed["options"].as_array_mut().unwrap().remove(0);
    assert_eq!(desk.put("/fields/level", &changed).await.status, 200);
    assert_eq!(field("repair").await["label"], "级别");
    assert_eq!(desk.create("repair", json!({ "level": "a" })).await.status, 201);
    assert_eq!(desk.publish(&shared).await.json()["version"], 2);
    assert_eq!(field("repair").await["label"], "紧要程度");
    assert_eq!(desk.create("repair", json!({ "level": "a" })).await.refusal().0, 422);
    let old = desk.get("/templates/repair?version=1").await.json();
    assert_eq!(old["form"]["fields"][0]["label"], "级别", "running tickets keep theirs");
    assert_eq!(desk.ticket(first["id"].as_str().unwrap()).await["form"]["level"], "a");

    let kept = desk.delete("/fields/level").await.refusal();
    assert_eq!((kept.0, kept.1.as_str()), (409, "part.in_use"));
    assert!(kept.2.contains("模板 repair、模板 visit"), "{}", kept.2);
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_core_fields_of_every_installation_combine_in_any_template_and_can_be_replaced() {
    let desk = Desk::open().await;
    let library = desk.get("/fields").await.json()["items"].as_array().unwrap().clone();
    let core = ["customer_name", "customer_phone", "service_type", "urgency"];
    for key in core {
        assert!(library.iter().any(|one| one["key"] == key && one["version"] == 0), "{key}");
    }
    for (key, fields) in [("repair", &core[..]), ("visit", &core[1..3])] {
        let fields: Vec<_> = fields.iter().rev().map(|key| json!({ "library": key })).collect();
        let told = desk.publish(&template(key, json!(fields), None)).await;
        assert_eq!(told.status, 200, "{}", told.text());
    }
    let form = json!({ "customer_name": "张三", "customer_phone": "13800000000",
        "service_type": "repair", "urgency": "high" });
    let ticket = desk.create("repair", form.clone()).await;
    assert_eq!((ticket.status, &ticket.json()["form"]), (201, &form), "{}", ticket.text());
    let told = desk.create("visit", json!({ "customer_phone": "12" })).await;
    assert_eq!(places(&told), ["form.customer_phone"], "{}", told.text());

    let kept = desk.delete("/fields/urgency").await.refusal();
    assert_eq!((kept.0, kept.1.as_str()), (409, "part.built_in"));
    let own = json!({ "key": "urgency", "kind": "switch", "label": "加急" });
    let first = desk.ask("PUT", "/api/v1/fields/urgency").header("if-match", "\"0\"");
    assert_eq!(first.json(&own).send().await.json()["version"], 1);
    assert_eq!(desk.get("/fields/urgency").await.json()["kind"], "switch");
    let count = desk.get("/fields").await.json()["items"].as_array().unwrap().len();
    assert_eq!(count, library.len(), "it stands for the built-in one");
    assert_eq!(desk.delete("/fields/urgency").await.status, 204, "though it is used");
    assert_eq!(desk.get("/fields/urgency").await.json()["kind"], "single_select");
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_is_named_once_and_reused_in_forms_and_flows() {
    let desk = Desk::open().await;
    let urgent = |value: &str| json!({ "key": "urgent", "name": "紧急", "rule": { "==": [{ "var": "urgency" }, value] } });
    assert_eq!(desk.put("/conditions/urgent", &urgent("high")).await.status, 200);
    let fields = json!([
        { "library": "urgency" },
        { "key": "reason", "kind": "text", "label": "原因", "rules": { "show": { "use": "urgent" },
            "require": { "and": [{ "use": "urgent" }, { "==": [{ "var": "urgency" }, "high"] }] } } },
    ]);
    let branch = json!({ "key": "route", "name": "分流", "type": "branch",
        "cases": [{ "when": { "use": "urgent" }, "steps": [
            { "key": "rush", "name": "加急", "when": { "use": "urgent" },
              "assign": { "by": "group", "key": "menders" }, "if_nobody": { "do": "hold" } }] }],
        "default": [] });
    let wanted = template("repair", fields, Some(branch));
    let told = desk.publish(&wanted).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let step = async |form: Value| {
        let told = desk.create("repair", form).await;
        assert_eq!(told.status, 201, "{}", told.text());
        let steps = told.json()["steps"].as_array().unwrap().clone();
        let open = steps.iter().rfind(|one| one["state"] == "open").unwrap();
        open["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(step(json!({ "urgency": "high", "reason": "停电" })).await, "rush");
    assert_eq!(step(json!({ "urgency": "low" })).await, "fix");
    let told = desk.create("repair", json!({ "urgency": "high" })).await;
    assert_eq!(places(&told), ["form.reason"], "required while it is urgent");

    // The condition changes: running and new tickets of the published version do not.
    assert_eq!(desk.put("/conditions/urgent", &urgent("critical")).await.status, 200);
    assert_eq!(step(json!({ "urgency": "high", "reason": "停电" })).await, "rush");
    assert_eq!(desk.publish(&wanted).await.status, 200);
    assert_eq!(step(json!({ "urgency": "high" })).await, "fix");
    let kept = desk.delete("/conditions/urgent").await.refusal();
    assert_eq!((kept.0, kept.1.as_str()), (409, "part.in_use"));

    // A condition that does not fit the form that names it is told where it stands.
    let bare = json!([{ "key": "title", "kind": "text", "label": "标题",
        "rules": { "show": { "use": "urgent" } } }]);
    let told = desk.publish(&template("visit", bare, None)).await;
    let [(place, code)] = &refused(&told)[..] else { panic!("{}", told.text()) };
    assert!(place.starts_with("form.fields[0].rules.show"), "{place}");
    assert_eq!(code, "unknown_field");
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_written_over_the_api_except_those_of_the_configuration() {
    let desk = Desk::open().await;
    let group =
        |key: &str, members: Value| json!({ "key": key, "name": "维修组", "members": members });
    let told = desk.put("/groups/menders", &group("menders", json!(["LiuYang", "zhaomin"]))).await;
    assert_eq!((told.status, &told.json()["members"]), (200, &json!(["liuyang", "zhaomin"])));
    assert_eq!(desk.get("/groups/menders").await.json(), told.json());
    let told = desk.publish(&template("repair", json!([{ "library": "problem" }]), None)).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let ticket = desk.create("repair", json!({ "problem": "灯坏了" })).await.json();
    desk.settle().await;
    desk.does("zhaomin", "claim", ticket["id"].as_str().unwrap(), json!({})).await;

    let told = desk.put("/groups/menders", &group("menders", json!(["nobody"]))).await;
    assert_eq!(refused(&told), [("members[0]".to_owned(), "unknown_member".to_owned())]);
    assert_eq!(places(&desk.put("/groups/a", &group("b", json!([]))).await), ["key"]);
    assert_eq!(places(&desk.put("/groups/A", &group("A", json!([]))).await), ["key"]);
    let configured = desk.config.groups.keys().next().unwrap().clone();
    let path = format!("/groups/{configured}");
    for told in [desk.put(&path, &group(&configured, json!([]))).await, desk.delete(&path).await] {
        let refusal = told.refusal();
        assert_eq!((refusal.0, refusal.1.as_str()), (409, "group.configured"));
        assert!(refusal.2.contains("配置文件"), "{}", refusal.2);
    }
    let kept = desk.delete("/groups/menders").await.refusal();
    assert_eq!((kept.0, kept.1.as_str()), (409, "group.in_use"));
    assert!(kept.2.contains("模板 repair"), "{}", kept.2);
    assert_eq!(desk.ask("POST", "/api/v1/templates/repair/archive").send().await.status, 204);
    // It is offered no more; its ticket runs on, and its next step must not become everybody's.
    let kept = desk.delete("/groups/menders").await.refusal();
    assert_eq!((kept.0, kept.1.as_str()), (409, "group.in_use"));
    assert!(kept.2.contains("第 1 版"), "{}", kept.2);
    let (status, told) = desk
        .acts("zhaomin", ticket["id"].as_str().unwrap(), "complete", json!({ "note": "换好了" }))
        .await;
    assert_eq!(status, 200, "{told}");
    assert_eq!(told["status"], "closed");
    assert_eq!(desk.delete("/groups/menders").await.status, 204);
    assert_eq!(desk.delete("/groups/menders").await.refusal().1, "group.not_found");
    let audit = desk.get("/audit").await.text();
    assert!(audit.contains("group.saved") && audit.contains("group.deleted"), "{audit}");
    desk.settle().await;
    desk.close().await;
}

/// A folder of configuration and the empty database that it is for.
struct Files {
    folder: String,
    env: [(&'static str, String); 1],
    _schema: Schema,
}

impl Files {
    fn new(name: &str) -> Self {
        let schema = Schema::fresh();
        let env = [("QIDAN__DATABASE__URL", schema.url.clone())];
        let folder = std::env::temp_dir().join(format!("qidan-{name}-{}", std::process::id()));
        Self { folder: folder.display().to_string(), env, _schema: schema }
    }

    /// `qidan config VERB` with its code and everything that it said.
    async fn config(&self, verb: &str) -> (i32, String) {
        let said = qidan(&["config", verb, &self.folder], &self.env).await;
        (said.code, format!("{}{}", said.out, said.err).trim().to_owned())
    }

    fn write(&self, name: &str, json: &Value) {
        let path = std::path::PathBuf::from(format!("{}/{name}.json", self.folder));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, json.to_string()).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(format!("{}/{name}.json", self.folder)).unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

fn level(label: &str) -> Value {
    json!({ "key": "level", "kind": "text", "label": label })
}

fn surge(roster: &str) -> Value {
    json!({ "key": "holiday", "name": "节假日", "windows": [{ "on": "days_off" }],
        "plans": { "fix": { "rule": { "by": "duty", "roster": roster } } } })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_templates_share_are_files_too_and_what_was_exported_changes_nothing() {
    let files = Files::new("parts");
    let fields = json!([{ "library": "level", "rules": { "show": { "use": "always" } } }]);
    let always = json!({ "key": "always", "name": "总是", "rule": { "==": [1, 1] } });
    let all = [
        ("calendars/shop", calendar("门店")),
        ("rosters/nutrition", roster(&["LiuYang"])),
        ("surges/holiday", surge("nutrition")),
        ("fields/level", level("级别")),
        ("conditions/always", always),
        // It names a template, which is applied before it.
        (
            "codes/shop",
            json!({ "key": "shop", "name": "门店", "template": "repair", "source": "qr",
            "defaults": { "level": "a" }, "is_enabled": true }),
        ),
        ("templates/repair", template("repair", fields, None)),
    ];
    all.iter().for_each(|(name, json)| files.write(name, json));
    let told = |how: &str| {
        let line = |(name, _json): &(&str, Value)| format!("{how} add {}", name.replace("s/", " "));
        (0, all.iter().map(line).collect::<Vec<_>>().join("\n"))
    };
    let nothing = (0, "nothing to change".to_owned());
    assert_eq!(files.config("plan").await, told("would"));
    assert_eq!(files.config("apply").await, told("did"));
    assert_eq!(files.config("apply").await, nothing);
    assert_eq!(files.config("export").await.0, 0);
    let read = || all.iter().map(|(name, _json)| files.read(name)).collect::<Vec<_>>();
    let before = read();
    assert!(before[6].contains("\"use\": \"always\""), "as it was written: {}", before[6]);
    assert_eq!(files.config("plan").await, nothing);
    assert_eq!(files.config("export").await.0, 0);
    assert!(read() == before, "the same content, the same bytes");

    // A shared field changes, and with it the template that names it.
    files.write("fields/level", &level("等级"));
    let told = files.config("apply").await.1;
    assert_eq!(told, "did change field level\ndid change template repair");
    assert_eq!(files.config("apply").await, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_wrong_is_named_and_nothing_is_applied() {
    let files = Files::new("wrong-parts");
    let mut overlapping = calendar("门店");
    overlapping["weekly"]["mon"][1]["from"] = json!("11:00");
    let nowhere = json!([{ "library": "nothing" }]);
    for (name, json, words) in [
        ("calendars/shop", overlapping, "weekly.mon[1]"),
        ("surges/holiday", surge("none"), "plans.fix.rule.roster"),
        ("conditions/always", json!({ "key": "always" }), "读不懂"),
        ("templates/repair", template("repair", nowhere, None), "form.fields[0].library"),
        ("groups/menders", json!({ "key": "menders", "name": " ", "members": [] }), "name"),
    ] {
        files.write("fields/level", &level("级别"));
        files.write(name, &json);
        for verb in ["plan", "apply"] {
            let (code, said) = files.config(verb).await;
            assert_eq!(code, 2, "{verb} {name}: {said}");
            assert!(said.contains(words) && said.contains(name), "{said}");
        }
        std::fs::remove_file(format!("{}/{name}.json", files.folder)).unwrap();
    }
    files.write("fields/other", &level("级别"));
    let (code, said) = files.config("apply").await;
    assert!(code == 2 && said.contains("fields/other.json"), "two files say it: {said}");
    std::fs::remove_file(format!("{}/fields/other.json", files.folder)).unwrap();
    assert_eq!(files.config("plan").await, (0, "would add field level".to_owned()));
}
