//! From a template as it was written to the one that is published: what it names of what is shared
//! is written out, so that running tickets never change with it.

use std::collections::BTreeMap;

use flow::assign::Surge;
use form::rules::Rule;
use kernel::{Error, FieldError, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{Condition, Part, Parts, Template, sections};

/// Something shared that is named somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The word of its kind, or `group`.
    pub kind: &'static str,
    /// Its key.
    pub key: String,
    /// Where.
    pub path: String,
}

/// Where a rule stands, this names a condition instead: `{"use": "key"}`.
const USE: &str = "use";
/// Where people are taken from or preferred by duty, this names the roster.
const ROSTER: &str = "roster";
/// The word of a handling group, which is kept elsewhere and named in the same places.
const GROUP: &str = "group";
/// What holds answers and inputs: nothing in it is a rule.
const NO_RULES: [&str; 2] = ["form", "input"];
/// What holds rules in a field.
const RULES: [&str; 3] = ["rules", "formula", "columns"];

impl Template {
    /// Everything shared that it names, with its place.
    pub fn uses(&self) -> Vec<Use> {
        let calendar = self.calendar.iter();
        let mut uses: Vec<_> =
            calendar.map(|key| used::<flow::calendar::Calendar>(key, "calendar")).collect();
        for (at, field) in self.form.fields.iter().enumerate() {
            let path = format!("form.fields[{at}]");
            let entry = field.library.iter();
            uses.extend(entry.map(|key| used::<form::Field>(key, &format!("{path}.library"))));
            let Ok(json) = serde_json::to_value(field) else { continue };
            for (name, rules) in RULES.iter().filter_map(|name| Some((name, json.get(name)?))) {
                walk(rules, &format!("{path}.{name}"), &mut |path, map| {
                    uses.extend(condition_in(map).map(|key| used::<Condition>(key, path)));
                });
            }
        }
        uses.extend(uses_in(&self.flow, "flow"));
        uses
    }

    /// The template with everything shared written out, as it is published.
    ///
    /// # Errors
    /// Everything that forbids publishing it, each with its place and the mend.
    pub fn resolve(&self, parts: &Parts) -> std::result::Result<Self, Vec<FieldError>> {
        let mut problems = parts.unknown(&self.uses());
        let full = self.written_out(parts).map_err(|error| error.fields().to_vec())?;
        // What follows from a name that leads nowhere would only hide it.
        let nowhere: Vec<_> = problems.iter().map(|one| place(&one.path).to_owned()).collect();
        let follows = |one: &FieldError| nowhere.iter().any(|nowhere| nowhere == place(&one.path));
        problems.extend(full.problems().into_iter().filter(|one| !follows(one)));
        if problems.is_empty() { Ok(full) } else { Err(problems) }
    }

    fn written_out(&self, parts: &Parts) -> Result<Self> {
        let mut form = json(&self.form.expand(&parts.fields))?;
        let fields = form.get_mut("fields").and_then(Value::as_array_mut);
        for field in fields.into_iter().flatten() {
            for name in RULES {
                field.get_mut(name).into_iter().for_each(|rules| fill_in(rules, &parts.conditions));
            }
        }
        let mut flow = json(&self.flow)?;
        fill_in(&mut flow, &parts.conditions);
        let (mut form, mut flow) = (back(form)?, back(flow)?);
        sections::share_out(&mut form, &mut flow);
        Ok(Self { form, flow, ..self.clone() })
    }
}

/// Everything shared, and every group, that a flow or plan names.
pub(crate) fn uses_in(data: &impl Serialize, path: &str) -> Vec<Use> {
    let mut uses = Vec::new();
    if let Ok(json) = serde_json::to_value(data) {
        walk(&json, path, &mut |path, map| {
            uses.extend(condition_in(map).map(|key| used::<Condition>(key, path)));
            uses.extend(roster_in(map, path));
            uses.extend(group_in(map, path));
        });
    }
    uses
}

/// Plans with conditions in the place of their names.
pub(crate) fn plans_with(surge: &Surge, conditions: &BTreeMap<String, Condition>) -> Result<Surge> {
    let mut surge = surge.clone();
    // One by one: a step may be called like something that holds no rules.
    for plan in surge.plans.values_mut() {
        let mut json = json(plan)?;
        fill_in(&mut json, conditions);
        *plan = back(json)?;
    }
    Ok(surge)
}

