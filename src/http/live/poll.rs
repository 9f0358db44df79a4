//! The one poller of a replica: it reads what happened to all tickets, and who is where, and hands
//! it to the pages that listen.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use actix_web::web::Data;
use kernel::{Micros, Result, Timestamp, time};
use ticket::{
    Counts,
    live::{EventKey, Heard, LOOK_BACK, Presence},
};
use tokio::time::Instant;

use super::{News, Pass};
use crate::shared::Server;

/// How often it looks: what happened is told within two seconds.
const TICK: Duration = Duration::from_millis(700);
/// How far it looks back: an event is dated when its request began, which may have waited for locks and
/// been tried again, on a replica whose clock is a little behind.
const REACH: Micros = 30 * time::SECOND;
/// How often everybody's to-do lists are counted, for they change with the time alone, too.
const RECOUNT: Duration = Duration::from_secs(60);
/// How often it looks whether those who listen may still.
const CHECK: Duration = Duration::from_secs(3);

/// What the poller remembers from one look to the next.
struct Memory {
    /// The latest event that it heard of.
    last: Timestamp,
    /// What it heard lately, and when that was.
    heard: BTreeMap<EventKey, Timestamp>,
    presence: Presence,
    counts: BTreeMap<String, Counts>,
    counted_at: Instant,
    checked_at: Instant,
}

/// Looks until nobody listens any more, or the service is about to stop.
pub(super) async fn poll(server: Data<Server>) {
    let mut memory = Memory {
        last: server.clock.now(),
        heard: BTreeMap::new(),
        presence: Presence::new(),
        counts: BTreeMap::new(),
        counted_at: Instant::now(),
        checked_at: Instant::now(),
    };
    // What happened a while ago is no news to a page that has only been opened.
    let started = memory.last;
    let read = server
        .db
        .read(move |conn| ticket::live::since(conn, started.plus(-REACH), &BTreeSet::new()));
    let past = read.await.unwrap_or_default().into_iter();
    let past = past.filter(|one| one.told.at < started.plus(-LOOK_BACK));
    memory.heard.extend(past.map(|one| (one.key(), one.told.at)));
    while let Some(members) = server.live.listeners() {
        if server.is_draining.load(Ordering::SeqCst) {
            return;
        }
        if let Err(error) = look(&server, &mut memory, &members).await {
            // The next look finds what this one did not.
            tracing::warn!(%error, "what happened lately could not be read");
        }
        tokio::time::sleep(TICK).await;
    }
}

async fn look(server: &Server, memory: &mut Memory, members: &[String]) -> Result<()> {
    let now = server.clock.now();
    if memory.checked_at.elapsed() >= CHECK {
        memory.checked_at = Instant::now();
        check(server, now).await?;
    }
    let from = memory.last.plus(-REACH);
    let known: BTreeSet<_> = memory.heard.keys().copied().collect();
    let before = memory.presence.clone();
    let read = server.db.read(move |conn| {
        let heard = ticket::live::since(conn, from, &known)?;
        let presence = ticket::live::presence(conn, now)?;
        let moved = ticket::live::moved(conn, &before, &presence)?;
        Ok((heard, presence, moved))
    });
    let (heard, presence, moved) = read.await?;
    memory.presence = presence;
    for one in &heard {
        // A replica whose clock is ahead must not make this one deaf to the others.
        memory.last = memory.last.max(one.told.at.min(now));
        memory.heard.insert(one.key(), one.told.at);
    }
    let oldest = memory.last.plus(-2 * REACH);
    memory.heard.retain(|_key, at| *at >= oldest);
    let whose = whose(memory, &heard, members);
    for one in heard {
        tell(server, News::Ticket(Arc::new(one)));
    }
    for (ticket, people) in moved {
        tell(server, News::Presence { ticket, people });
    }
    count(server, memory, whose, now).await
}

/// Whose to-do lists may have changed, of those who listen.
fn whose(memory: &mut Memory, heard: &[Heard], members: &[String]) -> Vec<String> {
    memory.counts.retain(|userid, _counts| members.contains(userid));
    if memory.counted_at.elapsed() >= RECOUNT {
        memory.counted_at = Instant::now();
        return members.to_vec();
    }
    let touched: BTreeSet<_> = heard.iter().flat_map(Heard::workers).collect();
    members.iter().filter(|userid| touched.contains(userid.as_str())).cloned().collect()
}

async fn count(
    server: &Server,
    memory: &mut Memory,
    whose: Vec<String>,
    now: Timestamp,
) -> Result<()> {
    if whose.is_empty() {
        return Ok(());
    }
    let zone_minutes = server.setup.zone_minutes;
    let counted = server.db.read(move |conn| {
        let userids: Vec<_> = whose.iter().map(String::as_str).collect();
        let mut all = ticket::counts_of(conn, &userids, now, zone_minutes)?;
        let counts = whose.iter().map(|userid| {
            let counts = all.remove(userid).unwrap_or_default();
            (userid.clone(), counts)
        });
        Ok(counts.collect::<Vec<_>>())
    });
    for (userid, counts) in counted.await? {
        if memory.counts.insert(userid.clone(), counts) != Some(counts) {
            tell(server, News::Counts { userid, counts });
        }
    }
    Ok(())
}

/// Ends the streams of those who were signed out or whose token was revoked: here, on another
/// replica, or because they may not work here any more.
async fn check(server: &Server, now: Timestamp) -> Result<()> {
    let passes = server.live.passes();
    let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
    for pass in &passes {
        match pass {
            Pass::Session(id) => sessions.push(*id),
            Pass::Token(id) => tokens.push(*id),
        }
    }
    let alive = server.db.read(move |conn| {
        let sessions = org::session::alive(conn, &sessions, now)?;
        Ok((sessions, org::tokens_alive(conn, &tokens)?))
    });
    let (sessions, tokens) = alive.await?;
    let ended = passes.into_iter().filter(|pass| match pass {
        Pass::Session(id) => !sessions.contains(id),
        Pass::Token(id) => !tokens.contains(id),
    });
    let ended: BTreeSet<_> = ended.collect();
    if !ended.is_empty() {
        tell(server, News::Ended(Arc::new(ended)));
    }
    Ok(())
}

/// Nobody may be listening any more.
fn tell(server: &Server, news: News) {
    let _nobody = server.live.news.send(news);
}
