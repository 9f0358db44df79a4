//! Opportunities, orders and devices of customers: registered, imported, named by tickets.

use serde_json::{Value, json};

use crate::support::Desk;

const HEYAN: &str = "wmQFAAAA0001heyan";
const TANGBO: &str = "woQFAAAA0004tangbo";

fn problems(body: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, key: &str| one[key].as_str().unwrap_or_default().to_owned();
    let errors = body["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().map(|one| (text(one, "path"), text(one, "code"))).collect()
}

/// An approval that names an opportunity, an order and a device.
fn business() -> Value {
    json!({
        "key": "deal", "name": "特价审批",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true },
            { "key": "deal", "kind": "opportunity", "label": "商机" },
            { "key": "bought", "kind": "order", "label": "订单" },
            { "key": "device", "kind": "asset", "label": "设备" },
        ] },
        "flow": { "steps": [{ "key": "approve", "name": "审批", "public_name": "审批",
            "assign": { "by": "people", "userids": ["liuyang"] },
            "if_nobody": { "do": "hold" } }] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_kept_by_its_key_and_shown_with_the_customer() {
    let desk = Desk::open().await;
    let deal = json!({ "external_userid": TANGBO, "title": "二期改造", "stage": "报价",
        "amount_cents": 26_000_000, "owner": "WangFang", "expected_on": "2026-12-31" });
    let told = desk.ask("PUT", "/api/v1/opportunities/SJ-1").json(&deal).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!((&told.json()["key"], &told.json()["owner"]), (&json!("SJ-1"), &json!("wangfang")));
    let order = json!({ "external_userid": TANGBO, "title": "年度维保", "amount_cents": 1_280_000,
        "state": "已付款", "ordered_at": "2026-06-01T09:00:00+08:00",
        "lines": [{ "name": "维保", "quantity": 4, "price_cents": 320_000 }] });
    let told = desk.ask("PUT", "/api/v1/orders/QF-1").json(&order).send().await;
    assert_eq!(told.json()["ordered_at"], "2026-06-01T01:00:00.000000Z", "{}", told.text());
    let asset =
        json!({ "external_userid": TANGBO, "name": "1 号冷机", "values": { "冷媒": "R134a" } });
    assert_eq!(desk.ask("PUT", "/api/v1/assets/LJ-1").json(&asset).send().await.status, 200);
    let path = format!("/api/v1/context/customer/{TANGBO}");
    let seen = desk.ask("GET", &path).acting_as("wangfang").send().await.json();
    assert_eq!(seen["opportunities"][0]["stage"], "报价");
    assert_eq!(seen["orders"][0]["lines"][0]["quantity"], 4);
    assert_eq!(seen["assets"][0]["values"]["冷媒"], "R134a");
    assert_eq!(
        (&seen["assets"][0]["tickets"], &seen["assets"][0]["last_service_at"]),
        (&json!(0), &Value::Null)
    );
    let mut later = deal.clone();
    later["stage"] = json!("谈判");
    desk.ask("PUT", "/api/v1/opportunities/SJ-1").json(&later).send().await;
    let list = format!("/api/v1/opportunities?customer={TANGBO}&q=改造");
    let list = desk.ask("GET", &list).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["items"][0]["stage"], "谈判");
    assert_eq!(desk.ask("DELETE", "/api/v1/opportunities/SJ-1").send().await.status, 204);
    let gone = desk.ask("GET", "/api/v1/opportunities/SJ-1").send().await.refusal();
    assert_eq!(gone.1, "opportunity.not_found");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_one_is_told_by_field_and_only_who_may_writes() {
    let desk = Desk::open().await;
    let bad = json!({ "external_userid": "wmNobody", "title": " ", "amount_cents": -1,
        "expected_on": "2026-02-30" });
    let told = desk.ask("PUT", "/api/v1/opportunities/SJ%201").json(&bad).send().await;
    let mut found = problems(&told.json());
    found.sort();
    let expected = [
        ("amount_cents", "out_of_range"),
        ("expected_on", "malformed"),
        ("external_userid", "unknown_customer"),
        ("key", "malformed"),
        ("title", "required"),
    ];
    assert_eq!(found, expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
    let owner = json!({ "external_userid": HEYAN, "title": "x", "owner": "nobody" });
    let told = desk.ask("PUT", "/api/v1/opportunities/SJ-1").json(&owner).send().await;
    assert_eq!(problems(&told.json()), [("owner".to_owned(), "unknown_member".to_owned())]);
    let read = json!({ "name": "crm", "scopes": ["customers:read"] });
    let made = desk.ask("POST", "/api/v1/tokens").json(&read).send().await.json();
    let token = made["token"].as_str().unwrap().to_owned();
    let good = json!({ "external_userid": HEYAN, "title": "x" });
    let refused =
        desk.ask_with(&token, "PUT", "/api/v1/opportunities/SJ-1").json(&good).send().await;
    assert_eq!(refused.refusal().1, "auth.scope");
    assert_eq!(desk.ask_with(&token, "GET", "/api/v1/opportunities").send().await.status, 200);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_tried_before_it_is_taken_and_one_wrong_line_takes_none() {
    let desk = Desk::open().await;
    let send = async |query: &str, file: &str| {
        let path = format!("/api/v1/assets/import{query}");
        desk.ask("POST", &path).body("text/csv", file.to_owned()).send().await
    };
    let good = format!(
        "序列号,客户,设备名称,参数:冷媒\nSN-1,{HEYAN},客厅空调,R32\nSN-2,13800000002,新风机,\n"
    );
    let tried = send("?dry_run=true", &good).await;
    let expected =
        json!({ "rows": 2, "created": 2, "changed": 0, "unchanged": 0, "is_dry_run": true });
    assert_eq!(tried.json(), expected, "{}", tried.text());
    assert_eq!(desk.ask("GET", "/api/v1/assets").send().await.json()["items"], json!([]));
    let bad = format!("{good}SN 3,wmNobody,,\n");
    let told = send("", &bad).await;
    let mut found = problems(&told.json());
    found.sort();
    let expected = [
        ("rows[4].external_userid", "unknown_customer"),
        ("rows[4].name", "required"),
        ("rows[4].serial_no", "malformed"),
    ];
    assert_eq!(found, expected.map(|(path, code)| (path.to_owned(), code.to_owned())));
    let words = told.json()["errors"][0]["detail"].as_str().unwrap_or_default().to_owned();
    assert!(words.starts_with("第 4 行「"), "{words}");
    assert_eq!(
        desk.ask("GET", "/api/v1/assets").send().await.json()["items"],
        json!([]),
        "nothing of it"
    );
    assert_eq!(send("", &good).await.json()["created"], 2);
    assert_eq!(send("", &good).await.json()["unchanged"], 2);
    let one = desk.ask("GET", "/api/v1/assets/SN-1").send().await.json();
    assert_eq!((&one["values"]["冷媒"], &one["external_userid"]), (&json!("R32"), &json!(HEYAN)));
    let gbk = desk.ask("POST", "/api/v1/assets/import").body("text/csv", vec![0xC9u8, 0xE8, 0xB1]);
    let gbk = gbk.send().await.json();
    assert!(gbk["errors"][0]["detail"].as_str().unwrap().contains("CSV UTF-8"), "{gbk}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_names_only_what_is_registered_and_the_device_knows_its_history() {
    let desk = Desk::open().await;
    desk.publishes(&business()).await;
    let raise = async |form: Value| {
        let new = json!({ "template": "deal", "customer": HEYAN, "form": form });
        let told =
            desk.ask("POST", "/api/v1/tickets").acting_as("zhangsan").json(&new).send().await;
        desk.settle().await;
        told
    };
    let before = raise(json!({ "title": "一", "device": "ANY-1" })).await;
    assert_eq!(before.status, 201, "no register is kept, so the number is another system's");
    let asset = json!({ "external_userid": HEYAN, "name": "客厅空调" });
    assert_eq!(desk.ask("PUT", "/api/v1/assets/SN-1").json(&asset).send().await.status, 200);
    let unknown = raise(json!({ "title": "二", "device": "SN-404" })).await;
    assert_eq!(problems(&unknown.json()), [("form.device".to_owned(), "unknown_asset".to_owned())]);
    let made = raise(json!({ "title": "三", "device": "SN-1" })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    desk.does("liuyang", "claim", &id, json!({})).await;
    desk.advance(3_600_000_000).await;
    let done = desk.does("liuyang", "complete", &id, json!({})).await;
    assert_eq!(raise(json!({ "title": "四", "device": "SN-1" })).await.status, 201);
    let device = desk.ask("GET", "/api/v1/assets/SN-1").acting_as("liuyang").send().await.json();
    assert_eq!((&device["tickets"], &device["last_service_at"]), (&json!(2), &done["closed_at"]));
    let history = desk.ask("GET", "/api/v1/tickets?asset=SN-1&is_ended=true").send().await.json();
    assert_eq!(history["items"].as_array().unwrap().len(), 1, "{history}");
    assert_eq!(history["items"][0]["id"], json!(id));
    let stranger =
        desk.ask("GET", "/api/v1/assets/SN-1").acting_as("sunhao").send().await.refusal();
    assert_eq!((stranger.0, &*stranger.1), (403, "customer.not_yours"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approver_sees_what_the_ticket_names_without_asking_unless_it_is_hidden_from_him() {
    let desk = Desk::open().await;
    let mut open = business();
    open["form"]["fields"][2]["access"] = json!({ "create": "edit", "*": "hidden" });
    open["flow"]["steps"][0]["type"] = json!("approval");
    desk.publishes(&open).await;
    let deal = json!({ "external_userid": HEYAN, "title": "全屋新风", "stage": "谈判",
        "amount_cents": 2_600_000, "owner": "zhangsan" });
    assert_eq!(desk.ask("PUT", "/api/v1/opportunities/SJ-1").json(&deal).send().await.status, 200);
    let order = json!({ "external_userid": HEYAN, "title": "滤芯",
        "ordered_at": "2026-06-01T09:00:00+08:00" });
    assert_eq!(desk.ask("PUT", "/api/v1/orders/QF-1").json(&order).send().await.status, 200);
    let form = json!({ "title": "九折", "deal": "SJ-1", "bought": "QF-1" });
    let new = json!({ "template": "deal", "customer": HEYAN, "form": form });
    let made = desk.ask("POST", "/api/v1/tickets").acting_as("zhangsan").json(&new).send().await;
    assert_eq!(made.status, 201, "{}", made.text());
    desk.settle().await;
    let path = format!("/api/v1/tickets/{}", made.json()["id"].as_str().unwrap());
    let seen = desk.ask("GET", &path).acting_as("liuyang").send().await.json();
    let deal = &seen["related"]["opportunities"][0];
    assert_eq!(
        (&deal["stage"], &deal["amount_cents"], &deal["owner"]),
        (&json!("谈判"), &json!(2_600_000), &json!("zhangsan"))
    );
    assert_eq!(seen["related"]["orders"], json!([]), "the answer is hidden from him");
    assert_eq!(desk.ask("GET", &path).send().await.json()["related"]["orders"][0]["no"], "QF-1");
    let decided =
        desk.does("liuyang", "approve", made.json()["id"].as_str().unwrap(), json!({})).await;
    assert_eq!(decided["status"], "closed", "what he saw was his to decide on");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_somebody_guessed_shows_him_nothing() {
    let desk = Desk::open().await;
    let form = json!({ "fields": [
        { "key": "title", "kind": "text", "label": "标题", "required": true },
        { "key": "order_no", "kind": "text", "label": "订单号" },
        { "key": "serial_no", "kind": "text", "label": "序列号" },
        { "key": "opportunity_no", "kind": "text", "label": "商机" },
    ] });
    let step = json!({ "key": "go", "name": "处理", "if_nobody": { "do": "hold" },
        "assign": { "by": "people", "userids": ["liuyang"] } });
    let template =
        json!({ "key": "guess", "name": "退货", "form": form, "flow": { "steps": [step] } });
    desk.publishes(&template).await;
    let order = json!({ "external_userid": HEYAN, "title": "滤芯",
        "ordered_at": "2026-06-01T09:00:00+08:00" });
    assert_eq!(desk.ask("PUT", "/api/v1/orders/QF-1").json(&order).send().await.status, 200);
    let asset = json!({ "external_userid": HEYAN, "name": "客厅空调" });
    assert_eq!(desk.ask("PUT", "/api/v1/assets/SN-1").json(&asset).send().await.status, 200);
    let deal = json!({ "external_userid": HEYAN, "title": "全屋新风", "stage": "谈判",
        "amount_cents": 100, "owner": "zhangsan" });
    assert_eq!(desk.ask("PUT", "/api/v1/opportunities/SJ-1").json(&deal).send().await.status, 200);
    let form = json!({ "title": "猜", "order_no": "QF-1", "serial_no": "SN-1",
        "opportunity_no": "SJ-1" });
    let new = json!({ "template": "guess", "form": form });
    let counts = |told: &Value| {
        let many = |key: &str| told["related"][key].as_array().unwrap().len();
        (many("orders"), many("assets"), many("opportunities"))
    };
    let guess = desk.ask("POST", "/api/v1/tickets").acting_as("sunhao").json(&new).send().await;
    assert_eq!(guess.status, 201, "{}", guess.text());
    assert_eq!(counts(&guess.json()), (0, 0, 0), "{}", guess.text());
    // Who serves the customer sees it, and so does he who is to do it.
    let told = desk.ask("POST", "/api/v1/tickets").acting_as("zhangsan").json(&new).send().await;
    assert_eq!(counts(&told.json()), (1, 1, 1), "{}", told.text());
    desk.settle().await;
    let path = format!("/api/v1/tickets/{}", told.json()["id"].as_str().unwrap());
    let seen = desk.ask("GET", &path).acting_as("liuyang").send().await.json();
    assert_eq!(counts(&seen), (1, 1, 1), "{seen}");
    desk.close().await;
}
