//! What the customer is asked for comes back by a signed link, and the step goes on.

use serde_json::{Value, json};

use crate::support::{Desk, Told};

fn template() -> Value {
    let edit = |step: &str| json!({ "create": "hidden", step: "edit" });
    json!({
        "key": "repair", "name": "报修",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "故障", "required": true },
            { "key": "model", "kind": "text", "label": "型号", "required": true, "help": "见机身铭牌" },
            { "key": "budget", "kind": "money", "label": "预算" },
            { "key": "visit_at", "kind": "datetime", "label": "上门时间" },
            { "key": "kind", "kind": "single_select", "label": "类型", "options": [
                { "value": "home", "label": "家用" }, { "value": "shop", "label": "商用" } ] },
            { "key": "parts", "kind": "multi_select", "label": "损坏部位", "options": [
                { "value": "door", "label": "门体" }, { "value": "fan", "label": "风机" } ] },
            { "key": "photos", "kind": "images", "label": "照片" },
            { "key": "place", "kind": "address", "label": "地址", "required": true },
            { "key": "shop_no", "kind": "text", "label": "门店编号",
              "rules": { "show": { "==": [{ "var": "kind" }, "shop"] } } },
            { "key": "engineer", "kind": "member", "label": "工程师" },
            { "key": "cost", "kind": "money", "label": "成本", "access": edit("check") },
            { "key": "finding", "kind": "textarea", "label": "诊断", "access": edit("fix") },
        ] },
        "flow": { "steps": [
            { "key": "fix", "name": "维修", "assign": { "by": "people", "userids": ["liuyang"] },
              "if_nobody": { "do": "hold" },
              "limit": { "minutes": 60, "overdue": { "do": "end" } } },
            { "key": "check", "name": "验收", "assign": { "by": "people", "userids": ["zhaomin"] },
              "if_nobody": { "do": "hold" } },
        ] },
    })
}

/// A ticket of this customer, if he is known, that liuyang works on; gives its id.
async fn at_work(desk: &Desk, customer: Option<&str>) -> String {
    desk.publishes(&template()).await;
    let form = json!({ "title": "冰箱<不冷>", "model": "BCD-1", "budget": 12_050,
        "visit_at": "2026-11-24T10:30:00+08:00", "kind": "home", "parts": ["fan"],
        "place": { "region": ["广东省", "广州市"], "detail": "1 号" } });
    let new = json!({ "template": "repair", "form": form, "customer": customer });
    // A program may name any customer; a member only those who are his.
    let told = desk.ask("POST", "/api/v1/tickets").json(&new).send().await;
    assert_eq!(told.status, 201, "{}", told.text());
    desk.settle().await;
    let id = told.json()["id"].as_str().unwrap().to_owned();
    desk.does("liuyang", "claim", &id, json!({})).await;
    id
}

/// The path of the page of the only open question.
fn page_of(ticket: &Value) -> String {
    let url = ticket["asked"][0]["url"].as_str().unwrap_or_else(|| panic!("{ticket}"));
    url.split_once("/t/").map(|(_host, rest)| format!("/t/{rest}")).unwrap()
}

async fn opens(desk: &Desk, path: &str) -> Told {
    desk.visit("GET", path).send().await
}

async fn sends(desk: &Desk, path: &str, fields: &[(&str, &str)]) -> Told {
    let mut form = reqwest::multipart::Form::new();
    for (name, text) in fields {
        form = form.text((*name).to_owned(), (*text).to_owned());
    }
    desk.visit("POST", path).form(form).send().await
}

