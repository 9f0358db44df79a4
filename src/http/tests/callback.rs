//! WeCom's callbacks: everything right is stored before it is acknowledged, everything wrong gets a
//! clear answer, and nothing that was signed is lost.

use std::time::{Duration, Instant};

use kernel::time;
use queue::{Filter, JobView, Side};
use reqwest::Method;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wecom::{AesKey, Crypt, Sealed, xml::envelope_xml};

use super::desk::{CORP, Desk, KEY, NOW, Plan, TOKEN, Told, crypt};
use crate::Raw;

const PATH: &str = "/wecom/callback/desk";

/// What came in, newest first, with its content.
async fn stored(desk: &Desk) -> Vec<(JobView, Raw<'static>)> {
    let jobs = desk.shared.db.read(|conn| {
        let limit = kernel::Limit::new(Some(200))?;
        let filter = Filter { side: Side::Inbox, state: None, topic: None, cursor: None, limit };
        let page = queue::list(conn, &filter)?;
        page.items
            .into_iter()
            .map(|job| queue::get(conn, job.id))
            .collect::<kernel::Result<Vec<_>>>()
    });
    let raw = |job: &JobView| serde_json::from_str(job.body.as_deref().unwrap()).unwrap();
    jobs.await.unwrap().into_iter().map(|job| (job.clone(), raw(&job))).collect()
}

fn seal(plain: &[u8], nonce: &str) -> Sealed {
    crypt().seal(plain, CORP, &NOW.seconds().to_string(), nonce, [7; 16])
}

fn query(sealed: &Sealed) -> String {
    let Sealed { msg_signature, timestamp, nonce, .. } = sealed;
    format!("{PATH}?msg_signature={msg_signature}&timestamp={timestamp}&nonce={nonce}")
}

fn text(user: &str, content: &str, id: u64) -> String {
    let now = NOW.seconds();
    format!(
        "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[{user}]]>\
         </FromUserName><CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType>\
         <Content><![CDATA[{content}]]></Content><MsgId>{id}</MsgId><AgentID>1</AgentID></xml>"
    )
}

async fn post(desk: &Desk, plain: &[u8], nonce: &str) -> Told {
    let sealed = seal(plain, nonce);
    desk.post(&query(&sealed)).body(envelope_xml(CORP, Some("1"), &sealed.encrypt)).send().await
}

fn acknowledged(told: &Told) {
    assert_eq!((told.status.as_u16(), told.text.as_str()), (200, ""));
}

#[actix_web::test]
async fn the_url_check_echoes_the_exact_bytes_without_a_database() {
    let desk = Desk::open_as(&Plan { has_database: false, ..Plan::default() });
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/golden/crypt.json")).unwrap();
    let check = vectors.as_array().unwrap().iter().find(|one| one["id"] == "A1").unwrap();
    let value = |key: &str| check[key].as_str().unwrap();
    let address = |echo: &str| {
        let (signature, timestamp, nonce) =
            (value("msg_signature"), value("timestamp"), value("nonce"));
        format!(
            "{PATH}?msg_signature={signature}&timestamp={timestamp}&nonce={nonce}&echostr={echo}"
        )
    };
    let encoded = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let began = Instant::now();
    let told = desk.get(&address(&encoded(value("encrypt")))).send().await;
    assert!(began.elapsed() < Duration::from_secs(1));
    assert_eq!((told.status.as_u16(), told.bytes.as_slice()), (200, value("plaintext").as_bytes()));
    assert!(value("encrypt").contains('+'));
    // A `+` that became a blank on its way, however it is then written.
    for wrong in [value("encrypt").to_owned(), encoded(&value("encrypt").replace('+', " "))] {
        assert_eq!(desk.get(&address(&wrong)).send().await.status.as_u16(), 403);
    }
    desk.close().await;
}

#[actix_web::test]
async fn the_platforms_own_samples_are_stored() {
    let desk = Desk::open();
    let vectors: Value =
        serde_json::from_str(include_str!("../../../tests/golden/crypt.json")).unwrap();
    for id in ["A2", "A3json"] {
        let vector = vectors.as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
        let value = |key: &str| vector[key].as_str().unwrap();
        let address = format!(
            "{PATH}?msg_signature={}&timestamp={}&nonce={}",
            value("msg_signature"),
            value("timestamp"),
            value("nonce")
        );
        let body = if id == "A2" {
            envelope_xml(CORP, Some("218"), value("encrypt"))
        } else {
            serde_json::json!({ "tousername": CORP, "encrypt": value("encrypt") }).to_string()
        };
        acknowledged(&desk.post(&address).body(body).send().await);
        // The samples' timestamps are years old: that is remarked upon, and never refused. Both
        // hold the same message, so there is one row.
        let jobs = stored(&desk).await;
        let (job, raw) = jobs.first().unwrap();
        assert_eq!(jobs.len(), 1);
        assert_eq!((raw.app.as_ref(), raw.kind.as_ref(), raw.received_at), ("desk", "text", NOW));
        assert!(raw.plain.contains("mycreate"));
        assert_eq!(job.order_key.as_deref(), Some("desk/user/mycreate"));
    }
    desk.close().await;
}

