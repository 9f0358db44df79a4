//! Checks answers against a form at a step: what may be filled in is taken and made uniform, what
//! is computed is computed, what is not shown is left out.

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::{Map, Value};

use crate::{
    answer::{Answers, Problem},
    compile::{Compiled, Slot},
    fields::{FieldKind, Source},
    rules::{Datum, Facts, Trap},
    template::{Access, Field},
};

/// The most problems that are told at once.
pub(crate) const PROBLEMS_MAX: usize = 100;
/// The name of the creation among the steps.
const CREATE: &str = "create";
/// The name of every other step.
const OTHER: &str = "*";

/// Where and by whom a form is filled in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'c> {
    /// The key of the step; the creation, when absent.
    pub step: Option<&'c str>,
    /// The keys of the owned sections that are this person's: of sections with an owner he sees
    /// only these. Every section, when absent.
    pub owned: Option<&'c BTreeSet<String>>,
    /// What is stored so far.
    pub before: Option<&'c Answers>,
}

impl Compiled {
    /// Checks answers.
    ///
    /// At the creation absent answers take their default. At a step an absent answer stays as it
    /// is stored, and an empty one clears it. Of what the person may not edit the stored answer
    /// stays: a different one is refused, and for what is hidden from him the field does not
    /// exist. Answers to what no rule shows, and to what is computed or issued, are not taken.
    ///
    /// # Errors
    /// Every problem at once (at most 100), in the form's order.
    pub fn check(
        &self,
        given: &Map<String, Value>,
        context: &Context<'_>,
    ) -> Result<Answers, Vec<Problem>> {
        let mut pass = Pass { given, context, values: Values::new(self), found: Vec::new() };
        let mut problems = pass.unknown();
        for at in self.order() {
            pass.fill_in(*at);
        }
        for (at, slot, field) in self.slots() {
            pass.look_back(at, slot, field);
        }
        pass.found.sort_by_key(|(at, _problem)| *at);
        problems.extend(pass.found.into_iter().map(|(_at, problem)| problem));
        problems.truncate(PROBLEMS_MAX);
        if !problems.is_empty() {
            return Err(problems);
        }
        let values = self.form().fields.iter().zip(pass.values.values);
        Ok(values
            .filter_map(|(field, value)| Some((field.key.clone(), value?.into_owned())))
            .collect())
    }

    /// What a person may do with an entry.
    pub(crate) fn access(&self, slot: &Slot, field: &Field, context: &Context<'_>) -> Access {
        let section = slot.section.and_then(|at| self.form().fields.get(at));
        let head = if field.is_section() { Some(field) } else { section };
        if let (Some(head), Some(owned)) = (head, context.owned)
            && head.owner.is_some()
            && !owned.contains(&head.key)
        {
            return Access::Hidden;
        }
        let step = context.step.unwrap_or(CREATE);
        let said = |field: &Field| field.access.get(step).or(field.access.get(OTHER)).copied();
        let default = if context.step.is_none() { Access::Edit } else { Access::Read };
        said(field).or_else(|| section.and_then(said)).unwrap_or(default)
    }
}

/// The answers as far as they are worked out, as the variables of rules.
pub(crate) struct Values<'c> {
    form: &'c Compiled,
    pub(crate) shown: Vec<bool>,
    pub(crate) values: Vec<Option<Cow<'c, Value>>>,
}

impl<'c> Values<'c> {
    fn new(form: &'c Compiled) -> Self {
        let many = form.form().fields.len();
        Self { form, shown: vec![false; many], values: vec![None; many] }
    }

    /// Stored answers. What cannot be decided about them is shown.
    pub(crate) fn stored(form: &'c Compiled, answers: &'c Answers) -> Self {
        let mut values = Self::new(form);
        for at in form.order() {
            let Some((slot, field)) = form.slot(*at) else { continue };
            let is_shown = values.is_shown(slot).unwrap_or(true);
            let value = answers.get(&field.key).filter(|_value| is_shown).map(Cow::Borrowed);
            values.put(*at, is_shown, value);
        }
        values
    }

    fn is_shown(&self, slot: &Slot) -> Result<bool, Trap> {
        let is_section_shown =
            slot.section.is_none_or(|at| self.shown.get(at).copied().unwrap_or_default());
        match &slot.show {
            Some(rule) if is_section_shown => rule.holds(self),
            _ => Ok(is_section_shown),
        }
    }

