//! Is an answer a success, and if not, who said so: the gateway, a proxy or a portal? Pure.

use crate::failure::Failure;
use crate::settings::Dialect;
use crate::wire::call::Answer;
use crate::wire::{retry, traps};
use chrono::{DateTime, Utc};
use protocol::problem::{self, Form};
use serde::de::IgnoredAny;

/// Passes a success on and reads everything else as a failure.
pub(crate) fn read(dialect: Dialect, answer: Answer, now: DateTime<Utc>) -> Result<Answer, Failure> {
    match answer.status {
        200..300 if problem::looks_like_html(&answer.text()) => Err(Failure::Portal),
        200..300 => Ok(answer),
        _ => Err(refusal(dialect, &answer, now)),
    }
}

/// An answer that is no success, as a failure.
pub(crate) fn refusal(dialect: Dialect, answer: &Answer, now: DateTime<Utc>) -> Failure {
    let told = problem::read(answer.status, &answer.body);
    match (answer.status, told.form) {
        (300..400 | 511, _) => Failure::Portal,
        (407, _) | (403, Form::Html) => Failure::Proxy { why: told.detail },
        _ => {
            // Only JSON is surely the gateway's own word; a bare "404 page not found" is a proxy's.
            let own = serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok();
            let told = if dialect == Dialect::Platform && own { traps::named(told) } else { told };
            Failure::told(told, retry::retry_after_ms(&answer.headers, now))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: http::HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    fn judged(status: u16, body: &str) -> Result<u16, Failure> {
        read(Dialect::Holdpoint, answer(status, body), DateTime::UNIX_EPOCH).map(|answer| answer.status)
    }

    #[test]
    fn f4_a_portal_is_known_by_a_redirect_or_a_page() {
        assert_eq!(judged(302, ""), Err(Failure::Portal));
        assert_eq!(judged(200, "<!doctype html><html>"), Err(Failure::Portal));
        assert_eq!(judged(511, "{}"), Err(Failure::Portal));
    }

    #[test]
    fn f5_a_proxy_that_forbids_is_not_the_gateway() {
        assert!(matches!(judged(407, ""), Err(Failure::Proxy { .. })));
        assert!(matches!(judged(403, "<html>blocked</html>"), Err(Failure::Proxy { .. })));
        assert!(matches!(judged(403, r#"{"detail":"no"}"#), Err(Failure::Told { .. })));
        assert!(matches!(judged(502, "<html>bad gateway</html>"), Err(Failure::Told { .. })));
    }

    #[test]
    fn a_404_of_something_in_between_does_not_say_that_a_request_is_gone() {
        let judge = |body: &str| refusal(Dialect::Platform, &answer(404, body), DateTime::UNIX_EPOCH);
        assert!(judge(r#"{"detail":"No such request"}"#).is_not_found());
        assert!(!judge("404 page not found").is_not_found());
        assert!(!judge("").is_not_found());
    }

    #[test]
    fn a_success_passes() {
        assert_eq!(judged(200, "{}"), Ok(200));
        assert_eq!(judged(204, ""), Ok(204));
    }
}
