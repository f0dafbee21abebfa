//! The `Idempotency-Key` header and the fingerprint of a call (CONTRACT 1c). Pure.

use super::extract::Pipeline;
use crate::db::idempotency::Claim;
use crate::fault::Fault;
use axum::http::{HeaderMap, header};
use domain::digest::hash_canonical;
use serde_json::{Value, json};

const HEADER: &str = "idempotency-key";
const KEY_BYTES: usize = 255;

/// The claim of this call, if it carries a key. `route` is the verb; the pipeline and the request belong to it.
pub(super) fn claim(
    headers: &HeaderMap,
    pipeline: &Pipeline,
    route: &str,
    raw: &Value,
) -> Result<Option<Claim>, Fault> {
    let Some(key) = key(headers)? else { return Ok(None) };
    let precondition = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
    Ok(Some(Claim {
        subject: pipeline.caller.user_id.clone(),
        route: format!("{route}:{}", pipeline.workflow.id),
        key,
        fingerprint: hash_canonical(&json!({
            "body": raw, "if_match": precondition, "request": pipeline.segment("request_id"),
        })),
    }))
}

/// The key: a quoted string; a bare one is taken too.
fn key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    let key = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    if key.is_empty() || key.len() > KEY_BYTES || key.contains('"') {
        let said =
            format!("The Idempotency-Key must be a quoted string of 1 to {KEY_BYTES} visible characters.");
        return Err(Fault::invalid(said).at("idempotency"));
    }
    Ok(Some(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(text: &'static str) -> Result<Option<String>, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_static(text));
        key(&headers).map_err(|fault| fault.problem.status)
    }

    #[test]
    fn a_key_is_the_same_quoted_or_bare_and_never_empty() {
        assert_eq!(of("\"k-1\""), Ok(Some("k-1".into())));
        assert_eq!(of("k-1"), Ok(Some("k-1".into())));
        assert_eq!(of("\"\""), Err(422));
        assert_eq!(of("a\"b"), Err(422));
        assert_eq!(key(&HeaderMap::new()).expect("none"), None);
    }
}
