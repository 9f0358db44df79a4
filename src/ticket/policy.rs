//! What an actor may see and do. One place; the API, lists, cards and pages all ask here.

use kernel::Actor;

use crate::ticket::Ticket;

/// Which tickets an actor may see. Every query takes one, so that none forgets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them: programs with the right to read, the service itself.
    All,
    /// Those a member raised or works on, or can claim.
    Member(String),
    /// Those of one customer.
    Customer(String),
}

impl Scope {
    /// What this actor may see.
    pub fn of(actor: &Actor) -> Self {
        match actor {
            Actor::Member { userid } => Self::Member(userid.clone()),
            Actor::Customer { external_userid } => Self::Customer(external_userid.clone()),
            Actor::Token { .. } | Actor::System => Self::All,
        }
    }

    /// Whether it covers this ticket.
    pub fn covers(&self, ticket: &Ticket) -> bool {
        match self {
            Self::All => true,
            Self::Member(userid) => {
                ticket.creator.userid() == Some(userid)
                    || ticket.tasks.iter().any(|task| {
                        task.owner.as_ref() == Some(userid) || task.handlers.contains(userid)
                    })
            }
            Self::Customer(external_userid) => ticket.customer.as_ref() == Some(external_userid),
        }
    }
}

/// Whether the actor raised the ticket, or speaks for everybody.
pub(crate) fn is_starter(actor: &Actor, ticket: &Ticket) -> bool {
    match actor {
        Actor::Member { .. } => *actor == ticket.creator,
        Actor::Customer { external_userid } => ticket.customer.as_ref() == Some(external_userid),
        Actor::Token { .. } | Actor::System => true,
    }
}

/// Whether the actor works on the ticket now, or speaks for everybody.
pub(crate) fn is_handler(actor: &Actor, ticket: &Ticket) -> bool {
    match actor {
        Actor::Member { userid } => ticket.task_for(userid).is_some(),
        Actor::Customer { .. } => false,
        Actor::Token { .. } | Actor::System => true,
    }
}
