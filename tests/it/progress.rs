//! What a customer does on his page: it works without script, shows what is public, and everything
//! that he sends goes through the tickets' one door, once.

use kernel::time::{DAY, HOUR, MINUTE};
use serde_json::{Value, json};

use crate::support::{Desk, Told};

const NASTY: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n0123456789abcdef";

fn template(customer: Value) -> Value {
    let step = |key: &str, name: &str, public: Option<&str>, who: &str| {
        let mut step = json!({ "key": key, "name": name, "if_nobody": { "do": "hold" },
            "assign": { "by": "people", "userids": [who] } });
        if let Some(public) = public {
            step["public_name"] = json!(public);
        }
        step
    };
    let mut fix = step("fix", "内部维修", Some("上门维修"), "liuyang");
    fix["limit"] = json!({ "minutes": 120, "escalate": [{ "minutes": 60,
        "to": { "by": "people", "userids": ["wangfang"] } }] });
    let check = step("check", "质检核价", None, "zhaomin");
    json!({
        "key": "repair", "name": "报修", "customer": customer,
        "form": { "fields": [
            { "key": "title", "kind": "text", "label": "故障", "required": true },
            { "key": "phone", "kind": "phone", "label": "电话" },
        ] },
        "flow": { "steps": [
            fix, check, step("visit", "回访", Some("回访确认"), "zhaomin"),
        ] },
    })
}

/// A ticket of this template; gives its id.
async fn raised(desk: &Desk, customer: Value) -> String {
    desk.publishes(&template(customer)).await;
    let new = json!({ "template": "repair", "form": { "title": "冰箱不冷" } });
    let told = desk.ask("POST", "/api/v1/tickets").acting_as("wangfang").json(&new).send().await;
    assert_eq!(told.status, 201, "{}", told.text());
    desk.settle().await;
    told.json()["id"].as_str().unwrap().to_owned()
}

/// The path of a customer's link.
async fn link(desk: &Desk, id: &str) -> String {
    let told = desk.ask("POST", &format!("/api/v1/tickets/{id}/progress_link")).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let url = told.json()["url"].as_str().unwrap().to_owned();
    assert!(told.json()["expires_at"].is_string());
    url.split_once("/t/").map(|(_host, signed)| format!("/t/{signed}")).unwrap()
}

async fn opens(desk: &Desk, path: &str) -> String {
    let told = desk.visit("GET", path).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    told.text()
}

async fn sends(desk: &Desk, path: &str, fields: &[(&str, &str)]) -> Told {
    let mut form = reqwest::multipart::Form::new();
    for (name, text) in fields {
        form = form.text((*name).to_owned(), (*text).to_owned());
    }
    desk.visit("POST", path).form(form).send().await
}

