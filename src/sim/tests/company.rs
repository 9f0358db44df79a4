use serde_json::{Value, json};
use wecom::xml::Element;

use super::{Bench, code, refused};

#[tokio::test]
async fn the_directory_is_read_as_far_as_the_app_sees_it() {
    let bench = Bench::with(|corp| corp.apps[0].visible = vec![2, 3]).await;
    let member = bench.read("user/get", "userid=LIJING").await;
    assert_eq!((code(&member), member["name"].as_str()), (0, Some("李静")));
    assert!(member.get("avatar").is_none() && member.get("mobile").is_none());
    refused(&bench.read("user/get", "userid=sunhao").await, 60011);
    refused(&bench.read("user/get", "userid=nobody").await, 60111);
    refused(&bench.read("user/get", "").await, 40063);

    let list = bench.read("department/list", "").await;
    let ids: Vec<_> = list["department"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, [2, 3], "a forest: the root is not among them");
    assert_eq!(list["department"][0]["department_leader"], json!(["wangfang"]));
    let simple = bench.read("department/simplelist", "id=3").await;
    assert_eq!(simple["department_id"], json!([{ "id": 3, "parentid": 1, "order": 80 }]));
    assert_eq!(bench.read("department/get", "id=2").await["department"]["name"], "客服部");
    refused(&bench.read("department/get", "id=4").await, 60011);
    refused(&bench.read("department/list", "id=77").await, 60123);

    let users = bench.read("user/list", "department_id=2").await;
    assert_eq!(users["userlist"].as_array().unwrap().len(), 3);
    let users = bench.read("user/simplelist", "department_id=3").await;
    assert_eq!(users["userlist"].as_array().unwrap().len(), 4);
    assert_eq!(users["userlist"][0]["department"], json!([3]));
    refused(&bench.read("user/list", "department_id=4").await, 60011);
    let tag = bench.read("tag/get", "tagid=1").await;
    assert_eq!(tag["userlist"].as_array().unwrap().len(), 2);
    refused(&bench.read("tag/get", "tagid=5").await, 40068);
}

