//! The ways of a flow, seen from outside: forks and joins, conditions, what is skipped, what must
//! hold, who is called when nobody acts.

use kernel::time::{HOUR, MINUTE};
use serde_json::{Value, json};

use crate::support::Desk;

fn people(userid: &str) -> Value {
    json!({ "by": "people", "userids": [userid] })
}

fn task(key: &str, userid: &str) -> Value {
    json!({ "key": key, "name": key, "assign": people(userid), "if_nobody": { "do": "hold" } })
}

fn business(key: &str, steps: Value) -> Value {
    json!({
        "key": key, "name": key,
        "form": { "fields": [
            { "key": "problem", "kind": "single_select", "label": "问题", "options": [
                { "value": "water", "label": "漏水" }, { "value": "power", "label": "停电" } ] },
            { "key": "stage", "kind": "single_select", "label": "阶段", "options": [
                { "value": "trial", "label": "试听" }, { "value": "full", "label": "正式课" } ] },
            { "key": "paid", "kind": "switch", "label": "已收款", "access": { "*": "edit" } },
        ] },
        "flow": { "steps": steps },
    })
}

impl Desk {
    async fn offer_flow(&self, key: &str, steps: Value) {
        let told = self.publish(&business(key, steps)).await;
        assert_eq!(told.status, 200, "{}", told.text());
    }

    async fn open_ticket(&self, new: Value) -> Value {
        let told =
            self.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
        assert_eq!(told.status, 201, "{}", told.text());
        told.json()
    }
}

fn id(ticket: &Value) -> &str {
    ticket["id"].as_str().unwrap()
}

