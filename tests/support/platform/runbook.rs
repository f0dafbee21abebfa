//! The registry and the approvals of a pipeline's container, read (CONTRACT 3, Approvals).

use super::action::Answer;
use super::refuse::{self, Refused};
use super::request::Status;
use super::session::SignedIn;
use super::world::{Registered, World};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Answered = Result<Json<Value>, Refused>;

/// The fields that an added entry must have.
const NEEDED: [&str; 5] = ["action_id", "service", "method", "definition", "risk_level"];
/// The operations of an OpenAPI path.
const VERBS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// `GET /agentic/{p}/runbook/actions`.
pub(super) async fn actions(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path(pipeline): Path<String>,
) -> Answered {
    world.with(|state| {
        let pipeline = state.pipeline(&user, &pipeline)?;
        let actions: Vec<&Value> = pipeline.registry.values().map(|registered| &registered.entry).collect();
        Ok(Json(json!({"total": actions.len(), "actions": actions})))
    })
}

/// `GET /agentic/{p}/runbook/actions/{action_id}`.
pub(super) async fn action(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path((pipeline, action)): Path<(String, String)>,
) -> Answered {
    world.with(|state| match state.pipeline(&user, &pipeline)?.registry.get(&action) {
        Some(registered) => Ok(Json(registered.entry.clone())),
        None => Err(refuse::agentic(StatusCode::NOT_FOUND, json!("Action not found"))),
    })
}

/// `POST /agentic/{p}/runbook/actions/add`.
pub(super) async fn add_action(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path(pipeline): Path<String>,
    body: Bytes,
) -> Answered {
    let entry: Value = serde_json::from_slice(&body).unwrap_or_default();
    world.with(|state| {
        let pipeline = state.pipeline(&user, &pipeline)?;
        let absent: Vec<Value> = NEEDED
            .iter()
            .filter(|field| entry.get(**field).is_none())
            .map(|field| json!({"type": "missing", "loc": ["body", field], "msg": "Field is needed", "input": entry}))
            .collect();
        if !absent.is_empty() {
            return Err(refuse::agentic(StatusCode::UNPROCESSABLE_ENTITY, json!(absent)));
        }
        let id = entry["action_id"].as_str().unwrap_or_default().to_owned();
        pipeline.registry.insert(id, Registered { entry: entry.clone(), answer: Answer::Called });
        Ok(Json(entry))
    })
}

/// `POST /agentic/{p}/runbook/discover/swagger`.
pub(super) async fn discover(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path(pipeline): Path<String>,
    body: Bytes,
) -> Answered {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(service) = body["service_name"].as_str() else {
        return Err(refuse::missing(&["service_name"]));
    };
    let found = operations(&body["swagger_doc"], service);
    world.with(|state| {
        let pipeline = state.pipeline(&user, &pipeline)?;
        for entry in &found {
            let id = entry["action_id"].as_str().unwrap_or_default().to_owned();
            pipeline.registry.insert(id, Registered { entry: entry.clone(), answer: Answer::Called });
        }
        let some: &[&str] = if found.is_empty() { &[] } else { &["rpc"] };
        let services: &[&str] = if found.is_empty() { &[] } else { &[service] };
        Ok(Json(json!({
            "status": "completed",
            "actions_discovered": found.len(),
            "actions": found,
            "registered": true,
            "summary": {
                "registered": found.len(),
                "services": services,
                "methods": some,
                "risk_levels": {"high": 0, "medium": found.len(), "low": 0}
            },
            "secrets_required": null,
            "secrets_stored": null
        })))
    })
}

/// `GET .../approvals/pending`: what is paused is not in it.
pub(super) async fn pending(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path(pipeline): Path<String>,
) -> Answered {
    world.with(|state| {
        let requests = &state.pipeline(&user, &pipeline)?.requests;
        let open: Vec<Value> = requests
            .iter()
            .filter(|request| request.status == Status::Pending)
            .map(|request| request.plain())
            .collect();
        Ok(Json(json!({"status": "success", "count": open.len(), "pending_approvals": open})))
    })
}

/// `GET .../approvals/{request_id}`.
pub(super) async fn single(
    State(world): State<Arc<World>>,
    SignedIn(user): SignedIn,
    Path((pipeline, id)): Path<(String, String)>,
) -> Answered {
    world.with(|state| {
        let requests = &state.pipeline(&user, &pipeline)?.requests;
        match requests.iter().find(|request| request.id == id) {
            Some(request) => Ok(Json(json!({"status": "success", "approval_request": request.plain()}))),
            None => Err(refuse::agentic(StatusCode::NOT_FOUND, json!("Approval request not found"))),
        }
    })
}

fn operations(document: &Value, service: &str) -> Vec<Value> {
    let origin = document.pointer("/servers/0/url").cloned().unwrap_or_default();
    let none = Map::new();
    let paths = document["paths"].as_object().unwrap_or(&none);
    let mut found = Vec::new();
    for (path, operations) in paths {
        for verb in VERBS {
            let operation = &operations[verb];
            if operation.is_null() {
                continue;
            }
            let fallback = format!("{verb}{}", path.replace('/', "-"));
            found.push(json!({
                "action_id": operation["operationId"].as_str().unwrap_or(&fallback),
                "method": "rpc",
                "service": service,
                "definition": operation["summary"].as_str().unwrap_or_default(),
                "requires_approval": verb != "get",
                "risk_level": "medium",
                "validated": false,
                "execution": {"endpoint": path, "http_method": verb.to_uppercase(), "base_url": origin},
                "parameters": {},
                "secrets": {"secret_references": []},
                "action_metadata": {"timeout": 30}
            }));
        }
    }
    found
}
