//! A version of a template as it is used: with what follows from it worked out once, not with every
//! ticket that is made from it.

use std::ops::Deref;

use form::Compiled;
use kernel::{Error, FieldError, Result};

use crate::Template;

/// A template, ready for use.
#[derive(Debug)]
pub struct Published {
    template: Template,
    compiled: Compiled,
}

impl Published {
    /// Makes a template ready.
    ///
    /// # Errors
    /// `field_invalid` when answers cannot be checked against its form.
    pub fn new(template: Template) -> Result<Self> {
        let compiled = Compiled::new(&template.form).map_err(|problems| {
            Error::invalid(problems.into_iter().map(in_form).collect::<Vec<_>>())
        })?;
        Ok(Self { template, compiled })
    }

    /// Its form, ready for checking answers against it.
    pub fn compiled(&self) -> &Compiled {
        &self.compiled
    }
}

impl Deref for Published {
    type Target = Template;

    fn deref(&self) -> &Template {
        &self.template
    }
}

/// A problem of a form, as one of its template.
pub(crate) fn in_form(one: form::Problem) -> FieldError {
    FieldError { path: format!("form.{}", one.path), code: one.code, detail: one.detail }
}
