//! What stored answers show to whom, ask for and refer to.

use crate::{
    answer::Answers,
    check::{Context, Values},
    compile::Compiled,
    fields::{Reference, Source},
    rules::Facts,
    template::{Access, Field},
};

/// An entry of the form as a person sees it now.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<'c> {
    /// The field, or the head of a section.
    pub field: &'c Field,
    /// The section that it is in.
    pub section: Option<&'c str>,
    /// What the person may do with it; never [`Access::Hidden`].
    pub access: Access,
    /// Whether it must be answered.
    pub is_required: bool,
    /// The options that rules leave; none when they leave all.
    pub options: Option<&'c [String]>,
}

/// A required answer that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing<'c> {
    /// The section that it is in.
    pub section: Option<&'c str>,
    /// The field.
    pub key: &'c str,
}

impl Compiled {
    fn section_of(&self, at: Option<usize>) -> Option<&str> {
        self.form().fields.get(at?).map(|field| field.key.as_str())
    }

    /// What a person sees of the form with these answers, in the form's order.
    pub fn view<'c>(&'c self, answers: &'c Answers, context: &Context<'_>) -> Vec<Seen<'c>> {
        let values = Values::stored(self, answers);
        let seen = self.slots().filter_map(|(at, slot, field)| {
            let access = self.access(slot, field, context);
            let is_seen = values.shows(at) && access > Access::Hidden;
            is_seen.then(|| Seen {
                field,
                section: self.section_of(slot.section),
                access,
                is_required: values.is_required(slot, field).unwrap_or(true),
                options: values.options(slot, field).unwrap_or_default(),
            })
        });
        seen.collect()
    }

    /// What a person may do with a field; nothing when the form does not know it.
    pub fn access_to(&self, key: &str, context: &Context<'_>) -> Option<Access> {
        let (slot, field) = self.slot(self.place(key)?)?;
        Some(self.access(slot, field, context))
    }

    /// Of these answers those that a person may see.
    pub fn readable(&self, answers: &Answers, context: &Context<'_>) -> Answers {
        let seen = self.view(answers, context).into_iter();
        seen.filter_map(|one| Some((one.field.key.clone(), answers.get(&one.field.key)?.clone())))
            .collect()
    }

    /// The required answers that are not there, whoever must give them: a ticket that many teams
    /// fill in goes on when the sections of none are missing.
    pub fn missing<'c>(&'c self, answers: &'c Answers) -> Vec<Missing<'c>> {
        let values = Values::stored(self, answers);
        let missing = self.slots().filter(|(at, slot, field)| {
            slot.kind.is_some_and(|kind| kind.source() == Source::Input)
                && values.shows(*at)
                && !values.has(*at)
                && values.is_required(slot, field).unwrap_or(true)
        });
        missing
            .map(|(_at, slot, field)| Missing {
                section: self.section_of(slot.section),
                key: &field.key,
            })
            .collect()
    }

    /// Everything that these answers refer to, which the caller must find.
    pub fn references(&self, answers: &Answers) -> Vec<Reference> {
        let mut found = Vec::new();
        for (_at, slot, field) in self.slots() {
            if let (Some(kind), Some(value)) = (slot.kind, answers.get(&field.key)) {
                kind.refers(field, value, &mut found);
            }
        }
        found
    }

    /// The serial numbers that are yet to be issued.
    pub fn to_issue<'c>(&'c self, answers: &Answers) -> Vec<&'c Field> {
        let is_open = |field: &Field| !answers.contains_key(&field.key);
        let issued = self.slots().filter(|(_at, slot, field)| {
            slot.kind.is_some_and(|kind| kind.source() == Source::Issued) && is_open(field)
        });
        issued.map(|(_at, _slot, field)| field).collect()
    }

    /// Stored answers as the values of [`Compiled::scope`].
    pub fn facts<'c>(&'c self, answers: &'c Answers) -> impl Facts + 'c {
        Values::stored(self, answers)
    }
}
