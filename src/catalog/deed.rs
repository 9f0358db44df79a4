//! What the machine can do at an action step: one file an action, one line in [`Deed`]. Here stands
//! what each is given and what forbids publishing it; whoever carries them out is told by the
//! compiler when there is one more.

pub mod comment;
pub mod priority;
pub mod set;
pub mod ticket;
pub mod webhook;

use flow::Action;
use form::{Compiled, Problem};
use serde::Deserialize;
use serde_json::json;

/// An action with what it is given.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "action", content = "input", rename_all = "snake_case")]
pub enum Deed {
    /// 填写字段
    Set(set::Set),
    /// 调整优先级
    Priority(priority::Priority),
    /// 写一条沟通
    Comment(comment::Comment),
    /// 发起关联工单
    Ticket(ticket::Raise),
    /// 通知外部系统
    Webhook(webhook::Webhook),
}

/// The actions' names, in the order in which a designer offers them.
pub const DEEDS: [&str; 5] = ["set", "priority", "comment", "ticket", "webhook"];

impl Deed {
    /// The action of a step.
    ///
    /// # Errors
    /// There is none of that name, or it is given something else than it takes.
    pub fn of(action: &Action) -> Result<Self, Problem> {
        let name = &action.action;
        if !DEEDS.contains(&name.as_str()) {
            let detail = format!("没有自动动作 {name}，可用：{}", DEEDS.join("、"));
            return Err(Problem::new("action", "unknown_action", detail));
        }
        let input = if action.input.is_null() { json!({}) } else { action.input.clone() };
        serde_json::from_value(json!({ "action": name, "input": input })).map_err(|error| {
            let detail = format!("自动动作 {name} 的参数读不懂：{error}");
            Problem::new("input", "malformed", detail)
        })
    }

    /// What forbids publishing it with this form.
    pub fn problems(&self, form: &Compiled) -> Vec<Problem> {
        let problems = match self {
            Self::Set(set) => set.problems(form),
            Self::Priority(priority) => priority.problems(),
            Self::Comment(comment) => comment.problems(form),
            Self::Ticket(raise) => raise.problems(form),
            Self::Webhook(webhook) => webhook.problems(form),
        };
        let below = |one: Problem| Problem { path: format!("input.{}", one.path), ..one };
        problems.into_iter().map(below).collect()
    }
}

/// A text with fields in it that must be there.
fn text_problem(path: &str, text: &str, form: &Compiled) -> Option<Problem> {
    if text.trim().is_empty() {
        return Some(Problem::new(path, "required", "没有内容，请填写"));
    }
    form.text_problem(text).map(|one| Problem { path: path.to_owned(), ..one })
}

/// The key of a template or an endpoint.
fn key_problem(path: &str, key: &str) -> Option<Problem> {
    let detail = "须为小写字母、数字或下划线，以字母开头";
    (!crate::template::is_key(key)).then(|| Problem::new(path, "malformed", detail))
}

#[cfg(test)]
mod tests {
    use form::{Form, Problem};
    use serde_json::Value;

    use super::*;

    fn told(action: &str, input: Value) -> Vec<(String, &'static str)> {
        let form: Form = serde_json::from_value(json!({ "fields": [
            { "key": "title", "kind": "text", "label": "标题" },
            { "key": "fee", "kind": "money", "label": "费用" },
            { "key": "place", "kind": "address", "label": "地址" },
            { "key": "no", "kind": "serial_no", "label": "编号" },
            { "key": "level", "kind": "single_select", "label": "等级",
              "options": [{ "value": "a", "label": "甲" }] },
        ] }))
        .unwrap();
        let form = Compiled::new(&form).unwrap();
        let action = Action { action: action.to_owned(), input, wait_minutes: None };
        let problems: Vec<Problem> = match Deed::of(&action) {
            Ok(deed) => deed.problems(&form),
            Err(problem) => vec![problem],
        };
        problems.into_iter().map(|one| (one.path, one.code)).collect()
    }

    #[test]
    fn every_name_is_an_action_and_every_action_says_what_it_lacks() {
        for name in DEEDS {
            assert_eq!(told(name, json!({ "colour": 1 }))[0].1, "malformed", "{name}");
        }
        assert_eq!(told("coupon", Value::Null)[0], ("action".to_owned(), "unknown_action"));
    }

    #[test]
    fn what_an_action_is_given_is_held_against_the_form() {
        let title = |value: Value| json!({ "form": { "title": value } });
        for (action, input, expected) in [
            ("set", json!({ "form": {} }), vec![("input.form", "required")]),
            ("set", title(json!("收费 {{fee}}")), vec![]),
            ("set", title(json!("{{colour}}")), vec![("input.form.title", "unknown_field")]),
            ("set", title(json!({ "var": "fee" })), vec![("input.form.title", "type_clash")]),
            ("set", title(json!(3)), vec![("input.form.title", "wrong_type")]),
            ("set", title(Value::Null), vec![]),
            ("set", json!({ "form": { "no": "1" } }), vec![("input.form.no", "unknown_field")]),
            (
                "set",
                json!({ "form": { "level": "b" } }),
                vec![("input.form.level", "not_an_option")],
            ),
            ("set", json!({ "form": { "fee": { "*": [{ "var": "fee" }, 2] } } }), vec![]),
            ("set", json!({ "form": { "place": { "var": "place" } } }), vec![]),
            ("priority", json!({ "to": "urgent" }), vec![("input.to", "not_an_option")]),
            ("priority", json!({ "to": "high" }), vec![]),
            ("comment", json!({ "text": " " }), vec![("input.text", "required")]),
            ("comment", json!({ "text": "{{x}}" }), vec![("input.text", "unknown_field")]),
            (
                "ticket",
                json!({ "template": "A b", "title": "", "form": { "x": { "var": "y" } } }),
                vec![
                    ("input.template", "malformed"),
                    ("input.title", "required"),
                    ("input.form.x.var", "unknown_field"),
                ],
            ),
            ("webhook", json!({ "endpoint": "" }), vec![("input.endpoint", "malformed")]),
            (
                "webhook",
                json!({ "endpoint": "coupon", "data": { "fee": { "var": "fee" } } }),
                vec![],
            ),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(path, code)| (path.to_owned(), code)).collect();
            assert_eq!(told(action, input.clone()), expected, "{action} {input}");
        }
    }
}
