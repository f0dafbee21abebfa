//! Runbook actions from an OpenAPI document: 2.0 (Swagger), 3.0 and 3.1.
//!
//! Owns the reading of documents, which are hostile: they are bounded in operations and work, references may be broken
//! or cyclic, and what cannot become an action is skipped with a reason instead of failing the rest. Deliberately
//! fetches nothing: references into other documents are not followed. The form of `execution` that is written here
//! belongs to [`crate::render`].

mod body;
mod operation;
mod parameter;
mod reference;
mod risk;
mod schema;
mod security;
mod server;
mod slug;

pub use risk::risk_level;

use domain::RemediationAction;
use reference::Document;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use url::Url;

/// Operations that one document may hold.
pub const MAX_OPERATIONS: usize = 5_000;

/// What a document gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Discovery {
    /// In the order of the document's paths; not validated, ids unique.
    pub actions: Vec<RemediationAction>,
    /// Names of all secrets that the actions need, sorted.
    pub secrets_required: Vec<String>,
    /// Operations that cannot become an action.
    pub skipped: Vec<Skipped>,
}

/// An operation that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// `METHOD /path`.
    pub operation: String,
    /// A sentence.
    pub why: String,
}

/// Why a document gives nothing at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiscoverError {
    /// Neither `swagger: "2.0"` nor `openapi: "3.x"`.
    #[error("this is no OpenAPI document: it says neither `swagger: \"2.0\"` nor `openapi: \"3.x\"`")]
    NotOpenApi,
    /// A version this build cannot read.
    #[error("OpenAPI version {0} cannot be read; 2.0, 3.0 and 3.1 can")]
    Version(String),
    /// `paths` is no object.
    #[error("the document's `paths` must be an object")]
    Paths,
    /// The service's name is blank.
    #[error("the service needs a name")]
    ServiceName,
    /// More than [`MAX_OPERATIONS`].
    #[error("the document has more than {limit} operations; give one that holds only what the runbook needs")]
    TooManyOperations {
        /// The bound.
        limit: usize,
    },
    /// Its references need more work than any honest document does.
    #[error("the document is too tangled: following its references was given up")]
    TooComplex,
}

/// The dialects that differ in where things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// 2.0.
    Swagger,
    /// 3.0 and 3.1.
    OpenApi3,
}

/// Reads a document.
///
/// `service_name` is the service the actions act on; `base` is where the document was fetched, for relative servers.
///
/// # Errors
/// See [`DiscoverError`]; single operations that cannot be used are in [`Discovery::skipped`] instead.
pub fn discover(
    document: &Value,
    service_name: &str,
    base: Option<&Url>,
) -> Result<Discovery, DiscoverError> {
    let service = service_name.trim();
    if service.is_empty() {
        return Err(DiscoverError::ServiceName);
    }
    let dialect = dialect(document)?;
    let none = Map::new();
    let paths = match document.get("paths") {
        None | Some(Value::Null) => &none,
        Some(Value::Object(paths)) => paths,
        Some(_) => return Err(DiscoverError::Paths),
    };
    let document = Document::new(document);
    let reader = operation::Reader { document: &document, dialect, service, base };
    let mut found = Discovery::default();
    let mut taken = slug::Taken::default();
    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
        let operations = match reader.operations(path, item) {
            Ok(operations) => operations,
            Err(why) => {
                found.skipped.push(Skipped { operation: path.clone(), why: why.to_string() });
                continue;
            }
        };
        if found.actions.len() + found.skipped.len() + operations.len() > MAX_OPERATIONS {
            return Err(DiscoverError::TooManyOperations { limit: MAX_OPERATIONS });
        }
        for operation in operations {
            match reader.action(&operation, &mut taken) {
                Ok(action) => found.actions.push(action),
                Err(why) => {
                    let operation = format!("{} {path}", operation.method);
                    found.skipped.push(Skipped { operation, why: why.to_string() });
                }
            }
        }
        if document.is_exhausted() {
            return Err(DiscoverError::TooComplex);
        }
    }
    let secrets: BTreeSet<String> = found.actions.iter().flat_map(|a| a.secrets.iter().cloned()).collect();
    found.secrets_required = secrets.into_iter().collect();
    Ok(found)
}

fn dialect(document: &Value) -> Result<Dialect, DiscoverError> {
    let version = |name: &str| match document.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match (version("swagger"), version("openapi")) {
        (Some(two), _) if two == "2.0" || two == "2" => Ok(Dialect::Swagger),
        (_, Some(three)) if three.starts_with("3.0") || three.starts_with("3.1") => Ok(Dialect::OpenApi3),
        (Some(other), _) | (_, Some(other)) => Err(DiscoverError::Version(other.chars().take(20).collect())),
        (None, None) => Err(DiscoverError::NotOpenApi),
    }
}

#[cfg(test)]
mod tests;
