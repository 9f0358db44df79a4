//! The writer, which is one, because equal keys must meet one writer; and the keeper of the spool,
//! who also sees to it that a writer which the database holds is replaced.

use std::{
    mem,
    sync::{Arc, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use kernel::{Error, JobId, Result, crash_point};

use super::{Lanes, Shared, Told, Waiting};
use crate::{spool::Row, sql};

/// Rows, and bytes of theirs, in one insert: within the smallest packet that a server allows.
const BATCH_MAX: usize = 128;
const BATCH_BYTES_MAX: usize = 4 << 20;
/// Messages, and bytes of theirs, in one sync of the spool.
const GROUP_MAX: usize = 1024;
const GROUP_BYTES_MAX: usize = 8 << 20;
/// How often the keeper looks after the writer while something is wrong.
const WATCH: Duration = Duration::from_millis(500);
/// Writers that the database may hold before no more are started.
const WRITERS_MAX: usize = 4;

/// What the writer does next.
enum Task {
    Write(Vec<Waiting>),
    Drain,
    End,
}

pub(super) fn start_writer(shared: &Arc<Shared>) -> Result<()> {
    let generation = {
        let mut lanes = shared.lock();
        lanes.generation += 1;
        lanes.busy_since = None;
        lanes.writers += 1;
        lanes.generation
    };
    // An earlier writer that only waits must not catch what is meant for the new one.
    shared.for_writer.notify_all();
    let theirs = shared.clone();
    let started = thread::Builder::new().name("intake-writer".into()).spawn(move || {
        // A panic must not look like a writer that is still there.
        let _counted = Counted(&theirs);
        write_all(&theirs, generation);
    });
    match started {
        Ok(_detached) => Ok(()),
        Err(error) => {
            shared.lock().writers -= 1;
            Err(Error::bug("the intake's writer cannot be started").caused_by(error))
        }
    }
}

struct Counted<'a>(&'a Shared);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.lock().writers -= 1;
        self.0.for_keeper.notify_all();
    }
}

pub(super) fn start_keeper(shared: &Arc<Shared>) -> Result<JoinHandle<()>> {
    let shared = shared.clone();
    thread::Builder::new()
        .name("intake-keeper".into())
        .spawn(move || keep_all(&shared))
        .map_err(|error| Error::bug("the intake's keeper cannot be started").caused_by(error))
}

fn write_all(shared: &Shared, generation: u64) {
    loop {
        match next_task(shared, generation) {
            Task::Write(batch) => write(shared, batch),
            Task::Drain => match drain(shared, generation) {
                Ok(()) => {}
                Err(error) => {
                    tracing::debug!(%error, "the spool cannot be drained yet");
                    pause(shared, generation, shared.settings.retry);
                }
            },
            Task::End => return,
        }
        let mut lanes = shared.lock();
        if lanes.generation == generation {
            lanes.busy_since = None;
        }
    }
}

