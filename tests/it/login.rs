//! Members sign in with WeCom, and what their browsers may do then. The simulator plays WeCom: it
//! checks the links, gives codes, and looks at the signatures of pages.

use kernel::time;
use serde_json::{Value, json};

use crate::support::{Browser, DESKTOP, Desk, Told, WECOM};

/// A login that led nowhere: a page in Chinese with the request's number and a way to try again,
/// and no session.
#[track_caller]
fn refused(told: &Told, status: u16, words: &str) {
    let text = told.text();
    assert_eq!(told.status, status, "{text}");
    assert_eq!(told.header("content-type"), "text/html; charset=utf-8");
    assert!(text.contains(words), "{words} in {text}");
    assert!(text.contains("重新登录") && text.contains("/auth/wecom/login?next="), "{text}");
    assert!(text.contains(told.header("x-request-id")), "{text}");
    let cookies: Vec<_> = told.headers.get_all("set-cookie").iter().collect();
    assert!(cookies.is_empty(), "{cookies:?}");
    assert!(told.header("content-security-policy").contains("frame-ancestors 'self'"));
}

/// The value of a query parameter, as it stands there.
fn parameter<'u>(url: &'u str, name: &str) -> &'u str {
    let (_path, query) = url.split_once('?').unwrap();
    let query = query.split('#').next().unwrap();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _value)| *key == name).map(|(_key, value)| value).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_signed_in_without_a_word_within_wecom() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    let told = browser.open("/h5/sidebar").await;
    assert_eq!((told.status, told.header("set-cookie")), (200, ""), "{}", told.text());
    let (status, code, _words) = browser.bare("GET", "/api/v1/me").send().await.refusal();
    assert_eq!((status, code.as_str()), (401, "auth.no_session"));

    let location = browser.begins("/h5/sidebar?from=chat").await;
    assert!(location.starts_with(&format!("{}/connect/oauth2/authorize?", desk.sim_url)));
    assert!(location.ends_with("#wechat_redirect"), "{location}");
    assert_eq!(parameter(&location, "scope"), "snsapi_base");
    let state = parameter(&location, "state").to_owned();
    assert!(state.len() >= 32 && state.chars().all(|c| c.is_ascii_alphanumeric()), "{state}");

    let back = browser.passes(&location, "ZhengXin").await;
    assert_eq!(parameter(&back, "state"), state);
    let told = browser.open(&back).await;
    assert_eq!((told.status, told.header("location")), (302, "/h5/sidebar?from=chat"));
    let cookie = told.header("set-cookie");
    for attribute in ["qidan_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "the tests' pages are http");
    let me = browser.me().await;
    assert_eq!((&me["userid"], &me["name"]), (&json!("zhengxin"), &json!("郑欣")));
    assert_eq!(me["departments"], json!([{ "id": 4, "name": "维修二组" }]));
    assert_eq!(me["roles"], json!([]));
    let nothing = json!({ "mine": 0, "claimable": 0, "overdue": 0, "today": 0, "approvals": 0 });
    assert_eq!(me["counts"], nothing);

    let kept = desk.db.read(|conn| org::list_audit(conn, &audit(), None, page())).await.unwrap();
    assert_eq!(kept.items.len(), 1);
    assert_eq!(kept.items[0].actor, kernel::Actor::member("zhengxin"));
    desk.close().await;
}

fn audit() -> org::AuditFilter {
    org::AuditFilter { subject: None, what: Some("session.opened".to_owned()) }
}

