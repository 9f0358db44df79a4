//! A form made ready for checking: its types found, its rules read and typed, its fields put into
//! an order in which each comes after those that it depends on.

mod order;

use std::{collections::HashMap, fmt};

use serde_json::Value;

use crate::{
    answer::Problem,
    fields::{FieldKind, Source, kind_of},
    publish::FIELDS_MAX,
    rules::{Fault, Rule, Scope, Type, Var},
    template::{Field, Form},
};

/// A form, ready for checking answers against it again and again.
pub struct Compiled {
    form: Form,
    slots: Vec<Slot>,
    keys: HashMap<String, usize>,
    vars: Variables,
    order: Vec<usize>,
}

impl fmt::Debug for Compiled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Compiled").field("form", &self.form).finish_non_exhaustive()
    }
}

/// What belongs to one entry of the form's list.
pub(crate) struct Slot {
    /// Its type; none of a section.
    pub(crate) kind: Option<&'static dyn FieldKind>,
    /// The section that it is in.
    pub(crate) section: Option<usize>,
    pub(crate) show: Option<Rule>,
    pub(crate) require: Option<Rule>,
    pub(crate) set: Vec<(Option<Rule>, Rule)>,
    /// Beside the form's own list of filters, in its order.
    pub(crate) filter: Vec<Rule>,
    pub(crate) formula: Option<Rule>,
    /// The answer when none is given, as it is stored.
    pub(crate) default: Option<Value>,
}

/// What a rule can name: a field or a part of one.
pub(crate) struct Variable {
    pub(crate) slot: usize,
    pub(crate) part: Option<String>,
    pub(crate) ty: Type,
}

impl Compiled {
    /// Makes a form ready.
    ///
    /// # Errors
    /// Everything for which answers cannot be checked against it: unknown types, keys used twice,
    /// rules that cannot be read, fields that depend on themselves. [`Form::problems`] tells more.
    pub fn new(form: &Form) -> Result<Self, Vec<Problem>> {
        if form.fields.len() > FIELDS_MAX {
            let detail = format!("表单最多 {FIELDS_MAX} 个字段，现在是 {} 个", form.fields.len());
            return Err(vec![Problem::new("fields", "too_many", detail)]);
        }
        let mut problems = Vec::new();
        let mut keys = HashMap::with_capacity(form.fields.len());
        for (at, field) in form.fields.iter().enumerate() {
            if keys.insert(field.key.clone(), at).is_some() {
                let detail = format!("有两个字段叫 {}，请改名", field.key);
                problems.push(Problem::new(format!("fields[{at}].key"), "duplicate_key", detail));
            }
        }
        let vars = Variables::of(form);
        let mut section = None;
        let mut slots = Vec::with_capacity(form.fields.len());
        for (at, field) in form.fields.iter().enumerate() {
            let scope = Named { form, vars: &vars };
            let mut reader = Reader { scope, field, at, problems: &mut problems };
            slots.push(reader.slot(section));
            if field.is_section() {
                section = Some(at);
            }
        }
        let order = order::order(form, &slots, &vars).unwrap_or_else(|problem| {
            problems.push(problem);
            Vec::new()
        });
        if problems.is_empty() {
            Ok(Self { form: form.clone(), slots, keys, vars, order })
        } else {
            Err(problems)
        }
    }

    /// The form.
    pub fn form(&self) -> &Form {
        &self.form
    }

    pub(crate) fn slot(&self, at: usize) -> Option<(&Slot, &Field)> {
        Some((self.slots.get(at)?, self.form.fields.get(at)?))
    }

    /// Every entry of the form, in its order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, &Slot, &Field)> {
        self.slots
            .iter()
            .zip(&self.form.fields)
            .enumerate()
            .map(|(at, (slot, field))| (at, slot, field))
    }

    /// Where each entry stands, after those that it depends on.
    pub(crate) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(crate) fn place(&self, key: &str) -> Option<usize> {
        self.keys.get(key).copied()
    }

    pub(crate) fn variable(&self, id: usize) -> Option<&Variable> {
        self.vars.all.get(id)
    }

    /// The form's fields as variables of a rule from elsewhere, such as a condition of a flow;
    /// [`Compiled::facts`] has their values.
    pub fn scope(&self) -> &impl Scope {
        self
    }
}

impl Scope for Compiled {
    fn find(&self, name: &str) -> Option<Var<'_>> {
        self.vars.find(&self.form, name)
    }
}

/// The fields of a form as variables of rules.
pub(crate) struct Variables {
    all: Vec<Variable>,
    names: HashMap<String, usize>,
}

