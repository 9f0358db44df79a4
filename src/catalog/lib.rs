//! Templates: form and flow of a business scene, by key and version. Stores what form and flow
//! define; a published version never changes.

use std::sync::Arc;

use flow::Flow;
use form::Form;
use kernel::{Error, Kind, Result};
use serde::{Deserialize, Serialize};

/// The template that every installation has.
pub const GENERAL: &str = "general_request";

const BUILT_IN: [&str; 1] = [include_str!("../../config/presets/general_request.json")];

/// A business scene: what is asked and how it goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name in data.
    pub key: String,
    /// Which of its published versions this is; running tickets keep theirs.
    pub version: u32,
    /// What people read.
    pub name: String,
    /// What is asked.
    pub form: Form,
    /// How it goes.
    pub flow: Flow,
}

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
        let templates = BUILT_IN.iter().map(|text| {
            let template: Template = serde_json::from_str(text)
                .map_err(|error| Error::bug("a built-in template is malformed").caused_by(error))?;
            match template.flow.problems().first() {
                Some(problem) => Err(Error::bug(format!("{}: {}", template.key, problem.detail))),
                None => Ok(Arc::new(template)),
            }
        });
        Ok(Self { templates: templates.collect::<Result<_>>()? })
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

fn not_found(key: &str) -> Error {
    Error::new(Kind::NotFound, "template.not_found", format!("没有模板 {key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn an_unknown_template_is_named() {
        let error = Catalog::built_in().unwrap().newest("repair").unwrap_err();
        assert_eq!((error.kind(), error.detail()), (Kind::NotFound, "没有模板 repair"));
    }
}
