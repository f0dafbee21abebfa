//! Why a call is refused, on its way to becoming a problem of CONTRACT 1c. Owns the translation of database errors;
//! the path, the correlation id and the encoding are the HTTP layer's.

use domain::law::Refusal;
use protocol::problem::{Problem, Slug};
use serde_json::Value;

/// A refusal with what the HTTP layer needs besides the problem itself.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) problem: Box<Problem>,
    /// Seconds, for `Retry-After`.
    pub(crate) retry_after_s: Option<u64>,
}

impl Fault {
    pub(crate) fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self { problem: Box::new(Problem::new(slug, detail)), retry_after_s: None }
    }

    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self::new(Slug::NotFound, format!("There is no {what} \"{id}\" here."))
    }

    pub(crate) fn not_allowed(detail: impl Into<String>) -> Self {
        Self::new(Slug::NotAllowed, detail).at("roles")
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(Slug::Unauthorized, detail).at("authentication")
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Slug::Invalid, detail)
    }

    /// The layer of CONTRACT 1's middleware order that refused.
    #[must_use]
    pub(crate) fn at(mut self, layer: &str) -> Self {
        self.problem.layer = Some(layer.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.problem.extra.insert(name.to_owned(), value.into());
        self
    }

    /// An HTTP status other than the slug's usual one.
    #[must_use]
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.problem.status = status;
        self
    }

    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the database failed");
        Fault::new(
            Slug::Unavailable,
            "The gateway's database did not answer. Read the request again before you try once more.",
        )
        .at("handler")
        .retry_after(5)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let mut detail = refusal.to_string();
        if let Some(first) = detail.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        detail.push('.');
        Fault::new(refusal.into(), detail)
    }
}
