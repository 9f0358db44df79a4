//! A company to play with: an air-conditioning service with staff, customers and two groups.

use serde_json::{Value, json};

use crate::model::{
    AppSeed, CorpSeed, Customer, Department, Follow, Group, GroupMember, Member, Opening, Pages,
    Tag,
};

/// 2026-01-05T01:00:00Z: when the sample's customers were added and its groups made.
const SINCE: i64 = 1_767_574_800;

impl CorpSeed {
    /// The sample company. Its secret, token and key are the same everywhere: they protect
    /// nothing but a simulator.
    pub fn sample() -> Self {
        Self {
            corp_id: "ww5a1e0000000c0de1".into(),
            name: "清风暖通服务有限公司".into(),
            apps: vec![AppSeed::sample()],
            departments: departments(),
            members: members(),
            customers: customers(),
            groups: groups(),
            tags: vec![Tag {
                id: 1,
                name: "值班".into(),
                userids: vec!["liuyang".into(), "zhaomin".into()],
            }],
            openings: openings(),
        }
    }
}

impl AppSeed {
    /// The app `desk` with the menu of a service desk.
    pub fn sample() -> Self {
        Self {
            name: "desk".into(),
            agent_id: 1_000_002,
            display_name: "工单助手".into(),
            secret: "simulatorSecretOfTheDeskAppNothingToHide0000".into(),
            token: "simulatorDeskToken".into(),
            encoding_aes_key: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG".into(),
            callback_url: None,
            menu: menu(),
            visible: vec![1],
            trusted_ips: None,
            trusted_domains: vec!["127.0.0.1:8080".into()],
            hears_changes: true,
            pages: Pages::default(),
            json: false,
        }
    }
}

fn menu() -> Vec<Value> {
    vec![
        json!({ "type": "click", "name": "新建工单", "key": "new_ticket" }),
        json!({ "type": "click", "name": "我的待办", "key": "my_tasks" }),
        json!({ "type": "click", "name": "我的工单", "key": "my_tickets" }),
    ]
}

fn departments() -> Vec<Department> {
    let rows = [
        (1, "清风暖通服务有限公司", 0, 100, "chenlei"),
        (2, "客服部", 1, 90, "wangfang"),
        (3, "维修一组", 1, 80, "liuyang"),
        (4, "维修二组", 1, 70, "sunhao"),
    ];
    rows.into_iter()
        .map(|(id, name, parentid, order, leader)| Department {
            id,
            name: name.into(),
            parentid,
            order,
            leaders: vec![leader.into()],
        })
        .collect()
}

fn members() -> Vec<Member> {
    let rows = [
        ("chenlei", "陈磊", "总经理", 1, 1, ""),
        ("wangfang", "王芳", "客服主管", 2, 1, "chenlei"),
        ("zhangsan", "张三", "客服专员", 2, 1, "wangfang"),
        ("lijing", "李静", "客服专员", 2, 1, "wangfang"),
        ("liuyang", "刘洋", "维修组长", 3, 1, "chenlei"),
        ("zhaomin", "赵敏", "维修工程师", 3, 1, "liuyang"),
        ("zhoujie", "周杰", "维修工程师", 3, 1, "liuyang"),
        ("wuting", "吴婷", "调度员", 3, 1, "liuyang"),
        ("sunhao", "孙浩", "维修组长", 4, 1, "chenlei"),
        ("ZhengXin", "郑欣", "维修工程师", 4, 1, "sunhao"),
        ("huang.wei", "黄伟", "维修工程师", 4, 1, "sunhao"),
        ("xulei", "徐蕾", "实习生", 4, 4, "sunhao"),
    ];
    rows.into_iter()
        .map(|(userid, name, position, department, status, leader)| Member {
            userid: userid.into(),
            name: name.into(),
            position: position.into(),
            department: vec![department],
            avatar: String::new(),
            status,
            is_leader_in_dept: vec![i64::from(
                departments()
                    .iter()
                    .any(|it| it.id == department && it.leaders.iter().any(|l| l == userid)),
            )],
            direct_leader: Some(leader)
                .filter(|l| !l.is_empty())
                .map(Into::into)
                .into_iter()
                .collect(),
            alias: String::new(),
        })
        .collect()
}

/// The company whose tickets come first.
const VIP: &str = "锦程物业";

/// A tag as `externalcontact/get` shows it.
fn vip() -> serde_json::Value {
    serde_json::json!({ "group_name": "客户等级", "tag_name": "VIP",
        "tag_id": "etQFAAAA0001vip", "type": 1 })
}

