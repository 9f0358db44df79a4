//! What somebody reads who could not sign in: what happened, what to do, and a way to try again.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
};
use kernel::{Error, Kind};

use super::again;
use crate::{
    page::html,
    reply::Refusal,
    shared::Server,
    shell::{browser, word},
    watch,
};

/// The page for a login that led nowhere; its button begins anew and leads to `next`.
pub(super) fn refuse(
    req: &HttpRequest,
    server: &Server,
    refusal: &Refusal,
    next: &str,
) -> HttpResponse {
    let (error, request_id) = (refusal.error(), watch::request_id(req));
    if error.kind() == Kind::Bug {
        tracing::error!(request_id, %error, at = %error.at(), "a login met our own mistake");
    } else {
        tracing::info!(request_id, %error, "a login led nowhere");
    }
    let (title, advice) = said(error);
    // Within the simulator's frame the way back is the one by which the frame came.
    let is_framed = req.query_string().split('&').any(|pair| pair == "client=1");
    let client = if is_framed { "wecom" } else { word(browser(req)) };
    let button = ("重新登录", again(server, next, client, 0));
    let mut response = HttpResponse::build(status(refusal));
    if let Some(header) = refusal.header() {
        response.insert_header(header);
    }
    response
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, server.pages.policy()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html::notice(title, &advice, Some(&button), &request_id))
}

/// WeCom's failures are not ours, but a browser shows its own page for 502.
fn status(refusal: &Refusal) -> StatusCode {
    match refusal.error().kind() {
        Kind::Upstream => StatusCode::SERVICE_UNAVAILABLE,
        _ => refusal.status(),
    }
}

fn said(error: &Error) -> (&'static str, String) {
    let detail = error.detail().to_owned();
    let own = |advice: &str| advice.to_owned();
    match (error.code(), error.kind()) {
        ("auth.not_visible", _) => ("您还不能使用这个应用", detail),
        ("auth.not_staff", _) => ("这里是员工入口", detail),
        ("auth.state", _) => (
            "登录没有完成",
            format!("{detail}。请点下面的按钮重新登录；如果是别人发来的链接，请不要继续"),
        ),
        ("auth.declined", _) => ("登录没有完成", own("您没有确认登录，可以重新登录")),
        ("wecom.configuration", _) => (
            "企业微信拒绝了登录",
            own("应用的配置需要管理员修正：请管理员运行 qidan doctor，按它的提示处理"),
        ),
        (_, Kind::Upstream) => ("企业微信暂时没有应答", own("请稍后重新登录")),
        ("code.too_often", _) => ("登录太频繁了", detail),
        (_, Kind::Busy) => ("服务暂时繁忙", own("请稍后重新登录")),
        (_, Kind::Bug) => ("登录出错了", own("请重新登录；如果一直这样，请把请求编号告诉管理员")),
        (_, Kind::Invalid) => ("登录地址不正确", detail),
        _ => ("登录已过期", format!("{detail}，请重新登录")),
    }
}
