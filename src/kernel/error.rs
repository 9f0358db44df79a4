//! The one error. Its [`Kind`] decides what happens (status, retry or bury), its code is stable
//! and translated, its detail is for people.

use std::{error, fmt, panic::Location, sync::Arc};

use serde::Serialize;

/// A result with the house's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What happens next. Closed: a ninth kind would need a ninth consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input is wrong; sending it again will not help. HTTP 422 (400 when unreadable).
    Invalid,
    /// Nobody has been identified. HTTP 401.
    Unauthenticated,
    /// Identified, and may not. HTTP 403.
    Forbidden,
    /// There is no such thing, or none that this actor may see. HTTP 404.
    NotFound,
    /// Somebody was faster; read again. HTTP 409.
    Conflict,
    /// We cannot now; try again later. HTTP 503, a job is retried.
    Busy,
    /// Another system failed. HTTP 502, a job is retried.
    Upstream,
    /// Our own mistake. HTTP 500, only the trace id is shown.
    Bug,
}

/// One wrong field of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: `form.title`, `handlers[2]`.
    pub path: String,
    /// What, stable: `required`, `too_long`.
    pub code: &'static str,
    /// What and the mend, in the user's language.
    pub detail: String,
}

/// What went wrong, where, and what follows from it.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    code: &'static str,
    detail: String,
    fields: Vec<FieldError>,
    source: Option<Arc<dyn error::Error + Send + Sync>>,
    at: &'static Location<'static>,
}

impl Error {
    /// An error with a stable code (`ticket.not_handler`) and a detail for people.
    #[track_caller]
    pub fn new(kind: Kind, code: &'static str, detail: impl Into<String>) -> Self {
        let at = Location::caller();
        Self { kind, code, detail: detail.into(), fields: Vec::new(), source: None, at }
    }

    /// A refused input with its fields.
    #[track_caller]
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let detail = fields.first().map(|field| field.detail.clone()).unwrap_or_default();
        Self { fields, ..Self::new(Kind::Invalid, "field_invalid", detail) }
    }

    /// One refused field.
    #[track_caller]
    pub fn field(path: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { path: path.into(), code, detail: detail.into() }])
    }

    /// Our own mistake; `detail` goes to the log only.
    #[track_caller]
    pub fn bug(detail: impl Into<String>) -> Self {
        Self::new(Kind::Bug, "internal", detail)
    }

    /// The same error with what caused it.
    #[must_use]
    pub fn caused_by(self, source: impl error::Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// What happens next.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// For people, and for the log.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The wrong fields, if it is about fields.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// Where in our code it was made.
    pub fn at(&self) -> &'static Location<'static> {
        self.at
    }

    /// Whether doing the same again later can succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Upstream | Kind::Conflict)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code, self.detail)?;
        match &self.source {
            Some(source) => write!(out, " ({source})"),
            None => Ok(()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| {
            let source: &(dyn error::Error + 'static) = source;
            source
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_code_detail_and_cause() {
        let error = Error::new(Kind::Busy, "db.busy", "the database is away")
            .caused_by(std::io::Error::other("connection refused"));
        assert_eq!(error.to_string(), "db.busy: the database is away (connection refused)");
        assert!(error.at().file().ends_with("error.rs"));
        assert!(error.is_transient());
    }

    #[test]
    fn a_field_error_keeps_its_path() {
        let error = Error::field("form.title", "required", "请填写标题");
        assert_eq!(error.kind(), Kind::Invalid);
        assert_eq!(error.fields()[0].path, "form.title");
        assert_eq!(error.detail(), "请填写标题");
    }
}
