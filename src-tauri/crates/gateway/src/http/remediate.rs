//! `POST /agentic/{p}/runbook/remediate`: a monitor reports an error; the law of CONTRACT 1a says what becomes of it.

use super::approve::at_rest;
use super::extract::{Pipeline, Sent};
use super::{key, reply};
use crate::auth::rights::Act;
use crate::core::App;
use crate::fault::Fault;
use crate::ledger::Taken;
use crate::ledger::raise::{self, Report};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use protocol::rest::RemediateRequest;

pub(super) async fn remediate(
    State(app): State<App>,
    headers: HeaderMap,
    pipeline: Pipeline,
    sent: Sent<RemediateRequest>,
) -> Result<Response, Fault> {
    let place = pipeline.permit(Act::Raise)?;
    let claim = key::claim(&headers, &pipeline, "remediate", &sent.raw)?;
    let report = Report { error: sent.value.error, context: sent.value.context.unwrap_or_default() };
    Ok(match raise::raise(&app, place, &report, claim.as_ref()).await? {
        Taken::Answered(answer) => answer.into_response(),
        Taken::Replayed(answer) => reply::replayed(answer),
        Taken::Running(id) => at_rest(&app, &id, claim.as_ref()).await?.into_response(),
    })
}