/// What is wrong with the rules of plans, whatever the form.
pub(crate) fn rule_faults(data: &impl Serialize, path: &str) -> Vec<FieldError> {
    let mut faults = Vec::new();
    if let Ok(json) = serde_json::to_value(data) {
        walk(&json, path, &mut |path, map| {
            let rule = map.get("when").map(without_names);
            faults.extend(rule.and_then(|rule| rule_fault(&rule, &format!("{path}.when"))));
        });
    }
    faults
}

/// What is wrong with a rule, whatever the form.
pub(crate) fn rule_fault(rule: &Value, path: &str) -> Option<FieldError> {
    let fault = Rule::check_shape(rule).err()?;
    let path = if fault.at.is_empty() { path.to_owned() } else { format!("{path}.{}", fault.at) };
    Some(FieldError { path, code: fault.code, detail: fault.detail })
}

/// A rule in which a truth stands for every named condition.
fn without_names(rule: &Value) -> Value {
    match rule {
        Value::Object(map) if condition_in(map).is_some() => Value::Bool(true),
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.clone(), without_names(value))).collect()
        }
        Value::Array(rows) => rows.iter().map(without_names).collect(),
        plain => plain.clone(),
    }
}

fn used<T: Part>(key: &str, path: &str) -> Use {
    Use { kind: T::KIND, key: key.to_owned(), path: path.to_owned() }
}

fn condition_in(map: &Map<String, Value>) -> Option<&str> {
    map.get(USE).filter(|_key| map.len() == 1).and_then(Value::as_str)
}

fn roster_in(map: &Map<String, Value>, path: &str) -> Option<Use> {
    let key = map.get(ROSTER).and_then(Value::as_str)?;
    Some(used::<flow::assign::Roster>(key, &format!("{path}.{ROSTER}")))
}

fn group_in(map: &Map<String, Value>, path: &str) -> Option<Use> {
    map.get("by").filter(|by| *by == GROUP)?;
    let key = map.get("key").and_then(Value::as_str)?.to_owned();
    Some(Use { kind: GROUP, key, path: format!("{path}.key") })
}

/// Shows every object with its path, in which a step stands by its key. How deep JSON can be was
/// bounded when it was read.
fn walk(json: &Value, path: &str, see: &mut dyn FnMut(&str, &Map<String, Value>)) {
    match json {
        Value::Object(map) => {
            see(path, map);
            let inner = map.iter().filter(|(name, _value)| !NO_RULES.contains(&name.as_str()));
            inner.for_each(|(name, value)| walk(value, &format!("{path}.{name}"), see));
        }
        Value::Array(rows) => {
            let is_steps = [".steps", ".default"].iter().any(|end| path.ends_with(end));
            let is_steps = is_steps && path.starts_with("flow");
            for (at, row) in rows.iter().enumerate() {
                match row.get("key").and_then(Value::as_str).filter(|_key| is_steps) {
                    Some(step) => walk(row, &format!("flow.{step}"), see),
                    None => walk(row, &format!("{path}[{at}]"), see),
                }
            }
        }
        _ => {}
    }
}

/// Puts conditions in the place of their names.
fn fill_in(json: &mut Value, conditions: &BTreeMap<String, Condition>) {
    match json {
        Value::Object(map) => match condition_in(map).and_then(|key| conditions.get(key)) {
            Some(condition) => *json = condition.rule.clone(),
            None => {
                let inner =
                    map.iter_mut().filter(|(name, _value)| !NO_RULES.contains(&name.as_str()));
                inner.for_each(|(_name, value)| fill_in(value, conditions));
            }
        },
        Value::Array(rows) => rows.iter_mut().for_each(|row| fill_in(row, conditions)),
        _ => {}
    }
}

/// The field or step in which a path lies.
fn place(path: &str) -> &str {
    let mut parts = path.splitn(3, '.');
    let room = parts.next().unwrap_or_default();
    let inside = parts.next().unwrap_or_default();
    path.get(..room.len() + 1 + inside.len()).unwrap_or(path)
}

fn json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::bug("a template cannot be written").caused_by(error))
}

/// What was written out, read again; the shared rule may have made it something else.
fn back<T: DeserializeOwned>(json: Value) -> Result<T> {
    serde_json::from_value(json)
        .map_err(|error| Error::field("template", "malformed", format!("读不懂模板：{error}")))
}
