//! A fresh database, a manual clock, and handlers that write down what they did.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU32, Ordering},
    },
    time::Duration,
};

use db::{Conn, Db, OrDb as _, Settings, migrate};
use diesel::connection::SimpleConnection as _;
use kernel::{Actor, Clock, Ctx, Ids, Micros, ReplicaNo, Timestamp, time};

use crate::{End, Handler, Job, New, Put, Queue, Topic, put};

/// Where the clock of every test begins.
pub(super) const START: Timestamp = Timestamp(1_800_000_000_000_000);

static DESKS: AtomicU32 = AtomicU32::new(0);

#[derive(Clone)]
pub(super) struct Desk {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) ids: Ids,
    /// What the handlers did, in order.
    pub(super) log: Arc<Mutex<Vec<String>>>,
}

pub(super) fn folder(name: &str) -> std::path::PathBuf {
    let n = DESKS.fetch_add(1, Ordering::SeqCst);
    let folder =
        std::env::temp_dir().join(format!("qidan-queue-{}-{n}-{name}", std::process::id()));
    let _ignored = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// `mysql://user:password@host:port/schema` of a user who may create databases named `qidan_…`.
#[expect(clippy::disallowed_methods, reason = "a test's switch, not configuration")]
pub(super) fn mysql_url() -> Option<String> {
    std::env::var("QIDAN_TEST_MYSQL").ok().filter(|url| !url.is_empty())
}

fn mysql(url: &str) -> Db {
    let n = DESKS.fetch_add(1, Ordering::SeqCst);
    let name = format!("qidan_queue_{}_{n}", std::process::id());
    let (server, _schema) = url.rsplit_once('/').unwrap();
    let mut conn = Conn::open(&Settings::parse(url).unwrap()).unwrap();
    conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).or_db().unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name}")).or_db().unwrap();
    Db::new(Settings::parse(&format!("{server}/{name}")).unwrap())
}

impl Desk {
    pub(super) fn sqlite() -> Self {
        let path = folder("db").join("t.db");
        Self::on(Db::new(Settings::parse(&format!("sqlite://{}", path.display())).unwrap()))
    }

    pub(super) fn on(db: Db) -> Self {
        migrate(&db, &Clock::System, 1).unwrap();
        let ids = Ids::new(ReplicaNo::new(1).unwrap());
        Self { db, clock: Clock::manual(START), ids, log: Arc::default() }
    }

    /// One on SQLite, and one on MySQL when there is one.
    pub(super) fn all() -> Vec<Self> {
        let mysql = mysql_url().map(|url| Self::on(mysql(&url)));
        [Self::sqlite()].into_iter().chain(mysql).collect()
    }

    /// The same database as another replica sees it.
    pub(super) fn replica(&self, no: i64) -> Self {
        let db = Db::new(self.db.settings().clone());
        Self { db, ids: Ids::new(ReplicaNo::new(no).unwrap()), ..self.clone() }
    }

    /// A database that cannot be opened: there is a folder where its file should be.
    pub(super) fn away_at(path: &Path) -> Self {
        std::fs::create_dir_all(path).unwrap();
        let db = Db::new(Settings::parse(&format!("sqlite://{}", path.display())).unwrap());
        let ids = Ids::new(ReplicaNo::new(9).unwrap());
        Self { db, clock: Clock::manual(START), ids, log: Arc::default() }
    }

    /// This desk with its database away, until [`Desk::bring_back`].
    pub(super) fn moved_away(&self) -> Self {
        let away = Self::away_at(&folder("away").join("t.db"));
        Self { db: away.db, ..self.clone() }
    }

    /// The database of `desk` appears where ours should be.
    pub(super) fn bring_back(&self, desk: &Self) {
        let path = |desk: &Self| desk.db.settings().masked().replace("sqlite://", "");
        std::fs::remove_dir(path(self)).unwrap();
        std::os::unix::fs::symlink(path(desk), path(self)).unwrap();
    }

    pub(super) fn ctx(&self) -> Ctx {
        let now = self.clock.now();
        Ctx { now, actor: Actor::System, ids: self.ids.clone(), trace: "test".into() }
    }

    pub(super) fn queue(&self, topics: Vec<Topic>) -> Queue {
        Queue::new(self.db.clone(), self.clock.clone(), self.ids.clone(), topics)
    }

    pub(super) async fn put(
        &self,
        topic: &'static str,
        body: &str,
        order_key: Option<&str>,
    ) -> Put {
        self.put_at(topic, body, order_key, None, 0).await
    }

