//! A real service for actions to act on: it records every call, and holds `/slow` until it is let go.

use gateway::axum::Router;
use gateway::axum::body::Bytes;
use gateway::axum::extract::State;
use gateway::axum::http::{HeaderMap, Method, StatusCode, Uri};
use gateway::axum::response::{IntoResponse, Response};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

/// One call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Default)]
struct Calls {
    list: Mutex<Vec<Call>>,
    count: watch::Sender<usize>,
    let_go: Notify,
}

/// The service.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) origin: String,
    calls: Arc<Calls>,
}

impl Target {
    pub(crate) async fn start() -> Self {
        let calls = Arc::new(Calls::default());
        let router = Router::new().fallback(serve).with_state(Arc::clone(&calls));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { gateway::axum::serve(listener, router).await });
        Self { origin, calls }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.list.lock().expect("unpoisoned").clone()
    }

    /// Waits until so many calls have arrived.
    pub(crate) async fn reached(&self, count: usize) {
        let mut seen = self.calls.count.subscribe();
        seen.wait_for(|seen| *seen >= count).await.expect("the service lives");
    }

    /// Lets one `/slow` call answer.
    pub(crate) fn let_go(&self) {
        self.calls.let_go.notify_one();
    }
}

async fn serve(
    State(calls): State<Arc<Calls>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let call = Call {
        method: method.to_string(),
        uri: uri.to_string(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    calls.list.lock().expect("unpoisoned").push(call);
    calls.count.send_modify(|count| *count += 1);
    match uri.path() {
        "/slow" => {
            calls.let_go.notified().await;
            "done at last".into_response()
        }
        "/fail" => (StatusCode::INTERNAL_SERVER_ERROR, "it broke").into_response(),
        "/moved" => (StatusCode::FOUND, [("location", "/check")]).into_response(),
        "/big" => "x".repeat(300_000).into_response(),
        _ => r#"{"fine":true}"#.into_response(),
    }
}
