//! The SQL of putting, leasing and ending jobs. Leases are compare-and-set with a fencing token:
//! every claim has a token of its own, and only who holds it may end the job.

mod group;

use std::{collections::BTreeSet, fmt::Write as _};

use db::{Conn, OrDb as _, Unique, is_unique};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _,
    Queryable, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Nullable, Text},
};
use kernel::{Ctx, Error, JobId, Micros, Result, Timestamp, text, time};

use self::group::GroupInsert;
use crate::{
    job::{Job, KEY_CHARS_MAX, New, Put, State},
    run::Held,
    schema::queue_job as t,
    spool::Row,
};

/// How long a claimed job is ours without a word from us.
pub(crate) const LEASE: Micros = 60 * time::SECOND;
/// How long a lease that ran out is left alone: clocks differ and answers are late.
pub(crate) const LEASE_MARGIN: Micros = 5 * time::SECOND;
/// A job whose lease ran out so often has killed its process each time.
const LOSSES_MAX: i32 = 3;
/// How many lost leases one look takes back.
const RESCUES_MAX: i64 = 200;
/// The longest outcome that is kept.
const OUTCOME_CHARS_MAX: usize = 1000;
/// Bits of an id below its milliseconds.
const ID_TICK_BITS: u32 = 22;

const ONCE: Unique = Unique { name: "queue_job_once", columns: "queue_job.once_key" };

/// Puts a job, in the transaction of what causes it. Ring the bell after the commit.
///
/// # Errors
/// `queue.key_too_long`; those of the database.
pub fn put(conn: &mut Conn, ctx: &Ctx, job: New<'_>) -> Result<Put> {
    check_key(job.once_key)?;
    check_key(job.order_key)?;
    if let Some(key) = job.once_key {
        let before = t::table.filter(t::once_key.eq(key)).select(t::id);
        if before.first::<i64>(conn).optional().or_db()?.is_some() {
            return Ok(Put::Repeat);
        }
    }
    let id = JobId::next(&ctx.ids, ctx.now);
    let added = diesel::insert_into(t::table)
        .values((
            t::id.eq(id.0),
            t::topic.eq(job.topic),
            t::once_key.eq(job.once_key),
            t::order_key.eq(job.order_key),
            t::turn.eq(turn(id, job.due_at.since(ctx.now))),
            t::due_at.eq(job.due_at.0),
            t::body.eq(&job.body),
            t::created_at.eq(ctx.now.0),
        ))
        .execute(conn)
        .or_db();
    match added {
        Ok(_one) => Ok(Put::New(id)),
        // Somebody put it since we looked. Only the statement was undone: the transaction lives.
        Err(error) if is_unique(&error, ONCE) => Ok(Put::Repeat),
        Err(error) => Err(error),
    }
}

/// Puts many messages with one statement, and passes over those whose once_key is there already.
/// Their keys were checked. Gives how many were new.
pub(crate) fn put_rows(conn: &mut Conn, rows: &[&Row]) -> Result<usize> {
    db::execute!(conn, GroupInsert(rows))
}

/// Writes nothing, but fails as a write does when the database is read-only or full.
pub(crate) fn touch(conn: &mut Conn) -> Result<()> {
    let nobody = diesel::update(t::table.filter(t::id.eq(0))).set(t::losses.eq(0));
    nobody.execute(conn).or_db().map(|_rows| ())
}

/// The place in the order of its key: the id that the job would have if it were put when it is
/// due. So a timer holds back nothing that comes before its time.
fn turn(id: JobId, delay: Micros) -> i64 {
    let ticks = (delay.max(0) / time::MILLI).min(i64::MAX >> (ID_TICK_BITS + 1));
    id.0.saturating_add(ticks << ID_TICK_BITS)
}

pub(crate) fn check_key(key: Option<&str>) -> Result<()> {
    match key {
        Some(key) if key.len() > KEY_CHARS_MAX && key.chars().count() > KEY_CHARS_MAX => {
            Err(Error::new(kernel::Kind::Invalid, "queue.key_too_long", text::cut_chars(key, 80)))
        }
        _ => Ok(()),
    }
}

