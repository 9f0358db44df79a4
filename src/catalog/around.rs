//! What the conditions of a flow can name besides the fields of its form: where the ticket came
//! from, how it is tagged, how urgent it is, how its customer is tagged.

use form::{
    Compiled,
    rules::{Scope, Type, Var},
};

/// Something about a ticket that conditions can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The entry by which it came: `app_message`, `chat_sidebar` …
    Source,
    /// The words that group it.
    Tags,
    /// How urgent it is: `low`, `normal`, `high`, `critical`.
    Priority,
    /// The tags of its customer in WeCom, whoever gave them.
    CustomerTags,
}

const ALL: [(&str, About, Type); 4] = [
    ("ticket.source", About::Source, Type::Text),
    ("ticket.tags", About::Tags, Type::Texts),
    ("ticket.priority", About::Priority, Type::Text),
    ("customer.tags", About::CustomerTags, Type::Texts),
];
const PRIORITIES: [&str; 4] = ["low", "normal", "high", "critical"];
/// No form has so many variables.
const FIRST_ID: usize = usize::MAX - ALL.len();

impl About {
    /// What the variable with that id is about; nothing when it is one of the form's.
    pub fn of(id: usize) -> Option<Self> {
        let at = id.checked_sub(FIRST_ID)?;
        ALL.get(at).map(|(_name, about, _ty)| *about)
    }
}

/// The variables of a flow's conditions: the form's, and what is about the ticket. A field of the
/// same name would win.
#[derive(Debug)]
pub struct FlowScope<'c>(pub &'c Compiled);

impl Scope for FlowScope<'_> {
    fn find(&self, name: &str) -> Option<Var<'_>> {
        self.0.scope().find(name).or_else(|| {
            let at = ALL.iter().position(|(known, ..)| *known == name)?;
            let (_name, about, ty) = *ALL.get(at)?;
            let options = (about == About::Priority).then(|| PRIORITIES.to_vec());
            Some(Var { id: FIRST_ID + at, ty, options })
        })
    }
}
