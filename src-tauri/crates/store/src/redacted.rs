//! Rule 13 at the border of the store: a value becomes text for SQLite only through here.

use crate::StoreError;
use domain::redact::{self, Hole};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A JSON text without secrets, and where they were.
pub(crate) struct Redacted {
    /// The value, each secret replaced by a mark.
    pub(crate) value: Value,
    /// One for each secret.
    pub(crate) holes: Vec<Hole>,
}

impl Redacted {
    /// Takes the secrets out of anything that serialises.
    pub(crate) fn of(value: &impl Serialize, key: &[u8; 32]) -> Self {
        // What comes here has string keys and finite numbers: serialisation has nothing to refuse.
        let mut value = serde_json::to_value(value).unwrap_or_default();
        let holes = redact::redact(&mut value, key);
        Self { value, holes }
    }

    /// The value as JSON text.
    pub(crate) fn json(&self) -> String {
        self.value.to_string()
    }

    /// The holes as JSON text.
    pub(crate) fn holes_json(&self) -> String {
        to_json(&self.holes)
    }
}

/// JSON text of a value that holds no secrets.
pub(crate) fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Reads what [`to_json`] or [`Redacted::json`] wrote.
pub(crate) fn from_json<T: DeserializeOwned>(
    text: &str,
    what: &'static str,
    of: impl ToString,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::unreadable(what, of, e))
}
