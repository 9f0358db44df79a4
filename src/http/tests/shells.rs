//! The pages inside WeCom, and the login's words, while nothing else works.

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
