//! Topic to handler: one list. What a job does is in its room; how often it is tried stands here.

use std::{future::Future, sync::Arc};

use files::FileStore;
use kernel::{Ctx, Error, Micros, Result, Timestamp, time};
use notify::{
    Courier, Desk,
    figures::{self, Workbench},
};
use queue::{End, Handler, Job, Record, Topic};
use ticket::Setup;

use crate::{
    intake::Reception,
    media::{Fetcher, TOPIC_MEDIA},
    mirror::{Mirror, TOPIC_FETCH},
    webhook::Webhooks,
};

/// The topic of the nightly repair.
pub(crate) const TOPIC_REPAIR: &str = "house.repair";

/// Tries of a job that only needs our database: what fails five times is poison.
const TRIES_HERE: i32 = 5;
/// Tries of a job that needs WeCom: with the queue's back-off, more than a day.
const TRIES_THERE: i32 = 300;

/// Transactions in which one night forgets what is old of one kind.
const PURGES_MAX: usize = 2_000;

/// Drops some of what is old, as much as one transaction should; gives how much.
type Purge = fn(&mut db::Conn, Timestamp) -> Result<usize>;

/// Everything that is good for a while only.
const PURGES: [Purge; 6] = [
    org::idempotency::purge,
    org::session::purge,
    org::login::purge,
    ticket::presence::purge,
    notify::purge,
    ticket::forget,
];

/// Everything that handlers need.
pub(crate) struct Hands {
    pub(crate) desk: Arc<Desk>,
    pub(crate) courier: Courier,
    pub(crate) mirror: Mirror,
    pub(crate) fetcher: Fetcher,
    pub(crate) webhooks: Webhooks,
    /// Shows members their figures, where the app does.
    pub(crate) workbench: Option<Workbench>,
    pub(crate) repair: Repair,
}

/// When the nightly repair runs, and what it forgets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repair {
    pub(crate) hour: i64,
    pub(crate) zone_minutes: i64,
    pub(crate) keep: Micros,
}