fn page() -> kernel::Limit {
    kernel::Limit::default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_in_member_acts_as_himself_and_sees_what_waits_for_him() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    browser.signs_in("wangfang").await;
    let new = json!({ "template": "general_request", "source": "workbench",
        "form": { "title": "空调坏了" } });
    let told = browser.ask("POST", "/api/v1/tickets").json(&new).send().await;
    assert_eq!(told.status, 201, "{}", told.text());
    assert_eq!(told.json()["creator"], json!({ "kind": "member", "userid": "wangfang" }));
    let id = told.json()["id"].as_str().unwrap().to_owned();
    desk.raise("chenlei", "灯不亮").await;
    let list = browser.ask("GET", "/api/v1/tickets").send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "his own, and no other's: {list}");

    let handler = Browser::new(&desk, WECOM);
    let me = handler.signs_in("liuyang").await;
    assert_eq!(me["counts"]["claimable"], 2, "{me}");
    let claim = format!("/api/v1/tickets/{id}/actions/claim");
    let told = handler.ask("POST", &claim).json(&json!({})).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    let me = handler.me().await;
    assert_eq!((&me["counts"]["mine"], &me["counts"]["claimable"]), (&json!(1), &json!(1)));

    // A session is good for what its member does at work, and for nothing else.
    for path in ["/api/v1/tokens", "/api/v1/inbox", "/api/v1/customers", "/api/v1/audit"] {
        let (status, code, words) = handler.ask("GET", path).send().await.refusal();
        assert_eq!((status, code.as_str()), (403, "auth.scope"), "{path}");
        assert!(words.contains("成员 刘洋"), "{words}");
    }
    assert_eq!(handler.ask("GET", "/api/v1/members").send().await.status, 200);
    let told = handler.ask("GET", "/api/v1/tickets").acting_as("chenlei").send().await;
    assert_eq!(told.refusal().1, "auth.act_as_not_here");
    let profile = json!({ "roles": ["admin"] });
    let told = desk.ask("PUT", "/api/v1/members/liuyang/profile").json(&profile).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(handler.ask("GET", "/api/v1/tokens").send().await.status, 200, "an administrator");
    assert_eq!(handler.me().await["roles"], json!(["admin"]));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_comes_again_goes_on_with_its_session_and_else_begins_anew_once() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    let location = browser.begins("/h5/group").await;
    let back = browser.passes(&location, "zhangsan").await;
    assert_eq!(browser.open(&back).await.status, 302);
    let session = browser.cookie("qidan_session").unwrap();
    let told = browser.open(&back).await;
    assert_eq!((told.status, told.header("location")), (302, "/h5/group"), "the back button");
    assert_eq!(browser.cookie("qidan_session"), Some(session), "the same session");
    assert_eq!(desk.calls("/cgi-bin/auth/getuserinfo").await.len(), 1, "redeemed once");

    browser.set_cookie("qidan_session", None);
    let told = browser.open(&back).await;
    let again = told.header("location").to_owned();
    assert_eq!(told.status, 302, "{}", told.text());
    assert!(again.starts_with("/auth/wecom/login?next=%2Fh5%2Fgroup"), "{again}");
    let told = browser.open(&again).await;
    let second = browser.passes(told.header("location"), "zhangsan").await;
    assert_eq!(browser.open(&second).await.header("location"), "/h5/group");
    assert_eq!(browser.me().await["userid"], "zhangsan");
    // What was begun anew by itself is not begun anew again.
    browser.set_cookie("qidan_session", None);
    refused(&browser.open(&second).await, 401, "登录已过期");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_wecom_does_not_know_or_that_is_too_old_signs_nobody_in() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    let began = async |browser: &Browser<'_>| {
        let told = browser.open("/auth/wecom/login?next=%2Fh5%2Fgroup&attempt=1").await;
        told.header("location").to_owned()
    };
    let location = began(&browser).await;
    let forged =
        format!("/auth/wecom/callback?code=forged&state={}", parameter(&location, "state"));
    refused(&browser.open(&forged).await, 401, "登录已过期");

    let location = began(&browser).await;
    let back = browser.passes(&location, "zhangsan").await;
    desk.clock.advance(5 * time::MINUTE);
    refused(&browser.open(&back).await, 401, "登录已过期");
    let codes: Vec<_> = desk.calls("/cgi-bin/auth/getuserinfo").await;
    let codes: Vec<_> = codes.iter().map(|call| call["errcode"].as_i64().unwrap()).collect();
    assert_eq!(codes, [40029, 42003]);

    let location = began(&browser).await;
    desk.clock.advance(org::login::LIFE);
    let back = browser.passes(&location, "zhangsan").await;
    refused(&browser.open(&back).await, 401, "用时太久");
    let location = browser.begins("/h5/group").await;
    let declined = format!("/auth/wecom/callback?state={}", parameter(&location, "state"));
    refused(&browser.open(&declined).await, 401, "没有确认登录");
    assert_eq!(browser.cookie("qidan_session"), None);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_wrong_or_another_browsers_signs_nobody_in() {
    let desk = Desk::open().await;
    let (browser, victim) = (Browser::new(&desk, WECOM), Browser::new(&desk, WECOM));
    let location = browser.begins("/h5/workbench").await;
    let back = browser.passes(&location, "zhangsan").await;
    // Somebody else is made to follow the attacker's link: he would act as the attacker.
    refused(&victim.open(&back).await, 403, "不是从这个浏览器发起");
    victim.begins("/h5/workbench").await;
    refused(&victim.open(&back).await, 403, "不是从这个浏览器发起");
    assert_eq!(victim.cookie("qidan_session"), None);
    let code = parameter(&back, "code");
    for state in ["", "0123456789abcdef0123456789abcdef", "a.b-c_d=", &"a".repeat(129)] {
        let path = format!("/auth/wecom/callback?code={code}&state={state}");
        refused(&browser.open(&path).await, 403, "登录没有完成");
    }
    refused(&browser.open("/auth/wecom/callback").await, 403, "登录没有完成");
    let long = format!("{}{}", back.replace(code, &"c".repeat(513)), "");
    refused(&browser.open(&long).await, 403, "登录没有完成");
    assert_eq!(desk.calls("/cgi-bin/auth/getuserinfo").await, Vec::<Value>::new());
    // The code was not spent by all that.
    assert_eq!(browser.open(&back).await.status, 302);
    assert_eq!(browser.me().await["userid"], "zhangsan");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_browser_signs_in_by_qr_code() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, DESKTOP);
    let location = browser.begins("/h5/workbench").await;
    assert!(location.starts_with(&format!("{}/wwlogin/sso/login?", desk.sim_url)), "{location}");
    assert_eq!(parameter(&location, "login_type"), "CorpApp");
    let page = desk.browser.get(&location).send().await.unwrap();
    let text = page.text().await.unwrap();
    assert!(text.contains("王芳") && !text.contains("徐蕾"), "徐蕾 has not joined: {text}");
    let back = browser.passes(&location, "wangfang").await;
    assert_eq!(browser.open(&back).await.header("location"), "/h5/workbench");
    assert_eq!(browser.me().await["name"], "王芳");
    // A page in the simulator's frame comes with the same browser, and says so.
    let told = browser.open("/auth/wecom/login?next=%2Fh5%2Fgroup&client=1").await;
    assert!(told.header("location").contains("/connect/oauth2/authorize?"), "{told:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_is_out_and_only_he_can_sign_himself_out() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    browser.signs_in("zhangsan").await;
    let told = browser.bare("POST", "/auth/logout").send().await;
    assert_eq!(told.refusal().1, "auth.csrf", "a form of another site carries no header");
    assert_eq!(browser.me().await["userid"], "zhangsan");
    let told = browser.ask("POST", "/auth/logout").send().await;
    assert_eq!(told.status, 204, "{}", told.text());
    assert!(told.header("set-cookie").contains("Max-Age=0"), "{told:?}");
    // Who kept the cookie has nothing.
    let told = browser.bare("GET", "/api/v1/me").send().await;
    assert_eq!(told.refusal().1, "auth.no_session");
    let told = browser.ask("GET", "/api/v1/tickets").send().await;
    assert_eq!(told.refusal().1, "auth.no_session");
    assert_eq!(browser.ask("POST", "/auth/logout").send().await.status, 204, "out is out");
    assert_eq!(browser.ask("GET", "/auth/logout").send().await.status, 405);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_his_phone_signs_out_everywhere_and_nobody_else_with_him() {
    let desk = Desk::open().await;
    let [phone, desktop, other] = [WECOM, DESKTOP, WECOM].map(|agent| Browser::new(&desk, agent));
    phone.signs_in("zhangsan").await;
    desktop.signs_in("zhangsan").await;
    other.signs_in("lijing").await;
    let told = desktop.bare("POST", "/auth/logout?everywhere=1").send().await;
    assert_eq!(told.refusal().1, "auth.csrf");
    let told = desktop.ask("POST", "/auth/logout?everywhere=1").send().await;
    assert_eq!(told.status, 204, "{}", told.text());
    for browser in [&phone, &desktop] {
        let told = browser.bare("GET", "/api/v1/me").send().await;
        assert_eq!(told.refusal().1, "auth.no_session");
    }
    assert_eq!(other.me().await["userid"], "lijing");
    let told = desk.ask("GET", "/api/v1/audit?what=session.ended").send().await.json();
    assert_eq!(told["items"][0]["detail"], json!({ "everywhere": true, "others": 1 }), "{told}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_by_cookie_shows_what_only_its_page_was_told() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    browser.signs_in("zhangsan").await;
    let new = json!({ "template": "general_request", "form": { "title": "假的" } });
    for csrf in [None, Some(""), Some("0123456789abcdef0123456789abcdef")] {
        for (method, path) in [("POST", "/api/v1/tickets"), ("GET", "/api/v1/tickets")] {
            let ask = browser.bare(method, path);
            let ask = if let Some(csrf) = csrf { ask.header("qidan-csrf", csrf) } else { ask };
            let ask = if method == "POST" { ask.json(&new) } else { ask };
            let (status, code, _words) = ask.send().await.refusal();
            assert_eq!((status, code.as_str()), (403, "auth.csrf"), "{method} {csrf:?}");
        }
    }
    assert_eq!(desk.tickets().await, Vec::<Value>::new());
    // What an <img> fetches can carry none.
    let picture = b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".to_vec();
    let told = browser.ask("POST", "/api/v1/files").file("a.png", picture.clone()).send().await;
    assert_eq!(told.status, 201, "{}", told.text());
    let file = format!("/api/v1/files/{}", told.json()["id"].as_str().unwrap());
    let told = browser.bare("GET", &file).send().await;
    assert_eq!((told.status, &told.bytes), (200, &picture));
    let other = Browser::new(&desk, WECOM);
    other.signs_in("liuyang").await;
    let told = other.bare("GET", &file).send().await;
    assert_eq!(told.refusal().0, 400, "another's upload is none of his");

    // Another person signs in with this browser; the first one's page is still open.
    let before = browser.csrf.borrow().clone();
    let old = browser.cookie("qidan_session");
    browser.signs_in("lijing").await;
    let told = browser.bare("POST", "/api/v1/tickets").header("qidan-csrf", &before).json(&new);
    assert_eq!(told.send().await.refusal().1, "auth.csrf");
    assert_eq!(browser.ask("GET", "/api/v1/tickets").send().await.status, 200);
    // His session ended with that.
    browser.set_cookie("qidan_session", old);
    let told = browser.bare("GET", "/api/v1/me").send().await;
    assert_eq!(told.refusal().1, "auth.no_session");
    for cookie in ["", "x", "../../x", &"0".repeat(64), &"f".repeat(5000)] {
        browser.set_cookie("qidan_session", Some(cookie.to_owned()));
        let told = browser.bare("GET", "/api/v1/me").send().await;
        assert_eq!(told.refusal().1, "auth.no_session", "{cookie}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_is_out_at_once_and_who_comes_back_signs_in_anew() {
    let desk = Desk::open().await;
    let (phone, desktop) = (Browser::new(&desk, WECOM), Browser::new(&desk, DESKTOP));
    phone.signs_in("zhangsan").await;
    desktop.signs_in("zhangsan").await;
    let location = phone.begins("/h5/workbench").await;
    let back = phone.passes(&location, "zhangsan").await;
    desk.company("PATCH", "/members/zhangsan", json!({ "status": 2 })).await;
    for browser in [&phone, &desktop] {
        let told = browser.ask("GET", "/api/v1/tickets").send().await;
        assert_eq!(told.refusal().1, "auth.no_session");
    }
    refused(&phone.open(&back).await, 403, "可见范围");
    desk.clock.advance(time::SECOND);
    desk.company("PATCH", "/members/zhangsan", json!({ "status": 1 })).await;
    for browser in [&phone, &desktop] {
        let told = browser.ask("GET", "/api/v1/tickets").send().await;
        assert_eq!(told.refusal().1, "auth.no_session", "what was ended stays ended");
    }
    assert_eq!(phone.signs_in("zhangsan").await["userid"], "zhangsan");
    let profile = json!({ "roles": ["admin"] });
    let told = desk.ask("PUT", "/api/v1/members/zhangsan/profile").json(&profile).send().await;
    assert_eq!(told.status, 200, "{}", told.text());
    desk.clock.advance(time::SECOND);
    desk.company("DELETE", "/members/zhangsan", json!({})).await;
    // Not only unusable: nothing of it is left for whoever is given the userid next.
    let ended = desk.db.write(|conn| org::session::end_all(conn, "zhangsan")).await;
    assert_eq!(ended.unwrap(), 0);
    let profile = desk.db.read(|conn| org::profile(conn, "zhangsan")).await.unwrap();
    assert_eq!(profile.roles, Vec::<String>::new());
    let told = phone.ask("GET", "/api/v1/tickets").send().await;
    assert_eq!(told.refusal().1, "auth.no_session");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_names_pages_as_its_entry_and_sees_the_templates_that_are_for_its_member() {
    let desk = Desk::open().await;
    let step = json!({ "key": "go", "name": "处理", "if_nobody": { "do": "hold" },
        "assign": { "by": "people", "userids": ["liuyang"] } });
    let template = json!({ "key": "secret", "name": "内部", "visible": { "members": ["liuyang"] },
        "form": { "fields": [{ "key": "title", "kind": "text", "label": "标题" }] },
        "flow": { "steps": [step] } });
    desk.publishes(&template).await;
    let browser = Browser::new(&desk, WECOM);
    browser.signs_in("zhangsan").await;
    let new = json!({ "form": { "title": "一" }, "source": "qr" });
    let refused = browser.ask("POST", "/api/v1/tickets").json(&new).send().await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["path"]), (422, &json!("source")));
    let listed = browser.ask("GET", "/api/v1/templates").send().await.json();
    let listed = listed["items"].as_array().unwrap();
    assert!(!listed.is_empty() && listed.iter().all(|one| one["key"] != "secret"), "{listed:?}");
    for query in ["draft=true", "source=true"] {
        let told = browser.ask("GET", &format!("/api/v1/templates/secret?{query}")).send().await;
        assert_eq!(told.refusal().1, "auth.scope");
    }
    let his = Browser::new(&desk, WECOM);
    his.signs_in("liuyang").await;
    let listed = his.ask("GET", "/api/v1/templates").send().await.json();
    assert!(listed["items"].as_array().unwrap().iter().any(|one| one["key"] == "secret"));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_app_does_not_see_and_who_is_no_member_are_told_so() {
    let desk = Desk::open().await;
    let zhangsan = Browser::new(&desk, WECOM);
    zhangsan.signs_in("zhangsan").await;
    // From now on the app sees the first repair team only, which the nightly sync finds out.
    let patch = json!({ "visible": [3] });
    let url = format!("{}/_sim/apps/desk", desk.sim_url);
    assert!(desk.http.patch(url).json(&patch).send().await.unwrap().status().is_success());
    desk.advance(time::DAY).await;
    let told = zhangsan.bare("GET", "/api/v1/me").send().await;
    assert_eq!(told.refusal().1, "auth.no_session");
    let location = zhangsan.begins("/h5/workbench").await;
    let back = zhangsan.passes(&location, "zhangsan").await;
    refused(&zhangsan.open(&back).await, 403, "您还不能使用这个应用");

    let customer = Browser::new(&desk, WECOM);
    let location = customer.begins("/h5/workbench").await;
    let back = customer.passes(&location, "customer:wmQFAAAA0001heyan").await;
    refused(&customer.open(&back).await, 403, "这里是员工入口");
    assert_eq!(customer.cookie("qidan_session"), None);
    assert_eq!(Browser::new(&desk, WECOM).signs_in("liuyang").await["userid"], "liuyang");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_a_week_of_silence_and_after_a_month_in_any_case() {
    let desk = Desk::open().await;
    let browsers = [WECOM, WECOM, DESKTOP].map(|agent| Browser::new(&desk, agent));
    let [silent, slow, busy] = browsers;
    silent.signs_in("zhangsan").await;
    slow.signs_in("lijing").await;
    busy.signs_in("wangfang").await;
    desk.clock.advance(time::SECOND);
    for day in 1..30 {
        desk.clock.advance(time::DAY - if day == 7 { 2 * time::SECOND } else { 0 });
        uses(&desk, &busy).await;
        if day == 7 {
            uses(&desk, &slow).await;
            desk.clock.advance(2 * time::SECOND);
            let told = silent.bare("GET", "/api/v1/me").send().await;
            assert_eq!(told.refusal().1, "auth.no_session", "a week of silence");
        }
    }
    uses(&desk, &busy).await;
    desk.clock.advance(time::DAY);
    let told = busy.bare("GET", "/api/v1/me").send().await;
    assert_eq!(told.refusal().1, "auth.no_session", "a month is over");
    // The nightly repair forgets what has ended.
    let now = desk.clock.now();
    let purged = desk.db.write(move |conn| org::session::purge(conn, now)).await;
    assert_eq!(purged.unwrap(), 3);
    desk.close().await;
}

/// Uses a session, and waits for the note of it, which is written behind the answer.
async fn uses(desk: &Desk, browser: &Browser<'_>) {
    browser.me().await;
    let (now, secret) = (desk.clock.now(), browser.cookie("qidan_session").unwrap());
    let is_noted = async || {
        let secret = secret.clone();
        let found = desk.db.read(move |conn| org::session::find(conn, &secret, now)).await;
        let org::session::Found::SignedIn(found) = found.unwrap() else { panic!("signed out") };
        now.since(found.session.seen_at) < org::session::SEEN_STEP
    };
    for _look in 0..100_000 {
        if is_noted().await {
            return;
        }
    }
    panic!("the use of a session is not noted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_leads_to_our_own_pages_only() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    for next in [
        "https%3A%2F%2Fevil.example%2F",
        "%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%09%2Fevil.example",
        "javascript%3Aalert(1)",
        "h5%2Fworkbench",
        "",
        "%2Fauth%2Fwecom%2Flogin",
    ] {
        let told = browser.open(&format!("/auth/wecom/login?next={next}")).await;
        refused(&told, 400, "next 须是本站的路径");
        assert!(!told.text().contains("evil"), "{}", told.text());
    }
    assert_eq!(browser.cookie("qidan_login"), None);
    let told = browser.open("/auth/wecom/login").await;
    let back = browser.passes(told.header("location"), "zhangsan").await;
    assert_eq!(browser.open(&back).await.header("location"), "/h5/workbench", "by default");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_floods_the_login_and_what_was_begun_is_forgotten_however_much_it_is() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    // Each login asks twice; made-up states count as well, and nothing of them is written.
    let location = browser.begins("/h5/workbench").await;
    let forged = "/auth/wecom/callback?code=x&state=0123456789abcdef0123456789abcdef";
    for n in 1..600 {
        assert_eq!(browser.open(forged).await.status, 403, "{n}");
    }
    for path in [forged, "/auth/wecom/login"] {
        let told = browser.open(path).await;
        refused(&told, 429, "登录太频繁了");
        assert!(told.header("retry-after").parse::<u64>().unwrap() <= 600, "{told:?}");
    }
    let ask = desk.visit("GET", "/auth/wecom/login").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(ask.send().await.status, 302, "another address");
    desk.clock.advance(10 * time::MINUTE - time::SECOND);
    let back = browser.passes(&location, "zhangsan").await;
    desk.clock.advance(time::SECOND);
    refused(&browser.open(&back).await, 401, "用时太久");
    assert_eq!(browser.signs_in("zhangsan").await["userid"], "zhangsan");

    // More than one transaction forgets at once: the night goes on until nothing old is left.
    let (now, ids, entropy) =
        (desk.clock.now(), kernel::Ids::new(two()), kernel::Entropy::seeded(9));
    let many = desk.db.write(move |conn| {
        let ctx = kernel::Ctx {
            now,
            actor: kernel::Actor::System,
            ids: ids.clone(),
            trace: "test".to_owned(),
        };
        for _ in 0..3 * org::login::PURGE_MAX {
            let wish = org::login::Wish { browser: "b", next: "/", client: "browser", attempt: 0 };
            org::login::begin(conn, &ctx, &entropy, &wish)?;
        }
        Ok(())
    });
    many.await.unwrap();
    desk.advance(2 * time::DAY).await;
    let now = desk.clock.now();
    let left = desk.db.write(move |conn| org::login::purge(conn, now)).await;
    assert_eq!(left.unwrap(), 0);
    desk.close().await;
}

fn two() -> kernel::ReplicaNo {
    kernel::ReplicaNo::new(2).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_wecom_does_not_answer_a_login_says_so_and_goes_well_later() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    for (effect, words) in [
        (json!({ "http": 502 }), "企业微信暂时没有应答"),
        (json!({ "errcode": -1 }), "企业微信暂时没有应答"),
        (json!({ "errcode": 50001 }), "qidan doctor"),
    ] {
        desk.fails("/cgi-bin/auth/getuserinfo", None, effect).await;
        let location = browser.begins("/h5/group").await;
        let back = browser.passes(&location, "zhangsan").await;
        refused(&browser.open(&back).await, 503, words);
        desk.heals().await;
    }
    assert_eq!(browser.signs_in("zhangsan").await["userid"], "zhangsan");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_signed_so_that_wecom_takes_it_and_no_others_page_is() {
    let desk = Desk::open().await;
    let browser = Browser::new(&desk, WECOM);
    browser.signs_in("zhangsan").await;
    let page = format!("{}/h5/sidebar?x=1&y=%E5%B7%A5", desk.config.server.public_url);
    let encoded = page.replace('%', "%25").replace('&', "%26");
    let ask =
        async |url: &str| browser.ask("GET", &format!("/api/v1/jssdk?url={url}")).send().await;
    let told = ask(&format!("{encoded}%23top")).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let signed = told.json();
    for (call, key) in [("config", "config"), ("agentConfig", "agent_config")] {
        let mut shown = signed[key].clone();
        shown["call"] = json!(call);
        shown["corpId"] = signed["corp_id"].clone();
        shown["agentId"] = signed["agent_id"].clone();
        shown["userid"] = json!("zhangsan");
        shown["url"] = json!(page);
        let said = desk.sim_post("/_sim/jssdk/verify", shown.clone()).await;
        assert_eq!(said, json!({ "errMsg": format!("{call}:ok"), "errCode": 0 }));
        // One character more, or the other identity's signature, is worth nothing.
        let mut other = shown.clone();
        other["url"] = json!(format!("{page}z"));
        let said = desk.sim_post("/_sim/jssdk/verify", other).await;
        assert_eq!(said["errMsg"], format!("{call}:invalid signature"));
        shown["call"] = json!(if call == "config" { "agentConfig" } else { "config" });
        let said = desk.sim_post("/_sim/jssdk/verify", shown).await;
        assert_eq!(said["errCode"], 40093, "{said}");
    }
    for _time in 0..3 {
        assert_eq!(ask(&encoded).await.status, 200);
    }
    assert_eq!(desk.calls("/cgi-bin/get_jsapi_ticket").await.len(), 1, "fetched once");
    assert_eq!(desk.calls("/cgi-bin/ticket/get").await.len(), 1, "fetched once");
    desk.clock.advance(2 * time::HOUR);
    assert_eq!(ask(&encoded).await.status, 200);
    assert_eq!(desk.calls("/cgi-bin/get_jsapi_ticket").await.len(), 2, "and again in time");
    for foreign in [
        "https%3A%2F%2Fevil.example%2F",
        "http%3A%2F%2F127.0.0.1%3A8081%2F",
        "http%3A%2F%2F127.0.0.1%3A8080%40evil.example%2F",
        "%2Fh5%2Fsidebar",
        "",
    ] {
        let told = ask(foreign).await;
        let (status, code, words) = told.refusal();
        assert_eq!((status, code.as_str()), (400, "field_invalid"), "{foreign}");
        assert_eq!(told.json()["errors"][0]["path"], "url");
        assert!(words.contains(&desk.config.server.public_url), "{words}");
    }
    let told = Browser::new(&desk, WECOM).ask("GET", &format!("/api/v1/jssdk?url={encoded}"));
    assert_eq!(told.send().await.refusal().1, "auth.no_session");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_there_for_everybody_and_brings_along_who_opens_it() {
    let desk = Desk::open().await;
    let element = |told: &Told, id: &str| -> Value {
        let text = told.text();
        let (_before, rest) = text.split_once(&format!("id=\"{id}\">")).unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    };
    let browser = Browser::new(&desk, WECOM);
    for entry in ["sidebar", "profile", "group", "workbench"] {
        let told = browser.open(&format!("/h5/{entry}?a=b")).await;
        assert_eq!((told.status, told.header("set-cookie")), (200, ""));
        let corp = desk.config.wecom.corp_id.clone();
        let boot = element(&told, "boot");
        assert_eq!(boot["entry"], entry);
        assert_eq!((&boot["corp_id"], &boot["client"]), (&json!(corp), &json!("wecom")));
        assert_eq!(boot["simulator"], desk.sim_url);
        assert_eq!((&boot["zone_minutes"], &boot["agent_id"]), (&json!(480), &json!(1_000_002)));
        let policy = told.header("content-security-policy");
        assert!(policy.contains("default-src 'self';"), "{policy}");
        assert!(policy.ends_with(&format!("frame-ancestors 'self' {}", desk.sim_url)), "{policy}");
        let etag = told.header("etag").to_owned();
        let again = browser.bare("GET", &format!("/h5/{entry}")).header("if-none-match", &etag);
        let again = again.send().await;
        assert_eq!((again.status, again.bytes.len()), (304, 0));
        let other = Browser::new(&desk, DESKTOP).open(&format!("/h5/{entry}")).await;
        assert_ne!(other.header("etag"), etag, "another browser's page says so");
    }
    let stranger = browser.open("/h5/workbench").await;
    assert!(!stranger.text().contains("id=\"told\""), "nobody is nobody's business");
    browser.signs_in("zhangsan").await;
    let signed_in = browser.open("/h5/workbench").await;
    let me = browser.open("/api/v1/me").await.json();
    assert_eq!(element(&signed_in, "told"), json!({ "/api/v1/me": me }));
    assert_eq!(element(&signed_in, "boot"), element(&stranger, "boot"));
    assert_eq!((signed_in.header("cache-control"), signed_in.header("etag")), ("no-store", ""));
    let etag = stranger.header("etag").to_owned();
    let again = browser.bare("GET", "/h5/workbench").header("if-none-match", &etag).send().await;
    assert_eq!(again.status, 200, "a page with somebody in it is not the one without");
    for path in ["/h5/public", "/h5/nothing", "/assets/nothing.js", "/assets/../simulator.html"] {
        assert_eq!(browser.open(path).await.status, 404, "{path}");
    }
    desk.close().await;
}
