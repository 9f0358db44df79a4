//! Who gets it, and why: roles, rosters, leave and backups, strategies, importance, surge modes.

use serde_json::{Value, json};

use crate::support::{Desk, Told};

/// A one-step business: who does the step, and how he is chosen.
fn business(key: &str, assign: Value, pick: Value) -> Value {
    json!({
        "key": key, "name": key,
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true },
            { "key": "region", "kind": "text", "label": "地区" },
            { "key": "product", "kind": "multi_select", "label": "产品", "options": [
                { "value": "空调", "label": "空调" }, { "value": "电路", "label": "电路" } ] },
            { "key": "place", "kind": "location", "label": "位置" },
            { "key": "urgency", "kind": "single_select", "label": "紧急程度", "options": [
                { "value": "normal", "label": "普通" }, { "value": "high", "label": "紧急" } ] },
        ] },
        "flow": { "steps": [
            { "key": "fix", "name": "处理", "assign": assign, "pick": pick,
              "if_nobody": { "do": "hold" } },
        ] },
    })
}

/// 刘洋, 赵敏 and 周杰.
fn menders() -> Value {
    json!({ "by": "people", "userids": ["liuyang", "zhaomin", "zhoujie"] })
}

impl Desk {
    /// A business that can be used.
    async fn offers(&self, key: &str, assign: Value, pick: Value) {
        let told = self.publish(&business(key, assign, pick)).await;
        assert_eq!(told.status, 200, "{}", told.text());
    }

    async fn is_broken(&self, key: &str, form: Value) -> Value {
        let mut form = form;
        form["title"] = json!("坏了");
        self.raises(key, form).await
    }

    async fn profile(&self, userid: &str, profile: Value) {
        let path = format!("/api/v1/members/{userid}/profile");
        let told = self.ask("PUT", &path).json(&profile).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
    }

    async fn leaves(&self, leave: Value) -> Told {
        self.ask("POST", "/api/v1/leaves").json(&leave).send().await
    }

    /// The record of who got the first step.
    async fn why(&self, ticket: &Value) -> Vec<String> {
        let path = format!("/api/v1/tickets/{}/timeline", ticket["id"].as_str().unwrap());
        let told = self.ask("GET", &path).send().await.json();
        let decisions = told["items"][0]["decisions"].as_array().unwrap();
        let of_step = decisions.iter().find(|one| one["step"] == "fix").unwrap();
        let lines = of_step["lines"].as_array().unwrap();
        lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }
}

fn owner(ticket: &Value) -> &str {
    ticket["steps"][0]["owner"].as_str().unwrap_or_default()
}