    fn put(&mut self, at: usize, is_shown: bool, value: Option<Cow<'c, Value>>) {
        if let (Some(shown), Some(place)) = (self.shown.get_mut(at), self.values.get_mut(at)) {
            *shown = is_shown;
            *place = value;
        }
    }

    pub(crate) fn has(&self, at: usize) -> bool {
        self.values.get(at).is_some_and(Option::is_some)
    }

    pub(crate) fn shows(&self, at: usize) -> bool {
        self.shown.get(at).copied().unwrap_or_default()
    }

    /// Whether an entry that is shown must be answered.
    pub(crate) fn is_required(&self, slot: &Slot, field: &Field) -> Result<bool, Trap> {
        match &slot.require {
            Some(rule) if !field.required => rule.holds(self),
            _ => Ok(field.required),
        }
    }

    /// The options that rules leave of a choice; none when they leave all.
    pub(crate) fn options(
        &self,
        slot: &Slot,
        field: &'c Field,
    ) -> Result<Option<&'c [String]>, Trap> {
        for (rule, filter) in slot.filter.iter().zip(&field.rules.filter) {
            if rule.holds(self)? {
                return Ok(Some(&filter.options));
            }
        }
        Ok(None)
    }
}

impl Facts for Values<'_> {
    fn get(&self, id: usize) -> Result<Datum<'_>, Trap> {
        let Some(variable) = self.form.variable(id) else { return Ok(Datum::Null) };
        let Some(Some(value)) = self.values.get(variable.slot) else { return Ok(Datum::Null) };
        match (&variable.part, self.form.slot(variable.slot)) {
            (Some(part), Some((Slot { kind: Some(kind), .. }, _field))) => {
                kind.part(value, part, variable.ty)
            }
            _ => Datum::read(variable.ty, Some(value)),
        }
    }
}

/// One check.
struct Pass<'c> {
    given: &'c Map<String, Value>,
    context: &'c Context<'c>,
    values: Values<'c>,
    found: Vec<(usize, Problem)>,
}

impl<'c> Pass<'c> {
    /// The answers to what is not asked.
    fn unknown(&self) -> Vec<Problem> {
        let form = self.values.form;
        let is_asked = |key: &str| {
            let entry = form.place(key).and_then(|at| form.slot(at));
            entry.is_some_and(|(slot, field)| {
                slot.kind.is_some() && form.access(slot, field, self.context) > Access::Hidden
            })
        };
        let unknown = self.given.keys().filter(|key| !is_asked(key)).take(PROBLEMS_MAX);
        unknown
            .map(|key| {
                let key = kernel::text::cut_chars(key, 40);
                let detail = format!("表单中没有字段 {key}，请删除它");
                Problem::new(key, "unknown_field", detail)
            })
            .collect()
    }

    fn tell(&mut self, at: usize, problem: Problem) {
        self.found.push((at, problem));
    }

    fn trapped(&mut self, at: usize, field: &Field, trap: Trap) {
        let detail = format!("{}：{}", field.label, trap.detail());
        self.tell(at, Problem::new(&field.key, trap.code(), detail));
    }

    fn fill_in(&mut self, at: usize) {
        let Some((slot, field)) = self.values.form.slot(at) else { return };
        let is_shown = self.values.is_shown(slot).unwrap_or_else(|trap| {
            self.trapped(at, field, trap);
            false
        });
        let kind = slot.kind.filter(|_kind| is_shown);
        let value = kind.and_then(|kind| match kind.source() {
            Source::Nothing => None,
            Source::Issued => self.before(field).cloned(),
            Source::Computed => self.computed(at, slot, field, kind),
            Source::Input => match self.set(at, slot, field, kind) {
                Some(set) => set,
                None => self.answer(at, slot, field, kind),
            },
        });
        self.values.put(at, is_shown, value.map(Cow::Owned));
    }

