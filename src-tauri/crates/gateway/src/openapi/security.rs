//! Sign-in at the service: which secrets an operation needs and where they are sent. Secrets are named after the
//! service and the scheme, so that one service's secret is never sent to another of the same pipeline.

use super::Dialect;
use super::reference::{Document, Unusable};
use super::slug::slug;
use crate::render::{Credential, Place, Scheme};
use serde_json::Value;

/// The credentials of an operation: the first of its alternatives that can be done here.
pub(super) fn credentials(
    document: &Document<'_>,
    dialect: Dialect,
    service: &str,
    operation: &Value,
) -> Result<Vec<Credential>, Unusable> {
    let told = operation.get("security").or_else(|| document.root().get("security"));
    let alternatives = match told {
        Some(Value::Array(list)) if !list.is_empty() => list,
        _ => return Ok(Vec::new()),
    };
    let mut last = Unusable::Malformed;
    for alternative in alternatives {
        let Some(names) = alternative.as_object() else { continue };
        let all = names.keys().map(|name| credential(document, dialect, service, name)).collect();
        match all {
            Ok(credentials) => return Ok(credentials),
            Err(why) => last = why,
        }
    }
    Err(last)
}

fn credential(
    document: &Document<'_>,
    dialect: Dialect,
    service: &str,
    name: &str,
) -> Result<Credential, Unusable> {
    let schemes = match dialect {
        Dialect::Swagger => document.root().get("securityDefinitions"),
        Dialect::OpenApi3 => document.root().pointer("/components/securitySchemes"),
    };
    let cannot = || Unusable::Security(name.chars().take(100).collect());
    let scheme = document.resolve(schemes.and_then(|all| all.get(name)).ok_or_else(cannot)?)?;
    let text = |field: &str| scheme.get(field).and_then(Value::as_str).unwrap_or_default();
    let secret = secret_name(service, name).ok_or_else(cannot)?;
    let authorization = |scheme| Credential {
        place: Place::Header,
        name: "authorization".to_owned(),
        scheme,
        secret: secret.clone(),
    };
    match (text("type"), text("scheme").to_ascii_lowercase().as_str()) {
        ("basic", _) | ("http", "basic") => Ok(authorization(Scheme::Basic)),
        ("http", "bearer") | ("oauth2" | "openIdConnect", _) => Ok(authorization(Scheme::Bearer)),
        ("apiKey", _) => {
            let place = match text("in") {
                "header" => Place::Header,
                "query" => Place::Query,
                "cookie" => Place::Cookie,
                _ => return Err(cannot()),
            };
            let sent_as = text("name").to_owned();
            if sent_as.is_empty() {
                Err(cannot())
            } else {
                Ok(Credential { place, name: sent_as, scheme: Scheme::Plain, secret })
            }
        }
        _ => Err(cannot()),
    }
}

fn secret_name(service: &str, scheme: &str) -> Option<String> {
    let (service, scheme) = (slug(service), slug(scheme));
    match (service.is_empty(), scheme.is_empty()) {
        (_, true) => None,
        (true, false) => Some(scheme),
        (false, false) => Some(format!("{service}-{scheme}")),
    }
}
