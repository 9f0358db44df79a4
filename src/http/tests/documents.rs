//! The OpenAPI document and its reader.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use super::desk::Desk;

const GOLDEN: &str = include_str!("../../../tests/golden/openapi.json");

#[test]
fn the_document_is_the_one_that_was_reviewed() {
    let ours = crate::openapi() + "\n";
    let differ = ours.lines().zip(GOLDEN.lines()).find(|(ours, golden)| ours != golden);
    assert!(
        ours == GOLDEN,
        "the API differs from tests/golden/openapi.json, first at {differ:?}: \
         run `make golden` and review the change"
    );
}

#[test]
fn every_name_in_the_document_is_defined_and_used_once() {
    let document: Value = serde_json::from_str(&crate::openapi()).unwrap();
    let mut used = BTreeSet::new();
    let mut todo = vec![&document];
    while let Some(value) = todo.pop() {
        match value {
            Value::Object(map) => {
                used.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                todo.extend(map.values());
            }
            Value::Array(rows) => todo.extend(rows),
            _ => {}
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let defined: BTreeSet<_> =
        schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(used, defined);
    let mut names = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for (_method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} names two operations");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()));
        }
    }
    assert!(ticket::ACTIONS.iter().all(|one| names.contains(&format!("{}_ticket", one.name()))));
}

#[actix_web::test]
async fn the_reader_needs_nothing_from_elsewhere() {
    let desk = Desk::open();
    let page = desk.get("/api/docs").send().await;
    assert_eq!(
        (page.status.as_u16(), page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert!(!page.text.contains("://") && !page.text.contains("onclick"));
    assert!(!page.text.contains("<style") && page.text.contains("?v=test1"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    for (file, kind) in [("docs.js", "javascript"), ("docs.css", "css"), ("progress.css", "css")] {
        let file = desk.get(&format!("/static/{file}")).send().await;
        assert!(file.status.is_success() && file.header("content-type").contains(kind));
        assert!(!file.text.contains("://"), "no address of elsewhere");
    }
    for page in ["/api/docs", "/t/x"] {
        let page = desk.get(page).send().await;
        let files = page.text.split("=\"/static/").skip(1);
        for file in files.map(|rest| rest.split('"').next().unwrap()) {
            let file = desk.get(&format!("/static/{file}")).send().await;
            assert!(file.status.is_success(), "a page names a file that is not there");
        }
    }
    assert_eq!(desk.get("/static/x.js").send().await.problem().0, 404);
    let document = desk.get("/api/openapi.json").send().await;
    assert_eq!(document.text, crate::openapi());
    let etag = document.header("etag");
    let again = desk.get("/api/openapi.json").header("if-none-match", etag).send().await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    let post = desk.ask(Method::POST, "/api/openapi.json").send().await;
    assert_eq!((post.problem().0, post.header("allow")), (405, "GET"));
    desk.close().await;
}