impl Variables {
    fn of(form: &Form) -> Self {
        let mut vars = Self { all: Vec::new(), names: HashMap::new() };
        for (slot, field) in form.fields.iter().enumerate() {
            let kind = kind_of(&field.kind).filter(|kind| kind.source() != Source::Nothing);
            let Some(kind) = kind else { continue };
            vars.add(field.key.clone(), Variable { slot, part: None, ty: kind.rule_type() });
            for (part, ty) in kind.parts(field) {
                let name = format!("{}.{part}", field.key);
                vars.add(name, Variable { slot, part: Some(part), ty });
            }
        }
        vars
    }

    fn add(&mut self, name: String, variable: Variable) {
        self.names.insert(name, self.all.len());
        self.all.push(variable);
    }

    fn find<'f>(&self, form: &'f Form, name: &str) -> Option<Var<'f>> {
        let id = *self.names.get(name)?;
        let Variable { slot, part, ty } = self.all.get(id)?;
        let field = form.fields.get(*slot).filter(|_field| part.is_none());
        let options = field.and_then(|field| kind_of(&field.kind)?.values(field));
        Some(Var { id, ty: *ty, options })
    }

    pub(crate) fn slot(&self, id: usize) -> Option<usize> {
        self.all.get(id).map(|variable| variable.slot)
    }
}

/// The scope while a form is being compiled.
struct Named<'f> {
    form: &'f Form,
    vars: &'f Variables,
}

impl Scope for Named<'_> {
    fn find(&self, name: &str) -> Option<Var<'_>> {
        self.vars.find(self.form, name)
    }
}

/// Reads one entry of the form.
struct Reader<'f, 'p> {
    scope: Named<'f>,
    field: &'f Field,
    at: usize,
    problems: &'p mut Vec<Problem>,
}

impl Reader<'_, '_> {
    fn slot(&mut self, section: Option<usize>) -> Slot {
        let field = self.field;
        let kind = kind_of(&field.kind);
        if kind.is_none() && !field.is_section() {
            let detail = format!("字段类型 {} 不存在，请换成有的类型", field.kind);
            self.tell("kind", "unknown_kind", detail);
        }
        let rules = &field.rules;
        let condition = |reader: &mut Self, path: String, json: &Option<Value>| {
            json.as_ref().and_then(|json| reader.rule(&path, json, Type::Bool))
        };
        let mut set = Vec::new();
        for (nth, row) in rules.set.iter().enumerate() {
            let when = condition(self, format!("rules.set[{nth}].when"), &row.when);
            let to = self.result(&format!("rules.set[{nth}].to"), &row.to, kind);
            set.extend(to.map(|to| (when, to)));
        }
        let mut filter = Vec::new();
        for (nth, row) in rules.filter.iter().enumerate() {
            filter.extend(self.rule(&format!("rules.filter[{nth}].when"), &row.when, Type::Bool));
        }
        let formula = field.formula.as_ref();
        Slot {
            kind,
            section: section.filter(|_at| !field.is_section()),
            show: condition(self, "rules.show".to_owned(), &rules.show),
            require: condition(self, "rules.require".to_owned(), &rules.require),
            set,
            filter,
            formula: formula.and_then(|json| self.rule("formula", json, Type::Number)),
            default: kind.and_then(|kind| kind.default(field)),
        }
    }

    fn tell(&mut self, path: &str, code: &'static str, detail: impl Into<String>) {
        let problem = Problem::new(path, code, detail);
        self.problems.push(problem.below(&format!("fields[{}]", self.at)));
    }

    fn rule(&mut self, path: &str, json: &Value, wanted: Type) -> Option<Rule> {
        match Rule::parse_as(json, &self.scope, wanted) {
            Ok(rule) => Some(rule),
            Err(Fault { code, at, detail }) => {
                let path = if at.is_empty() { path.to_owned() } else { format!("{path}.{at}") };
                self.tell(&path, code, detail);
                None
            }
        }
    }

    /// The rule of an answer, of the type of the field.
    fn result(
        &mut self,
        path: &str,
        json: &Value,
        kind: Option<&'static dyn FieldKind>,
    ) -> Option<Rule> {
        let kind = kind?;
        let ty = kind.rule_type();
        if ty == Type::Object && !json.is_null() {
            let detail = format!("{} 类型的字段只能被规则清空（null）", kind.name());
            self.tell(path, "type_clash", detail);
            return None;
        }
        let is_constant = !json.is_object() && !kind.is_empty(json);
        if is_constant && let Err(problems) = kind.normalise(self.field, json) {
            for problem in problems {
                self.tell(path, problem.code, problem.detail);
            }
            return None;
        }
        self.rule(path, json, ty)
    }
}
