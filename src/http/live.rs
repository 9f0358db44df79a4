//! What happens while pages are open. One poller a replica reads the log of all tickets, however many
//! pages listen, and hands what it reads to all of them; each tells its reader what he may see. It
//! runs only while somebody listens. Nothing is pushed by those who change tickets: what another
//! replica did is heard just the same.

mod poll;

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet, VecDeque},
    io,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use actix_web::web::Data;
use bytes::Bytes;
use futures_util::{Stream, stream};
use kernel::{Actor, Error, Kind, Result, Timestamp};
use serde::Serialize;
use serde_json::json;
use ticket::{
    Counts, Ticket,
    live::{EventKey, Heard, LOOK_BACK, MOST, REACH},
    presence::Here,
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};

use crate::{
    guard::{By, Caller},
    shared::Server,
};

/// Streams that one member, or one program, may hold at once, and all of them on one replica.
const STREAMS_EACH: usize = 8;
const STREAMS_MAX: usize = 5_000;
/// News that wait for a slow reader; who is further behind reads the page anew.
const BEHIND_MAX: usize = 1_024;
/// A comment is sent to who was told nothing for so long, so that nobody on the way takes it for death.
const HEARTBEAT: Duration = Duration::from_secs(15);
const BEAT: &[u8] = b": still here\n\n";
/// How often a silent stream looks whether the service is about to stop.
const LOOK: Duration = Duration::from_millis(500);
/// After so long a stream ends, and the reader comes again and shows anew who he is.
const LIFE: Duration = Duration::from_mins(10);

/// Something that pages are told.
#[derive(Clone, Debug)]
enum News {
    /// Something happened to a ticket.
    Ticket(Arc<Heard>),
    /// A member has so much to do.
    Counts { userid: String, counts: Counts },
    /// Others look at a ticket than before.
    Presence { ticket: Arc<Ticket>, people: Vec<Here> },
    /// These were signed out or revoked.
    Ended(Arc<BTreeSet<Pass>>),
}

/// What a reader listens with; once it is worth nothing, he hears nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pass {
    Session(i64),
    Token(i64),
}

impl Pass {
    fn of(by: &By) -> Self {
        match by {
            By::Token(token) => Self::Token(token.id.0),
            By::Session(signed_in) => Self::Session(signed_in.session.id),
        }
    }
}

/// Who listens on this replica.
pub(crate) struct Live {
    news: broadcast::Sender<News>,
    seats: Arc<Mutex<Seats>>,
}

#[derive(Default)]
struct Seats {
    /// How many streams somebody has.
    by: BTreeMap<String, usize>,
    /// Whose to-do lists are told.
    members: BTreeMap<String, usize>,
    /// What they listen with.
    passes: BTreeMap<Pass, usize>,
    is_polling: bool,
}

impl Default for Live {
    fn default() -> Self {
        Self { news: broadcast::channel(BEHIND_MAX).0, seats: Arc::default() }
    }
}

/// A place among those who listen, given back when it is dropped.
struct Seat {
    whose: String,
    member: Option<String>,
    pass: Pass,
    seats: Arc<Mutex<Seats>>,
}

