//! What reached the platform fixture, by route, and answers that something in between gives instead.

use super::world::World;
use crate::serve::lock;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::Arc;

/// Largest body that is kept.
const BODY_LIMIT: usize = 8 << 20;

/// The routes a console may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// `POST /auth/login`.
    Login,
    /// `POST /auth/refresh`.
    Refresh,
    /// `POST /auth/logout`.
    Logout,
    /// `GET /auth/me`.
    Me,
    /// `GET /health`, which this platform does not have.
    Health,
    /// `GET /version/retrieve_all`.
    Pipelines,
    /// `GET .../runbook/actions`, and one of them.
    Actions,
    /// `POST .../runbook/actions/add`.
    AddAction,
    /// `POST .../runbook/discover/...`.
    Discover,
    /// `GET .../approvals/pending`.
    Pending,
    /// `GET .../approvals/{request_id}`.
    Single,
    /// `POST .../remediate/approve`: approve and reject.
    Approve,
    /// `.../error-registry/mappings[...]`.
    Mappings,
    /// `GET /overview/notifications`.
    Notifications,
    /// `GET /overview/logs`.
    Logs,
    /// `GET /rca/rca_events`.
    Rca,
    /// `GET /ws/`.
    Socket,
    /// `GET /ws`, refused.
    SocketWithoutSlash,
    /// Anything else.
    Other,
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// Which route.
    pub route: Route,
    /// Its method.
    pub method: Method,
    /// Path and query as sent.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text.
    pub body: String,
}

/// An answer in place of the platform's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instead {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// One more header, such as `Location` or `Retry-After`.
    pub header: Option<(String, String)>,
}

impl Instead {
    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, content_type: "application/json".into(), body: body.to_string(), header: None }
    }

    /// A web page.
    pub fn html(status: u16, body: &str) -> Self {
        Self { status, content_type: "text/html".into(), body: body.into(), header: None }
    }

    /// A redirect to somewhere else (F4).
    pub fn redirect(location: &str) -> Self {
        let header = Some(("location".to_owned(), location.to_owned()));
        Self { status: 302, content_type: "text/html".into(), body: String::new(), header }
    }
}

impl Received {
    /// Its body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// One header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Route {
    /// The route of a request.
    pub fn of(method: &Method, path: &str) -> Self {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let post = method == Method::POST;
        match parts.as_slice() {
            ["auth", "login"] => Route::Login,
            ["auth", "refresh"] => Route::Refresh,
            ["auth", "logout"] => Route::Logout,
            ["auth", "me"] => Route::Me,
            ["health"] => Route::Health,
            ["version", "retrieve_all"] => Route::Pipelines,
            ["agentic", _, "runbook", "actions", "add"] if post => Route::AddAction,
            ["agentic", _, "runbook", "actions", ..] => Route::Actions,
            ["agentic", _, "runbook", "discover", ..] => Route::Discover,
            ["agentic", _, "runbook", "approvals", "pending"] => Route::Pending,
            ["agentic", _, "runbook", "approvals", _] => Route::Single,
            ["agentic", _, "runbook", "remediate", "approve"] => Route::Approve,
            ["action", _, "error-registry", "mappings", ..] => Route::Mappings,
            ["overview", "notifications"] => Route::Notifications,
            ["overview", "logs"] => Route::Logs,
            ["rca", "rca_events"] => Route::Rca,
            ["ws", ""] => Route::Socket,
            ["ws"] => Route::SocketWithoutSlash,
            _ => Route::Other,
        }
    }
}

/// Writes each request down before anything else looks at it.
pub(super) async fn record(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(bytes) => bytes,
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    };
    let route = Route::of(&parts.method, parts.uri.path());
    let instead = {
        let mut state = lock(&world.state);
        state.received.push(Received {
            route,
            method: parts.method.clone(),
            path: parts.uri.to_string(),
            headers: parts.headers.clone(),
            body: text(&bytes),
        });
        state.instead.get(&route).cloned()
    };
    match instead {
        Some(instead) => instead.respond(),
        None => next.run(Request::from_parts(parts, Body::from(bytes))).await,
    }
}

impl Instead {
    fn respond(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, [(header::CONTENT_TYPE, self.content_type)], self.body).into_response();
        if let Some((name, value)) = self.header
            && let (Ok(name), Ok(value)) =
                (header::HeaderName::try_from(name), header::HeaderValue::try_from(value))
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