/// Removes a job that nobody has begun. False when it is not there, runs, or has ended.
///
/// # Errors
/// Those of the database.
pub fn drop_timer(conn: &mut Conn, once_key: &str) -> Result<bool> {
    let waiting = t::once_key.eq(once_key).and(t::state.eq(State::Pending.as_str()));
    Ok(diesel::delete(t::table.filter(waiting)).execute(conn).or_db()? > 0)
}

/// A topic with room for more, as [`claim`] reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) topic: &'static str,
    pub(crate) jobs: usize,
}

#[derive(QueryableByName)]
struct Candidate {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    order_key: Option<String>,
    #[diesel(sql_type = BigInt)]
    due_at: i64,
}

/// Due jobs whose turn it is. One branch a topic, each a short walk along `queue_job_by_due`, so
/// that a topic with a long queue costs the others nothing.
pub(crate) fn candidates_sql(rooms: &[Room], now: Timestamp) -> String {
    let mut sql = String::with_capacity(rooms.len() * 480);
    for (at, room) in rooms.iter().enumerate() {
        let Room { topic, jobs } = room;
        let union = if at == 0 { "" } else { " UNION ALL " };
        let branch = write!(
            sql,
            "{union}SELECT id, order_key, due_at FROM (SELECT j.id, j.order_key, j.due_at \
             FROM queue_job j WHERE j.state = 'pending' AND j.topic = '{topic}' \
             AND j.due_at <= {} \
             AND NOT EXISTS (SELECT 1 FROM queue_job e WHERE e.order_key = j.order_key \
             AND e.state = 'pending' AND e.turn < j.turn) \
             AND NOT EXISTS (SELECT 1 FROM queue_job r WHERE r.order_key = j.order_key \
             AND r.state = 'running') \
             ORDER BY j.due_at, j.id LIMIT {jobs}) b{at}",
            now.0
        );
        debug_assert!(branch.is_ok(), "writing to a String cannot fail");
    }
    sql
}

fn candidates(conn: &mut Conn, rooms: &[Room], now: Timestamp) -> Result<Vec<i64>> {
    let mut found: Vec<Candidate> = sql_query(candidates_sql(rooms, now)).load(conn).or_db()?;
    found.sort_by_key(|one| (one.due_at, one.id));
    let mut keys = BTreeSet::new();
    found.retain(|one| one.order_key.as_ref().is_none_or(|key| keys.insert(key.clone())));
    Ok(found.into_iter().map(|one| one.id).collect())
}

/// Whether [`claim`] would find anything: a read, for the poll of an idle replica.
pub(crate) fn is_due(conn: &mut Conn, rooms: &[Room], now: Timestamp) -> Result<bool> {
    let probe: Vec<_> = rooms.iter().map(|room| Room { jobs: 1, ..*room }).collect();
    Ok(!candidates(conn, &probe, now)?.is_empty())
}

#[derive(Queryable)]
struct Claimed {
    id: i64,
    topic: String,
    body: String,
    attempts: i32,
    order_key: Option<String>,
    once_key: Option<String>,
    due_at: i64,
    created_at: i64,
}

/// Leases due jobs: at most `max`, at most one of each order_key, none whose key has an earlier
/// job. The try is counted here, before anything runs.
pub(crate) fn claim(
    conn: &mut Conn,
    rooms: &[Room],
    max: usize,
    lease: Lease,
) -> Result<Vec<Held>> {
    let mut ids = candidates(conn, rooms, lease.now)?;
    ids.truncate(max);
    // By primary key and in its order: two replicas that claim the same rows do not deadlock.
    ids.sort_unstable();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    take(conn, &ids, lease)
}

/// Leases the next job of a key, when it is due and of this topic: for who has just ended the one
/// before it, in the same transaction.
pub(crate) fn claim_next(
    conn: &mut Conn,
    order_key: &str,
    topic: &str,
    lease: Lease,
) -> Result<Option<Held>> {
    let of_key = |state: State| t::order_key.eq(order_key).and(t::state.eq(state.as_str()));
    let running = t::table.filter(of_key(State::Running)).select(t::id);
    if running.first::<i64>(conn).optional().or_db()?.is_some() {
        return Ok(None);
    }
    let next = t::table.filter(of_key(State::Pending)).order(t::turn.asc());
    let next = next.select((t::id, t::topic, t::due_at));
    let next: Option<(i64, String, i64)> = next.first(conn).optional().or_db()?;
    match next {
        Some((id, of, due_at)) if of == topic && due_at <= lease.now.0 => {
            Ok(take(conn, &[id], lease)?.pop())
        }
        _ => Ok(None),
    }
}

