//! A template, and what forbids publishing it.

use flow::{ChildTicket, Flow, Kind};
use form::{
    Compiled, Form,
    rules::{Rule, Type},
};
use kernel::{Error, FieldError, Result};
use serde::{Deserialize, Serialize};

use crate::{
    CustomerPage, FlowScope, Trigger, Visible, deed::Deed, published::in_form, sections, trigger,
};

/// The longest key and the longest name, in characters.
pub(crate) const KEY_CHARS_MAX: usize = 64;
pub(crate) const NAME_CHARS_MAX: usize = 100;
/// The longest line that says what it is for, in characters.
const DESCRIPTION_CHARS_MAX: usize = 200;
/// The largest template, in bytes of JSON.
pub const BYTES_MAX: usize = 2 << 20;

/// A business scene: what is asked and how it goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name in data; never changes.
    pub key: String,
    /// Which of its versions this is; running tickets keep theirs. What a file says of it does not
    /// count: publishing numbers them.
    #[serde(default = "first")]
    pub version: u32,
    /// What people read.
    pub name: String,
    /// What it is for, in a line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The heading that it is listed under.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub category: String,
    /// Who may use it, and by which entries; everybody by all of them, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<Visible>,
    /// Whether its tickets are complaints: a customer who had several of them is served sooner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_complaint: bool,
    /// The calendar by which its limits of working time count; the organisation's, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// What its customers see and are asked.
    #[serde(default, skip_serializing_if = "CustomerPage::is_plain")]
    pub customer: CustomerPage,
    /// What is asked.
    pub form: Form,
    /// How it goes.
    pub flow: Flow,
    /// What several of its tickets that are alike set going.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
}

fn first() -> u32 {
    1
}

