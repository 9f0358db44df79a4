//! Links that lead to logins, codes, and the tickets of pages.

use kernel::time::{HOUR, MINUTE};
use serde_json::json;

use super::{Bench, code, refused};

const BACK: &str = "http%3A%2F%2F127.0.0.1%3A8080%2Fback%3Fx%3D1";

impl Bench {
    /// Follows a link as somebody; gives the status, where it leads, and the page.
    async fn follows(&self, path: &str) -> (u16, String, String) {
        let client = reqwest::Client::builder().no_proxy();
        let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client.get(self.url(path)).send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        (status, to.unwrap_or_default(), answer.text().await.unwrap())
    }

    fn authorize(&self, state: &str, user: &str) -> String {
        format!(
            "/connect/oauth2/authorize?appid={}&redirect_uri={BACK}&response_type=code\
             &scope=snsapi_base&state={state}&agentid=1000002&sim_user={user}",
            self.corp.corp_id
        )
    }

    async fn code_of(&self, user: &str) -> String {
        let (status, to, page) = self.follows(&self.authorize("s1", user)).await;
        assert_eq!(status, 302, "{page}");
        let rest = to.strip_prefix("http://127.0.0.1:8080/back?x=1&code=").unwrap();
        rest.strip_suffix("&state=s1").unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_link_that_is_wrong_leads_to_words_and_not_to_the_app() {
    let bench = Bench::new().await;
    let good = bench.authorize("abc", "zhangsan");
    for (from, to, words) in [
        (bench.corp.corp_id.as_str(), "wwother", "appid"),
        ("response_type=code", "response_type=token", "response_type"),
        ("snsapi_base", "everything", "scope"),
        ("agentid=1000002", "agentid=7", "agentid"),
        ("state=abc", "state=a.b", "state"),
        ("8080", "8081", "redirect_uri"),
        ("127.0.0.1", "evil.example", "redirect_uri"),
        ("http%3A%2F%2F127", "%2F%2F127", "redirect_uri"),
        ("zhangsan", "nobody", "没有成员"),
        ("zhangsan", "xulei", "没有激活"),
    ] {
        let (status, to, page) = bench.follows(&good.replace(from, to)).await;
        assert_eq!((status, to.as_str()), (400, ""), "{from}: {page}");
        assert!(page.contains(words), "{from}: {page}");
    }
    let (status, _to, _page) =
        bench.follows(&good.replace("state=abc", &format!("state={}", "a".repeat(129)))).await;
    assert_eq!(status, 400);
    let problems = bench.problems().await;
    assert!(problems.iter().any(|one| one["errcode"] == 84025), "{problems:?}");
    assert!(problems.iter().any(|one| one["errcode"] == 50001), "{problems:?}");
    // Without a person, the client's own page: its script reads the name of the frame.
    let (status, _to, page) = bench.follows(&good.replace("&sim_user=zhangsan", "")).await;
    assert_eq!(status, 200);
    assert!(page.contains("请在企业微信客户端打开链接") && page.contains("张三"), "{page}");
    let (status, _to, script) = bench.follows("/connect/oauth2/client.js").await;
    assert!(status == 200 && script.contains("wecom-simulator:"), "{script}");
}

#[tokio::test]
async fn a_web_login_looks_at_the_range_of_the_app() {
    let bench = Bench::with(|corp| corp.apps[0].visible = vec![3]).await;
    let link = format!(
        "/wwlogin/sso/login?login_type=CorpApp&appid={}&agentid=1000002&redirect_uri={BACK}\
         &state=a%20b&sim_user=",
        bench.corp.corp_id
    );
    let (status, to, page) = bench.follows(&format!("{link}liuyang")).await;
    assert_eq!(status, 302, "{page}");
    assert!(to.ends_with("&state=a%20b"), "the state of a web login is free text: {to}");
    let (status, _to, page) = bench.follows(&format!("{link}zhangsan")).await;
    assert!(status == 400 && page.contains("无权限"), "{page}");
    let (status, _to, page) = bench.follows(&format!("{link}customer:wmQFAAAA0001heyan")).await;
    assert!(status == 400 && page.contains("只有企业成员"), "{page}");
    // Within the client the range does not matter.
    assert_eq!(bench.follows(&bench.authorize("a", "zhangsan")).await.0, 302);
}

#[tokio::test]
async fn a_code_is_good_once_and_for_five_minutes_and_for_its_own_app() {
    let bench = Bench::new().await;
    let redeem = async |code: &str| bench.read("auth/getuserinfo", &format!("code={code}")).await;
    let first = bench.code_of("ZHENGXIN").await;
    let answer = redeem(&first).await;
    assert_eq!((code(&answer), &answer["userid"]), (0, &json!("ZhengXin")), "as it is stored");
    refused(&redeem(&first).await, 42022);
    refused(&redeem("made-up").await, 40029);
    refused(&redeem("").await, 41008);
    let second = bench.code_of("zhangsan").await;
    let other = bench.token_of(super::OTHER).await;
    let path = format!("/cgi-bin/auth/getuserinfo?access_token={other}&code={second}");
    refused(&bench.get(&path).await, 40029);
    bench.clock.advance(5 * MINUTE);
    refused(&redeem(&second).await, 42003);

    let customer = redeem(&bench.code_of("customer:wmQFAAAA0001heyan").await).await;
    assert_eq!(customer["external_userid"], "wmQFAAAA0001heyan");
    assert!(customer["openid"].is_string() && customer["userid"].is_null());
    let stranger = redeem(&bench.code_of("customer:wmUnknown").await).await;
    assert!(stranger["openid"].is_string() && stranger["external_userid"].is_null());
}

#[tokio::test]
async fn tickets_live_two_hours_and_are_counted() {
    let bench = Bench::new().await;
    let corp = bench.read("get_jsapi_ticket", "").await;
    let app = bench.read("ticket/get", "type=agent_config").await;
    assert_eq!((code(&corp), corp["expires_in"].as_i64()), (0, Some(7200)));
    assert_ne!(corp["ticket"], app["ticket"]);
    assert_eq!(bench.read("get_jsapi_ticket", "").await["ticket"], corp["ticket"]);
    refused(&bench.read("ticket/get", "type=wx_card").await, 91040);
    refused(&bench.read("ticket/get", "").await, 91040);
    bench.clock.advance(2 * HOUR);
    assert_ne!(bench.read("get_jsapi_ticket", "").await["ticket"], corp["ticket"]);

    bench.post("/_sim/limits", &json!({ "ticket_app_hour": 3 })).await;
    for _fetch in 0..3 {
        assert_eq!(code(&bench.read("ticket/get", "type=agent_config").await), 0);
    }
    refused(&bench.read("get_jsapi_ticket", "").await, 45009);
    bench.clock.advance(HOUR);
    assert_eq!(code(&bench.read("get_jsapi_ticket", "").await), 0);
}

#[tokio::test]
async fn a_page_is_taken_when_it_is_signed_and_stands_on_a_trusted_domain() {
    let bench = Bench::new().await;
    let ticket = bench.read("ticket/get", "type=agent_config").await["ticket"].clone();
    let ticket = ticket.as_str().unwrap();
    let shown = |url: &str| {
        let signed = wecom::jssdk::sign(ticket, url, 1_800_000_000, "nonce");
        json!({ "call": "agentConfig", "corpId": bench.corp.corp_id, "agentId": "1000002",
            "timestamp": "1800000000", "nonceStr": "nonce", "signature": signed.signature,
            "url": url, "userid": "zhangsan", "jsApiList": ["getContext"] })
    };
    let verify = async |shown: serde_json::Value| {
        let said = bench.post("/_sim/jssdk/verify", &shown).await;
        said["errMsg"].as_str().unwrap().to_owned()
    };
    let page = "http://127.0.0.1:8080/h5/sidebar?a=1";
    assert_eq!(verify(shown(page)).await, "agentConfig:ok");
    let changed = |key: &str, value: serde_json::Value| {
        let mut shown = shown(page);
        shown[key] = value;
        shown
    };
    for (key, value, said) in [
        ("nonceStr", json!("other"), "invalid signature"),
        ("timestamp", json!(1), "invalid signature"),
        ("call", json!("config"), "invalid signature"),
        ("corpId", json!("wwother"), "fail invalid corpid"),
        ("agentId", json!(7), "fail invalid agentid"),
        ("agentId", json!(super::OTHER), "invalid signature"),
        ("userid", json!("nobody"), "fail the member is not in the app's range"),
    ] {
        let told = verify(changed(key, value.clone())).await;
        assert!(told.ends_with(&format!(":{said}")), "{key} {value}: {told}");
    }
    for foreign in ["http://evil.example/", "http://127.0.0.1:8081/", "http://x127.0.0.1:8080/"] {
        assert_eq!(verify(shown(foreign)).await, "agentConfig:invalid url domain", "{foreign}");
    }
    let patch = json!({ "trusted_domains": ["example.com"] });
    let url = bench.url("/_sim/apps/desk");
    assert!(bench.client.patch(url).json(&patch).send().await.unwrap().status().is_success());
    assert_eq!(verify(shown("http://desk.example.com/")).await, "agentConfig:ok", "or below it");
    let state = bench.get("/_sim/state").await;
    assert_eq!(state["apps"][0]["trusted_domains"], json!(["example.com"]));
    bench.clock.advance(2 * HOUR);
    assert_eq!(verify(shown("http://example.com/")).await, "agentConfig:invalid signature");
}