fn count_down<K: Ord + Borrow<Q>, Q: Ord + ?Sized>(all: &mut BTreeMap<K, usize>, key: &Q) {
    if let Some(many) = all.get_mut(key) {
        *many -= 1;
        if *many == 0 {
            all.remove(key);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        count_down(&mut seats.by, self.whose.as_str());
        count_down(&mut seats.passes, &self.pass);
        if let Some(member) = &self.member {
            count_down(&mut seats.members, member.as_str());
        }
    }
}

impl Live {
    /// Takes a place, and tells whether the poller must be started.
    fn sit(&self, caller: &Caller) -> Result<(Seat, bool)> {
        let (whose, member) = (caller.whose(), caller.ctx.actor.userid().map(str::to_owned));
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        let own = seats.by.get(&whose).copied().unwrap_or_default();
        if own >= STREAMS_EACH || seats.by.values().sum::<usize>() >= STREAMS_MAX {
            let detail = "打开的页面太多，请关闭一些；实时更新改为定时刷新";
            return Err(Error::new(Kind::Busy, "live.too_many", detail));
        }
        *seats.by.entry(whose.clone()).or_default() += 1;
        if let Some(member) = &member {
            *seats.members.entry(member.clone()).or_default() += 1;
        }
        let pass = Pass::of(&caller.by);
        *seats.passes.entry(pass).or_default() += 1;
        let must_start = !std::mem::replace(&mut seats.is_polling, true);
        Ok((Seat { whose, member, pass, seats: self.seats.clone() }, must_start))
    }

    /// The members who listen; nothing, when nobody does, and then the poller has ended.
    fn listeners(&self) -> Option<Vec<String>> {
        let mut seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        if seats.by.is_empty() {
            seats.is_polling = false;
            return None;
        }
        Some(seats.members.keys().cloned().collect())
    }

    /// What those who listen listen with.
    fn passes(&self) -> Vec<Pass> {
        let seats = self.seats.lock().unwrap_or_else(PoisonError::into_inner);
        seats.passes.keys().copied().collect()
    }
}

/// Since when a reader was told nothing.
struct Pulse(Instant);

impl Pulse {
    /// What he is told now: what there is for him, or after a long silence that we are still here.
    /// News of others are silence to him, however many there are.
    fn say(&mut self, bytes: Option<Bytes>, now: Instant) -> Option<Bytes> {
        let is_late = now.duration_since(self.0) >= HEARTBEAT;
        let bytes = bytes.or_else(|| is_late.then(|| Bytes::from_static(BEAT)));
        if bytes.is_some() {
            self.0 = now;
        }
        bytes
    }
}

/// One page that listens.
struct Listener {
    server: Data<Server>,
    actor: Actor,
    news: broadcast::Receiver<News>,
    /// What is to be sent before anything else.
    first: VecDeque<Bytes>,
    /// The events among that.
    told: BTreeSet<EventKey>,
    pulse: Pulse,
    ends_at: Instant,
    seat: Seat,
}

/// What happens from now on, or from that place in the log, as events for whoever asks.
pub(crate) async fn listen(
    server: &Data<Server>,
    caller: &Caller,
    after: Option<Timestamp>,
) -> Result<impl Stream<Item = io::Result<Bytes>> + use<>> {
    let (seat, must_start) = server.live.sit(caller)?;
    // Heard from here on; what is read below was before, or is in both and told once.
    let news = server.live.news.subscribe();
    if must_start {
        actix_web::rt::spawn(poll::poll(server.clone()));
    }
    let (actor, now) = (caller.ctx.actor.clone(), caller.ctx.now);
    let is_reset = after.is_some_and(|after| now.since(after) > REACH);
    let from = after.filter(|_after| !is_reset).unwrap_or(now).plus(-LOOK_BACK);
    let (reader, zone_minutes) = (actor.clone(), server.setup.zone_minutes);
    let (heard, counts, is_all) = server
        .db
        .read(move |conn| {
            let mut heard = ticket::live::since(conn, from, &BTreeSet::new())?;
            let is_all = heard.len() < MOST;
            heard.retain(|one| one.is_for(&reader));
            let counts = match reader.userid() {
                None => None,
                Some(userid) => Some(ticket::counts(conn, userid, now, zone_minutes)?),
            };
            Ok((heard, counts, is_all))
        })
        .await?;
    let mut first = VecDeque::from([Bytes::from_static(b"retry: 3000\n\n")]);
    if is_reset || !is_all {
        first.push_back(event("reset", None, &json!({})));
    }
    first.extend(counts.map(|counts| event("counts", None, &counts)));
    first.extend(heard.iter().map(told));
    let began = Instant::now();
    let listener = Listener {
        server: server.clone(),
        actor,
        news,
        first,
        told: heard.iter().map(Heard::key).collect(),
        pulse: Pulse(began),
        ends_at: began + LIFE,
        seat,
    };
    Ok(stream::unfold(listener, |mut listener| async move {
        let bytes = listener.next().await?;
        Some((Ok(bytes), listener))
    }))
}

impl Listener {
    /// What is sent next; nothing at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(bytes) = self.first.pop_front() {
            return Some(bytes);
        }
        loop {
            if self.server.is_draining.load(Ordering::SeqCst) || Instant::now() >= self.ends_at {
                return None;
            }
            let bytes = match tokio::time::timeout(LOOK, self.news.recv()).await {
                Ok(Ok(News::Ended(passes))) if passes.contains(&self.seat.pass) => return None,
                Ok(Ok(news)) => self.tell(&news),
                Ok(Err(RecvError::Lagged(_many))) => Some(event("reset", None, &json!({}))),
                Ok(Err(RecvError::Closed)) => return None,
                Err(_silence) => None,
            };
            let bytes = self.pulse.say(bytes, Instant::now());
            if bytes.is_some() {
                return bytes;
            }
        }
    }

    /// News in bytes, if they are for this reader.
    fn tell(&mut self, news: &News) -> Option<Bytes> {
        match news {
            News::Ticket(heard) => {
                let is_new = heard.is_for(&self.actor) && !self.told.remove(&heard.key());
                is_new.then(|| told(heard))
            }
            News::Counts { userid, counts } => {
                (self.actor.userid() == Some(userid)).then(|| event("counts", None, counts))
            }
            News::Presence { ticket, people } => {
                let is_his = ticket::Scope::of(&self.actor).covers(ticket);
                let here = json!({ "ticket": ticket.id, "people": people });
                is_his.then(|| event("presence", None, &here))
            }
            News::Ended(_others) => None,
        }
    }
}

fn told(heard: &Heard) -> Bytes {
    event("ticket", Some(heard.told.at), &heard.told)
}

/// An event as the stream carries it. JSON has no line breaks of its own.
fn event(name: &str, at: Option<Timestamp>, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_default();
    let id = at.map(|at| format!("id: {}\n", at.0)).unwrap_or_default();
    Bytes::from(format!("{id}event: {name}\ndata: {data}\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_no_news_concern_hears_a_beat_in_spite_of_all_of_them() {
        let began = Instant::now();
        let mut pulse = Pulse(began);
        let mut beats = Vec::new();
        // Somebody else's news, twice a second for a minute.
        for half in 1..=120_u32 {
            let now = began + Duration::from_millis(500) * half;
            beats.extend(pulse.say(None, now).map(|_beat| half));
        }
        assert_eq!(beats, [30, 60, 90, 120]);
        let news = Some(Bytes::from_static(b"data: 1"));
        assert_eq!(pulse.say(news.clone(), began + Duration::from_secs(70)), news);
        assert_eq!(pulse.say(None, began + Duration::from_secs(84)), None, "he was told something");
    }
}
