//! Errors as the platform words them (CONTRACT 3): `{detail}`, JSON in a string, and 503 for what is no outage.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An error answer.
#[derive(Clone, Debug)]
pub(super) struct Refused(pub(super) StatusCode, pub(super) Value);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// `{"detail": ...}`.
pub(super) fn plain(status: StatusCode, detail: impl Into<String>) -> Refused {
    Refused(status, json!({"detail": detail.into()}))
}

/// What the agents' container answered, as JSON inside a string.
pub(super) fn agentic(status: StatusCode, detail: Value) -> Refused {
    plain(status, format!("Agentic container error: {}", json!({"detail": detail})))
}

/// The same from the pipeline's container.
pub(super) fn pipeline(status: StatusCode, detail: Value) -> Refused {
    plain(status, format!("Pipeline container error: {}", json!({"detail": detail})))
}

/// What it calls a database error, whatever it was.
pub(super) fn database(what: &str) -> Refused {
    plain(StatusCode::SERVICE_UNAVAILABLE, format!("Database connection error: {what}"))
}

/// A missing body field of a route of its own.
pub(super) fn missing(fields: &[&str]) -> Refused {
    let told: Vec<String> = fields
        .iter()
        .map(|field| {
            format!(
                "{{'type': 'missing', 'loc': ('body', '{field}'), 'msg': 'Field is needed', 'input': None}}"
            )
        })
        .collect();
    database(&format!("[{}]", told.join(", ")))
}

/// An id of the wrong form.
pub(super) fn bad_id(id: &str) -> Refused {
    database(&format!("'{id}' is no valid ObjectId: 12 bytes or 24 hex digits are needed"))
}

/// A decision the container cannot take: its own answer does not fit its own model.
pub(super) fn invalid_state(message: &str) -> Refused {
    let text = format!(
        "1 validation error for RemediationResponse\nerror\n  Field is needed [type=missing, \
         input_value={{'status': 'invalid_state...{message}'}}, input_type=dict]"
    );
    agentic(StatusCode::INTERNAL_SERVER_ERROR, json!(text))
}

/// The container did not answer in time; no reason follows the colon.
pub(super) fn gave_up() -> Refused {
    plain(StatusCode::INTERNAL_SERVER_ERROR, "Failed to reach agentic container: ")
}
