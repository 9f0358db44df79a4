//! The pages inside WeCom, and the login's words, while nothing else works.

use org::MemberStatus;

use super::desk::{Desk, Plan};

#[actix_web::test]
async fn a_page_is_served_at_once_while_the_database_is_away() {
    let desk = Desk::open_as(&Plan { has_database: false, is_migrated: false, ..Plan::default() });
    assert_eq!(desk.get("/readyz").send().await.status.as_u16(), 503);
    for path in ["/h5/workbench", "/h5/sidebar", "/h5/profile", "/h5/group"] {
        let told = desk.get(path).send().await;
        assert_eq!(told.status.as_u16(), 200, "{path}");
        assert_eq!(told.header("content-type"), "text/html; charset=utf-8");
        assert!(told.text.contains("<script type=\"application/json\" id=\"boot\">"), "{path}");
        assert!(told.header("permissions-policy").contains("geolocation=(self)"), "{path}");
        assert!(told.header("content-security-policy").ends_with("frame-ancestors 'self'"));
    }
    let told = desk.get("/h5/sidebar").header("cookie", "qidan_session=x").send().await;
    assert_eq!(told.status.as_u16(), 200, "who was signed in has his page, too");
    assert!(!told.text.contains("id=\"told\""), "{}", told.text);
    let told = desk.get("/auth/wecom/login?next=%2Fh5%2Fgroup").send().await;
    assert_eq!(told.status.as_u16(), 503);
    assert!(told.text.contains("服务暂时繁忙") && told.text.contains("重新登录"), "{}", told.text);
    assert!(told.text.contains("next=%2Fh5%2Fgroup"), "the way is kept: {}", told.text);
    assert!(told.text.contains(told.header("x-request-id")), "{}", told.text);
    desk.close().await;
}

#[actix_web::test]
async fn who_is_nobody_is_told_apart_from_who_forgot_his_token() {
    let desk = Desk::open();
    let code = async |path: &str, csrf: bool| {
        let ask = desk.get(path);
        let ask = if csrf { ask.header("qidan-csrf", "x") } else { ask };
        ask.send().await.problem()
    };
    assert_eq!(code("/api/v1/me", false).await, (401, "auth.no_session".to_owned()));
    assert_eq!(code("/api/v1/tickets", true).await, (401, "auth.no_session".to_owned()));
    assert_eq!(code("/api/v1/tickets", false).await, (401, "auth.missing".to_owned()));
    let token = desk.admin().await;
    let told = desk.get("/api/v1/me").token(&token).send().await;
    assert_eq!(told.problem(), (401, "auth.no_session".to_owned()), "a program is nobody");
    desk.close().await;
}

#[actix_web::test]
async fn over_https_cookies_have_names_that_no_neighbour_can_set() {
    let plan = Plan { public_url: "https://desk.example.com", ..Plan::default() };
    let desk = Desk::open_as(&plan);
    let told = desk.get("/auth/wecom/login").send().await;
    let cookie = told.header("set-cookie");
    assert!(cookie.starts_with("__Secure-qidan_login=") && cookie.contains("Secure"), "{cookie}");
    desk.member("li", "李", MemberStatus::Active).await;
    let entropy = desk.shared.entropy.clone();
    let opened = desk
        .write(move |conn, ctx| org::session::open(conn, ctx, &entropy, ("li", "browser"), None));
    let (_session, secret) = opened.await;
    for (name, status) in [("__Host-qidan_session", 200), ("qidan_session", 401)] {
        let ask = desk.get("/api/v1/me").header("cookie", &format!("{name}={secret}"));
        assert_eq!(ask.send().await.status.as_u16(), status, "{name}");
    }
    let session = format!("__Host-qidan_session={secret}");
    let told = desk.get("/api/v1/me").header("cookie", &session).send().await.json();
    let out = desk.post("/auth/logout").header("cookie", &session);
    let out = out.header("qidan-csrf", told["csrf"].as_str().unwrap()).send().await;
    let cookie = out.header("set-cookie");
    // A browser refuses to take such a cookie away without all that it asks of one.
    for part in ["__Host-qidan_session=;", "Path=/", "Secure", "Max-Age=0"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    desk.close().await;
}
