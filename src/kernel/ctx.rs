//! What one request or job knows: the time it began, who asks, how to make ids, its trace id.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use crate::{id::Ids, time::Timestamp};

/// Who asks for a change. Stored with every event of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A member of staff, by WeCom userid (lower case).
    Member {
        /// The userid.
        userid: String,
    },
    /// A program with an API token.
    Token {
        /// The token's name.
        name: String,
    },
    /// A customer, by external_userid.
    Customer {
        /// The external userid.
        external_userid: String,
    },
    /// The service itself: timers, repair, sync.
    System,
}

impl Actor {
    /// A member; the userid is folded to lower case, because WeCom compares it so.
    pub fn member(userid: &str) -> Self {
        Self::Member { userid: userid.to_lowercase() }
    }

    /// The userid, when it is a member.
    pub fn userid(&self) -> Option<&str> {
        match self {
            Self::Member { userid } => Some(userid),
            Self::Token { .. } | Self::Customer { .. } | Self::System => None,
        }
    }
}

/// The context of one request or job. `now` is read once: everything in it happens at one time.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// When this request or job began.
    pub now: Timestamp,
    /// Who asks.
    pub actor: Actor,
    /// Makes ids.
    pub ids: Ids,
    /// The request id that ties log lines, events and errors together.
    pub trace: String,
}

impl Ctx {
    /// The same context for another actor.
    #[must_use]
    pub fn with_actor(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// A new bare id.
    pub fn id(&self) -> i64 {
        self.ids.next(self.now)
    }
}

/// Random bytes for nonces, secrets and tokens: the system's in production, counted in tests.
#[derive(Clone)]
pub enum Entropy {
    /// The operating system's generator, handed in by the house; false when it failed.
    System(fn(&mut [u8]) -> bool),
    /// A counter mixed by SplitMix64: repeatable, for tests only.
    Seeded(Arc<AtomicU64>),
}

impl Entropy {
    /// A repeatable source for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed)))
    }

    /// `N` random bytes.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn bytes<const N: usize>(&self) -> crate::Result<[u8; N]> {
        let mut out = [0; N];
        match self {
            Self::System(fill) if fill(&mut out) => {}
            Self::System(_) => return Err(crate::Error::bug("the system gives no random bytes")),
            Self::Seeded(state) => {
                for chunk in out.chunks_mut(8) {
                    let word = split_mix(state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst));
                    for (byte, random) in chunk.iter_mut().zip(word.to_le_bytes()) {
                        *byte = random;
                    }
                }
            }
        }
        Ok(out)
    }

    /// `N` random bytes as lower-case hexadecimal text.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn hex<const N: usize>(&self) -> crate::Result<String> {
        Ok(crate::text::hex(&self.bytes::<N>()?))
    }
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Entropy")
    }
}

fn split_mix(state: u64) -> u64 {
    let mut word = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_entropy_repeats_and_varies() {
        let (one, two) = (Entropy::seeded(7), Entropy::seeded(7));
        let first: [u8; 16] = one.bytes().unwrap();
        assert_eq!(first, two.bytes::<16>().unwrap());
        assert_ne!(first, one.bytes::<16>().unwrap());
    }

    #[test]
    fn a_member_is_folded() {
        assert_eq!(Actor::member("ZhangSan").userid(), Some("zhangsan"));
    }
}