#[actix_web::test]
async fn what_is_wrong_gets_a_clear_answer_and_leaves_nothing() {
    let desk = Desk::open();
    let sealed = seal(text("li", "hi", 1).as_bytes(), "n");
    let body = envelope_xml(CORP, None, &sealed.encrypt);
    let right = query(&sealed);
    let flipped = |text: &str| {
        let end = if text.ends_with('0') { '1' } else { '0' };
        format!("{}{end}", text.get(..text.len() - 1).unwrap())
    };
    let other_corp = crypt().seal(b"<xml/>", "ww_other", "1", "n", [7; 16]);
    let other_key =
        Crypt::new(TOKEN.into(), AesKey::parse(&KEY.replace('j', "k")).unwrap(), vec![]);
    let other_key = other_key.seal(b"<xml/>", CORP, "1", "n", [7; 16]);
    let short = crypt().sign("1", "n", "AAAA");
    let short = format!("{PATH}?msg_signature={short}&timestamp=1&nonce=n");
    let tampered = sealed.encrypt.replacen(|c: char| c.is_ascii_lowercase(), "A", 1);
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let bomb = "<!DOCTYPE x [<!ENTITY a \"b\">]><xml><Encrypt>&a;</Encrypt></xml>".to_owned();
    let upper = right.replace(&sealed.msg_signature, &sealed.msg_signature.to_uppercase());
    let cases: Vec<(&str, String, Vec<u8>, u16, &str)> = vec![
        ("unknown app", right.replace("desk", "hr"), body.clone().into(), 404, "unknown app"),
        ("no parameters", PATH.into(), body.clone().into(), 400, "malformed"),
        ("one missing", right.replace("nonce", "n0nce"), body.clone().into(), 400, "malformed"),
        ("one doubled", format!("{right}&nonce=n"), body.clone().into(), 400, "malformed"),
        (
            "signature",
            right.replace(&sealed.msg_signature, &flipped(&sealed.msg_signature)),
            body.clone().into(),
            403,
            "forbidden",
        ),
        ("upper case", upper, body.clone().into(), 403, "forbidden"),
        ("tampered", right.clone(), envelope_xml(CORP, None, &tampered).into(), 403, "forbidden"),
        (
            "receiver",
            query(&other_corp),
            envelope_xml(CORP, None, &other_corp.encrypt).into(),
            403,
            "forbidden",
        ),
        (
            "key",
            query(&other_key),
            envelope_xml(CORP, None, &other_key.encrypt).into(),
            400,
            "malformed",
        ),
        ("ciphertext", short, envelope_xml(CORP, None, "AAAA").into(), 400, "malformed"),
        ("empty", right.clone(), Vec::new(), 400, "malformed"),
        ("no XML", right.clone(), b"hello".to_vec(), 400, "malformed"),
        ("no ciphertext", right.clone(), b"<xml><a>1</a></xml>".to_vec(), 400, "malformed"),
        ("not UTF-8", right.clone(), b"<xml>\xFF\xFE</xml>".to_vec(), 400, "malformed"),
        ("deep", right.clone(), deep.into(), 400, "malformed"),
        ("entities", right.clone(), bomb.into(), 400, "malformed"),
        ("large", right.clone(), vec![b'x'; 10 << 20], 413, "too large"),
    ];
    for (what, address, body, status, answer) in cases {
        let asked = desk.post(&address).body(body).send().await;
        assert_eq!((asked.status.as_u16(), asked.text.as_str()), (status, answer), "{what}");
    }
    let put = desk.ask(Method::PUT, &right).body(body).send().await;
    assert_eq!((put.problem().0, put.header("allow")), (405, "GET, POST"));
    assert!(stored(&desk).await.is_empty());
    desk.close().await;
}

#[actix_web::test]
async fn an_endless_body_is_cut_and_a_slow_one_is_not_waited_for() {
    let desk = Desk::open();
    let path = query(&seal(b"<xml/>", "n"));
    let head = format!("POST {path} HTTP/1.1\r\nhost: desk\r\ntransfer-encoding: chunked\r\n\r\n");
    let patience = Duration::from_secs(8);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(1 << 16));
    let cut = async {
        let mut line = TcpStream::connect(desk.address).await.unwrap();
        line.write_all(head.as_bytes()).await.unwrap();
        let (mut answers, mut body) = line.into_split();
        // More is sent for as long as the server lets us.
        let send = async { while body.write_all(chunk.as_bytes()).await.is_ok() {} };
        let mut answer = Vec::new();
        let read = answers.read_to_end(&mut answer);
        let (_closed, ()) = futures_util::future::join(read, send).await;
        String::from_utf8(answer).unwrap()
    };
    let answer = tokio::time::timeout(patience, cut).await.expect("the connection is closed");
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let slow = async {
        let mut line = TcpStream::connect(desk.address).await.unwrap();
        line.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let began = Instant::now();
    let answer = tokio::time::timeout(patience, slow).await.expect("the connection is closed");
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(began.elapsed() > Duration::from_millis(1900), "{:?}", began.elapsed());
    desk.close().await;
}

