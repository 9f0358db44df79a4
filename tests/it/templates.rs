//! Templates: written as drafts, published, used by tickets, kept for those that run; the library of
//! industries; and all of it as files.

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
            { "key": "fix", "name": "维修", "assign": { "by": "group", "key": "menders" } },
            { "key": "check", "name": "验收", "assign": { "by": "group", "key": "checkers" } },
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

    // A third one asks something new: the next ticket carries it.
    next["form"]["fields"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "key": "spec", "kind": "text", "label": "规格", "required": true }));
    assert_eq!(ask("PUT", path, Some(&next)).await.status, 200);
    assert_eq!(ask("POST", &format!("{path}/publish"), None).await.json()["version"], 3);
    let asked = ask("GET", path, None).await.json();
    assert_eq!(asked["form"]["fields"][1]["label"], "规格");
    let new = json!({ "template": "repair", "form": { "title": "灯坏了", "spec": "T5" } });
    let third = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert_eq!(third.json()["form"]["spec"], "T5", "{}", third.text());

    let versions = ask("GET", &format!("{path}/versions"), None).await.json();
    let states: Vec<_> =
        versions["items"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["published", "archived", "archived"]);
    assert_eq!(ask("POST", &format!("{path}/archive"), None).await.status, 204);
    assert_eq!(create().await.refusal().1, "template.not_found");
    let audit = ask("GET", "/api/v1/audit", None).await.text();
    assert!(audit.contains("template.published") && audit.contains("template.archived"), "{audit}");
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
