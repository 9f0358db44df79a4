//! Which running process has which number of the ids. A number is a leased row, renewed as the
//! process's heartbeat. Numbers are reused as late as possible: a process that was cut off from the
//! database goes on making ids for its spool.

use std::time::Duration;

use db::{Conn, Db, OrDb as _};
use diesel::{
    BoolExpressionMethods as _, ExpressionMethods as _, QueryDsl as _, Queryable, RunQueryDsl as _,
};
use kernel::{Clock, Error, Kind, Micros, ReplicaNo, Result, Timestamp, text, time};

use crate::{schema::queue_replica as t, stop::Stop};

/// How long a number is ours without a heartbeat, and how often there is one.
const LEASE: Micros = 60 * time::SECOND;
const BEAT: Duration = Duration::from_secs(10);
/// How often a race for a number may be lost.
const RACES_MAX: u32 = 64;
/// Characters of the process's name that are kept.
const NAME_CHARS_MAX: usize = 24;

/// A number that is ours.
#[derive(Clone, Debug)]
pub struct Replica {
    db: Db,
    clock: Clock,
    no: ReplicaNo,
    holder: String,
}

/// Why [`Replica::keep`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was told to.
    Stopped,
    /// The number has another holder: this process must make no more ids, and end.
    Lost,
}

/// A running process, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Holder {
    /// Its number.
    pub no: i64,
    /// Its name.
    pub holder: String,
    /// Until when it counts as alive, in microseconds.
    pub until_at: i64,
}

/// Takes a number: one that was given back, else one that was never used, else the one that has
/// been silent for longest. `name` is for operators; `random` tells this process from every other:
/// in containers hosts and process ids are often alike.
///
/// # Errors
/// `replica.none_free` when 1024 processes run; those of the database.
pub async fn take(db: &Db, clock: &Clock, name: &str, random: [u8; 8]) -> Result<Replica> {
    let name = text::cut_chars(name, NAME_CHARS_MAX);
    let holder = format!("{name}:{}:{}", std::process::id(), text::hex(&random));
    for _race in 0..RACES_MAX {
        let (now, holder) = (clock.now(), holder.clone());
        let mine = holder.clone();
        match db.write(move |conn| take_one(conn, now, &mine)).await {
            Ok(Some(no)) => {
                return Ok(Replica { db: db.clone(), clock: clock.clone(), no, holder });
            }
            Ok(None) => {}
            // Two processes put the same unused number.
            Err(error) if error.kind() == Kind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(Kind::Busy, "replica.contended", "多个实例同时启动，请稍后重试"))
}

/// Nothing when somebody else was faster.
fn take_one(conn: &mut Conn, now: Timestamp, holder: &str) -> Result<Option<ReplicaNo>> {
    let rows: Vec<Holder> = t::table.order((t::until_at, t::no)).load(conn).or_db()?;
    let until = now.plus(LEASE).0;
    // A repeated transaction whose first run was committed after all.
    if let Some(row) = rows.iter().find(|row| row.holder == holder) {
        return Ok(ReplicaNo::new(row.no));
    }
    let given_back = rows.iter().find(|row| row.until_at == 0);
    let unused = (0..ReplicaNo::COUNT).find(|no| rows.iter().all(|row| row.no != *no));
    let silent = rows.iter().find(|row| row.until_at < now.0);
    let no = match (given_back, unused, silent) {
        (Some(row), _, _) | (None, None, Some(row)) => {
            let as_read = t::no.eq(row.no).and(t::until_at.eq(row.until_at));
            let won = diesel::update(t::table.filter(as_read))
                .set((t::holder.eq(holder), t::until_at.eq(until)))
                .execute(conn)
                .or_db()?;
            (won > 0).then_some(row.no)
        }
        (None, Some(no), _) => {
            let row = (t::no.eq(no), t::holder.eq(holder), t::until_at.eq(until));
            diesel::insert_into(t::table).values(row).execute(conn).or_db()?;
            Some(no)
        }
        (None, None, None) => {
            return Err(Error::new(Kind::Busy, "replica.none_free", "已有 1024 个实例在运行"));
        }
    };
    Ok(no.and_then(ReplicaNo::new))
}

impl Replica {
    /// Our number.
    pub fn no(&self) -> ReplicaNo {
        self.no
    }

    /// Renews the lease.
    ///
    /// # Errors
    /// `replica.lost` when the number has another holder; those of the database.
    pub async fn beat(&self) -> Result<()> {
        self.set(self.clock.now().plus(LEASE)).await
    }

    /// Gives the number back: the next process may take it at once. No id may be made after this.
    ///
    /// # Errors
    /// As [`Replica::beat`].
    pub async fn release(&self) -> Result<()> {
        self.set(Timestamp(0)).await
    }

    async fn set(&self, until: Timestamp) -> Result<()> {
        let (no, holder) = (self.no.get(), self.holder.clone());
        let found = self.db.write(move |conn| {
            diesel::update(t::table.filter(t::no.eq(no).and(t::holder.eq(&holder))))
                .set(t::until_at.eq(until.0))
                .execute(conn)
                .or_db()
        });
        match found.await? {
            0 => Err(Error::new(Kind::Conflict, "replica.lost", "本实例的编号已被其他实例接管")),
            _ => Ok(()),
        }
    }

    /// Renews the lease until told to stop.
    pub async fn keep(&self, stop: Stop) -> Kept {
        loop {
            tokio::select! {
                () = stop.stopped() => return Kept::Stopped,
                () = tokio::time::sleep(BEAT) => {}
            }
            match self.beat().await {
                Ok(()) => {}
                Err(error) if error.kind() == Kind::Conflict => {
                    tracing::error!(replica = self.no.get(), %error, "this replica lost its number");
                    return Kept::Lost;
                }
                Err(error) => tracing::warn!(%error, "a heartbeat failed"),
            }
        }
    }
}

/// The processes that are alive.
///
/// # Errors
/// Those of the database.
pub fn list(conn: &mut Conn, now: Timestamp) -> Result<Vec<Holder>> {
    t::table.filter(t::until_at.gt(now.0)).order(t::no).load(conn).or_db()
}
