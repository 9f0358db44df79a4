//! QR codes and public forms: what they fill in, what they count, and whom they keep out.

use kernel::time::{DAY, HOUR, MINUTE, SECOND};
use serde_json::{Value, json};

use crate::support::{Desk, Told};

const NASTY: &str = "<script>alert(1)</script>";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0123456789abcdef";

fn template() -> Value {
    let hidden = json!({ "create": "hidden", "*": "hidden", "fix": "edit" });
    json!({
        "key": "repair", "name": "门店报修",
        "form": { "fields": [
            { "key": "about", "kind": "section", "label": "问题" },
            { "key": "title", "kind": "text", "label": "故障", "required": true },
            { "key": "store", "kind": "text", "label": "门店" },
            { "key": "city", "kind": "text", "label": "城市" },
            { "key": "order_no", "kind": "text", "label": "订单号" },
            { "key": "product", "kind": "text", "label": "商品" },
            { "key": "course", "kind": "text", "label": "课程" },
            { "key": "phone", "kind": "phone", "label": "电话" },
            { "key": "photos", "kind": "images", "label": "照片" },
            { "key": "inner", "kind": "section", "label": "内部" },
            { "key": "cost", "kind": "money", "label": "成本", "access": hidden },
            { "key": "engineer", "kind": "member", "label": "工程师" },
        ] },
        "flow": { "steps": [
            { "key": "fix", "name": "维修", "public_name": "维修", "if_nobody": { "do": "hold" },
              "assign": { "by": "table",
                "rows": [{ "when": { "==": [{ "var": "course" }, "math"] },
                    "assign": { "by": "people", "userids": ["zhaomin"] } }],
                "otherwise": { "by": "people", "userids": ["liuyang"] } } },
        ] },
    })
}

fn code(more: Value) -> Value {
    let mut code = json!({
        "key": "shop_1", "name": "一号店贴纸", "template": "repair", "source": "qr",
        "defaults": { "store": "一号店", "city": "广州" }, "editable": ["city"],
        "params": { "order": "order_no", "sku": "product", "course": "course", "s": "store" },
        "channels": ["moments", "short_video", "video_channel"], "place": "收银台", "phone": "phone",
        "frame_ancestors": ["https://live.example.com"],
    });
    for (key, value) in more.as_object().unwrap() {
        code[key] = value.clone();
    }
    code
}

async fn set_up(desk: &Desk, more: Value) {
    desk.publishes(&template()).await;
    let told = desk.ask("PUT", "/api/v1/codes/shop_1").json(&code(more)).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
}

