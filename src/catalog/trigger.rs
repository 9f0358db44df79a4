//! What several tickets that are alike set going: the third same fault of a model in a region is
//! one matter for whoever improves the product, not three.

use form::{Compiled, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The most triggers of a template, and the most answers that they compare.
const TRIGGERS_MAX: usize = 20;
const SAME_MAX: usize = 10;
/// The most tickets that are counted, and the longest time in which.
const COUNT_MAX: u32 = 1_000;
const DAYS_MAX: u32 = 366;

/// So many tickets with the same answers within so many days raise one ticket more, to which they
/// are linked, and so are those that follow while it is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its name in data; never changes.
    pub key: String,
    /// What people read.
    pub name: String,
    /// The fields, or parts of fields such as `address.region`, whose answers are the same. A
    /// ticket that lacks one of them is not counted.
    pub same: Vec<String>,
    /// How many tickets.
    pub count: u32,
    /// Within how many days.
    pub within_days: u32,
    /// The template of the ticket that is raised.
    pub template: String,
    /// What it is about: a text with fields of the last ticket in it.
    pub title: String,
    /// What is filled in for it, taken from the last ticket's form.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub form: Map<String, Value>,
}

impl Trigger {
    fn problems(&self, form: &Compiled) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut tell = |path: &str, code, detail: String| {
            problems.push(Problem::new(path, code, detail));
        };
        for (path, key) in [("key", &self.key), ("template", &self.template)] {
            if !crate::template::is_key(key) {
                tell(path, "malformed", "须为小写字母、数字或下划线，以字母开头".to_owned());
            }
        }
        if self.name.trim().is_empty() {
            tell("name", "required", "没有名称，请填写名称".to_owned());
        }
        if !(1..=SAME_MAX).contains(&self.same.len()) {
            tell("same", "length", format!("须比较 1 到 {SAME_MAX} 个字段"));
        }
        for (at, name) in self.same.iter().enumerate() {
            if form.derive_problem(&json!({ "var": name })).is_some() {
                tell(
                    &format!("same[{at}]"),
                    "unknown_field",
                    format!("字段 {name} 不在表单中，请改正"),
                );
            }
        }
        if !(2..=COUNT_MAX).contains(&self.count) {
            tell("count", "out_of_range", format!("须在 2 到 {COUNT_MAX} 之间"));
        }
        if !(1..=DAYS_MAX).contains(&self.within_days) {
            tell("within_days", "out_of_range", format!("须在 1 到 {DAYS_MAX} 天之间"));
        }
        if self.title.trim().is_empty() {
            tell("title", "required", "没有标题，请填写标题".to_owned());
        }
        let title = form.text_problem(&self.title);
        problems.extend(title.map(|one| Problem { path: "title".to_owned(), ..one }));
        problems.extend(form.derive_problems("form", &self.form));
        problems
    }
}

/// Everything that forbids publishing these triggers.
pub(crate) fn problems(triggers: &[Trigger], form: &Compiled) -> Vec<Problem> {
    let mut problems = Vec::new();
    if triggers.len() > TRIGGERS_MAX {
        let detail = format!("最多 {TRIGGERS_MAX} 个触发器");
        problems.push(Problem::new("triggers", "too_many", detail));
    }
    for (at, trigger) in triggers.iter().enumerate() {
        let path = |inner: &str| format!("triggers[{at}].{inner}");
        let inner = trigger.problems(form).into_iter();
        problems.extend(inner.map(|one| Problem { path: path(&one.path), ..one }));
        if triggers.iter().take(at).any(|before| before.key == trigger.key) {
            problems.push(Problem::new(path("key"), "duplicate_key", "与另一个触发器重复，请改名"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use form::Form;

    use super::*;

    #[test]
    fn what_forbids_a_trigger_is_told_with_its_place() {
        let form: Form = serde_json::from_value(json!({ "fields": [
            { "key": "model", "kind": "text", "label": "型号" },
            { "key": "place", "kind": "address", "label": "地址" },
        ] }))
        .unwrap();
        let form = Compiled::new(&form).unwrap();
        let good = json!({ "key": "again", "name": "重复故障", "same": ["model", "place.region"],
            "count": 3, "within_days": 30, "template": "improve", "title": "{{model}} 改进",
            "form": { "model": { "var": "model" } } });
        let told = |values: Vec<Value>| {
            let triggers: Vec<Trigger> =
                values.into_iter().map(|one| serde_json::from_value(one).unwrap()).collect();
            let told = problems(&triggers, &form).into_iter();
            told.map(|one| format!("{} {}", one.path, one.code)).collect::<Vec<_>>()
        };
        assert_eq!(told(vec![good.clone()]), [""; 0]);
        assert_eq!(told(vec![good.clone(), good.clone()]), ["triggers[1].key duplicate_key"]);
        for (key, value, expected) in [
            ("key", json!("A"), "triggers[0].key malformed"),
            ("name", json!(" "), "triggers[0].name required"),
            ("same", json!([]), "triggers[0].same length"),
            ("same", json!(["model", "place.street"]), "triggers[0].same[1] unknown_field"),
            ("count", json!(1), "triggers[0].count out_of_range"),
            ("within_days", json!(0), "triggers[0].within_days out_of_range"),
            ("template", json!("a b"), "triggers[0].template malformed"),
            ("title", json!(""), "triggers[0].title required"),
            ("title", json!("{{x}}"), "triggers[0].title unknown_field"),
            ("form", json!({ "a": { "var": "x" } }), "triggers[0].form.a.var unknown_field"),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            assert_eq!(told(vec![bad]), [expected], "{key}");
        }
    }
}