fn take(conn: &mut Conn, ids: &[i64], lease: Lease) -> Result<Vec<Held>> {
    let free = t::id.eq_any(ids).and(t::state.eq(State::Pending.as_str()));
    let won = diesel::update(t::table.filter(free.and(t::due_at.le(lease.now.0))))
        .set((
            t::state.eq(State::Running.as_str()),
            t::attempts.eq(t::attempts + 1),
            t::lease_token.eq(lease.token),
            t::lease_until.eq(lease.until.0),
        ))
        .execute(conn)
        .or_db()?;
    if won == 0 {
        return Ok(Vec::new());
    }
    let ours = t::id.eq_any(ids).and(t::lease_token.eq(lease.token));
    let rows = t::table.filter(ours).order((t::due_at.asc(), t::id.asc())).select((
        t::id,
        t::topic,
        t::body,
        t::attempts,
        t::order_key,
        t::once_key,
        t::due_at,
        t::created_at,
    ));
    let rows: Vec<Claimed> = rows.load(conn).or_db()?;
    Ok(rows.into_iter().map(|row| Held { job: job(row), token: lease.token }).collect())
}

fn job(row: Claimed) -> Job {
    Job {
        id: JobId(row.id),
        topic: row.topic,
        body: row.body,
        attempts: row.attempts,
        order_key: row.order_key,
        once_key: row.once_key,
        due_at: Timestamp(row.due_at),
        created_at: Timestamp(row.created_at),
    }
}

/// A lease about to be taken: `token` is new with every claim.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lease {
    pub(crate) token: i64,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

/// What is written at the end of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// It is over.
    Over { state: State, outcome: String },
    /// It runs again.
    Again { at: Timestamp, why: String, is_try: bool },
}

/// Ends a try. False when the lease is no longer ours: nothing was changed.
pub(crate) fn finish(
    conn: &mut Conn,
    now: Timestamp,
    (id, token): (JobId, i64),
    closing: &Closing,
) -> Result<bool> {
    let ours = t::table.filter(
        t::id.eq(id.0).and(t::lease_token.eq(token)).and(t::state.eq(State::Running.as_str())),
    );
    let free = (t::lease_token.eq(0), t::lease_until.eq(0), t::losses.eq(0));
    match closing {
        Closing::Over { state, outcome } => {
            let outcome = text::cut_chars(outcome, OUTCOME_CHARS_MAX);
            let over = (t::state.eq(state.as_str()), t::finished_at.eq(now.0));
            let changes = (free, over, t::outcome.eq(outcome));
            Ok(diesel::update(ours).set(changes).execute(conn).or_db()? > 0)
        }
        Closing::Again { at, why, is_try } => {
            let why = text::cut_chars(why, OUTCOME_CHARS_MAX);
            let waits = (t::state.eq(State::Pending.as_str()), t::due_at.eq(at.0));
            let counted = t::attempts.eq(t::attempts - i32::from(!is_try));
            let changes = (free, waits, counted, t::outcome.eq(why));
            let found = diesel::update(ours).set(changes).execute(conn).or_db()?;
            if found > 0 {
                park_followers(conn, id, *at)?;
            }
            Ok(found > 0)
        }
    }
}

/// Jobs behind one that waits cannot run before it: moved to its time, they are not looked at in
/// vain on every claim.
fn park_followers(conn: &mut Conn, id: JobId, at: Timestamp) -> Result<()> {
    let place = t::table.filter(t::id.eq(id.0)).select((t::order_key, t::turn));
    let (key, turn): (Option<String>, i64) = place.first(conn).or_db()?;
    let Some(key) = key else { return Ok(()) };
    let behind = t::order_key.eq(key).and(t::state.eq(State::Pending.as_str()));
    let behind = behind.and(t::turn.gt(turn)).and(t::due_at.lt(at.0));
    let parked = diesel::update(t::table.filter(behind)).set(t::due_at.eq(at.0));
    parked.execute(conn).or_db().map(|_rows| ())
}

