//! A fresh database, a manual clock, and handlers that write down what they did.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
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

    fn on(db: Db) -> Self {
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
