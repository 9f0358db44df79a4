//! Attachments: stored by content, under clean names, and given back as nothing that could run.

use org::{MemberStatus, Scope};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::desk::{Ask, Desk};

const PNG: &[u8] = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR";
const PAGE: &[u8] = b"<!doctype html><script>alert(1)</script>";

fn upload(desk: &Desk, token: &str, ticket: &Value, name: &str, bytes: &[u8]) -> Ask {
    let path = format!("/api/v1/tickets/{}/attachments", ticket["id"].as_str().unwrap());
    let part = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
    let part = part.mime_str("text/html").unwrap();
    desk.post(&path).token(token).form(Form::new().text("note", "x").part("file", part))
}

#[actix_web::test]
async fn a_page_in_disguise_is_saved_and_never_shown() {
    let desk = Desk::open();
    let token = desk.token(&[Scope::TicketsWrite, Scope::TicketsRead]).await;
    let ticket = desk.ticket(&token, "甲").await;
    let told = upload(&desk, &token, &ticket, "../../x.html", PAGE).send().await;
    assert_eq!((told.status.as_u16(), told.header("etag")), (200, "\"2\""), "{}", told.text);
    let attachment = told.json()["attachments"][0].clone();
    assert_eq!((&attachment["name"], &attachment["kind"]), (&json!("x.html"), &json!("file")));
    let path = format!("/api/v1/files/{}", attachment["file"].as_str().unwrap());
    let file = desk.get(&path).token(&token).send().await;
    assert_eq!(file.bytes, PAGE);
    assert!(file.header("content-disposition").starts_with("attachment;"));
    assert_eq!(file.header("content-type"), "application/octet-stream");
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert!(file.header("content-security-policy").contains("sandbox"));
    let image = upload(&desk, &token, &ticket, "a.exe", PNG).send().await.json();
    assert_eq!(image["attachments"][1]["kind"], "image");
    let path = format!("/api/v1/files/{}", image["attachments"][1]["file"].as_str().unwrap());
    let file = desk.get(&path).token(&token).send().await;
    assert_eq!(file.header("content-type"), "image/png");
    assert!(file.header("content-disposition").starts_with("inline;"));
    desk.close().await;
}

#[actix_web::test]
async fn an_upload_sent_again_is_one_attachment_and_a_wrong_one_is_told_why() {
    let desk = Desk::open();
    let token = desk.admin().await;
    let ticket = desk.ticket(&token, "甲").await;
    let twice =
        || upload(&desk, &token, &ticket, "a.png", PNG).header("idempotency-key", "k").send();
    assert_eq!(twice().await.text, twice().await.text);
    let stale = upload(&desk, &token, &ticket, "b.png", PNG).header("if-match", "\"1\"");
    let stale = stale.send().await;
    assert_eq!(stale.problem(), (409, "ticket.changed".into()));
    assert_eq!(stale.json()["current"]["attachments"].as_array().unwrap().len(), 1);
    let large = vec![b'x'; (20 << 20) + 1];
    let large = upload(&desk, &token, &ticket, "a", &large).send().await;
    assert_eq!(large.problem(), (413, "files.too_large".into()));
    let empty = upload(&desk, &token, &ticket, "a", b"").send().await;
    assert_eq!(empty.problem(), (422, "files.empty".into()));
    let path = format!("/api/v1/tickets/{}/attachments", ticket["id"].as_str().unwrap());
    let none = desk.post(&path).token(&token).form(Form::new().text("note", "x")).send().await;
    assert_eq!(none.field(), (400, "file".into(), "required".into()));
    let json = desk.post(&path).token(&token).json(&json!({})).send().await;
    assert_eq!(json.problem().0, 400, "{}", json.text);
    let nowhere = upload(&desk, &token, &json!({ "id": "1" }), "a.png", PNG).send().await;
    assert_eq!(nowhere.problem(), (404, "ticket.not_found".into()));
    desk.close().await;
}

#[actix_web::test]
async fn a_member_gets_the_files_of_his_tickets_only() {
    let desk = Desk::open();
    desk.member("li", "李", MemberStatus::Active).await;
    desk.member("zhao", "赵", MemberStatus::Active).await;
    desk.write(|conn, ctx| {
        let members = vec!["li".to_owned()];
        let group = org::Group { key: "handlers".into(), name: "处理组".into(), members };
        org::set_group(conn, ctx, &group)
    })
    .await;
    let token = desk.admin().await;
    let (ticket, other) = (desk.ticket(&token, "甲").await, desk.ticket(&token, "乙").await);
    let made = upload(&desk, &token, &ticket, "a.png", PNG).send().await.json();
    let file = made["attachments"][0]["file"].as_str().unwrap().to_owned();
    let get = |ticket: &Value, userid: &str| {
        let path = format!("/api/v1/files/{file}?ticket={}", ticket["id"].as_str().unwrap());
        desk.get(&path).token(&token).acting_as(userid).send()
    };
    assert_eq!(get(&ticket, "li").await.bytes, PNG);
    assert_eq!(get(&other, "li").await.problem(), (404, "files.not_found".into()));
    assert_eq!(get(&ticket, "zhao").await.problem(), (404, "ticket.not_found".into()));
    let bare = desk.get(&format!("/api/v1/files/{file}")).token(&token).acting_as("li");
    assert_eq!(bare.send().await.field(), (400, "ticket".into(), "required".into()));
    desk.close().await;
}
