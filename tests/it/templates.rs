//! Templates: written as drafts, published, used by tickets, kept for those that run; the library of
//! industries; and all of it as files.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Desk, Schema, qidan};

fn repair(name: &str) -> Value {
    json!({
        "key": "repair",
        "name": name,
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "故障", "required": true },
            { "key": "floor", "kind": "text", "label": "楼层" },
        ] },
        "flow": { "steps": [
            { "key": "fix", "name": "维修", "assign": { "by": "group", "key": "menders" },
              "if_nobody": { "do": "hold" } },
            { "key": "check", "name": "验收", "assign": { "by": "group", "key": "checkers" },
              "if_nobody": { "do": "hold" } },
        ] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_drafted_published_used_and_replaced_and_running_tickets_keep_theirs() {
    let desk = Desk::open().await;
    let path = "/api/v1/templates/repair";
    let ask = async |method: &str, path: &str, body: Option<&Value>| {
        let ask = desk.ask(method, path);
        match body {
            Some(body) => ask.json(body).send().await,
            None => ask.send().await,
        }
    };
    let create = async || {
        let new = json!({ "template": "repair", "form": { "title": "灯坏了", "floor": "3" } });
        desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await
    };
    let saved = ask("PUT", path, Some(&repair("报修"))).await;
    assert_eq!(saved.status, 200, "{}", saved.text());
    assert_eq!(saved.json()["problems"], json!([]));
    assert_eq!(create().await.refusal().1, "template.not_found", "a draft is nobody's");
    assert_eq!(ask("GET", path, None).await.status, 404);
    assert_eq!(ask("GET", &format!("{path}?draft=true"), None).await.json()["name"], "报修");
    let published = ask("POST", &format!("{path}/publish"), None).await;
    assert_eq!((published.status, &published.json()["version"]), (200, &json!(1)));
    let first = create().await.json();
    assert_eq!(
        (&first["template"]["version"], &first["steps"][0]["name"]),
        (&json!(1), &json!("维修"))
    );

    // The next version asks one thing less and has one step less.
    let mut next = repair("报修二");
    next["form"]["fields"].as_array_mut().unwrap().pop();
    next["flow"]["steps"].as_array_mut().unwrap().pop();
    assert_eq!(ask("PUT", path, Some(&next)).await.status, 200);
    assert_eq!(ask("POST", &format!("{path}/publish"), None).await.json()["version"], 2);
    assert_eq!(create().await.refusal().0, 422, "floor is asked no more");
    let id = first["id"].as_str().unwrap();
    desk.settle().await;
    let tasks = "/api/v1/tasks?view=claimable";
    let to_do = async || {
        let page = desk.ask("GET", tasks).acting_as("zhaomin").send().await.json();
        let items = page["items"].as_array().unwrap().clone();
        let step = |one: &Value| one["task"]["step"].as_str().unwrap().to_owned();
        items.iter().map(step).collect::<Vec<_>>()
    };
    assert_eq!(to_do().await, ["fix"], "whoever may do the first step has it to do");
    assert_eq!(desk.chat("zhaomin").await.last_card().buttons(), ["认领"], "and was told");
    for verb in ["claim", "complete"] {
        desk.does("liuyang", verb, id, json!({})).await;
    }
    // The first step is closed, and the second one is there: to do, and told.
    assert_eq!(to_do().await, ["check"]);
    assert_eq!(desk.chat("zhaomin").await.last_card().buttons(), ["认领"]);
    let running = desk.ticket(id).await;
    assert_eq!(
        (&running["steps"][0]["state"], &running["steps"][1]["state"]),
        (&json!("done"), &json!("open"))
    );
    assert_eq!((&running["status"], &running["form"]["floor"]), (&json!("open"), &json!("3")));
    for verb in ["claim", "complete"] {
        desk.does("liuyang", verb, id, json!({})).await;
    }
    assert_eq!(desk.ticket(id).await["status"], "closed", "two steps, as its version says");

    let versions = ask("GET", &format!("{path}/versions"), None).await.json();
    let states: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["published", "archived"]);
    assert_eq!(ask("POST", &format!("{path}/archive"), None).await.status, 204);
    assert_eq!(create().await.refusal().1, "template.not_found");
    let audit = ask("GET", "/api/v1/audit", None).await.text();
    assert!(audit.contains("template.published") && audit.contains("template.archived"), "{audit}");
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_added_is_asked_of_the_next_ticket() {
    let desk = Desk::open().await;
    let path = "/api/v1/templates/repair";
    let mut template = repair("报修");
    for version in [1, 2] {
        let told = desk.ask("PUT", path).json(&template).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        let told = desk.ask("POST", &format!("{path}/publish")).send().await;
        assert_eq!(told.json()["version"], version);
        let field = json!({ "key": "spec", "kind": "text", "label": "规格", "required": true });
        template["form"]["fields"].as_array_mut().unwrap().push(field);
    }
    let asked = desk.ask("GET", path).send().await.json();
    assert_eq!(asked["form"]["fields"][2]["label"], "规格");
    let create = async |form: Value| {
        let new = json!({ "template": "repair", "form": form });
        desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await
    };
    let told = create(json!({ "title": "灯坏了" })).await;
    assert_eq!(told.json()["errors"][0]["path"], "form.spec", "{}", told.text());
    let told = create(json!({ "title": "灯坏了", "spec": "T5" })).await;
    assert_eq!(told.json()["form"]["spec"], "T5", "{}", told.text());
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_does_not_fit_says_where_and_is_not_published() {
    let desk = Desk::open().await;
    let path = "/api/v1/templates/repair";
    let mut bad = repair("");
    bad["form"]["fields"][1] = json!({ "key": "title", "kind": "hologram", "label": "?" });
    bad["flow"]["steps"][1]["key"] = json!("fix");
    let saved = desk.ask("PUT", path).json(&bad).send().await;
    assert_eq!(saved.status, 200, "a draft may be unfinished: {}", saved.text());
    assert!(saved.json()["problems"].as_array().unwrap().len() >= 4, "{}", saved.text());
    let refused = desk.ask("POST", &format!("{path}/publish")).send().await;
    assert_eq!(refused.refusal().0, 422, "{}", refused.text());
    let told = refused.json()["errors"].as_array().unwrap().clone();
    for place in ["name", "form.fields[1].key", "form.fields[1].kind", "flow"] {
        let is_it = |one: &&Value| one["path"].as_str().is_some_and(|path| path.starts_with(place));
        assert!(told.iter().any(|one| is_it(&one)), "{place}: {told:?}");
    }
    let other = desk.ask("PUT", "/api/v1/templates/other").json(&bad).send().await;
    assert_eq!(other.refusal().0, 422, "the key is another one");
    let mut wrong = repair("报修");
    wrong["form"]["fields"][0]["required"] = json!("yes");
    let told = desk.ask("PUT", path).json(&wrong).send().await;
    assert_eq!(told.json()["errors"][0]["path"], "form.fields[0].required", "{}", told.text());
    let huge = json!({ "key": "repair", "name": "x".repeat(5 << 20) });
    assert_eq!(desk.ask("PUT", path).json(&huge).send().await.status, 413);
    let reader = json!({ "name": "reader", "scopes": ["tickets:read", "tickets:write"] });
    let token = desk.ask("POST", "/api/v1/tokens").json(&reader).send().await.json();
    let token = token["token"].as_str().unwrap().to_owned();
    let told = desk.ask_with(&token, "PUT", path).json(&repair("报修")).send().await;
    assert_eq!(told.status, 403, "{}", told.text());
    assert_eq!(desk.ask("DELETE", &format!("{path}/draft")).send().await.status, 204);
    let none = desk.ask("POST", &format!("{path}/publish")).send().await;
    assert_eq!(none.refusal().1, "template.no_draft");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_and_groups_are_files_and_what_was_exported_changes_nothing() {
    let schema = Schema::fresh();
    let env = [("QIDAN__DATABASE__URL", schema.url.clone())];
    let folder = std::env::temp_dir().join(format!("qidan-as-code-{}", std::process::id()));
    let folder = folder.to_str().unwrap();
    let run = async |args: &[&str]| {
        let said = qidan(args, &env).await;
        assert_eq!(said.code, 0, "{args:?}: {}{}", said.out, said.err);
        said.out
    };
    assert_eq!(run(&["config", "export", folder]).await.lines().count(), 1);
    assert_eq!(run(&["config", "plan", folder]).await.trim(), "nothing to change");
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let general = read("templates/general_request.json");
    let write = |name: &str, text: &str| {
        let path = std::path::PathBuf::from(format!("{folder}/{name}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("templates/repair.json", &repair("报修").to_string());
    write("groups/menders.json", r#"{"key":"menders","name":"维修组","members":["liuyang"]}"#);
    let planned = run(&["config", "plan", folder]).await;
    assert_eq!(planned.trim(), "would add template repair\nwould add group menders");
    assert!(run(&["config", "plan", folder]).await == planned, "a plan changes nothing");
    let applied = run(&["config", "apply", folder]).await;
    assert_eq!(applied.trim(), "did add template repair\ndid add group menders");
    assert_eq!(run(&["config", "apply", folder]).await.trim(), "nothing to change");
    run(&["config", "export", folder]).await;
    assert_eq!(run(&["config", "apply", folder]).await.trim(), "nothing to change");
    assert_eq!(read("templates/general_request.json"), general, "the same content, the same bytes");
    write("templates/repair.json", &repair("维修").to_string());
    assert_eq!(run(&["config", "apply", folder]).await.trim(), "did change template repair");
    for (name, text, words) in [
        ("templates/repair.json", "{", "repair.json"),
        ("templates/repair.json", &repair("").to_string(), "name"),
        ("templates/other.json", &repair("报修").to_string(), "other.json"),
    ] {
        let before = read("templates/repair.json");
        write(name, text);
        let said = qidan(&["config", "apply", folder], &env).await;
        assert_eq!(said.code, 2, "{name}: {}", said.out);
        assert!(said.err.contains(words), "{}", said.err);
        write("templates/repair.json", &before);
    }
    let said = qidan(&["config", "plan", "/nowhere/at/all"], &env).await;
    assert_eq!(said.code, 2, "{}", said.err);
    std::fs::remove_dir_all(folder).unwrap();
}

/// A good answer to a field that must be answered.
fn answer(field: &Value) -> Value {
    let option = || field["options"][0]["value"].clone();
    match field["kind"].as_str().unwrap() {
        "number" => field.get("min").filter(|min| !min.is_null()).cloned().unwrap_or(json!(1)),
        "money" => json!(10_000),
        "rating" => json!(3),
        "switch" => json!(true),
        "single_select" => option(),
        "multi_select" => json!([option()]),
        "cascade" => {
            let (mut path, mut level) = (Vec::new(), &field["tree"]);
            while let Some(first) = level.get(0) {
                path.push(first["value"].clone());
                level = first.get("children").unwrap_or(&Value::Null);
            }
            Value::from(path)
        }
        "date" => json!("2026-11-23"),
        "datetime" => json!("2026-11-23T10:00:00+08:00"),
        "date_range" => json!({ "start": "2026-11-23", "end": "2026-11-24" }),
        "phone" => json!("13800000000"),
        "email" => json!("a@example.com"),
        "address" => json!({ "region": ["广东省", "广州市"], "detail": "1 号" }),
        "location" => json!({ "lat": 23.1, "lng": 113.3 }),
        "member" => json!("liuyang"),
        "items" | "parts" => {
            json!({ "rows": [{ "name": "滤芯", "quantity": 2, "price": 3_000 }] })
        }
        _ => json!("样例"),
    }
}

/// The presets that trades are promised by name.
const NAMED: [&str; 14] = [
    "education/course_delivery",
    "beauty/member_revisit",
    "ecommerce/return",
    "general/consult",
    "education/course_consult",
    "general/quotation",
    "restaurant/table_booking",
    "education/enrolment",
    "manufacturing/equipment_repair",
    "manufacturing/spare_part_request",
    "manufacturing/install_commission",
    "hospital/appointment_revisit",
    "general/sales_consult",
    "general/repair",
];

/// The steps of those that are promised step by step.
const STEPS: [(&str, &str); 6] = [
    ("course_consult", "课程咨询-试听安排-签约付款"),
    ("enrolment", "学籍核对-财务收费-分班建群"),
    ("course_delivery", "备课-授课与签到-课后反馈-续报跟进"),
    ("quotation", "询价整理-成本核算-报价审核-客户确认报价"),
    ("table_booking", "确认预订-备位备菜-到店接待-餐后回访"),
    ("appointment_revisit", "确认号源-到诊接待-医嘱与用药提醒-复诊跟进"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_preset_of_every_industry_runs_from_creation_to_its_end() {
    let desk = Desk::open().await;
    let library = desk.ask("GET", "/api/v1/presets").send().await.json();
    let library = library["items"].as_array().unwrap().clone();
    let mut industries: Vec<_> =
        library.iter().map(|one| one["industry"].as_str().unwrap()).collect();
    industries.dedup();
    assert!(industries.len() >= 24, "{industries:?}");
    for industry in &industries {
        let of = library.iter().filter(|one| one["industry"] == *industry).count();
        assert!(of >= 2, "{industry} has {of}");
    }
    for named in NAMED {
        let is_there =
            |one: &Value| format!("{}/{}", one["industry"], one["key"]).replace('"', "") == named;
        assert!(library.iter().any(is_there), "{named}");
    }
    let mut pictures = BTreeMap::new();
    for member in desk.ask("GET", "/api/v1/members?limit=200").send().await.json()["items"]
        .as_array()
        .unwrap()
    {
        let userid = member["userid"].as_str().unwrap().to_owned();
        let sent = desk.ask("POST", "/api/v1/files").acting_as(&userid);
        let sent = sent.file("a.png", b"\x89PNG\r\n\x1a\n0123456789abcdef".to_vec()).send().await;
        if sent.status == 201 {
            pictures.insert(userid, sent.json()["id"].clone());
        }
    }
    for preset in &library {
        let key = preset["key"].as_str().unwrap();
        let told = desk.ask("POST", &format!("/api/v1/presets/{key}/import")).send().await;
        assert_eq!(told.status, 200, "{key}: {}", told.text());
        let steps = told.json()["flow"]["steps"].as_array().unwrap().clone();
        let steps: Vec<_> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
        if let Some((_key, named)) = STEPS.iter().find(|(named, _steps)| *named == key) {
            assert_eq!(steps.join("-"), *named, "{key}");
        }
        let ticket = runs_to_its_end(&desk, &told.json(), &pictures).await;
        assert_eq!(ticket["status"], "closed", "{key}: {ticket}");
    }
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    desk.close().await;
}

/// What must be answered at a step, and is not yet.
fn answers(template: &Value, step: &str, ticket: &Value, picture: &Value) -> Value {
    let fields = template["form"]["fields"].as_array().unwrap();
    let is_asked = |one: &&Value| {
        let may = one["access"].get(step).or_else(|| one["access"].get("*"));
        let may =
            may.map_or(if step == "create" { "edit" } else { "read" }, |may| may.as_str().unwrap());
        let has_default = one.get("default").is_some_and(|default| !default.is_null());
        let is_there = ticket["form"].get(one["key"].as_str().unwrap()).is_some();
        may == "edit" && one["required"] == true && !has_default && !is_there
    };
    let form: serde_json::Map<_, _> = fields
        .iter()
        .filter(is_asked)
        .map(|one| {
            let value = match one["kind"].as_str().unwrap() {
                "images" | "attachments" => json!([picture]),
                "signature" => picture.clone(),
                _ => answer(one),
            };
            (one["key"].as_str().unwrap().to_owned(), value)
        })
        .collect();
    Value::Object(form)
}

/// Raises a ticket and does whatever is to do, until nothing is.
async fn runs_to_its_end(
    desk: &Desk,
    template: &Value,
    pictures: &BTreeMap<String, Value>,
) -> Value {
    let key = template["key"].as_str().unwrap();
    let form = answers(template, "create", &json!({ "form": {} }), &pictures["wangfang"]);
    let new = json!({ "template": key, "form": form });
    let told = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert_eq!(told.status, 201, "{key}: {}", told.text());
    let id = told.json()["id"].as_str().unwrap().to_owned();
    for _turn in 0..80 {
        let ticket = desk.ticket(&id).await;
        if ticket["status"] != "open" {
            return ticket;
        }
        let open = |one: &&Value| {
            one["state"] == "open" && !one["handlers"].as_array().unwrap().is_empty()
        };
        let Some(step) = ticket["steps"].as_array().unwrap().iter().find(open) else {
            // It waits for its time.
            desk.advance(kernel::time::DAY).await;
            continue;
        };
        let (name, by) = (step["key"].as_str().unwrap(), step["owner"].as_str());
        let by = by.unwrap_or_else(|| step["handlers"][0].as_str().unwrap());
        let seen =
            desk.ask("GET", &format!("/api/v1/tickets/{id}")).acting_as(by).send().await.json();
        let can = |verb: &str| seen["actions"].as_array().unwrap().contains(&json!(verb));
        let verb = ["complete", "approve", "claim"].into_iter().find(|verb| {
            can(verb) && (step["owner"].is_string() || !can("claim") || *verb == "claim")
        });
        let verb = verb.unwrap_or_else(|| panic!("{key}: {by} can do nothing at {name}: {seen}"));
        let input = match verb {
            "claim" => json!({}),
            _ => json!({ "form": answers(template, name, &ticket, &pictures[by]) }),
        };
        let told = desk.act(&id, verb, &input).acting_as(by).send().await;
        assert_eq!(told.status, 200, "{key}, {verb} {name}: {}", told.text());
    }
    desk.ticket(&id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_every_type_are_checked_computed_and_issued() {
    let desk = Desk::open().await;
    let path = "/api/v1/templates/visit";
    let template = json!({
        "key": "visit", "name": "上门服务",
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "标题", "required": true },
            { "key": "no", "kind": "serial_no", "label": "服务单号", "prefix": "FW-" },
            { "key": "fee", "kind": "money", "label": "费用" },
            { "key": "due", "kind": "date", "label": "预约日期" },
            { "key": "engineer", "kind": "member", "label": "工程师" },
            { "key": "proof", "kind": "signature", "label": "签名" },
            { "key": "one", "kind": "single_select", "label": "单选", "options": [
                { "value": "a", "label": "甲" }, { "value": "b", "label": "乙" } ] },
            { "key": "many", "kind": "multi_select", "label": "多选", "options": [
                { "value": "a", "label": "甲" }, { "value": "b", "label": "乙" } ] },
            { "key": "docs", "kind": "attachments", "label": "附件" },
        ] },
        "flow": { "steps": [
            { "key": "do", "name": "上门", "assign": { "by": "group", "key": "engineers" },
              "if_nobody": { "do": "hold" } },
        ] },
    });
    let told = desk.ask("PUT", path).json(&template).send().await;
    assert_eq!(told.json()["problems"], json!([]), "{}", told.text());
    desk.ask("POST", &format!("{path}/publish")).send().await;
    let create = async |form: Value| {
        let new = json!({ "template": "visit", "form": form });
        desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await
    };
    for (wrong, place) in [
        (json!({ "title": "修", "fee": 12.5 }), "form.fee"),
        (json!({ "title": "修", "due": "2026-02-30" }), "form.due"),
        (json!({ "title": "修", "engineer": "nobody" }), "form.engineer"),
        (json!({ "title": "修", "proof": "12345" }), "form.proof"),
        (json!({ "title": "修", "one": "c" }), "form.one"),
        (json!({ "title": "修", "one": ["a"] }), "form.one"),
        (json!({ "title": "修", "many": ["a", "c"] }), "form.many[1]"),
        (json!({ "title": "修", "many": "a" }), "form.many"),
        (json!({ "title": "修", "docs": ["12345"] }), "form.docs[0]"),
        (json!({ "title": "修", "docs": "x" }), "form.docs"),
        (json!({ "fee": 1 }), "form.title"),
    ] {
        let told = create(wrong.clone()).await;
        assert_eq!(told.json()["errors"][0]["path"], place, "{wrong}: {}", told.text());
        assert_eq!(told.refusal().0, 422);
    }
    let file = desk.ask("POST", "/api/v1/files").acting_as("wangfang").file("a.txt", vec![65]);
    let file = file.send().await.json()["id"].clone();
    let right = json!({ "title": "修", "one": "b", "many": ["a", "b"], "docs": [file] });
    let made = create(right).await.json();
    assert_eq!((&made["form"]["one"], &made["form"]["docs"][0]), (&json!("b"), &file));
    assert_eq!(made["form"]["many"], json!(["a", "b"]));
    for count in 2..=3 {
        // Whatever number is given, the service issues its own.
        let given = json!({ "title": "修", "fee": 1250, "engineer": "LiuYang", "no": "FW-1" });
        let made = create(given).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let form = &made.json()["form"];
        assert_eq!(form["no"], format!("FW-20261123-{count:04}"));
        assert_eq!((&form["fee"], &form["engineer"]), (&json!(1250), &json!("liuyang")));
    }
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_presets_that_trades_are_named_for_ask_what_practitioners_ask() {
    let desk = Desk::open().await;
    let library = desk.ask("GET", "/api/v1/presets").send().await.json();
    let library = library["items"].as_array().unwrap().clone();
    let industries: Vec<_> = library.iter().map(|one| one["industry"].as_str().unwrap()).collect();
    // Retail, education, finance, medicine, manufacturing, catering, beauty, property, cars,
    // e-commerce, logistics, decoration, furniture, IT, mothers and infants, banks.
    for named in [
        "retail",
        "education",
        "finance",
        "hospital",
        "manufacturing",
        "restaurant",
        "beauty",
        "property",
        "auto_dealer",
        "ecommerce",
        "logistics",
        "decoration",
        "furniture",
        "it_helpdesk",
        "maternity",
        "bank",
    ] {
        assert!(industries.contains(&named), "{named}");
    }
    for (key, fields) in [
        (
            "sales_consult",
            &["name:text", "phone:phone", "product:single_select", "channel:single_select"][..],
        ),
        ("repair", &["device_model:text", "fault_description:textarea", "purchase_date:date"]),
        ("course_delivery", &["course_progress:single_select"]),
        ("furniture_delivery", &["deliver_at:datetime", "install:switch"]),
    ] {
        let told = desk.ask("POST", &format!("/api/v1/presets/{key}/import")).send().await.json();
        let asked = told["form"]["fields"].as_array().unwrap();
        let asked: Vec<_> = asked
            .iter()
            .map(|one| {
                format!("{}:{}", one["key"].as_str().unwrap(), one["kind"].as_str().unwrap())
            })
            .collect();
        for field in fields {
            assert!(asked.iter().any(|one| one == field), "{key} asks for {field}: {asked:?}");
        }
    }
    let form = json!({ "title": "冰箱不制冷", "purchase_date": "2026-02-30" });
    let new = json!({ "template": "repair", "form": form });
    let told = desk.ask("POST", "/api/v1/tickets").json(&new).send().await.json();
    let errors = told["errors"].as_array().unwrap();
    assert!(errors.iter().any(|one| one["path"] == "form.purchase_date"), "{told}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_reminds_escalates_and_tells_and_the_work_of_who_leaves_goes_on() {
    let desk = Desk::open().await;
    let template = json!({
        "key": "visit", "name": "上门服务",
        "form": { "fields": [{ "key": "title", "kind": "text", "label": "标题", "required": true }] },
        "flow": { "steps": [
            { "key": "tell", "name": "抄送主管", "type": "cc", "to": { "by": "people", "userids": ["chenlei"] } },
            { "key": "do", "name": "上门", "assign": { "by": "people", "userids": ["liuyang", "zhaomin"] },
              "if_nobody": { "do": "hold" },
              "limit": { "minutes": 120, "remind": [30],
                "escalate": [{ "minutes": 60, "to": { "by": "people", "userids": ["zhangsan"] } }] } },
        ] },
    });
    let path = "/api/v1/templates/visit";
    let saved = desk.ask("PUT", path).json(&template).send().await;
    assert_eq!(saved.json()["problems"], json!([]), "{}", saved.text());
    desk.ask("POST", &format!("{path}/publish")).send().await;
    let new = json!({ "template": "visit", "form": { "title": "修热水器" } });
    let made =
        desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await.json();
    let id = made["id"].as_str().unwrap();
    desk.settle().await;
    assert!(desk.chat("chenlei").await.was_told("抄送给您"), "{:#?}", desk.chat("chenlei").await);
    desk.does("liuyang", "claim", id, json!({})).await;
    let minutes = kernel::time::MINUTE;
    desk.advance(89 * minutes).await;
    assert!(!desk.chat("liuyang").await.was_told("即将到期"));
    desk.advance(2 * minutes).await;
    assert!(desk.chat("liuyang").await.was_told("即将到期"), "half an hour before");
    desk.advance(30 * minutes).await;
    assert!(desk.chat("liuyang").await.was_told("已超时"), "when it is due");
    assert!(!desk.chat("zhangsan").await.was_told("已超时"));
    desk.advance(60 * minutes).await;
    assert!(desk.chat("zhangsan").await.was_told("已超时未处理"), "an hour later");
    // He leaves: the other one gets the work, and can finish it.
    desk.company("DELETE", "/members/liuyang", json!({})).await;
    desk.settle().await;
    let ticket = desk.ticket(id).await;
    assert_eq!(ticket["steps"][1]["handlers"], json!(["zhaomin"]), "{ticket}");
    for verb in ["claim", "complete"] {
        let seen = desk.ask("GET", &format!("/api/v1/tickets/{id}")).acting_as("zhaomin");
        if seen.send().await.json()["actions"].as_array().unwrap().contains(&json!(verb)) {
            desk.does("zhaomin", verb, id, json!({})).await;
        }
    }
    assert_eq!(desk.ticket(id).await["status"], "closed");
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    desk.close().await;
}
