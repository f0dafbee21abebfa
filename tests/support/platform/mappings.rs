//! Error mappings of a pipeline's container (CONTRACT 3, Mappings).

use super::refuse::{self, Refused};
use super::session::SignedIn;
use super::world::World;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

type Answered = Result<Json<Value>, Refused>;

/// `GET .../mappings`: a bare array.
pub(super) async fn list(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path(pipeline): Path<String>,
) -> Answered {
    world.with(|state| Ok(Json(json!(state.pipeline(&user, &pipeline)?.mappings))))
}

/// `POST .../mappings`: 200, not 201; `description` must be there.
pub(super) async fn add(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path(pipeline): Path<String>,
    body: Bytes,
) -> Answered {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    world.with(|state| {
        let pipeline = state.pipeline(&user, &pipeline)?;
        let absent: Vec<Value> = ["error", "actions", "description"]
            .iter()
            .filter(|field| body.get(**field).is_none_or(Value::is_null))
            .map(|field| json!({"type": "missing", "loc": ["body", field], "msg": "Field is needed", "input": body}))
            .collect();
        if !absent.is_empty() {
            return Err(refuse::pipeline(StatusCode::UNPROCESSABLE_ENTITY, json!(absent)));
        }
        let mapping = mapping(&body["error"], &body["actions"], &body["description"]);
        pipeline.mappings.retain(|old| old["error"] != mapping["error"]);
        pipeline.mappings.push(mapping.clone());
        Ok(Json(mapping))
    })
}

/// `GET .../mappings/{error}`.
pub(super) async fn read(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path((pipeline, error)): Path<(String, String)>,
) -> Answered {
    world.with(|state| {
        let mappings = &state.pipeline(&user, &pipeline)?.mappings;
        let found = mappings.iter().find(|mapping| mapping["error"] == error.as_str());
        found.filter(|_| reachable(&error)).cloned().map(Json).ok_or_else(|| unknown(&error))
    })
}

/// `DELETE .../mappings/{error}`.
pub(super) async fn delete(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path((pipeline, error)): Path<(String, String)>,
) -> Answered {
    world.with(|state| {
        let mappings = &mut state.pipeline(&user, &pipeline)?.mappings;
        let before = mappings.len();
        mappings.retain(|mapping| !(reachable(&error) && mapping["error"] == error.as_str()));
        match mappings.len() < before {
            true => Ok(Json(json!({"message": format!("Mapping removed: {error}")}))),
            false => Err(unknown(&error)),
        }
    })
}

/// One mapping as it is shown.
pub(super) fn mapping(error: &Value, actions: &Value, description: &Value) -> Value {
    json!({"error": error, "actions": actions, "description": description})
}

/// Keys with these can be made, but no path leads to them: the gateway decodes once, its container again.
fn reachable(error: &str) -> bool {
    !error.contains(['/', '%', '?'])
}

fn unknown(error: &str) -> Refused {
    match reachable(error) {
        true => {
            refuse::pipeline(StatusCode::NOT_FOUND, json!(format!("No mapping found for error: {error}")))
        }
        false => refuse::pipeline(StatusCode::NOT_FOUND, json!("Not Found")),
    }
}
