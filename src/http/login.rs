//! Signing in with WeCom and signing out. The way: a page asks who is signed in and hears "nobody";
//! [`begin`] sends its browser to WeCom with a fresh state; WeCom sends it back to [`finish`] with a
//! code, which says who it is; a cookie holds the session from then on.

mod words;

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::header::{CACHE_CONTROL, LOCATION},
    web::Data,
};
use kernel::{Ctx, Error, Kind, Micros, Result, time};
use org::{
    Member,
    login::{self, Login, Returned, Wish, is_path},
    session,
};
use serde::Deserialize;
use serde_json::json;
use wecom::{
    api::auth::{self, Identity},
    login::{Asker, Browser, authorize_url, web_login_url},
};

use crate::{
    read::Query,
    reply::{Refusal, Reply, ctx_of},
    session::{self as browsers, cookie, csrf, find, secret_of},
    shared::Server,
    shell::{browser, word},
};

/// The cookie that ties a login to the browser in which it began.
fn tie(server: &Server) -> &'static str {
    // It is for one path only, for which there is no stronger mark.
    if server.pages.is_https() { "__Secure-qidan_login" } else { "qidan_login" }
}

/// Only the login itself needs it.
const BROWSER_PATH: &str = "/auth/wecom";
/// Where one goes who said no other place.
const HOME: &str = "/h5/workbench";
/// The longest code, by the platform's documents.
const CODE_MAX: usize = 512;
/// The longest state.
const STATE_MAX: usize = 128;
/// How often a login is begun anew by itself before the person is asked to.
const ATTEMPTS: i32 = 1;
/// How often one address may ask in which span: each login asks twice, and a whole office signs in
/// from one address in the morning on which it is told to.
const ASKS_MAX: u32 = 600;
const SPAN: Micros = 10 * time::MINUTE;

/// Where somebody wants to go.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    next: Option<String>,
    /// 1 when the page stands in a frame of the simulator.
    client: Option<String>,
    /// How often the login was begun anew.
    attempt: Option<i32>,
}

/// Sends a browser to WeCom.
pub(crate) async fn begin(
    req: HttpRequest,
    Query(wanted): Query<Wanted>,
    server: Data<Server>,
) -> HttpResponse {
    if let Err(refusal) = brake(&req, &server) {
        return words::refuse(&req, &server, &refusal, HOME);
    }
    let next = wanted.next.as_deref().unwrap_or(HOME);
    if !is_path(next) {
        let error = Error::field("next", "not_ours", "next 须是本站的路径，例如 /h5/workbench");
        return words::refuse(&req, &server, &Refusal::unreadable(error), HOME);
    }
    let is_framed = server.pages.simulator.is_some() && wanted.client.as_deref() == Some("1");
    let browser = if is_framed { Browser::WeCom } else { browser(&req) };
    let attempt = wanted.attempt.unwrap_or(0).clamp(0, ATTEMPTS);
    match try_begin(&req, &server, (next, browser, attempt)).await {
        Ok(response) => response,
        Err(error) => words::refuse(&req, &server, &error.into(), next),
    }
}

/// Counts what somebody asks whom nobody knows yet: each login that begins is a row.
fn brake(req: &HttpRequest, server: &Server) -> std::result::Result<(), Refusal> {
    server.brakes.count(req, "login", (ASKS_MAX, SPAN), server.clock.now())
}

async fn try_begin(
    req: &HttpRequest,
    server: &Data<Server>,
    (next, browser, attempt): (&str, Browser, i32),
) -> Result<HttpResponse> {
    let held = req.cookie(tie(server)).map(|cookie| cookie.value().to_owned());
    // Two pages of one browser may log in at once, so what it holds already stays good.
    let own = match held.filter(|held| is_word(held, STATE_MAX)) {
        Some(own) => own,
        None => server.entropy.hex::<16>()?,
    };
    let (ctx, entropy) = (ctx_of(server, req), server.entropy.clone());
    let (holder, path) = (own.clone(), next.to_owned());
    let state = server.db.write(move |conn| {
        let client = word(browser);
        let wish = Wish { browser: &holder, next: &path, client, attempt };
        login::begin(conn, &ctx, &entropy, &wish)
    });
    let (state, pages) = (state.await?, &server.pages);
    let redirect_uri = format!("{}/auth/wecom/callback", pages.public_url);
    let asker = Asker {
        corp_id: &pages.corp_id,
        agent_id: pages.agent_id,
        redirect_uri: &redirect_uri,
        state: &state,
    };
    let to = match browser {
        Browser::WeCom | Browser::WeChat => authorize_url(&pages.oauth_base, &asker),
        Browser::Other => web_login_url(&pages.login_base, &asker),
    };
    let own = cookie(server, tie(server), own, BROWSER_PATH, login::LIFE);
    Ok(go(&to, [own]))
}

