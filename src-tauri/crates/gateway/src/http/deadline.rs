//! Time-outs. A change is carried to its end whatever becomes of its caller: neither a broken connection nor a time-out
//! leaves it half done.

use crate::fault::Fault;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::problem::Slug;
use std::time::Duration;
use tokio::time::timeout;

/// Answers within `limit`.
pub(super) async fn within(limit: Duration, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return timeout(limit, next.run(request)).await.unwrap_or_else(|_| late(limit));
    }
    let carried = tokio::spawn(next.run(request));
    match timeout(limit, carried).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            tracing::error!(%error, "a handler broke off");
            let said = "The gateway broke off; whether it took effect is not known. Read it again.";
            Fault::new(Slug::Unavailable, said).into_response()
        }
        Err(_) => late(limit),
    }
}

fn late(limit: Duration) -> Response {
    let said = format!(
        "It did not end within {} s and goes on; whether it takes effect is not known yet. Read it again.",
        limit.as_secs()
    );
    Fault::new(Slug::Unavailable, said).retry_after(5).into_response()
}
