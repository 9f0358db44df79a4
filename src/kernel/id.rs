//! Ids made by the application: 63-bit Snowflake numbers that sort by time, text in JSON.

use std::{
    fmt,
    num::ParseIntError,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::time::{MILLI, Timestamp};

/// 2025-01-01T00:00:00Z in milliseconds: the zero of the ids' clock, good until 2094.
const EPOCH_MS: i64 = 1_735_689_600_000;
const SEQUENCE_BITS: u32 = 12;
const REPLICA_BITS: u32 = 10;

/// The number of a running replica, 0..=1023: two replicas that run at once never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplicaNo(i64);

impl ReplicaNo {
    /// How many replicas can run on one database.
    pub const COUNT: i64 = 1 << REPLICA_BITS;

    /// A replica number, or nothing outside 0..=1023.
    pub fn new(number: i64) -> Option<Self> {
        (0..Self::COUNT).contains(&number).then_some(Self(number))
    }

    /// The bare number.
    pub fn get(self) -> i64 {
        self.0
    }
}

/// Makes ids: 41 bits of milliseconds, 10 of replica, 12 of sequence. Never repeats and never
/// goes back, even when the clock does.
#[derive(Clone, Debug)]
pub struct Ids {
    replica: ReplicaNo,
    last: Arc<AtomicI64>,
}

impl Ids {
    /// A maker for one replica.
    pub fn new(replica: ReplicaNo) -> Self {
        Self { replica, last: Arc::new(AtomicI64::new(0)) }
    }

    /// The least id that can be made at this time or later.
    pub fn floor(at: Timestamp) -> i64 {
        (at.0 / MILLI).saturating_sub(EPOCH_MS).max(0) << (SEQUENCE_BITS + REPLICA_BITS)
    }

    /// The next id at the time `now`.
    pub fn next(&self, now: Timestamp) -> i64 {
        let tick = ((now.0 / MILLI).saturating_sub(EPOCH_MS)).max(0) << SEQUENCE_BITS;
        let before = self
            .last
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(tick.max(last + 1)))
            .unwrap_or_else(|last| last);
        let stamp = tick.max(before + 1);
        let (millis, sequence) = (stamp >> SEQUENCE_BITS, stamp & ((1 << SEQUENCE_BITS) - 1));
        (millis << (SEQUENCE_BITS + REPLICA_BITS)) | (self.replica.0 << SEQUENCE_BITS) | sequence
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// A new id of this kind.
            pub fn next(ids: &Ids, now: Timestamp) -> Self {
                Self(ids.next(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(|_ignored| de::Error::custom("not an id"))
            }
        }
    )*};
}

ids! {
    /// A ticket (工单).
    TicketId
    /// A task (待办): one piece of work at one step of a ticket.
    TaskId
    /// A queued job: inbox, outbox or timer row.
    JobId
    /// A member of staff as a row of ours; WeCom's own name for him is the userid.
    MemberId
    /// A department as a row of ours.
    DepartmentId
    /// A customer.
    CustomerId
    /// A stored file.
    FileId
    /// An API token.
    TokenId
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_rise_even_when_the_clock_goes_back_or_stands() {
        let ids = Ids::new(ReplicaNo::new(3).unwrap());
        let now = Timestamp::from_seconds(1_800_000_000);
        let mut last = 0;
        for step in 0..10_000 {
            let id = ids.next(now.plus(-step));
            assert!(id > last, "{id} after {last}");
            last = id;
        }
    }

    #[test]
    fn two_replicas_never_make_the_same_id() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let mut seen = BTreeSet::new();
        for replica in [0, 1, 1023] {
            let ids = Ids::new(ReplicaNo::new(replica).unwrap());
            for _ in 0..5_000 {
                assert!(seen.insert(ids.next(now)));
            }
        }
    }

    #[test]
    fn an_id_is_text_in_json() {
        let id = TicketId(9_007_199_254_740_993);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<TicketId>("\"9007199254740993\"").unwrap(), id);
    }

    #[test]
    fn replica_numbers_end_at_1023() {
        assert!(ReplicaNo::new(1023).is_some());
        assert!(ReplicaNo::new(1024).is_none());
        assert!(ReplicaNo::new(-1).is_none());
    }
}
