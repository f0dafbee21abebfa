//! The platform's errors that do not mean what their status says (CONTRACT 3), given the slug of what they do mean.

use protocol::problem::{Slug, Told};

/// Begins its own validation errors and bad ids, both sent as 503.
const FALSE_OUTAGE: &str = "Database connection error:";
/// A part of "Workflow not found or agentic container not running".
const NOT_RUNNING: &str = "container not running";
const UNREACHABLE: &str = "Failed to reach agentic container";

/// Begins what it says when its own answer does not fit its own form.
const MALFORMED: &str = "validation error for ";

/// Gives a platform's refusal the slug of what it means, and a sentence where its own words mislead. What is not known
/// stays as it is.
pub(crate) fn named(mut told: Told) -> Told {
    told.slug = told.slug.or_else(|| meaning(told.status, &told.detail));
    if let Some(sentence) = explanation(&told) {
        told.detail = format!("{sentence} (the platform says: {})", told.detail);
    }
    told
}

/// What its words mean for a person, where they do not say it.
fn explanation(told: &Told) -> Option<&'static str> {
    Some(match (told.status, told.slug) {
        (503, Some(Slug::NotFound)) => "The platform has nothing of that id: check the id of the pipeline",
        (503, Some(Slug::Invalid)) => "The platform could not read what was sent to it: this is no outage",
        (500, Some(Slug::UpstreamUnreachable)) if has_no_reason(told) => {
            "The pipeline's container did not answer the platform in time: what was started there may still be running"
        }
        (500, Some(Slug::UpstreamUnreachable)) => "The platform could not reach the pipeline's container",
        (500, None) if told.detail.contains(MALFORMED) => {
            "The platform cannot say what became of it: read the request again, it may be decided or running already"
        }
        (404, _) if told.detail.contains(NOT_RUNNING) => {
            "The pipeline is stopped, or there is none of that id: start it, or check the id"
        }
        _ => return None,
    })
}

/// A stopped pipeline: an empty list, not an error.
pub(crate) fn is_stopped_pipeline(told: &Told) -> bool {
    told.status == 404 && told.detail.contains(NOT_RUNNING)
}

/// The platform said that something is wrong without saying what: after 60 s of an approve, while the execution goes
/// on.
pub(crate) fn has_no_reason(told: &Told) -> bool {
    use protocol::problem::Form;
    let after = told.detail.split_once(UNREACHABLE).map(|(_, rest)| rest.trim_matches([':', ' ', '.', ')']));
    told.status >= 500 && (matches!(told.form, Form::Html | Form::Empty) || after.is_some_and(str::is_empty))
}

fn meaning(status: u16, detail: &str) -> Option<Slug> {
    match status {
        503 if detail.starts_with(FALSE_OUTAGE) && detail.contains("valid ObjectId") => Some(Slug::NotFound),
        503 if detail.starts_with(FALSE_OUTAGE) && is_validation(detail) => Some(Slug::Invalid),
        500 if detail.contains(UNREACHABLE) => Some(Slug::UpstreamUnreachable),
        404 => Some(Slug::NotFound),
        403 => Some(Slug::NotAllowed),
        422 => Some(Slug::Invalid),
        _ => None,
    }
}

/// A validation error names the places it found fault with.
fn is_validation(detail: &str) -> bool {
    ["Field required", "'loc':", "\"loc\":"].iter().any(|mark| detail.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;
    use protocol::problem;

    fn read(status: u16, body: &str) -> Told {
        named(problem::read(status, body.as_bytes()))
    }

    #[test]
    fn a_bad_id_and_a_bad_body_are_no_outage() {
        let id = read(
            503,
            r#"{"detail":"Database connection error: 'p-7' is not a valid ObjectId, it must be 24 hex digits"}"#,
        );
        assert_eq!(id.slug, Some(Slug::NotFound));
        assert!(!Failure::told(id, None).leaves_unclear());
        let body = read(
            503,
            r#"{"detail":"Database connection error: [{'type': 'missing', 'loc': ('body', 'username'), 'msg': 'Field required'}]"}"#,
        );
        assert_eq!(body.slug, Some(Slug::Invalid));
        let outage = read(503, r#"{"detail":"Database connection error: connection refused"}"#);
        assert_eq!(outage.slug, None);
        assert!(Failure::told(outage, None).leaves_unclear());
    }

    #[test]
    fn a_stopped_pipeline_and_lost_rights_are_known_by_their_words() {
        let stopped = read(404, r#"{"detail":"Workflow not found or agentic container not running"}"#);
        assert!(is_stopped_pipeline(&stopped));
        let unknown = read(404, r#"{"detail":"Agentic container error: {\"detail\":\"No such request\"}"}"#);
        assert!(!is_stopped_pipeline(&unknown));
        assert_eq!(unknown.slug, Some(Slug::NotFound));
        let denied = read(403, r#"{"detail":"You are not allowed to access this workflow"}"#);
        assert_eq!(denied.slug, Some(Slug::NotAllowed));
    }

    #[test]
    fn f33_an_empty_reason_is_unclear_and_a_validation_text_is_never_an_outcome() {
        assert!(has_no_reason(&read(500, "")));
        assert!(has_no_reason(&read(500, r#"{"detail":"Failed to reach agentic container: "}"#)));
        assert!(has_no_reason(&read(502, "<html><body>Bad Gateway</body></html>")));
        let twice = read(
            500,
            r#"{"detail":"Agentic container error: {\"detail\":\"1 validation error for RemediationResponse\\nerror\\n  Field required\"}"}"#,
        );
        assert!(!has_no_reason(&twice));
        assert_eq!(twice.slug, None);
        assert!(Failure::told(twice, None).leaves_unclear());
    }

    #[test]
    fn words_that_mislead_are_explained_and_still_quoted() {
        for (status, body, says) in [
            (503, r#"{"detail":"Database connection error: 'p-7' is not a valid ObjectId"}"#, "check the id"),
            (503, r#"{"detail":"Database connection error: [{'loc': ('body', 'username')}]"}"#, "no outage"),
            (500, r#"{"detail":"Failed to reach agentic container: "}"#, "may still be running"),
            (500, r#"{"detail":"Failed to reach agentic container: refused"}"#, "could not reach"),
            (
                500,
                r#"{"detail":"Agentic container error: {\"detail\":\"1 validation error for X\"}"}"#,
                "read the request",
            ),
            (404, r#"{"detail":"Workflow not found or agentic container not running"}"#, "stopped"),
        ] {
            let told = read(status, body);
            assert!(
                told.detail.contains(says) && told.detail.contains("the platform says: "),
                "{}",
                told.detail
            );
        }
        let outage = read(503, r#"{"detail":"Database connection error: connection refused"}"#);
        assert_eq!(outage.detail, "Database connection error: connection refused", "that is what it is");
    }
}
