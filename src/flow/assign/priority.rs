//! Whose turn it is. Priorities are ranks from 1 (不急) to 4 (特急).

use std::cmp::{Ordering, Reverse};

use kernel::Timestamp;

/// The highest rank.
const TOP: i32 = 4;
/// How many complaints in the past raise a ticket.
const COMPLAINTS: u32 = 2;

/// The rank of a ticket after what is known about its customer: one higher for an important one,
/// and one higher after two complaints in the past.
pub fn raised(rank: i32, is_vip: bool, past_complaints: u32) -> i32 {
    let complained = i32::from(past_complaints >= COMPLAINTS);
    (rank + i32::from(is_vip) + complained).min(TOP.max(rank))
}

/// What a queue knows about a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its rank, raised already.
    pub rank: i32,
    /// When it came.
    pub created_at: Timestamp,
    /// Whether the customer is important.
    pub is_vip: bool,
    /// Its id, so that no two are equal.
    pub id: i64,
}

/// The order of every queue: the higher priority, then the older, then the important customer's.
pub fn by_turn(a: &Queued, b: &Queued) -> Ordering {
    let key = |one: &Queued| (Reverse(one.rank), one.created_at, Reverse(one.is_vip), one.id);
    key(a).cmp(&key(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(rank: i32, minute: i64, is_vip: bool, id: i64) -> Queued {
        Queued { rank: raised(rank, is_vip, 0), created_at: Timestamp(minute), is_vip, id }
    }

    #[test]
    fn importance_and_complaints_raise_a_ticket_and_never_lower_it() {
        assert_eq!(raised(2, false, 1), 2, "one complaint is no pattern");
        assert_eq!(raised(2, false, 2), 3);
        assert_eq!(raised(2, true, 0), 3);
        assert_eq!(raised(2, true, 9), 4);
        assert_eq!(raised(4, true, 9), 4);
    }

    #[test]
    fn an_important_customer_jumps_the_queue_and_age_decides_among_equals() {
        let mut queue = [
            queued(2, 10, false, 1),
            queued(2, 10, true, 2),
            queued(2, 5, false, 3),
            queued(4, 10, false, 4),
            queued(4, 10, true, 5),
            queued(3, 9, false, 6),
        ];
        queue.sort_by(by_turn);
        assert_eq!(queue.map(|one| one.id), [5, 4, 6, 2, 3, 1]);
    }
}
