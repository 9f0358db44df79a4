//! Talking to the app: what people write, send and choose, and what becomes of it.

use kernel::time;
use serde_json::{Value, json};

use crate::support::{Desk, Entry};

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// The files that lie under a folder.
fn stored(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { stored(&path) } else { 1 }).sum()
}

/// The option of a vote card that says this.
fn option(card: &Entry, words: &str) -> Value {
    let options = card.card().unwrap()["checkbox"]["option_list"].as_array().unwrap().clone();
    let found = options.iter().find(|one| one["text"].as_str().unwrap().contains(words));
    found.unwrap_or_else(|| panic!("{words}: {options:?}"))["id"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_text_asks_where_it_belongs_and_is_appended() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    let first = desk.tickets().await[0].clone();
    let (id, no) = (first["id"].as_str().unwrap(), first["no"].as_str().unwrap());
    desk.says("wangfang", "在三楼会议室").await;
    assert_eq!(desk.tickets().await.len(), 1, "nothing is done before it was chosen");
    let card = desk.chat("wangfang").await.with_button("确定").clone();
    assert_eq!(card.title(), "这条消息属于哪张工单？");
    let chosen = json!({ "ticket": [option(&card, no.trim_start_matches("GD-"))] });
    // Pressed twice, before anything was worked on.
    desk.press("wangfang", &card, "choose", chosen.clone()).await;
    desk.press("wangfang", &card, "choose", chosen).await;
    desk.settle().await;
    let chat = desk.chat("wangfang").await;
    assert!(chat.was_told(&format!("已追加到 {no}")) && chat.was_told("已经处理过了"), "{chat:#?}");
    let history = desk.history(id).await;
    let said = history.iter().filter(|(_verb, text)| text.contains("在三楼会议室"));
    assert_eq!(said.count(), 1, "{history:?}");
    let answered = chat.about("这条消息属于哪张工单？")[0];
    assert_eq!(answered.grey(), Some("已选择"), "an answered question is not answered again");
    assert_eq!(desk.tickets().await.len(), 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_text_becomes_a_ticket_of_its_own_when_that_is_chosen() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    desk.says("wangfang", "还有，灯不亮了").await;
    let card = desk.chat("wangfang").await.with_button("确定").clone();
    let new = json!({ "ticket": [option(&card, "新建")] });
    let press = || desk.press("wangfang", &card, "choose", new.clone());
    tokio::join!(press(), press());
    desk.settle().await;
    let titles: Vec<_> = desk.tickets().await.iter().map(|one| one["title"].clone()).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
    assert!(titles.contains(&json!("还有，灯不亮了")), "{titles:?}");
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_made_after_the_ticket_ended_loses_nothing() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    let first = desk.tickets().await[0].clone();
    let (id, no) = (first["id"].as_str().unwrap(), first["no"].as_str().unwrap());
    desk.says("wangfang", "在三楼会议室").await;
    let card = desk.chat("wangfang").await.with_button("确定").clone();
    let chosen = json!({ "ticket": [option(&card, no.trim_start_matches("GD-"))] });
    desk.does("liuyang", "complete", id, json!({})).await;
    desk.press("wangfang", &card, "choose", chosen).await;
    desk.settle().await;
    let history = desk.history(id).await;
    assert!(history.iter().any(|(_verb, text)| text.contains("在三楼会议室")), "{history:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_makes_an_urgent_ticket_although_another_is_open() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    desk.opens_menu("wangfang", "new_ticket").await;
    let card = desk.chat("wangfang").await.with_button("特急").clone();
    assert_eq!(card.buttons(), ["普通", "紧急", "特急", "取消"]);
    desk.presses("wangfang", &card, "critical").await;
    assert!(desk.chat("wangfang").await.was_told("请发一句话"));
    desk.says("wangfang", "机房漏水\n在地下一层").await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), 2);
    let new = tickets.iter().find(|one| one["title"] == "机房漏水").unwrap();
    assert_eq!(new["priority"], "critical");
    assert_eq!(new["form"]["description"], "机房漏水\n在地下一层");
    desk.says("wangfang", "下一句").await;
    assert_eq!(desk.tickets().await.len(), 2, "the choice held for one text only");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_ticket_that_was_called_off_or_forgotten_is_not_expected_any_more() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    for way in ["cancel", "forget"] {
        // Two presses of one second look alike.
        desk.clock.advance(time::SECOND);
        desk.opens_menu("wangfang", "new_ticket").await;
        let card = desk.chat("wangfang").await.with_button("紧急").clone();
        desk.presses("wangfang", &card, "high").await;
        if way == "cancel" {
            desk.clock.advance(time::SECOND);
            desk.opens_menu("wangfang", "new_ticket").await;
            let card = desk.chat("wangfang").await.with_button("取消").clone();
            desk.presses("wangfang", &card, "cancel").await;
        } else {
            desk.advance(31 * time::MINUTE).await;
        }
        desk.says("wangfang", way).await;
        assert_eq!(desk.tickets().await.len(), 1, "{way}: it is asked where it belongs");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_lists_ones_tasks_and_tickets() {
    let desk = Desk::open().await;
    desk.opens_menu("liuyang", "my_tasks").await;
    desk.opens_menu("liuyang", "my_tickets").await;
    let chat = desk.chat("liuyang").await;
    assert!(chat.was_told("我的待办：现在没有") && chat.was_told("我的工单：现在没有"));
    let one = desk.raise("wangfang", "空调坏了").await;
    desk.raise("lijing", "灯不亮").await;
    desk.does("liuyang", "claim", &one, json!({})).await;
    // Two presses of one second look alike to WeCom and to us.
    desk.clock.advance(time::SECOND);
    desk.opens_menu("liuyang", "my_tasks").await;
    let card = desk.chat("liuyang").await.last_card().clone();
    assert_eq!(card.title(), "我的待办");
    assert_eq!(card.card().unwrap()["main_title"]["desc"], "处理中 1 · 待认领 1");
    let rows = card.card().unwrap()["horizontal_content_list"].clone();
    assert_eq!((&rows[0]["keyname"], &rows[0]["value"]), (&json!("处理中"), &json!("空调坏了")));
    assert_eq!((&rows[1]["keyname"], &rows[1]["value"]), (&json!("待认领"), &json!("灯不亮")));
    desk.opens_menu("wangfang", "my_tickets").await;
    let card = desk.chat("wangfang").await.last_card().clone();
    assert_eq!((card.title(), card.emphasis()), ("我的工单", "1"));
    assert!(desk.problems().await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_again_is_answered_again() {
    let desk = Desk::open().await;
    for _time in 0..3 {
        desk.opens_menu("liuyang", "my_tasks").await;
        desk.clock.advance(2 * time::MINUTE);
    }
    let chat = desk.chat("liuyang").await;
    assert_eq!(chat.texts().len(), 3, "{chat:#?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_is_fetched_stored_once_and_served_to_those_who_may_see_it() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    let files: [(&str, &str, &[u8]); 5] = [
        ("image", "现场.png", PNG),
        ("voice", "say.amr", b"#!AMR\nhello"),
        ("video", "clip.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
        ("file", "清单.txt", "一二三".as_bytes()),
        ("image", "再拍一张.png", PNG),
    ];
    for (kind, name, bytes) in files {
        desk.sends("wangfang", kind, name, bytes).await;
    }
    let place = json!({ "msgtype": "location", "lat": 31.2, "lng": 121.5, "label": "三号楼" });
    desk.writes("wangfang", place).await;
    let link = json!({ "msgtype": "link", "title": "说明书", "url": "https://example.com/m" });
    desk.writes("wangfang", link).await;
    desk.settle().await;
    let ticket = desk.tickets().await[0].clone();
    let all = ticket["attachments"].as_array().unwrap().clone();
    let kinds: Vec<_> = all.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["image", "voice", "video", "file", "image", "location", "link"]);
    assert_eq!((&all[5]["name"], &all[5]["target"]), (&json!("三号楼"), &json!("31.2,121.5")));
    let no = ticket["no"].as_str().unwrap();
    for ((_kind, _name, bytes), one) in files.iter().zip(&all) {
        let id = one["file"].as_str().unwrap();
        let of_ticket = format!("/api/v1/files/{id}?ticket={no}");
        let told = desk.ask("GET", &of_ticket).acting_as("wangfang").send().await;
        assert_eq!((told.status, told.bytes.as_slice()), (200, *bytes), "{one}");
        assert_eq!(told.header("x-content-type-options"), "nosniff");
        let other = desk.ask("GET", &of_ticket).acting_as("sunhao").send().await;
        assert_eq!(other.status, 404);
        let page = desk.page_of("wangfang").await;
        let told = desk.ask("GET", &format!("{page}/files/{id}")).send().await;
        assert_eq!((told.status, told.bytes.as_slice()), (200, *bytes), "{one}");
    }
    let stored = stored(&desk.schema.folder.join("files"));
    assert_eq!(stored, 4, "the same picture twice is one file");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_wecom_has_forgotten_is_said_on_the_ticket() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    desk.uploads("wangfang", "image", "现场.png", PNG).await;
    desk.clock.advance(4 * time::DAY);
    desk.settle().await;
    let ticket = desk.tickets().await[0].clone();
    assert_eq!(ticket["attachments"], json!([]));
    let history = desk.history(ticket["id"].as_str().unwrap()).await;
    assert!(history.iter().any(|(_verb, text)| text.contains("无法从企业微信取回")), "{history:?}");
    assert!(desk.chat("wangfang").await.was_told("无法从企业微信取回"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_fetched_later_when_wecom_is_away() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    for effect in [
        json!({ "http": 502 }),
        json!({ "html": true }),
        json!({ "empty": true }),
        json!({ "errcode": -1 }),
        json!({ "reset_before": true }),
    ] {
        desk.fails("/cgi-bin/media/get", Some(1), effect).await;
    }
    desk.sends("wangfang", "image", "现场.png", PNG).await;
    assert_eq!(desk.tickets().await[0]["attachments"], json!([]));
    for _try in 0..8 {
        desk.advance(time::MINUTE).await;
    }
    assert_eq!(desk.tickets().await[0]["attachments"].as_array().unwrap().len(), 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_with_a_path_for_a_name_is_kept_as_a_harmless_download() {
    let desk = Desk::open().await;
    desk.says("wangfang", "空调坏了").await;
    desk.sends("wangfang", "file", "../../x.html", b"<script>alert(1)</script>").await;
    let ticket = desk.tickets().await[0].clone();
    let file = ticket["attachments"][0].clone();
    assert_eq!(file["name"], "x.html");
    let page = desk.page_of("wangfang").await;
    let told =
        desk.ask("GET", &format!("{page}/files/{}", file["file"].as_str().unwrap())).send().await;
    assert_eq!(told.status, 200);
    assert!(told.header("content-disposition").starts_with("attachment"), "{told:?}");
    assert!(!told.header("content-type").contains("html"), "{told:?}");
    assert!(told.header("content-security-policy").contains("sandbox"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_without_a_ticket_is_a_ticket() {
    let desk = Desk::open().await;
    let place = json!({ "msgtype": "location", "lat": 31.25, "lng": 121.5, "label": "三号楼" });
    desk.writes("lijing", place).await;
    desk.settle().await;
    let ticket = desk.tickets().await[0].clone();
    assert_eq!(ticket["title"], "[位置] 三号楼");
    assert_eq!(ticket["form"]["location"]["lat"], 31.25);
    let card = desk.chat("liuyang").await.with_button("认领").clone();
    let rows = card.card().unwrap()["horizontal_content_list"].to_string();
    assert!(rows.contains("三号楼"), "{rows}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_see_the_app_any_more_gets_no_work_until_he_is_back() {
    let desk = Desk::open().await;
    let event = |event: &str| {
        json!({ "app": "desk",
            "event": { "FromUserName": "zhoujie", "Event": event, "AgentID": 1_000_002 } })
    };
    desk.clock.advance(time::SECOND);
    desk.sim_post("/_sim/callback?wait=1", event("unsubscribe")).await;
    desk.settle().await;
    desk.raise("wangfang", "空调坏了").await;
    assert_eq!(desk.chat("zhoujie").await.cards().len(), 0);
    desk.clock.advance(time::SECOND);
    desk.sim_post("/_sim/callback?wait=1", event("subscribe")).await;
    desk.settle().await;
    desk.raise("lijing", "灯不亮").await;
    assert_eq!(desk.chat("zhoujie").await.last_card().title(), "灯不亮");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_people_write_becomes_cards_that_wecom_takes() {
    let desk = Desk::open().await;
    let long = "很长的描述".repeat(1_000);
    let texts = [
        "字".repeat(300),
        format!("标题\n{long}"),
        "👨‍👩‍👧‍👦".repeat(200),
        "]]> <xml> &amp; \u{0}\u{7}结束".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "a".repeat(5_000),
        "\u{202e}倒过来".to_owned(),
    ];
    for (number, text) in texts.iter().enumerate() {
        let from = ["wangfang", "lijing", "zhangsan", "sunhao", "wuting", "chenlei", "zhengxin"];
        desk.says(from[number], text).await;
        assert_eq!(desk.tickets().await.len(), number + 1, "{text:.60}");
    }
    for ticket in desk.tickets().await {
        let id = ticket["id"].as_str().unwrap();
        desk.does("liuyang", "claim", id, json!({})).await;
        desk.does("liuyang", "complete", id, json!({ "note": "好".repeat(500) })).await;
    }
    assert_eq!(desk.problems().await, Vec::<Value>::new());
    assert!(desk.jobs("outbox", "state=failed").await.is_empty());
    desk.close().await;
}
