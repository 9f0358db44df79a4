//! The progress page.

use kernel::{TicketId, time};
use org::MemberStatus;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::desk::{Desk, NOW};

const NASTY: &str = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";
const PNG: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR";

fn address(desk: &Desk, ticket: &str, userid: &str) -> String {
    let id: TicketId = ticket.parse().unwrap();
    let url = desk.shared.links.url(id, userid, NOW);
    url.trim_start_matches("http://desk.example").to_owned()
}

#[actix_web::test]
async fn nothing_that_anybody_wrote_becomes_markup() {
    let desk = Desk::open();
    desk.member("wang", NASTY, MemberStatus::Active).await;
    let token = desk.admin().await;
    let place = json!({ "lat": 23.1, "lng": 113.3, "label": NASTY });
    let form = json!({ "form": { "title": NASTY, "description": NASTY, "location": place } });
    let made = desk.post("/api/v1/tickets").token(&token).json(&form).send().await.json();
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/tickets/{id}");
    for verb in ["claim", "comment"] {
        let body = if verb == "comment" { json!({ "text": NASTY }) } else { json!({}) };
        let act = desk.post(&format!("{path}/actions/{verb}")).token(&token).acting_as("wang");
        assert!(act.json(&body).send().await.status.is_success(), "{verb}");
    }
    let part = Part::bytes(PNG.to_vec()).file_name(NASTY);
    let attach = desk.post(&format!("{path}/attachments")).token(&token);
    assert!(attach.form(Form::new().part("file", part)).send().await.status.is_success());
    let page = desk.get(&address(&desk, id, "wang")).send().await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.text.contains("&lt;script&gt;"));
    assert!(!page.text.contains("<script") && !page.text.contains("<img src=x"), "{}", page.text);
    let own = desk.get(&address(&desk, id, "")).send().await;
    let ours = "<script src=\"/static/progress.js?v=test-1\" defer></script>";
    assert!(own.text.contains(ours) && own.text.matches("<script").count() == 1, "{}", own.text);
    assert!(!own.text.contains("<img src=x") && !own.text.contains("style="), "{}", own.text);
    assert!(!page.text.contains("style=") && !page.text.contains("onerror=alert(1)>\""));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("script-src 'self';"));
    assert!(!policy.contains("unsafe") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer", "the link is the key");
    desk.close().await;
}

#[actix_web::test]
async fn staff_see_the_talk_and_customers_the_way() {
    let desk = Desk::open();
    desk.member("wang", "王师傅", MemberStatus::Active).await;
    let token = desk.admin().await;
    let made = desk.ticket(&token, "空调坏了").await;
    let id = made["id"].as_str().unwrap();
    let page = |userid: &'static str| desk.get(&address(&desk, id, userid)).send();
    assert!(page("").await.text.contains("已收到，等待处理人接单"));
    let act = |verb: &str, body: serde_json::Value| {
        let path = format!("/api/v1/tickets/{id}/actions/{verb}");
        desk.post(&path).token(&token).acting_as("wang").json(&body).send()
    };
    act("claim", json!({})).await;
    act("comment", json!({ "text": "这位客户爱生气" })).await;
    let (staff, customer) = (page("wang").await, page("").await);
    for told in [&staff, &customer] {
        assert!(told.text.contains("王师傅 正在处理") && told.text.contains("空调坏了"));
        assert!(told.text.contains("aria-current"));
    }
    assert!(staff.text.contains("王师傅 认领了工单"));
    assert!(customer.text.contains("王师傅接手，正在为您处理"), "{}", customer.text);
    assert!(staff.text.contains("爱生气") && !customer.text.contains("爱生气"));
    act("complete", json!({ "note": "其实没坏" })).await;
    let (staff, customer) = (page("wang").await, page("").await);
    assert!(customer.text.contains("已处理完成") && customer.text.contains("已完成"));
    assert!(staff.text.contains("其实没坏") && !customer.text.contains("其实没坏"));
    desk.close().await;
}

#[actix_web::test]
async fn a_link_opens_its_own_ticket_and_files_until_it_expires() {
    let desk = Desk::open();
    desk.member("gone", "走了", MemberStatus::Left).await;
    let token = desk.admin().await;
    let (one, two) = (desk.ticket(&token, "甲").await, desk.ticket(&token, "乙").await);
    let (one, two) = (one["id"].as_str().unwrap(), two["id"].as_str().unwrap());
    let part = Part::bytes(PNG.to_vec()).file_name("a.png");
    let attach = desk.post(&format!("/api/v1/tickets/{one}/attachments")).token(&token);
    let made = attach.form(Form::new().part("file", part)).send().await.json();
    let file = made["attachments"][0]["file"].as_str().unwrap();
    let (own, other) = (address(&desk, one, "*"), address(&desk, two, "*"));
    // What colleagues added is none of the customer's.
    let customer = address(&desk, one, "");
    assert!(!desk.get(&customer).send().await.text.contains(file));
    assert_eq!(desk.get(&format!("{customer}/files/{file}")).send().await.status.as_u16(), 404);
    let photo = format!("{own}/files/{file}");
    assert!(desk.get(&own).send().await.text.contains(&format!("src=\"{photo}\"")));
    assert_eq!(desk.get(&photo).send().await.bytes, PNG);
    let forged = own.replace("/t/", "/t/A");
    let left = address(&desk, one, "gone");
    let nothing = format!("{own}/files/1");
    let foreign = format!("{other}/files/{file}");
    for refused in [&forged, &left, &foreign, &nothing, "/t/x", "/t/x/files/1"] {
        let told = desk.get(refused).send().await;
        assert_eq!(told.status.as_u16(), 404, "{refused}");
        assert_eq!(told.header("content-type"), "text/html; charset=utf-8");
        assert!(told.text.contains("重新打开"), "{}", told.text);
    }
    desk.shared.clock.advance(31 * time::DAY);
    assert_eq!(desk.get(&own).send().await.status.as_u16(), 404);
    assert_eq!(desk.get(&photo).send().await.status.as_u16(), 404);
    desk.close().await;
}
