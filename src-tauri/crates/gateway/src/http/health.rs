//! `GET /health` and `/healthz`: what is here, and whether it works. Public.

use crate::core::App;
use crate::db::events;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use protocol::rest::{Health, PROTOCOL, SERVICE};
use serde_json::{Map, json};

pub(super) async fn health(State(app): State<App>) -> Response {
    let works = match app.db.read.acquire().await {
        Ok(mut conn) => events::head(&mut conn).await.is_ok(),
        Err(_) => false,
    };
    let (code, word) =
        if works { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "failing") };
    let health = Health {
        status: json!(word),
        service: Some(SERVICE.to_owned()),
        protocol: Some(PROTOCOL),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        database: Some(json!(word)),
        timestamp: Some(json!(app.config.clock.now())),
        dependencies: Some(json!({"database": word})),
        extra: Map::new(),
    };
    (code, Json(health)).into_response()
}
