//! The mirror of WeCom's people: what the first sync brings, what events change, and what the
//! nightly repair finds that no event told.

use kernel::time;
use serde_json::{Value, json};

use crate::support::Desk;

async fn get(desk: &Desk, path: &str) -> Value {
    desk.ask("GET", &format!("/api/v1/{path}")).send().await.json()
}

/// The company changes and WeCom does not tell.
async fn silently(desk: &Desk, method: &str, path: &str, body: Value) {
    let mark = if path.contains('?') { '&' } else { '?' };
    desk.company(method, &format!("{path}{mark}silent=1"), body).await;
}

/// Something changes a second after everything before.
async fn changes(desk: &Desk, method: &str, path: &str, body: Value) {
    desk.clock.advance(time::SECOND);
    desk.company(method, path, body).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sync_brings_members_departments_customers_and_groups() {
    let desk = Desk::open().await;
    let members = get(&desk, "members?limit=200").await;
    let state = desk.sim_get("/_sim/state").await;
    assert_eq!(
        members["items"].as_array().unwrap().len(),
        state["members"].as_array().unwrap().len()
    );
    let zheng = get(&desk, "members/zhengxin").await;
    assert_eq!((&zheng["name"], &zheng["display_userid"]), (&json!("郑欣"), &json!("ZhengXin")));
    assert_eq!(get(&desk, "members/xulei").await["status"], "inactive");
    let departments = get(&desk, "departments").await;
    assert_eq!(departments["items"].as_array().unwrap().len(), 4);
    let customers = get(&desk, "customers?limit=200").await;
    assert_eq!(customers["items"].as_array().unwrap().len(), 5);
    let tang = get(&desk, "customers/woQFAAAA0004tangbo").await;
    assert_eq!((&tang["name"], &tang["corp_name"]), (&json!("唐博"), &json!("锦程物业")));
    let follows: Vec<_> =
        tang["follows"].as_array().unwrap().iter().map(|one| one["userid"].clone()).collect();
    assert_eq!(follows, [json!("liuyang"), json!("wangfang")]);
    let chat = "wrQFAAAA0001jincheng".to_owned();
    let group = desk.db.read(move |conn| customer::find_group(conn, &chat)).await.unwrap().unwrap();
    assert_eq!((group.name.as_str(), group.members.len()), ("锦程物业 · 空调维保群", 4));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_comes_changes_is_renamed_and_leaves() {
    let desk = Desk::open().await;
    let new = json!({ "userid": "NewHand", "name": "新人", "department": [3], "status": 1 });
    changes(&desk, "POST", "/members", new).await;
    let member = get(&desk, "members/newhand").await;
    assert_eq!((&member["name"], &member["status"]), (&json!("新人"), &json!("active")));
    assert_eq!(member["visible"], true);
    let patch = json!({ "name": "老手", "position": "工程师", "department": [3, 4] });
    changes(&desk, "PATCH", "/members/NewHand", patch).await;
    let member = get(&desk, "members/newhand").await;
    assert_eq!((&member["name"], &member["departments"]), (&json!("老手"), &json!([3, 4])));
    changes(&desk, "PATCH", "/members/NewHand", json!({ "userid": "OldHand" })).await;
    for userid in ["newhand", "oldhand"] {
        let member = get(&desk, &format!("members/{userid}")).await;
        assert_eq!((&member["userid"], &member["name"]), (&json!("oldhand"), &json!("老手")));
    }
    changes(&desk, "DELETE", "/members/OldHand", json!({})).await;
    let member = get(&desk, "members/oldhand").await;
    assert_eq!((&member["status"], &member["visible"]), (&json!("left"), &json!(false)));
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_who_was_renamed_or_left_can_be_gone_on_with() {
    let desk = Desk::open().await;
    let before = desk.raise("wangfang", "门锁坏了").await;
    desk.does("zhaomin", "claim", &before, json!({})).await;
    changes(&desk, "PATCH", "/members/zhaomin", json!({ "userid": "zhaomin2" })).await;
    assert_eq!(desk.ticket(&before).await["steps"][0]["owner"], "zhaomin2");
    let card = desk.chat("zhaomin2").await.with_button("完成").clone();
    desk.presses("zhaomin2", &card, "complete").await;
    assert_eq!(desk.ticket(&before).await["status"], "closed");

    let id = desk.raise("wangfang", "空调坏了").await;
    desk.does("zhoujie", "claim", &id, json!({})).await;
    changes(&desk, "DELETE", "/members/zhoujie", json!({})).await;
    // His ticket is still his on paper; whoever looks after the desk hands it out anew.
    let told = desk.act(&id, "transfer", &json!({ "to": "zhaomin2" })).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.settle().await;
    let card = desk.chat("zhaomin2").await.with_button("完成").clone();
    desk.presses("zhaomin2", &card, "complete").await;
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    let history = desk.history(&id).await;
    assert!(history.iter().any(|(_verb, text)| text.contains("周杰 认领")), "{history:?}");
    desk.raise("lijing", "灯不亮").await;
    let cards = desk.jobs("outbox", "state=failed").await;
    assert!(cards.is_empty(), "nothing is sent to who left: {cards:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_come_change_and_go() {
    let desk = Desk::open().await;
    let named = async |name: &str| {
        let all = get(&desk, "departments").await["items"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == name)
    };
    changes(&desk, "POST", "/departments", json!({ "name": "夜班", "parentid": 3 })).await;
    let night = named("夜班").await.unwrap();
    let id = night["id"].to_string().replace('"', "");
    changes(&desk, "PATCH", &format!("/departments/{id}"), json!({ "name": "夜间值班" })).await;
    assert!(named("夜班").await.is_none() && named("夜间值班").await.is_some());
    changes(&desk, "DELETE", &format!("/departments/{id}"), json!({})).await;
    assert!(named("夜间值班").await.is_none());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_comes_changes_and_is_lost() {
    let desk = Desk::open().await;
    let id = "wmNEW00000000000000000000001";
    let new = json!({ "external_userid": id, "userid": "liuyang", "name": "新客户", "type": 1,
        "remark": "五号楼" });
    changes(&desk, "POST", "/customers", new).await;
    let customer = get(&desk, &format!("customers/{id}")).await;
    assert_eq!(
        (&customer["name"], &customer["follows"][0]["remark"]),
        (&json!("新客户"), &json!("五号楼"))
    );
    let patch =
        json!({ "userid": "liuyang", "remark": "六号楼", "remark_mobiles": ["13900000000"] });
    changes(&desk, "PATCH", &format!("/customers/{id}"), patch).await;
    let customer = get(&desk, &format!("customers/{id}")).await;
    assert_eq!(
        (&customer["phone"], &customer["follows"][0]["remark"]),
        (&json!("13900000000"), &json!("六号楼"))
    );
    let path = format!("/customers/{id}?userid=liuyang&by=customer");
    changes(&desk, "DELETE", &path, json!({})).await;
    let customer = get(&desk, &format!("customers/{id}")).await;
    assert_eq!(
        (&customer["is_lost"], &customer["follows"][0]["is_lost"]),
        (&json!(true), &json!(true))
    );
    let path = format!("/customers/{id}?userid=liuyang");
    changes(&desk, "DELETE", &path, json!({})).await;
    let customer = get(&desk, &format!("customers/{id}")).await;
    assert_eq!((&customer["name"], &customer["is_lost"]), (&json!("新客户"), &json!(true)));
    assert!(desk.jobs("inbox", "state=failed").await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_group_comes_changes_and_is_dissolved() {
    let desk = Desk::open().await;
    let id = "wrNEW00000000000000000000001";
    let find = async || {
        let id = id.to_owned();
        desk.db.read(move |conn| customer::find_group(conn, &id)).await.unwrap()
    };
    let new = json!({ "chat_id": id, "name": "新群", "owner": "liuyang",
        "members": [{ "id": "liuyang", "type": 1 }] });
    changes(&desk, "POST", "/groups", new).await;
    assert_eq!(find().await.unwrap().name, "新群");
    let patch = json!({ "name": "改名了", "members": [
        { "id": "liuyang", "type": 1 }, { "id": "wmQFAAAA0001heyan", "type": 2 }] });
    changes(&desk, "PATCH", &format!("/groups/{id}"), patch).await;
    let group = find().await.unwrap();
    assert_eq!((group.name.as_str(), group.members.len()), ("改名了", 2));
    changes(&desk, "DELETE", &format!("/groups/{id}"), json!({})).await;
    assert!(find().await.unwrap().dismissed);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nightly_repair_finds_what_no_event_told() {
    let desk = Desk::open().await;
    let customer = "wmSILENT0000000000000000001";
    silently(&desk, "DELETE", "/members/zhoujie", json!({})).await;
    silently(&desk, "PATCH", "/members/zhaomin", json!({ "name": "赵小敏" })).await;
    let new = json!({ "userid": "secret", "name": "悄悄来的", "department": [3], "status": 1 });
    silently(&desk, "POST", "/members", new).await;
    silently(&desk, "POST", "/departments", json!({ "name": "无声部" })).await;
    let new =
        json!({ "external_userid": customer, "userid": "liuyang", "name": "静客", "type": 1 });
    silently(&desk, "POST", "/customers", new).await;
    silently(&desk, "DELETE", "/customers/wmQFAAAA0001heyan?userid=zhangsan", json!({})).await;
    silently(&desk, "DELETE", "/groups/wrQFAAAA0002yunqi", json!({})).await;
    assert_eq!(get(&desk, "members/zhoujie").await["status"], "active");
    // The first try of the night meets a WeCom that is away; the next night mends it.
    desk.fails("*", None, json!({ "http": 503 })).await;
    desk.advance(time::DAY).await;
    assert_eq!(get(&desk, "members/zhoujie").await["status"], "active");
    desk.heals().await;
    desk.advance(time::DAY).await;
    assert_eq!(get(&desk, "members/zhoujie").await["status"], "left");
    assert_eq!(get(&desk, "members/zhaomin").await["name"], "赵小敏");
    assert_eq!(get(&desk, "members/secret").await["name"], "悄悄来的");
    let departments = get(&desk, "departments").await.to_string();
    assert!(departments.contains("无声部"), "{departments}");
    assert_eq!(get(&desk, &format!("customers/{customer}")).await["name"], "静客");
    assert_eq!(get(&desk, "customers/wmQFAAAA0001heyan").await["is_lost"], true);
    let gone = "wrQFAAAA0002yunqi".to_owned();
    let group = desk.db.read(move |conn| customer::find_group(conn, &gone)).await.unwrap();
    assert!(group.unwrap().dismissed);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_in_any_order_end_in_the_same_mirror() {
    let desk = Desk::open().await;
    desk.sim_post("/_sim/deliver", json!({ "copies": 3, "shuffle": true })).await;
    let new = json!({ "userid": "newhand", "name": "新人", "department": [3], "status": 1 });
    changes(&desk, "POST", "/members", new).await;
    changes(&desk, "PATCH", "/members/newhand", json!({ "name": "老手" })).await;
    changes(&desk, "DELETE", "/members/newhand", json!({})).await;
    assert_eq!(get(&desk, "members/newhand").await["status"], "left");
    assert_eq!(get(&desk, "members/newhand").await["name"], "老手");
    desk.close().await;
}
