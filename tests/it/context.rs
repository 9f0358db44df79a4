//! What a page shows beside a conversation, who may see it, and what a new ticket begins with.

use serde_json::{Value, json};

use crate::support::{Desk, Told};

/// 何燕: 张三 serves her, whom 王芳 leads.
const HEYAN: &str = "wmQFAAAA0001heyan";
/// 罗梅: 李静 serves her; she is in the group of the hotel.
const LUOMEI: &str = "wmQFAAAA0003luomei";
const TANGBO: &str = "woQFAAAA0004tangbo";
/// The group of the hotel: 李静 owns it, 刘洋 is in it.
const YUNQI: &str = "wrQFAAAA0002yunqi";

async fn context(desk: &Desk, userid: &str, customer: &str) -> Told {
    let path = format!("/api/v1/context/customer/{customer}?source=chat_sidebar");
    desk.ask("GET", &path).acting_as(userid).send().await
}

async fn prefill(desk: &Desk, userid: &str, query: &str) -> Value {
    let told = desk.ask("GET", &format!("/api/v1/prefill?{query}")).acting_as(userid).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()
}

async fn raise(desk: &Desk, userid: &str, new: &Value) -> Told {
    let told = desk.ask("POST", "/api/v1/tickets").acting_as(userid).json(new).send().await;
    desk.settle().await;
    told
}

fn field(key: &str, kind: &str, label: &str) -> Value {
    json!({ "key": key, "kind": kind, "label": label })
}

