use std::sync::{Mutex, Once};

use kernel::{Timestamp, time::MINUTE};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::*;
use crate::{
    api::{agent, contact, department, media, menu, message, user},
    error::NO_ANSWER,
    token::MemoryTokens,
};

const GETTOKEN_PATH: &str = "/cgi-bin/gettoken?corpid=ww1&corpsecret=s3cret";

/// What the server does with a request.
enum Act {
    /// Writes these bytes and closes.
    Raw(Vec<u8>),
    /// Closes without a word.
    Close,
}

type Requests = Arc<Mutex<Vec<Vec<u8>>>>;

/// A tiny HTTP server on the loopback: each request is kept, and answered by a closure that sees
/// its path, its query and how often it was asked before.
struct Server {
    base: String,
    requests: Requests,
    _tasks: JoinSet<()>,
}

impl Server {
    async fn start(act: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = Requests::default();
        let (mut tasks, kept, act) = (JoinSet::new(), requests.clone(), Arc::new(act));
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, kept.clone(), act.clone()));
            }
        });
        Self { base, requests, _tasks: tasks }
    }

    /// Answers gettoken, and everything else with these bodies in turn; the last one stays.
    async fn answering(bodies: &'static [&'static str]) -> Self {
        Self::start(move |path, before| match path.starts_with("/cgi-bin/gettoken") {
            true => token(before),
            false => json(bodies[before.min(bodies.len() - 1)]),
        })
        .await
    }

    fn client(&self) -> Client {
        self.client_with(MEDIA_MAX, Clock::manual(Timestamp::from_seconds(1_700_000_000)))
    }

    fn client_with(&self, media_max: usize, clock: Clock) -> Client {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let app = App { name: "desk".into(), agent_id: 1_000_002, secret: "s3cret".into() };
        let api_base = format!("{}/", self.base);
        let corp = Corp { api_base, corp_id: "ww1".into(), apps: vec![app], media_max };
        Client::new(http, corp, Arc::new(MemoryTokens::new()), clock, 1)
    }

    /// The request lines without method and version.
    fn paths(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|request| path_of(request)).collect()
    }

    fn last(&self) -> String {
        String::from_utf8_lossy(self.requests.lock().unwrap().last().unwrap()).into_owned()
    }
}

async fn serve(mut stream: TcpStream, kept: Requests, act: Arc<impl Fn(&str, usize) -> Act>) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let path = path_of(&request);
    let bare = |path: &str| path.split('?').next().map(str::to_owned);
    let before = {
        let mut kept = kept.lock().unwrap();
        let before = kept.iter().filter(|old| bare(&path_of(old)) == bare(&path)).count();
        kept.push(request);
        before
    };
    if let Act::Raw(bytes) = act(&path, before) {
        let _gone = stream.write_all(&bytes).await;
        let _gone = stream.shutdown().await;
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    request.len() >= head.len() + 4 + length.unwrap_or(0_usize)
}

fn path_of(request: &[u8]) -> String {
    String::from_utf8_lossy(request).split(' ').nth(1).unwrap_or_default().to_owned()
}

fn http(status: &str, headers: &str, body: &[u8]) -> Act {
    let length = body.len();
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Act::Raw(bytes)
}

fn json(body: &str) -> Act {
    http("200 OK", "Content-Type: application/json; charset=UTF-8\r\n", body.as_bytes())
}

/// The first token is `T1`, the second `T2`, …
fn token(before: usize) -> Act {
    let number = before + 1;
    json(&format!(
        "{{\"errcode\":0,\"errmsg\":\"ok\",\"access_token\":\"T{number}\",\"expires_in\":7200}}"
    ))
}