const GOOD: [(&str, &str); 7] = [
    ("f.place.region", "广东省  深圳市 南山区"),
    ("f.place.detail", "2 号"),
    ("f.model", "BCD-2"),
    ("f.budget", "99.90"),
    ("f.visit_at", "2026-11-25T09:00"),
    ("f.parts", "door"),
    ("f.parts", "fan"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_fills_in_what_he_was_asked_for_by_a_signed_link_and_the_step_goes_on() {
    let desk = Desk::open().await;
    let id = at_work(&desk, Some("wmCUSTOMER")).await;
    let asks = json!({ "fields": ["model", "budget", "visit_at", "parts", "photos", "place"],
        "note": "请拍一下铭牌" });
    let ticket = desk.does("liuyang", "ask", &id, asks.clone()).await;
    let asked = &ticket["asked"][0];
    assert_eq!((&asked["step"], &asked["by"]), (&json!("fix"), &json!("liuyang")), "{ticket}");
    assert_eq!(asked["at"], ticket["updated_at"]);
    assert_eq!(desk.ticket(&id).await["asked"][0]["fields"], asks["fields"]);
    let twice = desk.act(&id, "ask", &asks).acting_as("liuyang").send().await;
    assert_eq!(twice.refusal().1, "ticket.asked_already");
    // The link reaches the asker, in words to pass on, without any link of his own.
    let path = page_of(&ticket);
    let chat = desk.chat("liuyang").await;
    let words = chat.texts().pop().unwrap().to_owned();
    assert!(words.contains("型号、预算") && words.contains("/form"), "{words}");
    assert!(!words.contains("查看工单") && words.matches("/t/").count() == 1, "{words}");
    let sent = words.lines().last().unwrap().split_once("/t/").unwrap().1.to_owned();
    assert_eq!(format!("/t/{sent}"), path);

    // Exactly these fields, with what is stored of them, and nothing else of the ticket.
    let page = opens(&desk, &path).await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    let html = page.text();
    for there in [
        "请拍一下铭牌",
        "冰箱&lt;不冷&gt;",
        "name=\"f.model\" required value=\"BCD-1\"",
        "见机身铭牌",
        "value=\"120.50\"",
        "type=\"datetime-local\" id=\"f.visit_at\" name=\"f.visit_at\" value=\"2026-11-24T10:30\"",
        "name=\"f.parts\" value=\"fan\" checked>风机",
        "name=\"f.parts\" value=\"door\">门体",
        "type=\"file\" name=\"f.photos\" multiple accept=\"image/*\"",
        "name=\"f.place.region\" value=\"广东省 广州市\"",
    ] {
        assert!(html.contains(there), "{there}: {html}");
    }
    for absent in ["工程师", "成本", "诊断", "家用", "门店编号", "liuyang", "<script"]
    {
        assert!(!html.contains(absent), "{absent}: {html}");
    }

    // What is wrong is said at its field, and what was typed stays.
    let wrong =
        [("f.model", " "), ("f.budget", "很多"), ("f.parts", "wheel"), ("note", "<b>急</b>")];
    let told = sends(&desk, &path, &wrong).await;
    assert_eq!(told.status, 422);
    let html = told.text();
    for there in [
        "id=\"error-model\" role=\"alert\">请填写型号",
        "id=\"error-budget\"",
        "value=\"很多\"",
        "id=\"error-parts\"",
        "id=\"error-place\"",
        "&lt;b&gt;急&lt;/b&gt;",
    ] {
        assert!(html.contains(there), "{there}: {html}");
    }
    assert_eq!(desk.ticket(&id).await["version"], ticket["version"], "nothing has changed");

    // The clock of the step stands still while the customer is waited for.
    desk.advance(5 * kernel::time::HOUR).await;
    assert_eq!(desk.ticket(&id).await["status"], "open");
    let picture = b"\x89PNG\r\n\x1a\n0123456789abcdef".to_vec();
    let mut form = reqwest::multipart::Form::new().text("note", "麻烦快一点");
    for (name, text) in GOOD {
        form = form.text(name, text);
    }
    // Fields that he was not asked for are none of his.
    form = form.text("f.finding", "没坏").text("f.kind", "shop");
    let part = reqwest::multipart::Part::bytes(picture).file_name("铭牌.png");
    let told = desk.visit("POST", &path).form(form.part("f.photos", part)).send().await;
    assert_eq!((told.status, told.header("location")), (303, path.as_str()), "{}", told.text());
    assert!(opens(&desk, &path).await.text().contains("已收到"));
    desk.settle().await;
    let after = desk.ticket(&id).await;
    let form = &after["form"];
    assert_eq!((&form["model"], &form["budget"]), (&json!("BCD-2"), &json!(9_990)));
    assert_eq!(form["visit_at"], "2026-11-25T01:00:00Z", "{form}");
    assert_eq!((&form["parts"], &form["kind"]), (&json!(["door", "fan"]), &json!("home")));
    let place = json!({ "region": ["广东省", "深圳市", "南山区"], "detail": "2 号" });
    assert_eq!(form["place"], place);
    assert_eq!((&form["title"], form.get("finding")), (&json!("冰箱<不冷>"), None));
    let photo = form["photos"][0].as_str().unwrap();
    let file = desk.ask("GET", &format!("/api/v1/files/{photo}?ticket={id}")).send().await;
    assert_eq!((file.status, file.header("content-type")), (200, "image/png"));
    assert_eq!(after["asked"], json!([]));
    assert_eq!(after["steps"][0]["state"], "open", "the step goes on");
    assert!(desk.chat("liuyang").await.was_told("客户已回复"), "{:#?}", desk.chat("liuyang").await);
    let history = desk.history(&id).await;
    assert!(
        history.contains(&("answer".to_owned(), "客户 补充了资料：麻烦快一点".to_owned())),
        "{history:?}"
    );
    desk.advance(kernel::time::HOUR + kernel::time::MINUTE).await;
    assert_eq!(desk.ticket(&id).await["status"], "cancelled", "and its clock, too");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_is_used_old_late_or_forged_says_so_and_changes_nothing() {
    let desk = Desk::open().await;
    // Of a ticket whose customer is not known, whoever has the link is him.
    let id = at_work(&desk, None).await;
    let asks = json!({ "fields": ["model"] });
    let first = page_of(&desk.does("liuyang", "ask", &id, asks.clone()).await);
    assert_eq!(sends(&desk, &first, &[("f.model", "A")]).await.status, 303);
    let again = sends(&desk, &first, &[("f.model", "B")]).await;
    assert_eq!(again.status, 409);
    assert!(again.text().contains("已经提交过"), "{}", again.text());
    // A newer question is another one; the older link neither shows nor answers it.
    let second = page_of(&desk.does("liuyang", "ask", &id, asks.clone()).await);
    assert_ne!(first, second);
    assert!(opens(&desk, &first).await.text().contains("已收到"));
    assert_eq!(sends(&desk, &first, &[("f.model", "C")]).await.status, 409);
    assert_eq!(desk.ticket(&id).await["form"]["model"], "A");
    let forged = second.replace("/t/", "/t/A");
    for (path, words) in
        [(forged.as_str(), "链接无效"), (second.trim_end_matches("/form"), "链接无效")]
    {
        let told = opens(&desk, path).await;
        assert_eq!(told.status, 404, "{path}");
        assert!(told.text().contains(words), "{}", told.text());
    }
    let told = desk.visit("POST", &second).body("application/json", "{}").send().await;
    assert_eq!(told.status, 422, "{}", told.text());
    // What is not needed any more, because the work is done, is not taken.
    desk.does("liuyang", "complete", &id, json!({})).await;
    let gone = opens(&desk, &second).await;
    assert_eq!(gone.status, 410);
    assert_eq!(sends(&desk, &second, &[("f.model", "D")]).await.status, 410);
    // A link lives a week; then the ticket has a new one.
    desk.does("zhaomin", "claim", &id, json!({})).await;
    let third = page_of(&desk.does("zhaomin", "ask", &id, asks).await);
    desk.advance(7 * kernel::time::DAY).await;
    assert_eq!(opens(&desk, &third).await.status, 404);
    assert_eq!(sends(&desk, &third, &[("f.model", "E")]).await.status, 404);
    let renewed = page_of(&desk.ticket(&id).await);
    assert_eq!(opens(&desk, &renewed).await.status, 200);
    let ended = desk.act(&id, "terminate", &json!({ "note": "不修了" })).send().await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    let told = opens(&desk, &renewed).await;
    assert_eq!(told.status, 410);
    assert!(told.text().contains("已经结束"), "{}", told.text());
    assert_eq!(sends(&desk, &renewed, &[("f.model", "F")]).await.status, 410);
    assert_eq!(desk.ticket(&id).await["form"]["model"], "A");
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_customer_can_fill_in_is_asked_for_and_staff_can_answer_for_him() {
    let desk = Desk::open().await;
    let id = at_work(&desk, None).await;
    for (fields, code) in [
        (json!([]), "required"),
        (json!(["colour"]), "not_an_option"),
        (json!(["engineer"]), "not_an_option"),
        (json!(["cost"]), "not_an_option"),
        (json!(["shop_no"]), "not_an_option"),
    ] {
        let told = desk.act(&id, "ask", &json!({ "fields": fields })).acting_as("liuyang");
        let told = told.send().await;
        assert_eq!(told.refusal().0, 422, "{fields}");
        assert_eq!(told.json()["errors"][0]["code"], code, "{fields}: {}", told.text());
    }
    let asks = json!({ "fields": ["finding", "model"] });
    let other = desk.act(&id, "ask", &asks).acting_as("zhaomin").send().await;
    assert_eq!(other.refusal().0, 404, "it is not his ticket: {}", other.text());
    let none = desk.act(&id, "answer", &json!({ "ask": "1" })).acting_as("liuyang").send().await;
    assert_eq!(none.refusal().1, "ticket.not_asked");
    let ticket = desk.does("liuyang", "ask", &id, asks).await;
    let ask = &ticket["asked"][0]["ask"];
    let answer = json!({ "ask": ask, "form": { "model": "BCD-9", "budget": 1 } });
    let told = desk.act(&id, "answer", &answer).acting_as("liuyang").send().await;
    assert_eq!(told.json()["errors"][0]["path"], "form.budget", "{}", told.text());
    let answer = json!({ "ask": ask, "form": { "model": "BCD-9" } });
    let after = desk.does("liuyang", "answer", &id, answer).await;
    assert_eq!((&after["form"]["model"], &after["asked"]), (&json!("BCD-9"), &json!([])));
    desk.close().await;
}
