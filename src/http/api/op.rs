//! One operation of the API: a route that names its permission by its handler's first argument, and
//! its part of the OpenAPI document.

use std::borrow::Cow;

use actix_web::{FromRequest, Handler, Responder, Route, http::Method, web};
use org::Scope;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema, openapi::path::ParameterIn};

use super::Problem;
use crate::guard::{Permission, Signed};

/// Arguments of a handler that begin with a [`Signed`].
pub(crate) trait Permitted {
    /// The permission that it names.
    const SCOPE: Scope;
    /// Whether it may be used on behalf of a member.
    const ACTS_AS: bool;
}

macro_rules! permitted {
    ($(($($rest:ident),*))*) => {$(
        impl<P: Permission, $($rest),*> Permitted for (Signed<P>, $($rest),*) {
            const SCOPE: Scope = P::SCOPE;
            const ACTS_AS: bool = P::ACTS_AS;
        }
    )*};
}

permitted! { () (A) (A, B) (A, B, C) (A, B, C, D) }

/// A schema under its name, for the document's components.
type Named = (String, Value);

/// A type's schema, and how it is made, with all that it refers to. Only the document needs it, and each
/// thread that serves makes its operations anew.
pub(crate) struct Schema {
    pub(crate) name: Cow<'static, str>,
    pub(crate) make: fn() -> Vec<Named>,
}

impl Schema {
    fn of<T: ToSchema>() -> Self {
        Self { name: T::name(), make: named::<T> }
    }
}

/// One operation.
pub(crate) struct Op {
    pub(crate) path: &'static str,
    pub(crate) method: Method,
    pub(crate) route: Route,
    /// The paths that it is documented under: its own, or one for each thing that it can do.
    pub(crate) docs: Vec<(String, Value)>,
    pub(crate) schemas: Vec<Schema>,
}

