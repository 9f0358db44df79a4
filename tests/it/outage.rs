//! The database, the disk or the process is away: callbacks are kept all the same, or not
//! acknowledged; people are told quickly; everything is made up for afterwards.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{Place, Schema, Server, Site, mysql, qidan};

const SECOND: Duration = Duration::from_secs(1);
/// Between two deliveries, as on the platform.
const SPACING: Duration = Duration::from_secs(5);
/// Fifty callbacks a second.
const EVERY: Duration = Duration::from_millis(20);

#[expect(clippy::print_stdout, reason = "a story that is skipped says so")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}

/// What the servers of `tests/servers` are called, by what the suite's own says of itself.
fn kind_of_server() -> Option<&'static str> {
    use db::diesel::{Connection as _, MysqlConnection, RunQueryDsl as _, dsl, sql_types::Text};
    let Some(url) = mysql() else {
        skipped("a database server of one's own needs QIDAN_TEST_MYSQL");
        return None;
    };
    let mut conn = MysqlConnection::establish(url.split('?').next().unwrap()).unwrap();
    let version: String =
        db::diesel::select(dsl::sql::<Text>("VERSION()")).get_result(&mut conn).unwrap();
    Some(if version.contains("MariaDB") { "mariadb" } else { "mysql9" })
}

/// Every answer of the service to people while the database is away.
async fn expect_quick_refusals(site: &Site) {
    let new = json!({ "form": { "title": "灯坏了" } });
    for (method, path, body) in [
        ("GET", "/api/v1/tickets", None),
        ("POST", "/api/v1/tickets", Some(new)),
        ("GET", "/api/v1/members", None),
    ] {
        let began = Instant::now();
        let mut request = site.http.request(method.parse().unwrap(), format!("{}{path}", site.url));
        request = request.bearer_auth(&site.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let took = began.elapsed();
        assert_eq!(answer.status(), 503, "{method} {path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/problem+json");
        assert!(header("retry-after").parse::<u32>().unwrap() > 0);
        assert!(took <= 3 * SECOND, "{method} {path} took {took:?}");
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["code"].as_str().unwrap().starts_with("db."), "{problem}");
    }
    let (status, ready) = site.asks("GET", "/readyz", None).await;
    assert_eq!((status, &ready["callbacks"]), (503, &json!("spooling")), "{ready}");
    assert_eq!(site.asks("GET", "/healthz", None).await.0, 200);
    let url = format!("{}/wecom/callback/desk", site.url);
    let saved = site.sim_post("/_sim/save_url", json!({ "app": "desk", "url": url })).await;
    assert_eq!(saved["ok"], true, "{saved}");
}

/// Whether each delivery was answered well and in time.
async fn expect_good_answers(site: &Site) {
    for line in site.deliveries().await {
        assert_eq!(line["status"], 200, "{line}");
        assert!(line["took_ms"].as_u64().unwrap() <= 4500, "{line}");
    }
}

