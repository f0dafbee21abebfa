//! What a failed call means here: a refusal to tell a person, or the end of a call to decide. Never an outcome
//! (rule 5).

use crate::command::{Code, Refused};
use crate::outbox::CallEnd;
use client::{Failure, Slug};
use domain::connection::RefusedBy;
use serde_json::{Map, Value};
use store::{StoreError, Superseded};

/// A refusal that tells of a failed read or sign-in.
pub(crate) fn refused(failure: &Failure) -> Refused {
    Refused::new(code(failure), failure.to_string())
}

/// A refusal that tells of the local store.
pub(crate) fn store_refused(error: &StoreError) -> Refused {
    let code = match error {
        StoreError::NotWhatWasShown => Code::Changed,
        _ => Code::Store,
    };
    Refused::new(code, error.to_string())
}

fn code(failure: &Failure) -> Code {
    if failure.sign_in().is_some() {
        return Code::SignIn;
    }
    match failure.refused_by() {
        Some(RefusedBy::Certificate) => return Code::Certificate,
        Some(RefusedBy::Portal) => return Code::Portal,
        Some(RefusedBy::Proxy) => return Code::Proxy,
        Some(RefusedBy::Protocol) => return Code::Protocol,
        None => {}
    }
    if failure.is_unreachable() {
        Code::Unreachable
    } else if failure.is_not_allowed() {
        Code::NotAllowed
    } else if failure.is_not_found() {
        Code::NotFound
    } else {
        Code::Refused
    }
}

/// May what is cached be shown instead, marked with its age?
pub(crate) fn cache_may_answer(refused: &Refused) -> bool {
    matches!(refused.code, Code::Unreachable | Code::Certificate | Code::Portal | Code::Proxy)
}

/// How a call to decide ended.
pub(crate) fn call_end(failure: &Failure) -> CallEnd {
    if failure.sign_in().is_some() {
        return CallEnd::SignIn { why: failure.to_string() };
    }
    let unclear = failure.leaves_unclear();
    #[cfg(test)]
    let unclear = unclear && !crate::sim::planted::has(crate::sim::planted::Plant::SilenceIsRefusal);
    match failure {
        Failure::Told { told, retry_after_ms } => CallEnd::Told {
            status: told.status,
            slug: told.slug,
            detail: told.detail.clone(),
            retry_after_ms: *retry_after_ms,
            superseded: superseded(&told.extra),
        },
        other if unclear => CallEnd::Unclear { why: other.to_string() },
        Failure::NotOffered { .. } | Failure::BadId { .. } => CallEnd::Told {
            status: 400,
            slug: Some(Slug::Invalid),
            detail: failure.to_string(),
            retry_after_ms: None,
            superseded: None,
        },
        other => CallEnd::NotSent { why: other.to_string(), code: code(other) },
    }
}

/// Who decided instead, where the problem names them.
fn superseded(extra: &Map<String, Value>) -> Option<Superseded> {
    let text = |name: &str| extra.get(name).and_then(Value::as_str).map(str::to_owned);
    let at = text("at").and_then(|at| chrono::DateTime::parse_from_rfc3339(&at).ok());
    let found = Superseded { by: text("by"), at: at.map(|at| at.to_utc()), verdict: text("verdict") };
    (found != Superseded::default()).then_some(found)
}