    fn before(&self, field: &Field) -> Option<&'c Value> {
        self.context.before?.get(&field.key).filter(|value| !value.is_null())
    }

    fn computed(
        &mut self,
        at: usize,
        slot: &Slot,
        field: &Field,
        kind: &dyn FieldKind,
    ) -> Option<Value> {
        let result = slot.formula.as_ref()?.eval(&self.values);
        match result.and_then(|datum| stored(datum, kind.scale(field))) {
            Ok(value) => value,
            Err(trap) => {
                self.trapped(at, field, trap);
                None
            }
        }
    }

    /// The answer that a rule sets, if one does; it may set none.
    fn set(
        &mut self,
        at: usize,
        slot: &Slot,
        field: &Field,
        kind: &dyn FieldKind,
    ) -> Option<Option<Value>> {
        let values = &self.values;
        let result = slot.set.iter().find_map(|(when, to)| {
            match when.as_ref().map_or(Ok(true), |rule| rule.holds(values)) {
                Ok(true) => {
                    Some(to.eval(values).and_then(|datum| stored(datum, kind.scale(field))))
                }
                Ok(false) => None,
                Err(trap) => Some(Err(trap)),
            }
        });
        Some(match result? {
            Ok(value) => value.and_then(|value| self.normalised(at, field, kind, &value)),
            Err(trap) => {
                self.trapped(at, field, trap);
                None
            }
        })
    }

    /// What somebody filled in, what is stored, or the default.
    fn answer(
        &mut self,
        at: usize,
        slot: &Slot,
        field: &Field,
        kind: &dyn FieldKind,
    ) -> Option<Value> {
        let before = self.before(field);
        let default = slot.default.as_ref().filter(|_value| self.context.step.is_none());
        let given = self.given.get(&field.key);
        let access = self.values.form.access(slot, field, self.context);
        let Some(given) = given.filter(|_value| access > Access::Hidden) else {
            return before.or(default).cloned();
        };
        let is_empty = kind.is_empty(given);
        if access == Access::Edit {
            let value = (!is_empty).then(|| self.normalised(at, field, kind, given)).flatten();
            return value.or_else(|| default.cloned());
        }
        let before = before.or(default);
        let is_same = match before {
            Some(before) => {
                before == given || kind.normalise(field, given).is_ok_and(|value| value == *before)
            }
            None => is_empty,
        };
        if !is_same {
            let detail = format!("{}在这一步不能修改", field.label);
            self.tell(at, Problem::new(&field.key, "read_only", detail));
        }
        before.cloned()
    }

    /// An answer as it is stored; none when nothing is left of it.
    fn normalised(
        &mut self,
        at: usize,
        field: &Field,
        kind: &dyn FieldKind,
        value: &Value,
    ) -> Option<Value> {
        match kind.normalise(field, value) {
            Ok(value) => Some(value).filter(|value| !kind.is_empty(value)),
            Err(problems) => {
                self.found.extend(problems.into_iter().map(|problem| (at, problem)));
                None
            }
        }
    }

    /// What can be told only when every answer is there: who may fill in an entry must, and within
    /// the options that are left.
    fn look_back(&mut self, at: usize, slot: &Slot, field: &'c Field) {
        let form = self.values.form;
        let is_input = slot.kind.is_some_and(|kind| kind.source() == Source::Input);
        let may_edit = form.access(slot, field, self.context) == Access::Edit;
        let is_told = self.found.iter().any(|(told, _problem)| *told == at);
        if !is_input || !may_edit || is_told || !self.values.shows(at) {
            return;
        }
        let verdict = match self.values.values.get(at).and_then(Option::as_ref) {
            None => self.values.is_required(slot, field).map(|is_required| {
                let detail = format!("请填写{}", field.label);
                is_required.then(|| Problem::new(&field.key, "required", detail))
            }),
            Some(value) => self.values.options(slot, field).map(|left| {
                let other = left.and_then(|left| first_other(field, value, left))?;
                let detail = format!("{}现在不能选 {other}，请另选", field.label);
                Some(Problem::new(&field.key, "not_an_option", detail))
            }),
        };
        match verdict {
            Ok(problem) => self.found.extend(problem.map(|problem| (at, problem))),
            Err(trap) => self.trapped(at, field, trap),
        }
    }
}

/// The first chosen option that is not among those left; of a cascade its first level counts.
fn first_other<'v>(field: &Field, value: &'v Value, left: &[String]) -> Option<&'v str> {
    let levels = if field.tree.is_empty() { usize::MAX } else { 1 };
    let chosen = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut chosen = chosen.iter().take(levels).filter_map(Value::as_str);
    chosen.find(|text| left.iter().all(|one| one != text))
}

/// The result of a rule as an answer.
pub(crate) fn stored(datum: Datum<'_>, scale: u32) -> Result<Option<Value>, Trap> {
    Ok(match datum {
        Datum::Null => None,
        Datum::Bool(truth) => Some(truth.into()),
        Datum::Number(number) => {
            Some(Value::Number(number.to_number(scale).ok_or(Trap::Overflow)?))
        }
        Datum::Text(text) => Some(text.into()),
        Datum::List(rows) => {
            let rows = rows.into_iter().map(|row| stored(row, scale));
            Some(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
        }
        Datum::Object => return Err(Trap::TypeClash),
    })
}
