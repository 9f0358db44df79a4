//! The API's document, put together from the operations that are served, and its reader.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    web::{Bytes, Data},
};
use kernel::text;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{api, shared::Server};

const ABOUT: &str = "企单的开放接口。用 `Authorization: Bearer` 带上令牌；列表用 `limit` 和 `cursor` \
    翻页；写操作可带 `Idempotency-Key`；修改工单可带 `If-Match`。出错时应答为 \
    `application/problem+json`。";
/// The reader fetches the document from here and runs its own script, and nothing else.
const READER_CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The OpenAPI 3.1 document of the API, the same text for the same build.
pub fn openapi() -> String {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    let mut chapters: Vec<Value> = Vec::new();
    for op in api::operations() {
        for schema in op.schemas {
            if !schemas.contains_key(&*schema.name) {
                schemas.extend((schema.make)());
            }
        }
        for (path, doc) in op.docs {
            let chapter = doc.pointer("/tags/0").map(|name| json!({ "name": name }));
            chapters.extend(chapter.filter(|chapter| !chapters.contains(chapter)));
            let path = paths.entry(format!("{}{path}", api::ROOT)).or_default();
            path.insert(op.method.as_str().to_ascii_lowercase(), doc);
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "企单 qidan", "version": "v1", "description": ABOUT },
        "tags": chapters,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    });
    // A `Value` of texts and numbers always prints.
    serde_json::to_string_pretty(&document).unwrap_or_default()
}

/// The document as it is served.
#[derive(Clone)]
pub(crate) struct Document {
    text: Bytes,
    etag: String,
}

impl Document {
    pub(crate) fn new(text: &str) -> Self {
        let hash = text::hex(&Sha256::digest(text));
        let etag = format!("\"{}\"", hash.get(..16).unwrap_or_default());
        Self { text: Bytes::copy_from_slice(text.as_bytes()), etag }
    }
}

/// The document.
pub(crate) async fn document(req: HttpRequest, document: Data<Document>) -> HttpResponse {
    let known = req.headers().get(IF_NONE_MATCH).and_then(|etag| etag.to_str().ok());
    let mut response = if known == Some(document.etag.as_str()) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((ETAG, document.etag.as_str()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_TYPE, "application/json"));
    if known == Some(document.etag.as_str()) {
        return response.finish();
    }
    response.body(document.text.clone())
}

/// The page that shows it.
pub(crate) async fn reader(server: Data<Server>) -> HttpResponse {
    let build: String = server.build.chars().filter(char::is_ascii_alphanumeric).collect();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, READER_CSP))
        .body(include_str!("docs/docs.html").replace("{build}", &build))
}
