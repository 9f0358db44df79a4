//! What the machine does at a step: fields, priority, words, tickets, requests to other systems; and
//! what several tickets that are alike set going.

use kernel::time::{DAY, HOUR, MINUTE};
use qidan::config::Endpoint;
use serde_json::{Value, json};

use crate::support::{Desk, Outlet, step_state};

/// A desk whose configuration knows another system by the names of its doors.
async fn desk_with(outlet: &Outlet) -> Desk {
    let endpoint = |path: &str| Endpoint {
        url: format!("{}/{path}", outlet.url),
        secret: "shop secret".to_owned(),
    };
    Desk::with(|config| {
        for name in ["points", "coupon", "order"] {
            config.actions.insert(name.to_owned(), endpoint(name));
        }
    })
    .await
}

fn task(key: &str, who: &str) -> Value {
    json!({ "key": key, "name": key, "assign": { "by": "people", "userids": [who] },
        "if_nobody": { "do": "hold" } })
}

fn action(key: &str, action: &str, input: Value) -> Value {
    json!({ "key": key, "name": key, "type": "action", "action": action, "input": input })
}

fn template(key: &str, steps: &[Value]) -> Value {
    json!({
        "key": key, "name": key,
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true },
            { "key": "kind", "kind": "single_select", "label": "类型", "options": [
                { "value": "care", "label": "常规保养" }, { "value": "crash", "label": "事故维修" } ] },
            { "key": "fee", "kind": "money", "label": "费用" },
            { "key": "level", "kind": "text", "label": "等级" },
            { "key": "points", "kind": "number", "label": "积分", "access": { "*": "read", "create": "hidden" } },
        ] },
        "flow": { "steps": steps },
    })
}

