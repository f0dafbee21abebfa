//! A small HTTP service for actions to act upon: it records what it was told to do, and fails or waits on demand.

use crate::serve::{Peer, Serving, lock};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A running service. Dropping it stops it.
#[derive(Debug)]
pub struct Target {
    serving: Serving,
    world: Arc<World>,
}

/// One call as it arrived.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Path and query as sent.
    pub path: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as text.
    pub body: String,
}

/// What a path does instead of answering 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers with this status and body.
    Answer(u16, String),
    /// Resets the connection after the call has been recorded: it was done, nobody hears of it.
    Reset,
}

#[derive(Debug)]
struct World {
    calls: Mutex<Vec<Call>>,
    faults: Mutex<BTreeMap<String, Fault>>,
    held: watch::Sender<BTreeSet<String>>,
}

impl Target {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let world = Arc::new(World {
            calls: Mutex::default(),
            faults: Mutex::default(),
            held: watch::channel(BTreeSet::new()).0,
        });
        let router = Router::new().fallback(answer).with_state(world.clone());
        Self { serving: Serving::start(router).await, world }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        self.serving.origin()
    }

    /// Where its OpenAPI document is.
    pub fn openapi_url(&self) -> String {
        format!("{}/openapi.json", self.origin())
    }

    /// The OpenAPI document itself.
    pub fn openapi(&self) -> Value {
        openapi(&self.origin())
    }

    /// Every call but those for the document, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.world.calls).clone()
    }

    /// How often `path` (without query) was called, with any method.
    pub fn count(&self, path: &str) -> usize {
        lock(&self.world.calls).iter().filter(|call| bare(&call.path) == path).count()
    }

    /// From now on `path` does this.
    pub fn fail(&self, path: &str, fault: Fault) {
        lock(&self.world.faults).insert(path.to_owned(), fault);
    }

    /// `path` answers 200 again.
    pub fn mend(&self, path: &str) {
        lock(&self.world.faults).remove(path);
    }

    /// Calls of `path` are recorded, but not answered before [`Target::release`].
    pub fn hold(&self, path: &str) {
        self.world.held.send_modify(|held| {
            held.insert(path.to_owned());
        });
    }

    /// Answers what was held.
    pub fn release(&self, path: &str) {
        self.world.held.send_modify(|held| {
            held.remove(path);
        });
    }

    /// Cuts it off: the port refuses, every connection is reset.
    pub async fn go_down(&self) {
        self.serving.go_down().await;
    }

    /// Brings it back on the same port.
    pub async fn come_back(&self) {
        self.serving.come_back().await;
    }
}

async fn answer(
    State(world): State<Arc<World>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    if path == "/openapi.json" {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        return axum::Json(openapi(&format!("http://{host}"))).into_response();
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    lock(&world.calls).push(Call { method, path: uri.to_string(), headers, body });
    // Fails only when the sender is gone, and the world holds it.
    let _ = world.held.subscribe().wait_for(|held| !held.contains(&path)).await;
    let fault = lock(&world.faults).get(&path).cloned();
    match fault {
        None => axum::Json(json!({"done": true, "path": path})).into_response(),
        Some(Fault::Answer(status, body)) => {
            (StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body).into_response()
        }
        Some(Fault::Reset) => {
            peer.reset();
            std::future::pending().await
        }
    }
}

fn bare(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
}

fn openapi(origin: &str) -> Value {
    let done = json!({"200": {"description": "Done."}});
    let pool = json!([{"name": "pool", "in": "path", "required": true, "schema": {"type": "string"}}]);
    json!({
        "openapi": "3.0.3",
        "info": {"title": "ledger", "version": "1.4.0"},
        "servers": [{"url": origin}],
        "paths": {
            "/health": {"get": {"operationId": "read-health", "summary": "Tells how it is.", "responses": done}},
            "/pools/{pool}/drain": {"post": {
                "operationId": "drain-pool", "summary": "Lets a pool run empty.", "parameters": pool,
                "responses": done
            }},
            "/restart": {"post": {
                "operationId": "restart-ledger", "summary": "Starts the service anew.",
                "requestBody": {"content": {"application/json": {"schema": {
                    "type": "object", "required": ["graceful"],
                    "properties": {"graceful": {"type": "boolean", "default": true}}
                }}}},
                "responses": done
            }},
            "/snapshots": {"delete": {
                "operationId": "drop-snapshots", "summary": "Removes every snapshot.", "responses": done
            }}
        }
    })
}
