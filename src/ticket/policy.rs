//! What an actor may see and do. One place; the API, lists, cards and pages all ask here.

use catalog::Published;
use db::Conn;
use form::{Access, Answers, Context};
use kernel::{Actor, Error, FieldError, FileId, Result};

use crate::{
    origin::Origin,
    ticket::{Task, Ticket},
};

/// The step of a form's permissions that stands for all that are not named.
const EVERYBODY: &str = "*";
/// The key of what is asked when a ticket is made, in permissions.
const CREATION: &str = "create";

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
            // A ticket whose customer is not known is his to whom its link was given.
            Self::Customer(id) => ticket.customer.as_deref().unwrap_or_default() == id,
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

/// A ticket as a reader may see it: of its answers those that are not hidden from him.
#[must_use]
pub fn seen_by(reader: &Actor, mut ticket: Ticket, template: &Published) -> Ticket {
    ticket.form = readable(reader, &ticket, template);
    if matches!(reader, Actor::Customer { .. }) {
        ticket.context = None;
        ticket.attachments.retain(|one| matches!(one.by, Actor::Customer { .. }));
        ticket.check_ins.clear();
    }
    ticket
}

/// What was known around a ticket, for those who work here: how we call a customer and which tags
/// we gave him is not for himself.
pub(crate) fn context(reader: &Actor, ticket: &Ticket) -> Option<Origin> {
    ticket.context.clone().filter(|_known| !matches!(reader, Actor::Customer { .. }))
}

/// Of a ticket's answers those that a reader may see.
pub(crate) fn readable(reader: &Actor, ticket: &Ticket, template: &Published) -> Answers {
    let seen = ticket.form.iter().filter(|(key, _value)| reads(reader, ticket, template, key));
    seen.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Whether a reader may see the answer to a field. A member sees what any step shows him at which
/// he has or had work, and who raised the ticket what is shown in general; a member who has no
/// part in it sees what nobody at work now is denied, and when nobody is at work what is shown in
/// general. A customer sees what is asked at the creation and hidden from nobody.
pub fn reads(reader: &Actor, ticket: &Ticket, template: &Published, key: &str) -> bool {
    let shows = |step: &str| {
        let at = Context { step: Some(step), ..Context::default() };
        // The answer to a field that is in no form any more is nobody's to see.
        template.compiled().access_to(key, &at).is_some_and(|access| access > Access::Hidden)
    };
    let userid = match reader {
        Actor::Member { userid } => userid,
        Actor::Customer { .. } => return shows(CREATION) && shows(EVERYBODY),
        Actor::Token { .. } | Actor::System => return true,
    };
    let is_his = |task: &&Task| {
        task.owner.as_ref() == Some(userid)
            || task.owner.is_none() && task.handlers.contains(userid)
    };
    let mut own = ticket.tasks.iter().filter(is_his).peekable();
    let is_starter = ticket.creator.userid() == Some(userid);
    if own.peek().is_none() && !is_starter {
        let mut open = ticket.open_tasks().peekable();
        return match open.peek() {
            None => shows(EVERYBODY),
            Some(_task) => open.all(|task| shows(&task.step)),
        };
    }
    is_starter && shows(EVERYBODY) || own.any(|task| shows(&task.step))
}

/// Whether stored files that an input names are there and the actor's to show: of a person only
/// what he sent himself, or anybody could read a file by guessing its number.
///
/// # Errors
/// `field_invalid` with every file that is not.
pub(crate) fn check_files(
    conn: &mut Conn,
    actor: &Actor,
    named: &[(String, FileId)],
) -> Result<()> {
    if named.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = named.iter().map(|(_path, id)| *id).collect();
    let found = files::find_all(conn, &ids)?;
    let is_his = |file: &files::File| match actor {
        Actor::Member { userid } => file.sent_by.as_ref() == Some(userid),
        Actor::Customer { external_userid } => file.sent_by.as_ref() == Some(external_userid),
        Actor::Token { .. } | Actor::System => true,
    };
    let is_wrong = |id: &FileId| !found.iter().any(|file| file.id == *id && is_his(file));
    let wrong = named.iter().filter(|(_path, id)| is_wrong(id)).map(|(path, id)| FieldError {
        path: path.clone(),
        code: "unknown_file",
        detail: format!("没有文件 {id}，请先上传"),
    });
    match wrong.collect::<Vec<_>>() {
        none if none.is_empty() => Ok(()),
        wrong => Err(Error::invalid(wrong)),
    }
}
