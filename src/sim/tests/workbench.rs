//! What apps show on the workbench.

use serde_json::{Value, json};

use super::{Bench, OTHER, code, refused};

const AGENT: i64 = 1_000_002;

fn figures(rows: &[(&str, &str)]) -> Value {
    let items = rows.iter().map(|(key, data)| {
        json!({ "key": key, "data": data, "jump_url": "https://desk.example.com/h5/workbench" })
    });
    json!({ "items": items.collect::<Vec<_>>() })
}

async fn ask(bench: &Bench, call: &str, body: Value) -> Value {
    bench.api(call, &body).await
}

async fn set_up(bench: &Bench) {
    let body = json!({ "agentid": AGENT, "type": "keydata",
        "keydata": figures(&[("待处理", "0"), ("已超时", "0")]) });
    assert_eq!(code(&ask(bench, "agent/set_workbench_template", body).await), 0);
}

fn batch(userids: &[&str], data: Value) -> Value {
    json!({ "agentid": AGENT, "userid_list": userids, "data": { "type": "keydata", "keydata": data } })
}

#[tokio::test]
async fn each_member_sees_his_own_figures_and_the_others_those_of_the_template() {
    let bench = Bench::new().await;
    let early =
        ask(&bench, "agent/batch_set_workbench_data", batch(&["lijing"], figures(&[]))).await;
    refused(&early, 94002);
    set_up(&bench).await;
    let set = batch(&["LiJing", "zhangsan"], figures(&[("待处理", "3")]));
    assert_eq!(code(&ask(&bench, "agent/batch_set_workbench_data", set).await), 0);
    for (userid, shown) in [("lijing", "3"), ("wangfang", "0")] {
        let body = json!({ "agentid": AGENT, "userid": userid });
        let own = ask(&bench, "agent/get_workbench_data", body).await;
        assert_eq!(own.pointer("/data/keydata/items/0/data"), Some(&json!(shown)), "{userid}");
    }
    let template = ask(&bench, "agent/get_workbench_template", json!({ "agentid": AGENT })).await;
    assert_eq!(template["type"], "keydata");
    let replace = json!({ "agentid": AGENT, "type": "keydata", "replace_user_data": true,
        "keydata": figures(&[("待处理", "0")]) });
    assert_eq!(code(&ask(&bench, "agent/set_workbench_template", replace).await), 0);
    let own =
        ask(&bench, "agent/get_workbench_data", json!({ "agentid": AGENT, "userid": "lijing" }));
    assert_eq!(own.await.pointer("/data/keydata/items/0/data"), Some(&json!("0")));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_whole() {
    let bench = Bench::new().await;
    set_up(&bench).await;
    let call = async |body: Value| ask(&bench, "agent/batch_set_workbench_data", body).await;
    let good = || figures(&[("待处理", "1")]);
    refused(&call(batch(&["lijing", "nobody"], good())).await, 40003);
    refused(&call(batch(&[], good())).await, 94007);
    let many: Vec<_> = std::iter::repeat_n("lijing", 1001).collect();
    refused(&call(batch(&many, good())).await, 94007);
    refused(&call(batch(&["lijing"], figures(&[("别的", "1")]))).await, 94006);
    refused(&call(batch(&["lijing"], figures(&[("待处理", &"9".repeat(65))]))).await, 94004);
    refused(&call(batch(&["lijing"], figures(&[("a", "1"); 5]))).await, 94003);
    let mut other = batch(&["lijing"], good());
    other["agentid"] = json!(OTHER);
    refused(&call(other).await, 301_002);
    let own =
        ask(&bench, "agent/get_workbench_data", json!({ "agentid": AGENT, "userid": "lijing" }));
    assert_eq!(
        own.await.pointer("/data/keydata/items/0/data"),
        Some(&json!("0")),
        "nothing was set"
    );
}

#[tokio::test]
async fn one_member_may_be_set_ten_times_a_minute_and_many_at_once() {
    let bench = Bench::new().await;
    set_up(&bench).await;
    let one = || {
        let body = json!({ "agentid": AGENT, "userid": "lijing", "type": "keydata",
            "keydata": figures(&[("待处理", "1")]) });
        ask(&bench, "agent/set_workbench_data", body)
    };
    for _ in 0..10 {
        assert_eq!(code(&one().await), 0);
    }
    refused(&one().await, 45009);
    let many = batch(&["lijing", "zhangsan"], figures(&[("待处理", "2")]));
    assert_eq!(code(&ask(&bench, "agent/batch_set_workbench_data", many).await), 0);
}