/// Opens the form; gives what it says.
async fn opens(desk: &Desk, query: &str) -> Value {
    let told = desk.visit("GET", &format!("/api/v1/public/q/shop_1{query}")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()
}

async fn sends(desk: &Desk, visit: &Value, form: Value) -> Told {
    let body = json!({ "visit": visit["visit"], "form": form });
    desk.visit("POST", "/api/v1/public/q/shop_1").json(&body).send().await
}

async fn uploads(desk: &Desk, visit: &Value, name: &str, bytes: Vec<u8>) -> Told {
    let visit = visit["visit"].as_str().unwrap();
    let ask = desk.visit("POST", &format!("/api/v1/public/q/shop_1/files?visit={visit}"));
    ask.file(name, bytes).send().await
}

async fn counted(desk: &Desk) -> (i64, i64) {
    let told = desk.ask("GET", "/api/v1/codes/shop_1/counts").send().await.json();
    (told["scans"].as_i64().unwrap(), told["submits"].as_i64().unwrap())
}

async fn newest(desk: &Desk) -> Value {
    desk.settle().await;
    let id = desk.tickets().await[0]["id"].as_str().unwrap().to_owned();
    desk.ticket(&id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanned_code_leads_to_a_ticket_with_what_it_says_and_each_visit_counts_once() {
    let desk = Desk::open().await;
    set_up(&desk, json!({})).await;
    let page = desk.visit("GET", "/q/shop_1").send().await;
    assert_eq!(page.status, 200, "{}", page.text());
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'self'") && policy.ends_with(" https://live.example.com"),
        "{policy}"
    );
    let visit = opens(&desk, "?order=A-7&colour=9&course=").await;
    let keys: Vec<_> = visit["form"]["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        keys,
        ["about", "title", "store", "city", "order_no", "product", "course", "phone", "photos"]
    );
    assert_eq!(visit["values"], json!({ "store": "一号店", "city": "广州", "order_no": "A-7" }));
    assert_eq!((&visit["fixed"], &visit["place"]), (&json!(["store"]), &json!("收银台")));
    // Who loads it again with his visit is the same visitor.
    let again = opens(&desk, &format!("?visit={}", visit["visit"].as_str().unwrap())).await;
    assert_eq!(again["visit"], visit["visit"]);
    assert_eq!(counted(&desk).await, (1, 0));
    desk.advance(5 * SECOND).await;
    let photo = uploads(&desk, &visit, "../../x.html", PNG.to_vec()).await;
    assert_eq!(photo.status, 201, "{}", photo.text());
    assert_eq!(photo.json()["name"], "x.html");
    let form = json!({ "title": format!("灯不亮{NASTY}"), "order_no": "A-7", "city": "深圳",
        "photos": [photo.json()["id"]] });
    let told = sends(&desk, &visit, form.clone()).await;
    assert_eq!(told.status, 201, "{}", told.text());
    // The same form sent twice is one ticket with one answer.
    let twice = sends(&desk, &visit, form).await;
    assert_eq!((twice.status, twice.json()), (201, told.json()));
    assert_eq!(counted(&desk).await, (1, 1));
    let ticket = newest(&desk).await;
    assert_eq!(desk.tickets().await.len(), 1);
    assert_eq!((&ticket["no"], &ticket["source"]), (&told.json()["no"], &json!("qr")));
    assert_eq!(
        (&ticket["form"]["store"], &ticket["form"]["city"]),
        (&json!("一号店"), &json!("深圳"))
    );
    assert_eq!((&ticket["form"]["order_no"], &ticket["tags"]), (&json!("A-7"), &json!(["收银台"])));
    assert_eq!(ticket["form"]["photos"], json!([photo.json()["id"]]));
    assert!(desk.chat("liuyang").await.last_card().card().is_some(), "who does it has a card");
    // He follows it by the link that he got.
    let url = told.json()["progress_url"].as_str().unwrap().split_once("/t/").unwrap().1.to_owned();
    let page = desk.visit("GET", &format!("/t/{url}")).send().await;
    assert_eq!(page.status, 200);
    let html = page.text();
    assert!(
        html.contains("灯不亮&lt;script&gt;") && html.matches("<script").count() == 1,
        "{html}"
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_visits_at_once_are_counted_exactly() {
    let desk = Desk::open().await;
    set_up(&desk, json!({})).await;
    let visits = (0..24).map(|_n| opens(&desk, ""));
    futures_util::future::join_all(visits).await;
    assert_eq!(counted(&desk).await, (24, 0));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_says_by_which_channel_and_about_what_it_came_as_far_as_the_code_allows() {
    let desk = Desk::open().await;
    set_up(&desk, json!({})).await;
    for (query, source, store, handler) in [
        ("?channel=moments", "moments", "一号店", "liuyang"),
        ("?channel=short_video&course=math", "short_video", "一号店", "zhaomin"),
        ("?channel=short_video&sku=K-1", "short_video", "一号店", "liuyang"),
        ("?channel=video_channel", "video_channel", "一号店", "liuyang"),
        ("?sku=K-1&order=A-7", "qr", "一号店", "liuyang"),
        ("?channel=live", "qr", "一号店", "liuyang"),
        ("?s=%E4%BA%8C%E5%8F%B7%E5%BA%97", "qr", "一号店", "liuyang"),
    ] {
        let visit = opens(&desk, query).await;
        desk.advance(3 * SECOND).await;
        let mut form = visit["values"].clone();
        form["title"] = json!("问一下");
        let told = sends(&desk, &visit, form).await;
        assert_eq!(told.status, 201, "{query}: {}", told.text());
        let ticket = newest(&desk).await;
        assert_eq!(
            (&ticket["source"], &ticket["form"]["store"]),
            (&json!(source), &json!(store)),
            "{query}"
        );
        assert_eq!(ticket["steps"][0]["handlers"], json!([handler]), "{query}");
        let product = if query.contains("sku") { json!("K-1") } else { Value::Null };
        let order = if query.contains("order") { json!("A-7") } else { Value::Null };
        let said = |key: &str| ticket["form"].get(key).cloned().unwrap_or_default();
        assert_eq!((said("product"), said("order_no")), (product, order), "{query}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_fixed_or_not_asked_cannot_be_sent() {
    let desk = Desk::open().await;
    set_up(&desk, json!({})).await;
    let visit = opens(&desk, "").await;
    desk.advance(3 * SECOND).await;
    for (form, path, reason) in [
        (json!({ "title": "a", "store": "二号店" }), "form.store", "fixed"),
        (json!({ "title": "a", "cost": 1 }), "form.cost", "unknown_field"),
        (json!({ "title": "a", "engineer": "liuyang" }), "form.engineer", "unknown_field"),
        (json!({ "title": "a", "about": "x" }), "form.about", "unknown_field"),
        (json!({ "title": " " }), "form.title", "required"),
        (json!({ "title": "a", "photos": ["1"] }), "form.photos[0]", "unknown_file"),
    ] {
        let told = sends(&desk, &visit, form.clone()).await;
        assert_eq!(told.refusal().0, 422, "{form}");
        let field = &told.json()["errors"][0];
        assert_eq!(
            (&field["path"], &field["code"]),
            (&json!(path), &json!(reason)),
            "{}",
            told.text()
        );
    }
    assert!(desk.tickets().await.is_empty());
    // What was refused did not use the visit up.
    assert_eq!(sends(&desk, &visit, json!({ "title": "a" })).await.status, 201);
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_and_old_pages_are_kept_out() {
    let desk = Desk::open().await;
    set_up(&desk, json!({})).await;
    let form = || json!({ "title": "a" });
    let visit = opens(&desk, "").await;
    let fast = sends(&desk, &visit, form()).await.refusal();
    assert_eq!((fast.0, fast.1.as_str()), (422, "visit.too_fast"));
    desk.advance(3 * SECOND).await;
    let trapped =
        json!({ "visit": visit["visit"], "form": form(), "website": "http://spam.example" });
    let told = desk.visit("POST", "/api/v1/public/q/shop_1").json(&trapped).send().await.refusal();
    assert_eq!((told.0, told.1.as_str()), (422, "visit.invalid"));
    let mut forged = visit.clone();
    forged["visit"] = json!(format!("A{}", visit["visit"].as_str().unwrap()));
    assert_eq!(sends(&desk, &forged, form()).await.refusal().1, "visit.invalid");
    // A visit to one code is none to another.
    let other = code(json!({ "key": "shop_2" }));
    assert_eq!(desk.ask("PUT", "/api/v1/codes/shop_2").json(&other).send().await.status, 200);
    let body = json!({ "visit": visit["visit"], "form": form() });
    let told = desk.visit("POST", "/api/v1/public/q/shop_2").json(&body).send().await.refusal();
    assert_eq!(told.1, "visit.invalid");
    assert_eq!(sends(&desk, &visit, form()).await.status, 201);
    // Sent once, it is used up: another form needs another visit.
    let replayed = sends(&desk, &visit, json!({ "title": "b" })).await.refusal();
    assert_eq!((replayed.0, replayed.1.as_str()), (409, "visit.used"));
    let old = opens(&desk, "").await;
    desk.advance(13 * HOUR).await;
    assert_eq!(sends(&desk, &old, form()).await.refusal().1, "visit.too_old");
    // Ten an address in ten minutes, whoever he says he is, and no more.
    desk.advance(10 * MINUTE).await;
    let visit = opens(&desk, "").await;
    for n in 0..10 {
        let told = sends(&desk, &visit, form()).await.refusal();
        assert_eq!(told.1, "visit.too_fast", "{n}");
    }
    let braked = sends(&desk, &visit, form()).await;
    assert_eq!((braked.refusal().0, braked.refusal().1.as_str()), (429, "code.too_often"));
    assert!(braked.header("retry-after").parse::<u64>().unwrap() <= 600, "{braked:?}");
    let elsewhere = json!({ "visit": visit["visit"], "form": form() });
    let ask =
        desk.visit("POST", "/api/v1/public/q/shop_1").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(ask.json(&elsewhere).send().await.refusal().1, "visit.too_fast", "another address");
    desk.advance(10 * MINUTE).await;
    assert_eq!(sends(&desk, &visit, form()).await.status, 201);
    let large = json!({ "visit": visit["visit"], "form": { "title": "x".repeat(300 << 10) } });
    let told = desk.visit("POST", "/api/v1/public/q/shop_1").json(&large).send().await;
    assert_eq!(told.refusal().0, 413);
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_belong_to_their_visit_and_go_when_nobody_used_them() {
    let desk = Desk::open().await;
    set_up(&desk, json!({})).await;
    let (visit, other) = (opens(&desk, "").await, opens(&desk, "").await);
    desk.advance(3 * SECOND).await;
    let heic = uploads(&desk, &visit, "IMG.HEIC", b"\0\0\0\x18ftypheic0123456789".to_vec()).await;
    assert_eq!((heic.status, &heic.json()["mime"]), (201, &json!("image/heic")));
    for (name, bytes, status, reason) in [
        ("a.html", b"<html>".to_vec(), 422, "只能上传照片"),
        ("a.png", b"MZ\x90\0".to_vec(), 422, "只能上传照片"),
        ("a.png", Vec::new(), 422, "空的"),
        ("big.png", [PNG, &vec![0; 40 << 20]].concat(), 413, "最多 10 MiB"),
    ] {
        let told = uploads(&desk, &visit, name, bytes).await;
        assert_eq!(told.status, status, "{name}: {}", told.text());
        assert!(told.text().contains(reason), "{}", told.text());
    }
    for n in 1..9 {
        assert_eq!(uploads(&desk, &visit, "a.png", PNG.to_vec()).await.status, 201, "{n}");
    }
    let stored = desk.stored_files();
    let more = uploads(&desk, &visit, "a.png", [PNG, b"more"].concat()).await;
    assert_eq!(desk.stored_files(), stored, "what is too much leaves nothing behind");
    assert!(more.status == 422 && more.text().contains("最多 9 张"), "{}", more.text());
    // Another visit cannot show them, and nobody can without one.
    let stolen = json!({ "title": "a", "photos": [heic.json()["id"]] });
    assert_eq!(
        sends(&desk, &other, stolen.clone()).await.json()["errors"][0]["code"],
        "unknown_file"
    );
    let bare = desk.visit("POST", "/api/v1/public/q/shop_1/files").file("a.png", PNG.to_vec());
    assert_eq!(bare.send().await.refusal().1, "visit.invalid");
    assert_eq!(sends(&desk, &visit, stolen).await.status, 201);
    let kept = heic.json()["id"].as_str().unwrap().to_owned();
    let file = async |id: &str| desk.ask("GET", &format!("/api/v1/files/{id}")).send().await.status;
    let loose = uploads(&desk, &other, "loose.png", [PNG, b"loose"].concat()).await.json();
    let loose = loose["id"].as_str().unwrap().to_owned();
    assert_eq!((file(&kept).await, file(&loose).await), (200, 200));
    // The nightly repair forgets what no form came for.
    desk.advance(2 * DAY + HOUR).await;
    desk.advance(DAY).await;
    assert_eq!((file(&kept).await, file(&loose).await), (200, 404));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_left_his_number_is_recognised() {
    let desk = Desk::open().await;
    set_up(&desk, json!({})).await;
    let customers = desk.ask("GET", "/api/v1/customers?limit=200").send().await.json();
    let known = customers["items"].as_array().unwrap().iter();
    let known =
        known.clone().find(|one| one["phone"] != "").unwrap_or_else(|| panic!("{customers}"));
    for (phone, customer) in [
        (known["phone"].as_str().unwrap(), &known["external_userid"]),
        ("13900000000", &Value::Null),
    ] {
        let visit = opens(&desk, "").await;
        desk.advance(3 * SECOND).await;
        let told = sends(&desk, &visit, json!({ "title": "a", "phone": phone })).await;
        assert_eq!(told.status, 201, "{}", told.text());
        let ticket = newest(&desk).await;
        let found = ticket["customer"].get("external_userid").cloned().unwrap_or_default();
        assert_eq!(found, *customer, "{ticket}");
        // His page is his all the same.
        let url =
            told.json()["progress_url"].as_str().unwrap().split_once("/t/").unwrap().1.to_owned();
        let reply = reqwest::multipart::Form::new().text("text", "快一点");
        let reply = desk.visit("POST", &format!("/t/{url}/reply")).form(reply).send().await;
        assert_eq!(reply.status, 303, "{}", reply.text());
    }
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_cannot_be_used_says_so_and_one_that_is_wrong_is_not_kept() {
    let desk = Desk::open().await;
    set_up(&desk, json!({ "expires_at": "2026-11-24T00:00:00Z" })).await;
    let missing = desk.visit("GET", "/q/nowhere").send().await;
    assert_eq!((missing.status, missing.header("content-type")), (404, "text/html; charset=utf-8"));
    assert!(missing.text().contains("没有这个入口"), "{}", missing.text());
    let visit = opens(&desk, "").await;
    desk.advance(2 * DAY).await;
    let told = desk.visit("GET", "/api/v1/public/q/shop_1").send().await.refusal();
    assert_eq!((told.0, told.1.as_str()), (404, "code.expired"));
    assert!(desk.visit("GET", "/q/shop_1").send().await.text().contains("这个入口已过期"));
    assert_eq!(
        sends(&desk, &visit, json!({ "title": "a" })).await.status,
        422,
        "the visit is older"
    );
    let off = code(json!({ "is_enabled": false }));
    assert_eq!(desk.ask("PUT", "/api/v1/codes/shop_1").json(&off).send().await.status, 200);
    let told = desk.visit("GET", "/api/v1/public/q/shop_1").send().await.refusal();
    assert_eq!(told.1, "code.disabled");
    assert_eq!(counted(&desk).await, (1, 0));

    for (more, path) in [
        (json!({ "template": "nowhere" }), "template"),
        (json!({ "defaults": { "colour": 1 }, "editable": [] }), "defaults.colour"),
        (json!({ "params": { "x": "colour" } }), "params.x"),
        (json!({ "source": "fax" }), "source"),
        (json!({ "frame_ancestors": ["javascript:alert(1)"] }), "frame_ancestors[0]"),
        (json!({ "editable": ["title"] }), "editable[0]"),
    ] {
        let told = desk.ask("PUT", "/api/v1/codes/shop_1").json(&code(more.clone())).send().await;
        assert_eq!(told.refusal().0, 422, "{more}");
        assert_eq!(told.json()["errors"][0]["path"], path, "{}", told.text());
    }
    let reader = json!({ "name": "reader", "scopes": ["tickets:read"] });
    let token = desk.ask("POST", "/api/v1/tokens").json(&reader).send().await.json();
    let token = token["token"].as_str().unwrap().to_owned();
    let write = desk.ask_with(&token, "PUT", "/api/v1/codes/shop_1").json(&code(json!({})));
    assert_eq!(write.send().await.status, 403);
    let picture = desk.ask_with(&token, "GET", "/api/v1/codes/shop_1/qr.svg").send().await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/svg+xml"));
    assert!(picture.text().contains("<svg") && picture.text().len() > 1_000);
    assert_eq!(desk.ask("DELETE", "/api/v1/codes/shop_1").send().await.status, 204);
    assert_eq!(
        desk.visit("GET", "/api/v1/public/q/shop_1").send().await.refusal().1,
        "code.not_found"
    );
    desk.close().await;
}
