//! The addresses to which an app sends people to log in. Within the simulator's own frames a script
//! reads off the frame's name whose phone it is; elsewhere one picks a person, because this is a
//! simulator. A test says `&sim_user=userid` and is sent on at once.

use std::{collections::BTreeMap, fmt::Write as _};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Query},
};

use crate::{
    login::{Gate, Way},
    model::ACTIVE,
    server::Shared,
};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors *";
const SCRIPT: &str = include_str!("doors/client.js");
const STYLE: &str = include_str!("doors/doors.css");

/// `/connect/oauth2/authorize`
pub(crate) async fn authorize(
    request: HttpRequest,
    query: Query<BTreeMap<String, String>>,
    shared: Data<Shared>,
) -> HttpResponse {
    open(Gate::Client, &request, &query, &shared)
}

/// `/wwlogin/sso/login`
pub(crate) async fn web_login(
    request: HttpRequest,
    query: Query<BTreeMap<String, String>>,
    shared: Data<Shared>,
) -> HttpResponse {
    open(Gate::Web, &request, &query, &shared)
}

/// The script of the client's page.
pub(crate) async fn script() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SCRIPT)
}

/// What both pages look like.
pub(crate) async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(STYLE)
}

fn open(
    gate: Gate,
    request: &HttpRequest,
    query: &BTreeMap<String, String>,
    shared: &Shared,
) -> HttpResponse {
    match shared.act(|world, now| world.gate(gate, query, now)) {
        Way::Back(to) => HttpResponse::Found()
            .insert_header((header::LOCATION, to))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .finish(),
        Way::Wrong { code, words } => {
            let body = format!("<h1>{}</h1><p>错误码 {code}</p>", escaped(&words));
            page(StatusCode::BAD_REQUEST, &words, &body)
        }
        Way::Who => page(StatusCode::OK, "选择身份", &who(gate, request, shared)),
    }
}

/// The people to choose from.
fn who(gate: Gate, request: &HttpRequest, shared: &Shared) -> String {
    let (words, script) = match gate {
        Gate::Client => (
            "<h1>请在企业微信客户端打开链接</h1><p>这里是模拟器：也可以直接选择一个身份继续。</p>",
            "<script src=\"/connect/oauth2/client.js\"></script>",
        ),
        Gate::Web => {
            ("<h1>企业微信扫码登录</h1><p>这里是模拟器：选择一位成员，就当是他扫了码。</p>", "")
        }
    };
    let link = |user: &str, name: &str| {
        let user: String = user.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let href = format!("{}?{}&sim_user={user}", request.path(), request.query_string());
        format!("<li><a href=\"{}\">{}</a></li>", escaped(&href), escaped(name))
    };
    let world = shared.world();
    let mut list = String::new();
    for member in world.members.values().filter(|member| member.status == ACTIVE) {
        // Writing to a String cannot fail.
        let _written = write!(list, "{}", link(&member.userid, &member.name));
    }
    if gate == Gate::Client {
        for customer in world.customers.values() {
            let user = format!("customer:{}", customer.external_userid);
            let _written = write!(list, "{}", link(&user, &format!("客户 {}", customer.name)));
        }
    }
    format!("{words}<ul>{list}</ul>{script}")
}

fn page(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title>\
         <link rel=\"stylesheet\" href=\"/connect/oauth2/doors.css\"></head>\
         <body><main>{body}</main></body></html>",
        escaped(title)
    );
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
