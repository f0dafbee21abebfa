//! `/workflows`: the pipelines a caller may see; an admin creates and edits them, with their members.

use super::extract::{Pipeline, Sent};
use crate::auth::caller::Caller;
use crate::auth::role::Role;
use crate::core::App;
use crate::db::workflows::WorkflowRow;
use crate::fault::Fault;
use crate::registry::workflows::{self, shown};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::rest::Workflow;
use serde::Deserialize;

/// What an admin sends; what is absent stays, or has its default on a new one.
#[derive(Deserialize)]
pub(super) struct Draft {
    id: Option<String>,
    name: Option<String>,
    status: Option<String>,
    owner_ids: Option<Vec<String>>,
    viewer_ids: Option<Vec<String>>,
    always_ask: Option<bool>,
}

pub(super) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<Vec<Workflow>>, Fault> {
    let seen = workflows::visible(&mut *app.db.read.acquire().await?, &caller).await?;
    Ok(Json(seen.iter().map(shown).collect()))
}

pub(super) async fn one(pipeline: Pipeline) -> Json<Workflow> {
    Json(shown(&pipeline.workflow))
}

pub(super) async fn create(
    State(app): State<App>,
    caller: Caller,
    sent: Sent<Draft>,
) -> Result<(StatusCode, Json<Workflow>), Fault> {
    require_admin(&caller)?;
    let id = sent.value.id.clone().unwrap_or_else(|| app.config.entropy.uuid().to_string());
    let blank = WorkflowRow { id, status: "active".to_owned(), ..WorkflowRow::default() };
    let workflow = merged(blank, sent.value);
    workflows::create(&app, &caller.email, &workflow).await?;
    Ok((StatusCode::CREATED, Json(shown(&workflow))))
}

pub(super) async fn edit(
    State(app): State<App>,
    pipeline: Pipeline,
    sent: Sent<Draft>,
) -> Result<Json<Workflow>, Fault> {
    require_admin(&pipeline.caller)?;
    if sent.value.id.as_ref().is_some_and(|id| *id != pipeline.workflow.id) {
        return Err(Fault::invalid("The id in the body differs from the one in the path."));
    }
    let workflow = merged(pipeline.workflow, sent.value);
    workflows::edit(&app, &pipeline.caller.email, &workflow).await?;
    Ok(Json(shown(&workflow)))
}

fn merged(mut workflow: WorkflowRow, draft: Draft) -> WorkflowRow {
    workflow.name = draft.name.unwrap_or(workflow.name);
    workflow.status = draft.status.unwrap_or(workflow.status);
    workflow.owners = draft.owner_ids.unwrap_or(workflow.owners);
    workflow.viewers = draft.viewer_ids.unwrap_or(workflow.viewers);
    workflow.always_ask = draft.always_ask.unwrap_or(workflow.always_ask);
    workflow
}

fn require_admin(caller: &Caller) -> Result<(), Fault> {
    if caller.role == Role::Admin {
        return Ok(());
    }
    Err(Fault::not_allowed("Only an admin creates and edits workflows."))
}
