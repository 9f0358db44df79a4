//! The API: one list of operations, from which the routes, the permissions and the OpenAPI document
//! are all read, so that none of them can lag behind another.

mod audit;
mod belongings;
mod chats;
mod codes;
mod context;
mod customers;
mod files;
mod jobs;
mod jssdk;
mod live;
mod me;
mod mine;
mod op;
mod parts;
mod people;
mod progress;
mod public;
mod schema;
mod tasks;
mod templates;
mod tickets;
mod tokens;
mod trials;
mod working;

use std::{
    collections::BTreeMap,
    future::{Ready, ready},
};

use actix_web::{
    http::{
        StatusCode,
        header::{ALLOW, HeaderValue},
    },
    web::{self, ServiceConfig},
};

pub(crate) use files::{find_file, serve};
pub use jssdk::host_of;
pub(crate) use me::with_page;
pub(crate) use op::Op;
pub use public::VISIT;
pub(crate) use public::open_code;
pub(crate) use schema::Problem;
pub(crate) use tickets::{Means, names_in};

use crate::reply::{Refusal, Reply, bare};

/// Where the API lives.
pub(crate) const ROOT: &str = "/api/v1";

/// Every operation, in the order in which the documentation shows them.
pub(crate) fn operations() -> Vec<Op> {
    let rooms = [
        me::operations(),
        jssdk::operations(),
        tickets::operations(),
        progress::operations(),
        files::operations(),
        tasks::operations(),
        mine::operations(),
        live::operations(),
        templates::operations(),
        trials::operations(),
        parts::operations(),
        codes::operations(),
        public::operations(),
        customers::operations(),
        belongings::operations(),
        chats::operations(),
        context::operations(),
        people::operations(),
        working::operations(),
        jobs::operations(),
        tokens::operations(),
        audit::operations(),
    ];
    rooms.into_iter().flatten().collect()
}

/// Mounts them.
pub(crate) fn mount(config: &mut ServiceConfig) {
    let mut by_path: BTreeMap<String, Vec<Op>> = BTreeMap::new();
    for op in operations() {
        by_path.entry(op.path.to_owned()).or_default().push(op);
    }
    for (path, ops) in by_path {
        let methods: Vec<_> = ops.iter().map(|op| op.method.as_str()).collect();
        let methods = methods.join(", ");
        let mut resource = web::resource(format!("{ROOT}{path}"));
        for op in ops {
            resource = resource.route(op.route);
        }
        config.service(resource.default_service(web::to(move || refuse_method(&methods))));
    }
}

/// The answer to a method that a path does not have.
pub(crate) fn refuse_method(allowed: &str) -> Ready<Reply> {
    let refusal = bare(StatusCode::METHOD_NOT_ALLOWED);
    ready(Err(match HeaderValue::from_str(allowed) {
        Ok(allowed) => refusal.with_header(ALLOW, allowed),
        Err(_not_a_header) => refusal,
    }))
}

/// The answer to a path that does not exist.
pub(crate) async fn refuse_path() -> Result<&'static str, Refusal> {
    Err(bare(StatusCode::NOT_FOUND))
}
