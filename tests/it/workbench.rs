//! The figures that members see on the workbench.

use kernel::time::{DAY, HOUR, SECOND};
use serde_json::{Value, json};

use crate::support::Desk;

const SET: &str = "/cgi-bin/agent/batch_set_workbench_data";

async fn open() -> Desk {
    let desk = Desk::with(|config| {
        config.server.public_url = "http://desk.example.com".to_owned();
        config.wecom.apps.get_mut("desk").unwrap().workbench = true;
    })
    .await;
    desk.settle().await;
    desk
}

/// What a member sees: figure by figure, and where the first leads.
async fn figures(desk: &Desk, userid: &str) -> Vec<(String, String)> {
    let shown = desk.sim_get(&format!("/_sim/workbench/{userid}")).await;
    let items = shown["items"][0]["shown"]["keydata"]["items"].as_array().cloned();
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    items.unwrap_or_default().iter().map(|one| (text(one, "key"), text(one, "data"))).collect()
}

fn four(numbers: [u8; 4]) -> Vec<(String, String)> {
    let keys = ["待处理", "已超时", "今日完成", "待我确认"];
    keys.iter().zip(numbers).map(|(key, number)| ((*key).to_owned(), number.to_string())).collect()
}

/// A business of one step for two people, which is late after an hour.
fn business() -> Value {
    json!({
        "key": "fix", "name": "维修",
        "form": { "fields": [{ "key": "title", "kind": "text", "label": "标题", "required": true }] },
        "flow": { "steps": [{ "key": "fix", "name": "维修", "public_name": "维修",
            "assign": { "by": "people", "userids": ["zhaomin", "zhoujie"] },
            "if_nobody": { "do": "hold" },
            "limit": { "minutes": 60, "escalate": [{ "minutes": 6000, "to": { "by": "supervisor" } }] } }] },
    })
}

async fn raise(desk: &Desk, title: &str) -> String {
    let new = json!({ "template": "fix", "form": { "title": title } });
    let told = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert_eq!(told.status, 201, "{}", told.text());
    desk.settle().await;
    told.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_follow_the_work_of_each_member_and_lead_to_its_page() {
    let desk = open().await;
    desk.publishes(&business()).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([0, 0, 0, 0]), "the template's");
    let first = raise(&desk, "一").await;
    let second = raise(&desk, "二").await;
    assert_eq!(figures(&desk, "zhaomin").await, four([0, 0, 0, 0]), "not with every event");
    desk.advance(10 * SECOND).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([2, 0, 0, 0]));
    assert_eq!(figures(&desk, "sunhao").await, four([0, 0, 0, 0]));
    let shown = desk.sim_get("/_sim/workbench/zhaomin").await;
    let urls: Vec<_> = shown["items"][0]["shown"]["keydata"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["jump_url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(urls[0], "http://desk.example.com/h5/workbench");
    assert_eq!(urls[1], "http://desk.example.com/h5/workbench?view=overdue");
    desk.does("zhaomin", "claim", &first, json!({})).await;
    desk.does("zhaomin", "complete", &first, json!({})).await;
    desk.advance(10 * SECOND).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([1, 0, 1, 0]));
    assert_eq!(
        figures(&desk, "zhoujie").await,
        four([1, 0, 0, 0]),
        "what another took is his no more"
    );
    desk.does("zhaomin", "claim", &second, json!({})).await;
    desk.advance(HOUR + 20 * SECOND).await;
    desk.advance(10 * SECOND).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([1, 1, 1, 0]), "late without anybody's doing");
    desk.advance(DAY).await;
    desk.advance(10 * SECOND).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([1, 1, 0, 0]), "today nothing was done yet");
    assert_eq!(desk.problems().await, Vec::<Value>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wecom_is_told_of_those_whose_figures_changed_together_and_of_nobody_else() {
    let desk = open().await;
    desk.publishes(&business()).await;
    for title in ["一", "二", "三"] {
        raise(&desk, title).await;
    }
    desk.advance(10 * SECOND).await;
    let calls = desk.calls(SET).await;
    assert_eq!(calls.len(), 1, "both have the same figures, and three tickets are told at once");
    let id = raise(&desk, "四").await;
    desk.act(&id, "comment", &json!({ "text": "看看" })).acting_as("wangfang").send().await;
    desk.advance(10 * SECOND).await;
    assert_eq!(desk.calls(SET).await.len(), 2);
    desk.act(&id, "comment", &json!({ "text": "再看看" })).acting_as("wangfang").send().await;
    desk.advance(10 * SECOND).await;
    assert_eq!(desk.calls(SET).await.len(), 2, "a word changes no figure");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_survive_a_wecom_that_is_away_and_one_where_they_are_switched_off() {
    let desk = open().await;
    desk.publishes(&business()).await;
    desk.fails(SET, Some(1), json!({ "errcode": -1 })).await;
    raise(&desk, "一").await;
    desk.advance(10 * SECOND).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([0, 0, 0, 0]));
    desk.advance(60 * SECOND).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([1, 0, 0, 0]), "tried again");
    desk.fails(SET, None, json!({ "errcode": 94000 })).await;
    raise(&desk, "二").await;
    desk.advance(10 * SECOND).await;
    desk.heals().await;
    raise(&desk, "三").await;
    desk.advance(10 * SECOND).await;
    assert_eq!(figures(&desk, "zhaomin").await, four([3, 0, 0, 0]), "nothing was lost meanwhile");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_without_figures_asks_wecom_for_none() {
    let desk = Desk::open().await;
    desk.publishes(&business()).await;
    raise(&desk, "一").await;
    desk.advance(20 * SECOND).await;
    assert!(desk.calls(SET).await.is_empty());
    assert!(desk.calls("/cgi-bin/agent/set_workbench_template").await.is_empty());
    desk.close().await;
}
