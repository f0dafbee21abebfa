//! The outermost layer: the correlation id of every response, the trace line, and the writing of problems (RFC 9457).

use super::origin::is_json;
use crate::core::App;
use crate::fault::Fault;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use protocol::problem::Slug;
use protocol::rest::CORRELATION_HEADER;

const HEADER: HeaderName = HeaderName::from_static(CORRELATION_HEADER);
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Longest correlation id that is taken over from a request.
const ID_BYTES: usize = 128;

/// Gives the call its id, traces it, and writes its problem if it has one.
pub(super) async fn correlate(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = told(request.headers()).unwrap_or_else(|| app.config.entropy.uuid().to_string());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started_ms = app.config.clock.boot_ms();
    let mut response = next.run(request).await;
    let took_ms = app.config.clock.boot_ms().saturating_sub(started_ms);
    tracing::info!(%method, path, status = response.status().as_u16(), took_ms, correlation_id = id, "call");
    if response.status().as_u16() >= 400 && !told_already(&response) {
        response = written(response, &id, &path);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn told(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?.trim();
    (!id.is_empty() && id.len() <= ID_BYTES).then(|| id.to_owned())
}

/// A body that the handler wrote itself, as a failing `/health` does: it says more than a problem could.
fn told_already(response: &Response) -> bool {
    let typed = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    typed.is_some_and(is_json)
}

/// The problem as a body. A refusal of the framework itself gets a sentence by its status.
fn written(mut response: Response, id: &str, path: &str) -> Response {
    let fault = response.extensions_mut().remove::<Fault>();
    let fault = fault.unwrap_or_else(|| by_status(response.status().as_u16()));
    let mut problem = *fault.problem;
    problem.instance = Some(path.to_owned());
    problem.correlation_id = Some(id.to_owned());
    problem.layer.get_or_insert_with(|| "handler".to_owned());
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    response.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *response.body_mut() = Body::from(body);
    response
}

fn by_status(status: u16) -> Fault {
    let (slug, detail) = match status {
        404 => (Slug::NotFound, "There is no such route."),
        500.. => (Slug::Unavailable, "The gateway could not answer."),
        _ => (Slug::Invalid, "The call does not have the form this route expects."),
    };
    Fault::new(slug, detail).status(status)
}
