//! Templates are tried out before they count: linted, run on a sample and on the tickets that there
//! were; and running tickets are moved to the next version.

use serde_json::{Value, json};

use crate::support::Desk;

const PATH: &str = "/api/v1/templates/repair";

fn work(key: &str, who: &[&str], more: Value) -> Value {
    let mut step = json!({ "key": key, "name": key, "if_nobody": { "do": "hold" },
        "assign": { "by": "people", "userids": who } });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

fn repair(fields: Value, steps: Value) -> Value {
    let mut all = vec![
        json!({ "key": "title", "kind": "text", "label": "故障", "required": true }),
        json!({ "key": "no", "kind": "serial_no", "label": "服务单号", "prefix": "FW-" }),
        json!({ "key": "floor", "kind": "number", "label": "楼层" }),
    ];
    all.extend(fields.as_array().unwrap().clone());
    json!({ "key": "repair", "name": "报修", "form": { "fields": all },
        "flow": { "steps": steps } })
}

async fn save(desk: &Desk, template: &Value) {
    let saved = desk.ask("PUT", PATH).json(template).send().await;
    assert_eq!(saved.json()["problems"], json!([]), "{}", saved.text());
}

async fn publish(desk: &Desk, template: &Value) {
    save(desk, template).await;
    let told = desk.ask("POST", &format!("{PATH}/publish")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
}

async fn raise(desk: &Desk, form: Value) -> Value {
    desk.raises("repair", form).await
}

async fn simulate(desk: &Desk, asked: Value) -> Value {
    let told = desk.ask("POST", &format!("{PATH}/simulate")).json(&asked).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_is_linted_without_being_kept() {
    let desk = Desk::open().await;
    let lint = async |template: &Value| {
        let told = desk.ask("POST", "/api/v1/templates/lint").json(template).send().await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()["problems"].as_array().unwrap().clone()
    };
    let good = repair(json!([]), json!([work("fix", &["liuyang"], json!({}))]));
    assert_eq!(lint(&good).await, Vec::<Value>::new());
    let mut bad = good.clone();
    bad["flow"]["steps"][0].as_object_mut().unwrap().remove("if_nobody");
    bad["flow"]["steps"][0]["exit"] = json!({ ">": [{ "var": "flor" }, 3] });
    let told = lint(&bad).await;
    let codes: Vec<_> = told.iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["no_fallback", "unknown_field"], "{told:?}");
    for one in &told {
        assert_eq!(one["path"], "flow.fix");
        assert!(!one["detail"].as_str().unwrap().is_empty());
    }
    // What cannot even be read is told with its place, too.
    bad["form"]["fields"][0]["required"] = json!("yes");
    assert_eq!(lint(&bad).await[0]["path"], "form.fields[0].required");
    assert_eq!(desk.ask("GET", &format!("{PATH}?draft=true")).send().await.status, 404);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_tried_out_on_a_form_and_nothing_is_written() {
    let desk = Desk::open().await;
    let high = json!({ ">": [{ "var": "floor" }, 10] });
    let steps = json!([
        work("ask", &["liuyang"], json!({ "limit": { "minutes": 90, "overdue": { "do": "pass" } } })),
        { "key": "tell", "name": "告知", "type": "notify", "text": "马上到",
          "to": { "by": "starter" } },
        { "key": "how", "name": "怎么修", "type": "branch", "cases": [
            { "when": high, "steps": [work("crane", &["zhaomin"], json!({}))] },
          ], "default": [work("ladder", &["zhoujie"], json!({}))] },
    ]);
    save(&desk, &repair(json!([]), steps)).await;
    let sample = json!({ "form": { "title": "灯", "floor": 12 }, "starter": "wangfang" });
    let told = simulate(&desk, sample).await;
    assert_eq!((&told["version"], &told["comparison"]), (&json!(1), &Value::Null));
    let way = &told["rehearsal"];
    assert_eq!((&way["outcome"], &way["stuck"]), (&json!("finished"), &Value::Null));
    let stops = way["stops"].as_array().unwrap();
    let shown: Vec<_> = stops
        .iter()
        .map(|stop| {
            let who = stop.get("handlers").or(stop.get("to")).unwrap_or(&Value::Null);
            format!(
                "{} {} {who}",
                stop["step"].as_str().unwrap(),
                stop["happens"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"ask work ["liuyang"]"#,
            r#"tell told ["wangfang"]"#,
            "how took null",
            r#"crane work ["zhaomin"]"#
        ]
    );
    assert_eq!(stops[0]["due_at"], "2026-11-23T02:30:00.000000Z", "{}", stops[0]);
    assert_eq!(stops[1]["what"]["text"], "马上到");
    let low = simulate(&desk, json!({ "form": { "title": "灯", "floor": 2 } })).await;
    assert!(low["rehearsal"]["stops"].to_string().contains("ladder"), "{low}");

    // What is wrong is told as at the creation; what cannot be published cannot be tried out.
    let told = desk.ask("POST", &format!("{PATH}/simulate")).json(&json!({ "form": {} }));
    assert_eq!(told.send().await.json()["errors"][0]["path"], "form.title");
    let asked = json!({ "form": { "title": "灯" }, "starter": "nobody" });
    let told = desk.ask("POST", &format!("{PATH}/simulate")).json(&asked).send().await;
    assert_eq!(told.json()["errors"][0]["path"], "starter", "{}", told.text());
    let gone = repair(json!([]), json!([work("fix", &["somebody_else"], json!({}))]));
    save(&desk, &gone).await;
    let told = simulate(&desk, json!({ "form": { "title": "灯" } })).await;
    assert_eq!(told["rehearsal"]["stuck"]["step"], "fix", "nobody is there to do it: {told}");
    let bad = repair(json!([]), json!([]));
    desk.ask("PUT", PATH).json(&bad).send().await;
    let asked = json!({ "form": { "title": "灯" } });
    let told = desk.ask("POST", &format!("{PATH}/simulate")).json(&asked).send().await;
    assert_eq!(told.refusal().0, 422, "{}", told.text());

    // No ticket, no message, no number was spent.
    desk.settle().await;
    assert!(desk.tickets().await.is_empty());
    assert!(desk.chat("wangfang").await.0.is_empty() && desk.chat("liuyang").await.0.is_empty());
    publish(&desk, &repair(json!([]), json!([work("fix", &["liuyang"], json!({}))]))).await;
    assert_eq!(raise(&desk, json!({ "title": "灯" })).await["form"]["no"], "FW-20261123-0001");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_tried_out_on_the_last_tickets_and_says_which_would_go_another_way() {
    let desk = Desk::open().await;
    let check = work(
        "check",
        &["zhaomin"],
        json!({ "type": "approval",
        "on_reject": { "do": "to_step", "key": "fix" } }),
    );
    publish(&desk, &repair(json!([]), json!([work("fix", &["liuyang"], json!({})), check]))).await;
    let mut made = Vec::new();
    for floor in [1, 12, 30] {
        made.push(raise(&desk, json!({ "title": "灯", "floor": floor })).await);
    }
    let id = |n: usize| made[n]["id"].as_str().unwrap().to_owned();
    // The first was rejected once, and done again: so it is in the rehearsal, too.
    for (userid, verb) in [
        ("liuyang", "complete"),
        ("zhaomin", "reject"),
        ("liuyang", "complete"),
        ("zhaomin", "approve"),
    ] {
        let seen = desk.ask("GET", &format!("/api/v1/tickets/{}", id(0))).acting_as(userid);
        if seen.send().await.json()["actions"].as_array().unwrap().contains(&json!("claim")) {
            desk.does(userid, "claim", &id(0), json!({})).await;
        }
        desk.does(userid, verb, &id(0), json!({ "note": "灯还闪" })).await;
    }
    assert_eq!(desk.ticket(&id(0)).await["status"], "closed");
    // Above the tenth floor somebody must look first; above the twentieth it is somebody unknown.
    let above = |floor: i64| json!({ ">": [{ "var": "floor" }, floor] });
    let draft = json!([
        work("safety", &["zhoujie"], json!({ "when": above(10) })),
        work("crane", &["somebody_else"], json!({ "when": above(20) })),
        work("fix", &["liuyang"], json!({})),
        work(
            "check",
            &["zhaomin"],
            json!({ "type": "approval",
            "on_reject": { "do": "to_step", "key": "fix" } })
        ),
    ]);
    save(&desk, &repair(json!([]), draft)).await;
    let before = desk.tickets().await;
    let told = simulate(&desk, json!({ "last": 10 })).await;
    let all = &told["comparison"];
    assert_eq!((&told["version"], &told["rehearsal"]), (&json!(2), &Value::Null));
    assert_eq!((&all["same"], &all["differ"], &all["stuck"]), (&json!(1), &json!(1), &json!(1)));
    let of = |n: usize| {
        let tickets = all["tickets"].as_array().unwrap();
        tickets.iter().find(|one| one["ticket"] == made[n]["id"]).unwrap()
    };
    assert_eq!(of(0)["verdict"], "same");
    assert_eq!(of(0)["would"], json!(["fix", "check", "fix", "check"]), "{}", of(0));
    assert_eq!((&of(1)["verdict"], &of(1)["was"]), (&json!("differs"), &json!(["fix", "check"])));
    assert_eq!(of(1)["would"], json!(["safety", "fix", "check"]));
    assert_eq!((&of(2)["verdict"], &of(2)["stuck"]["step"]), (&json!("stuck"), &json!("crane")));
    // The version that they were made with is itself no change; and nothing was written.
    let told = simulate(&desk, json!({ "last": 2, "version": 1 })).await;
    assert_eq!(told["comparison"]["same"], 2, "{told}");
    assert_eq!(desk.tickets().await, before);
    for last in [0, 101] {
        let asked = json!({ "last": last });
        let told = desk.ask("POST", &format!("{PATH}/simulate")).json(&asked).send().await;
        assert_eq!(told.json()["errors"][0]["path"], "last");
    }
    desk.close().await;
}

/// The template in which what is accepted is described, if somebody likes to.
fn lenient() -> Value {
    let at_accept = |key: &str| {
        json!({ "key": key, "kind": "text", "label": key,
            "access": { "create": "hidden", "accept": "edit" } })
    };
    let steps = json!([
        work("fix", &["liuyang", "zhaomin"], json!({})),
        work("accept", &["zhoujie"], json!({})),
    ]);
    repair(json!([at_accept("result"), at_accept("photo_no")]), steps)
}

/// Its next version: two fields of the acceptance are required, and it is somebody else's step; one
/// thing more is asked at the creation.
fn strict() -> Value {
    let at_sign = |key: &str| {
        json!({ "key": key, "kind": "text", "label": key, "required": true,
            "access": { "create": "hidden", "sign": "edit" } })
    };
    let owner = json!({ "key": "owner", "kind": "text", "label": "owner", "required": true });
    let steps = json!([
        work("fix", &["liuyang", "zhaomin"], json!({})),
        work("sign", &["chenlei"], json!({})),
    ]);
    repair(json!([at_sign("result"), at_sign("photo_no"), owner]), steps)
}

async fn migrate(desk: &Desk, more: Value) -> Value {
    let mut body = json!({ "from": 1, "preview": false });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let told = desk.ask("POST", &format!("{PATH}/migrate")).json(&body).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.settle().await;
    told.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn running_tickets_move_to_the_next_version_and_what_they_must_have_changes_with_it() {
    let desk = Desk::open().await;
    publish(&desk, &lenient()).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let made = raise(&desk, json!({ "title": format!("第 {n} 张") })).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    // One is closed, one is where the next version has no such step.
    for id in &ids[3..] {
        for verb in ["claim", "complete"] {
            desk.does("liuyang", verb, id, json!({})).await;
        }
    }
    desk.does("zhoujie", "complete", &ids[4], json!({})).await;
    assert_eq!(desk.ticket(&ids[4]).await["status"], "closed");
    let closed = desk.ticket(&ids[4]).await;
    let card = desk.chat("zhaomin").await.about("第 0 张")[0].clone();

    publish(&desk, &strict()).await;
    let before = desk.tickets().await;
    let preview = migrate(&desk, json!({ "preview": true })).await;
    let told: Vec<_> = preview["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap().to_owned(), one["blocked_by"].clone()))
        .collect();
    let none = json!([]);
    let expected: Vec<_> = ids[..3].iter().map(|id| (id.clone(), none.clone())).collect();
    assert_eq!(told[..3], expected);
    assert_eq!(told[3..], [(ids[3].clone(), json!(["accept"]))], "a closed one is not asked");
    assert_eq!(preview["to"], 2);
    assert_eq!(desk.tickets().await, before, "a preview changes nothing");

    // Page by page, and a second time changes nothing more.
    let first = migrate(&desk, json!({ "limit": 2 })).await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let rest = migrate(&desk, json!({ "limit": 2, "cursor": first["next"] })).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (2, &Value::Null));
    let again = migrate(&desk, json!({})).await;
    assert_eq!(again["items"].as_array().unwrap().len(), 1, "the one that cannot: {again}");
    for (n, id) in ids.iter().enumerate() {
        let ticket = desk.ticket(id).await;
        assert_eq!(ticket["template"]["version"], if n < 3 { 2 } else { 1 }, "{n}");
    }
    assert_eq!(desk.ticket(&ids[4]).await, closed, "closed ones are untouched");
    let history = desk.history(&ids[0]).await;
    assert_eq!(history.last().unwrap().1, "test 把工单升级到模板第 2 版");
    let audit = desk.ask("GET", "/api/v1/audit?limit=200").send().await.json();
    let rows = audit["items"].as_array().unwrap();
    let rows = rows.iter().filter(|row| row["what"] == "ticket.migrated");
    let mut rows: Vec<_> = rows.map(|row| row["subject"].as_str().unwrap().to_owned()).collect();
    rows.sort_unstable();
    assert_eq!(rows, ids[..3].iter().map(|id| format!("ticket:{id}")).collect::<Vec<_>>());

    // The card that was sent before still acts, and the step that asks is the one that insists.
    desk.presses("zhaomin", &card, "claim").await;
    assert_eq!(desk.ticket(&ids[0]).await["steps"][0]["owner"], "zhaomin");
    desk.does("zhaomin", "complete", &ids[0], json!({})).await;
    let done = desk.act(&ids[0], "complete", &json!({})).acting_as("chenlei").send().await;
    let missing: Vec<_> =
        done.json()["errors"].as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
    assert_eq!(missing, ["form.result", "form.photo_no"], "what is asked at the creation is not");
    let form = json!({ "form": { "result": "好", "photo_no": "7" } });
    desk.does("chenlei", "complete", &ids[0], form).await;
    assert_eq!(desk.ticket(&ids[0]).await["status"], "closed");
    // The one that stayed ends by its own version.
    desk.does("zhoujie", "complete", &ids[3], json!({})).await;
    assert_eq!(desk.ticket(&ids[3]).await["status"], "closed");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_that_makes_no_sense_is_refused() {
    let desk = Desk::open().await;
    publish(&desk, &lenient()).await;
    publish(&desk, &strict()).await;
    let body = json!({ "from": 2, "to": 2, "preview": true });
    let told = desk.ask("POST", &format!("{PATH}/migrate")).json(&body).send().await;
    assert_eq!(told.json()["errors"][0]["path"], "to", "{}", told.text());
    let body = json!({ "from": 1, "to": 9, "preview": true });
    let told = desk.ask("POST", &format!("{PATH}/migrate")).json(&body).send().await;
    assert_eq!(told.refusal().1, "template.not_found");
    desk.close().await;
}

/// By the fault: the board's needs a technician, procurement and the vendor; anything else whoever
/// the table names.
fn by_fault() -> Value {
    let is = |fault: &str| json!({ "==": [{ "var": "fault" }, fault] });
    let people = |userid: &str| json!({ "by": "people", "userids": [userid] });
    let table = json!({ "by": "table", "rows": [
        { "name": "漏水", "when": is("leak"), "assign": people("sunhao") } ],
        "otherwise": people("chenlei") });
    let options = ["board", "leak", "other"].map(|one| json!({ "value": one, "label": one }));
    let fault = json!({ "key": "fault", "kind": "single_select", "label": "故障类型",
        "required": true, "options": options });
    let lane = |name: &str, step: Value| json!({ "name": name, "steps": [step] });
    let steps = json!([
        { "key": "way", "name": "怎么办", "type": "branch", "cases": [{ "name": "主板", "when": is("board"),
            "steps": [{ "key": "parts", "name": "分头", "type": "parallel", "lanes": [
                lane("技术", work("tech", &["liuyang"], json!({}))),
                lane("采购", work("buy", &["zhaomin"], json!({}))),
                lane("外包商", work("vendor", &["zhoujie"], json!({}))) ] }] }],
          "default": [work("fix", &[], json!({ "assign": table,
              "if_nobody": { "do": "assign", "to": people("liuyang") } }))] },
        work("check", &["chenlei"], json!({ "when": is("board") })),
    ]);
    repair(json!([fault]), steps)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_has_a_map_of_who_answers_for_what_and_its_ticket_goes_by_it() {
    let desk = Desk::open().await;
    publish(&desk, &by_fault()).await;
    let map = desk.ask("GET", &format!("{PATH}/responsibility")).send().await;
    assert_eq!(map.status, 200, "{}", map.text());
    let map = map.json();
    let is = |fault: &str| json!({ "==": [{ "var": "fault" }, fault] });
    let rows: Vec<_> = map["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| json!([step["step"], step["lanes"], step["when"], step["who"][0]["people"]]))
        .collect();
    assert_eq!(
        rows,
        [
            json!(["tech", ["主板", "技术"], [is("board")], ["liuyang"]]),
            json!(["buy", ["主板", "采购"], [is("board")], ["zhaomin"]]),
            json!(["vendor", ["主板", "外包商"], [is("board")], ["zhoujie"]]),
            json!(["fix", ["其余情况"], [], ["sunhao"]]),
            json!(["check", [], [is("board")], ["chenlei"]]),
        ]
    );
    let fix = &map["steps"][3];
    let ways: Vec<_> = fix["who"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["path"], row["when"], row["people"]]))
        .collect();
    let leak = json!([["漏水"], [is("leak")], ["sunhao"]]);
    assert_eq!(ways, [leak, json!([["其余情况"], [], ["chenlei"]])]);
    assert_eq!(fix["otherwise"][0]["people"], json!(["liuyang"]));
    assert_eq!(map["names"].as_object().unwrap().len(), 5, "{map}");

    // A ticket with this fault opens what the map shows for it, for those whom it shows.
    let at_work = async |fault: &str| {
        let made = raise(&desk, json!({ "title": "机床", "fault": fault })).await;
        let ticket = desk.ticket(made["id"].as_str().unwrap()).await;
        let steps = ticket["steps"].as_array().unwrap().clone();
        let open = steps.iter().filter(|step| step["handlers"] != json!([]));
        open.map(|step| json!([step["key"], step["handlers"]])).collect::<Vec<_>>()
    };
    let three =
        [json!(["tech", ["liuyang"]]), json!(["buy", ["zhaomin"]]), json!(["vendor", ["zhoujie"]])];
    assert_eq!(at_work("board").await, three);
    assert_eq!(at_work("leak").await, [json!(["fix", ["sunhao"]])]);
    assert_eq!(at_work("other").await, [json!(["fix", ["chenlei"]])]);
    let told = desk.ask("GET", &format!("{PATH}/responsibility?version=9")).send().await;
    assert_eq!(told.refusal().1, "template.not_found");
    desk.close().await;
}