    pub(super) async fn put_at(
        &self,
        topic: &'static str,
        body: &str,
        order_key: Option<&str>,
        once_key: Option<&str>,
        delay: Micros,
    ) -> Put {
        let (ctx, body) = (self.ctx(), body.to_owned());
        let (order_key, once_key) = (order_key.map(str::to_owned), once_key.map(str::to_owned));
        let due_at = ctx.now.plus(delay);
        let put = self.db.write(move |conn| {
            let (order_key, once_key) = (order_key.as_deref(), once_key.as_deref());
            put(conn, &ctx, New { topic, body: body.clone(), order_key, once_key, due_at })
        });
        put.await.unwrap()
    }

    /// A database topic.
    pub(super) fn tx(
        name: &'static str,
        handler: impl Fn(&mut Conn, &Ctx, &Job) -> kernel::Result<End> + Send + Sync + 'static,
    ) -> Topic {
        Topic { name, tries: 3, at_once: 16, handler: Handler::Tx(Arc::new(handler)) }
    }

    /// A topic that writes down its jobs' bodies when they are committed for good: what is in the
    /// log of a manual clock's run was done once.
    pub(super) fn noting(&self, name: &'static str) -> Topic {
        let log = self.log.clone();
        Self::tx(name, move |_conn, _ctx, job| {
            log.lock().unwrap().push(job.body.clone());
            Ok(End::Done("记下".into()))
        })
    }

    /// A topic that talks to others and writes down its jobs' bodies.
    pub(super) fn net(&self, name: &'static str, wait_ms: u64) -> Topic {
        let log = self.log.clone();
        let handler = Handler::Net(Arc::new(move |_ctx, job| {
            let log = log.clone();
            Box::pin(async move {
                tokio::time::sleep(std::time::Duration::from_millis(wait_ms)).await;
                log.lock().unwrap().push(job.body);
                (End::Done("sent".into()), None)
            })
        }));
        Topic { name, tries: 3, at_once: 16, handler }
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    pub(super) fn wait(&self, seconds: i64) {
        self.clock.advance(seconds * time::SECOND);
    }
}

/// A desk on MySQL, when there is one.
pub(super) fn mysql_desk() -> Option<Desk> {
    mysql_url().map(|url| Desk::on(mysql(&url)))
}

#[expect(clippy::disallowed_methods, reason = "a test ends before its tasks matter")]
pub(super) fn task<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn(work)
}

/// What a proxy does with its connections.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Pass,
    /// Carries nothing, and says nothing.
    Stall,
    /// Closes every connection, and every new one.
    Cut,
}

/// A TCP proxy before a MySQL server that can hang or cut what goes through it.
pub(super) struct Proxy {
    mode: Arc<AtomicU8>,
    pub(super) db: Db,
}

impl Proxy {
    pub(super) fn before(db: &Db) -> Self {
        // The tests' server has the password that its script gives it.
        let masked = db.settings().masked();
        let (user, place) = masked.split_once('@').unwrap();
        let user = user.replace("***", "qidan");
        let (server, schema) = place.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("{user}@127.0.0.1:{port}/{schema}");
        let (mode, server) = (Arc::new(AtomicU8::new(0)), server.to_owned());
        let theirs = mode.clone();
        std::thread::spawn(move || {
            for inward in listener.incoming().flatten() {
                let Ok(outward) = TcpStream::connect(&server) else { continue };
                for (from, to) in [(&inward, &outward), (&outward, &inward)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let mode = theirs.clone();
                    std::thread::spawn(move || carry(&mode, from, to));
                }
            }
        });
        Self { mode, db: Db::new(Settings::parse(&url).unwrap()) }
    }

    pub(super) fn set(&self, mode: Mode) {
        let mode = match mode {
            Mode::Pass => 0,
            Mode::Stall => 1,
            Mode::Cut => 2,
        };
        self.mode.store(mode, Ordering::SeqCst);
    }
}

fn carry(mode: &AtomicU8, mut from: TcpStream, mut to: TcpStream) {
    from.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let mut bytes = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        match mode.load(Ordering::SeqCst) {
            0 if length > 0 => {
                if to.write_all(&bytes[..length]).is_err() {
                    break;
                }
                length = 0;
            }
            1 if length > 0 => {
                std::thread::sleep(Duration::from_millis(10));
                continue;
            }
            2 => break,
            _ => {}
        }
        match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => length = read,
            Err(late) if late.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_gone) => break,
        }
    }
    let _gone = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
