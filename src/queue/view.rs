//! What operators see and do: lists, replay, purge, counts.

use std::collections::BTreeMap;

use db::{Conn, OrDb as _};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _,
    Queryable, RunQueryDsl as _, dsl,
};
use kernel::{Ctx, Cursor, Error, JobId, Kind, Limit, Page, Result, Timestamp};
use serde::Serialize;

use crate::{job::State, schema::queue_job as t};

/// Jobs that one purge deletes at most: a short transaction, repeated.
const PURGE_MAX: i64 = 500;

/// Which side of the house a topic is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What came in: topics that begin with `inbox`.
    Inbox,
    /// What goes out: topics that begin with `outbox`.
    Outbox,
    /// Everything else.
    Work,
}

impl Side {
    /// The side of a topic.
    pub fn of(topic: &str) -> Self {
        if topic.starts_with("inbox") {
            Self::Inbox
        } else if topic.starts_with("outbox") {
            Self::Outbox
        } else {
            Self::Work
        }
    }
}

/// Which jobs to list.
#[derive(Clone, Debug)]
pub struct Filter {
    /// On which side.
    pub side: Side,
    /// In which state, or in any.
    pub state: Option<State>,
    /// Of which topic, or of any on the side.
    pub topic: Option<String>,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
    /// How long the page is.
    pub limit: Limit,
}

/// A job as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Its topic.
    pub topic: String,
    /// Its state.
    pub state: &'static str,
    /// Tries so far.
    pub attempts: i32,
    /// The key of its order.
    pub order_key: Option<String>,
    /// The key that tells repeats.
    pub once_key: Option<String>,
    /// When it is or was due.
    pub due_at: Timestamp,
    /// When it was put.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it ended, or why it waits.
    pub outcome: Option<String>,
    /// What the handler reads; only [`get`] gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// How many jobs of a topic are in a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stat {
    /// The topic.
    pub topic: String,
    /// The state.
    pub state: &'static str,
    /// How many.
    pub count: i64,
    /// When the oldest of them became due.
    pub oldest_due: Timestamp,
}

#[derive(Queryable)]
struct Row {
    id: i64,
    topic: String,
    state: String,
    attempts: i32,
    order_key: Option<String>,
    once_key: Option<String>,
    due_at: i64,
    created_at: i64,
    finished_at: Option<i64>,
    outcome: Option<String>,
}

fn view(row: Row) -> JobView {
    JobView {
        id: JobId(row.id),
        topic: row.topic,
        state: word(&row.state),
        attempts: row.attempts,
        order_key: row.order_key,
        once_key: row.once_key,
        due_at: Timestamp(row.due_at),
        created_at: Timestamp(row.created_at),
        finished_at: row.finished_at.map(Timestamp),
        outcome: row.outcome.filter(|said| !said.is_empty()),
        body: None,
    }
}

fn word(state: &str) -> &'static str {
    State::parse(state).map_or("unknown", State::as_str)
}

type Columns = (
    t::id,
    t::topic,
    t::state,
    t::attempts,
    t::order_key,
    t::once_key,
    t::due_at,
    t::created_at,
    t::finished_at,
    t::outcome,
);

const COLUMNS: Columns = (
    t::id,
    t::topic,
    t::state,
    t::attempts,
    t::order_key,
    t::once_key,
    t::due_at,
    t::created_at,
    t::finished_at,
    t::outcome,
);

/// Jobs, newest first.
///
/// # Errors
/// Those of the database.
pub fn list(conn: &mut Conn, filter: &Filter) -> Result<Page<JobView>> {
    let mut jobs = t::table.select(COLUMNS).into_boxed();
    // `~` sorts after every character of a topic's name: the end of the range.
    jobs = match filter.side {
        Side::Inbox => jobs.filter(t::topic.ge("inbox").and(t::topic.lt("inbox~"))),
        Side::Outbox => jobs.filter(t::topic.ge("outbox").and(t::topic.lt("outbox~"))),
        Side::Work => jobs
            .filter(t::topic.lt("inbox").or(t::topic.ge("inbox~")))
            .filter(t::topic.lt("outbox").or(t::topic.ge("outbox~"))),
    };
    if let Some(topic) = &filter.topic {
        jobs = jobs.filter(t::topic.eq(topic));
    }
    jobs = match filter.state {
        // Most jobs are done: read newest first, not found by state and sorted.
        Some(State::Done) => jobs.filter(dsl::not(t::state.ne(State::Done.as_str()))),
        Some(state) => jobs.filter(t::state.eq(state.as_str())),
        None => jobs,
    };
    if let Some(cursor) = filter.cursor {
        jobs = jobs.filter(t::id.lt(cursor.id));
    }
    let rows: Vec<Row> = jobs.order(t::id.desc()).limit(filter.limit.probe()).load(conn).or_db()?;
    let page = Page::cut(rows, filter.limit, |row| Cursor { key: row.id, id: row.id });
    Ok(page.map(view))
}

