//! `/agentic/{p}/runbook/approvals`: what waits, one request whatever its state, and the whole output of an action.

use super::extract::Pipeline;
use crate::core::App;
use crate::db::approvals::{self as rows, Entry};
use crate::db::runs;
use crate::fault::Fault;
use crate::ledger::expire;
use axum::Json;
use axum::extract::State;
use domain::{ActionResult, RequestId};
use protocol::rest::{PendingList, SingleApproval};

const SUCCESS: &str = "success";

pub(super) async fn pending(State(app): State<App>, pipeline: Pipeline) -> Result<Json<PendingList>, Fault> {
    expire::sweep(&app).await?;
    let waiting = rows::waiting(&mut *app.db.read.acquire().await?, &pipeline.workflow.id).await?;
    let pending_approvals: Vec<_> = waiting.into_iter().map(|entry| entry.approval).collect();
    let count = pending_approvals.len() as u64;
    Ok(Json(PendingList { status: SUCCESS.to_owned(), pending_approvals, count }))
}

pub(super) async fn one(State(app): State<App>, pipeline: Pipeline) -> Result<Json<SingleApproval>, Fault> {
    expire::sweep(&app).await?;
    let entry = entry(&app, &pipeline).await?;
    Ok(Json(SingleApproval { status: SUCCESS.to_owned(), approval_request: entry.approval }))
}

pub(super) async fn result(State(app): State<App>, pipeline: Pipeline) -> Result<Json<ActionResult>, Fault> {
    let entry = entry(&app, &pipeline).await?;
    let id = pipeline.segment("action_id");
    let runs = runs::all(&mut *app.db.read.acquire().await?, &entry.approval.request_id).await?;
    let run = runs.into_iter().find(|run| run.action_id.as_str() == id);
    let result = run.and_then(|run| run.result);
    result.map(Json).ok_or_else(|| Fault::not_found("result of action", id))
}

async fn entry(app: &App, pipeline: &Pipeline) -> Result<Entry, Fault> {
    let id = RequestId::from(pipeline.segment("request_id"));
    let entry = rows::one(&mut *app.db.read.acquire().await?, &id).await?;
    entry
        .filter(|entry| entry.approval.pipeline_id.as_str() == pipeline.workflow.id)
        .ok_or_else(|| Fault::not_found("request", id.as_str()))
}
