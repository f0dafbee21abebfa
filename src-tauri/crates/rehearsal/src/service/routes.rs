//! The service's routes and their answers. Problems are RFC 9457.

use super::document::document;
use super::{Restart, SERVICE_NAME};
use crate::pool::Pool;
use crate::wire::axum::extract::rejection::JsonRejection;
use crate::wire::axum::extract::{Query, State};
use crate::wire::axum::http::{StatusCode, header};
use crate::wire::axum::response::{IntoResponse, Response};
use crate::wire::axum::routing::{get, post};
use crate::wire::axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Milliseconds a request may ask to hold its slot for: an hour.
pub(crate) const MAX_HOLD_MS: u64 = 3_600_000;

/// Ends the `type` of the answer to a request that found no free slot.
pub(crate) const EXHAUSTED: &str = "pool-exhausted";

struct Shop {
    pool: Arc<Pool>,
    restart: Restart,
}

pub(super) fn router(pool: Arc<Pool>, restart: Restart) -> Router {
    Router::new()
        .route("/openapi.json", get(async |State(shop): State<Arc<Shop>>| Json(document(shop.pool.name()))))
        .route("/health", get(health))
        .route("/checkout", post(checkout))
        .route("/pool", get(look))
        .route("/pool/restart", post(restart_pool))
        .with_state(Arc::new(Shop { pool, restart }))
}

async fn health(State(shop): State<Arc<Shop>>) -> Response {
    let look = shop.pool.look();
    if look.is_failing() {
        let body = json!({
            "status": "failing",
            "service": SERVICE_NAME,
            "error": shop.pool.exhausted().to_string(),
            "free": look.free,
            "slots": look.slots,
            "refused": look.refused,
        });
        return (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response();
    }
    let body = json!({"status":"healthy","service":SERVICE_NAME,"free":look.free,"slots":look.slots});
    Json(body).into_response()
}

#[derive(Deserialize)]
struct Checkout {
    #[serde(default)]
    hold_ms: u64,
}

/// Holds a slot for as long as asked: the stand-in for a payment that waits for its bank.
async fn checkout(State(shop): State<Arc<Shop>>, Query(asked): Query<Checkout>) -> Response {
    let slot = match shop.pool.take() {
        Ok(slot) => slot,
        Err(dry) => return problem(StatusCode::SERVICE_UNAVAILABLE, EXHAUSTED, &dry.to_string()),
    };
    let hold_ms = asked.hold_ms.min(MAX_HOLD_MS);
    tokio::select! {
        () = slot.cut_off() => {
            problem(StatusCode::SERVICE_UNAVAILABLE, "pool-restarted", "pool restarted: the payment was cut off")
        }
        () = tokio::time::sleep(Duration::from_millis(hold_ms)) => {
            Json(json!({"status":"paid","held_ms":hold_ms})).into_response()
        }
    }
}

async fn look(State(shop): State<Arc<Shop>>) -> Json<Value> {
    let look = shop.pool.look();
    Json(json!({
        "pool": shop.pool.name(),
        "slots": look.slots,
        "held": look.held,
        "free": look.free,
        "refused": look.refused,
        "restarts": look.restarts,
    }))
}

#[derive(Deserialize)]
struct RestartOrder {
    pool: String,
    reason: String,
}

async fn restart_pool(
    State(shop): State<Arc<Shop>>,
    order: Result<Json<RestartOrder>, JsonRejection>,
) -> Response {
    let order = match order {
        Ok(Json(order)) => order,
        Err(why) => return problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &why.body_text()),
    };
    if order.pool != shop.pool.name() {
        let detail = format!("there is no pool {}; the only one is {}", order.pool, shop.pool.name());
        return problem(StatusCode::NOT_FOUND, "not-found", &detail);
    }
    let freed = match shop.restart {
        Restart::Works => shop.pool.restart(),
        Restart::Sabotaged => shop.pool.pretend_restart(),
    };
    Json(json!({"status":"restarted","pool":order.pool,"reason":order.reason,"freed":freed})).into_response()
}

fn problem(status: StatusCode, slug: &str, detail: &str) -> Response {
    let body = json!({
        "type": format!("urn:payments-api:{slug}"),
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
