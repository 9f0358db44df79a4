//! Callbacks: what comes in is kept once, whatever the way it comes; what is not WeCom's is refused.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use sim::CorpSeed;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wecom::{AesKey, Crypt, crypt::Sealed, xml::envelope_xml};

use crate::support::{Desk, qidan};

/// The platform's side of the callbacks, for what its simulator would never send.
struct Hand {
    crypt: Crypt,
    corp_id: String,
}

impl Hand {
    fn new() -> Self {
        let corp = CorpSeed::sample();
        let app = &corp.apps[0];
        let key = AesKey::parse(&app.encoding_aes_key).unwrap();
        let crypt = Crypt::new(app.token.clone(), key, vec![corp.corp_id.clone()]);
        Self { crypt, corp_id: corp.corp_id }
    }

    fn seal(&self, plain: impl AsRef<[u8]>) -> Sealed {
        self.seal_at(plain, "1795395600", [7; 16])
    }

    fn seal_at(&self, plain: impl AsRef<[u8]>, timestamp: &str, random: [u8; 16]) -> Sealed {
        self.crypt.seal(plain.as_ref(), &self.corp_id, timestamp, "1372623149", random)
    }

    /// Signs another ciphertext as if it were the platform's.
    fn sign(&self, encrypt: &str) -> Sealed {
        let (timestamp, nonce) = ("1795395600".to_owned(), "1372623149".to_owned());
        let msg_signature = self.crypt.sign(&timestamp, &nonce, encrypt);
        Sealed { encrypt: encrypt.to_owned(), msg_signature, timestamp, nonce }
    }

    fn body(&self, sealed: &Sealed) -> Vec<u8> {
        envelope_xml(&self.corp_id, Some("1000002"), &sealed.encrypt).into_bytes()
    }
}

/// The parameters as the platform writes them.
fn query(sealed: &Sealed) -> String {
    let Sealed { msg_signature, timestamp, nonce, .. } = sealed;
    format!("msg_signature={msg_signature}&timestamp={timestamp}&nonce={nonce}")
}

fn encoded(base64: &str) -> String {
    base64.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

fn text_xml(from: &str, words: &str, msg_id: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[ww]]></ToUserName><FromUserName><![CDATA[{from}]]></FromUserName>\
         <CreateTime>1795395600</CreateTime><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[{words}]]></Content><MsgId>{msg_id}</MsgId><AgentID>1000002</AgentID></xml>"
    )
}

