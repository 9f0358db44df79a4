//! What a customer is asked to fill in himself: which fields he can be asked for, and the form of
//! one question, on which nothing but these can be changed.

use std::collections::BTreeMap;

use flow::{Asked, Effect};
use form::{Access, Answers, Compiled, Context, Field, Form};
use kernel::Timestamp;

use crate::{
    fact::{Event, Fact},
    ticket::Ticket,
};

/// The types of fields that anybody can fill in on a page without scripts.
pub const CUSTOMER_KINDS: [&str; 16] = [
    "text",
    "textarea",
    "number",
    "money",
    "single_select",
    "multi_select",
    "switch",
    "rating",
    "date",
    "datetime",
    "date_range",
    "phone",
    "email",
    "address",
    "images",
    "attachments",
];

/// The step of the questions: no flow has one of that name.
const ASKED: &str = "?";

/// What became of a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Inquiry {
    /// It waits for its answer.
    Open(Question),
    /// It was answered.
    Answered,
    /// Its answer is not needed any more.
    Gone,
}

/// A question to a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The fields, in the form's order, as rules leave them: required or not, with which options.
    pub fields: Vec<Field>,
    /// What is stored of them.
    pub answers: Answers,
    /// What the asker wrote.
    pub note: Option<String>,
    /// When he asked.
    pub at: Timestamp,
}

/// A question that waits for its answer, and its step.
pub(crate) fn asked(ticket: &Ticket, ask: u64) -> Option<(&str, &Asked)> {
    ticket.flow.steps.iter().find_map(|run| {
        let asked = run.asked.as_ref().filter(|asked| asked.id == ask)?;
        Some((run.key.as_str(), asked))
    })
}

/// What a customer can be asked for at a step: what is shown, and is filled in there or at the
/// creation.
pub(crate) fn askable<'f>(form: &'f Compiled, ticket: &'f Ticket, step: &str) -> Vec<&'f Field> {
    let there = form.view(&ticket.form, &Context { step: Some(step), ..Context::default() });
    let first = form.view(&ticket.form, &Context::default());
    let is_fillable = |field: &Field| {
        let by = |seen: &[form::Seen<'_>]| {
            seen.iter().any(|one| one.field.key == field.key && one.access == Access::Edit)
        };
        // The regions of a tree are chosen level by level, which needs a script.
        let is_plain = CUSTOMER_KINDS.contains(&field.kind.as_str()) && field.tree.is_empty();
        is_plain && (by(&there) || by(&first))
    };
    form.form().fields.iter().filter(|field| is_fillable(field)).collect()
}

/// A form on which these fields are filled in and everything else stays as it is.
pub(crate) fn only(form: &Form, keys: &[String]) -> Form {
    let mut form = form.clone();
    for field in &mut form.fields {
        let access = if keys.contains(&field.key) { Access::Edit } else { Access::Read };
        field.access = BTreeMap::from([(ASKED.to_owned(), access)]);
    }
    form
}

/// Where [`only`] is filled in.
pub(crate) fn context(ticket: &Ticket) -> Context<'_> {
    Context { step: Some(ASKED), owned: None, before: Some(&ticket.form) }
}

/// What became of a question of this ticket; `events` is its log.
pub fn inquire(ticket: &Ticket, form: &Form, events: &[Event], ask: u64) -> Inquiry {
    let began = events.iter().position(|event| asks(event).any(|(_step, id)| id == ask));
    let Some(began) = began else { return Inquiry::Gone };
    let since = events.get(began..).unwrap_or_default();
    let Some((_step, open)) = asked(ticket, ask).filter(|_open| !ticket.is_ended()) else {
        let was_answered = since.first().is_some_and(|event| {
            let mut steps = asks(event).filter(|(_step, id)| *id == ask);
            steps.next().is_some_and(|(step, _id)| is_answered(step, since))
        });
        return if was_answered { Inquiry::Answered } else { Inquiry::Gone };
    };
    let Ok(form) = Compiled::new(&only(form, &open.fields)) else { return Inquiry::Gone };
    let mut fields = Vec::new();
    for seen in form.view(&ticket.form, &context(ticket)) {
        if seen.access == Access::Edit {
            let mut field = seen.field.clone();
            field.required = seen.is_required;
            if let Some(left) = seen.options {
                field.options.retain(|one| left.contains(&one.value));
            }
            fields.push(field);
        }
    }
    let kept = |field: &Field| Some((field.key.clone(), ticket.form.get(&field.key)?.clone()));
    let note = since.first().and_then(|event| event.said());
    Inquiry::Open(Question {
        answers: fields.iter().filter_map(kept).collect(),
        fields,
        note: note.map(str::to_owned),
        at: open.at,
    })
}

/// The questions that an event asks, each with its step.
fn asks(event: &Event) -> impl Iterator<Item = (&str, u64)> {
    event.facts.iter().filter_map(|fact| match fact {
        Fact::Ordered { effect } => match effect.as_ref() {
            Effect::AskCustomer { step, ask, .. } => Some((step.as_str(), *ask)),
            _ => None,
        },
        _ => None,
    })
}

/// Whether the question with which this part of a log begins was answered: a step asks one at a
/// time.
fn is_answered(step: &str, since: &[Event]) -> bool {
    let is_next = |event: &&Event| asks(event).any(|(other, _id)| other == step);
    let until = since.iter().skip(1).take_while(|event| !is_next(event));
    until.into_iter().any(|event| {
        event.facts.iter().any(|fact| {
            let Fact::Ordered { effect } = fact else { return false };
            matches!(effect.as_ref(), Effect::Notify { step: at, what, .. }
                if at == step && *what == flow::Notice::Answered)
        })
    })
}