/// What WeCom brought back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Brought {
    code: Option<String>,
    state: Option<String>,
}

/// Takes a browser that came back from WeCom.
pub(crate) async fn finish(
    req: HttpRequest,
    Query(brought): Query<Brought>,
    server: Data<Server>,
) -> HttpResponse {
    if let Err(refusal) = brake(&req, &server) {
        return words::refuse(&req, &server, &refusal, HOME);
    }
    let ctx = ctx_of(&server, &req);
    let login = match returned(&req, &server, &ctx, &brought).await {
        Ok(login) => login,
        Err(error) => return words::refuse(&req, &server, &error.into(), HOME),
    };
    let (login, is_fresh) = match login {
        Returned::Unknown => {
            let detail = "登录请求不是从这个浏览器发起的，或已失效";
            let error = Error::new(Kind::Forbidden, "auth.state", detail);
            return words::refuse(&req, &server, &error.into(), HOME);
        }
        Returned::Late(login) => {
            let error = Error::new(Kind::Unauthenticated, "auth.too_late", "登录用时太久，已失效");
            return words::refuse(&req, &server, &error.into(), &login.next);
        }
        Returned::Again(login) => (login, false),
        Returned::Fresh(login) => (login, true),
    };
    let done = match (is_fresh, brought.code.as_deref().filter(|code| !code.is_empty())) {
        (true, None) => Err(Error::new(Kind::Unauthenticated, "auth.declined", "登录没有被确认")),
        (true, Some(code)) => sign_in(&req, &server, &ctx, &login, code).await,
        (false, _) => Err(used_up()),
    };
    match done {
        Ok(response) => response,
        Err(error) if error.code() == USED_UP => go_on_or_again(&req, &server, &ctx, &login).await,
        Err(error) => words::refuse(&req, &server, &error.into(), &login.next),
    }
}

/// The code or its state came before: the back button, a reload, a client that looks ahead.
const USED_UP: &str = "auth.code_used";

fn used_up() -> Error {
    Error::new(Kind::Unauthenticated, USED_UP, "这次登录已经用过，或已过期")
}

async fn returned(
    req: &HttpRequest,
    server: &Data<Server>,
    ctx: &Ctx,
    brought: &Brought,
) -> Result<Returned> {
    let state = brought.state.clone().unwrap_or_default();
    let held = req.cookie(tie(server)).map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let code_len = brought.code.as_ref().map_or(0, String::len);
    if !is_word(&state, STATE_MAX) || !is_word(&held, STATE_MAX) || code_len > CODE_MAX {
        return Ok(Returned::Unknown);
    }
    let (asked, holder) = (state.clone(), held.clone());
    if !server.db.read(move |conn| login::is_known(conn, &asked, &holder)).await? {
        return Ok(Returned::Unknown);
    }
    let ctx = ctx.clone();
    server.db.write(move |conn| login::take(conn, &ctx, &state, &held)).await
}

/// Redeems the code and opens a session for whoever stands behind it, if he may sign in.
async fn sign_in(
    req: &HttpRequest,
    server: &Data<Server>,
    ctx: &Ctx,
    login: &Login,
    code: &str,
) -> Result<HttpResponse> {
    let member = identify(server, code).await?;
    let (ctx, entropy, before) = (ctx.clone(), server.entropy.clone(), secret_of(server, req));
    let (userid, client) = (member.userid, login.client.clone());
    let opened = server.db.write(move |conn| {
        let who = (userid.as_str(), client.as_str());
        let (session, secret) = session::open(conn, &ctx, &entropy, who, before.as_deref())?;
        let ctx = ctx.with_actor(kernel::Actor::member(&userid));
        let subject = format!("member:{userid}");
        org::audit(conn, &ctx, "session.opened", &subject, &json!({ "client": client }))?;
        Ok((session, secret))
    });
    let (_session, secret) = opened.await?;
    Ok(go(&login.next, [cookie(server, browsers::name(server), secret, "/", session::LIFE)]))
}

