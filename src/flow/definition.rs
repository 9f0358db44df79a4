//! The way of a ticket as data: a tree of blocks, so that every split has its join by construction.
//!
//! A step is written as one JSON object: what every step has, and beside it what its `type` has.
//! Without a `type` it is a task.

mod work;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value};

pub(crate) use work::is_default;
pub use work::{
    Assign, FieldRight, IfNobody, Limit, OnReject, Overdue, Pace, Rank, Repeat, Row, Rung, Sign,
    Verb, Work,
};

/// Steps that are done in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its name in data; never changes once published.
    pub key: String,
    /// What staff read.
    pub name: String,
    /// What the customer reads; hidden from him when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_name: Option<String>,
    /// The rule that must hold, or the step is skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<Value>,
    /// Who is told what of it; read by whoever sends messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Value>,
    /// What its end earns and costs; read by whoever settles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle: Option<Value>,
    /// What it does.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Kind {
    /// Somebody does something: 办理.
    Task(Box<Work>),
    /// Somebody says yes or no: 审批.
    Approval(Box<Work>),
    /// Somebody is shown the ticket: 抄送.
    Cc(Cc),
    /// Somebody is told something: 通知.
    Notify(Message),
    /// Time passes: 等待.
    Wait(Wait),
    /// The machine does something: 自动动作.
    Action(Action),
    /// One of several ways: 条件分支.
    Branch(Branch),
    /// Several ways at once: 并行.
    Parallel(Parallel),
    /// Other tickets are raised and waited for: 子工单.
    Subtickets(Subtickets),
}

/// Who is shown the ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cc {
    /// Who.
    pub to: Assign,
}

/// Who is told what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Who.
    pub to: Assign,
    /// The words, or the key of a text.
    pub text: String,
}

/// How long, and what ends it earlier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// How long at most.
    pub minutes: u32,
    /// Which minutes count.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pace: Pace,
    /// The signal from outside that ends it earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
}

/// What the machine does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Which action.
    pub action: String,
    /// What it is given.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub input: Value,
    /// How many minutes its end is waited for, before somebody is called; an hour when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_minutes: Option<u32>,
}

/// One of several ways: the first case that holds, or the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The cases, the first match wins.
    pub cases: Vec<Lane>,
    /// The way when none matches; it must be said, if only as nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Vec<Step>>,
}

/// Several ways at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parallel {
    /// What ends it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// The ways.
    pub lanes: Vec<Lane>,
    /// The way when it is inclusive and no lane's condition holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Vec<Step>>,
    /// Its lanes are made of the form's owned sections, by whoever knows the form: 分工填写.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sections: Option<Sections>,
}

/// What the work of every owned section has; who and what is the section's own to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sections {
    /// What happens when nobody is found for a section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_nobody: Option<IfNobody>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

/// What ends a parallel block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// All lanes are done.
    #[default]
    All,
    /// The first lane is done; the others are closed.
    Any,
    /// All lanes are done whose condition held at the start.
    Inclusive,
}

/// One way of a branch or of a parallel block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// What staff read.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The rule that must hold to go this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Value>,
    /// Its steps.
    pub steps: Vec<Step>,
}

/// Tickets that are raised and waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subtickets {
    /// What is waited for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: ChildMode,
    /// The tickets.
    pub tickets: Vec<ChildTicket>,
}

/// Which of the children are waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildMode {
    /// All of them.
    #[default]
    All,
    /// The first that is done; the others are called off.
    Any,
}

/// A ticket to raise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildTicket {
    /// Its template's key.
    pub template: String,
    /// What it is about: a text, perhaps with fields of this ticket in it.
    pub title: String,
    /// What is filled in for it: constants, or values taken from this ticket's form.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub form: Map<String, Value>,
}

impl Flow {
    /// The step of that key, wherever it is.
    pub fn step(&self, key: &str) -> Option<&Step> {
        find(&self.steps, key)
    }

