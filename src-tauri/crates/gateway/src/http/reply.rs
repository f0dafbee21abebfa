//! How answers and refusals leave. A fault travels as an extension; the outermost layer writes it, for only that one
//! knows the correlation id.

use crate::fault::Fault;
use crate::ledger::Reply;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Told of an answer that was given before under the same key.
const REPLAYED: &str = "idempotent-replayed";

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = status(self.problem.status).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        if self.status < 400 {
            return (status(self.status), Json(self.body)).into_response();
        }
        // A refusal that was kept: it is written like a fresh one, with this call's correlation id.
        match serde_json::from_value(self.body) {
            Ok(problem) => Fault { problem: Box::new(problem), retry_after_s: None }.into_response(),
            Err(_) => status(self.status).into_response(),
        }
    }
}

/// The answer with the mark of a replay.
pub(super) fn replayed(reply: Reply) -> Response {
    let mut response = reply.into_response();
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
