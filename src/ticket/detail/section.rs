//! The form of a ticket in sections and words, as somebody may see it.

use catalog::Published;
use form::{Access, Answers, Context, Field, FieldKind, Reader, Source, Words, kind_of};
use kernel::Ctx;
use serde::Serialize;
use serde_json::Value;

use crate::{names::Names, policy, ticket::Ticket};

/// A form in sections.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormView {
    /// Those that have anything to show, in the form's order.
    pub sections: Vec<SectionView>,
}

/// A section of a form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionView {
    /// Its key; empty for what stands before the first section.
    pub key: String,
    /// Its head.
    pub label: Words,
    /// Its fields that have an answer, or that the reader may fill in.
    pub fields: Vec<FieldView>,
}

/// A field and its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldView {
    /// The field's key.
    pub key: String,
    /// Its type.
    pub kind: String,
    /// What people read.
    pub label: Words,
    /// The answer as it is stored; null when there is none.
    pub value: Value,
    /// The answer in words, with the names of what it refers to.
    pub text: String,
    /// What the reader may do with it at his own task: `read` or `edit`.
    pub access: Access,
}

/// The form of a ticket as whoever asks may see it.
pub(super) fn form_view(
    ctx: &Ctx,
    zone_minutes: i64,
    (ticket, template): (&Ticket, &Published),
    names: &Names,
) -> FormView {
    let reader = Reader { zone_minutes, ..Reader::default() };
    let editable = editable(ctx, ticket, template);
    let answers = policy::readable(&ctx.actor, ticket, template);
    let mut sections: Vec<SectionView> = Vec::new();
    let mut open = SectionView { key: String::new(), label: "".into(), fields: Vec::new() };
    for field in &template.form.fields {
        if field.is_section() {
            let next = SectionView {
                key: field.key.clone(),
                label: field.label.clone(),
                fields: Vec::new(),
            };
            sections.push(std::mem::replace(&mut open, next));
            continue;
        }
        let Some(kind) = kind_of(&field.kind).filter(|kind| kind.source() != Source::Nothing)
        else {
            continue;
        };
        let is_editable = editable.contains(&field.key.as_str());
        let value = answers.get(&field.key);
        if value.is_some() || is_editable {
            open.fields.push(FieldView {
                key: field.key.clone(),
                kind: field.kind.clone(),
                label: field.label.clone(),
                value: value.cloned().unwrap_or_default(),
                text: value
                    .map(|value| text(kind, field, value, (names, &reader)))
                    .unwrap_or_default(),
                access: if is_editable { Access::Edit } else { Access::Read },
            });
        }
    }
    sections.push(open);
    sections.retain(|section| !section.fields.is_empty());
    FormView { sections }
}

/// The fields that whoever asks may fill in at his own task, as rules show them now.
fn editable<'t>(ctx: &Ctx, ticket: &'t Ticket, template: &'t Published) -> Vec<&'t str> {
    let task = ctx.actor.userid().and_then(|userid| ticket.task_for(userid));
    let Some(task) = task else { return Vec::new() };
    let at = Context { step: Some(&task.step), owned: None, before: Some(&ticket.form) };
    let seen = template.compiled().view(&ticket.form, &at).into_iter();
    seen.filter(|one| one.access == Access::Edit && is_asked(one.field))
        .map(|one| one.field.key.as_str())
        .collect()
}

/// Whether somebody fills a field in.
pub(super) fn is_asked(field: &Field) -> bool {
    kind_of(&field.kind).is_some_and(|kind| kind.source() == Source::Input)
}

fn text(
    kind: &dyn FieldKind,
    field: &Field,
    value: &Value,
    (names, reader): (&Names, &Reader),
) -> String {
    let called = value.as_str().and_then(|id| names.referred(&field.kind, id));
    called.unwrap_or_else(|| kind.words(field, value, reader))
}

/// Of these answers those to some fields.
pub(super) fn answers_of(answers: &Answers, fields: &[Field]) -> Answers {
    let kept = |field: &Field| Some((field.key.clone(), answers.get(&field.key)?.clone()));
    fields.iter().filter_map(kept).collect()
}