fn net<F>(work: impl Fn(Ctx, Job) -> F + Send + Sync + 'static) -> Handler
where
    F: Future<Output = (End, Option<Record>)> + Send + 'static,
{
    Handler::Net(Arc::new(move |ctx, job| Box::pin(work(ctx, job))))
}

/// Every topic of the house.
pub(crate) fn topics(hands: Hands) -> Vec<Topic> {
    let Hands { desk, courier, mirror, fetcher, webhooks, workbench, repair } = hands;
    let reception = Reception { desk: desk.clone() };
    let mut topics = tickets(&desk.setup, webhooks);
    let shows_figures = workbench.is_some();
    topics.extend(workbench.into_iter().flat_map(on_workbench));
    let (send, update) = (courier.clone(), courier);
    let (whole, store) = (mirror.clone(), fetcher.store.clone());
    topics.extend([
        topic(
            http::TOPIC_CALLBACK,
            TRIES_HERE,
            8,
            Handler::Tx(Arc::new(move |conn, ctx, job| reception.receive(conn, ctx, job))),
        ),
        topic(
            ticket::TOPIC_EVENT,
            TRIES_HERE * 4,
            8,
            Handler::Tx(Arc::new(move |conn, ctx, job| {
                let (ticket, seq) = event_of(job)?;
                notify::on_event(conn, ctx, &desk, ticket, seq)?;
                if shows_figures {
                    figures::touch(conn, ctx, ticket)?;
                }
                Ok(End::Done(String::new()))
            })),
        ),
        topic(
            notify::TOPIC_SEND,
            TRIES_THERE,
            16,
            net(move |ctx, job| send.clone().send(ctx, job)),
        ),
        topic(
            notify::TOPIC_UPDATE,
            TRIES_THERE,
            16,
            net(move |ctx, job| update.clone().update(ctx, job)),
        ),
        topic(TOPIC_MEDIA, TRIES_THERE, 4, net(move |ctx, job| fetcher.clone().fetch(ctx, job))),
        topic(TOPIC_FETCH, TRIES_THERE, 4, net(move |ctx, job| mirror.clone().fetch(ctx, job))),
        topic(
            TOPIC_REPAIR,
            TRIES_HERE,
            1,
            net(move |ctx, _job| {
                let (whole, store) = (whole.clone(), store.clone());
                async move { repair.run(&whole, &store, ctx).await }
            }),
        ),
    ]);
    topics
}

fn topic(name: &'static str, tries: i32, at_once: usize, handler: Handler) -> Topic {
    Topic { name, tries, at_once, handler }
}

/// A job of a ticket's own, which says in a word what came of it.
fn word<F>(setup: &Setup, work: F) -> Handler
where
    F: Fn(&mut db::Conn, &Ctx, &Setup, &str) -> Result<&'static str> + Send + Sync + 'static,
{
    let setup = setup.clone();
    Handler::Tx(Arc::new(move |conn, ctx, job| {
        work(conn, ctx, &setup, &job.body).map(|word| End::Done(word.to_owned()))
    }))
}

/// What the workbench shows.
fn on_workbench(workbench: Workbench) -> [Topic; 2] {
    let (show, refresh) = (workbench.clone(), workbench);
    [
        topic(
            figures::TOPIC_WORKBENCH,
            TRIES_THERE,
            1,
            net(move |ctx, job| show.clone().show(ctx, job)),
        ),
        topic(
            figures::TOPIC_FIGURES,
            TRIES_HERE * 4,
            1,
            net(move |ctx, job| refresh.clone().refresh(ctx, job)),
        ),
    ]
}

/// What tickets leave to be done by themselves.
fn tickets(setup: &Setup, webhooks: Webhooks) -> Vec<Topic> {
    let timers = setup.clone();
    let ring = Handler::Tx(Arc::new(move |conn, ctx, job| {
        Ok(match ticket::ring(conn, ctx, &timers, &job.body)? {
            None => End::Done(String::new()),
            Some(refused) => End::Ignored(refused.code().to_owned()),
        })
    }));
    vec![
        topic(ticket::TOPIC_FAMILY, TRIES_HERE * 4, 8, word(setup, ticket::hear)),
        topic(ticket::TOPIC_TIMER, TRIES_HERE * 4, 8, ring),
        topic(ticket::TOPIC_ACTION, TRIES_HERE * 4, 8, word(setup, ticket::run_action)),
        topic(ticket::TOPIC_TRIGGER, TRIES_HERE * 4, 8, word(setup, ticket::look)),
        topic(
            ticket::TOPIC_WEBHOOK,
            TRIES_THERE,
            8,
            net(move |ctx, job| webhooks.clone().send(ctx, job)),
        ),
    ]
}

fn event_of(job: &Job) -> Result<(kernel::TicketId, i64)> {
    #[derive(serde::Deserialize)]
    struct Body {
        ticket_id: kernel::TicketId,
        seq: i64,
    }
    let body: Body = serde_json::from_str(&job.body)
        .map_err(|error| Error::bug("an event job cannot be read").caused_by(error))?;
    Ok((body.ticket_id, body.seq))
}

impl Repair {
    /// The next night's repair after `now`.
    pub(crate) fn next(&self, now: Timestamp) -> Timestamp {
        let local = now.plus(self.zone_minutes * time::MINUTE).0;
        let today = local.div_euclid(time::DAY) * time::DAY + self.hour * time::HOUR;
        let next = if today > local { today } else { today + time::DAY };
        Timestamp(next).plus(-self.zone_minutes * time::MINUTE)
    }

    /// Puts the next night's repair into the queue, once.
    pub(crate) fn plan(&self, conn: &mut db::Conn, ctx: &Ctx) -> Result<()> {
        let at = self.next(ctx.now);
        let once = format!("repair:{}", at.0);
        let new = queue::New {
            topic: TOPIC_REPAIR,
            body: "{}".to_owned(),
            order_key: None,
            once_key: Some(&once),
            due_at: at,
        };
        queue::put(conn, ctx, new).map(|_put| ())
    }

    async fn run(self, mirror: &Mirror, store: &FileStore, ctx: Ctx) -> (End, Option<Record>) {
        let synced = mirror.everything(&ctx).await;
        if let Err(error) = self.forget(mirror, store, ctx.now).await {
            tracing::warn!(%error, "not everything old was forgotten, the next night goes on");
        }
        let record: Record = Box::new(move |conn, ctx| self.plan(conn, ctx));
        match synced {
            Ok(synced) => (End::Done(format!("{synced:?}")), Some(record)),
            // Tomorrow's repair is planned all the same.
            Err(error) => (End::Done(format!("同步失败：{error}")), Some(record)),
        }
    }

    /// What was good for a while only, ended jobs that are old enough, a bounded number in each
    /// transaction, and what crashes left in the file store.
    async fn forget(self, mirror: &Mirror, store: &FileStore, now: Timestamp) -> Result<()> {
        for purge in PURGES {
            for _ in 0..PURGES_MAX {
                if mirror.db.write(move |conn| purge(conn, now)).await? == 0 {
                    break;
                }
            }
        }
        let before = now.plus(-self.keep);
        for _ in 0..PURGES_MAX {
            if mirror.db.write(move |conn| queue::purge(conn, before)).await? == 0 {
                break;
            }
        }
        // Photos of visitors who sent no form.
        let old = now.plus(-time::DAY);
        for _ in 0..PURGES_MAX {
            let forget = move |conn: &mut db::Conn| files::forget(conn, http::VISIT, old, 200);
            let (forgotten, bytes) = mirror.db.write(forget).await?;
            for sha256 in &bytes {
                store.discard(sha256, now)?;
            }
            if forgotten == 0 {
                break;
            }
        }
        store.drop_rests(now).map(|_dropped| ())
    }
}

/// How soon a replica offers what another one has published.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// Looks after what other replicas publish, until told to stop.
pub(crate) async fn keep_fresh(db: db::Db, catalog: catalog::Catalog, stop: queue::Stop) {
    loop {
        tokio::select! {
            () = stop.stopped() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        let catalog = catalog.clone();
        if let Err(error) = db.read(move |conn| catalog.refresh(conn)).await {
            tracing::debug!(%error, "the catalog was not refreshed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repair_comes_at_three_in_the_night_of_the_organisation() {
        let repair = Repair { hour: 3, zone_minutes: 480, keep: time::DAY };
        for (now, next) in [
            ("2026-11-22T00:00:00Z", "2026-11-22T19:00:00.000000Z"),
            ("2026-11-22T18:59:59Z", "2026-11-22T19:00:00.000000Z"),
            ("2026-11-22T19:00:00Z", "2026-11-23T19:00:00.000000Z"),
        ] {
            let now: Timestamp = serde_json::from_str(&format!("{now:?}")).unwrap();
            assert_eq!(repair.next(now).to_string(), next);
        }
    }
}
