//! Cross-site checks (A15, A16). Pure: from headers to a verdict.

use crate::fault::Fault;
use axum::http::{HeaderMap, header};
use protocol::rest::CLIENT_HEADER;

/// Where a call comes from, as far as a browser tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// No browser, or a browser's same-site navigation.
    Absent,
    Same,
    Foreign,
}

/// Compares `Origin` with the host that was asked. `null` and anything unreadable are foreign.
pub(super) fn of(headers: &HeaderMap) -> Origin {
    let Some(origin) = headers.get(header::ORIGIN) else { return Origin::Absent };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let authority = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")));
    match (authority, host) {
        (Some(authority), Some(host)) if authority.eq_ignore_ascii_case(host) => Origin::Same,
        _ => Origin::Foreign,
    }
}

/// A foreign page may not call at all.
pub(super) fn check_not_foreign(headers: &HeaderMap) -> Result<(), Fault> {
    if of(headers) == Origin::Foreign {
        return Err(refused("A page of another origin may not call this gateway."));
    }
    Ok(())
}

/// A change with a cookie: from this origin, or from a native client that says so; JSON where there is a body. Neither a
/// foreign page nor a form can do either.
pub(super) fn check_change(headers: &HeaderMap) -> Result<(), Fault> {
    match of(headers) {
        Origin::Same => {}
        Origin::Absent if headers.contains_key(CLIENT_HEADER) => {}
        Origin::Absent | Origin::Foreign => {
            return Err(refused("A change with a cookie must come from this gateway's own origin."));
        }
    }
    let typed = headers.get(header::CONTENT_TYPE);
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).unwrap_or("0");
    let bare = typed.is_none() && length == "0" && !headers.contains_key(header::TRANSFER_ENCODING);
    if bare || typed.and_then(|t| t.to_str().ok()).is_some_and(is_json) {
        return Ok(());
    }
    Err(refused("A change with a cookie must be sent as application/json."))
}

/// `application/json`, with or without parameters.
pub(super) fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

fn refused(detail: &str) -> Fault {
    Fault::not_allowed(detail).at("authentication")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn a15_only_the_own_origin_is_the_same() {
        let host = ("host", "127.0.0.1:8081");
        assert_eq!(of(&headers(&[host])), Origin::Absent);
        assert_eq!(of(&headers(&[host, ("origin", "http://127.0.0.1:8081")])), Origin::Same);
        for foreign in ["null", "http://evil.example", "http://127.0.0.1:8082", "file://127.0.0.1:8081", ""] {
            assert_eq!(of(&headers(&[host, ("origin", foreign)])), Origin::Foreign, "{foreign}");
        }
    }

    #[test]
    fn a16_a_form_or_text_with_a_cookie_is_no_change() {
        let host = ("host", "h");
        let same = ("origin", "http://h");
        let json = ("content-type", "application/json; charset=utf-8");
        let client = ("x-holdpoint-client", "holdctl");
        assert!(check_change(&headers(&[host, same, json])).is_ok());
        assert!(check_change(&headers(&[host, client, json])).is_ok());
        assert!(check_change(&headers(&[host, same])).is_ok());
        assert!(check_change(&headers(&[host, json])).is_err());
        assert!(check_change(&headers(&[host, same, ("content-type", "text/plain")])).is_err());
        assert!(check_change(&headers(&[host, same, ("content-length", "3")])).is_err());
        assert!(check_change(&headers(&[host, ("origin", "null"), client, json])).is_err());
    }
}
