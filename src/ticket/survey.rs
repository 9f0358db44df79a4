//! When a customer is asked whether it is solved, and what he thought of it.

use kernel::{Micros, Timestamp, time};

use crate::ticket::{Status, Ticket};

/// How long after its end a ticket can be denied or rated, and for how long a rating can be changed.
const LIFE: Micros = 14 * time::DAY;
const EDITABLE: Micros = time::DAY;

/// How the survey of a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survey {
    /// There is none: it has not been done, or that was long ago.
    None,
    /// The customer is asked.
    Asked,
    /// He has answered, and may change his mind.
    Editable {
        /// Until then.
        until: Timestamp,
    },
    /// He has answered.
    Answered,
}

/// How the survey of a ticket stands. Each end of a ticket has one; a ticket that goes on has none
/// until it ends again.
pub fn survey(ticket: &Ticket, now: Timestamp) -> Survey {
    let (Status::Closed, Some(closed_at)) = (ticket.status, ticket.closed_at) else {
        return Survey::None;
    };
    match &ticket.rating {
        Some(rating) => {
            let until = rating.first_at.plus(EDITABLE);
            if now < until { Survey::Editable { until } } else { Survey::Answered }
        }
        None if now < closed_at.plus(LIFE) => Survey::Asked,
        None => Survey::None,
    }
}

/// Whether the customer may say if it is solved: while it is at work, and for two weeks after.
pub fn may_judge(ticket: &Ticket, now: Timestamp) -> bool {
    match (ticket.status, ticket.closed_at) {
        (Status::Closed, Some(closed_at)) => now < closed_at.plus(LIFE),
        (status, _) => status == Status::Open,
    }
}