impl Desk {
    async fn get_callback(&self, app: &str, query: &str) -> (u16, Vec<u8>) {
        let url = format!("{}/wecom/callback/{app}?{query}", self.url);
        let answer = self.http.get(url).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    async fn post_callback(&self, query: &str, body: impl Into<reqwest::Body>) -> u16 {
        let url = format!("{}/wecom/callback/desk?{query}", self.url);
        let answer = self.http.post(url).body(body).send().await.unwrap();
        answer.status().as_u16()
    }

    /// A plaintext that arrives as it should.
    async fn hears(&self, plain: impl AsRef<[u8]>) {
        let hand = Hand::new();
        let sealed = hand.seal(plain);
        assert_eq!(self.post_callback(&query(&sealed), hand.body(&sealed)).await, 200);
    }

    /// What came in, oldest first, with its content.
    async fn inbox(&self, state: &str) -> Vec<Value> {
        let (status, page) = self.api("GET", &format!("/inbox?limit=200{state}"), None).await;
        assert_eq!(status, 200, "{page}");
        let mut items = Vec::new();
        for item in page["items"].as_array().unwrap().iter().rev() {
            let path = format!("/inbox/{}", item["id"].as_str().unwrap());
            let (status, mut whole) = self.api("GET", &path, None).await;
            assert_eq!(status, 200, "{whole}");
            whole["raw"] = serde_json::from_str(whole["body"].as_str().unwrap()).unwrap();
            items.push(whole);
        }
        items
    }

    async fn titles(&self) -> Vec<String> {
        let tickets = self.tickets().await;
        let mut titles: Vec<_> =
            tickets.iter().map(|ticket| ticket["title"].as_str().unwrap().to_owned()).collect();
        titles.sort();
        titles
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_saves_our_address_and_no_other() {
    let desk = Desk::open().await;
    for (path, is_ours) in [("desk", true), ("nosuch", false)] {
        let url = format!("{}/wecom/callback/{path}", desk.url);
        let saved = desk.sim_post("/_sim/save_url", json!({ "app": "desk", "url": url })).await;
        assert_eq!(saved["ok"], is_ours, "{saved}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_check_that_is_not_the_platforms_is_refused() {
    let desk = Desk::open().await;
    let hand = Hand::new();
    // An echostr with every character that a URL can spoil.
    let sealed = (0..=255)
        .map(|seed| hand.seal_at("71836241085692017483921", "1795395600", [seed; 16]))
        .find(|sealed| sealed.encrypt.contains('+') && sealed.encrypt.contains('/'))
        .unwrap();
    let echo = encoded(&sealed.encrypt);
    let good = query(&sealed);
    let (status, body) = desk.get_callback("desk", &format!("{good}&echostr={echo}")).await;
    assert_eq!((status, body.as_slice()), (200, b"71836241085692017483921".as_slice()));
    // Our own parameters beside the platform's do no harm.
    let (status, _) = desk.get_callback("desk", &format!("from=x&{good}&echostr={echo}")).await;
    assert_eq!(status, 200);

    let blank = sealed.encrypt.replace('+', "%20").replace('/', "%2F").replace('=', "%3D");
    let flipped = hand.sign(&format!("{}A", sealed.encrypt.get(..63).unwrap()));
    let other = hand.crypt.seal(b"1", "ww00000000000other", "1795395600", "1", [7; 16]);
    let wrong = good.replace("msg_signature=", "msg_signature=0");
    let upper = format!(
        "msg_signature={}&timestamp=1795395600&nonce=1372623149",
        sealed.msg_signature.to_uppercase()
    );
    let Sealed { msg_signature, timestamp, nonce, .. } = &sealed;
    for (query, status) in [
        (format!("{good}&echostr={}", sealed.encrypt), 403),
        (format!("{good}&echostr={blank}"), 403),
        (format!("{wrong}&echostr={echo}"), 403),
        (format!("{upper}&echostr={echo}"), 403),
        (format!("{}&echostr={}", query(&other), encoded(&other.encrypt)), 403),
        (format!("{}&echostr={}", query(&flipped), encoded(&flipped.encrypt)), 400),
        (good.clone(), 400),
        (format!("{good}&echostr="), 400),
        (format!("timestamp={timestamp}&nonce={nonce}&echostr={echo}"), 400),
        (format!("msg_signature={msg_signature}&nonce={nonce}&echostr={echo}"), 400),
        (format!("msg_signature={msg_signature}&timestamp={timestamp}&echostr={echo}"), 400),
        (format!("{good}&{good}&echostr={echo}"), 400),
        (format!("{good}&echostr={echo}&echostr={echo}"), 400),
        (format!("{good}&echostr=%FF%FE"), 400),
        (String::new(), 400),
    ] {
        let (got, body) = desk.get_callback("desk", &query).await;
        assert_eq!(got, status, "{query}");
        assert!(!body.windows(4).any(|four| four == b"7183"), "{query}: nothing is given away");
    }
    let (status, _) = desk.get_callback("nosuch", &format!("{good}&echostr={echo}")).await;
    assert_eq!(status, 404);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_platforms_is_refused_at_once_and_leaves_nothing() {
    let desk = Desk::open().await;
    let hand = Hand::new();
    let plain = text_xml("wangfang", "空调坏了", "1");
    let sealed = hand.seal(&plain);
    let (good, body) = (query(&sealed), hand.body(&sealed));
    let wrong = good.replace("msg_signature=", "msg_signature=0");
    let (most, last) = sealed.encrypt.split_at(sealed.encrypt.len() - 8);
    let flipped =
        hand.sign(&format!("{most}{}", last.chars().rev().collect::<String>().replace('=', "A")));
    let short = hand.sign(sealed.encrypt.get(..60).unwrap());
    let text = hand.sign("不是base64");
    let other = hand.crypt.seal(plain.as_bytes(), "ww00000000000other", "1", "2", [7; 16]);
    let in_xml = |inside: &str| format!("<xml>{inside}</xml>").into_bytes();
    let entity = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><xml><Encrypt>&b;</Encrypt></xml>";
    let external =
        "<!DOCTYPE x [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><xml><Encrypt>&f;</Encrypt></xml>";
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let cases: Vec<(&str, String, Vec<u8>, u16)> = vec![
        ("empty body", good.clone(), Vec::new(), 400),
        ("blank body", good.clone(), b" \r\n".to_vec(), 400),
        ("no document", good.clone(), b"hello".to_vec(), 400),
        ("broken XML", good.clone(), b"<xml><Encrypt>".to_vec(), 400),
        ("broken JSON", good.clone(), b"{\"encrypt\":".to_vec(), 400),
        ("a JSON list", good.clone(), b"[1]".to_vec(), 400),
        ("no ciphertext", good.clone(), in_xml("<ToUserName>ww</ToUserName>"), 400),
        ("an empty ciphertext", good.clone(), in_xml("<Encrypt></Encrypt>"), 400),
        (
            "no UTF-8",
            good.clone(),
            in_xml("<Encrypt>\u{1}</Encrypt>")
                .into_iter()
                .map(|byte| if byte == 1 { 0xFF } else { byte })
                .collect(),
            400,
        ),
        ("entities", good.clone(), entity.into(), 400),
        ("an external entity", good.clone(), external.into(), 400),
        ("deep", good.clone(), in_xml(&deep), 400),
        ("wide", good.clone(), in_xml(&"<a/>".repeat(100_000)), 400),
        (
            "a long attribute",
            good.clone(),
            format!("<xml a=\"{}\"/>", "a".repeat(900_000)).into(),
            400,
        ),
        ("comments", good.clone(), in_xml(&"<!-- a -->".repeat(90_000)), 400),
        ("wrong signature", wrong, body.clone(), 403),
        ("wrong receiver", query(&other), hand.body(&other), 403),
        ("damaged ciphertext", query(&flipped), hand.body(&flipped), 400),
        ("half a block", query(&short), hand.body(&short), 400),
        ("no base64", query(&text), hand.body(&text), 400),
        ("no parameters", String::new(), body.clone(), 400),
        ("no nonce", good.split("&nonce").next().unwrap().to_owned(), body.clone(), 400),
        ("doubled parameters", format!("{good}&{good}"), body.clone(), 400),
        ("10 MB", good.clone(), vec![b'x'; 10 << 20], 413),
        ("a megabyte and a byte", good.clone(), vec![b'x'; (1 << 20) + 1], 413),
    ];
    for (what, query, body, status) in cases {
        let began = Instant::now();
        assert_eq!(desk.post_callback(&query, body).await, status, "{what}");
        assert!(began.elapsed() < Duration::from_secs(1), "{what}: {:?}", began.elapsed());
    }
    let url = format!("{}/wecom/callback/nosuch?{good}", desk.url);
    let unknown = desk.http.post(url).body(body.clone()).send().await.unwrap();
    assert_eq!(unknown.status(), 404);

    assert_eq!(desk.inbox("").await, Vec::<Value>::new());
    assert_eq!(desk.post_callback(&good, body).await, 200, "the whole one is still welcome");
    desk.settle().await;
    assert_eq!(desk.titles().await, ["空调坏了"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_without_end_and_without_haste_are_cut_off_and_hold_nobody_up() {
    let desk = Desk::open().await;
    let addr = desk.url.trim_start_matches("http://").to_owned();
    let hand = Hand::new();
    let sealed = hand.seal(text_xml("wangfang", "空调坏了", "1"));
    let head = |how: &str| {
        let query = query(&sealed);
        format!("POST /wecom/callback/desk?{query} HTTP/1.1\r\nHost: x\r\n{how}\r\n\r\n")
    };

    let idle = join_all((0..300).map(|_| TcpStream::connect(&addr))).await;
    let mut hesitant = TcpStream::connect(&addr).await.unwrap();
    hesitant.write_all(b"POST /wecom/callback/desk HTTP/1.1\r\nHost:").await.unwrap();
    let mut slow = TcpStream::connect(&addr).await.unwrap();
    slow.write_all(head("Content-Length: 500").as_bytes()).await.unwrap();
    slow.write_all(b"<").await.unwrap();
    let mut endless = TcpStream::connect(&addr).await.unwrap();
    endless.write_all(head("Transfer-Encoding: chunked").as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let cut = async { while endless.write_all(chunk.as_bytes()).await.is_ok() {} };
    let cut = tokio::time::timeout(Duration::from_secs(10), cut).await;
    assert!(cut.is_ok(), "an endless body is read on and on");

    let began = Instant::now();
    assert_eq!(desk.post_callback(&query(&sealed), hand.body(&sealed)).await, 200);
    assert!(began.elapsed() < Duration::from_secs(1), "nobody waits for the slow one");
    let mut answer = vec![0; 64];
    let read = tokio::time::timeout(Duration::from_secs(4), slow.read(&mut answer)).await;
    let read = read.expect("the slow one was not cut off").unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 408"), "{:?}", str::from_utf8(&answer[..read]));
    let read = tokio::time::timeout(Duration::from_secs(8), hesitant.read(&mut answer)).await;
    assert!(read.is_ok(), "half a head may not wait for ever");
    drop((idle, slow, hesitant, endless));
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn however_it_is_written_a_message_is_understood() {
    let desk = Desk::open().await;
    let ways = [
        ("wangfang", json!({ "bom": true })),
        ("liuyang", json!({ "no_cdata": true })),
        ("zhaomin", json!({ "shuffle": true })),
        ("zhoujie", json!({ "json": true })),
        ("chenlei", json!({ "no_agent": true })),
        ("sunhao", json!({ "empty_agent": true })),
        ("wuting", json!({ "json": true, "bom": true, "shuffle": true, "no_agent": true })),
    ];
    let mut expected = Vec::new();
    for (userid, options) in ways {
        let words = format!("{userid} 的空调<坏了> & \u{1F525}]]>");
        let message = json!({ "msgtype": "text", "content": words, "options": options });
        let answer = desk.writes(userid, message).await;
        assert_eq!(answer["deliveries"][0]["status"], 200, "{userid}: {answer}");
        expected.push(words);
    }
    desk.settle().await;
    expected.sort();
    assert_eq!(desk.titles().await, expected);
    assert_eq!(desk.inbox("&state=failed").await, Vec::<Value>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_are_replaced_and_the_rest_is_kept() {
    let desk = Desk::open().await;
    let options = json!({ "tamper": "utf8" });
    let message = json!({ "msgtype": "text", "content": "空调坏了", "options": options });
    desk.writes("wangfang", message).await;
    desk.settle().await;
    let tickets = desk.inbox("").await;
    assert_eq!(tickets[0]["state"], "done", "{tickets:#?}");
    assert_eq!(desk.tickets().await.len(), 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_any_kind_are_kept_without_what_deceives_the_eye() {
    let desk = Desk::open().await;
    let long = "空调坏了\u{1F525}".repeat(5_000);
    let tricky = "空\u{0}调\u{202E}坏\u{2066}了 <script>alert(1)</script> 👨‍👩‍👧";
    desk.hears(text_xml("wangfang", &long, "1")).await;
    desk.hears(text_xml("liuyang", tricky, "2")).await;
    desk.hears(text_xml("zhaomin", " \u{200B}\r\n ", "3")).await;
    desk.settle().await;
    assert_eq!(desk.inbox("&state=failed").await, Vec::<Value>::new());
    let tickets = desk.tickets().await;
    let of = |userid: &str| tickets.iter().find(|one| one["creator"]["userid"] == userid).unwrap();
    assert_eq!(of("liuyang")["title"], "空调坏了 <script>alert(1)</script> 👨‍👩‍👧");
    let cut = of("wangfang")["title"].as_str().unwrap();
    assert!(cut.starts_with("空调坏了\u{1F525}空调") && cut.chars().count() == 100, "{cut}");
    let inbox = desk.inbox("").await;
    assert!(inbox[0]["raw"]["plain"].as_str().unwrap().contains(&long), "kept whole");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_ids_and_numbers_of_any_length_are_read() {
    let desk = Desk::open().await;
    for (userid, msg_id) in [
        ("wangfang", "99999999999999999999999"),
        ("liuyang", "CAMQkJ6S-bot_message/7"),
        ("zhaomin", "-1"),
        ("zhoujie", ""),
    ] {
        let message = json!({ "msgtype": "text", "content": userid, "msgid": msg_id });
        desk.writes(userid, message.clone()).await;
        desk.writes(userid, message).await;
    }
    let stamp =
        text_xml("chenlei", "chenlei", "5").replace("1795395600", "99999999999999999999999");
    desk.hears(stamp).await;
    let hand = Hand::new();
    for stamp in ["-1", "yesterday", "999999999999999999999999999999", "0"] {
        let sealed = hand.seal_at(text_xml("sunhao", "sunhao", "6"), stamp, [7; 16]);
        assert_eq!(desk.post_callback(&query(&sealed), hand.body(&sealed)).await, 200, "{stamp}");
    }
    desk.settle().await;
    let titles = desk.titles().await;
    assert_eq!(titles, ["chenlei", "liuyang", "sunhao", "wangfang", "zhaomin", "zhoujie"]);
    assert_eq!(desk.inbox("&state=failed").await, Vec::<Value>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_knows_is_kept_as_it_came_and_is_no_error() {
    let desk = Desk::open().await;
    let event = json!({ "Event": "moon_phase", "FromUserName": "wangfang", "Phase": { "Lit": 7 } });
    let news = json!({ "MsgType": "hologram", "FromUserName": "wangfang", "Light": "red" });
    for event in [event, news] {
        let body = json!({ "app": "desk", "event": event });
        let answer = desk.sim_post("/_sim/callback?wait=1", body).await;
        assert_eq!(answer["deliveries"][0]["status"], 200, "{answer}");
    }
    desk.hears("<xml><A>1</A></xml>").await;
    desk.settle().await;
    let inbox = desk.inbox("").await;
    assert_eq!(inbox.len(), 3, "{inbox:#?}");
    for (item, kind, raw) in [
        (&inbox[0], "moon_phase", "<Lit>7</Lit>"),
        (&inbox[1], "hologram", "red"),
        (&inbox[2], "unknown", "<A>1</A>"),
    ] {
        assert_eq!(item["state"], "ignored", "{item}");
        assert!(item["raw"]["kind"].as_str().unwrap().contains(kind), "{item}");
        assert!(item["raw"]["plain"].as_str().unwrap().contains(raw), "{item}");
        assert!(item["outcome"].as_str().unwrap().contains("未知类型"), "{item}");
    }
    assert_eq!(desk.tickets().await, Vec::<Value>::new());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_inside_is_kept_shown_and_can_be_replayed() {
    let desk = Desk::open().await;
    let deep = format!("<xml>{}{}</xml>", "<a>".repeat(500), "</a>".repeat(500));
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><xml><Content>&a;</Content></xml>";
    let plains = [deep.as_str(), bomb, "<xml><Content>", "not a document", ""];
    for plain in plains {
        desk.hears(plain).await;
        // The platform's redelivery of it is the same thing.
        desk.hears(plain).await;
    }
    desk.settle().await;
    let failed = desk.inbox("&state=failed").await;
    assert_eq!(failed.len(), plains.len(), "{failed:#?}");
    for item in &failed {
        assert_eq!(item["raw"]["kind"], "unreadable", "{item}");
        assert!(plains.contains(&item["raw"]["plain"].as_str().unwrap()), "{item}");
        assert!(item["outcome"].as_str().unwrap().contains("callback.unreadable"), "{item}");
    }

    let id = failed[0]["id"].as_str().unwrap();
    let (status, again) = desk.api("POST", &format!("/inbox/{id}/replay"), None).await;
    assert_eq!((status, &again["state"]), (200, &json!("pending")), "{again}");
    let (status, twice) = desk.api("POST", &format!("/inbox/{id}/replay"), None).await;
    assert_eq!((status, &twice["code"]), (409, &json!("queue.not_ended")), "{twice}");
    desk.settle().await;
    assert_eq!(desk.inbox("&state=failed").await.len(), plains.len());

    let env = [("QIDAN__DATABASE__URL", desk.schema.url.clone())];
    let listed = qidan(&["inbox", "list", "--state", "failed"], &env).await;
    assert_eq!((listed.code, listed.out.lines().count()), (0, plains.len()), "{listed:?}");
    assert!(listed.out.contains(id) && listed.out.contains("unreadable"), "{listed:?}");
    let lines = qidan(&["inbox", "list", "--state", "failed", "--json"], &env).await;
    let first: Value = serde_json::from_str(lines.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["state"], "failed");
    let queued = qidan(&["inbox", "replay", id], &env).await;
    assert_eq!((queued.code, queued.out.trim()), (0, "queued"), "{queued:?}");
    assert_eq!(desk.inbox("&state=pending").await.len(), 1);
    let busy = qidan(&["inbox", "replay", id], &env).await;
    assert!(busy.code != 0 && busy.err.contains("queue.not_ended"), "{busy:?}");
    desk.settle().await;
    let nobody = qidan(&["inbox", "replay", "17"], &env).await;
    assert!(nobody.code != 0 && nobody.err.contains("queue.no_such_job"), "{nobody:?}");
    let wrong = qidan(&["inbox", "list", "--state", "lost"], &env).await;
    assert!(wrong.code == 2 && wrong.err.contains("lost"), "{wrong:?}");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_a_thousand_times_at_once_is_one_ticket() {
    let desk = Desk::open().await;
    let options = json!({ "copies": 1000 });
    let message = json!({ "msgtype": "text", "content": "空调坏了", "options": options });
    let answer = desk.writes("wangfang", message).await;
    let deliveries = answer["deliveries"].as_array().unwrap();
    let (taken, late): (Vec<_>, Vec<_>) =
        deliveries.iter().partition(|delivery| delivery["status"] == 200);
    // On a slow machine some wait for their turn too long, and are delivered again.
    assert_eq!(taken.len(), 1000, "{late:#?}");
    assert!(taken.iter().all(|delivery| delivery["answer"] == ""), "an acknowledgement is empty");
    desk.settle().await;
    assert_eq!(desk.inbox("").await.len(), 1);
    assert_eq!(desk.tickets().await.len(), 1);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redelivery_is_nothing_new_even_after_the_ticket_is_closed() {
    let desk = Desk::open().await;
    let hand = Hand::new();
    let plain = text_xml("wangfang", "空调坏了", "77");
    for delivery in 0..3 {
        // A redelivery may be encrypted anew; it may also repeat everything, or come days late.
        let stamp = ["1795395600", "1795395605", "1795000000"][delivery];
        let sealed = hand.seal_at(&plain, stamp, [u8::try_from(delivery).unwrap(); 16]);
        for _repeat in 0..2 {
            assert_eq!(desk.post_callback(&query(&sealed), hand.body(&sealed)).await, 200);
            desk.settle().await;
        }
    }
    assert_eq!(desk.inbox("").await.len(), 1);
    let ticket = desk.tickets().await[0].clone();
    let id = ticket["id"].as_str().unwrap();
    assert_eq!(desk.acts("wangfang", id, "withdraw", json!({})).await.0, 200);
    let before = desk.tickets().await;
    assert_eq!(before[0]["status"], "cancelled", "{before:#?}");
    desk.hears(&plain).await;
    desk.settle().await;
    assert_eq!(desk.tickets().await, before);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_who_scan_in_the_same_second_are_two() {
    let desk = Desk::open().await;
    let add = |id: &str| {
        let event = json!({
            "Event": "change_external_contact", "ChangeType": "add_external_contact",
            "UserID": "liuyang", "ExternalUserID": id, "WelcomeCode": format!("W-{id}"),
        });
        json!({ "app": "desk", "event": event, "options": { "copies": 3 } })
    };
    let (one, two) =
        (add("wmTheFirstCustomer0000000000001"), add("wmTheOtherCustomer0000000000002"));
    tokio::join!(
        desk.sim_post("/_sim/callback?wait=1", one),
        desk.sim_post("/_sim/callback?wait=1", two),
    );
    let inbox = desk.inbox("").await;
    assert_eq!(inbox.len(), 2, "{inbox:#?}");
    desk.settle().await;
    let (_status, page) = desk.api("GET", "/customers?limit=200", None).await;
    for id in ["wmTheFirstCustomer0000000000001", "wmTheOtherCustomer0000000000002"] {
        assert!(page.to_string().contains(id), "{id}: {page}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_words_sent_twice_are_two_messages_and_one_ticket() {
    let desk = Desk::open().await;
    let message = || json!({ "msgtype": "text", "content": "空调坏了" });
    tokio::join!(desk.writes("wangfang", message()), desk.writes("wangfang", message()));
    assert_eq!(desk.inbox("").await.len(), 2);
    desk.settle().await;
    assert_eq!(desk.tickets().await.len(), 1);
    let chat = desk.chat("wangfang").await;
    assert!(chat.cards().iter().any(|card| !card.buttons().is_empty()), "asked where it belongs");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_person_sends_is_worked_on_in_the_order_it_came() {
    let desk = Desk::open().await;
    let people = ["wangfang", "chenlei", "sunhao"];
    join_all(people.map(|userid| {
        let desk = &desk;
        async move {
            desk.writes(userid, json!({ "msgtype": "text", "content": userid })).await;
            for number in 0..12 {
                let title = format!("{userid} {number:02}");
                let url = format!("http://x/{number}");
                desk.writes(userid, json!({ "msgtype": "link", "title": title, "url": url })).await;
            }
        }
    }))
    .await;
    desk.settle().await;
    let tickets = desk.tickets().await;
    assert_eq!(tickets.len(), people.len(), "{tickets:#?}");
    for ticket in tickets {
        let id = ticket["id"].as_str().unwrap();
        let (_status, page) =
            desk.api("GET", &format!("/tickets/{id}/timeline?limit=200"), None).await;
        let text = page.to_string();
        let title = ticket["title"].as_str().unwrap();
        let places: Vec<_> =
            (0..12).map(|number| text.find(&format!("{title} {number:02}")).unwrap()).collect();
        assert!(places.is_sorted(), "{title}: {places:?} {text}");
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_blocks_nobody_and_neither_its_sender_afterwards() {
    let desk = Desk::open().await;
    // It parses, and what it says cannot be: no such place is on the earth.
    let nowhere = json!({ "msgtype": "location", "lat": 999.0, "lng": 0.0, "label": "月球" });
    desk.writes("wangfang", nowhere).await;
    desk.hears("<xml><FromUserName>wangfang</FromUserName><Content>").await;
    desk.writes("wangfang", json!({ "msgtype": "text", "content": "空调坏了" })).await;
    desk.writes("chenlei", json!({ "msgtype": "text", "content": "灯坏了" })).await;
    desk.settle().await;
    assert_eq!(desk.titles().await, ["灯坏了", "空调坏了"]);
    let failed = desk.inbox("&state=failed").await;
    assert_eq!(failed.len(), 2, "{:#?}", desk.inbox("").await);
    assert_eq!(failed[0]["raw"]["kind"], "location", "{failed:#?}");
    assert_eq!(failed[0]["attempts"], 1, "what can never succeed is not tried again");

    let id = failed[0]["id"].as_str().unwrap();
    assert_eq!(desk.api("POST", &format!("/inbox/{id}/replay"), None).await.0, 200);
    desk.settle().await;
    let failed = desk.inbox("&state=failed").await;
    assert_eq!(failed.len(), 1, "meanwhile there is a ticket that takes any place: {failed:#?}");
    desk.close().await;
}
