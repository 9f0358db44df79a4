//! One ticket of many parts: a dozen children, and what a choice brings with it.

use qidan::config::Endpoint;
use serde_json::{Value, json};

use crate::support::{Desk, Outlet, step_state};

fn task(key: &str, who: &str) -> Value {
    json!({ "key": key, "name": key, "assign": { "by": "people", "userids": [who] },
        "if_nobody": { "do": "hold" } })
}

async fn raise(desk: &Desk, template: &str, form: Value) -> String {
    desk.raises(template, form).await["id"].as_str().unwrap().to_owned()
}

fn children(ticket: &Value) -> Vec<String> {
    let children = ticket["children"].as_array().unwrap().iter();
    children.map(|child| child["id"].as_str().unwrap().to_owned()).collect()
}

async fn finishes(desk: &Desk, who: &str, ticket: &str) {
    for verb in ["claim", "complete"] {
        let (status, told) = desk.acts(who, ticket, verb, json!({})).await;
        assert_eq!(status, 200, "{verb}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_order_splits_into_twelve_parts_and_is_done_when_all_of_them_are() {
    let desk = Desk::open().await;
    desk.publishes(&json!({
        "key": "part", "name": "子任务",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "事项", "required": true },
            { "key": "holder", "kind": "text", "label": "持卡人", "required": true },
            { "key": "limit", "kind": "money", "label": "额度" },
        ] },
        "flow": { "steps": [task("do", "zhaomin")] },
    }))
    .await;
    let parts = [
        "资料初审",
        "身份核验",
        "征信查询",
        "风险评估",
        "额度审批",
        "合同签署",
        "制卡",
        "寄送",
        "激活",
        "首刷礼",
        "回访",
        "归档",
    ];
    let child = |title: &&str| {
        json!({ "template": "part", "title": title,
            "form": { "holder": { "var": "title" }, "limit": { "*": [{ "var": "limit" }, 2] } } })
    };
    let tickets: Vec<_> = parts.iter().map(child).collect();
    desk.publishes(&json!({
        "key": "card", "name": "信用卡申请",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "申请人", "required": true },
            { "key": "limit", "kind": "money", "label": "额度" },
        ] },
        "flow": { "steps": [
            { "key": "split", "name": "拆解", "type": "subtickets", "tickets": tickets }] },
    }))
    .await;
    let id = raise(&desk, "card", json!({ "title": "王芳", "limit": 50_000 })).await;
    let ids = children(&desk.ticket(&id).await);
    assert_eq!(ids.len(), 12);
    for (title, child) in parts.iter().zip(&ids) {
        let child = desk.ticket(child).await;
        assert_eq!((&child["title"], &child["parent"]), (&json!(title), &json!(id)));
        assert_eq!(child["form"]["holder"], "王芳", "what the parent knows is filled in");
        assert_eq!(child["form"]["limit"], 100_000);
    }
    for (done, child) in ids.iter().enumerate() {
        let parent = desk.ticket(&id).await;
        assert_eq!(parent["steps"][0]["progress"], json!({ "ended": done, "of": 12 }), "{parent}");
        assert_eq!(parent["status"], "open");
        finishes(&desk, "zhaomin", child).await;
    }
    let parent = desk.ticket(&id).await;
    assert_eq!((&parent["status"], step_state(&parent, "split")), (&json!("closed"), "done"));
    // Who calls the parent off calls off its parts.
    let other = raise(&desk, "card", json!({ "title": "李雷" })).await;
    let ids = children(&desk.ticket(&other).await);
    assert_eq!(desk.act(&other, "terminate", &json!({ "note": "撤回" })).send().await.status, 200);
    desk.settle().await;
    for child in ids {
        assert_eq!(desk.ticket(&child).await["status"], "cancelled");
    }
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    desk.close().await;
}