/// Everything that was sent is acknowledged, stored once, and worked on.
async fn expect_all(site: &Site, sent: u32) {
    site.until("all are acknowledged", async |site| {
        site.acknowledged().await.len() >= usize::try_from(sent).unwrap()
    })
    .await;
    site.until("the spool is empty", async |site| {
        let (status, ready) = site.asks("GET", "/readyz", None).await;
        status == 200 && ready["callbacks"] == "storing"
    })
    .await;
    site.settles().await;
    assert_eq!(site.stored().await, i64::from(sent));
    let states: Vec<_> = site.jobs().await.into_keys().map(|(_topic, state)| state).collect();
    assert!(!states.contains(&"failed"), "{:#?}", site.jobs().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_hangs_callbacks_are_kept_and_people_hear_so_at_once() {
    let Some(kind) = kind_of_server() else { return };
    let site = Site::at(Place::Own(Server::start(kind).await), SPACING).await;
    let Place::Own(server) = &site.place else { return };
    let service = site.starts(&[]).await;
    // The long outage once; that the other server is survived as well shows in a shorter one.
    let span = if kind == "mariadb" { 30 } else { 8 };
    let sent = (span + 4) * 50;
    let load = site.loads(0, sent, EVERY);
    tokio::time::sleep(2 * SECOND).await;
    server.does("pause").await;
    let began = Instant::now();
    site.until("messages go to the spool", async |site| {
        site.asks("GET", "/readyz", None).await.1["callbacks"] == "spooling"
    })
    .await;
    expect_quick_refusals(&site).await;
    let left = Duration::from_secs(u64::from(span)).saturating_sub(began.elapsed());
    tokio::time::sleep(left).await;
    expect_quick_refusals(&site).await;
    server.does("cont").await;
    load.await.unwrap();
    expect_all(&site, sent).await;
    expect_good_answers(&site).await;
    drop(service);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_database_dies_and_comes_back_every_callback_is_there_once() {
    let Some(kind) = kind_of_server() else { return };
    let site = Site::at(Place::Own(Server::start(kind).await), SPACING).await;
    let Place::Own(server) = &site.place else { return };
    let service = site.starts(&[]).await;
    let load = site.loads(0, 400, EVERY);
    tokio::time::sleep(2 * SECOND).await;
    server.does("kill").await;
    site.until("messages go to the spool", async |site| {
        site.asks("GET", "/readyz", None).await.1["callbacks"] == "spooling"
    })
    .await;
    expect_quick_refusals(&site).await;
    server.does("start").await;
    load.await.unwrap();
    expect_all(&site, 400).await;
    expect_good_answers(&site).await;
    drop(service);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_nothing_can_be_written_callbacks_wait_on_the_disk_and_a_restart_finds_them() {
    let site = Site::open(SPACING).await;
    let service = site.starts(&[]).await;
    let grip = site.grips();
    site.loads(0, 20, EVERY).await.unwrap();
    let began = Instant::now();
    let new = json!({ "form": { "title": "灯坏了" } });
    let (status, problem) = site.asks("POST", "/api/v1/tickets", Some(new)).await;
    assert_eq!(status, 503, "{problem}");
    assert!(began.elapsed() <= 3 * SECOND, "{:?}", began.elapsed());
    site.until("all are in the spool", async |site| site.acknowledged().await.len() == 20).await;
    expect_good_answers(&site).await;
    service.kill();
    // A server may still carry out what the dead process had asked of it: then that is a repeat.
    grip.release();
    let _service = site.starts(&[]).await;
    expect_all(&site, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_under_load_it_finishes_and_another_goes_on_at_once() {
    let site = Site::open(SPACING).await;
    let mut service = site.starts(&[]).await;
    // WeCom is slow, so that messages are on their way when the end comes.
    let slow =
        json!({ "path": "/cgi-bin/message/send", "times": 2, "effect": { "slow_ms": 2000 } });
    site.sim_post("/_sim/faults", slow).await;
    let load = site.loads(0, 300, Duration::from_millis(10));
    for userid in ["wangfang", "chenlei", "sunhao"] {
        site.says(userid, &format!("{userid} 的空调坏了")).await;
    }
    tokio::time::sleep(SECOND).await;
    let began = Instant::now();
    service.asks_to_end();
    let status = service.ends().await;
    assert_eq!(status.code(), Some(0), "{}", service.log());
    assert!(began.elapsed() < 25 * SECOND, "{:?}", began.elapsed());
    let before = site.acknowledged().await.len();
    assert!(i64::try_from(before).unwrap() <= site.stored().await, "acknowledged and not stored");
    let running = site.jobs().await.into_keys().find(|(_topic, state)| *state == "running");
    assert_eq!(running, None, "a lease was not given back");

    let _next = site.starts(&[]).await;
    let began = Instant::now();
    load.await.unwrap();
    site.until("all are acknowledged", async |site| site.acknowledged().await.len() == 300).await;
    site.settles().await;
    // A lease that had to run out would take a minute.
    assert!(began.elapsed() < 30 * SECOND, "{:?}", began.elapsed());
    assert_eq!(site.stored().await, 303);
    assert_eq!(site.titles().await.len(), 3);
    for userid in ["wangfang", "chenlei", "sunhao"] {
        let chat = site.chat(userid).await;
        assert_eq!(chat.of_app().len(), 1, "{userid} sees {chat:#?}");
    }
}

/// A small disk of its own, until it is dropped.
struct Disk {
    folder: PathBuf,
    /// What is removed with it: nobody could while the disk was in it.
    root: PathBuf,
}

impl Disk {
    /// Needs the right to mount; where it lacks, the story is skipped and says so.
    fn mount(root: &Path, inside: &str, kilobytes: u32) -> Option<Self> {
        let folder = root.join(inside);
        fs::create_dir_all(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"]).arg(&folder);
        if mount.output().is_ok_and(|ran| ran.status.success()) {
            return Some(Self { folder, root: root.to_owned() });
        }
        skipped("a full disk needs the right to mount a tmpfs");
        None
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let path = self.folder.join("filler");
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        while file.write_all(&[0; 1024]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.folder.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(&self.folder).output();
        let _gone = fs::remove_dir_all(&self.root);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_spools_disk_is_full_too_nothing_is_acknowledged_until_there_is_room() {
    let schema = Schema::fresh();
    let Some(disk) = Disk::mount(&schema.folder, "spool", 256) else { return };
    let site = Site::at(Place::Shared(schema), SPACING).await;
    let _service = site.starts(&[]).await;
    disk.fill();
    let grip = site.grips();
    site.loads(0, 5, EVERY).await.unwrap();
    site.until("the platform gave up once", async |site| site.deliveries().await.len() >= 5).await;
    for line in site.deliveries().await {
        assert_eq!(line["status"], Value::Null, "an answer although nothing is kept: {line}");
    }
    disk.free();
    site.until("all are in the spool", async |site| site.acknowledged().await.len() == 5).await;
    assert!(site.deliveries().await.iter().all(|line| line["attempt"].as_u64() <= Some(3)));
    grip.release();
    expect_all(&site, 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_disk_for_attachments_is_full_the_reason_is_told_and_later_it_goes_on() {
    let schema = Schema::fresh();
    let Some(disk) = Disk::mount(&schema.folder, "files", 256) else { return };
    let site = Site::at(Place::Shared(schema), SPACING).await;
    let service = site.starts(&[]).await;
    site.says("wangfang", "空调坏了").await;
    site.until("there is a ticket", async |site| site.titles().await.len() == 1).await;
    let (_status, page) = site.asks("GET", "/api/v1/tickets", None).await;
    let id = page["items"][0]["id"].as_str().unwrap();
    disk.fill();

    let upload = async || {
        let part = reqwest::multipart::Part::bytes(vec![7; 20_000]).file_name("照片.bin");
        let form = reqwest::multipart::Form::new().part("file", part);
        let url = format!("{}/api/v1/tickets/{id}/attachments", site.url);
        let answer = site.http.post(url).bearer_auth(&site.token).multipart(form).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, problem) = upload().await;
    assert_eq!((status, &problem["code"]), (503, &json!("files.full")), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("磁盘已满"), "{problem}");

    let part = reqwest::multipart::Part::bytes(vec![8; 20_000]).file_name("语音.amr");
    let form = reqwest::multipart::Form::new().text("app", "desk").text("msgtype", "file");
    let url = format!("{}/_sim/chats/wangfang/messages?wait=1", site.sim.base_url());
    let sent = site.http.post(url).multipart(form.part("media", part)).send().await.unwrap();
    assert!(sent.status().is_success());
    site.until("fetching it was tried in vain", async |_site| {
        let log = service.log();
        log.lines().any(|line| line.contains("media.fetch") && line.contains("retried"))
    })
    .await;
    disk.free();
    assert_eq!(upload().await.0, 200);
    site.settles().await;
    let (_status, ticket) = site.asks("GET", &format!("/api/v1/tickets/{id}"), None).await;
    assert_eq!(ticket["attachments"].as_array().unwrap().len(), 2, "{ticket}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_databases_disk_is_full_callbacks_wait_on_another() {
    let schema = Schema::fresh();
    if mysql().is_some() {
        return skipped("a server's own disk is its administrator's; SQLite's is ours");
    }
    let elsewhere = Schema::fresh();
    let Some(disk) = Disk::mount(&schema.folder, "", 8192) else { return };
    let site = Site::at(Place::Shared(schema), SPACING).await;
    let spool = elsewhere.folder.join("spool").display().to_string();
    let _service = site.starts(&[("QIDAN__INTAKE__SPOOL", &spool)]).await;
    site.says("wangfang", "空调坏了").await;
    site.until("there is a ticket", async |site| site.titles().await.len() == 1).await;
    site.settles().await;
    disk.fill();
    site.loads(0, 100, EVERY).await.unwrap();
    site.until("all are acknowledged", async |site| site.acknowledged().await.len() == 100).await;
    let new = json!({ "form": { "title": "灯坏了", "description": "灯".repeat(5_000) } });
    let (status, problem) = site.asks("POST", "/api/v1/tickets", Some(new)).await;
    assert_eq!((status, &problem["code"]), (503, &json!("db.full")), "{problem}");
    disk.free();
    site.until("it goes on", async |site| site.stored().await == 101).await;
    site.settles().await;
    assert_eq!(site.titles().await, ["空调坏了"]);
    assert!(site.jobs().await.keys().all(|(_topic, state)| *state != "failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_never_share_a_spool_or_a_demo() {
    let site = Site::open(SPACING).await;
    let _service = site.starts(&[]).await;
    let second = qidan(&["serve"], &site.env(&[("QIDAN__SERVER__BIND", "127.0.0.1:0")])).await;
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains("spool.locked"), "{second:?}");
    assert!(second.err.contains("正被另一个进程使用"), "{second:?}");

    let folder = site.place.folder().join("demo").display().to_string();
    let demo = [
        ("QIDAN__DEMO__DIR", folder.as_str()),
        ("QIDAN__SERVER__BIND", "127.0.0.1:0"),
        ("QIDAN__SIMULATOR__BIND", "127.0.0.1:0"),
        ("QIDAN__LOG__FORMAT", "text"),
    ];
    let env = demo.map(|(name, value)| (name, value.to_owned()));
    let _first = site.starts_demo(&env).await;
    let second = qidan(&["demo"], &env).await;
    assert_eq!(second.code, 1, "{second:?}");
    assert!(second.err.contains("正被另一个进程使用"), "{second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_work_is_refused_by_name() {
    let site = Site::open(SPACING).await;
    let short = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF";
    for (name, value, named) in [
        ("QIDAN__WECOM__APPS__DESK__ENCODING_AES_KEY", short, "wecom.apps.desk.encoding_aes_key"),
        ("QIDAN__WECOM__APPS__DESK__TOKEN", "", "wecom.apps.desk"),
        ("QIDAN__SERVER__PUBLIC_URL", "desk.example.com", "server.public_url"),
        ("QIDAN__WECOM__API_BASE", "ftp://x", "wecom.api_base"),
        ("QIDAN__DATABASE__URL", "oracle://x", "database.url"),
        ("QIDAN__DATABASE__URL", "mysql://qidan@127.0.0.1:3306", "database.url"),
        ("QIDAN__SERVER__BINDD", "127.0.0.1:1", "bindd"),
        ("QIDAN__SERVER__BIND", "nowhere", "bind"),
        ("QIDAN__WORKERS__LEASE_SECONDS", "0", "workers.lease_seconds"),
        ("QIDAN__FILES__STORE", "ftp:x", "files.store"),
        ("QIDAN__LOG__FORMAT", "xml", "log.format"),
    ] {
        let said = qidan(&["serve"], &site.env(&[(name, value)])).await;
        assert_eq!(said.code, 2, "{name}={value}: {said:?}");
        assert!(said.err.contains(named), "{name}={value}: {said:?}");
        assert!(!said.err.contains(short), "a key in the logs: {said:?}");
    }
    let file = site.place.folder().join("bad.toml");
    fs::write(&file, "[workers]\nenabeld = true\n").unwrap();
    let path = file.display().to_string();
    let said = qidan(&["--config", &path, "serve"], &site.env(&[])).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("bad.toml") && said.err.contains("enabeld"), "{said:?}");
}