#[tokio::test]
async fn customers_and_groups_are_read_with_their_followers_and_pages() {
    let bench = Bench::new().await;
    let followers = bench.read("externalcontact/get_follow_user_list", "").await;
    assert_eq!(followers["follow_user"], json!(["lijing", "liuyang", "wangfang", "zhangsan"]));
    let list = bench.read("externalcontact/list", "userid=zhangsan").await;
    assert_eq!(list["external_userid"].as_array().unwrap().len(), 2);
    refused(&bench.read("externalcontact/list", "userid=sunhao").await, 84061);
    refused(&bench.read("externalcontact/list", "userid=nobody").await, 40003);

    let one = bench.read("externalcontact/get", "external_userid=woQFAAAA0004tangbo").await;
    assert_eq!(one["external_contact"]["corp_name"], "锦程物业");
    assert_eq!(one["follow_user"].as_array().unwrap().len(), 2);
    assert_eq!(one["follow_user"][0]["remark_mobiles"], json!(["13800000004"]));
    refused(&bench.read("externalcontact/get", "external_userid=wm0").await, 40096);

    let mut cursor = String::new();
    let mut rows = Vec::new();
    for _ in 0..10 {
        let body = json!({ "userid_list": ["zhangsan", "lijing", "liuyang"], "cursor": cursor, "limit": 2 });
        let page = bench.api("externalcontact/batch/get_by_user", &body).await;
        assert_eq!(code(&page), 0, "{page}");
        rows.extend(page["external_contact_list"].as_array().unwrap().clone());
        cursor = page["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(rows.len(), 6);
    assert_eq!(rows[0]["follow_info"]["tag_id"], json!([]));

    let groups = bench.api("externalcontact/groupchat/list", &json!({ "limit": 1 })).await;
    assert_eq!(groups["group_chat_list"][0]["chat_id"], "wrQFAAAA0001jincheng");
    assert_eq!(groups["next_cursor"], "1");
    let owner = json!({ "owner_filter": { "userid_list": ["lijing"] }, "limit": 10 });
    let groups = bench.api("externalcontact/groupchat/list", &owner).await;
    assert_eq!(groups["group_chat_list"].as_array().unwrap().len(), 1);
    let get = json!({ "chat_id": "wrQFAAAA0001jincheng", "need_name": 1 });
    let group = bench.api("externalcontact/groupchat/get", &get).await;
    assert_eq!(group["group_chat"]["member_list"][3]["name"], "唐博");
    refused(&bench.api("externalcontact/groupchat/get", &json!({ "chat_id": "wr0" })).await, 90501);
    refused(&bench.api("externalcontact/groupchat/list", &json!({ "limit": 0 })).await, 40058);
}

#[tokio::test]
async fn the_menu_is_made_read_and_removed() {
    let bench = Bench::new().await;
    assert_eq!(
        bench.read("menu/get", "agentid=1000002").await["button"].as_array().unwrap().len(),
        3
    );
    refused(&bench.read("menu/get", "agentid=1000003").await, 301_002);
    refused(&bench.read("menu/get", "agentid=1").await, 40056);
    let token = bench.token_of(1_000_002).await;
    let path = format!("/cgi-bin/menu/create?agentid=1000002&access_token={token}");
    let click = json!({ "type": "click", "name": "报修", "key": "k" });
    let cases = [
        (json!([]), 40017),
        (json!([{ "type": "smoke", "name": "a" }]), 40016),
        (json!([{ "type": "click", "name": "名字太长太长太长", "key": "k" }]), 40018),
        (json!([{ "type": "click", "name": "a" }]), 40019),
        (json!([{ "type": "view", "name": "a", "url": "ftp://a" }]), 40055),
        (json!([{ "name": "a", "sub_button": vec![click.clone(); 6] }]), 40023),
    ];
    for (button, errcode) in cases {
        refused(&bench.post(&path, &json!({ "button": button })).await, errcode);
    }
    let menu = json!({ "button": [{ "name": "更多", "sub_button": [click] }] });
    assert_eq!(code(&bench.post(&path, &menu).await), 0);
    let pressed = json!({ "app": "desk", "key": "k" });
    assert_eq!(bench.try_post("/_sim/chats/zhangsan/menu", &pressed).await.0, 200);
    assert_eq!(code(&bench.read("menu/delete", "agentid=1000002").await), 0);
    refused(&bench.read("menu/get", "agentid=1000002").await, 46003);
    assert_eq!(bench.read("agent/get", "agentid=1000002").await["name"], "工单助手");
    assert_eq!(bench.read("getcallbackip", "").await["ip_list"], json!(["127.0.0.1"]));
}

async fn patch(bench: &Bench, path: &str, body: &Value) -> u16 {
    let request = bench.client.patch(bench.url(path)).json(body);
    request.send().await.unwrap().status().as_u16()
}

async fn delete(bench: &Bench, path: &str) -> u16 {
    bench.client.delete(bench.url(path)).send().await.unwrap().status().as_u16()
}

/// What the apps hear of the changes below, in their order.
const TOLD: &[&str] = &[
    "change_contact create_user",
    "subscribe",
    "change_contact update_user",
    "change_contact delete_user",
    "unsubscribe",
    "change_contact create_party",
    "change_contact update_party",
    "change_contact delete_party",
    "change_external_contact add_external_contact",
    "change_external_contact edit_external_contact",
    "change_external_contact del_follow_user",
    "change_external_contact del_external_contact",
    "change_external_chat create",
    "change_external_chat update add_member",
    "change_external_chat update change_name",
    "change_external_chat dismiss",
];

#[tokio::test]
async fn every_change_of_the_company_is_told_in_the_platforms_words() {
    let (bench, receiver) = Bench::listening().await;
    let w = "wait=1";
    bench
        .post(
            "/_sim/members?wait=1",
            &json!({ "userid": "new", "name": "新人", "department": [4] }),
        )
        .await;
    assert_eq!(
        patch(&bench, &format!("/_sim/members/NEW?{w}"), &json!({ "position": "组长" })).await,
        200
    );
    assert_eq!(patch(&bench, "/_sim/members/new?silent=1", &json!({ "alias": "n" })).await, 200);
    assert_eq!(delete(&bench, &format!("/_sim/members/new?{w}")).await, 200);
    let made =
        bench.post("/_sim/departments?wait=1", &json!({ "name": "三组", "parentid": 1 })).await;
    assert_eq!(made["id"], 5);
    assert_eq!(
        patch(&bench, &format!("/_sim/departments/5?{w}"), &json!({ "parentid": 2 })).await,
        200
    );
    assert_eq!(delete(&bench, &format!("/_sim/departments/5?{w}")).await, 200);
    let customer = bench
        .post(
            "/_sim/customers?wait=1",
            &json!({ "userid": "SUNHAO", "name": "新客", "state": "s" }),
        )
        .await;
    let id = customer["external_userid"].as_str().unwrap();
    let path = format!("/_sim/customers/{id}?{w}");
    assert_eq!(patch(&bench, &path, &json!({ "userid": "sunhao", "remark": "备注" })).await, 200);
    assert_eq!(delete(&bench, &format!("{path}&userid=sunhao&by=customer")).await, 200);
    assert_eq!(delete(&bench, &format!("{path}&userid=sunhao")).await, 200);
    let group =
        bench.post("/_sim/groups?wait=1", &json!({ "name": "群", "owner": "lijing" })).await;
    let path = format!("/_sim/groups/{}?{w}", group["chat_id"].as_str().unwrap());
    let members = json!({ "name": "新群名", "members": [{ "id": "lijing", "type": 1 }] });
    assert_eq!(patch(&bench, &path, &members).await, 200);
    assert_eq!(delete(&bench, &path).await, 200);

    let heard: Vec<String> = receiver.plains().iter().map(|plain| told(plain)).collect();
    assert_eq!(heard, TOLD);
    let plains = receiver.plains();
    assert!(
        plains[2].contains(
            "<UserID><![CDATA[new]]></UserID><Position><![CDATA[组长]]></Position></xml>"
        )
    );
    assert!(plains[6].contains("<Id>5</Id><ParentId><![CDATA[2]]></ParentId></xml>"));
    assert!(plains[8].contains("<State><![CDATA[s]]></State><WelcomeCode>"));
    assert!(plains[13].contains("<JoinScene>0</JoinScene><MemChangeCnt>1</MemChangeCnt>"));
    let body = String::from_utf8(receiver.requests()[0].body.clone()).unwrap();
    assert!(!body.contains("AgentID"), "a change of the company belongs to no app");
}

fn told(plain: &str) -> String {
    let tree = Element::parse_xml(plain).unwrap();
    let text = |name| tree.child(name).map_or("", Element::text);
    let words = format!("{} {} {}", text("Event"), text("ChangeType"), text("UpdateDetail"));
    words.trim_end().to_owned()
}

#[tokio::test]
async fn impossible_changes_are_refused_and_change_nothing() {
    let (bench, receiver) = Bench::listening().await;
    let before = bench.get("/_sim/state").await;
    for (path, body, status) in [
        ("/_sim/members", json!({ "userid": "ZHANGSAN", "name": "重复" }), 409),
        ("/_sim/members", json!({ "userid": "a b", "name": "空格" }), 400),
        ("/_sim/members", json!({ "userid": "x", "name": "x", "department": [77] }), 404),
        ("/_sim/departments", json!({ "id": 2, "name": "重复" }), 409),
        ("/_sim/customers", json!({ "userid": "nobody", "name": "x" }), 404),
        ("/_sim/groups", json!({ "name": "x", "owner": "nobody" }), 404),
        ("/_sim/nothing", json!({}), 404),
    ] {
        assert_eq!(bench.try_post(path, &body).await.0, status, "{path}");
    }
    assert_eq!(patch(&bench, "/_sim/departments/1", &json!({ "parentid": 3 })).await, 400);
    assert_eq!(delete(&bench, "/_sim/departments/2").await, 409);
    assert_eq!(delete(&bench, "/_sim/members/nobody").await, 404);
    assert_eq!(delete(&bench, "/_sim/customers/wmQFAAAA0001heyan").await, 404);
    assert_eq!(before, bench.get("/_sim/state").await);
    assert!(receiver.requests().is_empty());
}