/// A business that asks for everything that can be known beforehand.
fn visit() -> Value {
    let mut hidden = field("site", "text", "内部点位");
    hidden["access"] = json!({ "create": "hidden", "*": "read" });
    let mut read_only = field("company", "text", "客户单位");
    read_only["access"] = json!({ "create": "read" });
    json!({
        "key": "visit", "name": "上门", "is_complaint": false,
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true },
            field("customer_name", "text", "客户姓名"),
            field("phone", "phone", "电话"),
            field("address", "address", "地址"),
            field("device_model", "text", "设备型号"),
            field("device", "asset", "设备"),
            field("adviser", "member", "客服"),
            field("reporter", "member", "报告人"),
            field("campus", "text", "校区"),
            field("fault", "text", "故障"),
            hidden,
            read_only,
        ] },
        "flow": { "steps": [{ "key": "go", "name": "上门", "public_name": "上门",
            "assign": { "by": "people", "userids": ["liuyang"] },
            "if_nobody": { "do": "hold" } }] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_shown_to_those_who_have_to_do_with_him_and_to_nobody_else() {
    let desk = Desk::open().await;
    let own = context(&desk, "zhangsan", HEYAN).await;
    assert_eq!(own.status, 200, "{}", own.text());
    let own = own.json();
    assert_eq!(own["customer"]["external_userid"], HEYAN);
    assert_eq!(own["customer"]["phone"], "13800000001");
    assert_eq!(own["customer"]["is_mine"], true);
    assert_eq!(own["customer"]["follows"][0]["name"], "张三");
    assert_eq!(own["last_contact_at"], "2026-01-05T01:00:00.000000Z", "when they met");
    let leads = context(&desk, "wangfang", HEYAN).await.json();
    assert_eq!(leads["customer"]["phone"], "138****0001", "who does not serve her");
    assert_eq!(leads["customer"]["is_mine"], false);
    let head = context(&desk, "chenlei", HEYAN).await;
    assert_eq!(head.status, 200, "the head of the department above");
    for (userid, customer) in [("zhaomin", HEYAN), ("zhangsan", LUOMEI), ("zhangsan", "wmForged")] {
        let refused = context(&desk, userid, customer).await.refusal();
        assert_eq!((refused.0, &*refused.1), (403, "customer.not_yours"), "{userid} {customer}");
    }
    let admin = json!({ "roles": ["admin"] });
    let told = desk.ask("PUT", "/api/v1/members/zhaomin/profile").json(&admin).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(context(&desk, "zhaomin", HEYAN).await.status, 200);
    let path = format!("/api/v1/context/customer/{HEYAN}");
    assert_eq!(desk.ask("GET", &path).send().await.json()["customer"]["phone"], "13800000001");
    assert_eq!(desk.ask("GET", "/api/v1/context/customer/wmForged").send().await.refusal().0, 404);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_and_new_stand_side_by_side_and_only_what_one_may_see() {
    let desk = Desk::open().await;
    desk.publishes(&visit()).await;
    let new = |title: &str| {
        json!({ "template": "visit", "source": "customer_profile",
        "customer": HEYAN, "form": { "title": title } })
    };
    let mut ids = Vec::new();
    for title in ["第一次", "第二次", "第三次"] {
        let told = raise(&desk, "zhangsan", &new(title)).await;
        assert_eq!(told.status, 201, "{}", told.text());
        ids.push(told.json()["id"].as_str().unwrap().to_owned());
        desk.advance(60_000_000).await;
    }
    for id in &ids[..2] {
        desk.does("liuyang", "claim", id, json!({})).await;
        desk.does("liuyang", "complete", id, json!({})).await;
        desk.advance(60_000_000).await;
    }
    let seen = context(&desk, "zhangsan", HEYAN).await.json();
    let titles = |rows: &Value| -> Vec<String> {
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles(&seen["open"]), ["第三次"]);
    assert_eq!(titles(&seen["past"]), ["第二次", "第一次"], "the newest first");
    // Who works on her tickets sees her; other tickets of hers are not his to see.
    let other =
        json!({ "template": "general_request", "customer": HEYAN, "form": { "title": "别的" } });
    assert_eq!(raise(&desk, "wangfang", &other).await.status, 201);
    let handler = context(&desk, "liuyang", HEYAN).await.json();
    assert_eq!(handler["customer"]["phone"], "138****0001");
    assert_eq!(titles(&handler["past"]), ["第二次", "第一次"]);
    let leads = context(&desk, "wangfang", HEYAN).await.json();
    assert_eq!(titles(&leads["open"]), ["别的"], "what she raised herself");
    assert_eq!(leads["past"], json!([]), "she has no part in those");
    let page = format!("/api/v1/context/customer/{HEYAN}?limit=1");
    let first = desk.ask("GET", &page).acting_as("zhangsan").send().await.json();
    assert_eq!(titles(&first["past"]), ["第二次"]);
    let next = format!("{page}&cursor={}", first["past_next"].as_str().unwrap());
    let second = desk.ask("GET", &next).acting_as("zhangsan").send().await.json();
    assert_eq!(
        (titles(&second["past"]), &second["past_next"]),
        (vec!["第一次".to_owned()], &Value::Null)
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_keeps_what_the_service_knows_around_it_and_believes_no_page() {
    let desk = Desk::open().await;
    let new = json!({ "template": "general_request", "source": "chat_sidebar", "customer": HEYAN,
        "form": { "title": "空调坏了" } });
    let first = raise(&desk, "zhangsan", &new).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let first = first.json();
    let known = &first["context"];
    assert_eq!(known["customer"]["external_userid"], HEYAN);
    assert_eq!(known["owner"], json!({ "userid": "zhangsan", "name": "张三" }));
    assert_eq!(known["last_contact_at"], "2026-01-05T01:00:00.000000Z");
    assert_eq!(
        (&first["source"], &first["creator"]["userid"]),
        (&json!("chat_sidebar"), &json!("zhangsan"))
    );
    let second = raise(&desk, "zhangsan", &new).await.json();
    assert_eq!(second["context"]["last_contact_at"], first["created_at"], "the ticket before");
    let again = desk.ticket(first["id"].as_str().unwrap()).await;
    assert_eq!(again["context"], *known, "kept as it was");
    let mut forged = new.clone();
    forged["context"] = json!({ "owner": { "userid": "chenlei", "name": "x" } });
    let told = raise(&desk, "zhangsan", &forged).await;
    assert_eq!(told.json()["errors"][0]["path"], "context", "{}", told.text());
    for (userid, customer) in [("sunhao", HEYAN), ("zhangsan", "wmForged")] {
        let mut foreign = new.clone();
        foreign["customer"] = json!(customer);
        let refused = raise(&desk, userid, &foreign).await.refusal();
        assert_eq!((refused.0, &*refused.1), (403, "customer.not_yours"), "{userid}");
    }
    assert_eq!(desk.tickets().await.len(), 2, "nothing was raised for the others");
    // The form shows it before, and for a company's there is more to know.
    let query = format!("template=general_request&customer={TANGBO}");
    let shown = prefill(&desk, "wangfang", &query).await["context"].clone();
    assert_eq!((&shown["tags"], &shown["owner"]["name"]), (&json!(["VIP"]), &json!("王芳")));
    let mut of_company = new.clone();
    of_company["customer"] = json!(TANGBO);
    assert_eq!(raise(&desk, "wangfang", &of_company).await.json()["context"], shown);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_filled_with_what_is_known_and_says_from_where() {
    let desk = Desk::open().await;
    desk.publishes(&visit()).await;
    let asset = json!({ "external_userid": HEYAN, "name": "客厅空调", "model": "KFR-72LW" });
    let told = desk.ask("PUT", "/api/v1/assets/SN-1").json(&asset).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let address = json!({ "region": ["浙江省", "杭州市"], "detail": "望江苑 3-1201" });
    let form = json!({ "title": "滴水", "address": address, "device_model": "旧型号",
        "device": "SN-1", "fault": "滴水" });
    let new = json!({ "template": "visit", "customer": HEYAN, "form": form });
    assert_eq!(raise(&desk, "zhangsan", &new).await.status, 201);
    let query = format!("template=visit&customer={HEYAN}");
    let filled = prefill(&desk, "zhangsan", &query).await;
    let expected = json!({
        "customer_name": "何燕", "phone": "13800000001", "address": address,
        "device_model": "旧型号", "device": "SN-1", "adviser": "zhangsan", "reporter": "zhangsan",
    });
    assert_eq!(filled["values"], expected, "neither the fault nor what is hidden or not his");
    let from = json!({
        "customer_name": "customer", "phone": "customer", "address": "history",
        "device_model": "history", "device": "history", "adviser": "customer", "reporter": "member",
    });
    assert_eq!(filled["from"], from);
    assert_eq!(filled["context"]["owner"]["name"], "张三");
    let of_device = prefill(&desk, "zhangsan", &format!("{query}&asset=SN-1")).await;
    assert_eq!(of_device["values"]["device_model"], "KFR-72LW");
    assert_eq!(of_device["from"]["device_model"], "asset");
    // What was filled in can be sent as it is.
    let mut form = filled["values"].clone();
    form["title"] = json!("又滴水");
    form["address"]["detail"] = json!("望江苑 3-1202");
    form["device_model"] = json!("KFR-35GW");
    let again = json!({ "template": "visit", "customer": HEYAN, "form": form });
    let changed = raise(&desk, "zhangsan", &again).await;
    assert_eq!(changed.status, 201, "{}", changed.text());
    assert_eq!(changed.json()["form"]["address"]["detail"], "望江苑 3-1202");
    assert_eq!(changed.json()["form"]["device_model"], "KFR-35GW");
    let leads = prefill(&desk, "wangfang", &query).await;
    assert_eq!(leads["values"]["phone"], Value::Null, "a number that he may not see");
    for (userid, query) in [
        ("zhaomin", query.clone()),
        ("zhangsan", format!("template=visit&customer={LUOMEI}")),
        ("zhaomin", "template=visit&asset=SN-1".to_owned()),
        ("zhaomin", "template=visit&asset=SN-404".to_owned()),
    ] {
        let path = format!("/api/v1/prefill?{query}");
        let refused = desk.ask("GET", &path).acting_as(userid).send().await.refusal();
        assert_eq!((refused.0, &*refused.1), (403, "customer.not_yours"), "{userid} {query}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_belongs_to_a_campus_and_so_do_the_tickets_from_it() {
    let desk = Desk::open().await;
    desk.publishes(&visit()).await;
    let place = json!({ "kind": "campus", "key": "c2", "name": "城西校区",
        "values": { "fault": "待查", "site": "机密点位" } });
    let path = format!("/api/v1/chats/{YUNQI}/place");
    let told = desk.ask("PUT", &path).json(&place).send().await;
    assert_eq!((told.status, told.json()), (200, place.clone()), "{}", told.text());
    let chats = desk.ask("GET", "/api/v1/chats?q=云栖").send().await.json();
    assert_eq!(chats["items"][0]["place"]["name"], "城西校区", "{chats}");
    let shown = format!("/api/v1/context/chat/{YUNQI}?sender={LUOMEI}");
    let seen = desk.ask("GET", &shown).acting_as("liuyang").send().await.json();
    assert_eq!(seen["chat"]["place"], json!({ "kind": "campus", "key": "c2", "name": "城西校区" }));
    assert_eq!(seen["chat"]["owner_name"], "李静");
    assert_eq!(seen["sender"]["external_userid"], LUOMEI);
    assert_eq!(seen["sender"]["phone"], "", "whom he only meets in the group");
    let filled =
        prefill(&desk, "liuyang", &format!("template=visit&chat={YUNQI}&customer={LUOMEI}")).await;
    assert_eq!(
        (&filled["values"]["campus"], &filled["from"]["campus"]),
        (&json!("城西校区"), &json!("chat"))
    );
    assert_eq!(filled["values"]["phone"], Value::Null);
    let new = |form: Value| {
        json!({ "template": "visit", "source": "group_menu", "chat_id": YUNQI,
        "customer": LUOMEI, "form": form })
    };
    let made = raise(&desk, "liuyang", &new(json!({ "title": "一号楼不热" }))).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    assert_eq!((&made["chat_id"], &made["source"]), (&json!(YUNQI), &json!("group_menu")));
    assert_eq!(made["form"]["campus"], "城西校区");
    assert_eq!(made["form"]["fault"], "待查");
    assert_eq!(made["form"]["site"], Value::Null, "what the starter may not fill in");
    assert_eq!(made["context"]["group"]["place"]["key"], "c2");
    assert_eq!(filled["context"]["group"], made["context"]["group"], "the form showed it before");
    let own =
        raise(&desk, "liuyang", &new(json!({ "title": "二号楼", "campus": "城东校区" }))).await;
    assert_eq!(own.json()["form"]["campus"], "城东校区", "what was filled in stays");
    let seen = desk.ask("GET", &shown).acting_as("liuyang").send().await.json();
    assert_eq!(seen["open"].as_array().unwrap().len(), 2);
    let refused = desk.ask("GET", &shown).acting_as("zhaomin").send().await.refusal();
    assert_eq!((refused.0, &*refused.1), (403, "chat.not_yours"));
    let foreign = raise(&desk, "zhaomin", &new(json!({ "title": "x" }))).await.refusal();
    assert_eq!((foreign.0, &*foreign.1), (403, "chat.not_yours"));
    for (bad, path) in [
        (json!({ "kind": "校区", "key": "c", "name": "n" }), "kind"),
        (json!({ "kind": "campus", "key": "c", "name": " " }), "name"),
    ] {
        let told = desk.ask("PUT", &format!("/api/v1/chats/{YUNQI}/place")).json(&bad).send().await;
        assert_eq!(told.json()["errors"][0]["path"], path, "{}", told.text());
    }
    let nowhere = desk.ask("PUT", "/api/v1/chats/wrNone/place").json(&place).send().await;
    assert_eq!(nowhere.refusal().1, "chat.not_found");
    assert_eq!(
        desk.ask("DELETE", &format!("/api/v1/chats/{YUNQI}/place")).send().await.status,
        204
    );
    let after = raise(&desk, "liuyang", &new(json!({ "title": "三号楼" }))).await;
    assert_eq!(after.json()["form"]["campus"], Value::Null);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_complaint_is_told_before_new_business() {
    let desk = Desk::open().await;
    let mut complaint = visit();
    complaint["key"] = json!("complaint");
    complaint["is_complaint"] = json!(true);
    desk.publishes(&complaint).await;
    assert_eq!(context(&desk, "zhangsan", HEYAN).await.json()["last_complaint"], Value::Null);
    for title in ["上门迟到", "师傅态度差"] {
        let new = json!({ "template": "complaint", "customer": HEYAN, "form": { "title": title } });
        assert_eq!(raise(&desk, "zhangsan", &new).await.status, 201);
        desk.advance(60_000_000).await;
    }
    let plain = json!({ "customer": HEYAN, "form": { "title": "咨询" } });
    assert_eq!(raise(&desk, "zhangsan", &plain).await.status, 201);
    let last = context(&desk, "zhangsan", HEYAN).await.json()["last_complaint"].clone();
    assert_eq!(last["text"], "师傅态度差");
    let ticket = desk.ticket(last["ticket"].as_str().unwrap()).await;
    assert_eq!((&last["no"], &last["at"]), (&ticket["no"], &ticket["created_at"]));
    // Who may not see that ticket learns that there was one, and no more.
    let new = json!({ "template": "visit", "customer": HEYAN, "form": { "title": "上门" } });
    desk.publishes(&visit()).await;
    assert_eq!(raise(&desk, "wangfang", &new).await.status, 201);
    let led = context(&desk, "wangfang", HEYAN).await.json()["last_complaint"].clone();
    assert_eq!(led, json!({ "ticket": null, "no": null, "text": null, "at": last["at"] }));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_says_where_a_group_belongs() {
    let place = customer::Place {
        kind: "campus".into(),
        key: "c1".into(),
        name: "城东校区".into(),
        values: [].into(),
    };
    let desk = Desk::with(|config| {
        config.customers.places.insert(YUNQI.to_owned(), place.clone());
    })
    .await;
    let path = format!("/api/v1/chats/{YUNQI}/place");
    assert_eq!(desk.ask("GET", &path).send().await.json()["name"], "城东校区");
    let other = json!({ "kind": "campus", "key": "c2", "name": "城西校区" });
    let refused = desk.ask("PUT", &path).json(&other).send().await.refusal();
    assert_eq!((refused.0, &*refused.1), (409, "place.configured"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn to_talk_in_a_group_with_a_customer_is_not_to_know_him() {
    let desk = Desk::open().await;
    let mut business = visit();
    business["flow"]["steps"][0]["assign"]["userids"] = json!(["zhaomin"]);
    desk.publishes(&business).await;
    let query = format!("template=visit&chat={YUNQI}&customer={LUOMEI}");
    let filled = prefill(&desk, "liuyang", &query).await;
    assert_eq!(filled["values"]["adviser"], Value::Null, "{filled}");
    assert_eq!(filled["context"]["customer"]["external_userid"], LUOMEI);
    let told = |context: &Value| {
        (context["customer"]["corp_name"].clone(), context["last_contact_at"].clone())
    };
    assert_eq!(told(&filled["context"]), (json!(""), Value::Null));
    let new = json!({ "template": "visit", "source": "group_menu", "chat_id": YUNQI,
        "customer": LUOMEI, "form": { "title": "大堂不热" } });
    let made = raise(&desk, "liuyang", &new).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(told(&made.json()["context"]), (json!(""), Value::Null), "nor by the ticket");
    assert!(!told(&prefill(&desk, "lijing", &query).await["context"]).1.is_null());
    let refused = context(&desk, "liuyang", LUOMEI).await.refusal();
    assert_eq!((refused.0, &*refused.1), (403, "customer.not_yours"));
    let served = context(&desk, "zhaomin", LUOMEI).await;
    assert_eq!(served.status, 200, "who is to go there may know to whom: {}", served.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_acts_for_a_member_needs_the_scope_as_well_as_the_member() {
    let desk = Desk::open().await;
    let made = json!({ "name": "kiosk", "scopes": ["tickets:read", "tickets:write"] });
    let made = desk.ask("POST", "/api/v1/tokens").json(&made).send().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let asset = json!({ "external_userid": HEYAN, "name": "客厅空调" });
    assert_eq!(desk.ask("PUT", "/api/v1/assets/SN-1").json(&asset).send().await.status, 200);
    for (path, code) in [
        (format!("/api/v1/context/customer/{HEYAN}"), "customer.not_found"),
        (format!("/api/v1/context/chat/{YUNQI}"), "chat.not_found"),
        ("/api/v1/prefill?template=general_request&asset=SN-1".to_owned(), "asset.not_found"),
    ] {
        let ask = desk.visit("GET", &path).header("authorization", &format!("Bearer {token}"));
        let refused = ask.acting_as("zhangsan").send().await.refusal();
        assert_eq!((refused.0, &*refused.1), (404, code), "{path}");
    }
    desk.close().await;
}
