//! One form that several teams fill in: each gets its own part to do, sees no other's, and the
//! ticket goes on when all are done.

use serde_json::{Value, json};

use crate::support::Desk;

fn field(key: &str, kind: &str, required: bool) -> Value {
    json!({ "key": key, "kind": kind, "label": key, "required": required })
}

fn section(key: &str, label: &str, owner: &[&str]) -> Value {
    json!({ "key": key, "kind": "section", "label": label,
        "owner": { "by": "people", "userids": owner } })
}

async fn publish(desk: &Desk, template: &Value) {
    let path = format!("/api/v1/templates/{}", template["key"].as_str().unwrap());
    let saved = desk.ask("PUT", &path).json(template).send().await;
    assert_eq!(saved.json()["problems"], json!([]), "{}", saved.text());
    let told = desk.ask("POST", &format!("{path}/publish")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
}

async fn seen_by(desk: &Desk, userid: &str, id: &str) -> Value {
    desk.ask("GET", &format!("/api/v1/tickets/{id}")).acting_as(userid).send().await.json()
}

fn keys(ticket: &Value) -> Vec<&str> {
    ticket["form"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn cake_order() -> Value {
    let sizes = json!([{ "value": "6", "label": "6 寸" }, { "value": "8", "label": "8 寸" }]);
    json!({
        "key": "cake", "name": "蛋糕订单",
        "form": { "fields": [
            field("title", "text", true),
            section("decor", "裱花", &["liuyang", "zhoujie"]),
            { "key": "size", "kind": "single_select", "label": "蛋糕尺寸", "options": sizes,
              "required": true },
            field("notes", "text", false),
            { "key": "sketch", "kind": "images", "label": "效果图" },
            section("delivery", "配送", &["zhaomin"]),
            field("slot", "text", true),
        ] },
        "flow": { "steps": [
            { "key": "fill", "name": "分工填写", "type": "sections", "if_nobody": { "do": "hold" },
              "limit": { "minutes": 60, "overdue": { "do": "pass" } } },
            { "key": "bake", "name": "制作", "assign": { "by": "people", "userids": ["chenlei"] },
              "if_nobody": { "do": "hold" } },
        ] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_form_is_split_to_the_teams_and_each_sees_only_its_part() {
    let desk = Desk::open().await;
    publish(&desk, &cake_order()).await;
    let form = json!({ "title": "生日蛋糕" });
    let new = json!({ "template": "cake", "form": form });
    let made = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert_eq!(made.status, 201, "the parts of the teams are not asked yet: {}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    desk.settle().await;
    let open: Vec<_> = made.json()["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["state"] == "open" && step["handlers"] != json!([]))
        .map(|step| format!("{}: {}", step["name"].as_str().unwrap(), step["handlers"]))
        .collect();
    assert_eq!(open, [r#"裱花: ["liuyang","zhoujie"]"#, r#"配送: ["zhaomin"]"#]);
    assert_eq!(desk.chat("zhaomin").await.last_card().buttons(), ["认领"], "each was told");
    assert_eq!(desk.chat("zhoujie").await.last_card().buttons(), ["认领"]);

    // Nobody fills in what is another's, and nobody is done without what his part must have.
    for userid in ["liuyang", "zhaomin"] {
        desk.does(userid, "claim", &id, json!({})).await;
    }
    let refused = async |userid: &str, form: Value| {
        let told = desk.act(&id, "complete", &json!({ "form": form })).acting_as(userid);
        let told = told.send().await;
        assert_eq!(told.status, 422, "{}", told.text());
        let first = told.json()["errors"][0].clone();
        format!("{} {}", first["path"].as_str().unwrap(), first["code"].as_str().unwrap())
    };
    let foreign = refused("liuyang", json!({ "size": "8", "slot": "下午" })).await;
    assert_eq!(foreign, "form.slot unknown_field", "it is not there for him");
    assert_eq!(refused("liuyang", json!({ "notes": "少糖" })).await, "form.size required");
    let picture = b"\x89PNG\r\n\x1a\n0123456789abcdef".to_vec();
    let picture = desk.ask("POST", "/api/v1/files").acting_as("liuyang").file("a.png", picture);
    let picture = picture.send().await.json()["id"].as_str().unwrap().to_owned();
    let part = json!({ "size": "8", "notes": "少糖", "sketch": [picture] });
    desk.does("liuyang", "complete", &id, json!({ "form": part })).await;

    // What the one team wrote, the other cannot read: neither the answers nor the file.
    assert_eq!(keys(&seen_by(&desk, "zhaomin", &id).await), ["title"]);
    let file = async |userid: &str| {
        let path = format!("/api/v1/files/{picture}?ticket={id}");
        desk.ask("GET", &path).acting_as(userid).send().await.status
    };
    assert_eq!((file("zhaomin").await, file("liuyang").await), (404, 200));
    let mine = seen_by(&desk, "liuyang", &id).await;
    assert_eq!(keys(&mine), ["notes", "size", "sketch", "title"]);
    assert_eq!(keys(&seen_by(&desk, "wangfang", &id).await).len(), 4, "who raised it reads all");
    assert_eq!(desk.ticket(&id).await["steps"][3]["state"], "waiting", "one part is open");

    desk.does("zhaomin", "complete", &id, json!({ "form": { "slot": "下午" } })).await;
    let listed = desk.ask("GET", "/api/v1/tickets?template=cake").acting_as("zhaomin");
    assert_eq!(
        keys(&listed.send().await.json()["items"][0]),
        ["slot", "title"],
        "lists hide it too"
    );
    // Who comes later reads everything.
    let later = seen_by(&desk, "chenlei", &id).await;
    assert_eq!(keys(&later), ["notes", "size", "sketch", "slot", "title"]);
    for verb in ["claim", "complete"] {
        if seen_by(&desk, "chenlei", &id).await["actions"]
            .as_array()
            .unwrap()
            .contains(&json!(verb))
        {
            desk.does("chenlei", verb, &id, json!({})).await;
        }
    }
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_departments_fill_in_one_form_and_it_goes_on_when_what_is_required_is_there() {
    let desk = Desk::open().await;
    let teams = [("kitchen", "liuyang"), ("stores", "zhaomin"), ("quality", "zhoujie")];
    let mut fields = vec![field("title", "text", true), field("is_serious", "switch", false)];
    for (team, owner) in teams {
        fields.push(section(team, team, &[owner]));
        fields.push(field(&format!("{team}_found"), "text", true));
        fields.push(field(&format!("{team}_note"), "text", false));
    }
    // The fourth is asked only when it is serious.
    let mut law = section("law", "law", &["sunhao"]);
    law["rules"] = json!({ "show": { "var": "is_serious" } });
    fields.extend([law, field("law_found", "text", true)]);
    let template = json!({
        "key": "food_safety_case", "name": "食品安全",
        "form": { "fields": fields },
        "flow": { "steps": [
            { "key": "parts", "name": "各部门", "type": "sections", "if_nobody": { "do": "hold" } },
            { "key": "sum", "name": "结论", "assign": { "by": "people", "userids": ["chenlei"] },
              "if_nobody": { "do": "hold" } },
        ] },
    });
    publish(&desk, &template).await;
    let raise = async |is_serious: bool| {
        let form = json!({ "title": "异物", "is_serious": is_serious });
        let new = json!({ "template": "food_safety_case", "form": form });
        let made = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new);
        made.send().await.json()["id"].as_str().unwrap().to_owned()
    };
    let state = async |id: &str, key: &str| {
        let ticket = desk.ticket(id).await;
        let steps = ticket["steps"].as_array().unwrap().clone();
        steps.iter().find(|step| step["key"] == key).unwrap()["state"].as_str().unwrap().to_owned()
    };
    let (serious, light) = (raise(true).await, raise(false).await);
    desk.settle().await;
    assert_eq!(state(&light, "parts_law").await, "skipped", "what is not shown is nobody's work");
    for id in [&serious, &light] {
        for (team, owner) in teams {
            let seen = seen_by(&desk, owner, id).await;
            if seen["actions"].as_array().unwrap().contains(&json!("claim")) {
                desk.does(owner, "claim", id, json!({})).await;
            }
            let note = json!({ "form": { format!("{team}_note"): "记录" } });
            let told = desk.act(id, "complete", &note).acting_as(owner).send().await;
            let path = format!("form.{team}_found");
            assert_eq!(told.json()["errors"][0]["path"], path, "{}", told.text());
            assert_eq!(state(id, "sum").await, "waiting");
            let found = json!({ "form": { format!("{team}_found"): "无异常" } });
            desk.does(owner, "complete", id, found).await;
        }
    }
    assert_eq!(state(&light, "sum").await, "open");
    assert_eq!(state(&serious, "sum").await, "waiting", "law is missing");
    let found = json!({ "form": { "law_found": "已备案" } });
    desk.does("sunhao", "complete", &serious, found).await;
    assert_eq!(state(&serious, "sum").await, "open");
    assert_eq!(
        keys(&seen_by(&desk, "sunhao", &serious).await),
        ["is_serious", "law_found", "title"]
    );
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_follow_the_form_and_an_owner_without_work_is_refused() {
    let desk = Desk::open().await;
    let problems = async |template: &Value| {
        let told = desk.ask("POST", "/api/v1/templates/lint").json(template).send().await.json();
        let told = told["problems"].as_array().unwrap().clone();
        let word = |one: &Value| format!("{} {}", one["path"], one["code"]).replace('"', "");
        told.iter().map(word).collect::<Vec<_>>()
    };
    assert_eq!(problems(&cake_order()).await, Vec::<String>::new());
    let mut unused = cake_order();
    unused["flow"]["steps"].as_array_mut().unwrap().remove(0);
    assert_eq!(
        problems(&unused).await,
        ["form.fields[1].owner unused_setting", "form.fields[5].owner unused_setting"]
    );
    let mut unread = cake_order();
    unread["form"]["fields"][5]["owner"] = json!({ "by": "magic" });
    assert_eq!(problems(&unread).await, ["form.fields[5].owner malformed"]);
    let mut nobody = cake_order();
    for at in [1, 5] {
        nobody["form"]["fields"][at].as_object_mut().unwrap().remove("owner");
    }
    assert_eq!(problems(&nobody).await, ["flow.fill no_sections"]);

    // What was published is written again without the second owner: his part is everybody's.
    publish(&desk, &cake_order()).await;
    let path = "/api/v1/templates/cake";
    let mut next = desk.ask("GET", path).send().await.json();
    assert_eq!(next["flow"]["steps"][0]["lanes"].as_array().unwrap().len(), 2);
    next["form"]["fields"][5].as_object_mut().unwrap().remove("owner");
    publish(&desk, &next).await;
    let next = desk.ask("GET", path).send().await.json();
    assert_eq!(next["flow"]["steps"][0]["lanes"].as_array().unwrap().len(), 1);
    assert_eq!(next["form"]["fields"][5].get("access"), None, "{}", next["form"]["fields"][5]);
    let new = json!({ "template": "cake", "form": { "title": "蛋糕" } });
    let told = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert_eq!(told.json()["errors"][0]["path"], "form.slot", "{}", told.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_stays_hidden_when_the_ticket_has_ended_and_from_its_customer() {
    let desk = Desk::open().await;
    let template = json!({ "key": "verify", "name": "核验", "form": { "fields": [
        { "key": "title", "kind": "text", "label": "标题", "required": true },
        { "key": "cost", "kind": "text", "label": "成本",
          "access": { "create": "hidden", "*": "hidden", "check": "edit" } } ] },
        "flow": { "steps": [ { "key": "check", "name": "核验", "if_nobody": { "do": "hold" },
            "assign": { "by": "people", "userids": ["zhaomin", "zhoujie"] } } ] } });
    assert_eq!(desk.publish(&template).await.status, 200);
    let new = json!({ "template": "verify", "form": { "title": "核验材料" } });
    let ticket = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    let id = ticket.json()["id"].as_str().unwrap().to_owned();
    desk.does("zhaomin", "claim", &id, json!({})).await;
    let filled = json!({ "form": { "cost": "3800 元" } });
    assert_eq!(desk.does("zhaomin", "complete", &id, filled).await["status"], "closed");
    let seen = async |userid: &str| {
        let told = desk.ask("GET", &format!("/api/v1/tickets/{id}")).acting_as(userid).send().await;
        told.json()["form"]["cost"].clone()
    };
    assert_eq!(seen("zhaomin").await, "3800 元", "he wrote it");
    for userid in ["zhoujie", "wangfang"] {
        assert_eq!(seen(userid).await, Value::Null, "{userid}");
    }
    desk.close().await;
}