/// `key state` of every step.
fn steps(ticket: &Value) -> Vec<String> {
    let word = |step: &Value, name: &str| step[name].as_str().unwrap().to_owned();
    let all = ticket["steps"].as_array().unwrap().iter();
    all.map(|step| format!("{} {}", word(step, "key"), word(step, "state"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_check_the_warehouse_and_the_refund_begin_at_once_and_the_end_waits_for_both() {
    let desk = Desk::open().await;
    let both = json!({ "key": "both", "name": "both", "type": "parallel", "lanes": [
        { "steps": [task("store", "zhaomin")] }, { "steps": [task("refund", "zhoujie")] } ] });
    let flow = json!([task("check", "liuyang"), both, task("tell", "wuting")]);
    desk.offer_flow("return_goods", flow).await;
    let ticket = desk.open_ticket(json!({ "template": "return_goods", "form": {} })).await;
    let ticket = desk.does("liuyang", "complete", id(&ticket), json!({})).await;
    let open = ["check done", "both open", "store open", "refund open", "tell waiting"];
    assert_eq!(steps(&ticket), open);
    let ticket = desk.does("zhoujie", "complete", id(&ticket), json!({})).await;
    assert_eq!(steps(&ticket)[1..], ["both open", "store open", "refund done", "tell waiting"]);
    // The one whose part is done has no say any more.
    let told = desk.act(id(&ticket), "complete", &json!({})).acting_as("zhoujie").send().await;
    assert_eq!(told.refusal().0, 409);
    let ticket = desk.does("zhaomin", "complete", id(&ticket), json!({})).await;
    assert_eq!(steps(&ticket)[1..], ["both done", "store done", "refund done", "tell open"]);
    let told = desk.act(id(&ticket), "complete", &json!({})).acting_as("liuyang").send().await;
    assert_eq!((told.status, told.refusal().1.as_str()), (409, "ticket.step_closed"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn field_entry_and_tag_choose_the_way_and_what_is_not_needed_is_skipped_and_told() {
    let desk = Desk::open().await;
    let when = |stage: &str, source: &str| {
        json!({ "and": [{ "==": [{ "var": "stage" }, stage] },
            { "==": [{ "var": "ticket.source" }, source] }] })
    };
    let case = |stage: &str, source: &str, key: &str| json!({ "when": when(stage, source), "steps": [task(key, "zhaomin")] });
    let mut vip = task("vip", "zhoujie");
    vip["when"] = json!({ "in": ["VIP", { "var": "ticket.tags" }] });
    let way = json!({ "key": "way", "name": "way", "type": "branch",
        "cases": [case("trial", "web_form", "a"), case("trial", "workbench", "b"),
            case("full", "web_form", "c")],
        "default": [task("d", "zhaomin")] });
    desk.offer_flow("enrol", json!([vip, way])).await;
    for (stage, source, tags, taken) in [
        ("trial", "web_form", json!([]), "a"),
        ("trial", "workbench", json!([]), "b"),
        ("full", "web_form", json!([]), "c"),
        ("full", "workbench", json!([]), "d"),
        ("full", "workbench", json!(["VIP"]), "vip"),
    ] {
        let new = json!({ "template": "enrol", "form": { "stage": stage }, "source": source,
            "tags": tags });
        let ticket = desk.open_ticket(new).await;
        let open: Vec<_> = ticket["tasks"].as_array().unwrap().iter().collect();
        assert_eq!((open.len(), &open[0]["step"]), (1, &json!(taken)), "{stage} {source} {tags}");
        if taken != "vip" {
            assert_eq!(steps(&ticket)[0], "vip skipped");
        }
    }
    for (rule, code) in [
        (json!({ "==": [{ "var": "ticket.colour" }, "red"] }), "unknown_field"),
        (json!({ "==": [{ "var": "ticket.priority" }, 3] }), "type_clash"),
    ] {
        let mut step = task("a", "zhaomin");
        step["when"] = rule;
        let told = desk.publish(&business("bad", json!([step]))).await;
        assert_eq!(told.json()["errors"][0]["code"], code, "{}", told.text());
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_hold_before_a_step_is_done_is_said_and_ticking_alone_dispatches() {
    let desk = Desk::open().await;
    let table = json!({ "by": "table", "otherwise": people("wuting"), "rows": [
        { "when": { "==": [{ "var": "problem" }, "water"] }, "assign": people("zhaomin") },
        { "when": { "==": [{ "var": "problem" }, "power"] }, "assign": people("zhoujie") } ] });
    let fix = json!({ "key": "fix", "name": "维修", "assign": table, "if_nobody": { "do": "hold" },
        "exit": { "var": "paid" } });
    desk.offer_flow("quick", json!([fix])).await;
    let new = json!({ "template": "quick", "form": { "problem": "power" } });
    let ticket = desk.open_ticket(new).await;
    assert_eq!(ticket["steps"][0]["handlers"], json!(["zhoujie"]));
    desk.does("zhoujie", "claim", id(&ticket), json!({})).await;
    let told = desk.act(id(&ticket), "complete", &json!({})).acting_as("zhoujie").send().await;
    let (status, code, detail) = told.refusal();
    assert_eq!((status, code.as_str()), (422, "ticket.exit_unmet"), "{detail}");
    assert!(detail.contains("「维修」") && detail.contains("已收款"), "{detail}");
    let paid = json!({ "form": { "paid": true } });
    let ticket = desk.does("zhoujie", "complete", id(&ticket), paid).await;
    assert_eq!(ticket["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_in_which_a_step_could_find_nobody_is_not_published() {
    let desk = Desk::open().await;
    let mut alone = task("alone", "zhaomin");
    alone.as_object_mut().unwrap().remove("if_nobody");
    let told = desk.publish(&business("risky", json!([alone]))).await;
    let error = told.json()["errors"][0].clone();
    assert_eq!((told.status, &error["code"]), (422, &json!("no_fallback")), "{}", told.text());
    assert_eq!(error["path"], "flow.alone");
    assert!(error["detail"].as_str().unwrap().contains("请设置"), "{error}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_two_hours_without_a_hand_the_supervisor_is_called_once() {
    let desk = Desk::open().await;
    let mut step = task("fix", "zhaomin");
    step["limit"] = json!({ "minutes": 120, "escalate": [
        { "minutes": 0, "to": { "by": "supervisor" } }] });
    desk.offer_flow("slow", json!([step])).await;
    let ticket = desk.open_ticket(json!({ "template": "slow", "form": {} })).await;
    let called = async || {
        let history = desk.history(id(&ticket)).await;
        history.iter().filter(|(_verb, text)| text.contains("已通知上级")).count()
    };
    desk.advance(2 * HOUR - MINUTE).await;
    assert_eq!(called().await, 0);
    desk.advance(MINUTE).await;
    assert_eq!(called().await, 1);
    desk.advance(24 * HOUR).await;
    assert_eq!(called().await, 1, "once");
    desk.close().await;
}
