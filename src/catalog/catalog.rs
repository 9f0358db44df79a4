//! Which templates there are.

use std::sync::Arc;

use flow::Flow;
use kernel::{Error, Kind, Result};

use crate::Template;

const BUILT_IN: [&str; 1] = [include_str!("../../config/presets/general_request.json")];

/// The templates that can be used.
#[derive(Clone, Debug)]
pub struct Catalog {
    templates: Vec<Arc<Template>>,
}

impl Catalog {
    /// The built-in templates.
    ///
    /// # Errors
    /// `internal` when one of them is wrong, which a test of this room rules out.
    pub fn built_in() -> Result<Self> {
        let read = |text: &&str| {
            serde_json::from_str::<Template>(text)
                .map_err(|error| Error::bug("a built-in template is malformed").caused_by(error))
        };
        Self::of(BUILT_IN.iter().map(read).collect::<Result<Vec<_>>>()?)
    }

    /// A catalog of these templates.
    ///
    /// # Errors
    /// `template.flawed`, with the step and the mend, when one of their flows cannot be published.
    pub fn of(templates: Vec<Template>) -> Result<Self> {
        match templates.iter().find_map(|one| Some((one, flaw(&one.flow)?))) {
            Some((template, detail)) => {
                let detail = format!("模板 {}：{detail}", template.key);
                Err(Error::new(Kind::Invalid, "template.flawed", detail))
            }
            None => Ok(Self { templates: templates.into_iter().map(Arc::new).collect() }),
        }
    }

    /// The newest version of a template, for a new ticket.
    ///
    /// # Errors
    /// `template.not_found`.
    pub fn newest(&self, key: &str) -> Result<Arc<Template>> {
        let versions = self.templates.iter().filter(|template| template.key == key);
        versions.max_by_key(|template| template.version).cloned().ok_or_else(|| not_found(key))
    }

    /// One version of a template, for a running ticket.
    ///
    /// # Errors
    /// `template.not_found`.
    pub fn get(&self, key: &str, version: u32) -> Result<Arc<Template>> {
        let is_it = |template: &&Arc<Template>| template.key == key && template.version == version;
        self.templates.iter().find(is_it).cloned().ok_or_else(|| not_found(key))
    }

    /// Every template, in the order in which it is offered.
    pub fn list(&self) -> &[Arc<Template>] {
        &self.templates
    }
}

/// The first thing that forbids a flow.
fn flaw(flow: &Flow) -> Option<String> {
    if let Some(problem) = flow.problems().into_iter().next() {
        return Some(problem.detail);
    }
    // Whoever answers the flow's questions knows no answers to conditions on a form yet.
    let rules = flow.mentions().rules;
    let (step, _rule) = rules.into_iter().find(|(_step, rule)| !rule.is_boolean())?;
    Some(format!("节点 {step} 的条件只能是 true 或 false，请改写条件"))
}

fn not_found(key: &str) -> Error {
    Error::new(Kind::NotFound, "template.not_found", format!("没有模板 {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GENERAL;

    #[test]
    fn the_general_request_is_there_and_every_field_type_exists() {
        let catalog = Catalog::built_in().unwrap();
        let template = catalog.newest(GENERAL).unwrap();
        assert_eq!(catalog.get(GENERAL, template.version).unwrap(), template);
        for field in &template.form.fields {
            assert!(form::FIELDS.iter().any(|kind| kind.name() == field.kind), "{}", field.kind);
        }
        let keys: Vec<_> = template.form.fields.iter().map(|field| field.key.as_str()).collect();
        assert_eq!(keys, ["title", "description", "images", "location", "urgency"]);
    }

    #[test]
    fn a_flow_that_could_trap_a_ticket_is_refused_with_its_step_and_the_mend() {
        let general = Catalog::built_in().unwrap().newest(GENERAL).unwrap();
        let with = |step: serde_json::Value| {
            let flow = serde_json::from_value(serde_json::json!({ "steps": [step] })).unwrap();
            Catalog::of(vec![Template { flow, ..Template::clone(&general) }])
        };
        let step = |more: serde_json::Value| {
            let mut step = serde_json::json!({
                "key": "handle", "name": "处理", "assign": { "by": "starter" },
            });
            step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            step
        };
        let error = with(step(serde_json::json!({}))).unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Invalid, "template.flawed"));
        assert!(error.detail().contains("handle") && error.detail().contains("兜底"), "{error}");
        let hold = serde_json::json!({ "if_nobody": { "do": "hold" }, "when": { "var": "x" } });
        let error = with(step(hold)).unwrap_err();
        assert!(error.detail().contains("handle 的条件"), "{error}");
    }

    #[test]
    fn an_unknown_template_is_named() {
        let error = Catalog::built_in().unwrap().newest("repair").unwrap_err();
        assert_eq!((error.kind(), error.detail()), (Kind::NotFound, "没有模板 repair"));
    }
}