/// One job with its body.
///
/// # Errors
/// `queue.no_such_job`.
pub fn get(conn: &mut Conn, id: JobId) -> Result<JobView> {
    let row = t::table.find(id.0).select((COLUMNS, t::body));
    let row: Option<(Row, String)> = row.first(conn).optional().or_db()?;
    let (row, body) = row.ok_or_else(no_such_job)?;
    Ok(JobView { body: Some(body), ..view(row) })
}

fn no_such_job() -> Error {
    Error::new(Kind::NotFound, "queue.no_such_job", "没有这个任务")
}

/// Runs a buried job again with fresh tries; what came in may be replayed whenever it has ended.
/// Ring the bell after the commit.
///
/// # Errors
/// `queue.no_such_job`; `queue.not_ended` for a job that has not ended, or that must not be
/// repeated.
pub fn again(conn: &mut Conn, ctx: &Ctx, id: JobId) -> Result<()> {
    let job = get(conn, id)?;
    let is_ended = job.state != State::Pending.as_str() && job.state != State::Running.as_str();
    let may = job.state == State::Failed.as_str() || Side::of(&job.topic) == Side::Inbox;
    let changed = if is_ended && may {
        diesel::update(t::table.filter(t::id.eq(id.0).and(t::state.eq(job.state))))
            .set((
                t::state.eq(State::Pending.as_str()),
                t::due_at.eq(ctx.now.0),
                t::attempts.eq(0),
                t::losses.eq(0),
                t::finished_at.eq(None::<i64>),
            ))
            .execute(conn)
            .or_db()?
    } else {
        0
    };
    match changed {
        1 => Ok(()),
        _ => Err(Error::new(Kind::Conflict, "queue.not_ended", "该任务尚未结束，或不可重复执行")),
    }
}

/// Deletes jobs that ended well before an instant, oldest first. Gives how many: call again while
/// it gives any. Buried ones stay until a person acts.
///
/// # Errors
/// Those of the database.
pub fn purge(conn: &mut Conn, before: Timestamp) -> Result<usize> {
    let mut gone = 0;
    for state in [State::Done, State::Ignored, State::Merged, State::Expired] {
        // A job ends after it is due, so the index tells without a look at the young rows.
        let old = t::state.eq(state.as_str()).and(t::due_at.lt(before.0));
        let old = t::table.filter(old.and(t::finished_at.lt(before.0)));
        let ids: Vec<i64> = old.select(t::id).limit(PURGE_MAX).load(conn).or_db()?;
        gone += diesel::delete(t::table.filter(t::id.eq_any(&ids))).execute(conn).or_db()?;
    }
    Ok(gone)
}

/// Counts by topic and state.
///
/// # Errors
/// Those of the database.
pub fn stats(conn: &mut Conn) -> Result<Vec<Stat>> {
    let counted = t::table.group_by((t::topic, t::state));
    let rows: Vec<(String, String, i64, Option<i64>)> = counted
        .select((t::topic, t::state, dsl::count_star(), dsl::min(t::due_at)))
        .load(conn)
        .or_db()?;
    let mut stats = BTreeMap::new();
    for (topic, state, count, oldest) in rows {
        let (state, oldest_due) = (word(&state), Timestamp(oldest.unwrap_or_default()));
        stats.insert((topic.clone(), state), Stat { topic, state, count, oldest_due });
    }
    Ok(stats.into_values().collect())
}
