//! The presets that have a name of their own, each doing what its trade expects of it.

use serde_json::{Value, json};

use crate::{businesses::desk_with, support::Desk};

/// Raises a ticket of a preset; gives it.
/// The keys of the steps that somebody is at, and who.
fn open(ticket: &Value) -> Vec<(String, String)> {
    let steps = ticket["steps"].as_array().unwrap().iter();
    let is_open =
        |one: &&Value| one["state"] == "open" && !one["handlers"].as_array().unwrap().is_empty();
    let text = |one: &Value| one.as_str().unwrap().to_owned();
    let people = |one: &Value| {
        one["handlers"].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join("+")
    };
    steps.filter(is_open).map(|one| (text(&one["key"]), people(one))).collect()
}

/// The steps that were done, in the flow's order.
fn done(ticket: &Value) -> Vec<&str> {
    let steps = ticket["steps"].as_array().unwrap().iter();
    let is_done = |one: &&Value| one["state"] == "done" && one["owner"].is_string();
    steps.filter(is_done).map(|one| one["key"].as_str().unwrap()).collect()
}

fn pair(step: &str, who: &str) -> Vec<(String, String)> {
    vec![(step.to_owned(), who.to_owned())]
}

fn id(ticket: &Value) -> &str {
    ticket["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_is_told_by_three_levels_and_each_offers_what_belongs_to_it() {
    let desk = desk_with(&["dish_complaint"], &[]).await;
    let template = desk.ask("GET", "/api/v1/templates/dish_complaint").send().await.json();
    let fields = template["form"]["fields"].as_array().unwrap();
    let category = fields.iter().find(|one| one["key"] == "category").unwrap();
    let labels = |level: &Value| -> Vec<String> {
        let all = level.as_array().unwrap().iter();
        all.map(|one| one["label"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(labels(&category["tree"]), ["投诉", "建议"]);
    let complaint = &category["tree"][0]["children"];
    assert_eq!(labels(complaint), ["菜品", "服务态度", "就餐环境", "结账"]);
    assert_eq!(labels(&complaint[1]["children"]), ["态度冷淡", "叫不到人", "说明有误"]);
    let form = |path: Value| json!({ "store": "人民路店", "table": "A12", "unwell": false, "category": path });
    for (path, place, code) in [
        (json!(["complaint", "attitude", "taste"]), "form.category[2]", "not_an_option"),
        (json!(["complaint", "menu"]), "form.category[1]", "not_an_option"),
        (json!(["complaint", "dish"]), "form.category", "incomplete"),
    ] {
        let new = json!({ "template": "dish_complaint", "form": form(path.clone()) });
        let told =
            desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
        let wrong = told.json()["errors"][0].clone();
        assert_eq!((&wrong["path"], &wrong["code"]), (&json!(place), &json!(code)), "{path}");
    }
    let dish = desk.raises("dish_complaint", form(json!(["complaint", "dish", "slow"]))).await;
    assert_eq!(dish["form"]["category"], json!(["complaint", "dish", "slow"]), "the whole path");
    let rude = desk.raises("dish_complaint", form(json!(["complaint", "attitude", "rude"]))).await;
    // The kitchen is asked about dishes, and about nothing else.
    for (ticket, next) in [(&dish, "kitchen"), (&rude, "review")] {
        let handled = json!({ "form": { "handled": "已道歉并重做" } });
        desk.does("liuyang", "complete", id(ticket), handled).await;
        assert_eq!(open(&desk.ticket(id(ticket)).await)[0].0, next);
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_house_type_picks_the_building_steps_and_the_price_of_a_decoration() {
    let groups: [(&str, &[&str]); 4] = [
        ("designers", &["lijing"]),
        ("site_workers", &["zhoujie"]),
        ("installers", &["zhaomin"]),
        ("project_managers", &["sunhao"]),
    ];
    let desk = desk_with(&["decoration_package"], &groups).await;
    let form = |house: &str, package: &str| {
        json!({ "customer_name": "何燕", "phone": "13800000001", "house_type": house,
            "address": { "region": ["浙江省", "杭州市"], "detail": "望江苑 3-1201" },
            "package": package, "area": 96, "stage": "contract", "start_on": "2026-12-01" })
    };
    for (house, package, price, way) in [
        (
            "three",
            "fine",
            8_980_000,
            &["measure", "three_water", "three_check", "three_tile", "three_install", "accept"][..],
        ),
        ("one", "fine", 3_980_000, &["measure", "one_base", "one_install", "accept"]),
        (
            "two",
            "old_house",
            5_980_000,
            &["measure", "demolish", "two_water", "two_tile", "two_install", "accept"],
        ),
    ] {
        let ticket = desk.raises("decoration_package", form(house, package)).await;
        assert_eq!(ticket["form"]["package_price"], price, "{house}");
        for step in way {
            let at = open(&desk.ticket(id(&ticket)).await);
            assert_eq!(at[0].0, *step, "{house}");
            desk.does(&at[0].1, "complete", id(&ticket), json!({})).await;
        }
        let ticket = desk.ticket(id(&ticket)).await;
        assert_eq!((&ticket["status"], done(&ticket)), (&json!("closed"), way.to_vec()));
    }
    // A price that somebody makes up is not taken.
    let mut cheap = form("three", "fine");
    cheap["package_price"] = json!(1);
    let new = json!({ "template": "decoration_package", "form": cheap });
    let told = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert!(
        told.status == 422 || told.json()["form"]["package_price"] == 8_980_000,
        "{}",
        told.text()
    );
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_beauty_preset_knows_more_than_thirty_care_projects() {
    let desk = desk_with(&["beauty_booking"], &[]).await;
    let template = desk.ask("GET", "/api/v1/templates/beauty_booking").send().await.json();
    let fields = template["form"]["fields"].as_array().unwrap();
    let projects = fields.iter().find(|one| one["key"] == "projects").unwrap();
    let all = projects["options"].as_array().unwrap();
    assert!(all.len() >= 30, "{}", all.len());
    let first: Vec<_> = all.iter().map(|one| one["value"].clone()).take(30).collect();
    let form = |projects: Value| {
        json!({ "customer_name": "罗梅", "phone": "13800000003", "store": "人民路店",
            "projects": projects, "arrive_at": "2026-11-24T10:00:00+08:00", "card": "package" })
    };
    let ticket = desk.raises("beauty_booking", form(json!(first))).await;
    assert_eq!(ticket["form"]["projects"].as_array().unwrap().len(), 30);
    let new = json!({ "template": "beauty_booking", "form": form(json!(["haircut"])) });
    let told = desk.ask("POST", "/api/v1/tickets").json(&new).send().await;
    assert_eq!(told.json()["errors"][0]["path"], "form.projects[0]", "{}", told.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_package_has_the_version_of_its_day() {
    let desk = desk_with(&["service_package"], &[]).await;
    for (day, version, price, times) in [
        ("2026-12-31", "2026q4", 298_000, 8),
        ("2027-01-01", "2027q1", 328_000, 10),
        ("2027-03-31", "2027q1", 328_000, 10),
        ("2027-04-01", "2027q2", 328_000, 10),
    ] {
        let form = json!({ "title": "罗梅", "phone": "13800000003", "package": "season",
            "start_on": day });
        let form = desk.raises("service_package", form).await["form"].clone();
        assert_eq!(
            (&form["package_version"], &form["price"], &form["times"]),
            (&json!(version), &json!(price), &json!(times)),
            "{day}"
        );
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headquarters_sends_a_shops_complaint_back_to_its_manager() {
    let groups: [(&str, &[&str]); 3] = [
        ("store_service", &["zhangsan"]),
        ("store_managers", &["liuyang"]),
        ("hq_service", &["lijing"]),
    ];
    let desk = desk_with(&["store_complaint"], &groups).await;
    let form = json!({ "title": "牛奶过期", "store": "人民路店", "kind": "quality" });
    let ticket = desk.raises("store_complaint", form).await;
    let ticket = id(&ticket);
    let at = async || open(&desk.ticket(ticket).await);
    assert_eq!(at().await, pair("register", "zhangsan"));
    desk.does("zhangsan", "complete", ticket, json!({})).await;
    assert_eq!(at().await, pair("manager", "liuyang"));
    desk.does("liuyang", "complete", ticket, json!({})).await;
    assert_eq!(at().await, pair("headquarters", "lijing"));
    desk.does("lijing", "reject", ticket, json!({ "note": "没有联系顾客" })).await;
    assert_eq!(at().await, pair("manager", "liuyang"), "rejected, it is the manager's again");
    desk.does("liuyang", "complete", ticket, json!({})).await;
    desk.does("lijing", "approve", ticket, json!({})).await;
    assert_eq!(at().await, pair("revisit", "zhangsan"));
    let note = json!({ "form": { "revisit_note": "顾客接受" } });
    desk.does("zhangsan", "complete", ticket, note).await;
    assert_eq!(desk.ticket(ticket).await["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_checked_by_whoever_knows_its_goods_and_refunded_by_finance() {
    let groups: [(&str, &[&str]); 5] = [
        ("shop_service", &["zhangsan"]),
        ("return_warehouse", &["wuting"]),
        ("appliance_quality", &["zhoujie"]),
        ("fresh_quality", &["zhaomin"]),
        ("finance", &["zhengxin"]),
    ];
    let desk = desk_with(&["return"], &groups).await;
    for (category, checker) in [
        (json!("appliance"), "zhoujie"),
        (json!("food"), "zhaomin"),
        (json!("clothing"), "wuting"),
        (json!(null), "wuting"),
    ] {
        let form = json!({ "order_no": "QF1", "kind": "return_refund", "reason": "damage",
            "amount": 25_800, "category": category });
        let ticket = desk.raises("return", form).await;
        let ticket = id(&ticket);
        desk.does("zhangsan", "approve", ticket, json!({})).await;
        assert_eq!(open(&desk.ticket(ticket).await), pair("receive", checker), "{category}");
        desk.does(checker, "complete", ticket, json!({})).await;
        // The warehouse and finance work side by side, in whatever order.
        let both = [pair("stock_in", "wuting"), pair("refund", "zhengxin")].concat();
        assert_eq!(open(&desk.ticket(ticket).await), both);
        let paid = json!({ "form": { "refunded": 25_800 } });
        desk.does("zhengxin", "complete", ticket, paid).await;
        assert_eq!(open(&desk.ticket(ticket).await), pair("stock_in", "wuting"));
        desk.does("wuting", "complete", ticket, json!({})).await;
        assert_eq!(open(&desk.ticket(ticket).await), pair("close", "zhangsan"));
    }
    let form =
        json!({ "order_no": "QF2", "kind": "refund_only", "reason": "seven_days", "amount": 100 });
    let ticket = desk.raises("return", form).await;
    desk.does("zhangsan", "approve", id(&ticket), json!({})).await;
    assert_eq!(
        open(&desk.ticket(id(&ticket)).await),
        pair("refund", "zhengxin"),
        "nothing comes back"
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_repair_goes_to_the_engineers_of_its_region() {
    let groups: [(&str, &[&str]); 5] = [
        ("service_desk", &["zhangsan"]),
        ("dispatchers", &["wuting"]),
        ("engineers", &["zhoujie"]),
        ("engineers_east", &["zhaomin", "liuyang"]),
        ("engineers_south", &["sunhao"]),
    ];
    let desk = desk_with(&["repair"], &groups).await;
    for (region, step, who) in [
        (json!("east"), "visit", "zhaomin+liuyang"),
        (json!("south"), "visit", "sunhao"),
        (json!(null), "dispatch", "wuting"),
    ] {
        let form = json!({ "title": "不制冷", "phone": "13800000001", "region": region });
        let ticket = desk.raises("repair", form).await;
        desk.does("zhangsan", "complete", id(&ticket), json!({})).await;
        assert_eq!(open(&desk.ticket(id(&ticket)).await), pair(step, who), "{region}");
    }
    // One of the region's pool takes it; the other one cannot any more.
    let form = json!({ "title": "漏水", "phone": "13800000001", "region": "east" });
    let ticket = desk.raises("repair", form).await;
    desk.does("zhangsan", "complete", id(&ticket), json!({})).await;
    desk.does("zhaomin", "claim", id(&ticket), json!({})).await;
    let told = desk.act(id(&ticket), "claim", &json!({})).acting_as("liuyang").send().await;
    assert_eq!(told.status, 409, "{}", told.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_lead_is_claimed_from_the_pool_by_one_and_goes_to_the_managers_when_nobody_does() {
    let groups: [(&str, &[&str]); 3] = [
        ("sales_pool", &["zhangsan", "lijing", "wuting"]),
        ("sales_managers", &["liuyang"]),
        ("sales", &["zhangsan", "lijing"]),
    ];
    let desk = desk_with(&["sales_consult"], &groups).await;
    let form = json!({ "name": "郭峰", "phone": "13800000002", "product": "standard",
        "channel": "website" });
    let ticket = desk.raises("sales_consult", form.clone()).await;
    let ticket = id(&ticket);
    let claim = async |userid: &str| {
        desk.act(ticket, "claim", &json!({})).acting_as(userid).send().await.status
    };
    let (one, two) = tokio::join!(claim("zhangsan"), claim("lijing"));
    assert_eq!([one.min(two), one.max(two)], [200, 409], "one of two at the same moment");
    let winner = if one == 200 { "zhangsan" } else { "lijing" };
    desk.does(winner, "complete", ticket, json!({})).await;
    let lead = desk.raises("sales_consult", form).await;
    desk.advance(29 * kernel::time::MINUTE).await;
    assert_eq!(open(&desk.ticket(id(&lead)).await), pair("claim", "zhangsan+lijing+wuting"));
    desk.advance(2 * kernel::time::MINUTE).await;
    assert_eq!(
        open(&desk.ticket(id(&lead)).await),
        pair("claim", "liuyang"),
        "half an hour's work"
    );
    assert_eq!(desk.chat("liuyang").await.last_card().buttons(), ["认领"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_line_answers_itself_or_hands_what_is_complex_to_the_second() {
    let groups: [(&str, &[&str]); 2] = [("service_desk", &["zhangsan"]), ("experts", &["liuyang"])];
    let desk = desk_with(&["consult"], &groups).await;
    let form = json!({ "title": "发票抬头能改吗", "category": "invoice" });
    for (complex, next) in
        [(json!(true), Some("liuyang")), (json!(false), None), (json!(null), None)]
    {
        let ticket = desk.raises("consult", form.clone()).await;
        let input = json!({ "form": { "answer": "可以", "complex": complex } });
        desk.does("zhangsan", "complete", id(&ticket), input).await;
        let ticket = desk.ticket(id(&ticket)).await;
        match next {
            Some(expert) => assert_eq!(open(&ticket), pair("expert", expert)),
            None => assert_eq!(ticket["status"], "closed", "{complex}"),
        }
    }
    desk.close().await;
}

/// Who approves a contract of this amount, one after the other, until it is sealed.
async fn approvers(desk: &Desk, amount: i64) -> Vec<String> {
    let form =
        json!({ "title": "维保合同", "customer": "锦程物业", "kind": "service", "amount": amount });
    let ticket = desk.raises("contract_approval", form).await;
    let mut found = Vec::new();
    for _level in 0..10 {
        let at = open(&desk.ticket(id(&ticket)).await);
        assert_eq!(at.len(), 1, "one level at a time: {at:?}");
        if at[0].0 == "seal" {
            return found;
        }
        found.push(at[0].0.clone());
        desk.does(&at[0].1, "approve", id(&ticket), json!({})).await;
    }
    panic!("no end: {found:?}");
}

const LEVELS: [(&str, &[&str]); 5] = [
    ("sales_managers", &["liuyang"]),
    ("finance", &["zhengxin"]),
    ("regional_directors", &["chenlei"]),
    ("legal", &["huang.wei"]),
    ("seal_keepers", &["lijing"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_amount_of_a_contract_decides_who_approves_it_exactly_at_the_boundary() {
    let desk = desk_with(&["contract_approval"], &LEVELS).await;
    for (fen, levels) in [
        (9_999_999, &["manager"][..]),
        (10_000_000, &["manager"]),
        (10_000_001, &["manager", "finance", "director"]),
        (49_999_999, &["manager", "finance", "director"]),
        (50_000_000, &["manager", "finance", "director", "legal"]),
    ] {
        assert_eq!(approvers(&desk, fen).await, levels, "{fen} fen");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_level_is_asked_after_the_one_before_at_once_and_a_refusal_goes_one_level_back() {
    let desk = desk_with(&["contract_approval"], &LEVELS).await;
    let form = json!({ "title": "维保合同", "customer": "锦程物业", "kind": "service", "amount": 20_000_000 });
    let ticket = desk.raises("contract_approval", form).await;
    let ticket = id(&ticket);
    let card_of = async |userid: &str| desk.chat(userid).await.cards().len();
    assert_eq!((card_of("liuyang").await, card_of("zhengxin").await), (1, 0));
    let before = desk.clock.now();
    desk.does("liuyang", "approve", ticket, json!({})).await;
    // Nothing but the queue ran: no time has passed, and the next one holds his card.
    assert_eq!(desk.clock.now(), before);
    assert_eq!((card_of("zhengxin").await, card_of("chenlei").await), (1, 0));
    desk.does("zhengxin", "approve", ticket, json!({})).await;
    assert_eq!(open(&desk.ticket(ticket).await), pair("director", "chenlei"));
    desk.does("chenlei", "reject", ticket, json!({ "note": "预算不足" })).await;
    assert_eq!(open(&desk.ticket(ticket).await), pair("finance", "zhengxin"));
    desk.does("zhengxin", "reject", ticket, json!({ "note": "请重新议价" })).await;
    assert_eq!(open(&desk.ticket(ticket).await), pair("manager", "liuyang"));
    // The first level gives it back to who raised it, and asks again when he has amended it.
    desk.does("liuyang", "reject", ticket, json!({ "note": "请重新议价" })).await;
    assert_eq!(open(&desk.ticket(ticket).await), pair("manager", "wangfang"));
    desk.does("wangfang", "complete", ticket, json!({})).await;
    for who in ["liuyang", "zhengxin", "chenlei"] {
        desk.does(who, "approve", ticket, json!({})).await;
    }
    desk.does("lijing", "complete", ticket, json!({})).await;
    assert_eq!(desk.ticket(ticket).await["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_above_the_limit_needs_the_manager_and_one_at_the_limit_does_not() {
    let groups: [(&str, &[&str]); 3] =
        [("pricing", &["zhangsan"]), ("sales_managers", &["liuyang"]), ("sales", &["lijing"])];
    let desk = desk_with(&["discount_approval"], &groups).await;
    for (discount, step, who) in [
        (json!(10), "reply", "lijing"),
        (json!(10.01), "lead", "liuyang"),
        (json!(35), "lead", "liuyang"),
    ] {
        let form = json!({ "customer": "云栖酒店", "product": "滤芯 100 只", "list_amount": 1_000_000,
            "deal_amount": 900_000, "discount": discount, "reason": "volume",
            "valid_until": "2026-12-31" });
        let ticket = desk.raises("discount_approval", form).await;
        desk.does("zhangsan", "complete", id(&ticket), json!({})).await;
        assert_eq!(open(&desk.ticket(id(&ticket)).await), pair(step, who), "{discount} %");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_technical_plan_waits_for_the_supervisors_decision() {
    let groups: [(&str, &[&str]); 3] = [
        ("solution_engineers", &["zhaomin", "zhoujie", "wuting"]),
        ("tech_leads", &["sunhao"]),
        ("sales", &["lijing"]),
    ];
    let desk = desk_with(&["tech_plan_review"], &groups).await;
    let form = |risk: &str| {
        json!({ "title": "冷站改造方案", "customer": "云栖酒店", "scope": "更换两台冷机",
            "risk": risk, "delivery_on": "2027-03-31", "author": "huang.wei" })
    };
    let low = desk.raises("tech_plan_review", form("low")).await;
    assert_eq!(open(&low), pair("lead", "sunhao"), "whatever the risk, he decides");
    let told = desk.act(id(&low), "complete", &json!({})).acting_as("lijing").send().await;
    assert_ne!(told.status, 200, "nobody passes him by: {}", told.text());
    desk.does("sunhao", "approve", id(&low), json!({})).await;
    assert_eq!(open(&desk.ticket(id(&low)).await), pair("reply", "lijing"));
    // A risky one is voted on by his engineers first: two of three are enough.
    let high = desk.raises("tech_plan_review", form("high")).await;
    for who in ["zhaomin", "zhoujie"] {
        assert_eq!(open(&desk.ticket(id(&high)).await)[0].0, "peer");
        desk.does(who, "approve", id(&high), json!({})).await;
    }
    assert_eq!(open(&desk.ticket(id(&high)).await), pair("lead", "sunhao"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_goes_from_the_manager_to_finance_and_ends_approved_or_rejected() {
    let groups: [(&str, &[&str]); 2] =
        [("marketing_managers", &["liuyang"]), ("finance", &["zhengxin"])];
    let desk = desk_with(&["budget_approval"], &groups).await;
    let form = json!({ "title": "周年庆", "amount": 5_000_000, "purpose": "门店客流", "activity_type": "offline",
        "start_on": "2026-12-01", "end_on": "2026-12-07", "owner": "lijing" });
    for (last, status) in [("approve", "closed"), ("reject", "cancelled")] {
        let ticket = desk.raises("budget_approval", form.clone()).await;
        assert_eq!(open(&ticket), pair("manager", "liuyang"));
        desk.does("liuyang", "approve", id(&ticket), json!({})).await;
        assert_eq!(open(&desk.ticket(id(&ticket)).await), pair("finance", "zhengxin"));
        let input = if last == "reject" { json!({ "note": "超出预算" }) } else { json!({}) };
        desk.does("zhengxin", last, id(&ticket), input).await;
        assert_eq!(desk.ticket(id(&ticket)).await["status"], status);
    }
    let mut empty = form;
    empty.as_object_mut().unwrap().remove("purpose");
    let new = json!({ "template": "budget_approval", "form": empty });
    let told = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert_eq!(told.json()["errors"][0]["path"], "form.purpose", "{}", told.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_major_complaint_is_not_closed_before_its_plan_was_decided_on() {
    let groups: [(&str, &[&str]); 2] =
        [("complaint_officers", &["zhangsan"]), ("complaint_managers", &["liuyang"])];
    let desk = desk_with(&["complaint_escalation"], &groups).await;
    let form = |severity: &str| {
        json!({ "title": "空调起火", "customer": "何燕", "severity": severity, "kind": "safety",
            "claim": "赔偿并道歉", "phone": "13800000001" })
    };
    let found = json!({ "form": { "findings": "线路老化" } });
    let plain = desk.raises("complaint_escalation", form("general")).await;
    desk.does("zhangsan", "complete", id(&plain), found.clone()).await;
    assert_eq!(open(&desk.ticket(id(&plain)).await), pair("handle", "zhangsan"));
    let major = desk.raises("complaint_escalation", form("major")).await;
    let major = id(&major);
    desk.does("zhangsan", "complete", major, found).await;
    assert_eq!(open(&desk.ticket(major).await), pair("supervise", "liuyang"));
    for (who, verb) in [("zhangsan", "complete"), ("liuyang", "complete"), ("zhangsan", "approve")]
    {
        let told = desk.act(major, verb, &json!({})).acting_as(who).send().await;
        assert!([403, 409].contains(&told.status), "{who} {verb}: {}", told.text());
    }
    assert_eq!(desk.ticket(major).await["status"], "open");
    desk.does("liuyang", "approve", major, json!({})).await;
    let handled = json!({ "form": { "handled": "更换线路，赔偿损失" } });
    desk.does("zhangsan", "complete", major, handled).await;
    let reply = json!({ "form": { "reply": "已处理，敬请谅解" } });
    desk.does("zhangsan", "complete", major, reply).await;
    assert_eq!(desk.ticket(major).await["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspection_that_finds_a_fault_leads_to_its_repair_and_reminds_in_time() {
    let groups: [(&str, &[&str]); 3] = [
        ("inspectors", &["huang.wei"]),
        ("equipment_engineers", &["zhaomin"]),
        ("equipment_managers", &["sunhao"]),
    ];
    let desk = desk_with(&["equipment_inspection"], &groups).await;
    let form = json!({ "title": "1 号冷机", "area": "地下机房", "plan": "daily" });
    let good = desk.raises("equipment_inspection", form.clone()).await;
    let normal = json!({ "form": { "result": "normal" } });
    desk.does("huang.wei", "complete", id(&good), normal).await;
    assert_eq!(desk.ticket(id(&good)).await["status"], "closed", "all is well");
    assert!(desk.chat("sunhao").await.was_told("抄送给您"));
    let bad = desk.raises("equipment_inspection", form).await;
    let bad = id(&bad);
    desk.advance(3 * kernel::time::HOUR + kernel::time::MINUTE).await;
    assert!(desk.chat("huang.wei").await.was_told("即将到期"), "an hour before noon's half day");
    let silent = json!({ "form": { "result": "fault" } });
    let told = desk.act(bad, "complete", &silent).acting_as("huang.wei").send().await;
    assert_eq!(told.json()["errors"][0]["path"], "form.finding", "a fault is described");
    let fault = json!({ "form": { "result": "fault", "finding": "油压低" } });
    desk.does("huang.wei", "complete", bad, fault).await;
    let repaired = json!({ "form": { "repaired": "补油" } });
    desk.does("zhaomin", "complete", bad, repaired.clone()).await;
    desk.does("sunhao", "reject", bad, json!({ "note": "仍有异响" })).await;
    assert_eq!(open(&desk.ticket(bad).await), pair("repair", "zhaomin"));
    desk.does("zhaomin", "complete", bad, repaired).await;
    desk.does("sunhao", "approve", bad, json!({})).await;
    assert_eq!(desk.ticket(bad).await["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_posts_of_a_ward_get_their_cards_at_the_same_moment() {
    let groups: [(&str, &[&str]); 4] = [
        ("ward_nurses", &["zhangsan"]),
        ("pharmacists", &["lijing"]),
        ("doctors", &["liuyang"]),
        ("head_nurses", &["sunhao"]),
    ];
    let desk = desk_with(&["ward_task"], &groups).await;
    let posts = ["zhangsan", "lijing", "liuyang"];
    let unread = async |userid: &str| desk.chat(userid).await.of_app().len();
    for round in 1..=2 {
        let form = json!({ "title": "3 床术前准备", "patient": "3 床 20261120037",
            "kind": "operation", "start_at": "2026-11-23T14:00:00+08:00" });
        let ticket = desk.raises("ward_task", form).await;
        // The clock stood still: what each has got, all have got at once, one message each.
        for userid in posts {
            assert_eq!(unread(userid).await, round, "{userid}");
            assert_eq!(desk.chat(userid).await.last_card().buttons(), ["认领"]);
        }
        assert_eq!(unread("sunhao").await, round - 1, "the head nurse comes after them");
        for userid in posts {
            assert_eq!(
                open(&desk.ticket(id(&ticket)).await)
                    .iter()
                    .filter(|(step, _who)| step == "head")
                    .count(),
                0
            );
            desk.does(userid, "complete", id(&ticket), json!({})).await;
        }
        assert_eq!(open(&desk.ticket(id(&ticket)).await), pair("head", "sunhao"));
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trades_preset_brings_its_fields_and_they_are_edited_without_code() {
    let desk = desk_with(&["guest_request"], &[]).await;
    let path = "/api/v1/templates/guest_request";
    let mut template = desk.ask("GET", path).send().await.json();
    let fields = template["form"]["fields"].as_array_mut().unwrap();
    let keys: Vec<_> = fields.iter().map(|one| one["key"].as_str().unwrap().to_owned()).collect();
    assert!(
        ["room", "item", "deliver_at", "vip"].iter().all(|key| keys.contains(&(*key).to_owned()))
    );
    // The hotel asks for the building too, calls the room otherwise and has no use for the note.
    fields.retain(|one| one["key"] != "note");
    fields[0]["label"] = json!("客房");
    fields.push(json!({ "key": "building", "kind": "text", "label": "楼栋", "required": true }));
    let told = desk.ask("PUT", path).json(&template).send().await;
    assert_eq!(told.json()["problems"], json!([]), "{}", told.text());
    let told = desk.ask("POST", &format!("{path}/publish")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let create = async |form: Value| {
        let new = json!({ "template": "guest_request", "form": form });
        desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await.json()
    };
    let told = create(json!({ "item": "towel", "note": "两条" })).await;
    let wrong: Vec<_> =
        told["errors"].as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
    for place in ["form.note", "form.room", "form.building"] {
        assert!(wrong.contains(&json!(place)), "{place}: {told}");
    }
    assert!(told.to_string().contains("客房"), "{told}");
    let told = create(json!({ "item": "towel", "room": "1208", "building": "A" })).await;
    assert_eq!(told["form"]["building"], "A", "{told}");
    desk.settle().await;
    desk.close().await;
}