/// The key of the forms on a page.
fn key_of(html: &str) -> String {
    let after = html.split("name=\"key\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

async fn finish(desk: &Desk, id: &str) {
    for (who, verb) in [
        ("liuyang", "claim"),
        ("liuyang", "complete"),
        ("zhaomin", "claim"),
        ("zhaomin", "complete"),
        ("zhaomin", "claim"),
        ("zhaomin", "complete"),
    ] {
        let told = desk.act(id, verb, &json!({})).acting_as(who).send().await;
        let is_his = told.status == 409 && verb == "claim";
        assert!(told.status == 200 || is_his, "{who} {verb}: {}", told.text());
        desk.settle().await;
    }
    assert_eq!(desk.ticket(id).await["status"], "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_reads_where_his_ticket_stands_in_his_own_words() {
    let desk = Desk::open().await;
    let now = desk.clock.now();
    let known = desk.db.write(move |conn| {
        let ids = kernel::Ids::new(kernel::ReplicaNo::new(900).unwrap());
        let ctx = kernel::Ctx { now, actor: kernel::Actor::System, ids, trace: String::new() };
        let phone = Some("13812345678".to_owned());
        let patch =
            org::mirror::MemberPatch { mobile: phone, ..org::mirror::MemberPatch::new("liuyang") };
        org::mirror::upsert_member(conn, &ctx, &patch, now)
    });
    known.await.unwrap();
    let id = raised(&desk, json!({ "phone": true })).await;
    let path = link(&desk, &id).await;
    let page = opens(&desk, &path).await;
    assert!(page.contains("等待处理人接单") && page.contains("上门维修"), "{page}");
    assert!(page.contains("预计今天 ") && page.contains("前完成「上门维修」"), "{page}");
    desk.does("liuyang", "claim", &id, json!({})).await;
    desk.does("liuyang", "comment", &id, json!({ "text": "这位客户爱生气" })).await;
    let page = opens(&desk, &path).await;
    for there in [
        "刘洋 正在处理",
        "刘洋接手，正在为您处理",
        "正在为您服务",
        "href=\"tel:13812345678\"",
        "138****5678",
    ] {
        assert!(page.contains(there), "{there}: {page}");
    }
    for absent in ["内部维修", "质检核价", "爱生气", "liuyang"] {
        assert!(!page.contains(absent), "{absent}: {page}");
    }
    // Later than was promised, it says so.
    desk.advance(3 * HOUR).await;
    assert!(opens(&desk, &path).await.contains("比预计的时间晚了"));
    // A step that he does not know of is none of his, nor is who works there.
    desk.does("liuyang", "complete", &id, json!({ "note": "其实没坏" })).await;
    desk.does("zhaomin", "claim", &id, json!({})).await;
    let page = opens(&desk, &path).await;
    assert!(page.contains("「上门维修」已完成") && !page.contains("赵敏"), "{page}");
    assert!(!page.contains("其实没坏"), "{page}");
    // The number is shown only where the template says so.
    let other = raised(&desk, json!({})).await;
    desk.does("liuyang", "claim", &other, json!({})).await;
    let page = opens(&desk, &link(&desk, &other).await).await;
    assert!(page.contains("刘洋") && !page.contains("tel:"), "{page}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_until_it_expires_or_all_are_revoked() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({})).await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    let asked = desk.does("liuyang", "ask", &id, json!({ "fields": ["phone"] })).await;
    let form = asked["asked"][0]["url"].as_str().unwrap().split_once("/t/").unwrap().1.to_owned();
    let form = format!("/t/{form}");
    let first = link(&desk, &id).await;
    let page = opens(&desk, &first).await;
    assert!(page.contains("需要您补充资料") && page.contains("去填写"), "{page}");
    assert_eq!(desk.visit("GET", &form).send().await.status, 200);
    let revoked = desk.ask("DELETE", &format!("/api/v1/tickets/{id}/progress_link")).send().await;
    assert_eq!(revoked.status, 204, "{}", revoked.text());
    for (method, path) in
        [("GET", first.clone()), ("GET", format!("{first}/since?after=1")), ("GET", form.clone())]
    {
        let told = desk.visit(method, &path).send().await;
        assert_eq!(told.status, 404, "{path}: {}", told.text());
        assert!(told.text().contains("收回"), "{}", told.text());
    }
    for deed in ["reply", "verdict", "rating", "preference"] {
        let told =
            sends(&desk, &format!("{first}/{deed}"), &[("text", "喂"), ("stars", "5")]).await;
        assert_eq!(told.status, 404, "{deed}");
    }
    let second = link(&desk, &id).await;
    assert_ne!(first, second);
    let page = opens(&desk, &second).await;
    // The page of the question is linked anew, too.
    let fresh = page.split("class=\"button\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let fresh = format!("/t/{}", fresh.split_once("/t/").unwrap().1);
    assert_eq!(desk.visit("GET", &fresh).send().await.status, 200);
    assert_eq!(
        desk.ticket(&id).await["asked"][0]["url"].as_str().unwrap().split_once("/t/").unwrap().1,
        fresh.trim_start_matches("/t/")
    );
    // Another ticket's link shows that one; staff without a part in it cannot make any.
    let other = raised(&desk, json!({})).await;
    let foreign = link(&desk, &other).await;
    assert_eq!(opens(&desk, &foreign).await.matches("需要您补充资料").count(), 0);
    let ask = desk.ask("POST", &format!("/api/v1/tickets/{id}/progress_link"));
    assert_eq!(ask.acting_as("zhoujie").send().await.status, 404);
    // A colleague's link is to read; what it shows is not his to answer.
    let staff = desk.page_of("liuyang").await;
    assert_eq!(sends(&desk, &format!("{staff}/reply"), &[("text", "喂")]).await.status, 403);
    desk.advance(30 * DAY).await;
    let late = desk.visit("GET", &second).send().await;
    assert_eq!(late.status, 404);
    assert!(late.text().contains("链接已过期"), "{}", late.text());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_with_photos_reaches_who_works_on_it_once() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({})).await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    let path = link(&desk, &id).await;
    let key = key_of(&opens(&desk, &path).await);
    let form = || {
        let photo = reqwest::multipart::Part::bytes(PNG.to_vec()).file_name("../../x.html");
        let form = reqwest::multipart::Form::new().text("key", key.clone());
        form.text("text", format!("还是不冷{NASTY}")).part("photos", photo)
    };
    for _ in 0..2 {
        let told = desk.visit("POST", &format!("{path}/reply")).form(form()).send().await;
        assert_eq!(
            (told.status, told.header("location")),
            (303, format!("{path}?done=reply#done").as_str())
        );
    }
    desk.settle().await;
    let replies = desk.history(&id).await;
    assert_eq!(replies.iter().filter(|(verb, _text)| verb == "reply").count(), 1, "{replies:?}");
    assert!(desk.chat("liuyang").await.was_told("还是不冷"), "{:#?}", desk.chat("liuyang").await);
    let ticket = desk.ticket(&id).await;
    let photo = ticket["attachments"][0]["file"].as_str().unwrap();
    assert_eq!(ticket["attachments"][0]["by"]["kind"], "customer");
    // He sees what he sent, as text and as a picture; nothing of it is markup.
    let page = opens(&desk, &format!("{path}?done=reply")).await;
    assert!(page.contains("留言已送达") && page.contains("&lt;script&gt;"), "{page}");
    assert!(page.matches("<script").count() == 1 && !page.contains("<img src=x"), "{page}");
    let file = desk.visit("GET", &format!("{path}/files/{photo}")).send().await;
    assert_eq!((file.status, file.header("content-type")), (200, "image/png"));
    assert!(file.header("content-disposition").contains("x.html"), "{file:?}");
    assert!(!file.header("content-disposition").contains(".."), "{file:?}");

    // What cannot be taken is refused in words, and what was written stays.
    let send = async |name: &str, bytes: Vec<u8>| {
        let photo = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().text("key", "k2").text("text", "看这张");
        let told = desk.visit("POST", &format!("{path}/reply")).form(form.part("photos", photo));
        told.send().await
    };
    let told = send("a.html", b"<html><script>alert(1)</script>".to_vec()).await;
    assert_eq!(told.status, 422);
    assert!(
        told.text().contains("只能发照片") && told.text().contains(">看这张</textarea>"),
        "{told:?}"
    );
    let mut large = PNG.to_vec();
    large.resize(40 << 20, 0);
    let told = send("large.png", large).await;
    assert_eq!(told.status, 422);
    assert!(told.text().contains("照片太大，每张最多 20 MiB"), "{}", told.text());
    let heic = b"\0\0\0\x18ftypheic0123456789".to_vec();
    assert_eq!(send("IMG_1.HEIC", heic).await.status, 303);
    let ticket = desk.ticket(&id).await;
    let heic = ticket["attachments"][1]["file"].as_str().unwrap();
    let file = desk.visit("GET", &format!("{path}/files/{heic}")).send().await;
    assert_eq!(file.header("content-type"), "image/heic");
    assert!(file.header("content-disposition").starts_with("attachment"), "{file:?}");
    let empty = sends(&desk, &format!("{path}/reply"), &[("key", "k3"), ("text", "  ")]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("请写几句话"), "{}", empty.text());
    let odd =
        desk.visit("POST", &format!("{path}/reply")).body("application/json", "{}").send().await;
    assert_eq!(odd.status, 422, "{}", odd.text());
    desk.settle().await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_leaves_no_file_behind_and_nobody_says_things_without_end() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({})).await;
    let path = link(&desk, &id).await;
    let photo = |number: u8, bytes: usize| {
        let mut photo = [PNG, &[number]].concat();
        photo.resize(bytes, number);
        reqwest::multipart::Part::bytes(photo).file_name("a.png")
    };
    let send = async |form: reqwest::multipart::Form| {
        desk.visit("POST", &format!("{path}/reply")).form(form).send().await
    };
    let form = reqwest::multipart::Form::new;
    // Each is small enough, all together are not.
    let large = (0..4).fold(form(), |form, n| form.part("photos", photo(n, 18 << 20)));
    let told = send(large).await;
    assert_eq!(told.status, 422);
    assert!(told.text().contains("合计最多 60 MiB"), "{}", told.text());
    assert_eq!(desk.stored_files(), 0);
    // Only the ticket's own door finds that it is too long: the photo is stored by then, and goes
    // in the night.
    let long = form().text("text", "长".repeat(2_001)).part("photos", photo(5, 100));
    assert_eq!(send(long).await.status, 422);
    assert_eq!(desk.stored_files(), 1);
    desk.advance(2 * DAY).await;
    desk.advance(DAY).await;
    assert_eq!(desk.stored_files(), 0);

    let path_of = |path: &str, form: &str| format!("{path}/{form}");
    for n in 0..30 {
        let told = sends(&desk, &path_of(&path, "reply"), &[("text", "在吗")]).await;
        assert_eq!(told.status, 303, "{n}");
    }
    for form in ["reply", "preference"] {
        let told = sends(&desk, &path_of(&path, form), &[("text", "在吗")]).await;
        assert!(told.status == 429 && told.text().contains("太频繁了"), "{}", told.text());
        assert!(told.header("retry-after").parse::<u64>().unwrap() <= 600, "{told:?}");
    }
    desk.advance(11 * MINUTE).await;
    let revoked = desk.ask("DELETE", &format!("/api/v1/tickets/{id}/progress_link")).send().await;
    assert_eq!(revoked.status, 204, "{}", revoked.text());
    let told = send(form().text("text", "还在吗").part("photos", photo(6, 5 << 20))).await;
    assert!(told.status == 404 && told.text().contains("链接已被收回"), "{}", told.text());
    assert_eq!(desk.stored_files(), 0);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_says_before_anybody_took_it_up_is_heard_by_those_who_can() {
    let desk = Desk::open().await;
    desk.publishes(&template(json!({}))).await;
    let new = json!({ "template": "repair", "form": { "title": "冰箱不冷" } });
    let told = desk.ask("POST", "/api/v1/tickets").json(&new).send().await;
    let id = told.json()["id"].as_str().unwrap().to_owned();
    desk.settle().await;
    let path = link(&desk, &id).await;
    sends(&desk, &format!("{path}/reply"), &[("text", "下午三点后有人在家")]).await;
    desk.settle().await;
    assert!(desk.chat("liuyang").await.was_told("下午三点后有人在家"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_is_one_tap_can_be_changed_for_a_day_and_comes_once_for_each_end() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({ "reasons": ["师傅准时", "价格透明"] })).await;
    let path = link(&desk, &id).await;
    let rating = format!("{path}/rating");
    assert_eq!(sends(&desk, &rating, &[("stars", "5")]).await.status, 409, "nothing is done yet");
    finish(&desk, &id).await;
    let page = opens(&desk, &path).await;
    assert!(
        page.contains("这次服务您满意吗") && page.contains("name=\"stars\" value=\"5\""),
        "{page}"
    );
    let key = key_of(&page);
    for _ in 0..2 {
        let told = sends(&desk, &rating, &[("key", &key), ("stars", "4")]).await;
        assert_eq!(told.status, 303, "{}", told.text());
    }
    let rated = |history: &[(String, String)]| {
        history.iter().filter(|(verb, _text)| verb == "rate").count()
    };
    assert_eq!(rated(&desk.history(&id).await), 1, "two taps are one rating");
    let page = opens(&desk, &path).await;
    assert!(page.contains("您评价了") && page.contains("师傅准时"), "{page}");
    assert!(!page.contains("这次服务您满意吗"), "{page}");
    desk.advance(23 * HOUR).await;
    let more = [("stars", "2"), ("reason", "价格透明"), ("text", NASTY), ("reason", "师傅准时")];
    assert_eq!(sends(&desk, &rating, &more).await.status, 303);
    let history = desk.history(&id).await;
    let last = &history.last().unwrap().1;
    assert!(last.starts_with("客户 评价 2 星（价格透明、师傅准时）："), "{last}");
    let page = opens(&desk, &path).await;
    assert!(page.contains("&lt;script&gt;") && page.matches("<script").count() == 1, "{page}");
    for wrong in ["0", "6", "x"] {
        assert_eq!(sends(&desk, &rating, &[("stars", wrong)]).await.status, 422, "{wrong}");
    }
    desk.advance(HOUR + MINUTE).await;
    let late = sends(&desk, &rating, &[("stars", "1")]).await;
    assert_eq!(late.status, 409);
    assert!(late.text().contains("超过 24 小时"), "{}", late.text());
    // Nobody rates for a customer, least of all who is rated.
    let own = desk.act(&id, "rate", &json!({ "stars": 5 })).acting_as("liuyang").send().await;
    assert!(own.refusal().0 == 403 || own.refusal().0 == 409, "{}", own.text());
    // Gone on and ended again, it is asked anew.
    assert_eq!(
        sends(&desk, &format!("{path}/verdict"), &[("solved", "no"), ("text", "又坏了")])
            .await
            .status,
        303
    );
    desk.settle().await;
    assert_eq!(sends(&desk, &rating, &[("stars", "5")]).await.status, 409, "it is at work");
    let told = desk.act(&id, "terminate", &json!({ "note": "x" })).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(sends(&desk, &rating, &[("stars", "5")]).await.status, 409, "it was called off");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_survey_waits_two_weeks_and_not_where_the_template_has_none() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({})).await;
    finish(&desk, &id).await;
    desk.advance(14 * DAY).await;
    let path = link(&desk, &id).await;
    let page = opens(&desk, &path).await;
    assert!(!page.contains("您满意吗") && !page.contains("问题解决了吗"), "{page}");
    assert_eq!(sends(&desk, &format!("{path}/rating"), &[("stars", "5")]).await.status, 409);
    assert_eq!(sends(&desk, &format!("{path}/verdict"), &[("solved", "no")]).await.status, 409);
    let silent = raised(&desk, json!({ "survey": false })).await;
    finish(&desk, &silent).await;
    let path = link(&desk, &silent).await;
    assert!(!opens(&desk, &path).await.contains("您满意吗"));
    assert_eq!(sends(&desk, &format!("{path}/rating"), &[("stars", "5")]).await.status, 409);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_that_it_is_not_solved_sets_it_going_again() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({ "solved_at": "visit" })).await;
    let path = link(&desk, &id).await;
    let verdict = format!("{path}/verdict");
    assert_eq!(
        sends(&desk, &verdict, &[("solved", "no")]).await.status,
        409,
        "nothing is done yet"
    );
    desk.does("liuyang", "claim", &id, json!({})).await;
    desk.does("liuyang", "complete", &id, json!({})).await;
    desk.does("zhaomin", "claim", &id, json!({})).await;
    desk.does("zhaomin", "complete", &id, json!({})).await;
    // At the step that the template names he is asked, and no takes it back.
    let page = opens(&desk, &path).await;
    assert!(page.contains("请确认问题是否解决") && page.contains("处理完毕，请您确认"), "{page}");
    let told = sends(&desk, &verdict, &[("solved", "no"), ("text", "水管还在漏")]).await;
    assert_eq!(told.status, 303, "{}", told.text());
    desk.settle().await;
    let ticket = desk.ticket(&id).await;
    let states: Vec<_> = ["fix", "check", "visit"]
        .into_iter()
        .map(|key| {
            let steps = ticket["steps"].as_array().unwrap();
            steps.iter().find(|step| step["key"] == key).unwrap()["state"].clone()
        })
        .collect();
    assert_eq!(states, ["done", "open", "waiting"], "{ticket}");
    assert!(
        desk.history(&id)
            .await
            .iter()
            .any(|(verb, text)| verb == "deny" && text.contains("水管还在漏"))
    );
    // Done again, closed, confirmed; and it can still come back.
    for verb in ["claim", "complete", "claim", "complete"] {
        let told = desk.act(&id, verb, &json!({})).acting_as("zhaomin").send().await;
        assert!(told.status == 200 || verb == "claim", "{}", told.text());
        desk.settle().await;
    }
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    assert_eq!(sends(&desk, &verdict, &[("solved", "yes")]).await.status, 303);
    assert!(opens(&desk, &path).await.contains("已经解决，谢谢您的确认"));
    assert_eq!(sends(&desk, &verdict, &[("solved", "yes")]).await.status, 409);
    assert_eq!(sends(&desk, &verdict, &[("solved", "maybe")]).await.status, 422);
    let key = key_of(&opens(&desk, &path).await);
    for _ in 0..2 {
        let told =
            sends(&desk, &verdict, &[("key", &key), ("solved", "no"), ("text", "又漏了")]).await;
        assert_eq!(told.status, 303, "{}", told.text());
    }
    desk.settle().await;
    let ticket = desk.ticket(&id).await;
    assert_eq!((&ticket["status"], &ticket["closed_at"]), (&json!("open"), &Value::Null));
    assert!(ticket["steps"].as_array().unwrap().iter().any(|step| step["state"] == "open"));
    assert!(opens(&desk, &path).await.contains("您反馈没有解决，我们继续处理：又漏了"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_confirmed_before_the_end_is_not_asked_again_after_it() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({ "solved_at": "visit" })).await;
    let path = link(&desk, &id).await;
    let verdict = format!("{path}/verdict");
    desk.does("liuyang", "claim", &id, json!({})).await;
    desk.does("liuyang", "complete", &id, json!({})).await;
    desk.does("zhaomin", "claim", &id, json!({})).await;
    desk.does("zhaomin", "complete", &id, json!({})).await;
    assert_eq!(sends(&desk, &verdict, &[("solved", "yes")]).await.status, 303);
    desk.settle().await;
    for verb in ["claim", "complete"] {
        let told = desk.act(&id, verb, &json!({})).acting_as("zhaomin").send().await;
        assert!(told.status == 200 || verb == "claim", "{}", told.text());
        desk.settle().await;
    }
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    let page = opens(&desk, &path).await;
    assert!(page.contains("已经解决，谢谢您的确认") && !page.contains("问题解决了吗"), "{page}");
    assert!(page.contains("又出现问题了？"), "{page}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_hears_of_what_concerns_its_customer_and_of_nothing_else() {
    let desk = Desk::open().await;
    let id = raised(&desk, json!({})).await;
    let path = link(&desk, &id).await;
    let since = async |after: i64| {
        let told = desk.visit("GET", &format!("{path}/since?after={after}")).send().await;
        assert_eq!(
            (told.status, told.header("cache-control")),
            (200, "no-store"),
            "{}",
            told.text()
        );
        (told.json()["version"].as_i64().unwrap(), told.json()["news"].as_bool().unwrap())
    };
    let (first, news) = since(0).await;
    assert!(news);
    assert_eq!(since(first).await, (first, false));
    desk.does("liuyang", "comment", &id, json!({ "text": "先放着" })).await;
    let (second, news) = since(first).await;
    assert!(second > first && !news, "what colleagues say is none of his");
    desk.does("liuyang", "claim", &id, json!({})).await;
    assert!(since(second).await.1);
    assert_eq!(desk.visit("GET", &format!("{path}/since?after=x")).send().await.status, 400);
    let script = desk.visit("GET", "/static/progress.js").send().await;
    assert!(script.status == 200 && script.bytes.len() <= 3_072, "{}", script.bytes.len());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_does_not_want_to_hear_is_not_passed_on() {
    let desk = Desk::open().await;
    let tells = json!({ "tell": true });
    // Words to pass on that reached the one who raised it.
    let told = async |desk: &Desk| {
        let chat = desk.chat("wangfang").await;
        chat.texts().iter().filter(|text| text.contains("点开链接查看进度")).count()
    };
    let id = raised(&desk, tells.clone()).await;
    desk.does("liuyang", "claim", &id, json!({})).await;
    assert_eq!(told(&desk).await, 1, "somebody has taken it up");
    let words = desk
        .chat("wangfang")
        .await
        .texts()
        .iter()
        .rev()
        .find(|text| text.contains("/t/"))
        .unwrap()
        .to_string();
    let passed = format!("/t/{}", words.lines().last().unwrap().split_once("/t/").unwrap().1);
    assert!(opens(&desk, &passed).await.contains("刘洋 正在处理"), "the link is the customer's");
    let path = link(&desk, &id).await;
    let wish = format!("{path}/preference");
    // Not of every step: the next one is passed over.
    let some = [("taken", "on"), ("ended", "on"), ("from", "22:00"), ("to", "08:00")];
    assert_eq!(sends(&desk, &wish, &some).await.status, 303);
    let page = opens(&desk, &path).await;
    assert!(
        page.contains("name=\"step\" value=\"on\">")
            && page.contains("name=\"ended\" value=\"on\" checked>"),
        "{page}"
    );
    desk.does("liuyang", "complete", &id, json!({})).await;
    desk.does("zhaomin", "claim", &id, json!({})).await;
    desk.does("zhaomin", "complete", &id, json!({})).await;
    assert_eq!(told(&desk).await, 1, "he does not want to hear of steps");
    // In his quiet hours it waits.
    let quiet = [("ended", "on"), ("quiet", "on"), ("from", "08:00"), ("to", "12:00")];
    assert_eq!(sends(&desk, &wish, &quiet).await.status, 303);
    for verb in ["claim", "complete"] {
        desk.act(&id, verb, &json!({})).acting_as("zhaomin").send().await;
    }
    desk.settle().await;
    assert_eq!(desk.ticket(&id).await["status"], "closed");
    assert_eq!(told(&desk).await, 1, "it is between eight and twelve");
    desk.advance(4 * HOUR).await;
    assert_eq!(told(&desk).await, 2, "and after twelve he hears of it");
    // Unsubscribed, he hears nothing; and can change his mind.
    let id = raised(&desk, tells).await;
    let path = link(&desk, &id).await;
    let wish = format!("{path}/preference");
    assert_eq!(sends(&desk, &wish, &[("all", "off"), ("taken", "on")]).await.status, 303);
    assert!(opens(&desk, &format!("{path}?done=off")).await.contains("您已退订"));
    desk.does("liuyang", "claim", &id, json!({})).await;
    assert_eq!(told(&desk).await, 2);
    assert_eq!(sends(&desk, &wish, &[("all", "on")]).await.status, 303);
    desk.does("liuyang", "complete", &id, json!({})).await;
    desk.does("zhaomin", "claim", &id, json!({})).await;
    desk.does("zhaomin", "complete", &id, json!({})).await;
    assert_eq!(told(&desk).await, 3, "the next step that he knows of");
    let wrong = sends(&desk, &wish, &[("quiet", "on"), ("from", "25:00"), ("to", "x")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("免打扰从几点到几点"), "{}", wrong.text());
    desk.close().await;
}