/// A garage: an accident brings the insurance with it, as a part of the form and of the flow.
fn garage() -> Value {
    let is_crash = json!({ "==": [{ "var": "kind" }, "crash"] });
    let insured = |key: &str, label: &str| json!({ "key": key, "kind": "text", "label": label, "required": true });
    json!({
        "key": "garage", "name": "4S 店维修",
        "form": { "fields": [
            { "key": "base", "kind": "section", "label": "车辆",
              "access": { "create": "edit", "intake": "edit" } },
            { "key": "title", "kind": "text", "label": "车牌", "required": true },
            { "key": "kind", "kind": "single_select", "label": "类型", "required": true, "options": [
                { "value": "care", "label": "常规保养" }, { "value": "crash", "label": "事故维修" } ] },
            { "key": "insurance", "kind": "section", "label": "保险对接",
              "rules": { "show": is_crash }, "access": { "create": "edit", "intake": "edit" } },
            insured("policy", "保单号"),
            insured("insurer", "保险公司"),
        ] },
        "flow": { "steps": [
            task("intake", "liuyang"),
            { "key": "way", "name": "业务", "type": "branch", "default": [], "cases": [
                { "name": "事故维修", "when": is_crash, "steps": [
                    { "key": "claim", "name": "保险理赔", "type": "subtickets", "tickets": [
                        { "template": "insurance", "title": "{{insurer}} 理赔 {{title}}",
                          "form": { "policy": { "var": "policy" } } }] },
                    task("settle", "zhaomin")] }] },
            task("repair", "liuyang"),
        ] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accident_brings_the_insurance_with_it_and_taking_the_choice_back_removes_it() {
    let desk = Desk::open().await;
    desk.publishes(&json!({
        "key": "insurance", "name": "保险理赔",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "事由", "required": true },
            { "key": "policy", "kind": "text", "label": "保单号", "required": true },
        ] },
        "flow": { "steps": [task("assess", "zhaomin")] },
    }))
    .await;
    desk.publishes(&garage()).await;
    // Chosen, its part of the form must be answered; not chosen, it cannot be.
    let create = async |form: Value| {
        let new = json!({ "template": "garage", "form": form });
        desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await
    };
    let told = create(json!({ "title": "粤A1", "kind": "crash" })).await;
    let missing: Vec<_> =
        told.json()["errors"].as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
    assert_eq!(missing, ["form.policy", "form.insurer"], "{}", told.text());
    let told = create(json!({ "title": "粤A1", "kind": "care", "policy": "P1" })).await;
    assert_eq!((told.status, told.json()["form"].get("policy")), (201, None), "not stored");
    desk.settle().await;

    // The way of an accident: the insurance is a ticket of its own, and the repair waits for it.
    let crash = json!({ "title": "粤B2", "kind": "crash", "policy": "P2", "insurer": "平安" });
    let id = raise(&desk, "garage", crash.clone()).await;
    finishes(&desk, "liuyang", &id).await;
    let ticket = desk.ticket(&id).await;
    assert_eq!((step_state(&ticket, "claim"), step_state(&ticket, "repair")), ("open", "waiting"));
    let [claim] = children(&ticket).try_into().unwrap();
    let insurance = desk.ticket(&claim).await;
    assert_eq!(
        (&insurance["title"], &insurance["form"]["policy"]),
        (&json!("平安 理赔 粤B2"), &json!("P2"))
    );
    finishes(&desk, "zhaomin", &claim).await;
    assert_eq!(step_state(&desk.ticket(&id).await, "settle"), "open");
    finishes(&desk, "zhaomin", &id).await;
    assert_eq!(step_state(&desk.ticket(&id).await, "repair"), "open");

    // Taken back at the intake: its answers are gone, and its steps are not gone at all.
    let id = raise(&desk, "garage", crash.clone()).await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    let done = json!({ "form": { "kind": "care" } });
    let ticket = desk.does("liuyang", "complete", &id, done).await;
    assert_eq!(
        (ticket["form"].get("policy"), ticket["form"].get("insurer")),
        (None, None),
        "{ticket}"
    );
    assert_eq!((step_state(&ticket, "claim"), step_state(&ticket, "repair")), ("waiting", "open"));
    assert_eq!(ticket["children"], json!([]));

    // Chosen later, at the intake, it is asked for there.
    let id = raise(&desk, "garage", json!({ "title": "粤C3", "kind": "care" })).await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    let lacks =
        desk.act(&id, "complete", &json!({ "form": { "kind": "crash" } })).acting_as("liuyang");
    let lacks = lacks.send().await;
    assert_eq!(lacks.json()["errors"][0]["path"], "form.policy", "{}", lacks.text());
    let form = json!({ "kind": "crash", "policy": "P3", "insurer": "人保" });
    let ticket = desk.does("liuyang", "complete", &id, json!({ "form": form })).await;
    assert_eq!(
        (step_state(&ticket, "claim"), children(&desk.ticket(&id).await).len()),
        ("open", 1)
    );
    desk.close().await;
}

async fn imports(desk: &Desk, keys: &[&str]) {
    for key in keys {
        let told = desk.ask("POST", &format!("/api/v1/presets/{key}/import")).send().await;
        assert_eq!(told.status, 200, "{key}: {}", told.text());
    }
}

/// What is asked of every car.
fn car(more: Value) -> Value {
    let mut form = json!({ "plate": "粤A12345", "model": "轿车", "mileage": 20_000,
        "owner_name": "王芳", "phone": "13800000000" });
    for (key, value) in more.as_object().unwrap() {
        form[key] = value.clone();
    }
    form
}

#[tokio::test(flavor = "multi_thread")]
async fn the_garage_of_the_library_hands_accidents_to_the_insurance_and_redeems_points_of_services()
{
    let outlet = Outlet::open().await;
    let url = format!("{}/points", outlet.url);
    let desk = Desk::with(|config| {
        let endpoint = Endpoint { url, secret: "s".to_owned() };
        config.actions.insert("points".to_owned(), endpoint);
    })
    .await;
    imports(&desk, &["service_order", "insurance_handoff"]).await;
    let picture = desk.ask("POST", "/api/v1/files").acting_as("wangfang");
    let picture = picture.file("a.png", b"\x89PNG\r\n\x1a\n0123456789abcdef".to_vec()).send().await;
    let picture = picture.json()["id"].clone();
    let crash = json!({ "kind": "crash", "insurer": "pingan", "report_no": "B1", "damage_images": [picture] });
    let id = raise(&desk, "service_order", car(crash)).await;
    finishes(&desk, "liuyang", &id).await;
    let [handoff] = children(&desk.ticket(&id).await).try_into().unwrap();
    let ticket = desk.ticket(&handoff).await;
    assert_eq!(
        (&ticket["template"]["key"], &ticket["title"]),
        (&json!("insurance_handoff"), &json!("平安 定损 粤A12345"))
    );
    for form in [json!({ "assessed": 100_000 }), json!({ "agreed_note": "同意" })] {
        desk.does("zhaomin", "claim", &handoff, json!({})).await;
        assert_eq!(step_state(&desk.ticket(&id).await, "work"), "waiting");
        desk.does("zhaomin", "complete", &handoff, json!({ "form": form })).await;
    }
    assert_eq!(step_state(&desk.ticket(&id).await, "work"), "open", "the repair begins");

    let care = json!({ "kind": "care", "use_points": true, "member_no": "M1", "points": 500 });
    let id = raise(&desk, "service_order", car(care)).await;
    finishes(&desk, "liuyang", &id).await;
    assert!(outlet.got().is_empty());
    desk.does("liuyang", "claim", &id, json!({})).await;
    let form = json!({ "work_note": "换机油", "fee": 39_900 });
    desk.does("liuyang", "complete", &id, json!({ "form": form })).await;
    let got = outlet.got();
    assert_eq!(got.len(), 1);
    let data = json!({ "member_no": "M1", "points": 500, "reason": "保养抵扣 粤A12345" });
    assert_eq!(
        (&got[0].json()["data"], &got[0].headers["idempotency-key"]),
        (&data, &format!("{id}:redeem:1"))
    );
    let ticket = desk.ticket(&id).await;
    assert_eq!((step_state(&ticket, "redeem"), step_state(&ticket, "deliver")), ("done", "open"));
    assert_eq!(ticket["children"], json!([]), "no accident, no insurance");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_repairs_of_the_library_raise_an_improvement_at_the_third_same_fault() {
    let desk = Desk::open().await;
    imports(&desk, &["appliance_repair", "product_improvement"]).await;
    let form = json!({ "title": "不制冷", "product": "fridge", "device_model": "BCD-210",
        "purchase_date": "2026-01-01", "warranty": "in", "fault_code": "E5", "customer_name": "王芳",
        "phone": "13800000000", "visit_at": "2026-11-25T10:00:00+08:00",
        "address": { "region": ["广东省", "广州市"], "detail": "1 号" } });
    for _ in 0..4 {
        raise(&desk, "appliance_repair", form.clone()).await;
    }
    let path = "/api/v1/tickets?template=product_improvement";
    let page = desk.ask("GET", path).send().await.json();
    let [raised] = page["items"].as_array().unwrap().as_slice() else { panic!("{page}") };
    assert_eq!(
        (&raised["title"], &raised["priority"]),
        (&json!("BCD-210 重复出现 E5"), &json!("high"))
    );
    assert_eq!(raised["links"].as_array().unwrap().len(), 4);
    assert_eq!(raised["form"]["region"], "广东省广州市 1 号");
    desk.close().await;
}