impl Template {
    /// A template from JSON.
    ///
    /// # Errors
    /// `field_invalid` that says what does not fit and where.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > BYTES_MAX {
            let detail = format!("模板太大，最多 {} MiB", BYTES_MAX >> 20);
            return Err(Error::field("template", "too_large", detail));
        }
        serde_json::from_str(text)
            .map_err(|error| Error::field("template", "malformed", format!("读不懂模板：{error}")))
    }

    /// Everything that forbids publishing it, each with its place and the mend. What it names of what
    /// is shared must be written out: [`Template::resolve`].
    pub fn problems(&self) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let mut add = |path: &str, code, detail: String| {
            problems.push(FieldError { path: path.to_owned(), code, detail });
        };
        if !is_key(&self.key) {
            let detail = format!("须为 1 到 {KEY_CHARS_MAX} 个小写字母、数字或下划线，以字母开头");
            add("key", "malformed", detail);
        }
        let name = self.name.trim().chars().count();
        if name == 0 || name > NAME_CHARS_MAX {
            add("name", "length", format!("须为 1 到 {NAME_CHARS_MAX} 个字"));
        }
        let mut add = |path: &str, most: usize| {
            let (code, detail) = ("too_long", format!("最多 {most} 个字"));
            problems.push(FieldError { path: path.to_owned(), code, detail });
        };
        if self.description.chars().count() > DESCRIPTION_CHARS_MAX {
            add("description", DESCRIPTION_CHARS_MAX);
        }
        if self.category.chars().count() > KEY_CHARS_MAX {
            add("category", KEY_CHARS_MAX);
        }
        problems.extend(self.visible.iter().flat_map(Visible::problems));
        problems.extend(self.form_problems());
        problems.extend(self.flow_problems());
        problems.extend(self.owner_problems());
        problems.extend(self.customer.problems(&self.flow));
        problems.extend(self.unserved());
        problems
    }

    /// What the language of forms and flows can say and nobody carries out yet: better refused
    /// than silently passed over.
    fn unserved(&self) -> Vec<FieldError> {
        let mut found = Vec::new();
        let mut add = |path: String, what: &str| {
            let detail = format!("{what}还不支持，请删除或改用别的方式");
            found.push(FieldError { path, code: "unsupported", detail });
        };
        for step in self.flow.all() {
            let at = |name: &str| format!("flow.{}.{name}", step.key);
            if step.notify.is_some() {
                add(at("notify"), "节点通知设置");
            }
            if step.settle.is_some() {
                add(at("settle"), "结算规则");
            }
            if step.work().is_some_and(|work| !work.fields.is_empty()) {
                add(at("fields"), "节点上的字段权限（请写在表单字段的 access 中）");
            }
        }
        found
    }

    /// What is wrong with the owners of sections.
    fn owner_problems(&self) -> Vec<FieldError> {
        let is_shared = sections::is_shared(&self.flow);
        let problem = |(at, field): (usize, &form::Field)| {
            let (code, detail) = match sections::owner_of(field)? {
                Err(error) => ("malformed", format!("读不懂负责人规则：{error}")),
                Ok(_owner) if !is_shared => {
                    ("unused_setting", "流程里没有「分工填写」节点，请加上或去掉负责人".to_owned())
                }
                Ok(_owner) => return None,
            };
            Some(FieldError { path: format!("form.fields[{at}].owner"), code, detail })
        };
        self.form.fields.iter().enumerate().filter_map(problem).collect()
    }

    fn form_problems(&self) -> Vec<FieldError> {
        self.form.problems().into_iter().map(in_form).collect()
    }

    fn flow_problems(&self) -> Vec<FieldError> {
        let at = |step: Option<&str>| match step {
            Some(step) => format!("flow.{step}"),
            None => "flow".to_owned(),
        };
        let tell = |problem: flow::Problem| FieldError {
            path: at(problem.step.as_deref()),
            code: problem.code,
            detail: problem.detail,
        };
        let mut problems: Vec<_> = self.flow.problems().into_iter().map(tell).collect();
        let mentions = self.flow.mentions();
        for (step, field) in mentions.fields {
            if self.form.field(field).is_none() {
                let detail = format!("节点 {step} 用到的字段 {field} 不在表单中，请改正");
                problems.push(FieldError { path: at(Some(step)), code: "unknown_field", detail });
            }
        }
        // A form that is broken has been told of; what is said about it cannot be judged.
        let Ok(form) = Compiled::new(&self.form) else { return problems };
        for step in self.flow.all() {
            let inside = |one: form::Problem| FieldError {
                path: format!("flow.{}.{}", step.key, one.path),
                code: one.code,
                detail: format!("节点 {}：{}", step.key, one.detail),
            };
            problems.extend(machine_problems(&step.kind, &form).into_iter().map(inside));
        }
        let plain =
            |one: form::Problem| FieldError { path: one.path, code: one.code, detail: one.detail };
        problems.extend(trigger::problems(&self.triggers, &form).into_iter().map(plain));
        for (step, rule) in mentions.rules {
            if let Err(fault) = Rule::parse_as(rule, &FlowScope(&form), Type::Bool) {
                let detail = format!("节点 {step} 的条件：{}", fault.detail);
                problems.push(FieldError { path: at(Some(step)), code: fault.code, detail });
            }
        }
        problems
    }
}

/// What forbids what a step does by itself: its action, the forms of its sub-tickets.
fn machine_problems(kind: &Kind, form: &Compiled) -> Vec<form::Problem> {
    match kind {
        Kind::Action(action) => match Deed::of(action) {
            Ok(deed) => deed.problems(form),
            Err(problem) => vec![problem],
        },
        Kind::Subtickets(children) => {
            let of = |(at, child): (usize, &ChildTicket)| {
                let title = form.text_problem(&child.title);
                let title =
                    title.map(|one| form::Problem { path: format!("tickets[{at}].title"), ..one });
                let form = form.derive_problems(&format!("tickets[{at}].form"), &child.form);
                title.into_iter().chain(form).collect::<Vec<_>>()
            };
            children.tickets.iter().enumerate().flat_map(of).collect()
        }
        _ => Vec::new(),
    }
}

pub(crate) fn is_key(key: &str) -> bool {
    key.len() <= KEY_CHARS_MAX
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
