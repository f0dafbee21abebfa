//! `/agentic/{p}/runbook/actions`: the registry of actions.

use super::extract::{Asked, Pipeline, Sent, read};
use crate::auth::rights::Act;
use crate::core::App;
use crate::db::actions as rows;
use crate::fault::Fault;
use crate::registry::actions::{self, Change};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{ActionId, RemediationAction};
use protocol::rest::ActionList;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(super) struct Filter {
    service: Option<String>,
    method: Option<String>,
    #[serde(default)]
    validated_only: bool,
}

pub(super) async fn list(
    State(app): State<App>,
    pipeline: Pipeline,
    Asked(filter): Asked<Filter>,
) -> Result<Json<ActionList>, Fault> {
    let mut actions = rows::all(&mut *app.db.read.acquire().await?, &pipeline.workflow.id).await?;
    actions.retain(|action| {
        filter.service.as_ref().is_none_or(|service| *service == action.service)
            && filter.method.as_ref().is_none_or(|method| *method == action.method)
            && (action.validated || !filter.validated_only)
    });
    Ok(Json(ActionList { total: actions.len() as u64, actions }))
}

pub(super) async fn one(
    State(app): State<App>,
    pipeline: Pipeline,
) -> Result<Json<RemediationAction>, Fault> {
    let id = pipeline.segment("action_id");
    let action = rows::one(&mut *app.db.read.acquire().await?, &pipeline.workflow.id, id).await?;
    action.map(Json).ok_or_else(|| Fault::not_found("action", id))
}

pub(super) async fn add(
    State(app): State<App>,
    pipeline: Pipeline,
    sent: Sent<RemediationAction>,
) -> Result<(StatusCode, Json<RemediationAction>), Fault> {
    let place = pipeline.permit(Act::Edit)?;
    let action = actions::add(&app, place, sent.value).await?;
    Ok((StatusCode::CREATED, Json(action)))
}

pub(super) async fn put(
    State(app): State<App>,
    pipeline: Pipeline,
    sent: Sent<Value>,
) -> Result<(StatusCode, Json<RemediationAction>), Fault> {
    let place = pipeline.permit(Act::Edit)?;
    let id = pipeline.segment("action_id");
    let mut raw = sent.value;
    if let Some(map) = raw.as_object_mut() {
        let told = map.entry("action_id").or_insert_with(|| json!(id));
        if told.as_str() != Some(id) {
            return Err(Fault::invalid("The action_id in the body differs from the one in the path."));
        }
    }
    let (action, change) = actions::put(&app, place, read(raw)?).await?;
    let status = if change == Change::Added { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(action)))
}

pub(super) async fn delete(State(app): State<App>, pipeline: Pipeline) -> Result<Json<Value>, Fault> {
    let place = pipeline.permit(Act::Edit)?;
    let id = ActionId::from(pipeline.segment("action_id"));
    actions::delete(&app, place, &id).await?;
    Ok(Json(json!({"status": "success", "action_id": id})))
}
