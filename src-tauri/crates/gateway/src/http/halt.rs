//! `POST /agentic/{p}/runbook/approvals/{request_id}/stop` and `.../withdraw`.

use super::extract::{Pipeline, Sent};
use super::{key, reply};
use crate::auth::rights::Act;
use crate::core::App;
use crate::fault::Fault;
use crate::ledger::Taken;
use crate::ledger::halt::{self, Halt};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::RequestId;
use serde::Deserialize;

/// `ReasonRequest` of the protocol; a missing reason is refused like a blank one.
#[derive(Deserialize)]
pub(super) struct Why {
    #[serde(default)]
    reason: Option<String>,
}

pub(super) async fn stop(
    State(app): State<App>,
    headers: HeaderMap,
    pipeline: Pipeline,
    sent: Sent<Why>,
) -> Result<Response, Fault> {
    take(&app, &headers, &pipeline, sent, Halt::Stop).await
}

pub(super) async fn withdraw(
    State(app): State<App>,
    headers: HeaderMap,
    pipeline: Pipeline,
    sent: Sent<Why>,
) -> Result<Response, Fault> {
    take(&app, &headers, &pipeline, sent, Halt::Withdraw).await
}

async fn take(
    app: &App,
    headers: &HeaderMap,
    pipeline: &Pipeline,
    sent: Sent<Why>,
    halt: Halt,
) -> Result<Response, Fault> {
    let (act, route) = match halt {
        Halt::Stop => (Act::Decide, "stop"),
        Halt::Withdraw => (Act::Withdraw, "withdraw"),
    };
    let place = pipeline.permit(act)?;
    let claim = key::claim(headers, pipeline, route, &sent.raw)?;
    let id = RequestId::from(pipeline.segment("request_id"));
    let reason = sent.value.reason.unwrap_or_default();
    Ok(match halt::halt(app, place, halt, (&id, &reason), claim.as_ref()).await? {
        Taken::Replayed(answer) => reply::replayed(answer),
        Taken::Answered(answer) => answer.into_response(),
        Taken::Running(id) => crate::ledger::respond::now(app, &id, 202).await?.into_response(),
    })
}