impl Op {
    pub(crate) fn get<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Permitted + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::GET, path, handler)
    }

    pub(crate) fn post<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Permitted + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::POST, path, handler).takes_header("Idempotency-Key", IDEMPOTENCY)
    }

    pub(crate) fn put<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Permitted + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::PUT, path, handler).takes_header("Idempotency-Key", IDEMPOTENCY)
    }

    pub(crate) fn delete<F, Args>(path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Permitted + 'static,
        F::Output: Responder + 'static,
    {
        Self::new(Method::DELETE, path, handler).takes_header("Idempotency-Key", IDEMPOTENCY)
    }

    /// An operation for everybody: there is no login, and the handler guards itself.
    pub(crate) fn open<F, Args>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        Self::made(method, path, handler, json!([]))
    }

    fn new<F, Args>(method: Method, path: &'static str, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + Permitted + 'static,
        F::Output: Responder + 'static,
    {
        let security = json!([{ "token": [Args::SCOPE.as_str()] }]);
        let op = Self::made(method, path, handler, security);
        if Args::ACTS_AS { op.takes_header("Qidan-Act-As", ACT_AS) } else { op }
    }

    fn made<F, Args>(method: Method, path: &'static str, handler: F, security: Value) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let parts = path.split('/').filter_map(|part| part.strip_prefix('{'));
        let parts = parts.map(|part| part.trim_end_matches('}'));
        let parameters: Vec<_> = parts.map(|name| parameter(name, "path", true, "")).collect();
        let problem = content(reference::<Problem>(), "application/problem+json");
        let doc = json!({
            "security": security,
            "parameters": parameters,
            "responses": { "default": { "description": "被拒绝", "content": problem } },
        });
        let route = web::method(method.clone()).to(handler);
        let docs = vec![(path.to_owned(), doc)];
        Self { path, method, route, docs, schemas: vec![Schema::of::<Problem>()] }
    }

    /// Its name for generated clients, the chapter that it stands in, and what it does.
    pub(crate) fn named(self, id: &str, chapter: &str, summary: &str) -> Self {
        self.with("operationId", json!(id))
            .with("tags", json!([chapter]))
            .with("summary", json!(summary))
    }

    /// What else there is to say.
    pub(crate) fn explained(self, description: &str) -> Self {
        self.with("description", json!(description))
    }

    /// What a part of its path is.
    pub(crate) fn where_path(self, name: &str, description: &str) -> Self {
        self.change(|doc| {
            let all = doc.get_mut("parameters").and_then(Value::as_array_mut);
            if let Some(one) =
                all.into_iter().flatten().find(|one| one.get("name") == Some(&json!(name)))
            {
                *one = parameter(name, "path", true, description);
            }
        })
    }

    /// The query that it takes.
    pub(crate) fn takes_query<T: IntoParams>(self) -> Self {
        let all = T::into_params(|| Some(ParameterIn::Query));
        let all: Vec<_> = all.iter().filter_map(|one| serde_json::to_value(one).ok()).collect();
        self.change(|doc| extend(doc, all.clone()))
    }

    /// A header that it takes.
    pub(crate) fn takes_header(self, name: &str, description: &str) -> Self {
        let one = parameter(name, "header", false, description);
        self.change(|doc| extend(doc, vec![one.clone()]))
    }

    /// The JSON body that it takes.
    pub(crate) fn takes<T: ToSchema>(self) -> Self {
        let body = content(reference::<T>(), "application/json");
        self.with("requestBody", json!({ "required": true, "content": body })).also::<T>()
    }

    /// The form with a file that it takes.
    pub(crate) fn takes_file(self, schema: Value) -> Self {
        let body = content(schema, "multipart/form-data");
        self.with("requestBody", json!({ "required": true, "content": body }))
    }

    /// The CSV file that it takes.
    pub(crate) fn takes_csv(self) -> Self {
        let body = content(json!({ "type": "string" }), "text/csv");
        self.with("requestBody", json!({ "required": true, "content": body }))
    }

    /// The JSON that it answers with.
    pub(crate) fn answers<T: ToSchema>(self, status: u16, description: &str) -> Self {
        self.answers_with(status, description, reference::<T>()).also::<T>()
    }

    /// A page of a list.
    pub(crate) fn lists<T: ToSchema>(self) -> Self {
        let next = "下一页的 cursor；没有下一页时为 null";
        let page = json!({
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": { "type": "array", "items": reference::<T>() },
                "next": { "type": ["string", "null"], "description": next },
            },
        });
        self.answers_with(200, "一页", page).also::<T>()
    }

    /// Bytes.
    pub(crate) fn answers_bytes(self, description: &str) -> Self {
        let bytes = json!({ "type": "string", "format": "binary" });
        let bytes = content(bytes, "application/octet-stream");
        self.respond(200, json!({ "description": description, "content": bytes }))
    }

    /// Events, one after the other, until one side ends it.
    pub(crate) fn answers_events(self, description: &str) -> Self {
        let events = content(json!({ "type": "string" }), "text/event-stream");
        self.respond(200, json!({ "description": description, "content": events }))
    }

    /// Nothing.
    pub(crate) fn answers_nothing(self, description: &str) -> Self {
        self.respond(204, json!({ "description": description }))
    }

    /// The document of each thing that it can do, in place of its own.
    pub(crate) fn documented_as(mut self, each: impl Fn(&Value) -> Vec<(String, Value)>) -> Self {
        self.docs = self.docs.iter().flat_map(|(_path, doc)| each(doc)).collect();
        self
    }

    fn answers_with(self, status: u16, description: &str, schema: Value) -> Self {
        let body = content(schema, "application/json");
        self.respond(status, json!({ "description": description, "content": body }))
    }

    fn respond(self, status: u16, response: Value) -> Self {
        self.change(|doc| {
            if let Some(all) = doc.get_mut("responses").and_then(Value::as_object_mut) {
                all.insert(status.to_string(), response.clone());
            }
        })
    }

    fn also<T: ToSchema>(mut self) -> Self {
        self.schemas.push(Schema::of::<T>());
        self
    }

    fn with(self, key: &str, value: Value) -> Self {
        self.change(|doc| {
            if let Some(doc) = doc.as_object_mut() {
                doc.insert(key.to_owned(), value.clone());
            }
        })
    }

    fn change(mut self, change: impl Fn(&mut Value)) -> Self {
        for (_path, doc) in &mut self.docs {
            change(doc);
        }
        self
    }
}

const IDEMPOTENCY: &str = "同一个键的重复请求只执行一次，24 小时内得到同样的应答";
const ACT_AS: &str = "代表哪位成员操作（userid）；需要 tickets:write 权限";

fn parameter(name: &str, place: &str, required: bool, description: &str) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": required,
        "description": description,
        "schema": { "type": "string" },
    })
}

fn extend(doc: &mut Value, more: Vec<Value>) {
    if let Some(all) = doc.get_mut("parameters").and_then(Value::as_array_mut) {
        all.extend(more);
    }
}

/// The content of a body or an answer.
fn content(schema: Value, kind: &str) -> Value {
    json!({ (kind): { "schema": schema } })
}

fn reference<T: ToSchema>() -> Value {
    json!({ "$ref": format!("#/components/schemas/{}", T::name()) })
}

/// A type's schema and those that it refers to.
fn named<T: ToSchema>() -> Vec<Named> {
    let mut all = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut all);
    let written = |(name, schema)| Some((name, serde_json::to_value(&schema).ok()?));
    all.into_iter().filter_map(written).collect()
}