    /// Every step, in reading order.
    pub fn all(&self) -> Vec<&Step> {
        let mut all = Vec::new();
        collect(&self.steps, &mut all);
        all
    }
}

impl Step {
    /// The ways inside it, to be changed.
    pub fn lanes_mut(&mut self) -> impl Iterator<Item = &mut Vec<Step>> {
        let (lanes, default) = match &mut self.kind {
            Kind::Branch(block) => (block.cases.as_mut_slice(), block.default.as_mut()),
            Kind::Parallel(block) => (block.lanes.as_mut_slice(), block.default.as_mut()),
            _ => (&mut [][..], None),
        };
        lanes.iter_mut().map(|lane| &mut lane.steps).chain(default)
    }

    /// The work that it makes for somebody, if it does.
    pub fn work(&self) -> Option<&Work> {
        match &self.kind {
            Kind::Task(work) | Kind::Approval(work) => Some(work),
            _ => None,
        }
    }

    /// Whether it asks for a yes or no.
    pub fn is_approval(&self) -> bool {
        matches!(self.kind, Kind::Approval(_))
    }

    /// The ways inside it: the lanes, and the default as the last one.
    pub fn lanes(&self) -> impl Iterator<Item = &[Step]> {
        let (lanes, default) = match &self.kind {
            Kind::Branch(block) => (block.cases.as_slice(), &block.default),
            Kind::Parallel(block) => (block.lanes.as_slice(), &block.default),
            _ => (&[][..], &None),
        };
        lanes.iter().map(|lane| lane.steps.as_slice()).chain(default.as_deref())
    }
}

fn find<'f>(steps: &'f [Step], key: &str) -> Option<&'f Step> {
    steps.iter().find_map(|step| {
        if step.key == key { Some(step) } else { step.lanes().find_map(|lane| find(lane, key)) }
    })
}

fn collect<'f>(steps: &'f [Step], into: &mut Vec<&'f Step>) {
    for step in steps {
        into.push(step);
        for lane in step.lanes() {
            collect(lane, into);
        }
    }
}

/// What every step has; the rest belongs to its kind.
#[derive(Deserialize)]
struct Common {
    key: String,
    name: String,
    public_name: Option<String>,
    when: Option<Value>,
    notify: Option<Value>,
    settle: Option<Value>,
}

const COMMON: [&str; 6] = ["key", "name", "public_name", "when", "notify", "settle"];

/// The type that is written for a parallel block whose lanes are the form's owned sections.
const SECTIONS: &str = "sections";

/// The block that 分工填写 is; its lanes are made where the form is known.
fn shared_out(mut of: Map<String, Value>) -> Map<String, Value> {
    of.remove("type");
    let parts = [("type", "parallel".into()), ("lanes", Vec::<Value>::new().into())];
    let parts = parts.into_iter().chain([(SECTIONS, Value::Object(of))]);
    parts.map(|(name, value)| (name.to_owned(), value)).collect()
}

// By hand, because serde cannot refuse unknown fields of a struct that flattens an enum.
impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut rest = Map::<String, Value>::deserialize(from)?;
        let mut common = Map::new();
        for name in COMMON {
            if let Some(value) = rest.remove(name) {
                common.insert(name.to_owned(), value);
            }
        }
        let key = common.get("key").and_then(Value::as_str).unwrap_or("?").to_owned();
        let named = |error: serde_json::Error| D::Error::custom(format!("节点 {key}：{error}"));
        rest.entry("type").or_insert_with(|| Value::from("task"));
        if rest.get("type").and_then(Value::as_str) == Some(SECTIONS) {
            rest = shared_out(rest);
        }
        let common: Common = serde_json::from_value(Value::Object(common)).map_err(&named)?;
        let kind = serde_json::from_value(Value::Object(rest)).map_err(&named)?;
        let Common { key, name, public_name, when, notify, settle } = common;
        Ok(Self { key, name, public_name, when, notify, settle, kind })
    }
}

#[cfg(test)]
mod tests;