#[actix_web::test]
async fn a_message_redelivered_a_thousand_times_is_one_row() {
    let desk = Desk::open();
    let plain = text("LiSi", "空调坏了 😀", 42);
    for wave in 0..10 {
        // The platform may sign and encrypt each delivery anew.
        let nonces: Vec<_> = (0..100).map(|n| format!("{wave}-{n}")).collect();
        let all = nonces.iter().map(|nonce| post(&desk, plain.as_bytes(), nonce));
        for told in futures_util::future::join_all(all).await {
            acknowledged(&told);
        }
    }
    let jobs = stored(&desk).await;
    assert_eq!((jobs.len(), jobs[0].1.plain.as_ref()), (1, plain.as_str()));
    desk.close().await;
}

#[actix_web::test]
async fn two_events_of_one_second_are_two_rows_and_odd_ones_are_kept() {
    let desk = Desk::open();
    let event = |customer: &str| {
        format!(
            "<xml><ToUserName>{CORP}</ToUserName><FromUserName>sys</FromUserName><CreateTime>1\
             </CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event>\
             <ChangeType>add_external_contact</ChangeType><UserID>li</UserID><ExternalUserID>\
             {customer}</ExternalUserID></xml>"
        )
    };
    let unknown = "<xml><MsgType>event</MsgType><Event>brand_new</Event></xml>".to_owned();
    let huge = text("li", "x", 1).replace("<MsgId>1<", "<MsgId>99999999999999999999999999<");
    let bom = format!("\u{FEFF}{}", text("li", "x", 2));
    let mut cut = text("li", "工单", 3).into_bytes();
    let at = cut.windows(3).position(|three| three == "单".as_bytes()).unwrap();
    cut.remove(at + 2);
    let bomb = b"<!DOCTYPE x><xml>&a;</xml>".to_vec();
    let messages = [
        event("wm1").into_bytes(),
        event("wm2").into_bytes(),
        unknown.into_bytes(),
        huge.into_bytes(),
        bom.into_bytes(),
        cut,
        bomb,
        b"no document at all".to_vec(),
    ];
    for message in &messages {
        acknowledged(&post(&desk, message, "n").await);
        acknowledged(&post(&desk, message, "again").await);
    }
    let mut kinds: Vec<_> =
        stored(&desk).await.into_iter().map(|(_job, raw)| raw.kind.into_owned()).collect();
    kinds.reverse();
    let add = "event.change_external_contact.add_external_contact";
    let known = [add, add, "event.brand_new", "text", "text", "text", "unreadable", "unreadable"];
    assert_eq!(kinds, known);
    desk.close().await;
}

#[actix_web::test]
async fn far_and_odd_timestamps_are_taken_because_the_signature_is_right() {
    let desk = Desk::open();
    let day = |days: i64| NOW.plus(days * time::DAY).seconds().to_string();
    let stamps = ["-1".to_owned(), "9".repeat(30), "soon".to_owned(), day(-1), day(1)];
    for (n, stamp) in (0u64..).zip(&stamps) {
        let sealed = crypt().seal(text("li", "x", n).as_bytes(), CORP, stamp, "n", [7; 16]);
        let body = envelope_xml(CORP, None, &sealed.encrypt);
        acknowledged(&desk.post(&query(&sealed)).body(body).send().await);
    }
    assert_eq!(stored(&desk).await.len(), stamps.len());
    desk.close().await;
}

#[actix_web::test]
async fn without_a_database_the_spool_takes_it_in_time() {
    let desk = Desk::open_as(&Plan { has_database: false, ..Plan::default() });
    let began = Instant::now();
    acknowledged(&post(&desk, text("li", "x", 1).as_bytes(), "n").await);
    assert!(began.elapsed() < Duration::from_millis(4500), "{:?}", began.elapsed());
    assert_eq!(desk.intake.spooled(), 1);
    desk.close().await;
}

#[actix_web::test]
async fn when_nothing_can_store_there_is_no_answer_at_all() {
    let plan = Plan { has_database: false, spool_bytes: 10, ..Plan::default() };
    let desk = Desk::open_as(&plan);
    let sealed = seal(text("li", "x", 1).as_bytes(), "n");
    let (path, body) = (query(&sealed), envelope_xml(CORP, None, &sealed.encrypt));
    let length = body.len();
    let mut line = TcpStream::connect(desk.address).await.unwrap();
    let request =
        format!("POST {path} HTTP/1.1\r\nhost: desk\r\ncontent-length: {length}\r\n\r\n{body}");
    line.write_all(request.as_bytes()).await.unwrap();
    let began = Instant::now();
    let mut answer = Vec::new();
    // Closed in order or reset: either way without a byte.
    let _closed = line.read_to_end(&mut answer).await;
    assert_eq!(String::from_utf8_lossy(&answer), "");
    let waited = began.elapsed();
    assert!(waited > Duration::from_secs(5) && waited < Duration::from_secs(15), "{waited:?}");
    desk.close().await;
}