fn customers() -> Vec<Customer> {
    let rows = [
        ("wmQFAAAA0001heyan", "何燕", 1, 2, "", "望江苑 3-1201 何女士", "13800000001", "zhangsan"),
        ("wmQFAAAA0002guofeng", "郭峰", 1, 1, "", "星河湾 郭先生", "13800000002", "zhangsan"),
        ("wmQFAAAA0003luomei", "罗梅", 1, 2, "", "幸福里便利店 罗姐", "13800000003", "lijing"),
        (
            "woQFAAAA0004tangbo",
            "唐博",
            2,
            1,
            "锦程物业",
            "锦程物业 唐经理",
            "13800000004",
            "wangfang",
        ),
        ("woQFAAAA0005caoyu", "曹宇", 2, 1, "云栖酒店", "云栖酒店 工程部", "13800000005", "lijing"),
    ];
    rows.into_iter()
        .map(|(id, name, kind, gender, corp, remark, mobile, follower)| {
            let follow = |userid: &str| Follow {
                userid: userid.into(),
                remark: remark.into(),
                createtime: SINCE,
                remark_mobiles: vec![mobile.into()],
                remark_corp_name: if kind == 1 { String::new() } else { corp.into() },
                add_way: 1,
                tags: if corp == VIP { vec![vip()] } else { Vec::new() },
                ..Follow::default()
            };
            let second = (kind == 2).then(|| follow("liuyang"));
            Customer {
                external_userid: id.into(),
                name: name.into(),
                avatar: String::new(),
                kind,
                gender,
                corp_name: corp.into(),
                position: if kind == 2 { "工程经理".into() } else { String::new() },
                unionid: String::new(),
                follows: std::iter::once(follow(follower)).chain(second).collect(),
            }
        })
        .collect()
}

/// How the sample's customers came to write: somebody to open the sidebar for.
fn openings() -> Vec<Opening> {
    let rows = [
        (Some("zhangsan"), "wmQFAAAA0001heyan", "zhangsan", "您好，我是清风暖通的客服张三", 0),
        (
            Some("zhangsan"),
            "wmQFAAAA0001heyan",
            "wmQFAAAA0001heyan",
            "你好，家里客厅的空调不制冷了，今天能派人来看看吗？",
            60,
        ),
        (
            Some("lijing"),
            "wmQFAAAA0003luomei",
            "wmQFAAAA0003luomei",
            "店里的冷柜一直响，麻烦安排一下检修",
            120,
        ),
        (
            Some("wangfang"),
            "woQFAAAA0004tangbo",
            "woQFAAAA0004tangbo",
            "王主管，3 号楼的月度保养什么时候来？",
            180,
        ),
        (None, "wrQFAAAA0001jincheng", "woQFAAAA0004tangbo", "2 号机房的空调漏水，地上都湿了", 240),
        (None, "wrQFAAAA0001jincheng", "wangfang", "收到，马上安排工程师", 300),
        (None, "wrQFAAAA0002yunqi", "woQFAAAA0005caoyu", "8 楼走廊的出风口有异味", 360),
    ];
    rows.into_iter()
        .map(|(member, room, from, text, after)| Opening {
            member: member.map(Into::into),
            room: room.into(),
            from: from.into(),
            text: text.into(),
            at: SINCE + after,
        })
        .collect()
}

fn groups() -> Vec<Group> {
    let group = |chat_id: &str, name: &str, owner: &str, ids: &[&str]| Group {
        chat_id: chat_id.into(),
        name: name.into(),
        owner: owner.into(),
        notice: "报修请说明门牌号和故障现象".into(),
        create_time: SINCE,
        members: ids
            .iter()
            .map(|id| GroupMember {
                id: (*id).into(),
                kind: if id.starts_with("wm") || id.starts_with("wo") { 2 } else { 1 },
                join_time: SINCE,
            })
            .collect(),
    };
    vec![
        group(
            "wrQFAAAA0001jincheng",
            "锦程物业 · 空调维保群",
            "wangfang",
            &["wangfang", "liuyang", "zhaomin", "woQFAAAA0004tangbo"],
        ),
        group(
            "wrQFAAAA0002yunqi",
            "云栖酒店 · 报修群",
            "lijing",
            &["lijing", "liuyang", "woQFAAAA0005caoyu", "wmQFAAAA0003luomei"],
        ),
    ]
}