fn next_task(shared: &Shared, generation: u64) -> Task {
    let mut lanes = shared.lock();
    loop {
        if lanes.generation != generation {
            return Task::End;
        }
        if lanes.is_closed && (lanes.is_away || lanes.writing.is_empty()) {
            return Task::End;
        }
        if lanes.is_away {
            return Task::Drain;
        }
        if !lanes.writing.is_empty() {
            lanes.busy_since = Some(Instant::now());
            return Task::Write(batch(&mut lanes));
        }
        lanes = shared.for_writer.wait(lanes).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What waits, up to a batch. Nobody is waited for: batches form while the last one commits.
fn batch(lanes: &mut Lanes) -> Vec<Waiting> {
    let mut bytes = 0;
    let fits = |one: &&Waiting| {
        bytes += one.bytes();
        bytes <= BATCH_BYTES_MAX
    };
    let count = lanes.writing.iter().take(BATCH_MAX).take_while(fits).count().max(1);
    let batch: Vec<_> = lanes.writing.drain(..count.min(lanes.writing.len())).collect();
    lanes.writing_bytes -= batch.iter().map(Waiting::bytes).sum::<usize>();
    batch
}

fn write(shared: &Shared, mut batch: Vec<Waiting>) {
    metrics::histogram!("intake_batch_rows").record(size(batch.len()));
    batch.sort_unstable_by(|a, b| a.row.once_key.cmp(&b.row.once_key));
    match insert(shared, batch.iter().map(|one| &*one.row)) {
        Ok(_new) => {
            crash_point("cb.committed");
            tell(batch, || Told::Safe);
        }
        // One of them is at fault: the others must not suffer for it.
        Err(error) if !error.is_transient() && batch.len() > 1 => {
            tracing::error!(%error, "a batch of messages cannot be stored, trying each alone");
            batch.into_iter().for_each(|one| write(shared, vec![one]));
        }
        Err(error) => {
            shared.leave(&error.to_string());
            tell(batch, || Told::Away);
        }
    }
}

fn insert<'r>(shared: &Shared, rows: impl Iterator<Item = &'r Row>) -> Result<usize> {
    let rows: Vec<_> = rows.collect();
    let new = shared.db.write_intake(|conn| sql::put_rows(conn, &rows))?;
    if new > 0 {
        shared.settings.bell.ring();
    }
    Ok(new)
}

fn tell(batch: Vec<Waiting>, what: impl Fn() -> Told) {
    for one in batch {
        // Who no longer waits has gone to the spool: the same message twice is one row.
        let _gone = one.tell.send(what());
    }
}

fn size(rows: usize) -> f64 {
    f64::from(u32::try_from(rows).unwrap_or(u32::MAX))
}

/// Puts into the database what is in the spool, segment by segment, until it is empty; then
/// messages go to the database again. A segment goes only after its commit.
fn drain(shared: &Shared, generation: u64) -> Result<()> {
    let mut drained = 0;
    while let Some(mut drawn) = shared.spool.oldest() {
        let mut rows = mem::take(&mut drawn.rows);
        for rows in rows.chunks_mut(BATCH_MAX) {
            if !begin_step(shared, generation) {
                return Ok(());
            }
            rows.sort_unstable_by(|a, b| a.once_key.cmp(&b.once_key));
            let stored = insert_drawn(shared, rows)?;
            drained += stored.new;
            drawn.refused += stored.refused;
        }
        crash_point("spool.drained");
        shared.spool.remove(&drawn);
    }
    if !begin_step(shared, generation) {
        return Ok(());
    }
    if drained == 0 {
        // Nothing was there to try it with: the database must prove that it takes writes.
        shared.db.write_intake(sql::touch)?;
    }
    let mut lanes = shared.lock();
    if lanes.generation == generation {
        if lanes.keeping.is_empty() && !lanes.is_keeping && shared.spool.is_empty() {
            lanes.is_away = false;
            tracing::info!(drained, "messages go to the database again");
        } else {
            lanes.busy_since = None;
            let waited = shared.for_writer.wait_timeout(lanes, Duration::from_millis(10));
            drop(waited);
        }
    }
    Ok(())
}

/// False when another writer has taken over.
fn begin_step(shared: &Shared, generation: u64) -> bool {
    let mut lanes = shared.lock();
    let is_ours = lanes.generation == generation;
    if is_ours {
        lanes.busy_since = Some(Instant::now());
    }
    is_ours
}

/// What became of messages from the spool.
#[derive(Default)]
struct Stored {
    new: usize,
    refused: usize,
}

fn insert_drawn(shared: &Shared, rows: &mut [Row]) -> Result<Stored> {
    match insert(shared, rows.iter()) {
        Ok(new) if new == rows.len() => Ok(Stored { new, refused: 0 }),
        // Some were there before, or an old id of theirs was given to another job since: with
        // fresh ids only true repeats are left out.
        Ok(new) => {
            for row in &mut *rows {
                row.id = JobId::next(&shared.ids, shared.clock.now());
            }
            insert(shared, rows.iter()).map(|more| Stored { new: new + more, refused: 0 })
        }
        Err(error) if error.is_transient() => Err(error),
        Err(_one) if rows.len() > 1 => {
            let mut all = Stored::default();
            for row in rows.chunks_mut(1) {
                let one = insert_drawn(shared, row)?;
                all = Stored { new: all.new + one.new, refused: all.refused + one.refused };
            }
            Ok(all)
        }
        Err(error) => {
            // If the database takes no writes at all, the message is not at fault.
            shared.db.write_intake(sql::touch)?;
            tracing::error!(%error, "a spooled message cannot be stored");
            Ok(Stored { new: 0, refused: 1 })
        }
    }
}

/// Waits, but not for longer than there is a reason to.
fn pause(shared: &Shared, generation: u64, span: Duration) {
    let until = Instant::now() + span;
    let mut lanes = shared.lock();
    if lanes.generation == generation {
        lanes.busy_since = None;
    }
    while !lanes.is_closed && lanes.generation == generation && !mem::take(&mut lanes.is_nudged) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let waited = shared.for_writer.wait_timeout(lanes, left);
        lanes = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

fn keep_all(shared: &Arc<Shared>) {
    loop {
        let Some(group) = next_group(shared) else { return };
        let kept = shared.spool.append(group.iter().map(|one| &*one.row));
        let mut lanes = shared.lock();
        lanes.is_keeping = false;
        lanes.is_away = true;
        drop(lanes);
        shared.for_writer.notify_all();
        match kept {
            Ok(()) => {
                let count = u64::try_from(group.len()).unwrap_or_default();
                metrics::counter!("intake_spooled_total").increment(count);
                tell(group, || Told::Safe);
            }
            Err(error) => {
                tracing::error!(%error, messages = group.len(), "the spool takes no messages");
                tell(group, || Told::Refused(error.clone()));
            }
        }
    }
}

fn next_group(shared: &Arc<Shared>) -> Option<Vec<Waiting>> {
    let mut lanes = shared.lock();
    loop {
        if !lanes.keeping.is_empty() {
            let mut bytes = 0;
            let fits = |one: &&Waiting| {
                bytes += one.bytes();
                bytes <= GROUP_BYTES_MAX
            };
            let count = lanes.keeping.iter().take(GROUP_MAX).take_while(fits).count().max(1);
            lanes.is_keeping = true;
            return Some(lanes.keeping.drain(..count).collect());
        }
        if lanes.is_over {
            return None;
        }
        if lanes.is_away || lanes.writers == 0 {
            drop(lanes);
            watch(shared);
            let waited = shared.for_keeper.wait_timeout(shared.lock(), WATCH);
            lanes = waited.unwrap_or_else(PoisonError::into_inner).0;
        } else {
            lanes = shared.for_keeper.wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Starts another writer when the database holds the present one, or when it is gone.
fn watch(shared: &Arc<Shared>) {
    let lanes = shared.lock();
    let is_stuck = lanes.busy_since.is_some_and(|since| since.elapsed() > shared.settings.stuck);
    let is_wanted = !lanes.is_closed && lanes.writers < WRITERS_MAX;
    if !is_wanted || !(is_stuck || lanes.writers == 0) {
        return;
    }
    let writers = lanes.writers;
    drop(lanes);
    tracing::warn!(writers, "the database holds the intake's writer, another takes over");
    if let Err(error) = start_writer(shared) {
        tracing::error!(%error, "no writer can be started");
    }
}