#[tokio::test]
async fn a_message_goes_out_byte_for_byte_and_its_answer_is_read() {
    let server = Server::answering(&[
        "{\"errcode\":0,\"errmsg\":\"ok\",\"invaliduser\":\"lisi|wangwu\",\"invalidparty\":\"\",\"msgid\":\"M1\",\"response_code\":\"RC\"}",
    ])
    .await;
    let body = "{\"touser\":\"zhangsan\",\"text\":{\"content\":\"空调坏了😀\"}}";
    let sent = message::send(&server.client(), "desk", body).await.unwrap();
    assert_eq!(sent.invalid_users, ["lisi", "wangwu"]);
    assert_eq!((sent.invalid_parties.len(), sent.unlicensed_users.len()), (0, 0));
    assert_eq!((sent.msgid.as_deref(), sent.response_code.as_deref()), (Some("M1"), Some("RC")));
    assert_eq!(server.paths(), [GETTOKEN_PATH, "/cgi-bin/message/send?access_token=T1"]);
    let request = server.last();
    assert!(request.starts_with("POST ") && request.ends_with(body), "{request}");
    assert!(request.contains("content-type: application/json\r\n"), "{request}");
}

#[tokio::test]
async fn an_update_lists_who_was_not_reached_as_an_array() {
    let server = Server::answering(&["{\"errcode\":0,\"invaliduser\":[\"lisi\"]}"]).await;
    let updated = message::update_template_card(&server.client(), "desk", "{}").await.unwrap();
    assert_eq!(updated.invalid_users, ["lisi"]);
    let server =
        Server::answering(&["{\"errcode\":0,\"errmsg\":\"ok\",\"invaliduser\":null}"]).await;
    let client = server.client();
    assert_eq!(
        message::update_template_card(&client, "desk", "{}").await.unwrap().invalid_users.len(),
        0
    );
    message::recall(&client, "desk", "M\"1").await.unwrap();
    assert!(server.last().ends_with("{\"msgid\":\"M\\\"1\"}"));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_and_the_call_made_once_more() {
    for code in ["40014", "42001", "\"42001\""] {
        let server = Server::start(move |path, before| match (path, before) {
            (path, _) if path.starts_with("/cgi-bin/gettoken") => token(before),
            (_, 0) => json(&format!("{{\"errcode\":{code},\"errmsg\":\"access_token expired\"}}")),
            _ => json("{\"errcode\":0,\"userid\":\"Li\",\"name\":\"李\",\"department\":null,\"status\":1}"),
        })
        .await;
        let got = user::get(&server.client(), "desk", "li&x=1").await.unwrap();
        assert_eq!((&*got.userid, got.status, got.department.len()), ("Li", Some(1), 0));
        let paths = server.paths();
        assert_eq!(paths[1], "/cgi-bin/user/get?access_token=T1&userid=li%26x%3D1");
        assert_eq!(paths[2], GETTOKEN_PATH);
        assert_eq!(paths[3], "/cgi-bin/user/get?access_token=T2&userid=li%26x%3D1");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_again_is_not_replaced_again() {
    let server =
        Server::answering(&["{\"errcode\":40014,\"errmsg\":\"invalid access_token\"}"]).await;
    let error = user::get(&server.client(), "desk", "li").await.unwrap_err();
    assert_eq!((error.errcode, error.class, error.outcome_unknown), (40014, Class::Token, false));
    assert_eq!(server.paths().len(), 4);
}

#[tokio::test]
async fn a_wrong_secret_is_asked_about_once_and_never_shown() {
    let server =
        Server::start(|_, _| json("{\"errcode\":40001,\"errmsg\":\"invalid credential\"}")).await;
    let client = server.client();
    for _call in 0..3 {
        let error = client.check_token("desk").await.unwrap_err();
        assert_eq!((error.errcode, error.class), (40001, Class::Config));
        assert!(!format!("{error:?} {error}").contains("s3cret"));
    }
    assert_eq!(server.paths().len(), 1);
    assert!(!format!("{client:?}").contains("s3cret"));
}

#[tokio::test]
async fn what_is_no_answer_may_be_tried_again_and_says_if_it_may_have_been_done() {
    for (act, unknown) in [
        (http("502 Bad Gateway", "Content-Type: text/html\r\n", b"<html>502</html>"), true),
        (http("200 OK", "Content-Type: text/html\r\n", b"<html>login</html>"), true),
        (http("200 OK", "", b""), true),
        (http("403 Forbidden", "", b"blocked"), false),
        (Act::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"errcode\"".to_vec()), true),
        (Act::Close, true),
    ] {
        let act = Mutex::new(Some(act));
        let server = Server::start(move |path, before| {
            if path.starts_with("/cgi-bin/gettoken") {
                return token(before);
            }
            act.lock().unwrap().take().unwrap_or(Act::Close)
        })
        .await;
        let error = message::send(&server.client(), "desk", "{}").await.unwrap_err();
        assert_eq!((error.errcode, error.class), (NO_ANSWER, Class::Retry), "{error}");
        assert_eq!(error.outcome_unknown, unknown, "{error}");
        assert_eq!(server.paths().len(), 2, "sent once");
        let shown = format!("{error:?}");
        assert!(!shown.contains("T1") && !shown.contains("access_token"), "{shown}");
    }
}

#[tokio::test]
async fn a_platform_that_is_away_is_told_apart_from_one_that_may_have_done_it() {
    let server = Server::answering(&["{}"]).await;
    let mut client = server.client();
    client.check_token("desk").await.unwrap();
    Arc::get_mut(&mut client.inner).unwrap().base = "http://127.0.0.1:1".to_owned();
    let error = message::send(&client, "desk", "{}").await.unwrap_err();
    assert_eq!((error.class, error.outcome_unknown), (Class::Retry, false));
    assert!(!error.errmsg.contains("access_token"), "{error}");
    let error = message::send(&client, "nobody", "{}").await.unwrap_err();
    assert_eq!(error.class, Class::Config);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let server = Server::start(|path, before| match path.starts_with("/cgi-bin/gettoken") {
        true => token(before),
        false => {
            Act::Raw([b"HTTP/1.1 200 OK\r\n\r\n{".as_slice(), &vec![b' '; ANSWER_MAX]].concat())
        }
    })
    .await;
    let error = user::get(&server.client(), "desk", "li").await.unwrap_err();
    assert_eq!((error.class, error.errcode), (Class::Retry, NO_ANSWER));
    assert!(error.outcome_unknown);
}

#[tokio::test]
async fn after_too_often_an_api_is_left_alone_until_the_window_ends() {
    let server = Server::answering(&[
        "{\"errcode\":45009,\"errmsg\":\"api freq out of limit\"}",
        "{\"errcode\":0,\"userid\":\"li\"}",
    ])
    .await;
    let clock = Clock::manual(Timestamp::from_seconds(1_700_000_000));
    let client = server.client_with(MEDIA_MAX, clock.clone());
    for _call in 0..3 {
        let error = user::get(&client, "desk", "li").await.unwrap_err();
        assert_eq!((error.errcode, error.class), (45009, Class::Limit { wait: MINUTE }));
    }
    assert_eq!(server.paths().len(), 2);
    clock.advance(MINUTE);
    assert!(user::get(&client, "desk", "li").await.is_ok());
}

#[tokio::test]
async fn a_file_is_uploaded_with_its_name_in_raw_letters_and_a_known_length() {
    let server = Server::answering(&[
        "{\"errcode\":0,\"errmsg\":\"\",\"type\":\"image\",\"media_id\":\"M\",\"created_at\":\"1380000000\"}",
    ])
    .await;
    let upload = media::Upload {
        media_type: media::MediaType::Image,
        bytes: Bytes::from_static(b"\x89PNG\r\n\x1a\n"),
        file_name: "现场照片.png".into(),
        content_type: "image/png".into(),
    };
    let client = server.client();
    assert_eq!(media::upload(&client, "desk", &upload).await.unwrap().media_id, "M");
    let request = server.last();
    assert!(request.starts_with("POST /cgi-bin/media/upload?access_token=T1&type=image "));
    assert!(request.contains("name=\"media\"; filename=\"现场照片.png\"\r\n"), "{request}");
    assert!(request.contains("Content-Type: image/png\r\n"), "{request}");
    assert!(request.to_lowercase().contains("\r\ncontent-length: "), "{request}");
    let bad = media::Upload { content_type: "no type".into(), ..upload };
    assert_eq!(media::upload(&client, "desk", &bad).await.unwrap_err().class, Class::Data);
}

#[tokio::test]
async fn a_file_is_fetched_with_its_name_up_to_the_limit() {
    let server = Server::start(|path, before| {
        let named = "Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename=\"现场.jpg\"\r\n";
        match path {
            path if path.starts_with("/cgi-bin/gettoken") => token(before),
            path if path.ends_with("media_id=photo") => http("200 OK", named, &[7; 100]),
            path if path.ends_with("media_id=large") => http("200 OK", named, &[7; 101]),
            path if path.ends_with("media_id=note") => {
                let note = "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=\"a.txt\"\r\n";
                http("200 OK", note, b"{\"errcode\":7}")
            }
            _ => http("200 OK", "Content-Type: text/plain\r\n", b"{\"errcode\":40007,\"errmsg\":\"invalid media_id\"}"),
        }
    })
    .await;
    let client = server.client_with(100, Clock::System);
    let photo = media::get(&client, "desk", "photo").await.unwrap();
    assert_eq!((photo.bytes.len(), photo.content_type.as_deref()), (100, Some("image/jpeg")));
    assert_eq!(photo.file_name.as_deref(), Some("现场.jpg"));
    assert_eq!(media::get(&client, "desk", "large").await.unwrap_err().class, Class::Data);
    let note = media::get(&client, "desk", "note").await.unwrap();
    assert_eq!(&note.bytes[..], b"{\"errcode\":7}", "a text file may look like an error");
    let gone = media::get(&client, "desk", "gone").await.unwrap_err();
    assert_eq!((gone.errcode, gone.class), (40007, Class::Gone));
}

#[tokio::test]
async fn the_directory_is_read() {
    let server = Server::start(|path, before| match path.split('?').next().unwrap() {
        "/cgi-bin/gettoken" => token(before),
        "/cgi-bin/department/list" => json("{\"errcode\":0,\"department\":[{\"id\":2,\"name\":\"运维部\",\"department_leader\":[\"li\"],\"parentid\":1,\"order\":10}]}"),
        "/cgi-bin/user/list" | "/cgi-bin/user/simplelist" => json("{\"errcode\":0,\"userlist\":[{\"userid\":\"Li\",\"name\":\"李\",\"department\":[1,2]}]}"),
        "/cgi-bin/agent/get" => json("{\"errcode\":0,\"agentid\":1000002,\"name\":\"工单\",\"allow_userinfos\":{\"user\":[{\"userid\":\"li\"}]},\"allow_partys\":{\"partyid\":[1]},\"close\":0}"),
        _ => json("{\"errcode\":0,\"ip_list\":[\"101.226.103.*\"]}"),
    })
    .await;
    let client = server.client();
    let departments = department::list(&client, "desk", Some(2)).await.unwrap();
    assert_eq!((departments[0].parentid, &*departments[0].name), (1, "运维部"));
    assert!(department::list(&client, "desk", None).await.is_ok());
    assert_eq!(user::list(&client, "desk", 2).await.unwrap()[0].department, [1, 2]);
    assert_eq!(user::simplelist(&client, "desk", 2).await.unwrap()[0].userid, "Li");
    let agent = agent::get(&client, "desk").await.unwrap();
    assert_eq!(
        (agent.allow_userinfos.user[0].userid.as_str(), agent.allow_tags.tagid.len()),
        ("li", 0)
    );
    assert_eq!(agent::get_callback_ip(&client, "desk").await.unwrap(), ["101.226.103.*"]);
    let paths = server.paths();
    assert!(paths.contains(&"/cgi-bin/department/list?access_token=T1&id=2".to_owned()));
    assert!(paths.contains(&"/cgi-bin/agent/get?access_token=T1&agentid=1000002".to_owned()));
}

#[tokio::test]
async fn customers_and_groups_are_read() {
    let server = Server::start(|path, before| match path.split('?').next().unwrap() {
        "/cgi-bin/gettoken" => token(before),
        "/cgi-bin/externalcontact/get_follow_user_list" => json("{\"errcode\":0,\"follow_user\":[\"li\"]}"),
        "/cgi-bin/externalcontact/list" if path.ends_with("=li") => json("{\"errcode\":0,\"external_userid\":[\"wm1\"]}"),
        "/cgi-bin/externalcontact/list" => json("{\"errcode\":84061,\"errmsg\":\"not external contact\"}"),
        "/cgi-bin/externalcontact/get" => json("{\"errcode\":0,\"external_contact\":{\"external_userid\":\"wm1\",\"name\":\"王\",\"type\":1,\"gender\":0},\"follow_user\":[{\"userid\":\"li\",\"remark\":\"王总\",\"tags\":[{\"tag_name\":\"VIP\",\"tag_id\":\"et1\",\"type\":1}],\"state\":\"s\"}]}"),
        "/cgi-bin/externalcontact/batch/get_by_user" => json("{\"errcode\":0,\"external_contact_list\":[{\"external_contact\":{\"external_userid\":\"wm1\"},\"follow_info\":{\"userid\":\"li\",\"tag_id\":[\"et1\"]}}],\"next_cursor\":\"c2\"}"),
        "/cgi-bin/externalcontact/groupchat/list" => json("{\"errcode\":0,\"group_chat_list\":[{\"chat_id\":\"wr1\",\"status\":0}],\"next_cursor\":\"\"}"),
        _ => json("{\"errcode\":0,\"group_chat\":{\"chat_id\":\"wr1\",\"name\":\"售后\",\"owner\":\"li\",\"member_list\":[{\"userid\":\"wm1\",\"type\":2,\"name\":\"王\"}]}}"),
    })
    .await;
    let client = server.client();
    assert_eq!(contact::get_follow_user_list(&client, "desk").await.unwrap(), ["li"]);
    assert_eq!(contact::list(&client, "desk", "li").await.unwrap(), ["wm1"]);
    assert_eq!(contact::list(&client, "desk", "nobody").await.unwrap().len(), 0);
    let customer = contact::get(&client, "desk", "wm1", "").await.unwrap();
    assert_eq!(
        (customer.external_contact.kind, &*customer.follow_user[0].tags[0].tag_name),
        (1, "VIP")
    );
    assert!(
        server
            .last()
            .starts_with("GET /cgi-bin/externalcontact/get?access_token=T1&external_userid=wm1 ")
    );
    let page = contact::batch_get_by_user(&client, "desk", &["li"], "").await.unwrap();
    assert_eq!(
        (&*page.next_cursor, &*page.external_contact_list[0].follow_info.tag_id[0]),
        ("c2", "et1")
    );
    let groups = contact::groupchat_list(&client, "desk", &["li"], "").await.unwrap();
    assert_eq!(groups.group_chat_list[0].chat_id, "wr1");
    assert!(server.last().contains("\"owner_filter\":{\"userid_list\":[\"li\"]}"));
    let group = contact::groupchat_get(&client, "desk", "wr1").await.unwrap();
    assert_eq!((&*group.owner, group.member_list[0].kind), ("li", 2));
}

#[tokio::test]
async fn a_menu_is_set_and_read_and_may_be_missing() {
    let server = Server::answering(&["{\"errcode\":0,\"errmsg\":\"ok\"}"]).await;
    let tasks = menu::MenuButton::click("我的待办", "my_tasks");
    let more = menu::MenuButton {
        name: "更多".into(),
        sub_button: vec![menu::MenuButton::view("帮助", "https://e")],
        ..Default::default()
    };
    let wanted = menu::Menu { button: vec![tasks, more] };
    menu::create(&server.client(), "desk", &wanted).await.unwrap();
    let request = server.last();
    assert!(request.starts_with("POST /cgi-bin/menu/create?access_token=T1&agentid=1000002 "));
    assert!(request.ends_with("{\"button\":[{\"type\":\"click\",\"name\":\"我的待办\",\"key\":\"my_tasks\"},{\"name\":\"更多\",\"sub_button\":[{\"type\":\"view\",\"name\":\"帮助\",\"url\":\"https://e\"}]}]}"));
    let server = Server::answering(&["{\"errcode\":46003,\"errmsg\":\"menu no exist\"}"]).await;
    assert_eq!(menu::get(&server.client(), "desk").await.unwrap(), menu::Menu::default());
}