async fn raise(desk: &Desk, template: &str, form: Value) -> String {
    desk.raises(template, form).await["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machine_fills_in_raises_the_priority_writes_and_raises_tickets() {
    let desk = Desk::open().await;
    desk.publishes(&template("part", &[task("do", "zhaomin")])).await;
    let steps = [
        action(
            "reckon",
            "set",
            json!({ "form": {
            "points": { "/": [{ "var": "fee" }, 100] }, "level": "{{kind}}客户", "title": { "var": "title" } } }),
        ),
        {
            let mut branch = json!({ "key": "big", "name": "大额", "type": "branch", "default": [], "cases": [] });
            branch["cases"] = json!([{ "when": { ">=": [{ "var": "points" }, 100] }, "steps": [
              action("hurry", "priority", json!({ "to": "high" })) ] }]);
            branch
        },
        action("say", "comment", json!({ "text": "{{title}} 应收 {{fee}}" })),
        action(
            "more",
            "ticket",
            json!({ "template": "part", "title": "备件：{{title}}",
            "form": { "fee": { "var": "fee" }, "level": "乙" } }),
        ),
        task("do", "liuyang"),
    ];
    desk.publishes(&template("visit", &steps)).await;
    let form = json!({ "title": "修空调", "kind": "care", "fee": 12_000, "level": "甲" });
    let id = raise(&desk, "visit", form).await;
    let ticket = desk.ticket(&id).await;
    // What is set is there when the next step's condition is asked.
    assert_eq!((&ticket["form"]["points"], &ticket["priority"]), (&json!(120), &json!("high")));
    assert_eq!(ticket["form"]["level"], "常规保养客户");
    assert_eq!(
        (step_state(&ticket, "hurry"), step_state(&ticket, "do")),
        ("done", "open"),
        "{ticket}"
    );
    let history = desk.history(&id).await;
    assert!(
        history.iter().any(|(_verb, text)| text == "自动动作已完成：修空调 应收 ¥120.00"),
        "{history:?}"
    );
    let child = desk.ticket(ticket["children"][0]["id"].as_str().unwrap()).await;
    assert_eq!((&child["title"], &child["parent"]), (&json!("备件：修空调"), &json!(id)));
    assert_eq!((&child["form"]["fee"], &child["form"]["level"]), (&json!(12_000), &json!("乙")));
    assert_eq!(child["creator"]["userid"], "wangfang", "{child}");
    // Nobody waits for it; its end changes nothing above.
    for verb in ["claim", "complete"] {
        desk.does("liuyang", verb, &id, json!({})).await;
    }
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    let child = child["id"].as_str().unwrap();
    for verb in ["claim", "complete"] {
        desk.does("zhaomin", verb, child, json!({})).await;
    }
    let small = raise(&desk, "visit", json!({ "title": "小修", "fee": 100 })).await;
    assert_eq!(desk.ticket(&small).await["priority"], "normal");
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_routine_service_redeems_the_points_once_and_nothing_else_does() {
    let outlet = Outlet::open().await;
    let desk = desk_with(&outlet).await;
    let input =
        json!({ "endpoint": "points", "data": { "spent": { "var": "fee" }, "kind": "care" } });
    let mut redeem = action("redeem", "webhook", input);
    redeem["when"] = json!({ "==": [{ "var": "kind" }, "care"] });
    let steps = [task("do", "liuyang"), redeem, task("check", "zhaomin")];
    desk.publishes(&template("care", &steps)).await;
    let id = raise(&desk, "care", json!({ "title": "保养", "kind": "care", "fee": 800 })).await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    assert!(outlet.got().is_empty(), "not before the work is done");
    // The other system is down at first: the same request comes again.
    outlet.answers(&[500, 429]);
    desk.does("liuyang", "complete", &id, json!({})).await;
    assert_eq!(step_state(&desk.ticket(&id).await, "redeem"), "open");
    desk.advance(MINUTE).await;
    desk.advance(MINUTE).await;
    let got = outlet.got();
    assert_eq!((got.len(), got[0].path.as_str()), (3, "/points"));
    let key = format!("{id}:redeem:1");
    for one in &got {
        assert_eq!((&one.headers["idempotency-key"], &one.body), (&key, &got[0].body));
        let (at, signature) = one.headers["qidan-signature"].split_once(",v1=").unwrap();
        assert!(at.starts_with("t=") && signature.len() == 64, "{one:?}");
    }
    let body = got[0].json();
    assert_eq!(body["data"], json!({ "spent": 800, "kind": "care" }));
    assert_eq!((&body["ticket"]["id"], &body["idempotency_key"]), (&json!(id), &json!(key)));
    let ticket = desk.ticket(&id).await;
    assert_eq!((step_state(&ticket, "redeem"), step_state(&ticket, "check")), ("done", "open"));
    desk.advance(2 * DAY).await;
    assert_eq!(outlet.got().len(), 3, "once it was taken, it is not sent again");
    // What is no routine service redeems nothing.
    let crash = raise(&desk, "care", json!({ "title": "事故", "kind": "crash" })).await;
    for verb in ["claim", "complete"] {
        desk.does("liuyang", verb, &crash, json!({})).await;
    }
    assert_eq!(step_state(&desk.ticket(&crash).await, "redeem"), "skipped");
    assert_eq!(outlet.got().len(), 3);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_reminds_the_consultant_orders_the_deposit_and_issues_a_coupon() {
    let outlet = Outlet::open().await;
    let desk = desk_with(&outlet).await;
    let steps = [
        json!({ "key": "remind", "name": "提醒顾问", "type": "notify", "text": "有新的试听申请，请跟进",
            "to": { "by": "people", "userids": ["zhaomin"] } }),
        action(
            "deposit",
            "webhook",
            json!({ "endpoint": "order",
            "data": { "amount": { "var": "fee" }, "note": "定金：{{title}}" } }),
        ),
        action("coupon", "webhook", json!({ "endpoint": "coupon" })),
        task("call", "zhaomin"),
    ];
    desk.publishes(&template("trial", &steps)).await;
    let id = raise(&desk, "trial", json!({ "title": "钢琴试听", "fee": 9_900 })).await;
    assert!(desk.chat("zhaomin").await.was_told("有新的试听申请"));
    let got = outlet.got();
    let paths: Vec<_> = got.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["/order", "/coupon"], "each once, in order");
    assert_eq!(got[0].json()["data"], json!({ "amount": 9_900, "note": "定金：钢琴试听" }));
    assert_eq!(got[1].headers["idempotency-key"], format!("{id}:coupon:1"));
    assert_eq!(step_state(&desk.ticket(&id).await, "call"), "open");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_fails_or_stays_away_is_held_with_an_alarm_and_people_go_on() {
    let outlet = Outlet::open().await;
    let desk = desk_with(&outlet).await;
    let mut coupon = action("coupon", "webhook", json!({ "endpoint": "coupon" }));
    coupon["wait_minutes"] = json!(30);
    desk.publishes(&template("gift", &[coupon, task("do", "liuyang")])).await;
    // Refused for good: held at once, the reason stands in the history, and who raised it hears.
    outlet.answers(&[422]);
    let refused = raise(&desk, "gift", json!({ "title": "发券" })).await;
    assert_eq!(step_state(&desk.ticket(&refused).await, "coupon"), "held");
    let history = desk.history(&refused).await;
    let is_told = |(verb, text): &(String, String)| {
        verb == "action" && text.contains("没有成功") && text.contains("coupon 拒绝了请求（422")
    };
    assert!(history.iter().any(is_told), "{history:?}");
    assert!(desk.chat("wangfang").await.was_told("自动动作没有成功"));
    // Tried anew by an administrator it is another round, with a key of its own.
    let jump = json!({ "to": "coupon", "note": "对方已修好" });
    let told = desk.act(&refused, "jump", &jump).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.settle().await;
    assert_eq!(step_state(&desk.ticket(&refused).await, "do"), "open");
    assert_eq!(outlet.got()[1].headers["idempotency-key"], format!("{refused}:coupon:2"));
    // Away for long: a person is called, who may go on without it; what comes late does no harm.
    outlet.answers(&[503; 40]);
    let away = raise(&desk, "gift", json!({ "title": "发券" })).await;
    desk.advance(29 * MINUTE).await;
    assert_eq!(step_state(&desk.ticket(&away).await, "coupon"), "open");
    desk.advance(2 * MINUTE).await;
    assert_eq!(step_state(&desk.ticket(&away).await, "coupon"), "held");
    let jump = json!({ "to": "do", "note": "先处理" });
    assert_eq!(desk.act(&away, "jump", &jump).send().await.status, 200);
    desk.settle().await;
    assert_eq!(step_state(&desk.ticket(&away).await, "do"), "open");
    for _ in 0..40 {
        desk.advance(HOUR).await;
    }
    assert_eq!(step_state(&desk.ticket(&away).await, "do"), "open");
    // An endpoint that nobody set up is the same trouble.
    let steps = [action("x", "webhook", json!({ "endpoint": "nowhere" })), task("do", "liuyang")];
    desk.publishes(&template("lost", &steps)).await;
    let lost = raise(&desk, "lost", json!({ "title": "发券" })).await;
    assert_eq!(step_state(&desk.ticket(&lost).await, "x"), "held");
    let history = desk.history(&lost).await;
    assert!(history.iter().any(|(_, text)| text.contains("[actions.nowhere]")), "{history:?}");
    assert_eq!(desk.jobs("outbox", "state=failed").await.len(), 2, "and operators see it");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_that_nobody_knows_or_that_cannot_be_is_not_published() {
    let desk = Desk::open().await;
    for (step, place, code) in [
        (action("x", "pay", json!({})), "flow.x.action", "unknown_action"),
        (
            action("x", "set", json!({ "form": { "colour": 1 } })),
            "flow.x.input.form.colour",
            "unknown_field",
        ),
        (action("x", "set", json!({ "from": {} })), "flow.x.input", "malformed"),
        (
            action("x", "webhook", json!({ "endpoint": "http://a" })),
            "flow.x.input.endpoint",
            "malformed",
        ),
        (
            json!({ "key": "x", "name": "子工单", "type": "subtickets",
                "tickets": [{ "template": "part", "title": "件", "form": { "a": { "var": "b" } } }] }),
            "flow.x.tickets[0].form.a.var",
            "unknown_field",
        ),
    ] {
        let bad = template("bad", &[step, task("do", "liuyang")]);
        let told = desk.ask("PUT", "/api/v1/templates/bad").json(&bad).send().await.json();
        let told = &told["problems"][0];
        assert_eq!((&told["path"], &told["code"]), (&json!(place), &json!(code)), "{told}");
        let told = desk.ask("POST", "/api/v1/templates/bad/publish").send().await;
        assert_eq!(told.refusal().0, 422, "{}", told.text());
    }
    desk.close().await;
}

fn fault(model: &str, city: &str) -> Value {
    json!({ "title": "不制冷", "model": model, "fault": "E5",
        "address": { "region": ["广东省", city], "detail": "1 号" } })
}

fn faulty() -> Value {
    let mut faulty = template("fault", &[task("do", "liuyang")]);
    faulty["form"]["fields"] = json!([
        { "key": "title", "kind": "text", "label": "故障", "required": true },
        { "key": "model", "kind": "text", "label": "型号" },
        { "key": "fault", "kind": "text", "label": "故障代码" },
        { "key": "address", "kind": "address", "label": "地址" },
    ]);
    faulty["triggers"] = json!([{ "key": "again", "name": "同型号重复故障",
        "same": ["model", "fault", "address.region"], "count": 3, "within_days": 30,
        "template": "improve", "title": "{{model}} 重复出现 {{fault}}", "form": { "level": { "var": "model" } } }]);
    faulty
}

async fn improvements(desk: &Desk) -> Vec<Value> {
    let page = desk.ask("GET", "/api/v1/tickets?template=improve").send().await.json();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_third_same_fault_in_a_region_raises_one_improvement_and_the_fourth_only_joins() {
    let desk = Desk::open().await;
    desk.publishes(&template("improve", &[task("do", "zhaomin")])).await;
    desk.publishes(&faulty()).await;
    let mut same = Vec::new();
    same.push(raise(&desk, "fault", fault("X1", "广州市")).await);
    // Another model, another city, no model: none of them counts.
    for other in
        [fault("X2", "广州市"), fault("X1", "深圳市"), json!({ "title": "怪", "fault": "E5" })]
    {
        raise(&desk, "fault", other).await;
    }
    same.push(raise(&desk, "fault", fault("X1", "广州市")).await);
    assert!(improvements(&desk).await.is_empty(), "two are not three");
    same.push(raise(&desk, "fault", fault("X1", "广州市")).await);
    let raised = improvements(&desk).await;
    let [raised] = raised.as_slice() else { panic!("one: {raised:?}") };
    assert_eq!(
        (&raised["title"], &raised["source"]),
        (&json!("X1 重复出现 E5"), &json!("trigger"))
    );
    assert_eq!(raised["form"]["level"], "X1");
    let linked = |ticket: &Value| -> Vec<String> {
        let links = ticket["links"].as_array().unwrap().iter();
        links.map(|link| link["ticket"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(linked(raised), same, "to each of them");
    let improvement = raised["id"].as_str().unwrap().to_owned();
    same.push(raise(&desk, "fault", fault("X1", "广州市")).await);
    assert_eq!(improvements(&desk).await.len(), 1, "the fourth raises nothing");
    for id in &same {
        assert_eq!(linked(&desk.ticket(id).await), [improvement.as_str()], "and is linked as well");
    }
    assert_eq!(linked(&desk.ticket(&improvement).await), same);
    let history = desk.history(&same[0]).await;
    assert!(history.iter().any(|(_, text)| text.starts_with("关联工单 GD-")), "{history:?}");
    // Once that is improved, the fault counts from the beginning.
    for verb in ["claim", "complete"] {
        desk.does("zhaomin", verb, &improvement, json!({})).await;
    }
    for _ in 0..2 {
        raise(&desk, "fault", fault("X1", "广州市")).await;
    }
    assert_eq!(improvements(&desk).await.len(), 1);
    raise(&desk, "fault", fault("X1", "广州市")).await;
    assert_eq!(improvements(&desk).await.len(), 2);
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_too_far_apart_is_not_counted_and_a_trigger_that_cannot_raise_says_so() {
    let desk = Desk::open().await;
    // Not every form asks what its ticket is about.
    let mut improve = template("improve", &[task("do", "zhaomin")]);
    improve["form"]["fields"].as_array_mut().unwrap().remove(0);
    desk.publishes(&improve).await;
    desk.publishes(&faulty()).await;
    raise(&desk, "fault", fault("X1", "广州市")).await;
    desk.advance(30 * DAY).await;
    for _ in 0..2 {
        raise(&desk, "fault", fault("X1", "广州市")).await;
    }
    assert!(improvements(&desk).await.is_empty(), "the first is thirty days old");
    let mut broken = faulty();
    broken["triggers"][0]["form"] = json!({ "colour": "red" });
    desk.publishes(&broken).await;
    let third = raise(&desk, "fault", fault("X1", "广州市")).await;
    assert!(improvements(&desk).await.is_empty());
    let history = desk.history(&third).await;
    assert!(history.iter().any(|(_, text)| text.contains("没有发起工单")), "{history:?}");
    desk.publishes(&faulty()).await;
    raise(&desk, "fault", fault("X1", "广州市")).await;
    assert_eq!(improvements(&desk).await.len(), 1, "mended, the next one does it");
    desk.close().await;
}