/// The member behind a code. Being able to log in shows only that he belongs to the corp, so his
/// right to be here is judged by us.
async fn identify(server: &Data<Server>, code: &str) -> Result<Member> {
    let identity = auth::get_user_info(&server.wecom, &server.pages.app, code).await;
    let identity = identity.map_err(|error| match error.errcode {
        // None, too old, redeemed before.
        40029 | 42003 | 42022 => used_up().caused_by(error),
        _ => error.into(),
    })?;
    let userid = match identity {
        Identity::Member { userid } => userid,
        Identity::Outsider { .. } => {
            let detail = "这里是员工入口。客户请从为您服务的同事发来的链接进入";
            return Err(Error::new(Kind::Forbidden, "auth.not_staff", detail));
        }
    };
    let key = userid.clone();
    let member = server.db.read(move |conn| org::find_member(conn, &key)).await?;
    member.filter(session::may_sign_in).ok_or_else(|| {
        let detail = format!(
            "成员 {userid} 不在本应用的可见范围内，或已离职、禁用。\
             请管理员在企业微信管理后台的应用「可见范围」中加入后再试"
        );
        Error::new(Kind::Forbidden, "auth.not_visible", detail)
    })
}

/// What came before goes on when its session lives; else the login is begun anew, once by itself.
async fn go_on_or_again(
    req: &HttpRequest,
    server: &Data<Server>,
    ctx: &Ctx,
    login: &Login,
) -> HttpResponse {
    let signed_in = match secret_of(server, req) {
        Some(secret) => find(server, secret, ctx.now).await,
        None => Ok(None),
    };
    match signed_in {
        Err(error) => words::refuse(req, server, &error.into(), &login.next),
        Ok(Some(_signed_in)) => go(&login.next, []),
        Ok(None) if login.attempt < ATTEMPTS => {
            go(&again(server, &login.next, &login.client, login.attempt + 1), [])
        }
        Ok(None) => words::refuse(req, server, &used_up().into(), &login.next),
    }
}

/// Where a login begins anew.
fn again(server: &Server, next: &str, client: &str, attempt: i32) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    if server.pages.simulator.is_some() && client == word(Browser::WeCom) {
        query.append_pair("client", "1");
    }
    if attempt > 0 {
        query.append_pair("attempt", &attempt.to_string());
    }
    format!("/auth/wecom/login?{}", query.finish())
}

/// How far somebody signs out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Leaving {
    /// 1 when he signs out of every browser, for he lost one.
    everywhere: Option<String>,
}

/// Signs a browser out, or its member everywhere.
pub(crate) async fn leave(
    req: HttpRequest,
    Query(leaving): Query<Leaving>,
    server: Data<Server>,
) -> Reply {
    let is_everywhere = leaving.everywhere.as_deref() == Some("1");
    let ctx = ctx_of(&server, &req);
    if let Some(secret) = secret_of(&server, &req) {
        if let Some(signed_in) = find(&server, secret.clone(), ctx.now).await? {
            csrf::check(&req, &signed_in.session.csrf)?;
        }
        let ended = server.db.write(move |conn| {
            if let Some(userid) = session::end(conn, &secret)? {
                let ctx = ctx.with_actor(kernel::Actor::member(&userid));
                let subject = format!("member:{userid}");
                let others = if is_everywhere { session::end_all(conn, &userid)? } else { 0 };
                let detail = json!({ "everywhere": is_everywhere, "others": others });
                org::audit(conn, &ctx, "session.ended", &subject, &detail)?;
            }
            Ok(())
        });
        ended.await?;
    }
    let gone = cookie(&server, browsers::name(&server), String::new(), "/", 0);
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

/// Sends a browser on.
fn go(to: &str, cookies: impl IntoIterator<Item = Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::Found();
    response.insert_header((LOCATION, to)).insert_header((CACHE_CONTROL, "no-store"));
    for cookie in cookies {
        response.cookie(cookie);
    }
    response.finish()
}

fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