/// Keeps leases for longer.
pub(crate) fn renew(conn: &mut Conn, held: &[(JobId, i64)], until: Timestamp) -> Result<()> {
    for (id, token) in held {
        let ours = t::id.eq(id.0).and(t::lease_token.eq(token));
        diesel::update(t::table.filter(ours.and(t::state.eq(State::Running.as_str()))))
            .set(t::lease_until.eq(until.0))
            .execute(conn)
            .or_db()?;
    }
    Ok(())
}

/// Gives back jobs that were claimed and not begun.
pub(crate) fn release(conn: &mut Conn, now: Timestamp, held: &[(JobId, i64)]) -> Result<()> {
    let untouched = Closing::Again { at: now, why: String::new(), is_try: false };
    held.iter().try_for_each(|held| finish(conn, now, *held, &untouched).map(|_found| ()))
}

/// Gives back what claims of unknown outcome may have taken: nobody runs it.
pub(crate) fn forget(conn: &mut Conn, now: Timestamp, tokens: &[i64]) -> Result<()> {
    if tokens.is_empty() {
        return Ok(());
    }
    let taken = t::state.eq(State::Running.as_str()).and(t::lease_token.eq_any(tokens));
    let taken = t::table.filter(taken).order(t::id.asc()).select((t::id, t::lease_token));
    let taken: Vec<(i64, i64)> = taken.load(conn).or_db()?;
    let taken: Vec<_> = taken.into_iter().map(|(id, token)| (JobId(id), token)).collect();
    release(conn, now, &taken)
}

fn silent_since(now: Timestamp) -> i64 {
    now.plus(-LEASE_MARGIN).0
}

/// Whether [`rescue`] would find anything.
pub(crate) fn is_any_silent(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let silent = t::state.eq(State::Running.as_str()).and(t::lease_until.le(silent_since(now)));
    let first = t::table.filter(silent).select(t::id).first::<i64>(conn);
    Ok(first.optional().or_db()?.is_some())
}

/// Takes back jobs whose holder fell silent: their process died, or lost the database for longer
/// than the lease. A job that does so again and again is buried. Gives how many were taken back.
pub(crate) fn rescue(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    let silent = t::state.eq(State::Running.as_str()).and(t::lease_until.le(silent_since(now)));
    let lost: Vec<(i64, i64, i32)> = t::table
        .filter(silent)
        .order(t::id.asc())
        .limit(RESCUES_MAX)
        .select((t::id, t::lease_token, t::losses))
        .load(conn)
        .or_db()?;
    for (id, token, losses) in &lost {
        let losses = losses + 1;
        let is_poison = losses >= LOSSES_MAX;
        let state = if is_poison { State::Failed } else { State::Pending };
        tracing::warn!(job = id, losses, state = state.as_str(), "a job's lease ran out");
        let still = t::id.eq(id).and(t::lease_token.eq(token));
        diesel::update(t::table.filter(still.and(t::state.eq(State::Running.as_str()))))
            .set((
                t::state.eq(state.as_str()),
                t::losses.eq(losses),
                t::lease_token.eq(0),
                t::lease_until.eq(0),
                t::finished_at.eq(is_poison.then_some(now.0)),
                t::outcome.eq(format!("执行 {losses} 次均未返回结果（进程中断或超时）")),
            ))
            .execute(conn)
            .or_db()?;
    }
    Ok(lost.len())
}

/// When the oldest job of a topic that may run became due.
pub(crate) fn oldest_due(conn: &mut Conn, topic: &str) -> Result<Option<Timestamp>> {
    let waiting = t::table
        .filter(t::state.eq(State::Pending.as_str()).and(t::topic.eq(topic)))
        .order(t::due_at.asc())
        .select(t::due_at);
    Ok(waiting.first::<i64>(conn).optional().or_db()?.map(Timestamp))
}