fn handlers(ticket: &Value) -> Vec<&str> {
    let all = ticket["steps"][0]["handlers"].as_array().unwrap();
    all.iter().map(|one| one.as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_a_role_a_department_and_a_group_are_resolved_and_nobody_is_said() {
    let desk = Desk::open().await;
    let group = json!({ "key": "menders", "name": "维修组", "members": ["zhaomin", "zhoujie"] });
    desk.ask("PUT", "/api/v1/groups/menders").json(&group).send().await;
    desk.profile("zhengxin", json!({ "roles": ["quality"] })).await;
    let cases = [
        ("one", json!({ "by": "people", "userids": ["zhaomin"] }), vec!["zhaomin"]),
        ("role", json!({ "by": "role", "key": "quality" }), vec!["zhengxin"]),
        ("group", json!({ "by": "group", "key": "menders" }), vec!["zhaomin", "zhoujie"]),
        (
            "department",
            json!({ "by": "department", "id": 3 }),
            vec!["liuyang", "wuting", "zhaomin", "zhoujie"],
        ),
        ("lead", json!({ "by": "department_lead", "id": 3 }), vec!["liuyang"]),
        ("mine", json!({ "by": "starter_lead" }), vec!["chenlei"]),
    ];
    for (key, rule, who) in cases {
        desk.offers(key, rule, json!({})).await;
        let ticket = desk.is_broken(key, json!({})).await;
        let mut found = handlers(&ticket);
        found.sort_unstable();
        assert_eq!(found, who, "{key}");
    }
    desk.offers("empty", json!({ "by": "role", "key": "nobody" }), json!({})).await;
    let held = desk.is_broken("empty", json!({})).await;
    assert_eq!(held["steps"][0]["state"], "held");
    assert_eq!(desk.why(&held).await[0], "规则「角色 nobody」没有找到任何人");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_on_leave_is_stood_in_for_and_the_record_says_so() {
    let desk = Desk::open().await;
    desk.offers("visit", json!({ "by": "people", "userids": ["zhaomin"] }), json!({})).await;
    let told = desk
        .leaves(json!({ "userid": "ZhaoMin", "from_at": "2026-11-23T00:00:00Z",
            "until_at": "2026-11-25T00:00:00Z", "backup": "zhoujie", "reason": "年假" }))
        .await;
    assert_eq!(told.status, 201, "{}", told.text());
    let leave = told.json()["id"].as_str().unwrap().to_owned();
    let ticket = desk.is_broken("visit", json!({})).await;
    assert_eq!(handlers(&ticket), ["zhoujie"]);
    let why = desk.why(&ticket).await;
    assert!(why.iter().any(|line| line.contains("由备选处理人 周杰（zhoujie） 接替")), "{why:?}");

    // The backup's backup, by his profile; then nobody.
    desk.profile("zhoujie", json!({ "backup": "wuting" })).await;
    let open = json!({ "userid": "zhoujie", "from_at": "2026-11-23T00:00:00Z" });
    assert_eq!(desk.leaves(open).await.status, 201);
    assert_eq!(handlers(&desk.is_broken("visit", json!({})).await), ["wuting"]);
    let open = json!({ "userid": "wuting", "from_at": "2026-11-23T00:00:00Z" });
    assert_eq!(desk.leaves(open).await.status, 201);
    let held = desk.is_broken("visit", json!({})).await;
    assert_eq!(held["steps"][0]["state"], "held");

    // Back again: what is new is his own.
    let ended = desk.ask("DELETE", &format!("/api/v1/leaves/{leave}")).send().await;
    assert_eq!(ended.status, 204, "{}", ended.text());
    assert_eq!(handlers(&desk.is_broken("visit", json!({})).await), ["zhaomin"]);
    let listed = desk.ask("GET", "/api/v1/leaves").send().await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    // A page at a time.
    let first = desk.ask("GET", "/api/v1/leaves?limit=1").send().await.json();
    let next = format!("/api/v1/leaves?limit=1&cursor={}", first["next"].as_str().unwrap());
    let second = desk.ask("GET", &next).send().await.json();
    assert_eq!((&second["items"][0], &second["next"]), (&listed["items"][1], &Value::Null));

    for (leave, path) in [
        (json!({ "userid": "wuting", "from_at": "2026-11-24T00:00:00Z" }), "from_at"),
        (
            json!({ "userid": "lijing", "from_at": "2026-11-24T00:00:00Z",
                "until_at": "2026-11-24T00:00:00Z" }),
            "until_at",
        ),
        (
            json!({ "userid": "lijing", "from_at": "2026-11-24T00:00:00Z", "backup": "lijing" }),
            "backup",
        ),
        (
            json!({ "userid": "lijing", "from_at": "2026-11-24T00:00:00Z", "backup": "ghost" }),
            "backup",
        ),
    ] {
        let told = desk.leaves(leave).await;
        assert_eq!((told.status, &told.json()["errors"][0]["path"]), (422, &json!(path)));
    }
    let ghost = json!({ "userid": "ghost", "from_at": "2026-11-24T00:00:00Z" });
    assert_eq!(desk.leaves(ghost).await.refusal().1, "member.not_found");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn turns_go_round_and_the_least_loaded_gets_the_next_one() {
    let desk = Desk::open().await;
    desk.offers("round", menders(), json!({ "strategy": "round_robin" })).await;
    let mut got = Vec::new();
    for _ in 0..4 {
        got.push(owner(&desk.is_broken("round", json!({})).await).to_owned());
    }
    assert_eq!(got, ["liuyang", "zhaomin", "zhoujie", "liuyang"]);

    // 刘洋 has two, the others one each; who was given work longest ago comes first.
    desk.offers("idle", menders(), json!({ "strategy": "least_loaded" })).await;
    let first = desk.is_broken("idle", json!({})).await;
    assert_eq!(owner(&first), "zhaomin");
    let why = desk.why(&first).await;
    assert!(why.iter().any(|line| line.contains("刘洋（liuyang） 2 件待办")), "{why:?}");
    assert_eq!(owner(&desk.is_broken("idle", json!({})).await), "zhoujie");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_come_at_once_do_not_all_go_to_the_same_one() {
    let desk = Desk::open().await;
    desk.offers("round", menders(), json!({ "strategy": "round_robin" })).await;
    let all = futures_util::future::join_all((0..12).map(|_| desk.is_broken("round", json!({}))));
    let mut counts = std::collections::BTreeMap::new();
    for ticket in all.await {
        *counts.entry(owner(&ticket).to_owned()).or_insert(0) += 1;
    }
    assert_eq!(counts.into_values().collect::<Vec<_>>(), [4, 4, 4]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn region_skill_and_nearness_find_the_one_who_fits() {
    let desk = Desk::open().await;
    desk.profile("liuyang", json!({ "regions": ["华东"], "skills": ["电路"] })).await;
    desk.profile("zhaomin", json!({ "regions": ["华东/上海"], "skills": ["空调"] })).await;
    desk.profile("zhoujie", json!({ "regions": ["华北"], "skills": ["空调", "电路"] })).await;
    let region = json!({ "narrow": [{ "keep": "region", "field": "region" }],
        "strategy": "least_loaded" });
    desk.offers("region", menders(), region).await;
    let east = desk.is_broken("region", json!({ "region": "华东/上海/浦东" })).await;
    assert!(["liuyang", "zhaomin"].contains(&owner(&east)), "{east}");
    assert_eq!(owner(&desk.is_broken("region", json!({ "region": "华北/天津" })).await), "zhoujie");

    desk.offers(
        "skill",
        menders(),
        json!({ "strategy": { "skill_match": { "fields": ["product"] } } }),
    )
    .await;
    let both = desk.is_broken("skill", json!({ "product": ["空调", "电路"] })).await;
    assert_eq!(owner(&both), "zhoujie");

    // 赵敏 is nearest, but was there an hour ago; 周杰 is farther away, and just now.
    let near = json!({ "strategy": { "nearest": { "field": "place", "fresh_minutes": 15 } } });
    desk.offers("near", menders(), near).await;
    for (userid, lat, at) in [
        ("zhaomin", 31.2305, "2026-11-22T23:59:00Z"),
        ("zhoujie", 31.2350, "2026-11-23T00:59:00Z"),
        ("liuyang", 31.3, "2026-11-23T00:59:00Z"),
    ] {
        let seen = json!({ "lat": lat, "lng": 121.4737, "system": "gcj02", "at": at });
        let path = format!("/api/v1/members/{userid}/position");
        assert_eq!(desk.ask("PUT", &path).json(&seen).send().await.status, 204);
    }
    let place = json!({ "lat": 31.2304, "lng": 121.4737, "system": "gcj02", "label": "人民广场" });
    let ticket = desk.is_broken("near", json!({ "place": place })).await;
    assert_eq!(owner(&ticket), "zhoujie", "{:?}", desk.why(&ticket).await);
    let off = json!({ "lat": 95.0, "lng": 0.0 });
    let told = desk.ask("PUT", "/api/v1/members/zhoujie/position").json(&off).send().await;
    assert_eq!((told.status, &told.json()["errors"][0]["path"]), (422, &json!("lat")));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_table_goes_by_its_first_row_that_holds_and_says_which() {
    let desk = Desk::open().await;
    let when = |value: &str| json!({ "in": [value, { "var": "product" }] });
    let people = |userid: &str| json!({ "by": "people", "userids": [userid] });
    let rows = |first: &str, second: &str| {
        json!({ "by": "table", "otherwise": people("wuting"), "rows": [
            { "name": first, "when": when(first), "assign": people("zhaomin") },
            { "name": second, "when": when(second), "assign": people("zhoujie") },
        ] })
    };
    desk.offers("table", rows("空调", "电路"), json!({})).await;
    let both = json!({ "product": ["空调", "电路"] });
    let ticket = desk.is_broken("table", both.clone()).await;
    assert_eq!(handlers(&ticket), ["zhaomin"]);
    assert_eq!(desk.why(&ticket).await[0], "规则表：第 1 行「空调」的条件符合");
    let missed = desk.is_broken("table", json!({ "product": [] })).await;
    assert_eq!(handlers(&missed), ["wuting"]);
    assert_eq!(desk.why(&missed).await[0], "规则表：2 行条件都不符合，按「其余情况」");
    // The rows in the other order: the other one is asked first.
    desk.offers("table", rows("电路", "空调"), json!({})).await;
    let turned = desk.is_broken("table", both).await;
    assert_eq!(desk.why(&turned).await[0], "规则表：第 1 行「电路」的条件符合");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_night_the_one_on_duty_gets_it() {
    let desk = Desk::open().await;
    let roster = json!({ "key": "nutrition", "name": "值班", "zone_minutes": 480, "shifts": [
        { "key": "day", "name": "白班", "from": "08:00", "to": "20:00", "people": ["zhaomin"] },
        { "key": "night", "name": "夜班", "from": "20:00", "to": "08:00", "people": ["zhoujie"] },
    ] });
    let told = desk.ask("PUT", "/api/v1/rosters/nutrition").json(&roster).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.offers("ask", json!({ "by": "duty", "roster": "nutrition" }), json!({})).await;
    assert_eq!(handlers(&desk.is_broken("ask", json!({})).await), ["zhaomin"], "Monday at nine");
    desk.advance(17 * kernel::time::HOUR).await;
    let night = desk.is_broken("ask", json!({})).await;
    assert_eq!(handlers(&night), ["zhoujie"], "two in the morning");
    let unknown = business("none", json!({ "by": "duty", "roster": "none" }), json!({}));
    let told = desk.publish(&unknown).await;
    assert_eq!(told.json()["errors"][0]["code"], "unknown_roster", "{}", told.text());
    // A roster that is in use stays.
    let told = desk.ask("DELETE", "/api/v1/rosters/nutrition").send().await;
    assert_eq!(told.refusal().1, "part.in_use");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn holidays_switch_to_the_manager_on_duty_and_reminders_come_half_an_hour_earlier() {
    let desk = Desk::open().await;
    let calendar = json!({ "key": "shop", "name": "门店", "zone_minutes": 480,
        "weekly": { "mon": [{ "from": "09:00", "to": "18:00" }], "tue": [{ "from": "09:00", "to": "18:00" }] },
        "days_off": [{ "name": "店庆", "from": "2026-11-24", "to": "2026-11-24" }] });
    assert_eq!(desk.ask("PUT", "/api/v1/calendars/shop").json(&calendar).send().await.status, 200);
    let plan = json!({ "rule": { "by": "people", "userids": ["liuyang"] } });
    let surge = json!({ "key": "holiday", "name": "爆单", "windows": [{ "on": "days_off" }],
        "templates": ["order"], "plans": { "fix": plan }, "remind_earlier_minutes": 30 });
    let told = desk.ask("PUT", "/api/v1/surges/holiday").json(&surge).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    for key in ["order", "other"] {
        let mut template =
            business(key, json!({ "by": "people", "userids": ["zhaomin"] }), json!({}));
        template["calendar"] = json!("shop");
        template["flow"]["steps"][0]["limit"] = json!({ "minutes": 120, "remind": [60],
            "overdue": { "do": "end" } });
        let told = desk.publish(&template).await;
        assert_eq!(told.status, 200, "{}", told.text());
    }
    assert_eq!(handlers(&desk.is_broken("order", json!({})).await), ["zhaomin"], "no holiday yet");
    // Tuesday at nine is the holiday.
    desk.advance(24 * kernel::time::HOUR).await;
    let busy = desk.is_broken("order", json!({})).await;
    assert_eq!(handlers(&busy), ["liuyang"]);
    assert_eq!(handlers(&desk.is_broken("other", json!({})).await), ["zhaomin"], "not meant");
    let reminded = async || {
        let path = format!("/api/v1/tickets/{}/timeline", busy["id"].as_str().unwrap());
        let told = desk.ask("GET", &path).send().await.json();
        told["items"].as_array().unwrap().iter().any(|one| one["verb"] == "timer")
    };
    desk.advance(29 * kernel::time::MINUTE).await;
    assert!(!reminded().await);
    desk.advance(kernel::time::MINUTE).await;
    assert!(reminded().await, "an hour before the deadline, and half an hour earlier still");
    // The day after, all is as usual.
    desk.advance(24 * kernel::time::HOUR).await;
    assert_eq!(handlers(&desk.is_broken("order", json!({})).await), ["zhaomin"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn important_customers_and_those_who_complained_twice_come_first() {
    let desk = Desk::open().await;
    let mut complaint = business("complaint", menders(), json!({}));
    complaint["is_complaint"] = json!(true);
    assert_eq!(desk.publish(&complaint).await.status, 200);
    desk.offers("plain", menders(), json!({})).await;
    let customers = desk.ask("GET", "/api/v1/customers?limit=200").send().await.json();
    let customers = customers["items"].as_array().unwrap();
    let tagged = |one: &&Value| {
        let follows = one["follows"].as_array().unwrap();
        follows.iter().any(|one| one["tags"].as_array().unwrap().contains(&json!("VIP")))
    };
    let vip = customers.iter().find(tagged).expect("the sample company has an important customer");
    let other = customers.iter().find(|one| !tagged(one)).unwrap();
    let raise = async |key: &str, of: &Value| {
        let new = json!({ "template": key, "form": { "title": "坏了", "urgency": "normal" },
            "customer": of["external_userid"] });
        let told =
            desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
        assert_eq!(told.status, 201, "{}", told.text());
        told.json()
    };
    let usual = raise("plain", other).await;
    assert_eq!(usual["priority"], "normal");
    let important = raise("plain", vip).await;
    assert_eq!(important["priority"], "high");
    let first = desk.ask("GET", "/api/v1/tasks?view=claimable").acting_as("zhaomin").send().await;
    let first = first.json()["items"][0]["ticket"]["id"].clone();
    assert_eq!(first, important["id"], "before the one that came earlier");
    raise("complaint", other).await;
    assert_eq!(raise("plain", other).await["priority"], "normal", "once is no pattern");
    raise("complaint", other).await;
    let raised = raise("plain", other).await;
    assert_eq!(raised["priority"], "high");
    let path = format!("/api/v1/tickets/{}/timeline", raised["id"].as_str().unwrap());
    let told = desk.ask("GET", &path).send().await.json();
    let decisions = told["items"][0]["decisions"].as_array().unwrap();
    let of_it = decisions.iter().find(|one| one["step"].is_null()).unwrap();
    assert_eq!(of_it["lines"], json!(["客户以前有 2 次投诉", "优先级由普通提高到紧急"]));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_of_choosing_that_cannot_be_is_not_published() {
    let desk = Desk::open().await;
    for (pick, code) in [
        (json!({ "strategy": { "nearest": { "field": "", "fresh_minutes": 5 } } }), "pick"),
        (json!({ "narrow": [{ "keep": "region", "field": "nowhere" }] }), "unknown_field"),
        (json!({ "strategy": { "skill_match": { "fields": [] } } }), "pick"),
        (json!({ "narrow": [{ "keep": "duty", "roster": "none" }] }), "unknown_roster"),
    ] {
        let told = desk.publish(&business("bad", menders(), pick.clone())).await;
        let codes: Vec<_> = told.json()["errors"].as_array().unwrap().to_vec();
        assert!(codes.iter().any(|one| one["code"] == code), "{pick}: {}", told.text());
    }
    let luck = business("bad", menders(), json!({ "strategy": "by_luck" }));
    let told = desk.ask("PUT", "/api/v1/templates/bad").json(&luck).send().await;
    assert_eq!(told.json()["errors"][0]["path"], "flow.steps[0]", "{}", told.text());
    desk.close().await;
}
